/** One operator on given tensors, as a case that the reference and a back end both run. */

import type { Backend } from '../golden/backend.ts';
import {
  operatorGraph,
  validateGraph,
  type GivenAttributes,
  type GivenTensor,
  type OperatorKind,
  type PrecisionName,
  type Tensor,
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

/**
 * Runs a case on a back end and compares with the reference.
 *
 * @throws {GraphError} for a case that breaks a rule
 */
export async function compareCase(
  { kind, precision, attributes, inputs }: OperatorCase,
  backend: Backend,
): Promise<CaseComparison> {
  const { graph, activations } = operatorGraph(kind, precision, attributes, inputs);
  validateGraph(graph);
  const network = await backend.prepare(graph);
  const run = await network.run(activations);
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
