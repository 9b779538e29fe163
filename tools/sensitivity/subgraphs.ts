/** Parts of a graph as graphs of their own. */

import type { Graph, GraphTensor, Operator } from '../../reference/index.ts';

/** A part of a graph, and where its inputs and outputs are in the whole. */
export interface Subgraph {
  readonly graph: Graph;
  /** Indices into the whole graph's tensors, in the order of the part's own inputs and outputs. */
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
}

/** The operators that lead to `output`, in their order. */
export function operatorsTowards(
  operators: readonly Operator[],
  output: number,
): readonly Operator[] {
  const wanted = new Set([output]);
  return operators
    .toReversed()
    .filter((operator) => {
      if (!wanted.has(operator.output)) return false;
      for (const input of operator.inputs) wanted.add(input);
      return true;
    })
    .toReversed();
}

/** `operators` of a graph, without labels and preprocessing; `constants` replace those of the graph by their index. */
export function subgraphOf(
  whole: Graph,
  operators: readonly Operator[],
  outputs: readonly number[],
  constants: ReadonlyMap<number, GraphTensor> = new Map(),
): Subgraph {
  const computed = new Set(operators.map(({ output }) => output));
  const used = [
    ...new Set([...operators.flatMap(({ inputs, output }) => [...inputs, output]), ...outputs]),
  ];
  const places = new Map(used.map((index, place) => [index, place]));
  const place = (index: number): number => places.get(index) ?? -1;
  const tensors = used.flatMap((index) => constants.get(index) ?? whole.tensors[index] ?? []);
  const inputs = used.filter((index, i) => !computed.has(index) && tensors[i]?.data === undefined);
  return {
    inputs,
    outputs,
    graph: {
      name: whole.name,
      precision: whole.precision,
      tensors,
      operators: operators.map((operator) => ({
        ...operator,
        inputs: operator.inputs.map(place),
        output: place(operator.output),
      })),
      inputs: inputs.map(place),
      outputs: outputs.map(place),
      labels: [],
      provenance: {},
    },
  };
}
