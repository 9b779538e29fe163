/** One operator with its tensors, as lowering sees it. */

import type { Operator } from '../../reference/graph/operator.ts';
import { zeroPointOf, type GraphTensor } from '../../reference/graph/tensor.ts';
import { requantizationOf, type Requantization } from '../../reference/operators/requantization.ts';
import { computedPrecision } from '../../reference/precision/index.ts';
import type { KernelType } from '../program/kernels.ts';
import { kernelTypeOf } from './buffers.ts';
import { UnsupportedError } from './errors.ts';
import type { Words } from './steps.ts';

export interface Lowering<O extends Operator = Operator> {
  readonly operator: O;
  readonly inputs: readonly GraphTensor[];
  readonly output: GraphTensor;
  readonly requantization: Requantization;
  /** Types of the first input and the output. */
  readonly inputType: KernelType;
  readonly outputType: KernelType;
}

export function loweringOf(
  operator: Operator,
  inputs: readonly GraphTensor[],
  output: GraphTensor,
): Lowering {
  const [first] = inputs;
  if (first === undefined) throw new Error(`Expected operator "${operator.name}" to have an input`);
  return {
    operator,
    inputs,
    output,
    requantization: requantizationOf(
      operator,
      inputs,
      output,
      computedPrecision(operator, first.type),
    ),
    inputType: kernelTypeOf(first.type, first.name),
    outputType: kernelTypeOf(output.type, output.name),
  };
}

/** Zero points and limits of an operator's output. */
export function outputWords({
  inputs,
  output,
  outputType,
  requantization: { min, max },
}: Lowering): Pick<Words, 'inZero' | 'outZero' | 'min' | 'max'> {
  const [first] = inputs;
  return {
    inZero: first === undefined ? 0 : zeroPointOf(first),
    outZero: zeroPointOf(output),
    min: outputType === 'f32' ? float32Bits(min) : min,
    max: outputType === 'f32' ? float32Bits(max) : max,
  };
}

function float32Bits(value: number): number {
  return new Int32Array(Float32Array.of(value).buffer)[0] ?? 0;
}

/** The refusal of an operator: what the fast path has, and what was found. */
export function refuseOperator(operator: Operator, wanted: string, found: unknown): never {
  throw new UnsupportedError(
    `Operator "${operator.name}": Expected ${wanted} for the fast path but found ${String(found)}`,
  );
}
