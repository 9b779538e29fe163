/** Biases that make up for what rounding does to a layer's mean output, and how coarse they may be. */

import { roundHalfAwayFromZero } from '../../reference/arithmetic/rounding.ts';
import { groupOf, type LayerTask } from './layer-task.ts';
import { stepForPrice, type Rule } from './steps.ts';

/** A bias is never finer than this part of an output code: rounding the output hides the rest. */
const FINEST = 1 / 16;

/**
 * The biases with which each channel's mean sum is the wanted one, exactly in real numbers: the wanted bias, plus what
 * the wanted weights make of the wanted mean inputs, less what the codes make of the layer's own.
 */
export function correctedBias(
  task: LayerTask,
  codes: Float64Array,
  scales: Float64Array,
): Float64Array {
  const { channels, fanIn, weights, bias, moments } = task;
  return Float64Array.from({ length: channels }, (_, c) => {
    const group = moments[groupOf(task, c)];
    let value = bias[c] ?? 0;
    for (let i = 0; i < fanIn; i++) {
      const wanted = (weights[c * fanIn + i] ?? 0) * (group?.wantedMean[i] ?? 0);
      const own = (codes[c * fanIn + i] ?? 0) * (scales[c] ?? 0) * (group?.ownMean[i] ?? 0);
      value += wanted - own;
    }
    return value;
  });
}

/**
 * Biases in units of input scale times scale, each a multiple of the largest power of two that the result does not
 * notice or, by a price, that is worth its bits.
 */
export function roundBias(
  bias: Float64Array,
  scales: Float64Array,
  sensitivity: Float64Array,
  { inputScale, outputScale }: Pick<LayerTask, 'inputScale' | 'outputScale'>,
  rule: Rule,
): { readonly bias: Float64Array; readonly multiples: Float64Array } {
  const multiples = new Float64Array(bias.length);
  const rounded = bias.map((value, c) => {
    const unit = inputScale * (scales[c] ?? 1);
    const worth = rule.kind === 'price' ? stepForPrice(rule.price, sensitivity[c] ?? 1) : 0;
    const step = Math.max(worth, FINEST * outputScale);
    let power = 1;
    while (2 * power * unit <= step && power < MAX_POWER) power *= 2;
    multiples[c] = roundHalfAwayFromZero(value / (unit * power));
    return (multiples[c] ?? 0) * power;
  });
  return { bias: rounded, multiples };
}

const MAX_POWER = 2 ** 24;
