/** Inputs to run a network on where what it answers matters less than what happens inside: photos, or seeded ones. */

import { mulberry32 } from '../golden/random.ts';
import type { Elements } from '../fastpath/runtime/index.ts';
import {
  elementCount,
  elementTypes,
  imageToInput,
  type Graph,
  type GraphTensor,
  type RgbImage,
} from '../reference/index.ts';
import { elementsOf } from './bench/own.ts';
import { listPhotos } from './evaluation/photos.ts';
import { readImage } from './images/decode.ts';
import { samplePhoto, seededParts } from './images/sample-photo.ts';
import { checkTakesPhotos } from './models.ts';

export interface SampleOptions {
  /** How many; fewer where the folder has fewer photos. */
  readonly count: number;
  /** Folder of photos: `count` of them, evenly spread over the sorted list. */
  readonly photos?: string | undefined;
  readonly onProgress?: (done: number, total: number) => void;
}

export interface Samples {
  /** What they are, for people. */
  readonly description: string;
  /** `inputs[graph][sample]`: an array for each input of the graph. */
  readonly inputs: readonly (readonly (readonly Elements[])[])[];
}

/**
 * The same inputs for each graph: photos, or parts of a photograph that arrives through npm. A first graph that takes no
 * photos gets noise, and the others none.
 *
 * @throws {FileError} for a folder without photos, or one that cannot be read
 * @throws {UsageError} for photos and a graph that takes none
 */
export async function drawSamples(
  graphs: readonly Graph[],
  { count, photos, onProgress }: SampleOptions,
): Promise<Samples> {
  const [first] = graphs;
  if (photos === undefined && (first?.preprocessing === undefined || first.inputs.length !== 1)) {
    return {
      description: plural(count, 'input of seeded noise', 'inputs of seeded noise'),
      inputs: graphs.map((graph) => (graph === first ? noiseInputs(graph, count) : [])),
    };
  }
  for (const graph of graphs) checkTakesPhotos(graph.name, graph);
  const inputs = graphs.map((): (readonly Elements[])[] => []);
  const take = (image: RgbImage): void => {
    graphs.forEach((graph, i) => inputs[i]?.push([elementsOf(imageToInput(graph, image))]));
  };
  if (photos === undefined) {
    for (const part of seededParts(await readImage(samplePhoto()), count)) take(part);
    const description = plural(
      count,
      'seeded part of the sample photograph',
      'seeded parts of the sample photograph',
    );
    return { description, inputs };
  }
  const files = spread(listPhotos(photos), count);
  for (const [done, file] of files.entries()) {
    take(await readImage(file));
    onProgress?.(done + 1, files.length);
  }
  return { description: `${plural(files.length, 'photo', 'photos')} of ${photos}`, inputs };
}

function plural(count: number, one: string, several: string): string {
  return `${String(count)} ${count === 1 ? one : several}`;
}

/** At most `count` items, evenly spaced. */
function spread<T>(items: readonly T[], count: number): readonly T[] {
  if (items.length <= count) return items;
  return items.filter(
    (_, i) => Math.floor(((i + 1) * count) / items.length) > Math.floor((i * count) / items.length),
  );
}

function noiseInputs(graph: Graph, count: number): readonly (readonly Elements[])[] {
  const next = mulberry32(1);
  const tensors = graph.inputs.flatMap((index) => graph.tensors[index] ?? []);
  return Array.from({ length: count }, () => tensors.map((tensor) => noise(tensor, next)));
}

/** Every code of an integer type is equally likely; float32 elements are in [-1, 1). */
function noise({ type, shape }: GraphTensor, next: () => number): Elements {
  const { min, max, allocate } = elementTypes[type];
  const data = elementsOf(allocate(elementCount(shape)));
  for (let i = 0; i < data.length; i++) {
    data[i] = type === 'float32' ? next() / 2 ** 31 - 1 : min + (next() % (max - min + 1));
  }
  return data;
}
