/** The micro-benchmark of plain SIMD. */

export { copy, float32MulAdd, int16DotAndAdd, int16MulAdd, integerAddChain } from './chains';
