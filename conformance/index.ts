/** What the author of a back end imports: `plumbline/conformance`. */

import { UnsupportedError } from '../fastpath/compile/errors.ts';
import { requantizationOf as requantizationIn } from '../reference/operators/requantization.ts';
import { computedPrecision } from '../reference/precision/index.ts';
import type { Graph, GraphTensor, Operator } from '../reference/index.ts';

export type { Backend, Prepared, RunOutput } from '../golden/backend.ts';
export {
  runSuite,
  type PropertyFailure,
  type PropertyResult,
  type SuiteOptions,
  type SuiteReport,
} from './suite.ts';
export { requantizeInt32, requantizeInt64, zeroPointOf } from '../reference/index.ts';
export type {
  Graph,
  GraphTensor,
  Operator,
  OperatorAttributes,
  OperatorKind,
  PrecisionName,
  Tensor,
  TensorData,
} from '../reference/index.ts';
export { UnsupportedError };

/** The operator of a graph that has one, with the tensors it takes (constants have data) and the one it gives. */
export interface SingleOperator {
  readonly operator: Operator;
  readonly inputs: readonly GraphTensor[];
  readonly output: GraphTensor;
}

/** @throws {UnsupportedError} for a graph of several operators */
export function operatorOf(graph: Graph): SingleOperator {
  const [operator, ...more] = graph.operators;
  if (operator === undefined || more.length > 0) {
    throw new UnsupportedError(
      `Expected a graph of one operator but found ${String(graph.operators.length)}`,
    );
  }
  return {
    operator,
    inputs: operator.inputs.map((index) => tensorAt(graph, index)),
    output: tensorAt(graph, operator.output),
  };
}

/** The integers that an operator computes with, and its limits in codes (float32: real numbers). */
export function requantizationOf(
  operator: Operator,
  inputs: readonly GraphTensor[],
  output: GraphTensor,
): ReturnType<typeof requantizationIn> {
  const precision = computedPrecision(operator, inputs[0]?.type ?? output.type);
  return requantizationIn(operator, inputs, output, precision);
}

function tensorAt(graph: Graph, index: number): GraphTensor {
  const tensor = graph.tensors[index];
  if (tensor === undefined) throw new Error(`Expected tensor ${String(index)}`);
  return tensor;
}
