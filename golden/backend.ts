/** What computes a graph and can be held to the golden outputs. */

import { UnsupportedError } from '../fastpath/compile/errors.ts';
import {
  elementCount,
  elementTypeOf,
  interpreter,
  type Graph,
  type PrecisionName,
  type Tensor,
  type TensorData,
} from '../reference/index.ts';

export interface Backend {
  readonly name: string;
  /** What it computes in; nothing else is asked of it. Absent: all. */
  readonly precisions?: readonly PrecisionName[];
  /**
   * Makes a valid graph ready to run.
   *
   * @throws {UnsupportedError} (by name: any error that is called so) for a graph beyond its limits, and which these are
   */
  readonly prepare: (graph: Graph) => Prepared | Promise<Prepared>;
}

export interface Prepared {
  /** Runs the graph on one typed array per input of it, in its order. */
  readonly run: (inputs: readonly TensorData[]) => RunOutput | Promise<RunOutput>;
  /** Gives back memory that no collector sees. What `run` returned stays as it is. */
  readonly release?: () => void | Promise<void>;
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
 * Runs a graph once, on one typed array per input of it.
 *
 * @throws {UnsupportedError} for a graph of another precision than the back end computes in
 */
export async function runGraph(
  { precisions, prepare }: Backend,
  graph: Graph,
  inputs: readonly TensorData[],
): Promise<RunOutput> {
  if (precisions?.includes(graph.precision) === false) {
    throw new UnsupportedError(
      `Expected precision ${precisions.join(' or ')} but found ${graph.precision}`,
    );
  }
  const prepared = await prepare(graph);
  try {
    return await prepared.run(inputs);
  } finally {
    await prepared.release?.();
  }
}

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
