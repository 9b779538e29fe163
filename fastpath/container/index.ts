/** Containers: Programs with entropy-coded weights (fastpath/program/container.ts says what they are). */

export { ContainerError } from '../program/container.ts';
export { encodeContainer, type ContainerSizes, type EncodedContainer } from './encode.ts';
export { decodePlain, type DecodedContainer } from './decode.ts';
