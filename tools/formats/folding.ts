/** What is taken into the operator before it: factors and offsets per channel, a bias, a clamp. */

import type { OperatorOf } from '../../reference/index.ts';
import type { GraphBuilder, PerChannel, SourceNode } from './builder.ts';

export type SumKind = 'conv2d' | 'depthwiseConv2d' | 'fullyConnected';

/** y = x * factor + offset for each channel, taken into the sum before it, in float64. */
export function foldScale(
  node: SourceNode,
  graph: GraphBuilder,
  position: number,
  kinds: readonly SumKind[],
  factor: PerChannel,
  offset: PerChannel,
): void {
  const input = graph.inputOf(node, position);
  const sum = requireHost(node, graph, position, kinds);
  const channels = input.shape.at(-1) ?? 0;
  const [, weights = -1, bias = -1] = sum.inputs;
  const depthwise = sum.kind === 'depthwiseConv2d';
  graph.changeConstant(
    node,
    weights,
    (w, i, { length }) =>
      w * factor(depthwise ? i % channels : Math.floor(i / (length / channels))),
  );
  graph.changeConstant(node, bias, (b, c) => b * factor(c) + offset(c));
  graph.setOutput(node, input);
}

/** An offset for each channel, added to the bias of the sum before it. */
export function foldOffset(
  node: SourceNode,
  graph: GraphBuilder,
  position: number,
  kinds: readonly SumKind[],
  offset: PerChannel,
): void {
  const input = graph.inputOf(node, position);
  const sum = requireHost(node, graph, position, kinds);
  const [, , bias = -1] = sum.inputs;
  graph.changeConstant(node, bias, (b, c) => b + offset(c));
  graph.setOutput(node, input);
}

/** Fuses [0, infinity) and [0, 6] into the operator before, where that has no activation yet. */
export function addClamp(node: SourceNode, graph: GraphBuilder, min: number, max: number): void {
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
  node: SourceNode,
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

/** The operator that a node has to be taken into. @throws {FileError} where it cannot */
export function requireHost<K extends HostKind>(
  node: SourceNode,
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
