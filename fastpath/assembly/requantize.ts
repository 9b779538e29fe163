/** Rescaling of accumulators with 64-bit arithmetic: rules A4 and A5 of reference/SEMANTICS.md. */

import { Step } from './step';

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

/** Four sums at once; the third parameter of a channel is the scale of `requantizeVector`. */
export const REQUANTIZE_VECTOR: i32 = 0;
/** One by one, rounded twice (A4) or once (A5); the third parameter of a channel is its shift. */
export const REQUANTIZE_TWICE: i32 = 1;
export const REQUANTIZE_ONCE: i32 = 2;

/**
 * Four int32 sums times `multiplier * 2^(shift - 31)` of their channels, for shifts in [-31, -2].
 *
 * Equal to `requantizeInt32`, whose `(x * m + 2^(t-1) ± 2^30) >> t` with t = 31 - shift >= 33 is nested floors:
 * g = (x * m ± 2^30) >> 32, which is the upper half of each product, then (g + 2^(t-33)) >> (t-32). SIMD shifts all
 * lanes alike, so that the second shift is a product with the lane's `scale` = 2^(31+shift), which takes
 * 2^(t-33) to the same 2^29 in every lane, and a shift by 30.
 *
 * `half` is 2^30 and `halfSign` the sign bit where it has to follow the sum's sign; where a clamp at the zero point
 * hides all negative results, halfSign may be 0. With both 0 there is one rounding: `requantizeInt64` for int32 sums,
 * if the multiplier is the reduced one times 2^16.
 */
@inline
export function requantizeVector(x: v128, multiplier: v128, scale: v128, half: v128, halfSign: v128): v128 {
  const signedHalf = v128.or(v128.and(x, halfSign), half);
  const low = i64x2.add(i64x2.extmul_low_i32x4_s(x, multiplier), i64x2.extend_low_i32x4_s(signedHalf));
  const high = i64x2.add(i64x2.extmul_high_i32x4_s(x, multiplier), i64x2.extend_high_i32x4_s(signedHalf));
  const g = v128.shuffle<i32>(low, high, 1, 3, 5, 7);
  const rounding = i64x2.splat(1 << 29);
  return v128.shuffle<i32>(
    i64x2.shr_u(i64x2.add(i64x2.extmul_low_i32x4_s(g, scale), rounding), 30),
    i64x2.shr_u(i64x2.add(i64x2.extmul_high_i32x4_s(g, scale), rounding), 30),
    0, 2, 4, 6,
  );
}

/** Four sums, for any shift, one by one. */
function requantizeLanes(x: v128, multiplier: v128, shift: v128, twice: bool): v128 {
  let y = x;
  y = i32x4.replace_lane(y, 0, requantizeLane(i32x4.extract_lane(x, 0), i32x4.extract_lane(multiplier, 0), i32x4.extract_lane(shift, 0), twice));
  y = i32x4.replace_lane(y, 1, requantizeLane(i32x4.extract_lane(x, 1), i32x4.extract_lane(multiplier, 1), i32x4.extract_lane(shift, 1), twice));
  y = i32x4.replace_lane(y, 2, requantizeLane(i32x4.extract_lane(x, 2), i32x4.extract_lane(multiplier, 2), i32x4.extract_lane(shift, 2), twice));
  y = i32x4.replace_lane(y, 3, requantizeLane(i32x4.extract_lane(x, 3), i32x4.extract_lane(multiplier, 3), i32x4.extract_lane(shift, 3), twice));
  return y;
}

function requantizeLane(x: i32, multiplier: i32, shift: i32, twice: bool): i32 {
  return twice ? requantizeInt32(x, multiplier, shift) : requantizeInt64(x, multiplier, shift);
}

/** Bytes from a panel's biases to its multipliers, and from those to its scales or shifts. */
const GROUP: usize = 32;

/** Eight int32 sums of a panel whose parameters are at `q`, as int32 codes without zero point. */
@inline
function requantizePanel(x: v128, q: usize, s: Step): v128 {
  const multiplier = v128.load(q, GROUP);
  const third = v128.load(q, 2 * GROUP);
  const kind = s.requantization;
  if (kind == REQUANTIZE_VECTOR) {
    const half = v128.load32_splat(changetype<usize>(s), offsetof<Step>('half'));
    const halfSign = v128.load32_splat(changetype<usize>(s), offsetof<Step>('halfSign'));
    return requantizeVector(x, multiplier, third, half, halfSign);
  }
  return requantizeLanes(x, multiplier, third, kind == REQUANTIZE_TWICE);
}

/**
 * Finishes eight sums of neighbouring channels, x0 the first four, and stores them at `at`.
 * float32: clamps. Integers: rescales by the panel's parameters at `q`, adds the zero point, clamps.
 */
@inline
export function finish8<T>(at: usize, x0: v128, x1: v128, q: usize, s: Step): void {
  const step = changetype<usize>(s);
  if (isFloat<T>()) {
    const min = v128.load32_splat(step, offsetof<Step>('min'));
    const max = v128.load32_splat(step, offsetof<Step>('max'));
    // pmin and pmax give their first operand where a comparison with NaN fails: NaN passes (rule A2).
    v128.store(at, f32x4.pmin(f32x4.pmax(x0, min), max));
    v128.store(at, f32x4.pmin(f32x4.pmax(x1, min), max), 16);
    return;
  }
  const narrow = i16x8.narrow_i32x4_s(requantizePanel(x0, q, s), requantizePanel(x1, q + 16, s));
  storeCodes<T>(at, narrow, s);
}

/** Stores eight codes without zero point, saturated to int16, after adding it and clamping. */
@inline
export function storeCodes<T>(at: usize, codes: v128, s: Step): void {
  const shifted = i16x8.add_sat_s(codes, i16x8.splat(<i16>s.outZero));
  const limited = i16x8.min_s(i16x8.max_s(shifted, i16x8.splat(<i16>s.min)), i16x8.splat(<i16>s.max));
  if (sizeof<T>() == 2) v128.store(at, limited);
  else v128.store64_lane(at, i8x16.narrow_i16x8_s(limited, limited), 0);
}

/** Finishes eight int64 sums of int16 codes: bias, rescaling, clamp. Parameters: 8 int64, 8 int32, 8 int32. */
export function finishWide(at: usize, sums: usize, q: usize, s: Step): void {
  for (let i: usize = 0; i < 8; i++) {
    const sum = load<i64>(sums + 8 * i) + load<i64>(q + 8 * i);
    const value = requantizeInt64(sum, load<i32>(q + 64 + 4 * i), load<i32>(q + 96 + 4 * i));
    store<i16>(at + 2 * i, <i16>min(max(value, s.min), s.max));
  }
}
