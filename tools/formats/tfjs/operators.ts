/** Nodes of TensorFlow.js graphs as operators. Activations are NHWC already; HWIO weights become OHWI. */

import { elementCount, type Activation, type Pair, type Shape } from '../../../reference/index.ts';
import type { GraphBuilder, Value } from '../builder.ts';
import { addClamp, foldOffset, foldScale, type SumKind } from '../folding.ts';
import type { TfjsNode } from './node.ts';

type Convert = (node: TfjsNode, graph: GraphBuilder) => void;

const sums: readonly SumKind[] = ['conv2d', 'depthwiseConv2d', 'fullyConnected'];

const addConv: Convert = (node, graph) => {
  const input = graph.inputOf(node, 0);
  const { shape, data } = weightsOf(node);
  const [height = 1, width = 1, groupChannels = 1, out = 1] = shape;
  const { bias, activation } = fused(node, out);
  const window = windowOf(node, input, [height, width]);
  const weights = graph.addConstant(
    node,
    'weights',
    [out, height, width, groupChannels],
    firstFrom(data, out),
  );
  const groups = (input.shape.at(-1) ?? 1) / groupChannels;
  graph.addOperator(node, {
    kind: 'conv2d',
    inputs: [input.index, weights, graph.addConstant(node, 'bias', [out], bias)],
    attributes: { ...window, groups, activation },
  });
};

/** HWIM weights are 1HW(I·M) in the same order. */
const addDepthwise: Convert = (node, graph) => {
  const input = graph.inputOf(node, 0);
  const { shape, data } = weightsOf(node);
  const [height = 1, width = 1, channels = 1, multiplier = 1] = shape;
  const out = channels * multiplier;
  const { bias, activation } = fused(node, out);
  const window = windowOf(node, input, [height, width]);
  const inputs = [
    input.index,
    graph.addConstant(node, 'weights', [1, height, width, out], data.slice()),
    graph.addConstant(node, 'bias', [out], bias),
  ];
  graph.addOperator(node, {
    kind: 'depthwiseConv2d',
    inputs,
    attributes: { ...window, activation },
  });
};

const addMatMul: Convert = (node, graph) => {
  const input = graph.inputOf(node, 0);
  const { shape, data } = node.floats(1);
  const [rows = 1, columns = 1] = shape;
  if (node.bool('transpose_a', false) || shape.length !== 2 || input.shape.length !== 2) {
    throw node.error('Expected a row of features times a constant matrix');
  }
  const transposed = node.bool('transpose_b', false);
  const [features, out] = transposed ? [columns, rows] : [rows, columns];
  const { bias, activation } = fused(node, out);
  const weights = transposed ? data.slice() : firstFrom(data, out);
  const inputs = [
    input.index,
    graph.addConstant(node, 'weights', [out, features], weights),
    graph.addConstant(node, 'bias', [out], bias),
  ];
  graph.addOperator(node, { kind: 'fullyConnected', inputs, attributes: { activation } });
};

function weightsOf(node: TfjsNode): ReturnType<TfjsNode['floats']> {
  node.requireNhwc();
  const weights = node.floats(1);
  if (weights.shape.length !== 4) {
    throw node.error(`Expected weights of 4 axes but found ${String(weights.shape.length)}`);
  }
  return weights;
}

/** The elements with the last axis, of `extent`, first. */
function firstFrom(data: Float32Array, extent: number): Float32Array {
  const rest = data.length / extent;
  return data.map((_, i) => data[(i % rest) * extent + Math.floor(i / rest)] ?? NaN);
}

/** What a fused node does after its sum, in this order: a bias, an activation. */
function fused(
  node: TfjsNode,
  channels: number,
): { readonly bias: Float32Array; readonly activation: Activation } {
  const steps = [...node.strings('fused_ops')];
  const biased = steps[0] === 'BiasAdd';
  if (biased) steps.shift();
  const [last = 'none', ...more] = steps;
  const activation = { none: 'none', Relu: 'relu', Relu6: 'relu6' }[last];
  if (activation === undefined || more.length > 0) {
    throw node.error(`Expected BiasAdd, Relu or Relu6 fused but found ${steps.join(', ')}`);
  }
  node.requireInputs(biased ? 3 : 2);
  if (!biased) return { bias: new Float32Array(channels), activation: activation as Activation };
  const of = node.vector(2, channels);
  const bias = Float32Array.from({ length: channels }, (_, c) => of(c));
  return { bias, activation: activation as Activation };
}

function windowOf(node: TfjsNode, input: Value, size: Pair) {
  const stride = node.pair('strides', [1, 1]);
  const dilation = node.pair('dilations', [1, 1]);
  return { stride, dilation, padding: node.padding(input.shape, size, stride, dilation) };
}

const addAveragePool: Convert = (node, graph) => {
  node.requireInputs(1);
  node.requireNhwc();
  const input = graph.inputOf(node, 0);
  const size = node.pair('ksize', [1, 1]);
  const stride = node.pair('strides', [1, 1]);
  const padding = node.padding(input.shape, size, stride, [1, 1]);
  graph.addOperator(node, {
    kind: 'averagePool',
    inputs: [input.index],
    attributes: { size, stride, padding, activation: 'none' },
  });
};

const addMean: Convert = (node, graph) => {
  node.requireInputs(2);
  const { index, shape } = graph.inputOf(node, 0);
  const given = node.integers(1);
  const axes = given.map((axis) => (axis < 0 ? axis + 4 : axis)).sort((a, b) => a - b);
  if (shape.length !== 4 || axes.join() !== '1,2') {
    throw node.error(
      `Expected a mean over height and width but found axes [${given.join(', ')}] of ${String(shape.length)}`,
    );
  }
  const keepDimensions = node.bool('keep_dims', false);
  graph.addOperator(node, { kind: 'mean', inputs: [index], attributes: { keepDimensions } });
};

const addSqueeze: Convert = (node, graph) => {
  node.requireInputs(1);
  const { shape } = graph.inputOf(node, 0);
  const axes = (node.ints('squeeze_dims') ?? []).map((axis) =>
    axis < 0 ? axis + shape.length : axis,
  );
  const gone = (extent: number, axis: number): boolean =>
    axes.length === 0 ? extent === 1 : axes.includes(axis);
  if (axes.some((axis) => shape[axis] !== 1) || axes.length === 0) {
    throw node.error(`Expected axes of extent 1 to squeeze but found [${axes.join(', ')}]`);
  }
  reshape(
    node,
    graph,
    shape.filter((extent, axis) => !gone(extent, axis)),
  );
};

/** In a target, -1 stands for what remains. */
const addReshape: Convert = (node, graph) => {
  node.requireInputs(2);
  const target = node.integers(1);
  const open = target.filter((extent) => extent === -1).length;
  const known = target.reduce((product, extent) => (extent === -1 ? product : product * extent), 1);
  const rest = elementCount(graph.inputOf(node, 0).shape) / known;
  if (open > 1) throw node.error('Expected one open extent at most but found more');
  reshape(
    node,
    graph,
    target.map((extent) => (extent === -1 ? rest : extent)),
  );
};

function reshape(node: TfjsNode, graph: GraphBuilder, shape: Shape): void {
  const { index } = graph.inputOf(node, 0);
  if (!shape.every((extent) => Number.isInteger(extent) && extent > 0)) {
    throw node.error(`Expected extents greater than 0 but found [${shape.join(', ')}]`);
  }
  graph.addOperator(node, { kind: 'reshape', inputs: [index], attributes: { shape } });
}

const addPad: Convert = (node, graph) => {
  node.requireInputs(2);
  const { index, shape } = graph.inputOf(node, 0);
  const amounts = node.integers(1);
  const padding = shape.map((_, axis): Pair => [
    amounts[2 * axis] ?? NaN,
    amounts[2 * axis + 1] ?? NaN,
  ]);
  if (amounts.length !== 2 * shape.length || amounts.some((amount) => amount < 0)) {
    throw node.error('Expected two paddings of at least 0 for each axis');
  }
  graph.addOperator(node, { kind: 'pad', inputs: [index], attributes: { padding } });
};

const addSoftmax: Convert = (node, graph) => {
  node.requireInputs(1);
  const { index } = graph.inputOf(node, 0);
  graph.addOperator(node, { kind: 'softmax', inputs: [index], attributes: { beta: 1 } });
};

const foldBatchNormalization: Convert = (node, graph) => {
  node.requireInputs(5);
  node.requireNhwc();
  if (node.bool('is_training', true)) throw node.error('Expected is_training to be false');
  const channels = graph.inputOf(node, 0).shape.at(-1) ?? 0;
  const constant = (position: number) => node.vector(position, channels);
  const [scale, offset, mean, variance] = [constant(1), constant(2), constant(3), constant(4)];
  const epsilon = node.float('epsilon', 1e-3);
  const factor = (c: number): number => scale(c) / Math.sqrt(variance(c) + epsilon);
  foldScale(node, graph, 0, sums, factor, (c) => offset(c) - mean(c) * factor(c));
};

/** An addition of two values, or of an offset for each channel. */
const addAdd: Convert = (node, graph) => {
  node.requireInputs(2);
  const constantAt = node.isConstant(0) ? 0 : node.isConstant(1) ? 1 : undefined;
  if (constantAt !== undefined) {
    fold(node, graph, constantAt, (value) => [1, value]);
    return;
  }
  const inputs = [graph.inputOf(node, 0).index, graph.inputOf(node, 1).index];
  graph.addOperator(node, { kind: 'add', inputs, attributes: { activation: 'none' } });
};

const addSub: Convert = (node, graph) => {
  node.requireInputs(2);
  fold(node, graph, 1, (value) => [1, -value]);
};

const addMul: Convert = (node, graph) => {
  node.requireInputs(2);
  fold(node, graph, node.isConstant(0) ? 0 : 1, (value) => [value, 0]);
};

const addDivision: Convert = (node, graph) => {
  node.requireInputs(2);
  fold(node, graph, 1, (value) => [1 / value, 0]);
};

/** A factor and an offset for each channel, taken into the sum before, or into how an image becomes the input. */
function fold(
  node: TfjsNode,
  graph: GraphBuilder,
  constantAt: 0 | 1,
  step: (value: number) => readonly [factor: number, offset: number],
): void {
  const input = graph.inputOf(node, 1 - constantAt);
  const channels = input.shape.at(-1) ?? 0;
  const { shape } = node.floats(constantAt);
  if (shape.some((extent, axis) => extent !== 1 && axis !== shape.length - 1)) {
    throw node.error(`Expected one number a channel but found shape [${shape.join(', ')}]`);
  }
  const of = node.vector(constantAt, channels);
  const factor = (c: number): number => step(of(c))[0];
  const offset = (c: number): number => step(of(c))[1];
  if (input.writer === undefined) graph.scaleInput(node, 1 - constantAt, factor, offset);
  else if (constantAt === 1 && factor(0) === 1 && factor(channels - 1) === 1) {
    foldOffset(node, graph, 0, sums, offset);
  } else foldScale(node, graph, 1 - constantAt, sums, factor, offset);
}

const clamp =
  (min: number, max: number): Convert =>
  (node, graph) => {
    node.requireInputs(1);
    addClamp(node, graph, min, max);
  };

export const converters: ReadonlyMap<string, Convert> = new Map(
  Object.entries({
    Conv2D: addConv,
    _FusedConv2D: addConv,
    DepthwiseConv2dNative: addDepthwise,
    FusedDepthwiseConv2dNative: addDepthwise,
    MatMul: addMatMul,
    _FusedMatMul: addMatMul,
    BiasAdd: addAdd,
    FusedBatchNorm: foldBatchNormalization,
    FusedBatchNormV2: foldBatchNormalization,
    FusedBatchNormV3: foldBatchNormalization,
    Add: addAdd,
    AddV2: addAdd,
    Sub: addSub,
    Mul: addMul,
    RealDiv: addDivision,
    Relu: clamp(0, Infinity),
    Relu6: clamp(0, 6),
    ClipByValue: (node, graph) => {
      node.requireInputs(3);
      addClamp(node, graph, node.scalar(1), node.scalar(2));
    },
    AvgPool: addAveragePool,
    Mean: addMean,
    Squeeze: addSqueeze,
    Reshape: addReshape,
    Pad: addPad,
    Softmax: addSoftmax,
  } satisfies Readonly<Record<string, Convert>>),
);
