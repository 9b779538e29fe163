/** How many bytes a model takes. */

import { encodeContainer } from '../../fastpath/container/index.ts';
import type { Graph } from '../../reference/index.ts';
import type { CompressedLayer } from './compress-layer.ts';
import { layersOf } from './layers.ts';

/** Bytes of a layer: the entropy of its codes, its scales and its biases. */
export function layerBytes({ bits }: CompressedLayer): number {
  return (bits.codes + bits.scales + bits.biases) / 8;
}

/** Bytes that a model takes to deploy, besides the kernels that all share: its container. */
export function deployedBytes(graph: Graph): number {
  return encodeContainer(graph).sizes.bytes;
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
