/** Which drawn cases exercise a kernel. */

import type fc from 'fast-check';
import type { Kernel, KernelType } from '../fastpath/program/kernels.ts';
import type {
  GivenAttributes,
  GivenTensor,
  OperatorKind,
  PrecisionName,
  TensorData,
} from '../reference/index.ts';
import { elementwise } from './arbitrary-elementwise.ts';
import { floatSum, integerSum, sumModes, type SumKind, type SumMode } from './arbitrary-sums.ts';
import type { OperatorCase } from './operator-case.ts';

const precisions: Readonly<Record<KernelType, PrecisionName>> = {
  f32: 'float32',
  i16: 'int16',
  i8: 'int8',
  u8: 'int8',
};

/** Cases of a kernel, most of which (of conversions: some of which) compile to it. */
export function casesOf(kernel: Kernel): readonly fc.Arbitrary<OperatorCase>[] {
  const precision = precisions[kernel.input];
  switch (kernel.family) {
    case 'conv2d':
      return [...sums('conv2d', kernel), ...sums('fullyConnected', kernel)];
    case 'depthwise':
    case 'repeatChannels':
      return sums('depthwiseConv2d', kernel);
    case 'rescale':
      return [elementwise.clamp(precision), elementwise.quantize(precision)];
    case 'quantize':
      return [elementwise.quantize('float32')];
    case 'dequantize':
      return [elementwise.dequantize(kernel.input === 'u8' ? 'float32' : precision)];
    default:
      return [elementwise[kernel.family](precision)];
  }
}

function sums(kind: SumKind, kernel: Kernel): readonly fc.Arbitrary<OperatorCase>[] {
  if (kernel.input === 'f32') return [floatSum(kind)];
  const fits = (mode: SumMode): boolean =>
    mode.precision === precisions[kernel.input] &&
    (kernel.weights === undefined || (kernel.weights === 'i16') === mode.weights[1] > 127) &&
    (kernel.wide !== true || mode.limit > 2 ** 31);
  return Object.values(sumModes)
    .filter(fits)
    .map((mode) => integerSum(kind, mode));
}

/** A case of ordinary size to time a kernel on that no embedded network has. */
export function timedCase(kernel: Kernel): OperatorCase {
  const precision = precisions[kernel.input];
  const image = (type: KernelType, channels: number): GivenTensor => {
    const shape = [1, 28, 28, channels];
    return { shape, data: filled(type, 28 * 28 * channels, 5), ...scaleOf(type) };
  };
  const weights = (shape: readonly number[]): GivenTensor => {
    const type = kernel.weights ?? kernel.input;
    const length = shape.reduce((a, b) => a * b, 1);
    // The largest, so that sums of the wide kernels do not fit 32 bits.
    return {
      shape,
      data: filled(type, length, type === 'f32' ? 1 : 127),
      ...scaleOf(type, 2 ** -20),
    };
  };
  const output = scaleOf(kernel.output);
  const operator = <K extends OperatorKind>(
    kind: K,
    attributes: GivenAttributes<K>,
    ...inputs: readonly GivenTensor[]
  ): OperatorCase => ({ kind, precision, attributes, inputs });
  switch (kernel.family) {
    case 'conv2d':
      return operator('conv2d', { output }, image(kernel.input, 1024), weights([64, 1, 1, 1024]));
    case 'depthwise':
      return operator(
        'depthwiseConv2d',
        { output, padding: [12, 12, 12, 12] },
        image(kernel.input, 96),
        weights([1, 25, 25, 96]),
      );
    case 'repeatChannels':
      return operator(
        'depthwiseConv2d',
        { output },
        image(kernel.input, 96),
        weights([1, 1, 1, 192]),
      );
    case 'add':
      return operator('add', { output }, image(kernel.input, 96), image(kernel.input, 96));
    case 'averagePool':
      return operator('averagePool', { size: [28, 28] }, image(kernel.input, 96));
    case 'mean':
      return operator('mean', { output }, image(kernel.input, 96));
    case 'softmax':
      return operator('softmax', {}, image(kernel.input, 96));
    case 'clamp':
      return operator('clamp', { min: 0, max: 6 }, image(kernel.input, 96));
    case 'rescale':
    case 'quantize': {
      const type = ({ f32: 'float32', i16: 'int16', i8: 'int8', u8: 'uint8' } as const)[
        kernel.output
      ];
      const to = type === 'uint8' ? 'int8' : type;
      const attributes = { output: { ...output, type } };
      return { kind: 'quantize', precision: to, attributes, inputs: [image(kernel.input, 96)] };
    }
    case 'dequantize':
      return operator('dequantize', {}, image(kernel.input, 96));
    case 'pad':
      return operator(
        'pad',
        {
          padding: [
            [0, 0],
            [1, 1],
            [1, 1],
            [0, 0],
          ],
        },
        image(kernel.input, 96),
      );
    case 'reshape':
      return operator('reshape', { shape: [28 * 28 * 8, 12] }, image(kernel.input, 96));
  }
}

function scaleOf(type: KernelType, scale = 2 ** -5): { readonly scale?: number } {
  return type === 'f32' ? {} : { scale };
}

function filled(type: KernelType, length: number, value: number): TensorData {
  switch (type) {
    case 'f32':
      return new Float32Array(length).fill(value);
    case 'i16':
      return new Int16Array(length).fill(value);
    case 'i8':
      return new Int8Array(length).fill(value);
    case 'u8':
      return new Uint8Array(length).fill(value);
  }
}
