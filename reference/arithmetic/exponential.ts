/**
 * The exponential function from IEEE 754 additions and multiplications alone (rule S1).
 *
 * `Math.exp` differs between engines, and golden outputs may not. The error is below 1 ulp for normal results (its
 * test compares with exact rational arithmetic).
 *
 * Method: x = k ln 2 + r with |r| <= ln 2 / 2, exp(x) = 2^k exp(r). k ln 2 is subtracted in two parts, of which the
 * first is exact for every k that occurs; what r loses to rounding is added back to the series.
 */

import { powerOfTwo } from './rounding.ts';

const LN2 = 0.6931471805599453;
/** The leading 32 bits of ln 2, so that its product with an 11-bit integer is exact, and the rest. */
const LN2_HIGH = 0.6931471803691238;
const LN2_LOW = 1.9082149292705877e-10;

/** 1/2!, 1/3! ... 1/14!: the first term left out is below 2^-60 for |r| <= ln 2 / 2. */
const RECIPROCAL_FACTORIALS = reciprocalFactorials(2, 14);

/** e^x for any float64; underflows to 0 and overflows to infinity. */
export function exponential(x: number): number {
  if (Number.isNaN(x)) return NaN;
  if (x > 709.782712893384) return Infinity;
  if (x < -745.1332191019411) return 0;
  const k = Math.round(x / LN2);
  const high = x - k * LN2_HIGH;
  const low = k * LN2_LOW;
  const r = high - low;
  let series = 0;
  for (let i = RECIPROCAL_FACTORIALS.length - 1; i >= 0; i--) {
    series = series * r + (RECIPROCAL_FACTORIALS[i] ?? 0);
  }
  const result = 1 + (high + (r * r * series - low));
  // Two factors, since 2^k alone may be neither normal nor finite.
  const half = Math.trunc(k / 2);
  return result * powerOfTwo(half) * powerOfTwo(k - half);
}

function reciprocalFactorials(first: number, last: number): Float64Array {
  const values: number[] = [];
  let factorial = 1;
  for (let n = 1; n <= last; n++) {
    factorial *= n;
    if (n >= first) values.push(1 / factorial);
  }
  return Float64Array.from(values);
}
