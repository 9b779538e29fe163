/** Weights and biases as integers, one scale per output channel (rules W1 to W4). */

import { convolutionFactor, quantizeMultiplier } from '../arithmetic/multiplier.ts';
import { clamp, roundHalfAwayFromZero } from '../arithmetic/rounding.ts';

/** How the weights of an int16 network are stored. */
export type Int16Weights = 'bounded' | 'full' | 'int8';

export interface QuantizedChannel {
  readonly scale: number;
  readonly weights: readonly number[];
  readonly bias: number;
}

export interface WeightRules {
  /** Largest code: 127 or 32767. */
  readonly maxCode: number;
  /** The largest |x - zeroPoint| of the input. */
  readonly inputRadius: number;
  /** Sum of |w| * inputRadius + |bias|, times 2^max(shift, 0), stays below this. */
  readonly accumulatorLimit: number;
}

/** How much of the limit a channel may take: a rescaled accumulator has room for the zero point (rule R1). */
const ROOM = 1 - 2 ** -23;

/** Ends the search for a scale: with a valid shift (rule R3) it takes fewer, with a larger one no scale may do. */
const MAX_STEPS = 64;

/**
 * One output channel: symmetric codes in [-maxCode, maxCode], bias in units of input scale times weight scale.
 *
 * The scale is the smallest that represents the largest weight, raised until the accumulator stays in its limit: for
 * channels of (nearly) zero weights and a large bias, and for 16-bit weights in a 32-bit accumulator.
 *
 * @throws {RangeError} that names the tensor, where no scale does
 */
export function quantizeChannel(
  weights: Float64Array,
  bias: number,
  inputScale: number,
  outputScale: number,
  rules: WeightRules,
  name = 'weights',
): QuantizedChannel {
  const largest = weights.reduce((max, w) => Math.max(max, Math.abs(w)), 0);
  let scale = Math.fround(largest / rules.maxCode);
  if (!(scale > 0)) scale = Math.fround(2 ** -60);
  for (let step = 0; step < MAX_STEPS; step++) {
    const factor = convolutionFactor(inputScale, scale, outputScale);
    if (!Number.isFinite(factor)) break;
    const codes = Array.from(weights, (w) =>
      clamp(roundHalfAwayFromZero(w / scale), -rules.maxCode, rules.maxCode),
    );
    const biasCode = roundHalfAwayFromZero(bias / (inputScale * scale));
    const sum = codes.reduce((total, code) => total + Math.abs(code), 0);
    const bound = sum * rules.inputRadius + Math.abs(biasCode);
    const { shift } = quantizeMultiplier(factor);
    const excess = (bound * 2 ** Math.max(shift, 0)) / rules.accumulatorLimit;
    if (excess < ROOM) return { scale, weights: codes, bias: biasCode };
    // Rounding makes the bound a little coarser than the scale, so step beyond the exact ratio.
    scale = Math.fround(scale * Math.max(excess, 1) * 1.0005);
  }
  throw new RangeError(
    `Tensor "${name}": Expected weights that fit the accumulator with an input scale of ${String(inputScale)} and an output scale of ${String(outputScale)} but found weights up to ${String(largest)}`,
  );
}
