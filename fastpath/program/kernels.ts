/**
 * The one table of kernels: what the module exports, the compiler chooses from, loading checks against and tests and
 * benches go through. A step's `kernel` is a position in it.
 */

import { channelStride, roundUp, type Step } from './format.ts';

export type KernelFamily =
  | 'conv2d'
  | 'depthwise'
  | 'add'
  | 'averagePool'
  | 'mean'
  | 'softmax'
  | 'clamp'
  | 'rescale'
  | 'quantize'
  | 'dequantize'
  | 'pad'
  | 'reshape'
  | 'repeatChannels';

export type KernelType = 'f32' | 'i16' | 'i8' | 'u8';

export interface Kernel {
  /** The export of the kernels' module. */
  readonly name: string;
  readonly family: KernelFamily;
  readonly input: KernelType;
  readonly output: KernelType;
  /** Of convolutions. */
  readonly weights?: KernelType;
  /** Sums in int64. */
  readonly wide?: boolean;
}

/** Bytes that a step reads and writes at each of its addresses; 0 where the kernel has no use for one. */
export interface Regions {
  readonly input: number;
  readonly second: number;
  readonly output: number;
  readonly weights: number;
  readonly parameters: number;
  readonly scratch: number;
}

export const typeBytes: Readonly<Record<KernelType, number>> = { f32: 4, i16: 2, i8: 1, u8: 1 };

const uniform = (family: KernelFamily, ...types: KernelType[]): Kernel[] =>
  types.map((type) => ({ name: `${family}_${type}`, family, input: type, output: type }));

const sums: readonly Kernel[] = [
  { name: 'conv2d_f32', family: 'conv2d', input: 'f32', output: 'f32', weights: 'f32' },
  { name: 'conv2d_i8', family: 'conv2d', input: 'i8', output: 'i8', weights: 'i8' },
  ...[false, true].flatMap((wide) =>
    (['i8', 'i16'] as const).map((weights) => ({
      name: `conv2d_i16_w${weights.slice(1)}${wide ? '_wide' : ''}`,
      family: 'conv2d' as const,
      input: 'i16' as const,
      output: 'i16' as const,
      weights,
      wide,
    })),
  ),
  { name: 'depthwise_f32', family: 'depthwise', input: 'f32', output: 'f32', weights: 'f32' },
  { name: 'depthwise_i8', family: 'depthwise', input: 'i8', output: 'i8', weights: 'i8' },
  { name: 'depthwise_i16', family: 'depthwise', input: 'i16', output: 'i16', weights: 'i16' },
  {
    name: 'depthwise_i16_wide',
    family: 'depthwise',
    input: 'i16',
    output: 'i16',
    weights: 'i16',
    wide: true,
  },
];

const codes = ['i8', 'i16', 'u8'] as const;

export const kernels: readonly Kernel[] = [
  ...sums,
  ...uniform('add', 'f32', 'i8', 'i16'),
  ...uniform('averagePool', 'f32', 'i8', 'i16'),
  ...uniform('mean', 'f32', 'i8', 'i16'),
  ...uniform('softmax', 'f32', 'i8', 'i16'),
  ...uniform('clamp', 'f32'),
  ...codes.flatMap((input) =>
    codes.map((output) => ({
      name: `rescale_${input}_${output}`,
      family: 'rescale' as const,
      input,
      output,
    })),
  ),
  ...codes.map((output) => ({
    name: `quantize_${output}`,
    family: 'quantize' as const,
    input: 'f32' as const,
    output,
  })),
  ...codes.map((input) => ({
    name: `dequantize_${input}`,
    family: 'dequantize' as const,
    input,
    output: 'f32' as const,
  })),
  ...uniform('pad', 'f32', 'i8', 'i16'),
  ...uniform('reshape', 'f32', 'i8', 'i16'),
  ...uniform('repeatChannels', 'f32', 'i8', 'i16'),
];

/** Output columns of a panel of weights, and output pixels of a tile. */
export const PANEL = 8;
export const TILE = 4;

type WindowWord =
  | 'kernelHeight'
  | 'kernelWidth'
  | 'strideY'
  | 'strideX'
  | 'padTop'
  | 'padLeft'
  | 'inHeight'
  | 'inWidth'
  | 'inStride'
  | 'outHeight'
  | 'outWidth';

/** Whether each window is one pixel that can be read where it stands: as fastpath/assembly/windows.ts decides. */
export function isPointwise(step: Pick<Step, WindowWord>): boolean {
  const { kernelHeight, kernelWidth, strideY, strideX, padTop, padLeft } = step;
  return (
    kernelHeight * kernelWidth * strideY * strideX === 1 &&
    padTop + padLeft === 0 &&
    step.inHeight === step.outHeight &&
    step.inWidth === step.outWidth &&
    step.inStride % 8 === 0
  );
}

/** Products that one instruction adds up. */
export function depthOf(kernel: Kernel): number {
  return { f32: 1, i16: 2, i8: 4, u8: 4 }[kernel.input];
}

/** Channels whose weights lie together for the depthwise kernel of float32. */
export const TAP_CHANNELS = 4;

/** Rows that a depthwise kernel of codes interleaves. */
export const BAND = 4;

/** Products of one output element of a convolution. */
export function productsOf(step: Step): number {
  return step.kernelHeight * step.kernelWidth * step.inChannels;
}

/** Of 8 channels of codes, with sums of 32 bits and wider ones. */
export const PARAMETER_BYTES = 112;
export const WIDE_PARAMETER_BYTES = 144;

/** Bytes of the parameters of 8 channels: biases, and for codes what fastpath/assembly/requantize.ts says. */
export function parameterBytes(kernel: Kernel): number {
  if (kernel.input === 'f32') return 32;
  return kernel.wide === true ? WIDE_PARAMETER_BYTES : PARAMETER_BYTES;
}

/** Wide sums, a block of windows, and for int8 tiles packed of them, of which a code may be an int16. */
function windowBytes(kernel: Kernel, step: Step): number {
  const rowBytes = roundUp(productsOf(step), 8) * typeBytes[kernel.input];
  if (kernel.input === 'i8') return 3 * step.block * rowBytes;
  return sumsBytes(kernel) + (isPointwise(step) ? 0 : step.block * rowBytes);
}

/** The float64 sums of a tile of 4 by 4, and as many to finish. */
function sumsBytes(kernel: Kernel): number {
  return kernel.wide === true ? TILE * PANEL * 8 : 0;
}

/** Real zero, wide sums, a spare row of outputs, and the interleaved rows of a window, each element of which may be an int16. */
function interleavedBytes(kernel: Kernel, step: Step): number {
  const columns = (step.outWidth - 1) * step.strideX + step.kernelWidth;
  const spare = step.outWidth * step.outStride * typeBytes[kernel.output];
  const interleaved = columns * roundUp(step.kernelHeight, BAND) * step.outStride * 2;
  return 16 + sumsBytes(kernel) + spare + interleaved;
}

const EXP_AND_RECIPROCAL_TABLES = 2 * 513 * 2;

export function regionsOf(kernel: Kernel, step: Step): Regions {
  const inputPixels = step.batches * step.inHeight * step.inWidth;
  const outputPixels = step.batches * step.outHeight * step.outWidth;
  const elementwise = outputPixels * step.outStride;
  const none = { second: 0, weights: 0, parameters: 0, scratch: 0 };
  const pixels = {
    ...none,
    input: inputPixels * step.inStride * typeBytes[kernel.input],
    output: outputPixels * step.outStride * typeBytes[kernel.output],
  };
  const elements = { ...pixels, input: elementwise * typeBytes[kernel.input] };
  const weightBytes = kernel.weights === undefined ? 0 : typeBytes[kernel.weights];
  const channelBytes = (step.outStride / PANEL) * parameterBytes(kernel);
  switch (kernel.family) {
    case 'conv2d': {
      const products = productsOf(step);
      return {
        ...pixels,
        weights: step.outStride * roundUp(products, depthOf(kernel)) * weightBytes,
        parameters: channelBytes,
        scratch: windowBytes(kernel, step),
      };
    }
    case 'depthwise': {
      const interleaved = kernel.input !== 'f32';
      const rows = interleaved ? roundUp(step.kernelHeight, BAND) : step.kernelHeight;
      return {
        ...pixels,
        weights: rows * step.kernelWidth * step.outStride * weightBytes,
        parameters: channelBytes,
        scratch: interleaved ? interleavedBytes(kernel, step) : 0,
      };
    }
    case 'add':
      return {
        ...elements,
        second: elements.input,
        parameters: kernel.input === 'f32' ? 0 : 92,
      };
    case 'mean':
      return { ...pixels, parameters: kernel.input === 'f32' ? 0 : 8 };
    case 'softmax':
      return {
        ...elements,
        parameters: { f32: 8, i8: 12, i16: 8 + EXP_AND_RECIPROCAL_TABLES, u8: 0 }[kernel.input],
        scratch: { f32: 8, i8: 0, i16: 4, u8: 0 }[kernel.input] * channelStride(step.outChannels),
      };
    case 'rescale':
      return { ...elements, parameters: 8 };
    case 'quantize':
    case 'dequantize':
      return { ...elements, parameters: 4 };
    case 'clamp':
      return elements;
    case 'averagePool':
    case 'pad':
    case 'reshape':
    case 'repeatChannels':
      return { ...none, ...pixels };
  }
}
