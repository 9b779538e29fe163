/** What a layer's compression is decided by. */

import type { Moments } from './moments.ts';

/** Weights are `[channels][fanIn]`. */
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

/** The group of inputs that an output channel sees. */
export function groupOf({ channels, moments }: LayerTask, channel: number): number {
  return Math.floor((channel * moments.length) / channels);
}
