/** Fixed-point arithmetic of gemmlowp (reference/arithmetic/requantize.ts cites it). */

/** `a * b / 2^31`, rounded to nearest with halves upwards. a and b are not both -2^31. */
export function doublingHighMultiply(a: i32, b: i32): i32 {
  return <i32>((<i64>a * <i64>b + (1 << 30)) >> 31);
}

/** `value / 2^exponent`, halves away from zero. exponent in [0, 62]. */
export function roundingDivideByPowerOfTwo(value: i32, exponent: i32): i32 {
  const magnitude = abs(<i64>value);
  const quotient = (magnitude + (((<i64>1) << exponent) >> 1)) >> exponent;
  return <i32>(value < 0 ? -quotient : quotient);
}
