/**
 * Softmax of one row of int8 codes in fixed point (rule S2).
 *
 * Qm.n below is an int32 with m integer and n fractional bits. Sources: TensorFlow Lite
 * lite/kernels/internal/reference/softmax.h (Softmax, ScaledDiff = Q5.26, accumulator Q12.19),
 * lite/kernels/internal/common.h (GetReciprocal) and gemmlowp fixedpoint/fixedpoint.h (exp_on_negative_values,
 * one_over_one_plus_x_for_x_in_0_1). CMSIS-NN Source/SoftmaxFunctions/arm_nn_softmax_common_s8.c computes the same.
 */

import { doublingHighMultiply, roundingDivideByPowerOfTwo } from './requantize.ts';
import { clamp, powerOfTwo } from './rounding.ts';

const INT32_MAX = 2 ** 31 - 1;
const ACCUMULATOR_INTEGER_BITS = 12;

/** exp(-1/8) and 1/3 in Q0.31. */
const EXP_MINUS_ONE_EIGHTH = 1895147668;
const ONE_THIRD = 715827883;

/** exp(-2^k) in Q0.31 for k = -2 ... 4, with the bit of a Q5.26 number that stands for 2^k. */
const EXP_OF_POWERS: readonly (readonly [bit: number, value: number])[] = [
  [24, 1672461947],
  [25, 1302514674],
  [26, 790015084],
  [27, 290630308],
  [28, 39332535],
  [29, 720401],
  [30, 242],
];

/** 48/17 and -32/17 in Q2.29: the first guess of the Newton-Raphson division. */
const FORTY_EIGHT_SEVENTEENTHS = 1515870810;
const MINUS_THIRTY_TWO_SEVENTEENTHS = -1010580540;

/**
 * The codes of the softmax of `row`, written to `output`: 2^bits steps of 2^-bits, from -2^(bits - 1).
 *
 * multiplier in [2^30, 2^31) and leftShift in [0, 31] bring a difference of codes to Q5.26; a difference below
 * `diffMin` counts as zero probability. At most 4095 elements (Q12.19 overflows beyond).
 */
export function softmaxInt8Row(
  row: Float64Array,
  multiplier: number,
  leftShift: number,
  diffMin: number,
  bits: 8 | 16,
  output: Float64Array,
): void {
  const min = -(2 ** (bits - 1));
  // Not even the largest element reaches it: a sum of 0 has no reciprocal.
  if (diffMin > 0) {
    output.fill(min);
    return;
  }
  const max = row.reduce((a, b) => Math.max(a, b), -Infinity);
  const exponentials = row.map((x) => {
    if (x - max < diffMin) return NaN;
    return expOnNegativeValues(doublingHighMultiply((x - max) * powerOfTwo(leftShift), multiplier));
  });
  let sum = 0;
  for (const e of exponentials) {
    if (!Number.isNaN(e)) sum += roundingDivideByPowerOfTwo(e, ACCUMULATOR_INTEGER_BITS);
  }
  // sum = 2^bitsOverUnit * (1 + fraction): divide by the bracket in Q0.31, then shift.
  const leadingZeros = Math.clz32(sum);
  const bitsOverUnit = ACCUMULATOR_INTEGER_BITS - leadingZeros;
  const reciprocal = oneOverOnePlus(sum * powerOfTwo(leadingZeros) - 2 ** 31);
  exponentials.forEach((e, i) => {
    if (Number.isNaN(e)) {
      output[i] = min;
      return;
    }
    const probability = roundingDivideByPowerOfTwo(
      doublingHighMultiply(reciprocal, e),
      bitsOverUnit + 31 - bits,
    );
    output[i] = clamp(min + probability, min, -1 - min);
  });
}

/** exp(a) in Q0.31 for a <= 0 in Q5.26. */
export function expOnNegativeValues(a: number): number {
  if (a === 0) return INT32_MAX;
  const quarter = 2 ** 24;
  const belowQuarter = (a & (quarter - 1)) - quarter;
  let result = expOnLastQuarter(belowQuarter * 32);
  const remainder = belowQuarter - a;
  for (const [bit, value] of EXP_OF_POWERS) {
    if ((remainder & (1 << bit)) !== 0) result = doublingHighMultiply(result, value);
  }
  return result;
}

/** exp(a) for a in [-1/4, 0), both in Q0.31: a series of four terms around -1/8. */
function expOnLastQuarter(a: number): number {
  const x = a + 2 ** 28;
  const x2 = doublingHighMultiply(x, x);
  const x3 = doublingHighMultiply(x2, x);
  const x4 = doublingHighMultiply(x2, x2);
  const thirdAndFourth = doublingHighMultiply(roundingDivideByPowerOfTwo(x4, 2) + x3, ONE_THIRD);
  const fromSecond = roundingDivideByPowerOfTwo(thirdAndFourth + x2, 1);
  return EXP_MINUS_ONE_EIGHTH + doublingHighMultiply(EXP_MINUS_ONE_EIGHTH, x + fromSecond);
}

/** 1 / (1 + a) for a in [0, 1), both in Q0.31: three Newton-Raphson steps in Q2.29. */
export function oneOverOnePlus(a: number): number {
  const halfDenominator = Math.floor((a + 2 ** 31) / 2);
  let x =
    FORTY_EIGHT_SEVENTEENTHS + doublingHighMultiply(halfDenominator, MINUS_THIRTY_TWO_SEVENTEENTHS);
  for (let step = 0; step < 3; step++) {
    const error = 2 ** 29 - doublingHighMultiply(halfDenominator, x);
    x += doublingHighMultiply(x, error) * 4;
  }
  return Math.min(x * 2, INT32_MAX);
}
