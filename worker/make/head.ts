/**
 * The last layers of a classifier, from which the page draws where the evidence for a class lies: class activation maps
 * (Zhou et al., "Learning Deep Features for Discriminative Localization", CVPR 2016). With a global average pool before
 * the classifier, a class's logit is its bias and the mean over positions of weights times features there.
 */

import {
  dequantizeValue,
  zeroPointOf,
  type Graph,
  type GraphTensor,
} from '../../reference/index.ts';

export interface Head {
  /** Name of the tensor that is pooled: [1, height, width, channels]. */
  readonly features: string;
  /** One row a class, of real numbers: those of integers dequantised. */
  readonly weights: readonly (readonly number[])[];
  readonly bias: readonly number[];
}

/** @throws {Error} for a graph that does not end with a global pool, a classifier and a softmax */
export function headOf(graph: Graph): Head {
  const { operators, tensors } = graph;
  const pool = operators.findLastIndex(({ kind }) => kind === 'mean' || kind === 'averagePool');
  const classifier = operators.find(
    ({ kind }, i) => i > pool && (kind === 'fullyConnected' || kind === 'conv2d'),
  );
  const features = tensors[operators[pool]?.inputs[0] ?? -1];
  const [weights, bias] = [1, 2].map((i) => tensors[classifier?.inputs[i] ?? -1]);
  if (features === undefined || weights === undefined) {
    throw new Error(`Expected "${graph.name}" to end with a pool and a classifier`);
  }
  const values = realNumbers(weights);
  const classes = weights.shape[0] ?? 0;
  const channels = values.length / classes;
  return {
    features: features.name,
    weights: Array.from({ length: classes }, (_, k) =>
      values.slice(k * channels, (k + 1) * channels),
    ),
    bias: bias === undefined ? Array.from({ length: classes }, () => 0) : realNumbers(bias),
  };
}

/** The elements of a constant, of one scale or one for each of its first extent, as real numbers. */
function realNumbers(tensor: GraphTensor): readonly number[] {
  const { data = [], quantization, shape } = tensor;
  const scales = quantization?.scales ?? [];
  const each = data.length / (shape[0] ?? 1);
  return Array.from(data as ArrayLike<number | bigint>, (code, i) => {
    if (scales.length === 0) return Number(code);
    const scale = scales[scales.length === 1 ? 0 : Math.floor(i / each)] ?? NaN;
    return dequantizeValue(Number(code), scale, zeroPointOf(tensor));
  });
}
