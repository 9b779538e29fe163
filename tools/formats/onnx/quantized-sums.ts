/** Convolutions and matrix products of codes, and their constants. */

import {
  elementCount,
  type Activation,
  type GraphTensor,
  type Shape,
} from '../../../reference/index.ts';
import { windowAttributes } from './convolution.ts';
import { permute } from './layout.ts';
import type { Node } from './node.ts';
import {
  int8Quantization,
  type QuantizedGraph,
  type Scheme,
  type Value,
} from './quantized-graph.ts';
import { shapeText } from './tensor.ts';

/** Constant codes with one scale, or one for each position along an axis. */
export interface Weights {
  readonly shape: Shape;
  readonly data: Int8Array | Uint8Array | Int32Array;
  readonly scales: readonly number[];
  readonly zeroPoints: readonly number[];
  readonly axis: number;
}

/** What an operator's output is, in the end: after a clamp, if any, and quantised. */
export interface Output {
  readonly name: string;
  readonly scheme: Scheme;
  readonly activation: Activation;
}

export function addQuantizedConv(
  node: Node,
  graph: QuantizedGraph,
  input: Value,
  weights: Weights,
  bias: Weights | Float32Array | undefined,
  output: Output,
): void {
  const { shape } = weights;
  const [out = 0, groupChannels = 0, height = 0, width = 0] = shape;
  if (shape.length !== 4) {
    throw node.error(`Expected weights of 4 axes but found ${shapeText(shape)}`);
  }
  const inputShape = graph.shapeOf(input);
  const groups = node.int('group', 1);
  const attributes = {
    ...windowAttributes(node, inputShape, [height, width]),
    activation: output.activation,
  };
  const codes = int8Codes(node, weights, 0);
  const depthwise = groups > 1 && groupChannels === 1 && groups === inputShape[3];
  const [laidOut, order] = depthwise
    ? [
        [1, height, width, out],
        [1, 2, 3, 0],
      ]
    : [
        [out, height, width, groupChannels],
        [0, 2, 3, 1],
      ];
  const index = graph.addConstant(
    node,
    'weights',
    laidOut,
    permute({ shape, data: codes }, order),
    weights.scales,
  );
  const inputs = [input.index, index, ...biasOf(node, graph, input, weights, bias, out)];
  const described = describe(output);
  const added = depthwise
    ? graph.addOperator(node, { kind: 'depthwiseConv2d', inputs, attributes }, described)
    : graph.addOperator(
        node,
        { kind: 'conv2d', inputs, attributes: { ...attributes, groups } },
        described,
      );
  graph.set(output.name, { kind: 'codes', index: added, uint8: output.scheme.uint8 });
}

/** `transposed`: the weights are [out, in]; else [in, out]. */
export function addQuantizedProduct(
  node: Node,
  graph: QuantizedGraph,
  input: Value,
  weights: Weights,
  transposed: boolean,
  bias: Weights | Float32Array | undefined,
  output: Output,
): void {
  const { shape } = weights;
  const [first = 0, second = 0] = shape;
  const [out, features] = transposed ? [first, second] : [second, first];
  const inputShape = graph.shapeOf(input);
  if (shape.length !== 2 || inputShape.length !== 2 || inputShape[1] !== features) {
    throw node.error(
      `Expected a row of ${String(features)} features for its matrix but found ${shapeText(inputShape)}`,
    );
  }
  const codes = int8Codes(node, weights, transposed ? 0 : 1);
  const data = transposed ? codes : permute({ shape, data: codes }, [1, 0]);
  const index = graph.addConstant(node, 'weights', [out, features], data, weights.scales);
  const inputs = [input.index, index, ...biasOf(node, graph, input, weights, bias, out)];
  const attributes = { activation: output.activation };
  const added = graph.addOperator(
    node,
    { kind: 'fullyConnected', inputs, attributes },
    describe(output),
  );
  graph.set(output.name, { kind: 'codes', index: added, uint8: output.scheme.uint8 });
}

export const describe = ({
  name,
  scheme,
}: Output): Pick<GraphTensor, 'name' | 'type' | 'quantization'> => ({
  name,
  type: 'int8',
  quantization: int8Quantization(scheme),
});

/** Codes of zero point 0. Unsigned ones are the same numbers 128 above. */
function int8Codes(node: Node, weights: Weights, axis: number): Int8Array {
  const { data, scales, zeroPoints, shape } = weights;
  if (scales.length > 1 && (weights.axis !== axis || scales.length !== shape[axis])) {
    throw node.error(
      `Expected one scale of its weights, or one along axis ${String(axis)}, but found ${String(scales.length)} along axis ${String(weights.axis)}`,
    );
  }
  const wanted = data instanceof Uint8Array ? 128 : 0;
  const other = zeroPoints.find((zeroPoint) => zeroPoint !== wanted);
  if (other !== undefined || data instanceof Int32Array) {
    throw node.error(
      `Expected weights of int8 with zero point 0 or of uint8 with 128 but found ${data instanceof Int32Array ? 'int32' : `zero point ${String(other)}`}`,
    );
  }
  if (data instanceof Int8Array) return data.slice();
  return Int8Array.from(data, (code) => code - 128);
}

/** A bias in units of input scale times weight scale. One in float32 is rounded to them (rule W2). */
function biasOf(
  node: Node,
  graph: QuantizedGraph,
  input: Value,
  weights: Weights,
  bias: Weights | Float32Array | undefined,
  channels: number,
): readonly number[] {
  if (bias === undefined) return [];
  const [inputScale = NaN] = graph.tensor(input.index).quantization?.scales ?? [];
  const scales = weights.scales.map((scale) => Math.fround(inputScale * scale));
  const found = bias instanceof Float32Array ? bias.length : elementCount(bias.shape);
  if (found !== channels) {
    throw node.error(`Expected a bias of ${String(channels)} elements but found ${String(found)}`);
  }
  if (bias instanceof Float32Array) {
    const codes = Array.from(bias, (real, c) => {
      const scale = inputScale * (weights.scales[weights.scales.length === 1 ? 0 : c] ?? NaN);
      return Math.round(real / scale);
    });
    if (!codes.every((code) => Math.abs(code) < 2 ** 31)) {
      throw node.error('Expected a bias that fits 32 bits in units of its scales');
    }
    return [graph.addConstant(node, 'bias', [channels], Int32Array.from(codes), scales)];
  }
  if (!(bias.data instanceof Int32Array) || bias.zeroPoints.some((each) => each !== 0)) {
    throw node.error('Expected a bias of int32 with zero point 0');
  }
  // A scale for each channel means the same as one, where the weights have one.
  const [first = NaN] = bias.scales;
  if (bias.scales.length !== 1 && bias.scales.length !== channels) {
    throw node.error(`Expected one scale of its bias or one a channel`);
  }
  const told =
    bias.scales.length === scales.length
      ? bias.scales
      : scales.length === 1 && bias.scales.every((scale) => scale === first)
        ? [first]
        : scales.map((_, c) => bias.scales[bias.scales.length === 1 ? 0 : c] ?? NaN);
  return [graph.addConstant(node, 'bias', [channels], bias.data.slice(), told)];
}
