/** One layer: its weights as few small codes, its scales and biases as coarse as the result allows. */

import { codeLengths, entropyBits, numberBits } from './code-length.ts';
import { correctedBias, roundBias } from './bias-correction.ts';
import type { Moments } from './moments.ts';
import {
  cheapestCode,
  FactoredCovariance,
  nearestCode,
  roundRow,
  type ChooseCode,
} from './rounding.ts';
import { gridScale, indexAbove } from './scale-grid.ts';
import { MAX_CODE, searchStep, stepIndexForPrice, type Rule } from './steps.ts';

/** What is known of a layer. Weights and codes are `[channels][fanIn]`. */
export interface LayerTask {
  readonly channels: number;
  readonly fanIn: number;
  readonly weights: Float64Array;
  readonly bias: Float64Array;
  /** Of each group of input channels; output channels are divided among them in order. */
  readonly moments: readonly Moments[];
  /** How much the result changes with the square of each channel's error. */
  readonly sensitivity: Float64Array;
  /** Scales of the uncompressed layer: codes may not be finer. */
  readonly scales: Float64Array;
  readonly inputScale: number;
  readonly outputScale: number;
}

export interface CompressedLayer {
  readonly codes: Float64Array;
  readonly scales: Float64Array;
  /** In units of input scale times scale. */
  readonly bias: Float64Array;
  /** Error of the layer's output times sensitivity, summed over channels. */
  readonly error: number;
  /** Estimated bits of all codes, scales and biases. */
  readonly bits: { readonly codes: number; readonly scales: number; readonly biases: number };
}

/**
 * What is added to the variance of each input, in parts of their mean: so that the weights are not fitted to a few
 * photos (chosen on photos kept apart from those that the weights were fitted to).
 */
const DAMPING = 0.3;

/** Part of the mean sensitivity that every channel has at least: estimates from a few photos are rough. */
const LEAST_SENSITIVITY = 0.1;

/** How often codes are chosen anew by the lengths that follow from the last choice. */
const PASSES = 3;

export function compressLayer(task: LayerTask, rule: Rule): CompressedLayer {
  const { channels, fanIn, moments } = task;
  const mean = task.sensitivity.reduce((sum, value) => sum + value, 0) / channels;
  // A layer without influence still has an order of channels.
  const floor = LEAST_SENSITIVITY * mean || 1;
  const sensitivity = task.sensitivity.map((value) => value + floor);
  const groups = moments.map((each) => factor(each, fanIn));
  const groupOf = (c: number): number => Math.floor((c * groups.length) / channels);
  const targets = Array.from({ length: channels }, (_, c) => {
    const group = groups[groupOf(c)];
    if (group === undefined) throw new Error('Expected the moments of every group');
    const { covariance, cross } = group;
    const row = task.weights.subarray(c * fanIn, (c + 1) * fanIn);
    return { covariance, row: covariance.solve(times(row, cross)) };
  });
  const codes = new Float64Array(channels * fanIn);
  const codesOf = (c: number): Float64Array => codes.subarray(c * fanIn, (c + 1) * fanIn);
  const errors = new Float64Array(channels);
  const scales = new Float64Array(channels);
  if (rule.kind === 'bits') {
    targets.forEach(({ row, covariance }, c) => {
      const { index, error } = searchStep(
        row,
        covariance,
        rule.bits,
        task.scales[c] ?? 1,
        codesOf(c),
      );
      scales[c] = gridScale(index);
      errors[c] = error;
    });
  } else {
    const { price } = rule;
    const indices = targets.map(({ row, covariance }, c) =>
      stepIndexForPrice(row, covariance, price / (sensitivity[c] ?? 1), task.scales[c] ?? 1),
    );
    const known = indices.filter((index) => index !== undefined).toSorted((a, b) => a - b);
    const usual = known[Math.floor(known.length / 2)];
    const roundAll = (chooserOf: (c: number) => ChooseCode): void => {
      targets.forEach(({ row, covariance }, c) => {
        const index = indices[c];
        // A channel without weights has a scale too: the one that is the least to tell.
        scales[c] = gridScale(
          index ?? Math.max(usual ?? -Infinity, indexAbove(task.scales[c] ?? 1, 4)),
        );
        errors[c] =
          index === undefined
            ? covariance.energy(row)
            : roundRow(row, scales[c] ?? 1, covariance, chooserOf(c), codesOf(c));
      });
    };
    roundAll(() => nearestCode(MAX_CODE));
    for (let pass = 0; pass < PASSES; pass++) {
      const lengths = codeLengths(codes, MAX_CODE);
      roundAll((c) => cheapestCode(MAX_CODE, lengths, price / (sensitivity[c] ?? 1)));
    }
  }
  const corrected = correctedBias(task, codes, scales, groupOf);
  const { bias, multiples } = roundBias(corrected, scales, sensitivity, task, rule);
  return {
    codes,
    scales,
    bias,
    error: errors.reduce((sum, error, c) => sum + error * (sensitivity[c] ?? 0), 0),
    bits: {
      codes: entropyBits(codes),
      scales: entropyBits(scales),
      biases: numberBits(multiples),
    },
  };
}

function factor(
  { own, cross }: Moments,
  fanIn: number,
): { readonly covariance: FactoredCovariance; readonly cross: Float64Array } {
  let trace = 0;
  for (let i = 0; i < fanIn; i++) trace += own[i * fanIn + i] ?? 0;
  const damping = (DAMPING * trace) / fanIn || 1;
  const damped = (matrix: Float64Array): Float64Array =>
    matrix.map((value, at) => (at % (fanIn + 1) === 0 ? value + damping : value));
  return { covariance: new FactoredCovariance(damped(own), fanIn), cross: damped(cross) };
}

/** A row times a square matrix. */
function times(row: Float64Array, matrix: Float64Array): Float64Array {
  const size = row.length;
  const result = new Float64Array(size);
  for (let i = 0; i < size; i++) {
    const factorOfRow = row[i] ?? 0;
    if (factorOfRow === 0) continue;
    for (let j = 0; j < size; j++) {
      result[j] = (result[j] ?? 0) + factorOfRow * (matrix[i * size + j] ?? 0);
    }
  }
  return result;
}
