/** Codes by their tokens: fastpath/container/weights.ts. */

import { BYTE_MODELS, ESCAPE, LOW, MAX_RANGE } from './contexts';
import { byteOf } from './numbers';
import { symbol } from './symbols';

/** The first context of neighbours whose codes have bits below tokens. */
export const LEAST_LOW_BITS: i32 = 28;

/** The bits of codes below tokens, where neighbours are so large that tokens would not reach. */
@inline
export function lowBitsOf(context: i32): i32 {
  return min(max((context >> 2) - 6, 0), 4);
}

/** The code of a symbol of the largest range: one beyond it is told as a byte, and then the bits below. */
export function restOfCode(told: i32, lowBits: i32, lane: i32): i32 {
  const token = told === 0 ? byteOf(ESCAPE + lowBits * BYTE_MODELS, lane) - 128 : told - MAX_RANGE;
  if (lowBits === 0) return token;
  return <i8>((token << lowBits) + symbol(LOW + (lowBits - 1) * 16 + told, lane));
}
