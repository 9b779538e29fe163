/** The forms of a model that are timed: its precisions, int16 with each kind of weights. */

import type { Int16Weights, PrecisionName } from '../../reference/index.ts';

export interface Form {
  readonly name: FormName;
  readonly precision: PrecisionName;
  readonly int16Weights?: Int16Weights;
}

export const formNames = ['float32', 'int16', 'int16-full', 'int16-int8', 'int8'] as const;
export type FormName = (typeof formNames)[number];

/** `int16` has 16-bit weights whose sums provably fit int32; `int16-full` needs int64; LiteRT.js takes `int16-int8` alone. */
export const forms: readonly Form[] = [
  { name: 'float32', precision: 'float32' },
  { name: 'int16', precision: 'int16', int16Weights: 'bounded' },
  { name: 'int16-full', precision: 'int16', int16Weights: 'full' },
  { name: 'int16-int8', precision: 'int16', int16Weights: 'int8' },
  { name: 'int8', precision: 'int8' },
];

/** The forms that stand for their precisions, where each is to be shown once. */
export const plainForms = ['float32', 'int16', 'int8'] as const satisfies readonly FormName[];
