/** What networks compute, for tests of what formats keep. */

import { interpreter, type Graph, type TensorData } from '../../reference/index.ts';

/** The outputs of the reference. */
export function outputsOf(graph: Graph, inputs: readonly TensorData[]): readonly TensorData[] {
  return interpreter(graph)
    .run(inputs)
    .outputs.map(({ data }) => data);
}
