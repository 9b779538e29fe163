/** How well a graph does on images, by the fast path. */

import { elementCount, type Graph } from '../../reference/index.ts';
import { inputOf, load, realValues, type Pixels } from './activations.ts';
import { tensorOf } from './layers.ts';
import { indexOfLargest } from '../evaluation/outputs.ts';

/** The first label that a graph gives each image. */
export async function firstLabels(
  graph: Graph,
  images: readonly Pixels[],
): Promise<readonly number[]> {
  const network = await load(graph);
  const output = tensorOf(graph, graph.outputs[0]);
  return images.map((image) => {
    const [scores = new Float32Array(elementCount(output.shape))] = network.run(
      inputOf(graph, image),
    );
    return indexOfLargest([...realValues(output, scores)]);
  });
}

/** How many of two lists of labels are the same. */
export function countEqual(labels: readonly number[], others: readonly number[]): number {
  return labels.reduce((count, label, i) => count + (label === others[i] ? 1 : 0), 0);
}
