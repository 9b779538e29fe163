/** Rescaling of accumulators with 64-bit arithmetic: rules A4 and A5 of reference/SEMANTICS.md. */

/**
 * An int32 accumulator times `multiplier * 2^(shift - 31)`, rounded twice.
 * `accumulator << max(shift, 0)` is int32; multiplier in [0, 2^31); shift in [-31, 7].
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
