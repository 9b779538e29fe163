/** What is taken into the operator before it: batch normalisation, a bias, a clamp. */

import type { GraphBuilder } from '../builder.ts';
import { addClamp, foldOffset, foldScale, requireHost } from '../folding.ts';
import type { Node } from './node.ts';

const convolutions = ['conv2d', 'depthwiseConv2d'] as const;

/** y = (x - mean) / sqrt(variance + epsilon) * scale + offset, taken into the convolution before it, in float64. */
export function foldBatchNormalization(node: Node, graph: GraphBuilder): void {
  node.requireInt('training_mode', 0, 0);
  node.requireInt('spatial', 1, 1);
  requireHost(node, graph, 0, convolutions);
  const channels = graph.inputOf(node, 0).shape.at(-1) ?? 0;
  const constant = (position: number): ((channel: number) => number) => {
    const data = node.vector(position, channels);
    return (channel) => data[channel] ?? NaN;
  };
  const [scale, offset, mean, variance] = [constant(1), constant(2), constant(3), constant(4)];
  const epsilon = node.float('epsilon', 1e-5);
  const factor = (c: number): number => scale(c) / Math.sqrt(variance(c) + epsilon);
  const shift = (c: number): number => offset(c) - mean(c) * factor(c);
  foldScale(node, graph, 0, convolutions, factor, shift);
}

/** A constant added to a matrix product is its bias. */
export function foldBias(node: Node, graph: GraphBuilder, constantAt: 0 | 1): void {
  const productAt = 1 - constantAt;
  requireHost(node, graph, productAt, ['fullyConnected']);
  const channels = graph.inputOf(node, productAt).shape.at(-1) ?? 0;
  const data = node.vector(constantAt, channels, [1, channels]);
  foldOffset(node, graph, productAt, ['fullyConnected'], (c) => data[c] ?? NaN);
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
