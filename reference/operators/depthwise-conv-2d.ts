/**
 * depthwiseConv2d: each output channel is the sum over a window of one input channel (rule C2).
 *
 * - input [n, h, w, c]; weights [1, kh, kw, c * m]; bias [c * m] or none; output [n, oh, ow, c * m]
 * - m is the depth multiplier: output channel oc sees input channel floor(oc / m)
 * - positions outside the image are skipped, as if they held the zero point
 * - accumulator = sum of (x - zeroPoint) * w, in the order ky kx, + bias
 * - output = clamp(rescale(accumulator) + zeroPoint)
 */

import { sumOperator } from './accumulate.ts';
import { inputAt } from './call.ts';
import { finishPerChannel } from './requantization.ts';
import { extents4 } from './window.ts';

export const depthwiseConv2d = sumOperator<'depthwiseConv2d'>({
  loop: (call, x, w, b, write) => {
    const { stride, dilation, padding } = call.attributes;
    const [batches, height, width, channels] = extents4(inputAt(call, 0).shape);
    const [, kernelHeight, kernelWidth] = extents4(inputAt(call, 1).shape);
    const [, outHeight, outWidth, outChannels] = extents4(call.output.shape);
    const depthMultiplier = outChannels / channels;
    let index = 0;
    for (let n = 0; n < batches; n++) {
      for (let oy = 0; oy < outHeight; oy++) {
        for (let ox = 0; ox < outWidth; ox++) {
          for (let oc = 0; oc < outChannels; oc++) {
            const ic = Math.floor(oc / depthMultiplier);
            let accumulator = 0;
            for (let ky = 0; ky < kernelHeight; ky++) {
              const iy = oy * stride[0] + ky * dilation[0] - padding[0];
              if (iy < 0 || iy >= height) continue;
              for (let kx = 0; kx < kernelWidth; kx++) {
                const ix = ox * stride[1] + kx * dilation[1] - padding[2];
                if (ix < 0 || ix >= width) continue;
                const xAt = ((n * height + iy) * width + ix) * channels + ic;
                const wAt = (ky * kernelWidth + kx) * outChannels + oc;
                accumulator += (x[xAt] ?? NaN) * (w[wAt] ?? NaN);
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
