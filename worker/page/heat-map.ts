/** Class activation maps: how much each place of the photo speaks for a class. */

import type { StepReport } from '../../fastpath/runtime/index.ts';

/** The last layers of a classifier, as the build writes them. */
export interface Head {
  readonly features: string;
  readonly weights: readonly (readonly number[])[];
  readonly bias: readonly number[];
}

export interface HeatMap {
  readonly width: number;
  readonly height: number;
  /** Of each place, row by row: their mean, plus the bias, is the logit of the class. */
  readonly evidence: Float64Array;
}

/** @throws {RangeError} for features that the head does not fit */
export function heatMap(head: Head, { tensor, data }: StepReport, category: number): HeatMap {
  const [, height = 0, width = 0, channels = 0] = tensor.shape;
  const weights = head.weights[category] ?? [];
  if (tensor.name !== head.features || weights.length !== channels) {
    throw new RangeError(`Expected features of ${String(weights.length)} channels`);
  }
  const { scale = 1, zeroPoint = 0 } = tensor;
  const evidence = Float64Array.from({ length: width * height }, (_, place) => {
    let sum = 0;
    for (let c = 0; c < channels; c++) {
      sum += scale * ((data[place * channels + c] ?? 0) - zeroPoint) * (weights[c] ?? 0);
    }
    return sum;
  });
  return { width, height, evidence };
}

/** The map as pixels: what speaks for the class from clear to red, what does not clear. */
export function heatPixels({ width, height, evidence }: HeatMap): ImageData {
  const most = Math.max(...evidence, Number.MIN_VALUE);
  const pixels = new ImageData(width, height);
  evidence.forEach((value, i) => {
    const strength = Math.max(0, value / most);
    pixels.data.set([255, Math.round(200 * (1 - strength)), 0, Math.round(255 * strength)], 4 * i);
  });
  return pixels;
}
