/** The weights of a layer in numbers: range, entropy, histogram, and how far they are from those of another form. */

import type { Graph, GraphTensor } from '../../reference/index.ts';
import { tensorAt } from '../../reference/validate/index.ts';
import { channelLayout, channelPeaks, type WeightedOperator } from '../sensitivity/index.ts';

/**
 * Bins of a histogram, of weights divided by the largest of their channel: 5 of the 255 codes of int8 each, from -127.5 to
 * 127.5 of 127. What is beyond counts for the last.
 */
export const HISTOGRAM_BINS = 51;
const HALF_RANGE = 127.5 / 127;

export interface WeightSummary {
  readonly count: number;
  /** Smallest and largest, as real numbers. */
  readonly range: readonly [number, number];
  /** How many are exactly 0. */
  readonly zeros: number;
  /** Bits of a code's information where each is drawn by itself: what a coder without context needs. Of integers. */
  readonly entropy?: number;
  readonly histogram: readonly number[];
  /** The weights of the form before: their histogram, and their power over that of the difference in dB. */
  readonly before?: {
    readonly histogram: readonly number[];
    readonly sqnr: number;
  };
}

/** A layer of a graph. */
export interface Layer {
  readonly graph: Graph;
  readonly operator: WeightedOperator;
}

/** `before`: the same layer in another form, whose weights have the same shape. */
export function summarizeWeights(layer: Layer, before?: Layer): WeightSummary {
  const tensor = weightsOf(layer);
  const values = realWeights(layer);
  const earlier = before === undefined ? undefined : realWeights(before);
  const layout = channelLayout(layer.operator, tensor);
  const peaks = channelPeaks(Float32Array.from(earlier ?? values), layout);
  let [smallest, largest, zeros] = [Infinity, -Infinity, 0];
  for (const value of values) {
    smallest = Math.min(smallest, value);
    largest = Math.max(largest, value);
    if (value === 0) zeros += 1;
  }
  return {
    count: values.length,
    range: [smallest, largest],
    zeros,
    ...(tensor.type === 'float32' ? {} : { entropy: entropyOf(tensor) }),
    histogram: histogramOf(values, layout, peaks),
    ...(earlier === undefined
      ? {}
      : {
          before: {
            histogram: histogramOf(earlier, layout, peaks),
            sqnr: signalToNoise(earlier, values),
          },
        }),
  };
}

export function weightsOf({ graph, operator }: Layer): GraphTensor {
  return tensorAt(graph, operator.inputs[1] ?? -1);
}

/** Weights as real numbers; codes where no scale is known. */
function realWeights(layer: Layer): Float64Array {
  const tensor = weightsOf(layer);
  const { channels, length, at } = channelLayout(layer.operator, tensor);
  const scales = tensor.quantization?.scales ?? [];
  const values = new Float64Array(channels * length);
  for (let c = 0; c < channels; c++) {
    const scale = scales[scales.length === 1 ? 0 : c] ?? 1;
    for (let i = 0; i < length; i++) {
      const place = at(c, i);
      values[place] = Number(tensor.data?.[place] ?? 0) * scale;
    }
  }
  return values;
}

function histogramOf(
  values: Float64Array,
  { channels, length, at }: ReturnType<typeof channelLayout>,
  peaks: Float64Array,
): readonly number[] {
  const bins = Array.from({ length: HISTOGRAM_BINS }, () => 0);
  for (let c = 0; c < channels; c++) {
    const peak = peaks[c] ?? 0;
    for (let i = 0; i < length; i++) {
      const share = peak === 0 ? 0 : (values[at(c, i)] ?? 0) / peak;
      const bin = Math.floor(((share / HALF_RANGE + 1) / 2) * HISTOGRAM_BINS);
      const kept = Math.min(Math.max(bin, 0), HISTOGRAM_BINS - 1);
      bins[kept] = (bins[kept] ?? 0) + 1;
    }
  }
  return bins;
}

/** Shannon's entropy of the codes of a tensor, in bits. */
function entropyOf({ data }: GraphTensor): number {
  const counts = new Map<number, number>();
  const total = data?.length ?? 0;
  for (let i = 0; i < total; i++) {
    const code = Number(data?.[i]);
    counts.set(code, (counts.get(code) ?? 0) + 1);
  }
  let bits = 0;
  for (const count of counts.values()) bits -= (count / total) * Math.log2(count / total);
  return Math.max(bits, 0);
}

/** In dB; infinite where nothing differs. */
function signalToNoise(truth: Float64Array, values: Float64Array): number {
  let [signal, noise] = [0, 0];
  truth.forEach((value, i) => {
    signal += value * value;
    noise += (value - (values[i] ?? NaN)) ** 2;
  });
  return noise === 0 ? Infinity : 10 * Math.log10(signal / noise);
}
