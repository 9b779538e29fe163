/** Exponentials and a reciprocal, operation by operation those of reference/arithmetic. */

import { doublingHighMultiply, roundingDivideByPowerOfTwo } from './fixed-point';

const LN2: f64 = 0.6931471805599453;
const LN2_HIGH: f64 = 0.6931471803691238;
const LN2_LOW: f64 = 1.9082149292705877e-10;

/** e^x in float64: reference/arithmetic/exponential.ts. */
export function exponential(x: f64): f64 {
  if (x != x) return NaN;
  if (x > 709.782712893384) return Infinity;
  if (x < -745.1332191019411) return 0;
  const k = Math.round(x / LN2);
  const high = x - k * LN2_HIGH;
  const low = k * LN2_LOW;
  const r = high - low;
  // 1/2! + r/3! + ... + r^12/14!
  let series: f64 = 1.0 / 87178291200;
  series = series * r + 1.0 / 6227020800;
  series = series * r + 1.0 / 479001600;
  series = series * r + 1.0 / 39916800;
  series = series * r + 1.0 / 3628800;
  series = series * r + 1.0 / 362880;
  series = series * r + 1.0 / 40320;
  series = series * r + 1.0 / 5040;
  series = series * r + 1.0 / 720;
  series = series * r + 1.0 / 120;
  series = series * r + 1.0 / 24;
  series = series * r + 1.0 / 6;
  series = series * r + 1.0 / 2;
  const result = 1 + (high + (r * r * series - low));
  const half = <i32>k / 2;
  return result * powerOfTwo(half) * powerOfTwo(<i32>k - half);
}

/** 2^exponent for an exponent in [-1022, 1023]. */
function powerOfTwo(exponent: i32): f64 {
  return reinterpret<f64>((<i64>(exponent + 1023)) << 52);
}

/** exp(a) in Q0.31 for a <= 0 in Q5.26: reference/arithmetic/softmax-fixed-point.ts. */
export function expOnNegativeValues(a: i32): i32 {
  if (a == 0) return i32.MAX_VALUE;
  const quarter: i32 = 1 << 24;
  const belowQuarter = (a & (quarter - 1)) - quarter;
  const remainder = belowQuarter - a;
  let result = expOnLastQuarter(belowQuarter * 32);
  if (remainder & (1 << 24)) result = doublingHighMultiply(result, 1672461947);
  if (remainder & (1 << 25)) result = doublingHighMultiply(result, 1302514674);
  if (remainder & (1 << 26)) result = doublingHighMultiply(result, 790015084);
  if (remainder & (1 << 27)) result = doublingHighMultiply(result, 290630308);
  if (remainder & (1 << 28)) result = doublingHighMultiply(result, 39332535);
  if (remainder & (1 << 29)) result = doublingHighMultiply(result, 720401);
  if (remainder & (1 << 30)) result = doublingHighMultiply(result, 242);
  return result;
}

/** exp(a) for a in [-1/4, 0), both in Q0.31. */
function expOnLastQuarter(a: i32): i32 {
  const oneThird: i32 = 715827883;
  const expMinusOneEighth: i32 = 1895147668;
  const x = a + (1 << 28);
  const x2 = doublingHighMultiply(x, x);
  const x3 = doublingHighMultiply(x2, x);
  const x4 = doublingHighMultiply(x2, x2);
  const thirdAndFourth = doublingHighMultiply(roundingDivideByPowerOfTwo(x4, 2) + x3, oneThird);
  const fromSecond = roundingDivideByPowerOfTwo(thirdAndFourth + x2, 1);
  return expMinusOneEighth + doublingHighMultiply(expMinusOneEighth, x + fromSecond);
}

/** 1 / (1 + a) for a in [0, 1), both in Q0.31. */
export function oneOverOnePlus(a: i32): i32 {
  const halfDenominator = <i32>((<i64>a + 0x80000000) >> 1);
  let x = 1515870810 + doublingHighMultiply(halfDenominator, -1010580540);
  for (let step: i32 = 0; step < 3; step++) {
    const error = (1 << 29) - doublingHighMultiply(halfDenominator, x);
    x += doublingHighMultiply(x, error) << 2;
  }
  return <i32>min((<i64>x) << 1, <i64>i32.MAX_VALUE);
}
