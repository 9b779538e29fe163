/** Sums of more than 32 bits, gathered in float64, and their rescaling: rule A5 of reference/SEMANTICS.md. */

import { HIGH_SCALES, LOW_BITS } from './constants';
import { requantizeInt64, roundHalfUp, storeLimited } from './requantize';

/** Of a panel's parameters: 8 float64 biases, 8 factors, whether these are float64, zero point and limits. */
const FACTORS: usize = 64;
const DOUBLE: usize = 128;
const LIMITS: usize = 132;
/** Bytes of a panel's parameters. */
export const WIDE_PARAMETERS: usize = 144;

/** Bytes of the float64 sums of a tile, 4 by 8, with which the scratch of a kernel begins. */
export const SUMS: usize = 256;

/** A weight is 128 * high + low. */
@inline
export function highPart(weights: v128): v128 {
  return i16x8.shr_s(weights, 7);
}

@inline
export function lowPart(weights: v128): v128 {
  return v128.and(weights, v128.load(LOW_BITS));
}

/** Adds 128 * high + low to the four float64 sums at `at`. */
@inline
export function addPlanes(at: usize, high: v128, low: v128): void {
  v128.store(at, f64x2.add(v128.load(at), joined(high, low)));
  const upper = joined(v128.shuffle<i64>(high, high, 1, 1), v128.shuffle<i64>(low, low, 1, 1));
  v128.store(at, f64x2.add(v128.load(at, 16), upper), 16);
}

@inline
function joined(high: v128, low: v128): v128 {
  const scaled = f64x2.mul(f64x2.convert_low_i32x4_s(high), v128.load(HIGH_SCALES));
  return f64x2.add(scaled, f64x2.convert_low_i32x4_s(low));
}

/**
 * Finishes the eight sums at `sums`, which it overwrites: bias, rescaling, zero point, clamp. In float64 where the compiler
 * has proven that a channel's largest sum times its multiplier, both integers, is below 2^52: no bit is lost then.
 */
export function finishWide(at: usize, sums: usize, q: usize): void {
  if (load<i32>(q, DOUBLE)) {
    v128.store(sums, rescaleFour(sums, q, q + FACTORS));
    v128.store(sums, rescaleFour(sums + 32, q + 32, q + FACTORS + 32), 16);
  } else {
    for (let i: usize = 0; i < 8; i++) {
      const sum = <i64>(load<f64>(sums + 8 * i) + load<f64>(q + 8 * i));
      const factor = q + FACTORS + 8 * i;
      store<i32>(sums + 4 * i, requantizeInt64(sum, load<i32>(factor), load<i32>(factor, 4)));
    }
  }
  const codes = i16x8.narrow_i32x4_s(v128.load(sums), v128.load(sums, 16));
  storeLimited<i16>(at, codes, q + LIMITS);
}

@inline
function rescaleFour(sums: usize, biases: usize, factors: usize): v128 {
  return roundHalfUp(
    f64x2.add(v128.load(sums), v128.load(biases)), v128.load(factors),
    f64x2.add(v128.load(sums, 16), v128.load(biases, 16)), v128.load(factors, 16),
  );
}
