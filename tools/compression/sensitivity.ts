/**
 * How much a network's result changes with the output of each channel: mean squares of derivatives, by
 * backpropagation of random combinations of the logits (the diagonal of the Gauss-Newton matrix; Hutchinson,
 * "A stochastic estimator of the trace", 1990).
 */

import { elementCount, type Graph, type Operator } from '../../reference/index.ts';
import { activations, load, type Pixels } from './activations.ts';
import { layersOf, realWeights, tensorOf, type Layer } from './layers.ts';
import { multiplier } from './product.ts';

/** A deterministic source of signs: xorshift of 32 bits (Marsaglia, 2003). */
class Signs {
  #state = 0x9e3779b9;

  next(): number {
    this.#state ^= this.#state << 13;
    this.#state ^= this.#state >>> 17;
    this.#state ^= this.#state << 5;
    return this.#state < 0 ? -1 : 1;
  }
}

/**
 * By name of operator: for each channel, the mean over images of the summed squares of the derivatives of the result
 * with respect to the channel's sums, before the activation.
 *
 * @throws {UnsupportedError} for a graph that the fast path has no kernels for
 */
export async function sensitivities(
  graph: Graph,
  images: readonly Pixels[],
  onImage?: (done: number) => void,
): Promise<ReadonlyMap<string, Float64Array>> {
  const network = await load(graph, true);
  const all = layersOf(graph);
  const spreads = new Map<number, Spread>();
  for (const layer of all) spreads.set(layer.operator.output, await spreadOf(graph, layer));
  const sums = new Map(
    all.map(({ operator, channels }) => [operator.name, new Float64Array(channels)]),
  );
  const signs = new Signs();
  const logits = logitsOf(graph);
  for (const [i, pixels] of images.entries()) {
    const values = activations(graph, network, pixels);
    const gradients = new Map([[logits, randomDirection(values.get(logits)?.length ?? 0, signs)]]);
    for (const operator of graph.operators.toReversed()) {
      const gradient = gradients.get(operator.output);
      if (gradient === undefined) continue;
      gradients.delete(operator.output);
      mask(operator, values.get(operator.output), gradient);
      const spread = spreads.get(operator.output);
      if (spread !== undefined) addSquares(gradient, sums.get(operator.name));
      if (graph.inputs.includes(operator.inputs[0] ?? -1)) continue;
      const input = inputGradient(graph, operator, gradient, spread);
      for (const index of operator.inputs.slice(0, operator.kind === 'add' ? 2 : 1)) {
        const known = gradients.get(index);
        if (known === undefined) gradients.set(index, input.slice());
        else for (let k = 0; k < known.length; k++) known[k] = (known[k] ?? 0) + (input[k] ?? 0);
      }
    }
    onImage?.(i + 1);
  }
  for (const sum of sums.values()) {
    for (let c = 0; c < sum.length; c++) sum[c] = (sum[c] ?? 0) / images.length;
  }
  return sums;
}

/** What a last softmax takes, or the output where there is none. */
export function logitsOf(graph: Graph): number {
  const [output = -1] = graph.outputs;
  const last = graph.operators.findLast((operator) => operator.output === output);
  return last?.kind === 'softmax' ? (last.inputs[0] ?? output) : output;
}

/** Random signs, not all the same, less their mean: what all logits have in common changes no probability. */
function randomDirection(length: number, signs: Signs): Float32Array {
  const direction = Float32Array.from({ length }, () => signs.next());
  const sum = direction.reduce((total, value) => total + value, 0);
  const [first = 1] = direction;
  if (Math.abs(sum) === length) direction[0] = -first;
  const mean = direction.reduce((total, value) => total + value, 0) / length;
  return length === 1 ? direction : direction.map((value) => value - mean);
}

/** Where the activation holds the output at a limit, nothing passes. */
function mask(operator: Operator, output: Float32Array | undefined, gradient: Float32Array): void {
  const { kind } = operator;
  const activation =
    kind === 'relu' || kind === 'relu6'
      ? kind
      : 'activation' in operator.attributes
        ? operator.attributes.activation
        : 'none';
  if (activation === 'none' || output === undefined) return;
  const limit = activation === 'relu6' ? 6 : Infinity;
  for (let i = 0; i < gradient.length; i++) {
    const value = output[i] ?? 0;
    if (value <= 0 || value >= limit) gradient[i] = 0;
  }
}

function addSquares(gradient: Float32Array, sums = new Float64Array(1)): void {
  for (let at = 0; at < gradient.length; at += sums.length) {
    for (let c = 0; c < sums.length; c++) {
      sums[c] = (sums[c] ?? 0) + (gradient[at + c] ?? 0) ** 2;
    }
  }
}

/** Adds the derivative with respect to a layer's input, from that with respect to its sums. */
type Spread = (gradient: Float32Array, result: Float32Array) => void;

/** A layer that is a product of matrices takes a kernel for it, any other takes loops. */
async function spreadOf(graph: Graph, layer: Layer): Promise<Spread> {
  const { operator, channels, groups, fanIn } = layer;
  const weights = Float32Array.from(realWeights(graph, layer));
  const rows = elementCount(tensorOf(graph, operator.output).shape) / channels;
  const inputs = elementCount(tensorOf(graph, operator.inputs[0]).shape);
  if (groups > 1 || inputs !== rows * fanIn) {
    return (gradient, result) => {
      spreadByLoops(graph, layer, weights, gradient, result);
    };
  }
  const transposed = weights.map(
    (_, i) => weights[(i % channels) * fanIn + Math.floor(i / channels)] ?? 0,
  );
  const multiply = await multiplier(transposed, channels, rows);
  return (gradient, result) => {
    result.set(multiply(gradient));
  };
}

/** The derivative with respect to an operator's inputs, from that with respect to its output. */
function inputGradient(
  graph: Graph,
  operator: Operator,
  gradient: Float32Array,
  spread: Spread | undefined,
): Float32Array {
  const { shape } = tensorOf(graph, operator.inputs[0]);
  const result = new Float32Array(elementCount(shape));
  switch (operator.kind) {
    case 'fullyConnected':
    case 'conv2d':
    case 'depthwiseConv2d':
      spread?.(gradient, result);
      return result;
    case 'averagePool':
    case 'mean': {
      // Over the whole image in this family of networks; an estimate elsewhere.
      const channels = shape.at(-1) ?? 1;
      const share = gradient.length / result.length;
      return result.map((_, i) => (gradient[i % channels] ?? 0) * share);
    }
    default:
      return gradient.length === result.length ? gradient : result;
  }
}

/** Adds each output's derivative, times its weights `[channels][fanIn]`, to the inputs under its window. */
function spreadByLoops(
  graph: Graph,
  { operator, channels, groups, fanIn }: Layer,
  weights: Float32Array,
  gradient: Float32Array,
  result: Float32Array,
): void {
  if (operator.kind === 'fullyConnected') return;
  const [, height = 1, width = 1, inChannels = 1] = tensorOf(graph, operator.inputs[0]).shape;
  const [, kernelHeight = 1, kernelWidth = 1] = tensorOf(graph, operator.inputs[1]).shape;
  const [, outHeight = 1, outWidth = 1] = tensorOf(graph, operator.output).shape;
  const { stride, padding, dilation } = operator.attributes;
  const groupInputs = inChannels / groups;
  const groupOutputs = channels / groups;
  const oneByOne = groups === channels && groups === inChannels;
  const byTap = weights.map(
    (_, i) => weights[(i % channels) * fanIn + Math.floor(i / channels)] ?? 0,
  );
  for (let position = 0; position * channels < gradient.length; position++) {
    const from = gradient.subarray(position * channels, (position + 1) * channels);
    const pixel = position % (outHeight * outWidth);
    const image = (position - pixel) / (outHeight * outWidth);
    const top = Math.floor(pixel / outWidth) * stride[0] - padding[0];
    const left = (pixel % outWidth) * stride[1] - padding[2];
    for (let tap = 0; tap < kernelHeight * kernelWidth; tap++) {
      const y = top + Math.floor(tap / kernelWidth) * dilation[0];
      const x = left + (tap % kernelWidth) * dilation[1];
      if (y < 0 || y >= height || x < 0 || x >= width) continue;
      const to = ((image * height + y) * width + x) * inChannels;
      if (oneByOne) {
        for (let c = 0; c < channels; c++) {
          result[to + c] =
            (result[to + c] ?? 0) + (from[c] ?? 0) * (byTap[tap * channels + c] ?? 0);
        }
        continue;
      }
      for (let c = 0; c < channels; c++) {
        const value = from[c] ?? 0;
        if (value === 0) continue;
        const first = c * fanIn + tap * groupInputs;
        const at = to + Math.floor(c / groupOutputs) * groupInputs;
        for (let k = 0; k < groupInputs; k++) {
          result[at + k] = (result[at + k] ?? 0) + value * (weights[first + k] ?? 0);
        }
      }
    }
  }
}
