import { requantizeInt32 } from '../arithmetic/requantize.ts';
import { roundHalfAwayFromZero } from '../arithmetic/rounding.ts';
import type { Precision } from './precision.ts';

/** int8 codes with any zero point, int8 weights, int32 bias and accumulator, two roundings (rule A4). */
export const int8: Precision = {
  name: 'int8',
  activation: 'int8',
  weights: ['int8'],
  bias: 'int32',
  accumulatorLimit: 2 ** 31,
  rescale: requantizeInt32,
  rescaleValue: requantizeInt32,
  average: (sum, count) => roundHalfAwayFromZero(sum / count),
  mean: (sum, _count, multiplier, shift) => requantizeInt32(sum, multiplier, shift),
  addLeftShift: 20,
  softmaxOutputs: {
    int8: { scale: 1 / 256, zeroPoint: -128 },
    int16: { scale: 1 / 65536, zeroPoint: -32768 },
  },
};
