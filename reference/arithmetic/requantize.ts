/**
 * Fixed-point rescaling of accumulators, each kind defined once (rules A4 and A5).
 *
 * A real factor is `multiplier * 2^(shift - 31)`. Results equal TensorFlow Lite's reference kernels with double
 * rounding: `MultiplyByQuantizedMultiplier` in lite/kernels/internal/common.cc (default build), which is gemmlowp's
 * SaturatingRoundingDoublingHighMul followed by RoundingDivideByPOT, and the TOSA specification's apply_scale_32 with
 * double_round.
 */

import { powerOfTwo } from './rounding.ts';

/**
 * `floor((a * b + rounding) / 2^exponent)`, exactly.
 *
 * a and b are integers with |a| < 2^37 and |b| < 2^47 whose product is below 2^62; 2^16 divides `rounding`;
 * `exponent` is in [17, 62].
 *
 * The product does not fit a float64. Split b = high * 2^16 + low: both partial products do, and what the division by
 * 2^16 leaves of the lower one cannot change the floor, since everything else is a multiple of 2^16.
 */
function multiplyAndShift(a: number, b: number, rounding: number, exponent: number): number {
  const high = Math.floor(b / 65536);
  const low = b - high * 65536;
  const product = a * high + Math.floor((a * low) / 65536);
  return Math.floor((product + rounding / 65536) / powerOfTwo(exponent - 16));
}

/**
 * `a * b / 2^31`, rounded to nearest with halves upwards: gemmlowp's SaturatingRoundingDoublingHighMul.
 *
 * a and b are int32, not both -2^31 (the one saturating case, which no caller has).
 */
export function doublingHighMultiply(a: number, b: number): number {
  return multiplyAndShift(a, b, 2 ** 30, 31);
}

/**
 * An int32 accumulator times a real factor, rounded twice: to 31 fractional bits, then half away from zero.
 *
 * `accumulator * 2^max(shift, 0)` is int32; multiplier in [0, 2^31); shift in [-31, 31].
 */
export function requantizeInt32(accumulator: number, multiplier: number, shift: number): number {
  if (shift >= 0) return doublingHighMultiply(accumulator * powerOfTwo(shift), multiplier);
  const exponent = 31 - shift;
  const secondRounding = accumulator >= 0 ? 2 ** 30 : -(2 ** 30);
  return multiplyAndShift(
    accumulator,
    multiplier,
    powerOfTwo(exponent - 1) + secondRounding,
    exponent,
  );
}

/** The 15-bit multiplier that the int64 form uses in place of a 31-bit one. */
export function reduceMultiplier(multiplier: number): number {
  return multiplier < 0x7fff0000 ? Math.floor((multiplier + 0x8000) / 65536) : 0x7fff;
}

/**
 * An int64 accumulator times a real factor, rounded once, halves upwards.
 *
 * |accumulator| < 2^47; multiplier in [0, 2^31); shift in [-31, 7]; the result is int32.
 */
export function requantizeInt64(accumulator: number, multiplier: number, shift: number): number {
  const reduced = reduceMultiplier(multiplier);
  const exponent = 15 - shift;
  const rounding = powerOfTwo(exponent - 1);
  // A result of 31 bits keeps the product of a small exponent below 2^48, where float64 is exact.
  if (exponent < 17) return Math.floor((accumulator * reduced + rounding) / powerOfTwo(exponent));
  return multiplyAndShift(reduced, accumulator, rounding, exponent);
}

/** `value / 2^exponent`, halves away from zero: gemmlowp's RoundingDivideByPOT. value int32, exponent in [0, 62]. */
export function roundingDivideByPowerOfTwo(value: number, exponent: number): number {
  const quotient = value / powerOfTwo(exponent);
  return quotient >= 0 ? Math.floor(quotient + 0.5) : Math.ceil(quotient - 0.5);
}
