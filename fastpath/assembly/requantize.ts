/** Rescaling of accumulators with 64-bit arithmetic: rules A4 and A5 of reference/SEMANTICS.md. */

import { FLOAT_SHIFT, INTEGER_SHIFT, SIGNS, TINY } from './constants';
import { RESCALE_DOUBLE, RESCALE_FLOAT, RESCALE_SIGNED_FLOAT, RESCALE_VECTOR } from './rescaling-kinds';

/**
 * An int32 accumulator times `multiplier * 2^(shift - 31)`, rounded twice.
 * `accumulator << max(shift, 0)` is int32; multiplier in [0, 2^31); shift in [-31, 30].
 */
export function requantizeInt32(accumulator: i32, multiplier: i32, shift: i32): i32 {
  const exponent: i64 = 31 - shift;
  const product: i64 = <i64>accumulator * <i64>multiplier;
  let rounding: i64 = (<i64>1) << (exponent - 1);
  if (shift < 0) rounding += accumulator >= 0 ? 1 << 30 : -(1 << 30);
  return <i32>((product + rounding) >> exponent);
}

/**
 * An int64 accumulator times `multiplier * 2^(shift - 31)`, rounded once.
 * |accumulator| < 2^47; multiplier in [0, 2^31); shift in [-31, 7]; the result is int32.
 */
export function requantizeInt64(accumulator: i64, multiplier: i32, shift: i32): i32 {
  const reduced: i64 = multiplier < 0x7fff0000 ? (multiplier + 0x8000) >> 16 : 0x7fff;
  const exponent: i64 = 15 - shift;
  return <i32>((accumulator * reduced + ((<i64>1) << (exponent - 1))) >> exponent);
}

/** Bytes from a panel's biases to its factors, and from those to its third parameters. */
const GROUP: usize = 32;
/** Where the kind of rescaling stands, then zero point and limits of the output, each twice as int16. */
const KIND: usize = 3 * GROUP;
const LIMITS: usize = KIND + 4;
/** Bytes of a panel's parameters for int32 sums. */
export const PANEL_PARAMETERS: usize = KIND + 16;

/**
 * Four int32 sums times `multiplier * 2^(shift - 31)` of their channels, for shifts in [-15, -2] and results below 2^21 in
 * magnitude: exact in [-511, 511], and beyond where they are beyond.
 *
 * Equal to `requantizeInt32`, whose `(x * m + 2^(t-1) ± 2^30) >> t` with t = 31 - shift >= 33 is nested floors:
 * g = (x * m ± 2^30) >> 32, which is the upper half of each product, then (g + 2^(t-33)) >> (t-32). SIMD shifts all
 * lanes alike, so that the second is floor(g * scale + 1 / 2) in float32, with scale = 2^(1+shift): exact where
 * |g| < 2^23, and a larger g has a result of at least 2^23 * 2^-14.
 */
@inline
export function requantizeVector(x: v128, multiplier: v128, scale: v128): v128 {
  const signedHalf = v128.or(v128.and(x, v128.load(SIGNS)), i32x4.splat(1 << 30));
  const low = i64x2.add(i64x2.extmul_low_i32x4_s(x, multiplier), i64x2.extend_low_i32x4_s(signedHalf));
  const high = i64x2.add(i64x2.extmul_high_i32x4_s(x, multiplier), i64x2.extend_high_i32x4_s(signedHalf));
  const g = f32x4.convert_i32x4_s(v128.shuffle<i32>(low, high, 1, 3, 5, 7));
  return integersOf(f32x4.floor(f32x4.add(f32x4.mul(g, scale), f32x4.splat(0.5))));
}

/** x * factor + addend, fused where relaxed SIMD allows it. */
@inline
export function multiplyAdd(x: v128, factor: v128, addend: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return f32x4.relaxed_madd(x, factor, addend);
  return f32x4.add(f32x4.mul(x, factor), addend);
}

/** Four float32 integers of magnitudes below 2^22 as int32. */
@inline
function integersOf(x: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return i32x4.relaxed_trunc_f32x4_s(x);
  // Conversion that saturates takes V8 five instructions. The sum with 1.5 * 2^23 has the integer in its low bits.
  const shift = v128.load(FLOAT_SHIFT);
  return i32x4.sub(f32x4.add(x, shift), shift);
}

/** The integers of four float32 of magnitudes below 2^22, without their fractions. */
@inline
export function truncate(x: v128): v128 {
  return integersOf(ASC_FEATURE_RELAXED_SIMD ? x : f32x4.trunc(x));
}

/** Four sums as codes, in float32. `signed`: the offset takes the sum's sign. */
@inline
export function rescaleFloat(x: v128, scale: v128, offset: v128, signed: bool): v128 {
  const rounding = signed ? v128.or(offset, v128.and(x, v128.load(SIGNS))) : offset;
  return truncate(multiplyAdd(f32x4.convert_i32x4_s(x), scale, rounding));
}

/** Two rows of eight sums of the panel with parameters `q`, in float32. */
@inline
export function storeFloats(
  at: usize, x0: v128, x1: v128, next: usize, y0: v128, y1: v128, q: usize, signed: bool,
): void {
  const scale0 = v128.load(q, GROUP);
  const scale1 = v128.load(q, GROUP + 16);
  const offset0 = v128.load(q, 2 * GROUP);
  const offset1 = v128.load(q, 2 * GROUP + 16);
  const x = i16x8.narrow_i32x4_s(rescaleFloat(x0, scale0, offset0, signed), rescaleFloat(x1, scale1, offset1, signed));
  const y = i16x8.narrow_i32x4_s(rescaleFloat(y0, scale0, offset0, signed), rescaleFloat(y1, scale1, offset1, signed));
  const zero = v128.load32_splat(q, LIMITS);
  const shifted = i8x16.narrow_i16x8_s(i16x8.add_sat_s(x, zero), i16x8.add_sat_s(y, zero));
  const codes = i8x16.min_s(i8x16.max_s(shifted, v128.load8_splat(q, LIMITS + 4)), v128.load8_splat(q, LIMITS + 8));
  v128.store64_lane(at, codes, 0);
  v128.store64_lane(next, codes, 1);
}

/** Four sums times the float64 factors at `factors`, rounded half up. */
@inline
export function rescaleDouble(x: v128, factors: usize): v128 {
  return roundHalfUp(
    f64x2.convert_low_i32x4_s(x), v128.load(factors),
    f64x2.convert_low_i32x4_s(v128.shuffle<i64>(x, x, 1, 1)), v128.load(factors, 16),
  );
}

/**
 * floor(x * factor + 1 / 2) of four float64 integers, as int32. Factors are a 15-bit multiplier times a power of two, at
 * least 2^-36, and |x| times that multiplier is below 2^52: the product loses no bit. It is a multiple of 2^-36, so that
 * with 2^-37 added it lies between two halves of integers and the nearest integer is the one wanted. Below 2^16 float64
 * holds that sum; beyond, codes saturate.
 */
@inline
export function roundHalfUp(x0: v128, factors0: v128, x1: v128, factors1: v128): v128 {
  const tiny = v128.load(TINY);
  const shift = v128.load(INTEGER_SHIFT);
  const low = f64x2.add(multiplyAddDouble(x0, factors0, tiny), shift);
  const high = f64x2.add(multiplyAddDouble(x1, factors1, tiny), shift);
  return v128.shuffle<i32>(low, high, 0, 2, 4, 6);
}

/** x * factor + addend of two float64. */
@inline
export function multiplyAddDouble(x: v128, factor: v128, addend: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return f64x2.relaxed_madd(x, factor, addend);
  return f64x2.add(f64x2.mul(x, factor), addend);
}

/** Two rows of eight sums, in float64. */
@inline
function storeDoubles(at: usize, x0: v128, x1: v128, next: usize, y0: v128, y1: v128, q: usize): void {
  const f0 = q + GROUP;
  const f1 = q + 2 * GROUP;
  storeCodes<i16>(at, i16x8.narrow_i32x4_s(rescaleDouble(x0, f0), rescaleDouble(x1, f1)), q);
  storeCodes<i16>(next, i16x8.narrow_i32x4_s(rescaleDouble(y0, f0), rescaleDouble(y1, f1)), q);
}

/** Eight sums in integers. */
function storeExact<T>(at: usize, x0: v128, x1: v128, kind: i32, q: usize): void {
  const low = rescaleExact<T>(x0, kind, q);
  const high = rescaleExact<T>(x1, kind, q + 16);
  storeCodes<T>(at, i16x8.narrow_i32x4_s(low, high), q);
}

/** Four sums, of which `q` is the address of the biases. */
@inline
function rescaleExact<T>(x: v128, kind: i32, q: usize): v128 {
  const multiplier = v128.load(q, GROUP);
  const third = v128.load(q, 2 * GROUP);
  if (sizeof<T>() == 1 && kind == RESCALE_VECTOR) {
    return requantizeVector(x, multiplier, third);
  }
  let y = x;
  y = i32x4.replace_lane(y, 0, requantizeInt32(i32x4.extract_lane(x, 0), i32x4.extract_lane(multiplier, 0), i32x4.extract_lane(third, 0)));
  y = i32x4.replace_lane(y, 1, requantizeInt32(i32x4.extract_lane(x, 1), i32x4.extract_lane(multiplier, 1), i32x4.extract_lane(third, 1)));
  y = i32x4.replace_lane(y, 2, requantizeInt32(i32x4.extract_lane(x, 2), i32x4.extract_lane(multiplier, 2), i32x4.extract_lane(third, 2)));
  y = i32x4.replace_lane(y, 3, requantizeInt32(i32x4.extract_lane(x, 3), i32x4.extract_lane(multiplier, 3), i32x4.extract_lane(third, 3)));
  return y;
}

/** The kind of the panel with parameters `q`: RESCALE_*. */
@inline
export function rescalingOf(q: usize): i32 {
  return load<i32>(q, KIND);
}

/**
 * Finishes two rows of eight int32 sums of neighbouring channels, x0 and y0 the first four, and stores them at `at` and
 * `next`: rescales by the panel's parameters at `q` in the way that `kind` tells, adds the zero point, clamps.
 */
@inline
export function finishTwo<T>(
  at: usize, x0: v128, x1: v128, next: usize, y0: v128, y1: v128, kind: i32, q: usize,
): void {
  if (sizeof<T>() == 1 && kind == RESCALE_FLOAT) {
    storeFloats(at, x0, x1, next, y0, y1, q, false);
  } else if (sizeof<T>() == 1 && kind == RESCALE_SIGNED_FLOAT) {
    storeFloats(at, x0, x1, next, y0, y1, q, true);
  } else if (sizeof<T>() == 2 && kind == RESCALE_DOUBLE) {
    storeDoubles(at, x0, x1, next, y0, y1, q);
  } else {
    storeExact<T>(at, x0, x1, kind, q);
    storeExact<T>(next, y0, y1, kind, q);
  }
}

/** Between two limits. pmin and pmax give their first operand where a comparison with NaN fails: NaN passes (rule A2). */
@inline
export function clamp(x: v128, lowest: v128, highest: v128): v128 {
  return f32x4.pmin(f32x4.pmax(x, lowest), highest);
}

/** Stores eight float32 between two limits. */
@inline
export function storeClamped(at: usize, x0: v128, x1: v128, lowest: v128, highest: v128): void {
  v128.store(at, clamp(x0, lowest, highest));
  v128.store(at, clamp(x1, lowest, highest), 16);
}

@inline
function storeCodes<T>(at: usize, codes: v128, q: usize): void {
  storeLimited<T>(at, codes, q + LIMITS);
}

/** Stores eight codes, saturated to int16, after adding the zero point and clamping: both are at `limits`, each twice as int16. */
@inline
export function storeLimited<T>(at: usize, codes: v128, limits: usize): void {
  const limited = limit(codes, limits);
  if (sizeof<T>() == 2) v128.store(at, limited);
  else v128.store64_lane(at, i8x16.narrow_i16x8_s(limited, limited), 0);
}

/** Stores two times four int16 codes, which are int32 as yet. */
@inline
export function storeTwoFours(at: usize, x: v128, next: usize, y: v128, limits: usize): void {
  const limited = limit(i16x8.narrow_i32x4_s(x, y), limits);
  v128.store64_lane(at, limited, 0);
  v128.store64_lane(next, limited, 1);
}

@inline
function limit(codes: v128, limits: usize): v128 {
  const shifted = i16x8.add_sat_s(codes, v128.load32_splat(limits));
  const raised = i16x8.max_s(shifted, v128.load32_splat(limits, 4));
  return i16x8.min_s(raised, v128.load32_splat(limits, 8));
}
