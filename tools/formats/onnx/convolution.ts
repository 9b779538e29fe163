/** Conv as conv2d or depthwiseConv2d. */

import {
  samePadding,
  type Activation,
  type Padding,
  type Pair,
  type Shape,
} from '../../../reference/index.ts';
import type { GraphBuilder } from '../builder.ts';
import { to1hwo, toOhwi } from './layout.ts';
import type { Node } from './node.ts';
import { shapeText } from './tensor.ts';

export function addConv(node: Node, graph: GraphBuilder): void {
  const input = graph.inputOf(node, 0);
  const weights = node.floats(1);
  const [out = 0, groupChannels = 0, height = 0, width = 0] = weights.shape;
  if (weights.shape.length !== 4) {
    throw node.error(`Expected weights of 4 axes but found ${shapeText(weights.shape)}`);
  }
  const groups = node.int('group', 1);
  const attributes = {
    ...windowAttributes(node, input.shape, [height, width]),
    activation: 'none' as Activation,
  };
  const bias = node.input(2) === '' ? new Float32Array(out) : node.vector(2, out);
  const biasIndex = graph.addConstant(node, 'bias', [out], bias);
  const depthwise = groups > 1 && groupChannels === 1 && groups === input.shape[3];
  const weightsIndex = depthwise
    ? graph.addConstant(node, 'weights', [1, height, width, out], to1hwo(weights))
    : graph.addConstant(node, 'weights', [out, height, width, groupChannels], toOhwi(weights));
  const inputs = [input.index, weightsIndex, biasIndex];
  if (depthwise) graph.addOperator(node, { kind: 'depthwiseConv2d', inputs, attributes });
  else graph.addOperator(node, { kind: 'conv2d', inputs, attributes: { ...attributes, groups } });
}

/** Stride, dilation and explicit padding of a window over an image of this shape. */
export function windowAttributes(
  node: Node,
  input: Shape,
  size: Pair,
): { readonly stride: Pair; readonly dilation: Pair; readonly padding: Padding } {
  const said = node.pair('kernel_shape', size);
  if (said.join() !== size.join()) {
    throw node.error(
      `Expected kernel_shape ${shapeText(size)}, as the weights have, but found ${shapeText(said)}`,
    );
  }
  const groups = node.int('group', 1);
  if (groups < 1) throw node.error(`Expected group greater than 0 but found ${String(groups)}`);
  const stride = node.pair('strides', [1, 1]);
  const dilation = node.pair('dilations', [1, 1]);
  return { stride, dilation, padding: paddingOf(node, input, size, stride, dilation) };
}

/** ONNX gives padding as [top, left, bottom, right]. */
export function paddingOf(
  node: Node,
  input: Shape,
  size: Pair,
  stride: Pair,
  dilation: Pair,
): Padding {
  const auto = node.string('auto_pad', 'NOTSET');
  const pads = node.ints('pads') ?? [0, 0, 0, 0];
  const [top = 0, left = 0, bottom = 0, right = 0] = pads;
  if (pads.length !== 4 || pads.some((pad) => pad < 0)) {
    throw node.error(`Expected four pads of at least 0 but found ${shapeText(pads)}`);
  }
  const padding: Padding = [top, bottom, left, right];
  if (auto === 'NOTSET') return padding;
  if (padding.some((pad) => pad !== 0)) {
    throw node.error(`Expected no pads where auto_pad is ${auto} but found ${shapeText(pads)}`);
  }
  const [, height = 0, width = 0] = input;
  if (auto === 'VALID') return padding;
  if (auto === 'SAME_UPPER') return samePadding([height, width], size, stride, dilation);
  throw node.error(`Expected auto_pad NOTSET, SAME_UPPER or VALID but found ${auto}`);
}
