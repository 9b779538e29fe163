/** One operator on given tensors, as a case that the reference and a back end both run. */

import { runGraph, type Backend } from '../golden/backend.ts';
import {
  operatorGraph,
  validateGraph,
  type GivenAttributes,
  type GivenTensor,
  type Graph,
  type OperatorKind,
  type PrecisionName,
  type Tensor,
  type TensorData,
} from '../reference/index.ts';
import { compareNetwork, type NetworkComparison } from './compare-network.ts';

export interface OperatorCase<K extends OperatorKind = OperatorKind> {
  readonly kind: K;
  readonly precision: PrecisionName;
  readonly attributes: GivenAttributes<K>;
  readonly inputs: readonly GivenTensor[];
}

export interface CaseComparison extends NetworkComparison {
  /** What the back end computed: the first output. */
  readonly computed: Tensor;
}

/** A case as a graph of one operator, and one typed array per input of it. */
export interface CaseGraph {
  readonly graph: Graph;
  readonly activations: readonly TensorData[];
}

/** @throws {GraphError} for a case that breaks a rule */
export function graphOf({ kind, precision, attributes, inputs }: OperatorCase): CaseGraph {
  const { graph, activations } = operatorGraph(kind, precision, attributes, inputs);
  validateGraph(graph);
  return { graph, activations };
}

/**
 * Runs a case on a back end and compares with the reference.
 *
 * @throws {GraphError} for a case that breaks a rule
 */
export async function compareCase(drawn: OperatorCase, backend: Backend): Promise<CaseComparison> {
  return compareGraph(graphOf(drawn), backend);
}

export async function compareGraph(
  { graph, activations }: CaseGraph,
  backend: Backend,
): Promise<CaseComparison> {
  const run = await runGraph(backend, graph, activations);
  const comparison = compareNetwork(graph, activations, run);
  const [computed] = run.outputs;
  if (computed === undefined) throw new RangeError('Expected an output but found none');
  return { ...comparison, computed };
}

/** A case as text: everything but long data in full. */
export function describeCase({ kind, precision, attributes, inputs }: OperatorCase): string {
  const tensors = inputs.map(({ data, ...rest }) => {
    const shown = Array.from(data.slice(0, 64), String).join(', ');
    const more = data.length > 64 ? `, ... ${String(data.length)} in all` : '';
    return `${JSON.stringify(rest)} ${data.constructor.name} [${shown}${more}]`;
  });
  return [`${kind} ${precision} ${JSON.stringify(attributes)}`, ...tensors].join('\n  ');
}
