/** Shape inference: the output shape of each operator, and the rules its input shapes obey. */

import type { Operator, OperatorOf } from '../graph/operator.ts';
import { elementCount, type GraphTensor, type Shape } from '../graph/tensor.ts';
import { effectiveSize, extents4, outputExtent } from '../operators/window.ts';
import { refuse } from './rules.ts';
import { operatorSubject } from './structure.ts';

/** The shape of an operator's output. Throws a `GraphError` where its inputs do not fit. */
export function inferShape(operator: Operator, inputs: readonly Shape[]): Shape {
  const subject = operatorSubject(operator);
  const [input = []] = inputs;
  switch (operator.kind) {
    case 'conv2d':
      return inferConv2d(operator, inputs);
    case 'depthwiseConv2d':
      return inferDepthwise(operator, inputs);
    case 'fullyConnected':
      return inferFullyConnected(subject, inputs);
    case 'add': {
      const [, second = []] = inputs;
      if (!sameShape(input, second))
        refuse('shape-equal', subject, 'a second input', input, second);
      return input;
    }
    case 'averagePool': {
      requireRank(subject, 'the input', 4, input);
      const { size, stride, padding } = operator.attributes;
      const [n, , , c] = extents4(input);
      const [oh, ow] = slide(subject, input, size, stride, [1, 1], padding);
      requireNonEmptyWindows(subject, operator, input, [oh, ow]);
      return [n, oh, ow, c];
    }
    case 'mean': {
      requireRank(subject, 'the input', 4, input);
      const [n, , , c] = extents4(input);
      return operator.attributes.keepDimensions ? [n, 1, 1, c] : [n, c];
    }
    case 'softmax':
      if (input.length === 0) requireRank(subject, 'the input', 1, input);
      return input;
    case 'pad': {
      const { padding } = operator.attributes;
      requireRank(subject, 'the input', padding.length, input);
      return input.map((extent, axis) => {
        const [before, after] = padding[axis] ?? [0, 0];
        return before + extent + after;
      });
    }
    case 'reshape': {
      const { shape } = operator.attributes;
      const elements = elementCount(input);
      if (elementCount(shape) !== elements) {
        refuse('shape-elements', subject, `${String(elements)} elements`, shape);
      }
      return shape;
    }
    case 'clamp':
    case 'relu':
    case 'relu6':
    case 'quantize':
    case 'dequantize':
      return input;
  }
}

/** Checks the declared output shape of an operator against the inferred one. */
export function checkShapes(
  operator: Operator,
  inputs: readonly GraphTensor[],
  output: GraphTensor,
): void {
  const inferred = inferShape(
    operator,
    inputs.map((tensor) => tensor.shape),
  );
  if (!sameShape(inferred, output.shape)) {
    refuse('shape-equal', operatorSubject(operator), 'an output', inferred, output.shape);
  }
}

function inferConv2d(
  operator: OperatorOf<'conv2d'>,
  [input = [], weights = [], bias]: readonly Shape[],
): Shape {
  const subject = operatorSubject(operator);
  requireRank(subject, 'the input', 4, input);
  requireRank(subject, 'the weights', 4, weights);
  const { groups, stride, dilation, padding } = operator.attributes;
  const [n, , , c] = extents4(input);
  const [o, kh, kw, groupChannels] = extents4(weights);
  for (const channels of [c, o]) {
    if (channels % groups !== 0) refuse('shape-groups', subject, groups, channels);
  }
  if (groupChannels * groups !== c) {
    refuse(
      'shape-channels',
      subject,
      `${String(c / groups)} input channels a group`,
      String(groupChannels),
    );
  }
  requireBias(subject, o, bias);
  const [oh, ow] = slide(subject, input, [kh, kw], stride, dilation, padding);
  return [n, oh, ow, o];
}

function inferDepthwise(
  operator: OperatorOf<'depthwiseConv2d'>,
  [input = [], weights = [], bias]: readonly Shape[],
): Shape {
  const subject = operatorSubject(operator);
  requireRank(subject, 'the input', 4, input);
  requireRank(subject, 'the weights', 4, weights);
  const { stride, dilation, padding } = operator.attributes;
  const [n, , , c] = extents4(input);
  const [one, kh, kw, o] = extents4(weights);
  if (one !== 1 || o % c !== 0) {
    refuse(
      'shape-channels',
      subject,
      `shape [1, kh, kw, a multiple of ${String(c)}]`,
      `[${weights.join(', ')}]`,
    );
  }
  requireBias(subject, o, bias);
  const [oh, ow] = slide(subject, input, [kh, kw], stride, dilation, padding);
  return [n, oh, ow, o];
}

function inferFullyConnected(
  subject: string,
  [input = [], weights = [], bias]: readonly Shape[],
): Shape {
  requireRank(subject, 'the weights', 2, weights);
  const [o = 0, i = 0] = weights;
  const elements = elementCount(input);
  if (elements % i !== 0) {
    refuse('shape-elements', subject, `an input in multiples of ${String(i)} elements`, input);
  }
  requireBias(subject, o, bias);
  return [elements / i, o];
}

function slide(
  subject: string,
  input: Shape,
  size: readonly [number, number],
  stride: readonly [number, number],
  dilation: readonly [number, number],
  [top, bottom, left, right]: readonly [number, number, number, number],
): readonly [number, number] {
  const [, h, w] = extents4(input);
  const oh = outputExtent(h, top + bottom, size[0], stride[0], dilation[0]);
  const ow = outputExtent(w, left + right, size[1], stride[1], dilation[1]);
  if (oh < 1) refuse('shape-window', subject, 'the height', oh);
  if (ow < 1) refuse('shape-window', subject, 'the width', ow);
  return [oh, ow];
}

/** A pool's window without a single pixel has no average (a convolution there gives the bias). */
function requireNonEmptyWindows(
  subject: string,
  operator: OperatorOf<'averagePool'>,
  input: Shape,
  positions: readonly [number, number],
): void {
  const { size, stride, padding } = operator.attributes;
  const [, h, w] = extents4(input);
  const axes = [
    ['row', h, padding[0], size[0], stride[0], positions[0]],
    ['column', w, padding[2], size[1], stride[1], positions[1]],
  ] as const;
  for (const [axis, extent, before, taps, step, count] of axes) {
    const lastStart = (count - 1) * step - before;
    if (effectiveSize(taps, 1) - before <= 0) refuse('pool-empty-window', subject, axis, 0);
    if (lastStart >= extent) refuse('pool-empty-window', subject, axis, count - 1);
  }
}

function requireRank(subject: string, what: string, wanted: number, found: Shape): void {
  if (found.length !== wanted) refuse('shape-rank', subject, what, wanted, found);
}

function requireBias(subject: string, channels: number, bias: Shape | undefined): void {
  if (bias !== undefined && !sameShape(bias, [channels])) {
    refuse('shape-equal', subject, 'a bias', [channels], bias);
  }
}

function sameShape(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((extent, axis) => extent === b[axis]);
}
