/** Rounding and clamping (rules A1, A2). */

/** The nearest integer, halves away from zero. NaN and infinities pass. Source: `std::round` of C++, as TfLiteRound. */
export function roundHalfAwayFromZero(value: number): number {
  const integer = Math.trunc(value);
  return Math.abs(value - integer) >= 0.5 ? integer + Math.sign(value) : integer;
}

/** `value` moved into [min, max]. NaN passes, so that an invalid number is never hidden by an activation. */
export function clamp(value: number, min: number, max: number): number {
  return Math.min(Math.max(value, min), max);
}

/** 2^exponent for an integer exponent in [-1022, 1023], without the cost of a general power. */
export function powerOfTwo(exponent: number): number {
  return powersOfTwo[exponent + 1022] ?? NaN;
}

const powersOfTwo = Float64Array.from({ length: 2046 }, (_, i) => 2 ** (i - 1022));
