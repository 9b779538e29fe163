import type { Precision } from './precision.ts';

/** Sums in float64, rounded to float32 once per output element (rule F1). */
export const float32: Precision = {
  name: 'float32',
  activation: 'float32',
  weights: ['float32'],
  bias: 'float32',
  accumulatorLimit: Infinity,
  rescale: (accumulator) => Math.fround(accumulator),
  rescaleValue: (value) => Math.fround(value),
  average: (sum, count) => Math.fround(sum / count),
  mean: (sum, count) => Math.fround(sum / count),
  addLeftShift: 0,
  softmaxOutputs: { float32: { scale: 1, zeroPoint: 0 } },
};
