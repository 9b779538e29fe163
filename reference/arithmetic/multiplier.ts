/**
 * Real factors as fixed-point multipliers (rule A3), and the factors that each kind of operator has.
 *
 * Sources: TensorFlow Lite lite/kernels/internal/quantization_util.cc (QuantizeMultiplier, PreprocessSoftmaxScaling,
 * CalculateInputRadius) and lite/kernels/kernel_util.cc (PopulateConvolutionQuantizationParams).
 */

import { powerOfTwo, roundHalfAwayFromZero } from './rounding.ts';

/** `multiplier * 2^(shift - 31)`: multiplier in [2^30, 2^31), or 0 for a factor below 2^-32. */
export interface FixedPoint {
  readonly multiplier: number;
  readonly shift: number;
}

/**
 * The fixed-point number nearest to a real factor.
 *
 * @throws {RangeError} for a factor that is negative or not finite
 */
export function quantizeMultiplier(real: number): FixedPoint {
  if (!(real >= 0 && real < Infinity)) {
    throw new RangeError(
      `Expected a factor that is finite and at least 0 but found ${String(real)}`,
    );
  }
  let fraction = real;
  let shift = 0;
  while (fraction >= 1) {
    fraction /= 2;
    shift += 1;
  }
  while (fraction < 0.5 && fraction > 0) {
    fraction *= 2;
    shift -= 1;
  }
  let multiplier = roundHalfAwayFromZero(fraction * 2 ** 31);
  if (multiplier === 2 ** 31) {
    multiplier /= 2;
    shift += 1;
  }
  return shift < -31 || multiplier === 0 ? { multiplier: 0, shift: 0 } : { multiplier, shift };
}

/** The factor of a convolution's accumulator, in float64. */
export function convolutionFactor(input: number, weights: number, output: number): number {
  return (input * weights) / output;
}

/** The same of a fully connected layer with one scale for all weights: the first product is rounded to float32. */
export function perTensorFactor(input: number, weights: number, output: number): number {
  return Math.fround(input * weights) / output;
}

/** The three factors of an add: first input, second input, output. */
export function addFactors(
  first: number,
  second: number,
  output: number,
  leftShift: number,
): readonly [number, number, number] {
  const twice = 2 * Math.max(first, second);
  return [first / twice, second / twice, twice / (powerOfTwo(leftShift) * output)];
}

/** The int8 softmax's factor to Q5.26 differences; it has to exceed 1. */
export function softmaxInt8Factor(beta: number, input: number): number {
  return Math.min(beta * input * 2 ** 26, 2 ** 31 - 1);
}

/** The int16 softmax's factor to the table's domain, in which 65535 steps are 10. */
export function softmaxInt16Factor(beta: number, input: number): number {
  return (input * beta) / (10 / 65535);
}

/** The smallest difference to the row's maximum that an int8 softmax does not take for zero probability. */
export function softmaxDiffMin(leftShift: number): number {
  return -Math.floor((31 * 2 ** 26) / powerOfTwo(leftShift));
}

/** The multiplier of s_in / s_out with 1 / count folded in (current TensorFlow, lite/kernels/internal/reference/reduce.h). */
export function foldCount({ multiplier, shift }: FixedPoint, count: number): FixedPoint {
  const bits = Math.min(31 - Math.clz32(count), 32, 31 + shift);
  const folded = (BigInt(multiplier) << BigInt(bits)) / BigInt(count);
  return { multiplier: Number(folded), shift: shift - bits };
}
