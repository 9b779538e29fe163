/** Decodes containers in a kernels' memory: the same code in Node, browsers and workerd. */

import {
  ContainerError,
  readHeader,
  refuseDamaged,
  type ContainerHeader,
} from '../program/container.ts';
import { PROGRAM_BASE, roundUp } from '../program/format.ts';

/** The decoder's module: compiled, or its bytes. Where code may not be compiled at run time, only the former. */
export type Decoder = WebAssembly.Module | BufferSource;

interface DecoderExports {
  readonly decode: (
    container: number,
    containerBytes: number,
    image: number,
    imageBytes: number,
    workspace: number,
    workspaceBytes: number,
  ) => number;
}

/** What `decode` returns: fastpath/assembly/container/index.ts. */
const DONE = 0;
const DAMAGED = 3;

const PAGE_BYTES = 65536;

/**
 * Decodes a container to a Program, for whatever takes one.
 *
 * @throws {TypeError} for a container that is no Uint8Array
 * @throws {ContainerError} for one that gives no Program
 * @throws {RangeError} where the engine has not the memory
 */
export async function decodeContainer(
  container: Uint8Array,
  decoder: Decoder,
): Promise<Uint8Array> {
  return (await decodeInto(new WebAssembly.Memory({ initial: 1 }), container, decoder)).slice();
}

/**
 * Decodes a container to where a Program lies in a kernels' memory, and returns the bytes there. Meanwhile the container
 * lies at their end and behind them, and the decoder's workspace behind it: where a Program's arena will be.
 */
export async function decodeInto(
  memory: WebAssembly.Memory,
  container: Uint8Array,
  decoder: Decoder,
): Promise<Uint8Array> {
  if (!((container as unknown) instanceof Uint8Array)) {
    throw new TypeError(`Expected the container as Uint8Array but found ${typeof container}`);
  }
  const header = readHeader(container);
  const module =
    decoder instanceof WebAssembly.Module ? decoder : await WebAssembly.compile(decoder);
  const instance = await WebAssembly.instantiate(module, { env: { memory } });
  const { decode } = instance.exports as unknown as DecoderExports;
  const { image, at, workspace, end } = placesOf(header);
  const pages = Math.ceil(end / PAGE_BYTES) - memory.buffer.byteLength / PAGE_BYTES;
  if (pages > 0) memory.grow(pages);
  new Uint8Array(memory.buffer).set(container.subarray(0, header.bytes), at);
  const { bytes, imageBytes, workspaceBytes } = header;
  const result = decode(at, bytes, image, imageBytes, workspace, workspaceBytes);
  if (result === DAMAGED) refuseDamaged();
  if (result !== DONE) {
    throw new ContainerError(`Expected a container that decodes but found error ${String(result)}`);
  }
  return new Uint8Array(memory.buffer, image, imageBytes);
}

/** Addresses of what decoding takes, and the first byte that it does not. */
export function placesOf({ bytes, imageBytes, workspaceBytes, leastOffset }: ContainerHeader): {
  readonly image: number;
  readonly at: number;
  readonly workspace: number;
  readonly end: number;
} {
  const at = roundUp(PROGRAM_BASE + leastOffset, 16);
  const workspace = roundUp(Math.max(at + bytes, PROGRAM_BASE + imageBytes), 16);
  return { image: PROGRAM_BASE, at, workspace, end: workspace + workspaceBytes };
}
