/**
 * averagePool: the average of the window's positions inside the image (rule M1).
 *
 * - input [n, h, w, c]; output [n, oh, ow, c]; both with the same scale and zero point
 * - integers average the codes themselves: with the zero point subtracted, halves would round the other way
 * - a window has at least one position inside the image
 */

import { clamp } from '../arithmetic/rounding.ts';
import { sumOperator } from './accumulate.ts';
import { inputAt } from './call.ts';
import { extents4 } from './window.ts';

export const averagePool = sumOperator<'averagePool'>({
  rawCodes: true,
  loop: (call, x, _w, _b, write) => {
    const { stride, padding, size } = call.attributes;
    const [batches, height, width, channels] = extents4(inputAt(call, 0).shape);
    const [, outHeight, outWidth] = extents4(call.output.shape);
    let index = 0;
    for (let n = 0; n < batches; n++) {
      for (let oy = 0; oy < outHeight; oy++) {
        for (let ox = 0; ox < outWidth; ox++) {
          for (let oc = 0; oc < channels; oc++) {
            let sum = 0;
            let count = 0;
            for (let ky = 0; ky < size[0]; ky++) {
              const iy = oy * stride[0] + ky - padding[0];
              if (iy < 0 || iy >= height) continue;
              for (let kx = 0; kx < size[1]; kx++) {
                const ix = ox * stride[1] + kx - padding[2];
                if (ix < 0 || ix >= width) continue;
                sum += x[((n * height + iy) * width + ix) * channels + oc] ?? NaN;
                count += 1;
              }
            }
            write(index++, sum, count);
          }
        }
      }
    }
  },
  finish: ({ precision, requantization: { min, max } }) => {
    return (sum, count) => clamp(precision.average(sum, count), min, max);
  },
});
