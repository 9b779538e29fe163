/** What compression is without photos: every weight to its nearest code, every bias to its unit. */

import { roundHalfAwayFromZero } from '../../reference/arithmetic/rounding.ts';
import { validateGraph, type Graph } from '../../reference/index.ts';
import { entropyBits, numberBits } from './code-length.ts';
import { withConstants, type CompressedGraph } from './compress-graph.ts';
import type { CompressedLayer } from './compress-layer.ts';
import { channelScales, layersOf, realBias, realWeights, tensorOf, type Layer } from './layers.ts';
import { gridScale, indexAbove } from './scale-grid.ts';

/**
 * Rounds an int8 graph's weights to so many bits, sign included: each channel's scale is the smallest of the grid that
 * holds its largest weight, and never finer than the int8 graph's.
 *
 * @param wanted the network to imitate: the graph itself, or the float32 one that it was derived from
 */
export function roundGraphToNearest(base: Graph, wanted: Graph, bits: number): CompressedGraph {
  const wantedLayers = new Map(layersOf(wanted).map((layer) => [layer.operator.name, layer]));
  const layers = new Map<string, CompressedLayer>();
  let graph = base;
  for (const layer of layersOf(base)) {
    const { name } = layer.operator;
    const source = wantedLayers.get(name);
    if (source === undefined) throw new Error(`Expected an operator "${name}" to imitate`);
    const result = roundLayer(base, layer, realWeights(wanted, source), bits);
    layers.set(name, result);
    graph = withConstants(graph, layer, result);
  }
  validateGraph(graph);
  return { graph, layers };
}

function roundLayer(
  base: Graph,
  layer: Layer,
  weights: Float64Array,
  bits: number,
): CompressedLayer {
  const { operator, channels, fanIn } = layer;
  const maxCode = 2 ** (bits - 1) - 1;
  const inputScale = tensorOf(base, operator.inputs[0]).quantization?.scales[0] ?? 1;
  const finest = channelScales(tensorOf(base, operator.inputs[1]), channels);
  const scales = finest.map((least, c) => {
    const row = weights.subarray(c * fanIn, (c + 1) * fanIn);
    const largest = row.reduce((max, weight) => Math.max(max, Math.abs(weight)), 0);
    return gridScale(indexAbove(Math.max(largest / maxCode, least)));
  });
  const codes = weights.map((weight, i) =>
    roundHalfAwayFromZero(weight / (scales[Math.floor(i / fanIn)] ?? 1)),
  );
  // Those of the int8 graph: its first layer's allow for what codes of pixels stand for.
  const bias = realBias(base, layer).map((value, c) =>
    roundHalfAwayFromZero(value / (inputScale * (scales[c] ?? 1))),
  );
  return {
    codes,
    scales,
    bias,
    error: NaN,
    bits: {
      codes: entropyBits(codes),
      scales: entropyBits(scales),
      biases: numberBits(bias),
    },
  };
}
