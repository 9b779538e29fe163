/** XXH32 of bytes in multiples of 16: fastpath/container/digest.ts. */

const PRIME_1: u32 = 0x9e3779b1;
const PRIME_2: u32 = 0x85ebca77;
const PRIME_3: u32 = 0xc2b2ae3d;

export function digestOf(at: usize, bytes: u32): u32 {
  let lanes = i32x4(PRIME_1 + PRIME_2, PRIME_2, 0, -PRIME_1);
  const end = at + bytes;
  // Four at a time: after more turns than that takes, V8 compiles what the loop is part of, all of `decode`, once more and
  // better, when nothing of it is left to do (5 % of a first decode).
  for (; end - at >= 64; at += 64) {
    lanes = round(lanes, v128.load(at));
    lanes = round(lanes, v128.load(at, 16));
    lanes = round(lanes, v128.load(at, 32));
    lanes = round(lanes, v128.load(at, 48));
  }
  for (; at < end; at += 16) lanes = round(lanes, v128.load(at));
  let digest: u32 =
    rotl<u32>(i32x4.extract_lane(lanes, 0), 1) +
    rotl<u32>(i32x4.extract_lane(lanes, 1), 7) +
    rotl<u32>(i32x4.extract_lane(lanes, 2), 12) +
    rotl<u32>(i32x4.extract_lane(lanes, 3), 18) +
    bytes;
  digest = (digest ^ (digest >> 15)) * PRIME_2;
  digest = (digest ^ (digest >> 13)) * PRIME_3;
  return digest ^ (digest >> 16);
}

@inline
function round(lanes: v128, words: v128): v128 {
  const sum = i32x4.add(lanes, i32x4.mul(words, i32x4.splat(PRIME_2)));
  const rotated = v128.or(i32x4.shl(sum, 13), i32x4.shr_u(sum, 19));
  return i32x4.mul(rotated, i32x4.splat(PRIME_1));
}
