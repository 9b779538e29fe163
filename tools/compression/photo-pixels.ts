/** Photos as a network sees them. */

import { resizeToInput, type Graph } from '../../reference/index.ts';
import { readImage } from '../images/decode.ts';
import type { Pixels } from './activations.ts';
import { tensorOf } from './layers.ts';

/**
 * The pixels of photos, resized to a graph's input.
 *
 * @throws {FileError} for a photo that cannot be read
 */
export async function readPixels(
  graph: Graph,
  paths: readonly string[],
  onProgress: (done: number, total: number) => void,
): Promise<readonly Pixels[]> {
  const { preprocessing } = graph;
  const [, height = 0, width = 0] = tensorOf(graph, graph.inputs[0]).shape;
  if (preprocessing === undefined) {
    throw new RangeError(`Expected graph "${graph.name}" to have preprocessing but found none`);
  }
  const pixels: Pixels[] = [];
  for (const [i, path] of paths.entries()) {
    onProgress(i, paths.length);
    pixels.push(resizeToInput(preprocessing, await readImage(path), width, height).data);
  }
  return pixels;
}
