/** Runs graphs with the fast path and hands out activations. */

import { compileGraph } from '../../fastpath/compile/index.ts';
import { loadProgram, type Elements, type FastPath } from '../../fastpath/runtime/index.ts';
import {
  elementCount,
  pixelsToInput,
  zeroPointOf,
  type Graph,
  type GraphTensor,
  type TensorData,
} from '../../reference/index.ts';
import { bestKernels, kernelsModule } from '../kernels.ts';
import { tensorOf } from './layers.ts';

/** RGB bytes of an image that has the network's height and width. */
export type Pixels = Uint8Array;

/**
 * A graph, ready to run. float32 runs without fused multiply-adds: these differ between machines, and what is decided
 * from activations should not.
 *
 * @throws {UnsupportedError} for a graph that the fast path has no kernels for
 */
export async function load(graph: Graph, intermediates = false): Promise<FastPath> {
  const kernels =
    graph.precision === 'float32' ? kernelsModule('simd') : (await bestKernels()).kernels;
  return loadProgram(compileGraph(graph, { intermediates }), kernels);
}

/** The input elements of an image. @throws {RangeError} for a graph without preprocessing */
export function inputOf(graph: Graph, pixels: Pixels): Elements {
  const input = tensorOf(graph, graph.inputs[0]);
  if (graph.preprocessing === undefined) {
    throw new RangeError(`Expected graph "${graph.name}" to have preprocessing but found none`);
  }
  return pixelsToInput(graph.preprocessing, input, pixels) as Elements;
}

/** The input and every operator's output on an image as real numbers, by index of the tensor. */
export function activations(
  graph: Graph,
  network: FastPath,
  pixels: Pixels,
): ReadonlyMap<number, Float32Array> {
  const input = inputOf(graph, pixels);
  const [first = -1] = graph.inputs;
  const values = new Map([[first, realValues(tensorOf(graph, first), input)]]);
  let position = 0;
  network.runSteps([input], ({ data }) => {
    const index = graph.operators[position++]?.output;
    values.set(index ?? -1, realValues(tensorOf(graph, index), data));
  });
  return values;
}

/** Elements as real numbers, which float32 holds closely enough. */
export function realValues(tensor: GraphTensor, data: TensorData): Float32Array {
  if (data instanceof Float32Array) return data;
  const zeroPoint = zeroPointOf(tensor);
  const [scale = 1] = tensor.quantization?.scales ?? [];
  const values = new Float32Array(data.length);
  for (let i = 0; i < values.length; i++) values[i] = (Number(data[i]) - zeroPoint) * scale;
  return values;
}

/**
 * A network of which the front is finished and the rest is not: keeps, for each image, the last tensor on which all
 * that follows depends, so that only what comes after it is computed again.
 */
export class Prefix {
  readonly #cuts: ReadonlySet<number>;
  #at: number;
  #values: readonly Elements[];

  constructor(graph: Graph, images: readonly Pixels[]) {
    this.#cuts = cutsOf(graph);
    this.#at = graph.inputs[0] ?? -1;
    this.#values = images.map((image) => inputOf(graph, image));
  }

  /**
   * Hands out a tensor for each image in turn. The layers before it may have other constants than at the last call, if
   * that asked for what they take or an earlier tensor.
   */
  async forEach(
    graph: Graph,
    tensor: number,
    visit: (data: Elements, image: number) => void,
  ): Promise<void> {
    const before = graph.operators.slice(0, 1 + producerOf(graph, tensor));
    const cut = before.findLast(({ output }) => this.#cuts.has(output))?.output ?? this.#at;
    const advance = await this.#runner(graph, cut);
    this.#values = this.#values.map(advance);
    this.#at = cut;
    const run = await this.#runner(graph, tensor);
    this.#values.forEach((value, image) => {
      visit(run(value), image);
    });
  }

  async #runner(graph: Graph, tensor: number): Promise<(value: Elements) => Elements> {
    if (tensor === this.#at) return (value) => value;
    const network = await load(segment(graph, this.#at, tensor));
    return (value) => network.run(value)[0] ?? value;
  }
}

/** The operators between two tensors as a graph of its own. */
function segment(graph: Graph, from: number, to: number): Graph {
  const operators = graph.operators.slice(producerOf(graph, from) + 1, producerOf(graph, to) + 1);
  const { name, precision, tensors, provenance } = graph;
  return {
    name,
    precision,
    tensors,
    operators,
    inputs: [from],
    outputs: [to],
    labels: [],
    provenance,
  };
}

/** Position of the operator that writes a tensor; -1 for an input. */
function producerOf(graph: Graph, tensor: number): number {
  return graph.operators.findIndex(({ output }) => output === tensor);
}

/**
 * The tensors without which nothing that follows can be computed, and that suffice for it; of these, those that take no
 * more memory than an image.
 */
function cutsOf(graph: Graph): ReadonlySet<number> {
  const lastUse = new Map<number, number>();
  graph.operators.forEach(({ inputs }, i) => {
    for (const index of inputs) lastUse.set(index, i);
  });
  const [first = -1] = graph.inputs;
  const limit = elementCount(tensorOf(graph, first).shape);
  const cuts = new Set<number>();
  let neededUntil = lastUse.get(first) ?? -1;
  graph.operators.forEach(({ output }, i) => {
    const small = elementCount(tensorOf(graph, output).shape) <= limit;
    if (neededUntil <= i && small) cuts.add(output);
    neededUntil = Math.max(neededUntil, lastUse.get(output) ?? -1);
  });
  return cuts;
}
