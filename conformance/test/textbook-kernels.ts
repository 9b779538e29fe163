/** float32 kernels as textbooks have them, every step rounded to float32: right ones, and not the reference's bits. */

import type { Backend } from '../../golden/backend.ts';
import type { Operator, Tensor, TensorData } from '../../reference/index.ts';
import { backendOf } from '../counterexample/test/wrong-backends.ts';

const { fround } = Math;

/** Sums first to last, or last to first. */
export type Order = 'forward' | 'backward';

export function textbookKernel(
  operator: Operator,
  inputs: readonly Tensor[],
  output: Tensor,
  order: Order,
): TensorData {
  const [x, w, b] = inputs.map(({ data }) => Array.from(data, Number));
  const [input, weights] = inputs.map(({ shape }) => shape);
  if (x === undefined || input === undefined) throw new Error('Expected an input');
  const data = Float32Array.from(output.data, Number);
  const sum = (terms: readonly number[]): number =>
    (order === 'forward' ? terms : terms.toReversed()).reduce((a, t) => fround(a + t), 0);
  const dot = (pairs: readonly (readonly [number, number])[], channel: number): number =>
    fround(sum(pairs.map(([i, j]) => fround((x[i] ?? 0) * (w?.[j] ?? 0)))) + (b?.[channel] ?? 0));
  const limit = (value: number): number => {
    const activation =
      'activation' in operator.attributes ? operator.attributes.activation : 'none';
    if (activation === 'none' || Number.isNaN(value)) return value;
    return Math.min(Math.max(value, 0), activation === 'relu6' ? 6 : Infinity);
  };
  switch (operator.kind) {
    case 'conv2d':
    case 'depthwiseConv2d': {
      const { stride, dilation, padding } = operator.attributes;
      const [, height = 0, width = 0, channels = 0] = input;
      const [outputs = 0, kernelHeight = 0, kernelWidth = 0, depth = 0] = weights ?? [];
      const depthwise = operator.kind === 'depthwiseConv2d';
      const groups = operator.kind === 'conv2d' ? operator.attributes.groups : 1;
      const [, outHeight = 0, outWidth = 0, lanes = 0] = output.shape;
      let index = 0;
      for (let oy = 0; oy < outHeight; oy++) {
        for (let ox = 0; ox < outWidth; ox++) {
          for (let oc = 0; oc < lanes; oc++) {
            const pairs: [number, number][] = [];
            for (let ky = 0; ky < kernelHeight; ky++) {
              const iy = oy * stride[0] + ky * dilation[0] - padding[0];
              for (let kx = 0; kx < kernelWidth; kx++) {
                const ix = ox * stride[1] + kx * dilation[1] - padding[2];
                if (iy < 0 || iy >= height || ix < 0 || ix >= width) continue;
                const pixel = (iy * width + ix) * channels;
                const at = ky * kernelWidth + kx;
                if (depthwise) {
                  pairs.push([pixel + Math.floor((oc * channels) / lanes), at * lanes + oc]);
                  continue;
                }
                const first = Math.floor((oc * groups) / outputs) * depth;
                for (let ic = 0; ic < depth; ic++) {
                  pairs.push([
                    pixel + first + ic,
                    (oc * kernelHeight * kernelWidth + at) * depth + ic,
                  ]);
                }
              }
            }
            data[index++] = limit(dot(pairs, oc));
          }
        }
      }
      return data;
    }
    case 'fullyConnected': {
      const [outputs = 1, depth = 1] = weights ?? [];
      return data.map((_, index) => {
        const row = Math.floor(index / outputs) * depth;
        const oc = index % outputs;
        const pairs = Array.from({ length: depth }, (_, i) => [row + i, oc * depth + i] as const);
        return limit(dot(pairs, oc));
      });
    }
    case 'averagePool':
    case 'mean': {
      // Over the whole image, by a rounded reciprocal.
      const channels = input.at(-1) ?? 1;
      const reciprocal = fround(channels / x.length);
      return data.map((_, c) => {
        return fround(sum(x.filter((_, i) => i % channels === c)) * reciprocal);
      });
    }
    case 'softmax': {
      const length = input.at(-1) ?? 1;
      for (let start = 0; start < x.length; start += length) {
        const row = x.slice(start, start + length);
        const max = Math.max(...row);
        const powers = row.map((v) =>
          fround(Math.exp(fround(fround(operator.attributes.beta) * fround(v - max)))),
        );
        const total = sum(powers);
        data.set(
          powers.map((power) => power / total),
          start,
        );
      }
      return data;
    }
    case 'add':
      return data.map((_, i) => limit(fround((x[i] ?? 0) + (w?.[i] ?? 0))));
    case 'reshape':
      return data.map((_, i) => x[i] ?? NaN);
    default:
      throw new Error(`Expected an operator of MobileNetV2 but found ${operator.kind}`);
  }
}

/** A back end of these kernels, for float32 graphs of one image. */
export function textbookBackend(order: Order): Backend {
  return backendOf(`textbook, ${order}`, (operator, inputs, output) =>
    textbookKernel(operator, inputs, output, order),
  );
}
