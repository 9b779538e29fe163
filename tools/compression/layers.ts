/**
 * The layers of a graph that have weights, all in one form: each output channel is a row of weights that sees the
 * input columns of its group. A depthwise convolution has a group for each input channel; a full one has one group.
 */

import {
  elementCount,
  type Graph,
  type GraphTensor,
  type Operator,
} from '../../reference/index.ts';
import { numbersOf } from '../../reference/graph/tensor.ts';

export type WeightedOperator = Extract<
  Operator,
  { readonly kind: 'conv2d' | 'depthwiseConv2d' | 'fullyConnected' }
>;

export interface Layer {
  readonly operator: WeightedOperator;
  readonly channels: number;
  /** Output channels `[g * channels / groups, (g + 1) * channels / groups)` see the inputs of group g. */
  readonly groups: number;
  /** Weights of an output channel: `[ky][kx][input channel of the group]`. */
  readonly fanIn: number;
}

/** A graph's layers with weights, in its order. */
export function layersOf(graph: Graph): readonly Layer[] {
  return graph.operators.flatMap((operator): readonly Layer[] => {
    if (!isWeighted(operator)) return [];
    const { shape } = tensorOf(graph, operator.inputs[1]);
    if (operator.kind === 'depthwiseConv2d') {
      const channels = shape.at(-1) ?? 0;
      const groups = tensorOf(graph, operator.inputs[0]).shape.at(-1) ?? 0;
      return [{ operator, channels, groups, fanIn: elementCount(shape) / channels }];
    }
    const channels = shape[0] ?? 0;
    const groups = operator.kind === 'conv2d' ? operator.attributes.groups : 1;
    return [{ operator, channels, groups, fanIn: elementCount(shape) / channels }];
  });
}

function isWeighted(operator: Operator): operator is WeightedOperator {
  return (
    operator.kind === 'conv2d' ||
    operator.kind === 'depthwiseConv2d' ||
    operator.kind === 'fullyConnected'
  );
}

export function tensorOf(graph: Graph, index: number | undefined): GraphTensor {
  const tensor = graph.tensors[index ?? -1];
  if (tensor === undefined) throw new Error(`Expected a tensor at index ${String(index)}`);
  return tensor;
}

/** The scale of each channel, where a tensor has one for all or one each; 1 for float32. */
export function channelScales({ quantization }: GraphTensor, channels: number): Float64Array {
  const scales = quantization?.scales ?? [1];
  return Float64Array.from({ length: channels }, (_, c) => scales[scales.length > 1 ? c : 0] ?? 1);
}

/** A layer's weights as real numbers, `[channels][fanIn]`. */
export function realWeights(graph: Graph, layer: Layer): Float64Array {
  const tensor = tensorOf(graph, layer.operator.inputs[1]);
  const codes = toRows(numbersOf(tensor.data ?? new Float32Array(0)), layer);
  const scales = channelScales(tensor, layer.channels);
  return codes.map((code, i) => code * (scales[Math.floor(i / layer.fanIn)] ?? 1));
}

/** A layer's biases as real numbers; zeros where it has none. */
export function realBias(graph: Graph, layer: Layer): Float64Array {
  const index = layer.operator.inputs[2];
  if (index === undefined) return new Float64Array(layer.channels);
  const tensor = tensorOf(graph, index);
  const scales = channelScales(tensor, layer.channels);
  return numbersOf(tensor.data ?? new Float32Array(0)).map((code, c) => code * (scales[c] ?? 1));
}

/** From a graph's order of weights to rows `[channels][fanIn]`. */
export function toRows(values: Float64Array, { operator, channels, fanIn }: Layer): Float64Array {
  if (operator.kind !== 'depthwiseConv2d') return values;
  return values.map((_, i) => values[(i % fanIn) * channels + Math.floor(i / fanIn)] ?? NaN);
}

/** From rows to a graph's order of weights. */
export function fromRows(rows: Float64Array, { operator, channels, fanIn }: Layer): Float64Array {
  if (operator.kind !== 'depthwiseConv2d') return rows;
  return rows.map((_, i) => rows[(i % channels) * fanIn + Math.floor(i / channels)] ?? NaN);
}
