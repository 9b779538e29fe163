/** Numbers of any size: fastpath/container/numbers.ts. */

import { BYTE_MODELS, NUMBER_BITS, NUMBER_LENGTH } from './contexts';
import { symbol } from './symbols';

export const MAX_LENGTH: i32 = 32;

export function byteOf(model: i32, lane: i32): i32 {
  const high = symbol(model, lane);
  return 16 * high + symbol(model + 1 + high, lane);
}

/** A number of `length` bits, from those below the first. */
export function bitsOf(models: i32, lane: i32, length: i32): u32 {
  let value: u32 = 1;
  for (let left = length - 1, part = 0; left > 0; part = min(part + 1, 3)) {
    const bits = min(left, 4);
    left -= bits;
    value = (value << bits) | symbol(models + 4 * part + bits - 1, lane);
  }
  return value;
}

export function numberOf(kind: i32): u32 {
  const length = min(byteOf(NUMBER_LENGTH + BYTE_MODELS * kind, 0), MAX_LENGTH);
  return length === 0 ? 0 : bitsOf(NUMBER_BITS + 16 * kind, 0, length);
}
