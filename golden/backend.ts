/** What computes a graph and can be held to the golden outputs. */

import {
  elementCount,
  elementTypeOf,
  interpreter,
  type Graph,
  type Tensor,
  type TensorData,
} from '../reference/index.ts';

export interface Backend {
  readonly name: string;
  /** Makes a valid graph ready to run. */
  readonly prepare: (graph: Graph) => Prepared | Promise<Prepared>;
}

export interface Prepared {
  /** Runs the graph on one typed array per input of it, in its order. */
  readonly run: (inputs: readonly TensorData[]) => RunOutput | Promise<RunOutput>;
}

export interface RunOutput {
  /** The graph's outputs, in its order. */
  readonly outputs: readonly Tensor[];
  /**
   * What operators write, by tensor name. Where bits are compared, tensors may be left out; where a bound is, every
   * operator's inputs and output are needed.
   */
  readonly intermediates: ReadonlyMap<string, Tensor>;
}

/** The reference itself: what writes the golden files. */
export const referenceBackend: Backend = {
  name: 'reference',
  prepare: (graph) => {
    const network = interpreter(graph);
    return { run: (inputs) => network.run(inputs, { intermediates: true }) };
  },
};

/**
 * Every tensor that a run tells, by name; what it returns as an output goes before what it reports.
 *
 * @throws {RangeError} for a wrong number of outputs, or a tensor of another type or size than the graph says
 */
export function observedTensors(
  graph: Graph,
  { outputs, intermediates }: RunOutput,
): ReadonlyMap<string, Tensor> {
  if (outputs.length !== graph.outputs.length) {
    throw new RangeError(
      `Expected ${String(graph.outputs.length)} outputs but found ${String(outputs.length)}`,
    );
  }
  const observed = new Map<string, Tensor>();
  for (const tensor of graph.tensors) {
    const position = graph.outputs.findIndex((index) => graph.tensors[index] === tensor);
    const data = (outputs[position] ?? intermediates.get(tensor.name))?.data;
    if (data === undefined) continue;
    const wanted = `${String(elementCount(tensor.shape))} ${tensor.type}`;
    const found = `${String(data.length)} ${String(elementTypeOf(data))}`;
    if (wanted !== found) {
      throw new RangeError(
        `Expected tensor "${tensor.name}" to have ${wanted} elements but found ${found}`,
      );
    }
    observed.set(tensor.name, { ...tensor, data });
  }
  return observed;
}
