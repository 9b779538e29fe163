/** Small networks and images for tests of compression. */

import {
  imageToInput,
  interpreter,
  mobilenetV2,
  quantizeGraph,
  type Graph,
  type TensorData,
} from '../../../reference/index.ts';
import type { Pixels } from '../activations.ts';
import { random } from './cases.ts';

export const SIDE = 32;

export const float32: Graph = mobilenetV2({
  width: 0.1,
  resolution: SIDE,
  classes: 3,
  labels: ['a', 'b', 'c'],
});

/** Images of a few random rectangles. */
export function randomImages(count: number, seed: number): readonly Pixels[] {
  const next = random(seed);
  const below = (limit: number): number => Math.floor(next() * limit);
  return Array.from({ length: count }, () => {
    const image = new Uint8Array(3 * SIDE * SIDE).fill(below(256));
    for (let shape = 0; shape < 6; shape++) {
      const [x0, y0, c, value] = [below(SIDE), below(SIDE), below(3), below(256)];
      for (let y = y0; y < SIDE; y++) {
        for (let x = x0; x < SIDE; x++) image[3 * (y * SIDE + x) + c] = value;
      }
    }
    return image;
  });
}

export function inputFor(graph: Graph, image: Pixels): TensorData {
  return imageToInput(graph, { width: SIDE, height: SIDE, data: image });
}

/** int8 with the ranges of the images. */
export function int8Of(graph: Graph, images: readonly Pixels[]): Graph {
  const ranges: Record<string, [number, number]> = {};
  const network = interpreter(graph);
  for (const image of images) {
    const { intermediates } = network.run([inputFor(graph, image)], { intermediates: true });
    for (const [name, { data }] of intermediates) {
      const range = (ranges[name] ??= [0, 0]);
      for (const value of data) {
        range[0] = Math.min(range[0], Number(value));
        range[1] = Math.max(range[1], Number(value));
      }
    }
  }
  return quantizeGraph(graph, { ranges }, { precision: 'int8' });
}
