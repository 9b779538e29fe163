/** conv2d, depthwiseConv2d and fullyConnected as steps. */

import type { OperatorOf, Padding, Pair } from '../../reference/graph/operator.ts';
import { numbersOf, zeroPointOf, type GraphTensor } from '../../reference/graph/tensor.ts';
import {
  depthOf,
  isPointwise,
  TILE,
  typeBytes,
  type Kernel,
  type KernelFamily,
  type KernelType,
} from '../program/kernels.ts';
import { roundUp } from '../program/format.ts';
import { kernelTypeOf, type Buffer } from './buffers.ts';
import { outputWords, refuseOperator, type Lowering } from './operator.ts';
import {
  fitsDouble,
  packBands,
  packBiases,
  packFactors,
  packPanels,
  packTaps,
  packWideFactors,
  type WeightMatrix,
} from './pack.ts';
import { defaultWords, kernelNamed, type DraftStep, type Words } from './steps.ts';

type Convolution = OperatorOf<'conv2d'> | OperatorOf<'depthwiseConv2d'>;
type Sum = Convolution | OperatorOf<'fullyConnected'>;
type StepBody = Omit<DraftStep, 'operator' | 'input' | 'second' | 'output'>;

/** An int32 sum of products with int16 codes stays exact while sum of |w| is below this. */
const INT32_WEIGHTS = 2 ** 31 / 2 ** 15;

/** Bytes of windows, or of tiles packed of pixels, that a block may take; more is as fast (measured), and takes memory. */
const BLOCK_BYTES = 2 ** 16;
/**
 * Bytes of pixels that a block may take which are read where they stand. Each block takes all weights anew: where these
 * come from memory, a layer is a tenth faster in one block (measured).
 */
const PLACE_BYTES = 2 ** 18;

export function lowerConvolution(
  lowering: Lowering<Convolution>,
  input: Buffer,
  output: Buffer,
): StepBody {
  const { operator } = lowering;
  const { dilation, stride, padding } = operator.attributes;
  if (dilation[0] !== 1 || dilation[1] !== 1) {
    refuseOperator(operator, 'dilation 1', `[${dilation.join(', ')}]`);
  }
  const weights = weightsOf(lowering);
  const window = windowWords(weights.shape, stride, padding);
  if (isDepthwise(lowering)) {
    return lowerDepthwise(lowering, weights, input, output, window);
  }
  return lowerMatrix(lowering, weights, input, output, window);
}

/** A 1x1 convolution of rows: the input as [rows, inputs]. */
export function lowerFullyConnected(
  lowering: Lowering<OperatorOf<'fullyConnected'>>,
  input: Buffer,
  output: Buffer,
): StepBody {
  const rows = { height: 1, width: output.width, batches: 1 };
  return lowerMatrix(lowering, weightsOf(lowering), { ...input, ...rows }, output, {});
}

/** Whether each output channel sees one input channel; refuses other groups. */
function isDepthwise({ operator, inputs }: Lowering<Convolution>): boolean {
  if (operator.kind === 'depthwiseConv2d') return true;
  const { groups } = operator.attributes;
  if (groups === 1) return false;
  if (groups !== inputs[0]?.shape[3]) {
    refuseOperator(operator, 'groups of all input channels or of one', `${String(groups)} groups`);
  }
  return true;
}

function windowWords(weights: readonly number[], stride: Pair, padding: Padding): Partial<Words> {
  const [, kernelHeight = 1, kernelWidth = 1] = weights;
  return {
    kernelHeight,
    kernelWidth,
    strideY: stride[0],
    strideX: stride[1],
    padTop: padding[0],
    padLeft: padding[2],
  };
}

function weightsOf({ operator, inputs }: Lowering<Sum>): GraphTensor {
  const [, weights] = inputs;
  if (weights === undefined) throw new Error(`Expected weights of operator "${operator.name}"`);
  return weights;
}

/** Weights [o, ...]: channels outermost. */
function lowerMatrix(
  lowering: Lowering<Sum>,
  weights: GraphTensor,
  input: Buffer,
  output: Buffer,
  window: Partial<Words>,
): StepBody {
  const { data, channels } = elementsOf(weights, 0);
  const products = data.length / channels;
  const matrix = {
    channels,
    products,
    at: (oc: number, k: number) => data[oc * products + k] ?? 0,
  };
  const kernel = sumKernel('conv2d', lowering, weights, matrix);
  const depth = depthOf(kernel);
  const zero = zeroPointOf(lowering.inputs[0] ?? weights);
  const parameters = packParameters(lowering, kernel, matrix, zero + unsignedOffset(kernel));
  const rows = output.batches * output.height * output.width;
  const words = { ...defaultWords(input, output), ...window, ...outputWords(lowering) };
  // int8 codes may be packed as int16.
  const tileBytes = TILE * roundUp(products, 8) * Math.max(typeBytes[kernel.input], 2);
  const blockBytes = kernel.input !== 'i8' && isPointwise(words) ? PLACE_BYTES : BLOCK_BYTES;
  const tiles = Math.min(Math.max(Math.floor(blockBytes / tileBytes), 1), Math.ceil(rows / TILE));
  return {
    kernel,
    weights: packPanels(matrix, kernel.weights ?? kernel.input, depth),
    parameters,
    words: {
      ...words,
      block: tiles * TILE,
      flush: kernel.wide === true ? flushSteps(kernel, matrix) : 0,
    },
  };
}

/** Weights [1, kh, kw, o] (or [o, kh, kw, 1], for groups of one). */
function lowerDepthwise(
  lowering: Lowering<Convolution>,
  weights: GraphTensor,
  input: Buffer,
  output: Buffer,
  window: Partial<Words>,
): StepBody {
  const channelsLast = lowering.operator.kind === 'depthwiseConv2d';
  const { data, channels } = elementsOf(weights, channelsLast ? 3 : 0);
  const products = data.length / channels;
  const at = channelsLast
    ? (oc: number, k: number): number => data[k * channels + oc] ?? 0
    : (oc: number, k: number): number => data[oc * products + k] ?? 0;
  const matrix = { channels, products, at };
  const kernel = sumKernel('depthwise', lowering, weights, matrix);
  const words = { ...defaultWords(input, output), ...window, ...outputWords(lowering) };
  if (kernel.input === 'f32') {
    return {
      kernel,
      weights: packTaps(matrix, kernel.input),
      parameters: packParameters(lowering, kernel, matrix, 0),
      words,
    };
  }
  if (kernel.wide === true) checkWideWindow(lowering, kernel, matrix);
  const { kernelHeight, kernelWidth } = words;
  const zero = zeroPointOf(lowering.inputs[0] ?? weights) + unsignedOffset(kernel);
  return {
    kernel,
    weights: packBands(matrix, kernelHeight, kernelWidth, kernel.weights ?? kernel.input),
    parameters: packParameters(lowering, kernel, matrix, zero),
    words,
  };
}

/** The kernel for wide sums gathers each part of a window in int32. */
function checkWideWindow(
  { operator }: Lowering<Convolution>,
  kernel: Kernel,
  matrix: WeightMatrix,
): void {
  for (const part of partsOf(kernel)) {
    for (let oc = 0; oc < matrix.channels; oc++) {
      const sum = sumOf(matrix, oc, 0, matrix.products, part);
      if (sum < INT32_WEIGHTS) continue;
      const wanted = `parts of a channel’s weights that sum to less than ${String(INT32_WEIGHTS)}`;
      refuseOperator(operator, wanted, sum);
    }
  }
}

/** What kernels of int8 add to codes to take their sign from them. */
function unsignedOffset(kernel: Kernel): number {
  return kernel.input === 'i8' ? 128 : 0;
}

function elementsOf(
  weights: GraphTensor,
  channelAxis: number,
): { readonly data: Float64Array; readonly channels: number } {
  if (weights.data === undefined) throw new Error(`Expected elements of "${weights.name}"`);
  return { data: numbersOf(weights.data), channels: weights.shape[channelAxis] ?? 1 };
}

/**
 * The kernel for the types of an operator; sums of int16 products are int32 where the weights prove that they fit, and
 * float64 holds what rescaling makes of them.
 */
function sumKernel(
  family: KernelFamily,
  lowering: Lowering<Sum>,
  weights: GraphTensor,
  matrix: WeightMatrix,
): Kernel {
  const { inputType } = lowering;
  if (inputType !== 'i16') return kernelNamed(`${family}_${inputType}`);
  const type: KernelType = kernelTypeOf(weights.type, weights.name);
  const narrow =
    lowering.operator.attributes.accumulator === 'int32' ||
    (fitsInt32(lowering, matrix) && fitsDouble(lowering.requantization));
  const weightType = family === 'conv2d' ? `_w${String(8 * typeBytes[type])}` : '';
  return kernelNamed(`${family}_i16${weightType}${narrow ? '' : '_wide'}`);
}

function fitsInt32(lowering: Lowering<Sum>, matrix: WeightMatrix): boolean {
  const bias = biasOf(lowering, matrix.channels);
  return bias.every(
    (b, oc) => sumOf(matrix, oc, 0, matrix.products, Math.abs) * 2 ** 15 + Math.abs(b) < 2 ** 31,
  );
}

function sumOf(
  { at }: WeightMatrix,
  oc: number,
  from: number,
  to: number,
  part: (weight: number) => number,
): number {
  let sum = 0;
  for (let k = from; k < to; k++) sum += part(at(oc, k));
  return sum;
}

/** Of kernels for wide sums: int8 weights are one part; of int16 ones, 128 * high + low, sums are kept apart. */
function partsOf(kernel: Kernel): readonly ((weight: number) => number)[] {
  if (kernel.weights === 'i8') return [Math.abs];
  return [(weight) => Math.abs(weight >> 7), (weight) => weight & 127];
}

/** The most k-steps, of a halving series, whose int32 sums cannot overflow in any channel. */
function flushSteps(kernel: Kernel, matrix: WeightMatrix): number {
  const depth = depthOf(kernel);
  let steps = Math.ceil(matrix.products / depth);
  const fits = (oc: number, part: (weight: number) => number): boolean => {
    for (let from = 0; from < matrix.products; from += steps * depth) {
      const to = Math.min(from + steps * depth, matrix.products);
      if (sumOf(matrix, oc, from, to, part) >= INT32_WEIGHTS) return false;
    }
    return true;
  };
  for (const part of partsOf(kernel)) {
    for (let oc = 0; oc < matrix.channels; oc++) {
      // A single step cannot overflow.
      while (steps > 1 && !fits(oc, part)) steps = Math.ceil(steps / 2);
    }
  }
  return steps;
}

function biasOf({ inputs }: Lowering<Sum>, channels: number): readonly number[] {
  const [, , bias] = inputs;
  return bias?.data === undefined
    ? Array.from({ length: channels }, () => 0)
    : Array.from(numbersOf(bias.data));
}

/** Biases and factors of the channels. `zero`, which the kernel does not take from codes, moves to the bias. */
function packParameters(
  lowering: Lowering<Sum>,
  kernel: Kernel,
  matrix: WeightMatrix,
  zero: number,
): Uint8Array {
  const { operator, requantization, output } = lowering;
  const bias = biasOf(lowering, matrix.channels);
  if (kernel.input === 'f32') return packBiases(bias);
  const sums = bias.map((_, oc) => {
    let sum = 0;
    for (let k = 0; k < matrix.products; k++) sum += matrix.at(oc, k);
    return sum;
  });
  const factors = {
    ...requantization,
    bias: bias.map((b, oc) => b - zero * (sums[oc] ?? 0)),
    twice: kernel.input === 'i8' || operator.attributes.accumulator === 'int32',
    zero: zeroPointOf(output),
  };
  const mostCode = kernel.input === 'i8' ? 255 : 2 ** 15;
  const reach = bias.map(
    (b, oc) => Math.abs(b) + sumOf(matrix, oc, 0, matrix.products, Math.abs) * mostCode,
  );
  if (kernel.wide === true) return packWideFactors(factors, reach);
  return packFactors(kernel.input === 'i8' ? { ...factors, reach } : factors);
}
