/** What an operator's definition gets and gives. */

import type { OperatorAttributes, OperatorKind } from '../graph/operator.ts';
import type { Tensor } from '../graph/tensor.ts';
import type { Precision } from '../precision/index.ts';
import type { Requantization } from './requantization.ts';

/** One validated execution: inputs with their elements, and the output to fill. */
export interface Call<K extends OperatorKind> {
  readonly attributes: OperatorAttributes[K];
  readonly inputs: readonly Tensor[];
  readonly output: Tensor;
  readonly precision: Precision;
  readonly requantization: Requantization;
}

export interface OperatorDefinition<K extends OperatorKind> {
  /** Fills the output. Inputs stay as they are. */
  readonly evaluate: (call: Call<K>) => void;
  /** For sums: the accumulator of each output element, in float64. */
  readonly accumulators?: (call: Call<K>) => Float64Array;
  /** For sums of products: sum of |x * w| + |bias| of each output element, in float64. */
  readonly magnitudes?: (call: Call<K>) => Float64Array;
}

/** The tensor at a position that validation has filled. */
export function inputAt(call: { readonly inputs: readonly Tensor[] }, position: number): Tensor {
  const tensor = call.inputs[position];
  if (tensor === undefined) throw new Error(`Expected an input at position ${String(position)}`);
  return tensor;
}
