/** How many bytes a model takes. */

import type { Graph } from '../../reference/index.ts';
import type { CompressedLayer } from './compress-layer.ts';
import { layersOf } from './layers.ts';

/** For what a container holds besides codes, scales and biases: shapes, steps, description. */
const FRAME_BYTES = 2048;

/** Bytes of a layer: the entropy of its codes, its scales and its biases. */
export function layerBytes({ bits }: CompressedLayer): number {
  return (bits.codes + bits.scales + bits.biases) / 8;
}

/** Bytes that a model takes to deploy, besides the kernels that all share. */
export function deployedBytes(graph: Graph, layers: ReadonlyMap<string, CompressedLayer>): number {
  const texts = graph.labels.reduce((sum, label) => sum + label.length + 3, 0);
  let bytes = FRAME_BYTES + texts;
  for (const layer of layers.values()) bytes += layerBytes(layer);
  return Math.ceil(bytes);
}

/** Bytes of a graph's weights and biases in float32. */
export function float32Bytes(graph: Graph): number {
  return layersOf(graph).reduce((sum, { channels, fanIn }) => sum + 4 * channels * (fanIn + 1), 0);
}

/** Bytes of a graph's constants as they stand, scales included. */
export function plainBytes(graph: Graph): number {
  return graph.tensors.reduce(
    (sum, { data, quantization }) =>
      data === undefined ? sum : sum + data.byteLength + 4 * (quantization?.scales.length ?? 0),
    0,
  );
}
