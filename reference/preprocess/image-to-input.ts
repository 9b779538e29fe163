/** An image as the input tensor of a graph (rules X1 to X5). */

import { quantizeValue } from '../arithmetic/quantize-value.ts';
import { elementTypes, type TensorData } from '../graph/element-type.ts';
import type { Graph, Preprocessing } from '../graph/graph.ts';
import { elementCount, zeroPointOf, type GraphTensor } from '../graph/tensor.ts';
import { coveringCuts } from './cover.ts';
import { resize, resizeAndCut, type RgbImage } from './resize.ts';

/**
 * Resizes an image to a graph's input and converts its pixels.
 *
 * @throws {RangeError} for a graph without preprocessing
 */
export function imageToInput(graph: Graph, image: RgbImage): TensorData {
  const input = graph.tensors[graph.inputs[0] ?? -1];
  if (graph.preprocessing === undefined || input === undefined) {
    throw new RangeError(`Expected graph "${graph.name}" to have preprocessing but found none`);
  }
  const [, height = 0, width = 0] = input.shape;
  const resized = resizeToInput(graph.preprocessing, image, width, height);
  return pixelsToInput(graph.preprocessing, input, resized.data);
}

/** The pixels of an image that a network takes: resized, and cut out, as its preprocessing says. */
export function resizeToInput(
  { resize: manner, crop = 1 }: Preprocessing,
  image: RgbImage,
  width: number,
  height: number,
): RgbImage {
  if (manner === 'squash') return resize(image, width, height);
  const { columns, rows } = coveringCuts(image, width, height, crop);
  return resizeAndCut(image, columns, rows);
}

/** Converts RGB pixels, already of the input's height and width. */
export function pixelsToInput(
  preprocessing: Preprocessing,
  input: GraphTensor,
  pixels: Uint8Array,
): TensorData {
  const tables = [0, 1, 2].map((channel) => pixelTable(preprocessing, input, channel));
  const order = preprocessing.channels === 'rgb' ? [0, 1, 2] : [2, 1, 0];
  const data = elementTypes[input.type].allocate(elementCount(input.shape));
  for (let i = 0; i < data.length; i += 3) {
    for (let c = 0; c < 3; c++) {
      data[i + c] = tables[c]?.[pixels[i + (order[c] ?? 0)] ?? 0] ?? NaN;
    }
  }
  return data;
}

/** The input element of each pixel value 0..255 in one channel of the tensor. */
export function pixelTable(
  { mean, std, integer }: Preprocessing,
  input: GraphTensor,
  channel: number,
): readonly number[] {
  const { min, max } = elementTypes[input.type];
  return Array.from({ length: 256 }, (_, x) => {
    if (input.type !== 'float32' && integer !== undefined) {
      return integer.multiplier * x + integer.offset;
    }
    const real = Math.fround((x - (mean[channel] ?? 0)) / (std[channel] ?? 1));
    if (input.type === 'float32') return real;
    const scale = input.quantization?.scales[0] ?? NaN;
    return quantizeValue(real, scale, zeroPointOf(input), min, max);
  });
}
