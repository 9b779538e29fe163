import { requantizeInt32, requantizeInt64 } from '../arithmetic/requantize.ts';
import { roundHalfAwayFromZero } from '../arithmetic/rounding.ts';
import type { Precision } from './precision.ts';

/**
 * int16 codes around 0, int16 or int8 weights, int64 bias and accumulator, one rounding (rule A5).
 *
 * 16-bit weights are this project's extension; 8-bit ones are TensorFlow Lite's "16x8".
 */
export const int16: Precision = {
  name: 'int16',
  activation: 'int16',
  weights: ['int16', 'int8'],
  bias: 'int64',
  accumulatorLimit: 2 ** 47,
  rescale: requantizeInt64,
  rescaleValue: requantizeInt32,
  average: (sum, count) => roundHalfAwayFromZero(sum / count),
  mean: (sum, _count, multiplier, shift) => requantizeInt32(sum, multiplier, shift),
  addLeftShift: 15,
  softmaxOutputs: { int16: { scale: 1 / 32768, zeroPoint: 0 } },
};

/** TensorFlow Lite's other int16 mode: int32 bias and accumulator, requantised like int8. */
export const int16WithInt32Accumulator: Precision = {
  ...int16,
  weights: ['int8', 'int16'],
  bias: 'int32',
  accumulatorLimit: 2 ** 31,
  rescale: requantizeInt32,
};
