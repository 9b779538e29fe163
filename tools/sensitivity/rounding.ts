/**
 * The weights of one operator with fewer bits: symmetric codes, a scale for each output channel, rounded to nearest.
 * It is what low-bit weights cost at least effort; better rounding costs less.
 */

import { convolutionFactor } from '../../reference/arithmetic/multiplier.ts';
import { clamp, roundHalfAwayFromZero } from '../../reference/arithmetic/rounding.ts';
import type { Graph, GraphTensor, Operator, TensorData } from '../../reference/index.ts';
import { tensorAt } from '../../reference/validate/index.ts';

/** An operator that has weights. */
export type WeightedOperator = Extract<
  Operator,
  { readonly kind: 'conv2d' | 'depthwiseConv2d' | 'fullyConnected' }
>;

export function isWeighted(operator: Operator): operator is WeightedOperator {
  return ['conv2d', 'depthwiseConv2d', 'fullyConnected'].includes(operator.kind);
}

/** An operator's constants in place of its own: of the same types and shapes. */
export interface Constants {
  readonly weights: GraphTensor;
  readonly bias?: GraphTensor;
}

/** Where the weights of an output channel lie: `at(channel, i)` for i below `length`. */
export interface ChannelLayout {
  readonly channels: number;
  readonly length: number;
  readonly at: (channel: number, i: number) => number;
}

/** Channels are the last axis of depthwise weights, the first of all others. */
export function channelLayout({ kind }: Operator, { shape, data }: GraphTensor): ChannelLayout {
  const channelsLast = kind === 'depthwiseConv2d';
  const channels = (channelsLast ? shape.at(-1) : shape[0]) ?? 1;
  const length = (data?.length ?? 0) / channels;
  return {
    channels,
    length,
    at: channelsLast ? (c, i) => i * channels + c : (c, i) => c * length + i,
  };
}

/** The largest magnitude of each channel's weights or codes. */
export function channelPeaks(data: TensorData, layout: ChannelLayout): Float64Array {
  return Float64Array.from({ length: layout.channels }, (_, c) => {
    let largest = 0;
    for (let i = 0; i < layout.length; i++) {
      largest = Math.max(largest, Math.abs(Number(data[layout.at(c, i)])));
    }
    return largest;
  });
}

/** Bits of a stored weight; infinite for float32, which no width of integers has. */
function storedBits({ type }: GraphTensor): number {
  return type === 'float32' ? Infinity : type === 'int8' ? 8 : 16;
}

/**
 * The constants of an operator with weights of `bits` bits, 2 to 16: codes in [-(2^(bits-1) - 1), 2^(bits-1) - 1], the
 * largest weight of a channel at the end of that range. Channels whose codes fit already stay. A bias follows its new
 * scale. Undefined where nothing changes. (What compression writes is on its grid of scales: `roundGraphToNearest`.)
 *
 * @throws {RangeError} for an integer operator with ready-made integers: its scales are not known
 */
export function roundOperatorToNearest(
  graph: Graph,
  operator: WeightedOperator,
  bits: number,
): Constants | undefined {
  const [inputIndex = -1, weightsIndex = -1, biasIndex] = operator.inputs;
  const weights = tensorAt(graph, weightsIndex);
  if (bits >= storedBits(weights)) return undefined;
  const levels = 2 ** (bits - 1) - 1;
  const data = weights.data ?? new Float32Array(0);
  const layout = channelLayout(operator, weights);
  const peaks = channelPeaks(data, layout);
  if (weights.type === 'float32') {
    const rounded = Float32Array.from(data as Float32Array);
    peaks.forEach((peak, c) => {
      if (peak === 0) return;
      const step = peak / levels;
      roundChannel(rounded, layout, c, (w) => roundHalfAwayFromZero(w / step) * step);
    });
    return { weights: { ...weights, data: rounded } };
  }
  const { scales = [] } = weights.quantization ?? {};
  if (scales.length === 0 || operator.attributes.multiplier !== undefined) {
    throw new RangeError(
      `Expected operator "${operator.name}" with scales but found ready-made integers`,
    );
  }
  /** How many of the old codes' steps are one of the new. */
  const steps = peaks.map((peak) => (peak > levels ? peak / levels : 1));
  if (steps.every((step) => step === 1)) return undefined;
  const codes = data.slice();
  steps.forEach((step, c) => {
    if (step === 1) return;
    roundChannel(codes, layout, c, (code) =>
      clamp(roundHalfAwayFromZero(code / step), -levels, levels),
    );
  });
  const finer = Array.from(steps, (_, c) => scales[scales.length === 1 ? 0 : c] ?? NaN);
  const coarser = finer.map((scale, c) => Math.fround(scale * (steps[c] ?? 1)));
  const rounded = { ...weights, data: codes, quantization: { scales: coarser, zeroPoint: 0 } };
  if (biasIndex === undefined) return { weights: rounded };
  const [inputScale = NaN] = tensorAt(graph, inputIndex).quantization?.scales ?? [];
  const bias = tensorAt(graph, biasIndex);
  const own = bias.quantization?.scales ?? [];
  const biasScales = coarser.map((scale) => Math.fround(convolutionFactor(inputScale, scale, 1)));
  const biasCodes = (bias.data ?? new Int32Array(0)).slice();
  steps.forEach((step, c) => {
    if (step === 1) return;
    const scale = own[own.length === 1 ? 0 : c] ?? inputScale * (finer[c] ?? NaN);
    const code = roundHalfAwayFromZero((Number(biasCodes[c]) * scale) / (biasScales[c] ?? NaN));
    if (biasCodes instanceof BigInt64Array) biasCodes[c] = BigInt(code);
    else biasCodes[c] = code;
  });
  return {
    weights: rounded,
    bias: { ...bias, data: biasCodes, quantization: { scales: biasScales, zeroPoint: 0 } },
  };
}

function roundChannel(
  data: TensorData,
  { length, at }: ChannelLayout,
  channel: number,
  round: (value: number) => number,
): void {
  if (data instanceof BigInt64Array) throw new TypeError('Expected weights but found int64');
  for (let i = 0; i < length; i++) {
    const place = at(channel, i);
    data[place] = round(data[place] ?? NaN);
  }
}
