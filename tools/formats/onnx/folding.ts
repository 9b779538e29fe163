/** What is taken into the operator before it: batch normalisation, a bias, a clamp. */

import type { OperatorOf } from '../../../reference/index.ts';
import type { GraphBuilder } from './builder.ts';
import type { Node } from './node.ts';

/** y = (x - mean) / sqrt(variance + epsilon) * scale + offset, taken into the convolution before it, in float64. */
export function foldBatchNormalization(node: Node, graph: GraphBuilder): void {
  node.requireInt('training_mode', 0, 0);
  node.requireInt('spatial', 1, 1);
  const input = graph.inputOf(node, 0);
  const conv = requireHost(node, graph, 0, ['conv2d', 'depthwiseConv2d']);
  const channels = input.shape.at(-1) ?? 0;
  const constant = (position: number): ((channel: number) => number) => {
    const data = node.vector(position, channels);
    return (channel) => data[channel] ?? NaN;
  };
  const [scale, offset, mean, variance] = [constant(1), constant(2), constant(3), constant(4)];
  const epsilon = node.float('epsilon', 1e-5);
  const factor = (c: number): number => scale(c) / Math.sqrt(variance(c) + epsilon);
  const [, weights = -1, bias = -1] = conv.inputs;
  const depthwise = conv.kind === 'depthwiseConv2d';
  graph.changeConstant(
    node,
    weights,
    (w, i, { length }) =>
      w * factor(depthwise ? i % channels : Math.floor(i / (length / channels))),
  );
  graph.changeConstant(node, bias, (b, c) => (b - mean(c)) * factor(c) + offset(c));
  graph.setOutput(node, input);
}

/** A constant added to a matrix product is its bias. */
export function foldBias(node: Node, graph: GraphBuilder, constantAt: 0 | 1): void {
  const productAt = 1 - constantAt;
  const input = graph.inputOf(node, productAt);
  const product = requireHost(node, graph, productAt, ['fullyConnected']);
  const channels = input.shape.at(-1) ?? 0;
  const data = node.vector(constantAt, channels, [1, channels]);
  const [, , bias = -1] = product.inputs;
  graph.changeConstant(node, bias, (b, c) => b + (data[c] ?? NaN));
  graph.setOutput(node, input);
}

/** Newer opsets give the limits as inputs, older ones as attributes. */
export function addClip(node: Node, graph: GraphBuilder): void {
  const min = node.scalar(1) ?? node.float('min', -Infinity);
  const max = node.scalar(2) ?? node.float('max', Infinity);
  addClamp(node, graph, min, max);
}

export function addRelu(node: Node, graph: GraphBuilder): void {
  addClamp(node, graph, 0, Infinity);
}

/** Fuses [0, infinity) and [0, 6] into the operator before, where that has no activation yet. */
function addClamp(node: Node, graph: GraphBuilder, min: number, max: number): void {
  const input = graph.inputOf(node, 0);
  const activation =
    min === 0 && max === Infinity ? 'relu' : min === 0 && max === 6 ? 'relu6' : undefined;
  const host = hostOf(node, graph, 0, hosts);
  if (activation === undefined || typeof host === 'string') {
    graph.addOperator(node, { kind: 'clamp', inputs: [input.index], attributes: { min, max } });
  } else {
    graph.setActivation(input, activation);
    graph.setOutput(node, input);
  }
}

/** Operators that can have an activation. */
const hosts = ['conv2d', 'depthwiseConv2d', 'fullyConnected', 'add', 'averagePool'] as const;
type HostKind = (typeof hosts)[number];

/**
 * The operator that a node can be taken into: it computes the node's input, nothing else reads that, and no activation
 * comes in between. Otherwise what stands there, as a text.
 */
function hostOf<K extends HostKind>(
  node: Node,
  graph: GraphBuilder,
  position: number,
  kinds: readonly K[],
): OperatorOf<K> | string {
  const writer = graph.writerOf(graph.inputOf(node, position));
  if (writer === undefined) return 'the input of the network';
  const found = `${writer.kind} "${writer.name}"`;
  const kind = kinds.find((each) => each === writer.kind);
  if (kind === undefined) return found;
  const host = writer as OperatorOf<K>;
  const { activation } = host.attributes;
  if (activation !== 'none') return `${found} with ${activation}`;
  const uses = graph.uses(node.input(position));
  return uses === 1 ? host : `${found}, whose output is used ${String(uses)} times`;
}

function requireHost<K extends HostKind>(
  node: Node,
  graph: GraphBuilder,
  position: number,
  kinds: readonly K[],
): OperatorOf<K> {
  const host = hostOf(node, graph, position, kinds);
  if (typeof host !== 'string') return host;
  throw node.error(
    `Expected ${kinds.join(' or ')} before it, without activation and used by nothing else, but found ${host}`,
  );
}
