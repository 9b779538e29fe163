/** Graphs with weights of few codes, as compression makes them. */

import fc from 'fast-check';
import { generator } from '../../../conformance/draws.ts';
import type { Graph, GraphTensor } from '../../../reference/index.ts';

export interface FewCodes {
  /** Codes lie in [-range, range]. */
  readonly range: number;
  /** Scales an octave; 0 for scales as they are. */
  readonly perOctave: number;
  /** Significant bits of biases; 0 for biases as they are. */
  readonly biasBits: number;
  /** Or codes as if drawn at random, from what this says. */
  readonly seed?: number;
}

export const fewCodes: fc.Arbitrary<FewCodes> = fc.record(
  {
    range: fc.oneof(fc.constantFrom(1, 3, 7, 8, 15, 127), fc.integer({ min: 1, max: 127 })),
    perOctave: fc.constantFrom(0, 1, 4, 8, 16),
    biasBits: fc.constantFrom(0, 1, 4, 6),
    seed: fc.nat(),
  },
  { requiredKeys: ['range', 'perOctave', 'biasBits'] },
);

/** An int8 graph with other weights, scales and biases. It may break a rule of graphs: sums and factors change. */
export function withFewCodes(graph: Graph, choice: FewCodes): Graph {
  const tensors = [...graph.tensors];
  for (const { kind, inputs } of graph.operators) {
    if (kind !== 'conv2d' && kind !== 'depthwiseConv2d' && kind !== 'fullyConnected') continue;
    const [input, weights, bias] = inputs.map((index) => tensors[index]);
    if (input === undefined || weights === undefined) throw new Error('Expected weights');
    const axis = kind === 'depthwiseConv2d' ? weights.shape.length - 1 : 0;
    const { coded, ratios } = codesOf(weights, axis, choice);
    tensors[inputs[1] ?? -1] = coded;
    if (bias?.data === undefined) continue;
    const data = Int32Array.from(bias.data as Int32Array, (value, channel) =>
      significant(value / (ratios[channel] ?? 1), choice.biasBits),
    );
    const [inputScale = 1] = input.quantization?.scales ?? [];
    const scales = coded.quantization?.scales.map((scale) => Math.fround(inputScale * scale)) ?? [];
    tensors[inputs[2] ?? -1] = { ...bias, data, quantization: { scales, zeroPoint: 0 } };
  }
  return { ...graph, tensors };
}

function codesOf(
  weights: GraphTensor,
  axis: number,
  { range, perOctave, seed }: FewCodes,
): { readonly coded: GraphTensor; readonly ratios: readonly number[] } {
  const channels = weights.shape[axis] ?? 1;
  const inner = axis === 0 ? (weights.data?.length ?? 0) / channels : 1;
  const random = seed === undefined ? undefined : generator(seed);
  const scales = weights.quantization?.scales ?? [];
  const rounded = scales.map((scale) => {
    const wanted = scale * (127 / range);
    if (perOctave === 0) return Math.fround(wanted);
    return Math.fround(2 ** (Math.round(Math.log2(wanted) * perOctave) / perOctave));
  });
  const ratioOf = (channel: number): number => (rounded[channel] ?? 1) / (scales[channel] ?? 1);
  const data = Int8Array.from(weights.data as Int8Array, (code, i) => {
    const channel = Math.floor(i / inner) % channels;
    const drawn =
      random === undefined ? code / ratioOf(channel) : (random() - random()) * (range + 1);
    return Math.min(Math.max(Math.round(drawn), -range), range);
  });
  return {
    coded: { ...weights, data, quantization: { scales: rounded, zeroPoint: 0 } },
    ratios: scales.map((_, channel) => ratioOf(channel)),
  };
}

function significant(value: number, bits: number): number {
  const length = 32 - Math.clz32(Math.abs(value));
  const unit = bits === 0 ? 1 : 2 ** Math.max(length - bits, 0);
  return Math.round(value / unit) * unit;
}
