/** Sums of more than 32 bits, joined in float64, and their rescaling: rule A5 of reference/SEMANTICS.md. */

import { HIGH_SCALES } from './constants';
import { multiplyAddDouble, requantizeInt64, roundHalfUp, storeTwoFours } from './requantize';

/** Of a panel's parameters: 8 float64 biases, 8 factors, whether these are float64, zero point and limits. */
const FACTORS: usize = 64;
const DOUBLE: usize = 128;
const LIMITS: usize = 132;
/** Bytes of a panel's parameters. */
export const WIDE_PARAMETERS: usize = 144;

/** Bytes of four float64 sums or biases. */
export const FOUR_SUMS: usize = 32;
/** Bytes of the float64 sums of a tile, 4 by 4, with which the scratch of a kernel begins; and as many for its rescaling. */
export const SUMS: usize = 256;

/** The high part of weights, w >> 7. */
@inline
export function highPart(weights: v128): v128 {
  return i16x8.shr_s(weights, 7);
}

/**
 * Two of four sums of products as float64, those of the low half. `high` are the sums with high parts of weights, `whole`
 * with whole weights modulo 2^32. Sums with low parts, `w & 127`, are below 2^31: what `whole` has more than 128 * high.
 */
@inline
function joined(high: v128, whole: v128): v128 {
  const low = i32x4.sub(whole, i32x4.shl(high, 7));
  return multiplyAddDouble(f64x2.convert_low_i32x4_s(high), v128.load(HIGH_SCALES), f64x2.convert_low_i32x4_s(low));
}

@inline
function upperHalf(x: v128): v128 {
  return v128.shuffle<i64>(x, x, 1, 1);
}

/** Stores at `to` what four sums and the float64 at `from` come to. */
export function keepSums(to: usize, from: usize, high: v128, whole: v128): void {
  v128.store(to, f64x2.add(v128.load(from), joined(high, whole)));
  v128.store(to, f64x2.add(v128.load(from, 16), joined(upperHalf(high), upperHalf(whole))), 16);
}

/**
 * Finishes four times four sums: those of two outputs at o0 and o1, of channels whose parameters begin at q0, and of two
 * at o2 and o3, at q2. To them come biases, or the float64 at `kept` if not 0. Rescaled in float64 where the compiler has
 * proven that no bit is lost, else one by one, in the memory at `space`.
 */
export function finishWide(
  o0: usize, o1: usize, q0: usize, o2: usize, o3: usize, q2: usize, panel: usize, kept: usize, space: usize,
  h0: v128, w0: v128, h1: v128, w1: v128, h2: v128, w2: v128, h3: v128, w3: v128,
): void {
  const from0 = kept ? kept : q0;
  const from2 = kept ? kept + 2 * FOUR_SUMS : q2;
  const step: usize = kept ? FOUR_SUMS : 0;
  if (load<i32>(panel, DOUBLE)) {
    const limits = panel + LIMITS;
    storeTwoFours(o0, rescaled(from0, h0, w0, q0), o1, rescaled(from0 + step, h1, w1, q0), limits);
    storeTwoFours(o2, rescaled(from2, h2, w2, q2), o3, rescaled(from2 + step, h3, w3, q2), limits);
    return;
  }
  keepSums(space, from0, h0, w0);
  keepSums(space + FOUR_SUMS, from0 + step, h1, w1);
  keepSums(space + 2 * FOUR_SUMS, from2, h2, w2);
  keepSums(space + 3 * FOUR_SUMS, from2 + step, h3, w3);
  finishExactly(o0, o1, q0, panel, space);
  finishExactly(o2, o3, q2, panel, space + 2 * FOUR_SUMS);
}

@inline
function rescaled(from: usize, high: v128, whole: v128, q: usize): v128 {
  return roundHalfUp(
    f64x2.add(v128.load(from), joined(high, whole)), v128.load(q, FACTORS),
    f64x2.add(v128.load(from, 16), joined(upperHalf(high), upperHalf(whole))), v128.load(q, FACTORS + 16),
  );
}

/** Two times four sums at `sums`, which it overwrites. */
function finishExactly(out: usize, next: usize, q: usize, panel: usize, sums: usize): void {
  for (let i: usize = 0; i < 8; i++) {
    const factor = q + FACTORS + 8 * (i & 3);
    const code = requantizeInt64(<i64>load<f64>(sums + 8 * i), load<i32>(factor), load<i32>(factor, 4));
    store<i32>(sums + 4 * i, code);
  }
  storeTwoFours(out, v128.load(sums), next, v128.load(sums, 16), panel + LIMITS);
}
