/**
 * A back end with a mistake that is easy to make: average pooling in int8 that rounds halves upwards, as Math.round
 * does, where the rule says away from zero. The suite finds it and shows the smallest case.
 */

import { operatorOf, requantizationOf, UnsupportedError, type Backend } from '../index.ts';

const backend: Backend = {
  name: 'pooling example',
  prepare: (graph) => {
    const { operator, inputs, output } = operatorOf(graph);
    const [input] = inputs;
    if (operator.kind !== 'averagePool' || input?.type !== 'int8') {
      throw new UnsupportedError('Expected averagePool in int8');
    }
    const { size, stride, padding } = operator.attributes;
    const [batches = 1, height = 1, width = 1, channels = 1] = input.shape;
    const [, outHeight = 1, outWidth = 1] = output.shape;
    const { min, max } = requantizationOf(operator, inputs, output);
    return {
      run: ([x]) => {
        const y = new Int8Array(batches * outHeight * outWidth * channels);
        for (let i = 0; i < y.length; i++) {
          const c = i % channels;
          const ox = Math.floor(i / channels) % outWidth;
          const oy = Math.floor(i / channels / outWidth) % outHeight;
          const n = Math.floor(i / channels / outWidth / outHeight);
          let sum = 0;
          let count = 0;
          for (let ky = 0; ky < size[0]; ky++) {
            for (let kx = 0; kx < size[1]; kx++) {
              const iy = oy * stride[0] + ky - padding[0];
              const ix = ox * stride[1] + kx - padding[2];
              if (iy < 0 || iy >= height || ix < 0 || ix >= width) continue;
              sum += Number(x?.[((n * height + iy) * width + ix) * channels + c]);
              count += 1;
            }
          }
          y[i] = Math.min(Math.max(Math.round(sum / count), min), max);
        }
        return { outputs: [{ ...output, data: y }], intermediates: new Map() };
      },
    };
  },
};

export default backend;
