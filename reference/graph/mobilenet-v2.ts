/**
 * The MobileNetV2 family as float32 graphs (Sandler et al., "MobileNetV2: Inverted Residuals and Linear Bottlenecks",
 * CVPR 2018, table 2), for any width multiplier, resolution and number of classes.
 */

import { elementCount, type GraphTensor, type Shape } from './tensor.ts';
import type { Graph, Preprocessing } from './graph.ts';
import type { Operator, Pair, Padding } from './operator.ts';
import { inferShape } from '../validate/shapes.ts';
import { samePadding } from '../operators/window.ts';

export interface MobileNetV2Options {
  /** Width multiplier, greater than 0. Default 1. */
  readonly width?: number;
  /** Height and width of the input in pixels. Default 224. */
  readonly resolution?: number;
  /** Default 1000. */
  readonly classes?: number;
  /** TensorFlow's SAME, which pads a stride-2 window on an even size by (0, 1), or PyTorch's (1, 1). Default same. */
  readonly padding?: 'same' | 'symmetric';
  /** One name per class; none by default. */
  readonly labels?: readonly string[];
  /** The constants, by tensor name; by default noise of a scale that keeps activations in range (`seed`). */
  readonly weights?: (name: string, shape: Shape) => Float32Array;
  readonly seed?: number;
}

/** Expansion factor, output channels at width 1, repetitions and first stride of each stage. */
const STAGES: readonly (readonly [
  expansion: number,
  channels: number,
  repeats: number,
  stride: number,
])[] = [
  [1, 16, 1, 1],
  [6, 24, 2, 2],
  [6, 32, 3, 2],
  [6, 64, 4, 2],
  [6, 96, 3, 1],
  [6, 160, 3, 2],
  [6, 320, 1, 1],
];
const STEM_CHANNELS = 32;
const HEAD_CHANNELS = 1280;

/** The two embedded models' rule: RGB, squashed, x / 127.5 - 1. */
export const DEFAULT_PREPROCESSING: Preprocessing = {
  resize: 'squash',
  channels: 'rgb',
  mean: [127.5, 127.5, 127.5],
  std: [127.5, 127.5, 127.5],
};

/**
 * The multiple of `divisor` nearest to `value`, never below 90 % of it. Source: `_make_divisible` of
 * tensorflow/models research/slim/nets/mobilenet.
 */
export function makeDivisible(value: number, divisor = 8): number {
  const nearest = Math.max(divisor, Math.floor((value + divisor / 2) / divisor) * divisor);
  return nearest < 0.9 * value ? nearest + divisor : nearest;
}

/**
 * A MobileNetV2 classifier: stem, inverted residual blocks, head, global average pool, classifier, softmax.
 *
 * @throws {RangeError} for a width, resolution or class count that is no network
 */
export function mobilenetV2(options: MobileNetV2Options = {}): Graph {
  const { width = 1, resolution = 224, classes = 1000, padding = 'same', labels = [] } = options;
  if (!(width > 0 && width <= 8)) {
    throw new RangeError(`Expected width to be in (0, 8] but found ${String(width)}`);
  }
  for (const [name, value] of [
    ['resolution', resolution],
    ['classes', classes],
  ] as const) {
    if (!Number.isInteger(value) || value < 1 || value > 4096) {
      throw new RangeError(
        `Expected ${name} to be an integer in [1, 4096] but found ${String(value)}`,
      );
    }
  }
  const builder = new Builder(padding, options.weights ?? noise(options.seed ?? 1));
  let x = builder.input([1, resolution, resolution, 3]);
  x = builder.conv('stem', x, makeDivisible(STEM_CHANNELS * width), 3, 2, 'relu6');
  let block = 0;
  for (const [expansion, channels, repeats, stride] of STAGES) {
    for (let repeat = 0; repeat < repeats; repeat++) {
      const out = makeDivisible(channels * width);
      const step = repeat === 0 ? stride : 1;
      x = builder.block(`block_${String(block++)}`, x, expansion, out, step);
    }
  }
  x = builder.conv('head', x, makeDivisible(HEAD_CHANNELS * Math.max(1, width)), 1, 1, 'relu6');
  x = builder.classifier(x, classes);
  return {
    name: `mobilenet_v2 width ${String(width)} ${String(resolution)}x${String(resolution)}`,
    precision: 'float32',
    tensors: builder.tensors,
    operators: builder.operators,
    inputs: [0],
    outputs: [x],
    labels,
    preprocessing: DEFAULT_PREPROCESSING,
    provenance: { builder: `mobilenetV2, padding ${padding}` },
  };
}

class Builder {
  readonly tensors: GraphTensor[] = [];
  readonly operators: Operator[] = [];
  readonly #padding: 'same' | 'symmetric';
  readonly #weights: (name: string, shape: Shape) => Float32Array;

  constructor(
    padding: 'same' | 'symmetric',
    weights: (name: string, shape: Shape) => Float32Array,
  ) {
    this.#padding = padding;
    this.#weights = weights;
  }

  input(shape: Shape): number {
    return this.#tensor({ name: 'image', type: 'float32', shape });
  }

  conv(
    name: string,
    x: number,
    channels: number,
    size: number,
    stride: number,
    activation: 'none' | 'relu6',
  ): number {
    const weights = this.#constant(`${name}/weights`, [
      channels,
      size,
      size,
      this.#shape(x)[3] ?? 0,
    ]);
    const bias = this.#constant(`${name}/bias`, [channels]);
    return this.#operator({
      kind: 'conv2d',
      name,
      inputs: [x, weights, bias],
      attributes: { ...this.#window(x, size, stride), groups: 1, activation },
    });
  }

  /** Expand, depthwise, project; the input is added where the shapes allow it. */
  block(name: string, x: number, expansion: number, channels: number, stride: number): number {
    const inChannels = this.#shape(x)[3] ?? 0;
    const wide =
      expansion === 1 ? x : this.conv(`${name}/expand`, x, inChannels * expansion, 1, 1, 'relu6');
    const filtered = this.#depthwise(`${name}/depthwise`, wide, stride);
    const narrow = this.conv(`${name}/project`, filtered, channels, 1, 1, 'none');
    if (stride !== 1 || inChannels !== channels) return narrow;
    return this.#operator({
      kind: 'add',
      name: `${name}/add`,
      inputs: [x, narrow],
      attributes: { activation: 'none' },
    });
  }

  classifier(x: number, classes: number): number {
    const [, height = 1, width = 1, channels = 1] = this.#shape(x);
    const pooled = this.#operator({
      kind: 'averagePool',
      name: 'pool',
      inputs: [x],
      attributes: {
        size: [height, width],
        stride: [1, 1],
        padding: [0, 0, 0, 0],
        activation: 'none',
      },
    });
    const flat = this.#operator({
      kind: 'reshape',
      name: 'flatten',
      inputs: [pooled],
      attributes: { shape: [1, channels] },
    });
    const weights = this.#constant('classifier/weights', [classes, channels]);
    const bias = this.#constant('classifier/bias', [classes]);
    const logits = this.#operator({
      kind: 'fullyConnected',
      name: 'classifier',
      inputs: [flat, weights, bias],
      attributes: { activation: 'none' },
    });
    return this.#operator({
      kind: 'softmax',
      name: 'probabilities',
      inputs: [logits],
      attributes: { beta: 1 },
    });
  }

  #depthwise(name: string, x: number, stride: number): number {
    const channels = this.#shape(x)[3] ?? 0;
    const weights = this.#constant(`${name}/weights`, [1, 3, 3, channels]);
    const bias = this.#constant(`${name}/bias`, [channels]);
    return this.#operator({
      kind: 'depthwiseConv2d',
      name,
      inputs: [x, weights, bias],
      attributes: { ...this.#window(x, 3, stride), activation: 'relu6' },
    });
  }

  #window(
    x: number,
    size: number,
    stride: number,
  ): { stride: Pair; dilation: Pair; padding: Padding } {
    const [, height = 0, width = 0] = this.#shape(x);
    const half = (size - 1) / 2;
    return {
      stride: [stride, stride],
      dilation: [1, 1],
      padding:
        this.#padding === 'same'
          ? samePadding([height, width], [size, size], [stride, stride], [1, 1])
          : [half, half, half, half],
    };
  }

  #shape(index: number): Shape {
    return this.tensors[index]?.shape ?? [];
  }

  #tensor(tensor: GraphTensor): number {
    return this.tensors.push(tensor) - 1;
  }

  #constant(name: string, shape: Shape): number {
    return this.#tensor({ name, type: 'float32', shape, data: this.#weights(name, shape) });
  }

  #operator(operator: Omit<Operator, 'output'>): number {
    const complete = { ...operator, output: this.tensors.length } as Operator;
    const shape = inferShape(
      complete,
      operator.inputs.map((index) => this.#shape(index)),
    );
    this.operators.push(complete);
    return this.#tensor({ name: operator.name, type: 'float32', shape });
  }
}

/**
 * Deterministic noise: uniform weights of variance 2 / fan-in (He et al. 2015), small biases. The generator is
 * mulberry32, which needs 32-bit integers only.
 */
function noise(seed: number): (name: string, shape: Shape) => Float32Array {
  let state = seed >>> 0;
  const uniform = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 31 - 1;
  };
  return (_name, shape) => {
    const fanIn =
      shape.length === 1 ? 600 : shape[0] === 1 ? 9 : elementCount(shape) / (shape[0] ?? 1);
    const amplitude = Math.sqrt(6 / fanIn);
    return Float32Array.from({ length: elementCount(shape) }, () => uniform() * amplitude);
  };
}
