/**
 * A back end in one page: depthwise convolution in int8, by itself. `plumbline conformance --backend ./right.ts` holds
 * it to the reference. Replace the loop nest by a call of your kernel.
 */

import {
  operatorOf,
  requantizationOf,
  requantizeInt32,
  UnsupportedError,
  zeroPointOf,
  type Backend,
  type Tensor,
} from '../index.ts';

const backend: Backend = {
  name: 'depthwise example',
  prepare: (graph) => {
    const { operator, inputs, output } = operatorOf(graph);
    const [input, weights, bias] = inputs;
    if (operator.kind !== 'depthwiseConv2d' || input?.type !== 'int8' || weights === undefined) {
      throw new UnsupportedError('Expected depthwiseConv2d in int8');
    }
    const { stride, padding, dilation } = operator.attributes;
    const [batches = 1, height = 1, width = 1, channels = 1] = input.shape;
    const [, kernelHeight = 1, kernelWidth = 1] = weights.shape;
    const [, outHeight = 1, outWidth = 1, outChannels = 1] = output.shape;
    const { multiplier, shift, min, max } = requantizationOf(operator, inputs, output);
    return {
      run: ([x]) => {
        const y = new Int8Array(batches * outHeight * outWidth * outChannels);
        let index = 0;
        for (let n = 0; n < batches; n++) {
          for (let oy = 0; oy < outHeight; oy++) {
            for (let ox = 0; ox < outWidth; ox++) {
              for (let oc = 0; oc < outChannels; oc++) {
                let sum = Number(bias?.data?.[oc] ?? 0);
                for (let ky = 0; ky < kernelHeight; ky++) {
                  for (let kx = 0; kx < kernelWidth; kx++) {
                    const iy = oy * stride[0] + ky * dilation[0] - padding[0];
                    const ix = ox * stride[1] + kx * dilation[1] - padding[2];
                    if (iy < 0 || iy >= height || ix < 0 || ix >= width) continue;
                    const ic = Math.floor(oc / (outChannels / channels));
                    const code = Number(x?.[((n * height + iy) * width + ix) * channels + ic]);
                    const weight = Number(
                      weights.data?.[(ky * kernelWidth + kx) * outChannels + oc],
                    );
                    sum += (code - zeroPointOf(input)) * weight;
                  }
                }
                const value = requantizeInt32(sum, multiplier[oc] ?? 0, shift[oc] ?? 0);
                y[index++] = Math.min(Math.max(value + zeroPointOf(output), min), max);
              }
            }
          }
        }
        const result: Tensor = { ...output, data: y };
        return { outputs: [result], intermediates: new Map() };
      },
    };
  },
};

export default backend;
