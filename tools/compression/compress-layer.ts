/** One layer: its weights as few small codes, its scales and biases as coarse as the result allows. */

import { codeLengths, entropyBits, numberBits } from './code-length.ts';
import { correctedBias, roundBias } from './bias-correction.ts';
import { groupOf, type LayerTask } from './layer-task.ts';
import type { Moments } from './moments.ts';
import {
  cheapestCode,
  FactoredCovariance,
  nearestCode,
  roundRow,
  type ChooseCode,
} from './rounding.ts';
import { gridScale, indexAbove } from './scale-grid.ts';
import { MAX_CODE, PRICE_STRIDE, searchStep, stepIndexForPrice, type Rule } from './steps.ts';

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

/** Of a layer on which nothing depends. */
const NO_SENSITIVITY = 2 ** -60;

/** How often codes are chosen anew by the lengths that follow from the last choice. */
const PASSES = 3;

/** A channel's weights to round: those that do best on the layer's own inputs, before they are rounded. */
interface Target {
  readonly row: Float64Array;
  readonly covariance: FactoredCovariance;
}

/** A rounded layer: codes `[channels][fanIn]`, and of each channel its scale and the energy of its error. */
interface Rounded {
  readonly codes: Float64Array;
  readonly scales: Float64Array;
  readonly errors: Float64Array;
}

export function compressLayer(task: LayerTask, rule: Rule): CompressedLayer {
  const { channels } = task;
  const mean = task.sensitivity.reduce((sum, value) => sum + value, 0) / channels;
  const floor = LEAST_SENSITIVITY * mean || NO_SENSITIVITY;
  const sensitivity = task.sensitivity.map((value) => value + floor);
  const targets = targetsOf(task);
  const { codes, scales, errors } =
    rule.kind === 'bits'
      ? roundToWidth(targets, task, rule.bits)
      : roundByPrice(targets, task, rule.price, sensitivity);
  const { bias, multiples } = roundBias(
    correctedBias(task, codes, scales),
    scales,
    sensitivity,
    task,
    rule,
  );
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

/**
 * Each channel's weights w* with the least `E |w x - w* x'|^2` of the wanted inputs x and the layer's own x': thus they
 * make up for what the layers before have lost. `w* = w cov(x, x') cov(x', x')^-1`.
 */
function targetsOf(task: LayerTask): readonly Target[] {
  const { channels, fanIn, moments, weights } = task;
  const groups = moments.map((each) => factor(each, fanIn));
  return Array.from({ length: channels }, (_, c) => {
    const group = groups[groupOf(task, c)];
    if (group === undefined) throw new Error('Expected the moments of every group');
    const row = weights.subarray(c * fanIn, (c + 1) * fanIn);
    const { covariance, cross } = group;
    return { covariance, row: covariance.solve(times(row, cross)) };
  });
}

/** Codes of so many bits, each channel with its best step. */
function roundToWidth(
  targets: readonly Target[],
  { channels, fanIn, scales: least }: LayerTask,
  bits: number,
): Rounded {
  const codes = new Float64Array(channels * fanIn);
  const scales = new Float64Array(channels);
  const errors = targets.map(({ row, covariance }, c) => {
    const own = codes.subarray(c * fanIn, (c + 1) * fanIn);
    const { index, error } = searchStep(row, covariance, bits, least[c] ?? 1, own);
    scales[c] = gridScale(index);
    return error;
  });
  return { codes, scales, errors: Float64Array.from(errors) };
}

/** Codes as fine as pays, each channel by its sensitivity. */
function roundByPrice(
  targets: readonly Target[],
  { channels, fanIn, scales: least }: LayerTask,
  price: number,
  sensitivity: Float64Array,
): Rounded {
  const codes = new Float64Array(channels * fanIn);
  const errors = new Float64Array(channels);
  const prices = sensitivity.map((value) => price / value);
  const indices = targets.map(({ row, covariance }, c) =>
    stepIndexForPrice(row, covariance, prices[c] ?? 0, least[c] ?? 1),
  );
  const known = indices.filter((index) => index !== undefined).toSorted((a, b) => a - b);
  const usual = known[Math.floor(known.length / 2)] ?? -Infinity;
  // A channel without weights has a scale too: the one that takes the least to tell.
  const scales = Float64Array.from(indices, (index, c) =>
    gridScale(index ?? Math.max(usual, indexAbove(least[c] ?? 1, PRICE_STRIDE))),
  );
  const roundAll = (chooserOf: (c: number) => ChooseCode): void => {
    targets.forEach(({ row, covariance }, c) => {
      const own = codes.subarray(c * fanIn, (c + 1) * fanIn);
      errors[c] =
        indices[c] === undefined
          ? covariance.energy(row)
          : roundRow(row, scales[c] ?? 1, covariance, chooserOf(c), own);
    });
  };
  roundAll(() => nearestCode(MAX_CODE));
  for (let pass = 0; pass < PASSES; pass++) {
    const lengths = codeLengths(codes, MAX_CODE);
    roundAll((c) => cheapestCode(MAX_CODE, lengths, prices[c] ?? 0));
  }
  return { codes, scales, errors };
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
