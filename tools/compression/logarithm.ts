/**
 * Logarithms and powers to base 2 of IEEE operations alone: `Math.log2` and `**` differ between engines, and codes
 * depend on them.
 */

const LN_2 = 0.693_147_180_559_945_3;

/** Terms of the series below; the last is less than 2^-60 of the first. */
const TERMS = 12;

/**
 * The logarithm to base 2 of a positive finite number: `ln m = 2 (t + t^3 / 3 + t^5 / 5 ...)` for
 * `t = (m - 1) / (m + 1)` and m near 1.
 */
export function log2(value: number): number {
  let mantissa = value;
  let exponent = 0;
  for (; mantissa >= Math.SQRT2; exponent++) mantissa /= 2;
  for (; mantissa < Math.SQRT1_2; exponent--) mantissa *= 2;
  const t = (mantissa - 1) / (mantissa + 1);
  let sum = 0;
  for (let term = TERMS; term >= 0; term--) sum = sum * t * t + 1 / (2 * term + 1);
  return exponent + (2 * t * sum) / LN_2;
}

/** Parts of an exponent: 64ths. */
const PARTS = 64;

/** 2 to the power of the multiple of 1/64 nearest to `exponent`, which is in [-1000, 1000]. */
export function exp2(exponent: number): number {
  const parts = Math.round(exponent * PARTS);
  const whole = Math.floor(parts / PARTS);
  let power = whole < 0 ? 1 / 2 ** -whole : 2 ** whole;
  let root = 2;
  for (let bit = PARTS / 2; bit >= 1; bit /= 2) {
    root = Math.sqrt(root);
    if (((parts - whole * PARTS) & bit) !== 0) power *= root;
  }
  return power;
}
