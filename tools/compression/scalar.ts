/** Numbers that decide codes: only operations that every engine rounds alike. */

const LN_2 = 0.693_147_180_559_945_3;

/** Terms of the series below: the last is less than 2^-60 of the first. */
const TERMS = 12;

/**
 * The logarithm to base 2 of a positive finite number, from IEEE operations alone: `Math.log2` differs between
 * engines. `ln m = 2 (t + t^3 / 3 + ...)` for `t = (m - 1) / (m + 1)` and m in [sqrt 1/2, sqrt 2).
 */
export function log2(value: number): number {
  let mantissa = value;
  let exponent = 0;
  while (mantissa >= Math.SQRT2) {
    mantissa /= 2;
    exponent += 1;
  }
  while (mantissa < Math.SQRT1_2) {
    mantissa *= 2;
    exponent -= 1;
  }
  const t = (mantissa - 1) / (mantissa + 1);
  let sum = 0;
  for (let term = TERMS; term >= 0; term--) sum = sum * t * t + 1 / (2 * term + 1);
  return exponent + (2 * t * sum) / LN_2;
}

/** 2^(i/8), each the nearest float64. */
const EIGHTHS = [
  1, 1.0905077326652577, 1.189207115002721, 1.2968395546510096, 1.4142135623730951,
  1.5422108254079407, 1.681792830507429, 1.8340080864093424,
] as const;

/** `2^(index / 8)` as float32, for an integer index: the grid of scales. */
export function gridScale(index: number): number {
  const octave = Math.floor(index / 8);
  return Math.fround((EIGHTHS[index - 8 * octave] ?? NaN) * 2 ** octave);
}
