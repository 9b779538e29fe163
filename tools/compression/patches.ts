/** Samples of what a layer sees: the inputs under its window, at some of its output positions. */

import { elementCount, type Graph } from '../../reference/index.ts';
import { tensorOf, type Layer } from './layers.ts';

/** Fraction of the golden ratio: multiples of it, modulo 1, lie evenly. */
const GOLDEN = 0.618_033_988_749_894_9;

/** Samples of a layer's covariances: enough for the largest fan-in; a window of one channel takes fewer. */
const SAMPLES = { full: 6400, depthwise: 800 } as const;

/** Samples of a layer: where they lie on each image, and their values. */
export interface Samples {
  /** Output positions by image. */
  readonly positions: readonly Int32Array[];
  /** `[groups][fanIn][samples]`. */
  readonly values: Float32Array;
}

/** Output positions to sample on each of so many images: spread evenly, others on each. */
export function samplePositions(graph: Graph, layer: Layer, images: number): readonly Int32Array[] {
  const { operator, channels, groups } = layer;
  const all = elementCount(tensorOf(graph, operator.output).shape) / channels;
  const wanted = SAMPLES[groups > 1 ? 'depthwise' : 'full'];
  const count = Math.min(all, Math.ceil(wanted / images));
  return Array.from({ length: images }, (_, image) => {
    const shift = count === all ? 0 : (image * GOLDEN) % 1;
    return Int32Array.from({ length: count }, (_unused, i) =>
      Math.floor(((i + shift) * all) / count),
    );
  });
}

/** An empty set of samples. */
export function allocateSamples(layer: Layer, positions: readonly Int32Array[]): Samples {
  const count = positions.reduce((sum, each) => sum + each.length, 0);
  return { positions, values: new Float32Array(layer.groups * layer.fanIn * count) };
}

/** Writes the samples of one image: the inputs under the window at its positions, zeros outside the image. */
export function addSamples(
  graph: Graph,
  { operator, groups, fanIn }: Layer,
  { positions, values }: Samples,
  image: number,
  input: Float32Array,
): void {
  const perImage = positions[0]?.length ?? 0;
  const count = perImage * positions.length;
  const write = (position: number, sample: number): void => {
    if (operator.kind === 'fullyConnected') {
      for (let k = 0; k < fanIn; k++) values[k * count + sample] = input[position * fanIn + k] ?? 0;
      return;
    }
    const [, height = 1, width = 1, channels = 1] = tensorOf(graph, operator.inputs[0]).shape;
    const [, kernelHeight = 1, kernelWidth = 1] = tensorOf(graph, operator.inputs[1]).shape;
    const [, outHeight = 1, outWidth = 1] = tensorOf(graph, operator.output).shape;
    const { stride, padding, dilation } = operator.attributes;
    const groupChannels = channels / groups;
    const [n, pixel] = [
      Math.floor(position / (outHeight * outWidth)),
      position % (outHeight * outWidth),
    ];
    const top = Math.floor(pixel / outWidth) * stride[0] - padding[0];
    const left = (pixel % outWidth) * stride[1] - padding[2];
    for (let tap = 0; tap < kernelHeight * kernelWidth; tap++) {
      const y = top + Math.floor(tap / kernelWidth) * dilation[0];
      const x = left + (tap % kernelWidth) * dilation[1];
      if (y < 0 || y >= height || x < 0 || x >= width) continue;
      const from = ((n * height + y) * width + x) * channels;
      for (let c = 0; c < channels; c++) {
        const row =
          Math.floor(c / groupChannels) * fanIn + tap * groupChannels + (c % groupChannels);
        values[row * count + sample] = input[from + c] ?? 0;
      }
    }
  };
  positions[image]?.forEach((position, p) => {
    write(position, image * perImage + p);
  });
}
