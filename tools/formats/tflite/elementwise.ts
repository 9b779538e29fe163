/** Everything of a classifier but its sums of products. */

import { elementCount, type Pair } from '../../../reference/index.ts';
import type { TfliteNode } from './node.ts';
import {
  addFields,
  builtins,
  poolFields,
  reducerFields,
  reshapeFields,
  softmaxFields,
} from './schema.ts';
import { paddingOf } from './sums.ts';

export function addAdd(node: TfliteNode): void {
  node.requireInputs(2, 2);
  const options = node.options(builtins.add.options, 2);
  if (options?.bool(addFields.potScaleInt16, true) === true) refusePowersOfTwo(node);
  node.graph.addOperator({
    kind: 'add',
    inputs: [node.input(0), node.input(1)],
    output: node.output,
    attributes: {
      activation: options === undefined ? 'none' : node.activation(options, addFields.activation),
    },
    source: node.source,
  });
}

/**
 * An int16 add whose options allow it, as they do by default, is other arithmetic where all scales are powers of two
 * (lite/kernels/add.cc, Prepare; CheckedLog2 of lite/kernels/kernel_util).
 */
function refusePowersOfTwo(node: TfliteNode): void {
  if (node.inputType(0) !== 'int16') return;
  const tensors = [node.stored(0), node.stored(1), node.graph.stored(node.storedOutput)];
  const powers = tensors.every(({ scales: [scale = NaN] }) => {
    const exponent = Math.log2(scale);
    return Math.abs(exponent - Math.round(exponent)) < 1e-3;
  });
  if (powers) {
    throw node.error(
      'Expected the general int16 arithmetic but found pot_scale_int16 with scales that are powers of two, which is other arithmetic',
    );
  }
}

export function addAveragePool(node: TfliteNode): void {
  node.requireInputs(1, 1);
  const options = node.requiredOptions(builtins.averagePool.options, 6);
  const size: Pair = [options.int32(poolFields.filterH), options.int32(poolFields.filterW)];
  const stride: Pair = [options.int32(poolFields.strideH), options.int32(poolFields.strideW)];
  node.graph.addOperator({
    kind: 'averagePool',
    inputs: [node.input(0)],
    output: node.output,
    attributes: {
      size,
      stride,
      padding: paddingOf(node, options, poolFields, size, stride, [1, 1]),
      activation: node.activation(options, poolFields.activation),
    },
    source: node.source,
  });
}

export function addMean(node: TfliteNode): void {
  node.requireInputs(2, 2);
  const options = node.options(builtins.mean.options, 1);
  const rank = node.inputShape(0).length;
  const given = node.integers(1, 'its axes');
  const axes = given.map((axis) => (axis < 0 ? axis + rank : axis)).sort((a, b) => a - b);
  if (rank !== 4 || axes.join() !== '1,2') {
    throw node.error(
      `Expected a mean over height and width but found axes [${given.join(', ')}] of ${String(rank)}`,
    );
  }
  node.graph.addOperator({
    kind: 'mean',
    inputs: [node.input(0)],
    output: node.output,
    attributes: { keepDimensions: options?.bool(reducerFields.keepDimensions) ?? false },
    source: node.source,
  });
}

export function addSoftmax(node: TfliteNode): void {
  node.requireInputs(1, 1);
  const options = node.requiredOptions(builtins.softmax.options, 1);
  node.graph.addOperator({
    kind: 'softmax',
    inputs: [node.input(0)],
    output: node.output,
    attributes: { beta: options.float32(softmaxFields.beta) },
    source: node.source,
  });
}

export function addReshape(node: TfliteNode): void {
  node.requireInputs(1, 2);
  const options = node.options(builtins.reshape.options, 1);
  const target = node.has(1)
    ? node.integers(1, 'its shape')
    : (options?.int32s(reshapeFields.newShape) ?? []);
  const known = target.reduce((product, extent) => (extent === -1 ? product : product * extent), 1);
  const open = elementCount(node.inputShape(0)) / known;
  const shape = target.map((extent) => (extent === -1 ? open : extent));
  if (target.filter((extent) => extent === -1).length > 1) {
    throw node.error(
      `Expected one open extent at most but found shape [${target.slice(0, 8).join(', ')}]`,
    );
  }
  if (shape.join() !== node.outputShape.join()) {
    throw node.error(
      `Expected an output of shape [${shape.slice(0, 8).join(', ')}] but found [${node.outputShape.slice(0, 8).join(', ')}]`,
    );
  }
  addTo(node, 'reshape', { shape });
}

/** The output says which of the axes of extent 1 are gone. */
export function addSqueeze(node: TfliteNode): void {
  node.requireInputs(1, 1);
  const [from, to] = [node.inputShape(0), node.outputShape];
  const long = (extent: number): boolean => extent !== 1;
  if (to.length > from.length || from.filter(long).join() !== to.filter(long).join()) {
    throw node.error(
      `Expected axes of extent 1 to go but found shape [${to.slice(0, 8).join(', ')}] of [${from.slice(0, 8).join(', ')}]`,
    );
  }
  addTo(node, 'reshape', { shape: to });
}

export function addPad(node: TfliteNode): void {
  node.requireInputs(2, 2);
  const amounts = node.integers(1, 'its padding');
  const rank = node.inputShape(0).length;
  if (node.inputShape(1).join() !== [rank, 2].join()) {
    throw node.error(
      `Expected padding of shape [${String(rank)}, 2] but found [${node.inputShape(1).slice(0, 8).join(', ')}]`,
    );
  }
  const padding = Array.from({ length: rank }, (_, axis): Pair => [
    amounts[2 * axis] ?? 0,
    amounts[2 * axis + 1] ?? 0,
  ]);
  addTo(node, 'pad', { padding });
}

/** A limit of float32; a maximum is at least the other input, a minimum at most. */
export const addLimit =
  (kind: 'maximum' | 'minimum') =>
  (node: TfliteNode): void => {
    node.requireInputs(2, 2);
    node.options(builtins[kind].options, 0);
    const at = node.constant(1) === undefined ? 0 : 1;
    const limit = node.constant(at);
    if (!(limit instanceof Float32Array) || limit.length !== 1) {
      throw node.error('Expected a limit that is one float32 constant');
    }
    const [value = NaN] = limit;
    const limits =
      kind === 'maximum' ? { min: value, max: Infinity } : { min: -Infinity, max: value };
    node.graph.addOperator({
      kind: 'clamp',
      inputs: [node.input(1 - at)],
      output: node.output,
      attributes: limits,
      source: node.source,
    });
  };

export function addRelu(node: TfliteNode): void {
  node.requireInputs(1, 1);
  addTo(node, 'relu', {});
}

export function addRelu6(node: TfliteNode): void {
  node.requireInputs(1, 1);
  addTo(node, 'relu6', {});
}

export function addQuantize(node: TfliteNode): void {
  node.requireInputs(1, 1);
  addTo(node, 'quantize', {});
}

/** Of a constant, as float16 weights and those of a converter that leaves float operators are, it is a constant. */
export function addDequantize(node: TfliteNode): void {
  node.requireInputs(1, 1);
  const data = node.constant(0);
  if (data === undefined) {
    addTo(node, 'dequantize', {});
    return;
  }
  if (node.outputShape.join() !== node.inputShape(0).join()) {
    throw node.error('Expected an output of the shape of its input');
  }
  node.graph.setConstant(node.storedOutput, realNumbers(node, data));
}

/** Rule Q2, with a scale and zero point for each channel where there are several. */
function realNumbers(
  node: TfliteNode,
  data: NonNullable<ReturnType<TfliteNode['constant']>>,
): Float32Array {
  if (data instanceof Float32Array) return data;
  const { scales, zeroPoints, dimension, shape } = node.stored(0);
  const inner = elementCount(shape.slice(dimension + 1));
  const extent = shape[dimension] ?? 1;
  if (scales.length !== 1 && scales.length !== extent) {
    throw node.error(`Expected one scale or one a channel but found ${String(scales.length)}`);
  }
  if (zeroPoints.length !== 1 && zeroPoints.length !== scales.length) {
    throw node.error(
      `Expected a zero point for each scale but found ${String(zeroPoints.length)} for ${String(scales.length)}`,
    );
  }
  return Float32Array.from(data as ArrayLike<number | bigint>, (code, i) => {
    const channel = Math.floor(i / inner) % extent;
    const scale = scales[scales.length === 1 ? 0 : channel] ?? NaN;
    const zeroPoint = zeroPoints[zeroPoints.length === 1 ? 0 : channel] ?? NaN;
    return scale * (Number(code) - zeroPoint);
  });
}

function addTo(
  node: TfliteNode,
  kind: 'reshape' | 'pad' | 'relu' | 'relu6' | 'quantize' | 'dequantize',
  attributes: object,
): void {
  const added = { kind, inputs: [node.input(0)], output: node.output, attributes };
  node.graph.addOperator({ ...added, source: node.source });
}
