/**
 * mean: the average over height and width (rule M2).
 *
 * - input [n, h, w, c]; output [n, c] or [n, 1, 1, c]; scales and zero points may differ
 * - accumulator = sum of (x - zeroPoint), in the order y x
 * - integers: 1 / (h * w) is folded into the multiplier, and int16 too is rescaled in the int32 form
 */

import { clamp } from '../arithmetic/rounding.ts';
import { zeroPointOf } from '../graph/tensor.ts';
import { sumOperator } from './accumulate.ts';
import { inputAt } from './call.ts';
import { extents4 } from './window.ts';

export const mean = sumOperator<'mean'>({
  loop: (call, x, _w, _b, write) => {
    const [batches, height, width, channels] = extents4(inputAt(call, 0).shape);
    for (let n = 0; n < batches; n++) {
      for (let c = 0; c < channels; c++) {
        let sum = 0;
        for (let at = 0; at < height * width; at++) {
          sum += x[(n * height * width + at) * channels + c] ?? NaN;
        }
        write(n * channels + c, sum, height * width);
      }
    }
  },
  finish: ({ precision, output, requantization: { multiplier, shift, min, max } }) => {
    const [m = 0] = multiplier;
    const [s = 0] = shift;
    const zeroPoint = zeroPointOf(output);
    return (sum, count) => clamp(precision.mean(sum, count, m, s) + zeroPoint, min, max);
  },
});
