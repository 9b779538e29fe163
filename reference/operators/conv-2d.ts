/**
 * conv2d: each output channel is the sum over a window and over the input channels of its group (rule C1).
 *
 * - input [n, h, w, c]; weights [o, kh, kw, c / groups]; bias [o] or none; output [n, oh, ow, o]
 * - o and c are multiples of groups; output channels of group g see input channels of group g
 * - positions outside the image are skipped, as if they held the zero point
 * - accumulator = sum of (x - zeroPoint) * w, in the order ky kx ic, + bias
 * - output = clamp(rescale(accumulator) + zeroPoint)
 */

import { sumOperator } from './accumulate.ts';
import { inputAt } from './call.ts';
import { finishPerChannel } from './requantization.ts';
import { extents4 } from './window.ts';

export const conv2d = sumOperator<'conv2d'>({
  loop: (call, x, w, b, write) => {
    const { stride, dilation, padding, groups } = call.attributes;
    const [batches, height, width, channels] = extents4(inputAt(call, 0).shape);
    const [, kernelHeight, kernelWidth, groupChannels] = extents4(inputAt(call, 1).shape);
    const [, outHeight, outWidth, outChannels] = extents4(call.output.shape);
    const outPerGroup = outChannels / groups;
    let index = 0;
    for (let n = 0; n < batches; n++) {
      for (let oy = 0; oy < outHeight; oy++) {
        for (let ox = 0; ox < outWidth; ox++) {
          for (let oc = 0; oc < outChannels; oc++) {
            const firstChannel = Math.floor(oc / outPerGroup) * groupChannels;
            let accumulator = 0;
            for (let ky = 0; ky < kernelHeight; ky++) {
              const iy = oy * stride[0] + ky * dilation[0] - padding[0];
              if (iy < 0 || iy >= height) continue;
              for (let kx = 0; kx < kernelWidth; kx++) {
                const ix = ox * stride[1] + kx * dilation[1] - padding[2];
                if (ix < 0 || ix >= width) continue;
                const xAt = ((n * height + iy) * width + ix) * channels + firstChannel;
                const wAt = ((oc * kernelHeight + ky) * kernelWidth + kx) * groupChannels;
                for (let ic = 0; ic < groupChannels; ic++) {
                  accumulator += (x[xAt + ic] ?? NaN) * (w[wAt + ic] ?? NaN);
                }
              }
            }
            write(index++, accumulator + (b[oc] ?? NaN), oc);
          }
        }
      }
    }
  },
  finish: finishPerChannel,
});
