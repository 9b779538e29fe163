/** Accuracy, agreement and signal-to-noise ratio of models on labelled photos. */

import { indexOfLargest } from './outputs.ts';
import type { LabelledPhoto } from './photos.ts';
import type { ModelOutput } from './worker.ts';

export interface Evaluation {
  readonly photos: number;
  readonly correct: number;
  /** Photos with the same first label as the float32 model. */
  readonly agreeing: number;
  /** Power of the float32 logits over that of the difference to them, in decibels; infinite for float32 itself. */
  readonly sqnr: number;
}

export function evaluate(
  photos: readonly LabelledPhoto[],
  outputs: readonly ModelOutput[],
  reference: readonly ModelOutput[],
): Evaluation {
  let correct = 0;
  let agreeing = 0;
  let signal = 0;
  let noise = 0;
  photos.forEach(({ label }, i) => {
    const output = outputs[i];
    const truth = reference[i];
    if (output === undefined || truth === undefined)
      throw new Error('Expected an output per photo');
    const first = indexOfLargest(output.probabilities);
    if (first === label) correct += 1;
    if (first === indexOfLargest(truth.probabilities)) agreeing += 1;
    truth.logits.forEach((value, c) => {
      signal += value * value;
      noise += (value - (output.logits[c] ?? NaN)) ** 2;
    });
  });
  return { photos: photos.length, correct, agreeing, sqnr: 10 * Math.log10(signal / noise) };
}
