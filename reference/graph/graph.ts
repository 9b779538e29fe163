/** A graph: the tensors and operators of one model in one precision. */

import type { Operator } from './operator.ts';
import type { GraphTensor } from './tensor.ts';

export type PrecisionName = 'float32' | 'int8' | 'int16';

/**
 * How an image becomes the input tensor (rules X1 to X5). The real input of channel c is `(x - mean[c]) / std[c]`
 * for a pixel value x in 0..255.
 */
export interface Preprocessing {
  /**
   * `squash`: the whole image, resized to the input's height and width without regard to its proportions (rule X2).
   * `cover`: resized with its proportions kept, and the centre cut out (rule X5).
   */
  readonly resize: 'squash' | 'cover';
  /** With `cover`, and only then: the part of the covered extent that the cut keeps, in [0.1, 1]. */
  readonly crop?: number;
  readonly channels: 'rgb' | 'bgr';
  readonly mean: readonly [number, number, number];
  readonly std: readonly [number, number, number];
  /**
   * For an integer input: the code of x is `multiplier * x + offset`, no real number between. Without it the real
   * input is quantised (rule Q1).
   */
  readonly integer?: { readonly multiplier: number; readonly offset: number };
}

export interface Graph {
  readonly name: string;
  /** The precision of the network's interior; the ends may differ through quantize and dequantize. */
  readonly precision: PrecisionName;
  readonly tensors: readonly GraphTensor[];
  /** In an order in which every operator finds its inputs computed. */
  readonly operators: readonly Operator[];
  /** Indices into `tensors`. */
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
  /** One name per class, in the order of the output's last axis; empty where there are none. */
  readonly labels: readonly string[];
  readonly preprocessing?: Preprocessing;
  /** Where the graph comes from: free text by topic. */
  readonly provenance: Readonly<Record<string, string>>;
}
