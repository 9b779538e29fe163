/** What the operators of a graph consist of. */

import {
  elementTypes,
  multiplyAccumulates,
  type Graph,
  type GraphTensor,
  type Operator,
} from '../../reference/index.ts';
import { kindOf, type LayerKind } from '../bench/layers.ts';
import type { CodedBytes } from '../formats/container.ts';
import { isWeighted } from '../sensitivity/index.ts';
import { summarizeWeights, type Layer, type WeightSummary } from './weights.ts';

export interface TensorSummary {
  readonly name: string;
  readonly type: GraphTensor['type'];
  readonly shape: readonly number[];
  /** Smallest and largest scale, where there are any. */
  readonly scale?: readonly [number, number];
  readonly zeroPoint?: number;
  /** The real numbers that the smallest and largest code stand for; of one scale. */
  readonly codes?: readonly [number, number];
}

/** Bytes of an operator's constants as they are computed with, each counted at the first operator that has it. */
export interface LayerBytes {
  readonly weights: number;
  readonly bias: number;
  /** Of weights and bias, 4 bytes each. */
  readonly scales: number;
  readonly total: number;
}

/** Bytes of an operator's constants in the container that its graph was read from: whole ones, rounded. */
export interface CodedLayerBytes {
  readonly weights: number;
  /** Scales, biases and what the compiler proved of them. */
  readonly parameters: number;
  readonly total: number;
}

export interface LayerSummary {
  readonly name: string;
  readonly kind: Operator['kind'];
  readonly family: LayerKind;
  /** Index of the operator in the file that the graph was imported from. */
  readonly source?: number;
  readonly attributes: Operator['attributes'];
  /** Activations that it reads, and the operators that computed them: -1 for an input of the graph. */
  readonly inputs: readonly (TensorSummary & { readonly from: number })[];
  readonly output: TensorSummary;
  readonly multiplyAccumulates: number;
  readonly bytes: LayerBytes;
  readonly coded?: CodedLayerBytes;
  readonly weights?: TensorSummary & WeightSummary;
}

/** What a layer takes where it is stored: coded, if it is. */
export function storedBytes({ bytes, coded }: Pick<LayerSummary, 'bytes' | 'coded'>): number {
  return coded?.total ?? bytes.total;
}

/**
 * `before`: the same layers with weights in another form, in the same order. `coded`: what operators take of a container,
 * by their index.
 */
export function summarizeLayers(
  graph: Graph,
  before?: readonly Layer[],
  coded?: CodedBytes['operators'],
): readonly LayerSummary[] {
  const counted = new Set<number>();
  const computed = new Map(graph.operators.map(({ output }, i) => [output, i]));
  let weighted = 0;
  return graph.operators.map((operator, i) => {
    const layer = isWeighted(operator) ? { graph, operator } : undefined;
    const [, weightsIndex = -1] = operator.inputs;
    const { name, kind, attributes, source } = operator;
    const own = coded?.get(i);
    return {
      name,
      kind,
      family: kindOf(graph, operator),
      ...(source === undefined ? {} : { source }),
      attributes,
      inputs: operator.inputs
        .filter((index) => graph.tensors[index]?.data === undefined)
        .map((index) => ({ ...describeTensor(graph, index), from: computed.get(index) ?? -1 })),
      output: describeTensor(graph, operator.output),
      multiplyAccumulates: multiplyAccumulates(graph, operator),
      bytes: bytesOf(graph, operator, counted),
      ...(own === undefined ? {} : { coded: { ...own, total: own.weights + own.parameters } }),
      ...(layer === undefined
        ? {}
        : {
            weights: {
              ...describeTensor(graph, weightsIndex),
              ...summarizeWeights(layer, before?.[weighted++]),
            },
          }),
    };
  });
}

export function describeTensor(graph: Graph, index: number): TensorSummary {
  const tensor = graph.tensors[index];
  if (tensor === undefined) throw new Error(`Expected a tensor at index ${String(index)}`);
  const { name, type, shape, quantization } = tensor;
  const scales = quantization?.scales ?? [];
  const zeroPoint = quantization?.zeroPoint ?? 0;
  const [scale] = scales;
  const { min, max } = elementTypes[type];
  return {
    name,
    type,
    shape,
    ...(scale === undefined
      ? {}
      : {
          scale: [
            scales.reduce((a, b) => Math.min(a, b)),
            scales.reduce((a, b) => Math.max(a, b)),
          ] as const,
          zeroPoint,
        }),
    ...(scale === undefined || scales.length > 1
      ? {}
      : { codes: [scale * (min - zeroPoint), scale * (max - zeroPoint)] as const }),
  };
}

function bytesOf(graph: Graph, operator: Operator, counted: Set<number>): LayerBytes {
  const bytes = { weights: 0, bias: 0, scales: 0 };
  operator.inputs.forEach((index, position) => {
    const tensor = graph.tensors[index];
    if (tensor?.data === undefined || counted.has(index)) return;
    counted.add(index);
    bytes[isWeighted(operator) && position === 2 ? 'bias' : 'weights'] += tensor.data.byteLength;
    bytes.scales += 4 * (tensor.quantization?.scales.length ?? 0);
  });
  return { ...bytes, total: bytes.weights + bytes.bias + bytes.scales };
}
