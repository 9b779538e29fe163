/**
 * A back end's whole run against the reference, operator by operator: each operator's output is held to the reference
 * run on the back end's own inputs to that operator, so that bounds do not compound (`tolerances.ts`).
 */

import { observedTensors, type RunOutput } from '../golden/backend.ts';
import type { Graph, GraphTensor, Tensor, TensorData } from '../reference/index.ts';
import { compareOperator, isExact, type Violation } from './tolerances.ts';

export interface NetworkComparison {
  /** The largest error of any operator as a fraction of its bound, and that operator's name. */
  readonly worst: { readonly share: number; readonly operator: string };
  /** Elements that no rule compares. */
  readonly uncompared: number;
  /** The first operator, in the graph's order, with an element beyond its bound. */
  readonly violation?: Violation & { readonly position: number };
}

/** Whether every operator of a graph is exact, so that a correct back end's tensors are the reference's. */
export function isExactGraph(graph: Graph): boolean {
  return graph.operators.every(({ kind, output }) => isExact(kind, tensorAt(graph, output).type));
}

/**
 * Compares what a back end computed of `inputs` (one typed array per input of the graph).
 *
 * @throws {RangeError} where the run does not tell every operator's output, or one of a wrong size
 */
export function compareNetwork(
  graph: Graph,
  inputs: readonly TensorData[],
  run: RunOutput,
): NetworkComparison {
  const given = new Map(graph.inputs.map((index, position) => [index, inputs[position]]));
  const observed = observedTensors(graph, run);
  const stored = (index: number): Tensor => {
    const tensor = tensorAt(graph, index);
    const data = tensor.data ?? given.get(index) ?? observed.get(tensor.name)?.data;
    if (data === undefined) {
      throw new RangeError(`Expected the back end to report tensor "${tensor.name}"`);
    }
    return { ...tensor, data };
  };
  let worst = { share: 0, operator: graph.operators[0]?.name ?? '' };
  let uncompared = 0;
  let violation: NetworkComparison['violation'];
  graph.operators.forEach((operator, position) => {
    const result = compareOperator(operator, operator.inputs.map(stored), stored(operator.output));
    if (result.worst > worst.share) worst = { share: result.worst, operator: operator.name };
    uncompared += result.uncompared;
    if (result.violation !== undefined) violation ??= { ...result.violation, position };
  });
  return { worst, uncompared, ...(violation === undefined ? {} : { violation }) };
}

function tensorAt(graph: Graph, index: number): GraphTensor {
  const tensor = graph.tensors[index];
  if (tensor === undefined) throw new Error(`Expected tensor ${String(index)} to exist`);
  return tensor;
}
