/**
 * A graph with compressed weights, layer by layer from the first: each layer is fitted to what the float32 network
 * computes, on the inputs that the layers before it give once they are compressed, so that it makes up for them too.
 */

import {
  multiplyAccumulates,
  validateGraph,
  type Graph,
  type GraphTensor,
} from '../../reference/index.ts';
import { activations, load, Prefix, realValues, type Pixels } from './activations.ts';
import { compressLayer, type CompressedLayer } from './compress-layer.ts';
import {
  channelScales,
  fromRows,
  layersOf,
  realBias,
  realWeights,
  tensorOf,
  type Layer,
} from './layers.ts';
import { momentsOf } from './moments.ts';
import { addSamples, allocateSamples, samplePositions, type Samples } from './patches.ts';
import { sensitivities } from './sensitivity.ts';
import type { Rule } from './steps.ts';

/** Called with the done part of some work. */
export type OnProgress = (done: number, total: number) => void;

/** The network to imitate, and what it does on images. */
export interface Observation {
  readonly images: readonly Pixels[];
  /** By name of the layer's operator. */
  readonly layers: ReadonlyMap<string, ObservedLayer>;
}

interface ObservedLayer {
  readonly weights: Float64Array;
  readonly bias: Float64Array;
  readonly samples: Samples;
  readonly sensitivity: Float64Array;
}

/** Multiply-accumulates spent on the runs whose derivatives are taken. */
const SENSITIVITY_WORK = 3e10;

/** Runs a network on images and keeps what its layers take there. */
export async function observe(
  graph: Graph,
  images: readonly Pixels[],
  onProgress: OnProgress,
): Promise<Observation> {
  const stride = Math.ceil((images.length * workOf(graph)) / SENSITIVITY_WORK);
  const some = images.filter((_, i) => i % stride === 0);
  const total = some.length + images.length;
  const sensitivity = await sensitivities(graph, some, (done) => {
    onProgress(done, total);
  });
  const network = await load(graph, true);
  const layers = layersOf(graph).map((layer) => ({
    layer,
    samples: allocateSamples(layer, samplePositions(graph, layer, images.length)),
  }));
  for (const [i, image] of images.entries()) {
    const values = activations(graph, network, image);
    for (const { layer, samples } of layers) {
      const input = values.get(layer.operator.inputs[0] ?? -1) ?? new Float32Array(0);
      addSamples(graph, layer, samples, i, input);
    }
    onProgress(some.length + i + 1, total);
  }
  return {
    images,
    layers: new Map(
      layers.map(({ layer, samples }) => [
        layer.operator.name,
        {
          weights: realWeights(graph, layer),
          bias: realBias(graph, layer),
          samples,
          sensitivity:
            sensitivity.get(layer.operator.name) ?? new Float64Array(layer.channels).fill(1),
        },
      ]),
    ),
  };
}

function workOf(graph: Graph): number {
  return graph.operators.reduce((sum, each) => sum + multiplyAccumulates(graph, each), 0);
}

export interface CompressedGraph {
  readonly graph: Graph;
  /** By name of operator, in the graph's order. */
  readonly layers: ReadonlyMap<string, CompressedLayer>;
}

/**
 * Compresses an int8 graph.
 *
 * @param observation of the network to imitate: the graph's own, or the float32 one that it was derived from
 * @param rule for all layers, or for each
 */
export async function compressGraph(
  base: Graph,
  observation: Observation,
  rule: Rule | ((layer: string) => Rule),
  onProgress: OnProgress,
): Promise<CompressedGraph> {
  const layers = layersOf(base);
  const prefix = new Prefix(base, observation.images);
  const results = new Map<string, CompressedLayer>();
  let graph = base;
  for (const [i, layer] of layers.entries()) {
    const { name } = layer.operator;
    const observed = observation.layers.get(name);
    if (observed === undefined) throw new Error(`Expected an observation of operator "${name}"`);
    const result = await compressOne(
      graph,
      layer,
      observed,
      prefix,
      typeof rule === 'function' ? rule(name) : rule,
    );
    results.set(name, result);
    graph = withConstants(graph, layer, result);
    onProgress(i + 1, layers.length);
  }
  validateGraph(graph);
  return { graph, layers: results };
}

async function compressOne(
  graph: Graph,
  layer: Layer,
  { weights, bias, samples, sensitivity }: ObservedLayer,
  prefix: Prefix,
  rule: Rule,
): Promise<CompressedLayer> {
  const { operator, channels, groups, fanIn } = layer;
  const [inputIndex = -1, weightsIndex] = operator.inputs;
  const input = tensorOf(graph, inputIndex);
  const own = allocateSamples(layer, samples.positions);
  await prefix.forEach(graph, inputIndex, (data, image) => {
    addSamples(graph, layer, own, image, realValues(input, data));
  });
  const size = own.values.length / groups;
  const moments = [];
  for (let g = 0; g < groups; g++) {
    const [start, end] = [g * size, (g + 1) * size];
    moments.push(
      await momentsOf(samples.values.subarray(start, end), own.values.subarray(start, end), fanIn),
    );
  }
  const scaleOf = (tensor: GraphTensor): number => tensor.quantization?.scales[0] ?? 1;
  return compressLayer(
    {
      channels,
      fanIn,
      weights,
      bias,
      moments,
      sensitivity,
      scales: channelScales(tensorOf(graph, weightsIndex), channels),
      inputScale: scaleOf(input),
      outputScale: scaleOf(tensorOf(graph, operator.output)),
    },
    rule,
  );
}

/** The graph with a layer's codes, scales and biases. */
export function withConstants(
  graph: Graph,
  layer: Layer,
  { codes, scales, bias }: Pick<CompressedLayer, 'codes' | 'scales' | 'bias'>,
): Graph {
  const { operator, channels } = layer;
  const [input = -1, weightsIndex = -1, biasIndex] = operator.inputs;
  const inputScale = tensorOf(graph, input).quantization?.scales[0] ?? 1;
  const tensors = [...graph.tensors];
  const put = (index: number | undefined, tensor: GraphTensor): number => {
    const shared =
      index === undefined ||
      graph.operators.some((other) => other.name !== operator.name && other.inputs.includes(index));
    if (!shared) {
      tensors[index] = tensor;
      return index;
    }
    let { name } = tensor;
    while (tensors.some((other) => other.name === name)) name += "'";
    return tensors.push({ ...tensor, name }) - 1;
  };
  const weights = put(weightsIndex, {
    ...tensorOf(graph, weightsIndex),
    quantization: { scales: [...scales], zeroPoint: 0 },
    data: Int8Array.from(fromRows(codes, layer)),
  });
  const biases = put(biasIndex, {
    name: biasIndex === undefined ? `${operator.name}/bias` : tensorOf(graph, biasIndex).name,
    type: 'int32',
    shape: [channels],
    quantization: {
      scales: Array.from(scales, (scale) => Math.fround(inputScale * scale)),
      zeroPoint: 0,
    },
    data: Int32Array.from(bias),
  });
  return {
    ...graph,
    tensors,
    operators: graph.operators.map((other) =>
      other.name === operator.name ? { ...other, inputs: [input, weights, biases] } : other,
    ),
  };
}
