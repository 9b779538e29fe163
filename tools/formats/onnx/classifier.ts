/** The tail of a classifier: global pooling, one pixel to a row, matrix products, softmax. */

import { elementCount } from '../../../reference/index.ts';
import type { GraphBuilder } from '../builder.ts';
import { paddingOf } from './convolution.ts';
import { transpose } from './layout.ts';
import type { Node } from './node.ts';
import { shapeText, type FloatTensor } from './tensor.ts';

export function addGlobalPool(node: Node, graph: GraphBuilder): void {
  const { index, shape } = graph.inputOf(node, 0);
  const [, height = 1, width = 1] = shape;
  graph.addOperator(node, {
    kind: 'averagePool',
    inputs: [index],
    attributes: {
      size: [height, width],
      stride: [1, 1],
      padding: [0, 0, 0, 0],
      activation: 'none',
    },
  });
}

export function addAveragePool(node: Node, graph: GraphBuilder): void {
  const { index, shape } = graph.inputOf(node, 0);
  const size = node.pair('kernel_shape', [0, 0]);
  const stride = node.pair('strides', [1, 1]);
  node.requireInt('ceil_mode', 0, 0);
  requireNoDilation(node);
  const padding = paddingOf(node, shape, size, stride, [1, 1]);
  if (padding.some((edge) => edge !== 0)) node.requireInt('count_include_pad', 0, 0);
  const attributes = { size, stride, padding, activation: 'none' } as const;
  graph.addOperator(node, { kind: 'averagePool', inputs: [index], attributes });
}

export function requireNoDilation(node: Node): void {
  const dilation = node.pair('dilations', [1, 1]);
  if (dilation.join() !== '1,1') {
    throw node.error(`Expected dilations [1, 1] but found ${shapeText(dilation)}`);
  }
}

/** With zeros, of height and width. The amounts are given as [n, c, top, left, n, c, bottom, right]. */
export function addPad(node: Node, graph: GraphBuilder): void {
  const { index, shape } = graph.inputOf(node, 0);
  const mode = node.string('mode', 'constant');
  const value = node.scalar(2) ?? node.float('value', 0);
  if (mode !== 'constant' || value !== 0 || node.input(3) !== '') {
    throw node.error(`Expected a pad of all axes with 0 but found ${mode} of ${String(value)}`);
  }
  const amounts = node.ints('pads') ?? node.integers(1).data;
  const [n, c, top = 0, left = 0, n1, c1, bottom = 0, right = 0] = amounts;
  const edges = [top, bottom, left, right];
  const spatial = [n, c, n1, c1].every((edge) => edge === 0) && edges.every((edge) => edge >= 0);
  if (amounts.length !== 8 || shape.length !== 4 || !spatial) {
    throw node.error(`Expected pads of height and width but found ${shapeText(amounts)}`);
  }
  const none = [0, 0] as const;
  const padding = [none, [top, bottom], [left, right], none] as const;
  graph.addOperator(node, { kind: 'pad', inputs: [index], attributes: { padding } });
}

export function addMean(node: Node, graph: GraphBuilder): void {
  const { index, shape } = graph.inputOf(node, 0);
  requireSpatialAxes(node, shape.length, 'a mean over height and width');
  const keepDimensions = node.int('keepdims', 1) !== 0;
  graph.addOperator(node, { kind: 'mean', inputs: [index], attributes: { keepDimensions } });
}

/** Axes 2 and 3 of an NCHW image, given as attribute or, in newer opsets, as input. */
function requireSpatialAxes(node: Node, rank: number, wanted: string): void {
  const given = node.ints('axes') ?? (node.input(1) === '' ? [] : node.integers(1).data);
  const axes = given.map((axis) => (axis < 0 ? axis + 4 : axis)).sort((a, b) => a - b);
  if (rank !== 4 || axes.join() !== '2,3') {
    throw node.error(`Expected ${wanted} but found axes ${shapeText(given)} of ${String(rank)}`);
  }
}

export function addFlatten(node: Node, graph: GraphBuilder): void {
  const rank = graph.inputOf(node, 0).shape.length;
  const axis = node.int('axis', 1);
  if (axis !== 1 && axis !== 1 - rank) {
    throw node.error(`Expected axis 1 to flatten from but found ${String(axis)}`);
  }
  addRow(node, graph);
}

export function addSqueeze(node: Node, graph: GraphBuilder): void {
  const rank = graph.inputOf(node, 0).shape.length;
  requireSpatialAxes(node, rank, 'to squeeze height and width');
  addRow(node, graph);
}

/** In a target, -1 stands for what remains and 0, unless `allowzero` is set, for the input's extent. */
export function addReshape(node: Node, graph: GraphBuilder): void {
  const { shape } = graph.inputOf(node, 0);
  const channels = shape.at(-1) ?? 1;
  const kept = node.int('allowzero', 0) === 0 ? [0] : [];
  const target = node.integers(1).data;
  const [batch = NaN, features = NaN] = target;
  const row =
    target.length === 2 &&
    [1, -1, ...kept].includes(batch) &&
    [channels, -1, ...kept].includes(features) &&
    (batch !== -1 || features !== -1);
  if (!row) {
    throw node.error(
      `Expected target [1, ${String(channels)}] for one pixel but found ${shapeText(target)}`,
    );
  }
  addRow(node, graph);
}

/** One pixel as a row of features. More pixels would come in another order than in NCHW. */
function addRow(node: Node, graph: GraphBuilder): void {
  const { index, shape } = graph.inputOf(node, 0);
  const channels = shape.at(-1) ?? 1;
  if (elementCount(shape) !== channels) {
    throw node.error(`Expected one pixel to flatten but found shape ${shapeText(shape)}`);
  }
  graph.addOperator(node, {
    kind: 'reshape',
    inputs: [index],
    attributes: { shape: [1, channels] },
  });
}

export function addGemm(node: Node, graph: GraphBuilder): void {
  node.requireInt('transA', 0, 0);
  for (const name of ['alpha', 'beta']) {
    const found = node.float(name, 1);
    if (found !== 1) throw node.error(`Expected ${name} to be 1 but found ${String(found)}`);
  }
  const matrix = matrixOf(node);
  addFullyConnected(node, graph, node.int('transB', 0) === 0 ? transpose(matrix) : matrix);
}

export function addMatMul(node: Node, graph: GraphBuilder): void {
  addFullyConnected(node, graph, transpose(matrixOf(node)));
}

function matrixOf(node: Node): FloatTensor {
  const matrix = node.floats(1);
  if (matrix.shape.length !== 2) {
    throw node.error(`Expected a matrix of 2 axes but found ${shapeText(matrix.shape)}`);
  }
  return matrix;
}

/** The product of a row with weights of shape [out, in], and the bias that is input 2, if any. */
function addFullyConnected(node: Node, graph: GraphBuilder, weights: FloatTensor): void {
  const { index, shape } = graph.inputOf(node, 0);
  const [out = 0, features = 0] = weights.shape;
  if (shape.length !== 2 || shape[1] !== features) {
    throw node.error(
      `Expected an input of shape [1, ${String(features)}] for its matrix but found ${shapeText(shape)}`,
    );
  }
  const bias = node.input(2) === '' ? new Float32Array(out) : node.vector(2, out, [1, out]);
  const inputs = [
    index,
    graph.addConstant(node, 'weights', weights.shape, weights.data),
    graph.addConstant(node, 'bias', [out], bias),
  ];
  graph.addOperator(node, { kind: 'fullyConnected', inputs, attributes: { activation: 'none' } });
}

/** Before opset 13 the default axis is 1 instead of the last; for a row of classes that is the same. */
export function addSoftmax(node: Node, graph: GraphBuilder): void {
  const { index, shape } = graph.inputOf(node, 0);
  const axis = node.int('axis', -1);
  if (shape.length !== 2 || (axis !== -1 && axis !== 1)) {
    throw node.error(
      `Expected a softmax over classes but found axis ${String(axis)} of ${String(shape.length)}`,
    );
  }
  graph.addOperator(node, { kind: 'softmax', inputs: [index], attributes: { beta: 1 } });
}
