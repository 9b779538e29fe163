/** Bytes of no known structure: fastpath/container/bytes.ts. */

import {
  DISTANCE_BITS,
  DISTANCE_HIGH,
  DISTANCE_LOW,
  LENGTH_HIGH,
  LENGTH_LOW,
  LENGTH_SHORT,
  LITERAL_HIGH,
  LITERAL_LOW,
  TOKEN,
} from './contexts';
import { symbol } from './symbols';

const LITERAL: i32 = 0;
const COPY: i32 = 1;
const AGAIN: i32 = 2;
const COUNT: i32 = 3;

/** Reads `count` bytes; false where a copy reaches before the first or beyond the last. */
export function readBytes(bytes: usize, count: u32): bool {
  let kind = LITERAL;
  let distance: u32 = 1;
  for (let at: u32 = 0; at < count;) {
    kind = symbol(TOKEN + kind, 0);
    const to = bytes + at;
    if (kind === LITERAL) {
      const before = at === 0 ? 0 : <i32>load<u8>(to - 1) >> 4;
      const high = symbol(LITERAL_HIGH + before, 0);
      store<u8>(to, <u8>(16 * high + symbol(LITERAL_LOW + high, 0)));
      at += 1;
      continue;
    }
    const length = lengthOf(kind);
    if (kind === COPY) distance = distanceOf();
    const back: u32 = kind === COUNT ? 1 : distance;
    if (back > at || length > count - at) return false;
    const more: u8 = kind === COUNT ? 1 : 0;
    for (let i: u32 = 0; i < length; i++) store<u8>(to + i, load<u8>(to + i - back) + more);
    at += length;
  }
  return true;
}

function lengthOf(kind: i32): u32 {
  const least: i32 = kind === AGAIN ? 1 : 3;
  const short = symbol(LENGTH_SHORT + kind - 1, 0);
  if (short < 15) return least + short;
  const high = symbol(LENGTH_HIGH, 0);
  return least + 15 + 16 * high + symbol(LENGTH_LOW, 0);
}

function distanceOf(): u32 {
  const bits = symbol(DISTANCE_BITS, 0);
  let distance: u32 = 1;
  for (let left = bits; left > 0;) {
    const count = min(left, 4);
    const model = left === bits ? DISTANCE_HIGH + bits : DISTANCE_LOW + count - 1;
    left -= count;
    distance = (distance << count) | symbol(model, 0);
  }
  return distance;
}
