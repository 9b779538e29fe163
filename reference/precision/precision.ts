/**
 * What a precision is to an operator. Operators are written once; these records are all that differs between
 * float32, int8 and int16.
 */

import type { ElementType } from '../graph/element-type.ts';
import type { PrecisionName } from '../graph/graph.ts';

export interface Precision {
  readonly name: PrecisionName;
  /** Types of the tensors an operator takes and gives. */
  readonly activation: ElementType;
  readonly weights: readonly ElementType[];
  readonly bias: ElementType;
  /** An accumulator's magnitude stays below this (rules R1, R2). */
  readonly accumulatorLimit: number;
  /** An accumulator as a multiple of the output's scale, before zero point and clamp. */
  readonly rescale: (accumulator: number, multiplier: number, shift: number) => number;
  /** A single value in another scale. */
  readonly rescaleValue: (value: number, multiplier: number, shift: number) => number;
  /** The sum of `count` values divided by it. */
  readonly average: (sum: number, count: number) => number;
  /** The same in the output's scale; the multiplier already holds 1 / count (`foldCount`). */
  readonly mean: (sum: number, count: number, multiplier: number, shift: number) => number;
  /** Headroom, in bits, that an add gives both inputs before it rescales them. */
  readonly addLeftShift: number;
  /** Types that a softmax's output may have, with the scale and zero point of each. */
  readonly softmaxOutputs: Readonly<
    Partial<Record<ElementType, { readonly scale: number; readonly zeroPoint: number }>>
  >;
}
