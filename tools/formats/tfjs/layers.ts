/**
 * TensorFlow.js layers models (Keras networks in JSON; github tensorflow/tfjs, tfjs-layers/src/layers) as the nodes of a
 * graph model: each layer as the operators that it consists of.
 */

import * as z from 'zod';
import { FileError, issueOf } from '../../errors.ts';
import type { TfjsAttributes, TfjsStoredNode } from './contents.ts';
import type { Weight } from './weights.ts';

const MAX_LAYERS = 2000;

const layer = z.object({
  class_name: z.string().max(100),
  name: z.string().max(1000).optional(),
  config: z.record(z.string(), z.unknown()),
  inbound_nodes: z.unknown(),
});
const layerList = z
  .array(z.unknown())
  .max(MAX_LAYERS, 'expected fewer layers')
  .pipe(z.array(layer));
/** `[name, call, output]` of each. */
const ends = z
  .array(z.tuple([z.string().max(1000), z.literal(0), z.literal(0)]))
  .max(8)
  .optional();
const network = z.object({
  model_config: z.object({
    class_name: z.string().max(100),
    config: z.union([layerList, z.object({ layers: layerList, output_layers: ends })]),
  }),
});
/** One call of a layer: the layers that it reads, each `[name, call, output, arguments]`. */
const inbound = z.union([
  z.tuple([]),
  z.tuple([z.array(z.tuple([z.string(), z.literal(0), z.literal(0)]).rest(z.unknown())).max(8)]),
]);

type Layer = z.infer<typeof layer>;

export interface LayersNodes {
  readonly nodes: readonly (TfjsStoredNode & { readonly source: number })[];
  /** The model's own weights, and the integers that its layers' configurations say. */
  readonly weights: ReadonlyMap<string, Weight>;
  readonly outputs: readonly string[];
}

/** @throws {FileError} naming the layer that no MobileNetV2 classifier has */
export function layersToNodes(
  file: string,
  topology: unknown,
  weights: ReadonlyMap<string, Weight>,
): LayersNodes {
  const parsed = network.safeParse(topology);
  if (!parsed.success) {
    throw new FileError(file, `Expected a TensorFlow.js model. ${issueOf(parsed.error)}`);
  }
  const { class_name: kind, config } = parsed.data.model_config;
  const { layers, output_layers: outputs } = Array.isArray(config)
    ? { layers: config, output_layers: undefined }
    : config;
  const writer = new Writer(file, weights);
  let previous = '';
  layers.forEach((each, source) => {
    const reader = new LayerReader(file, each, source);
    const inputs = kind === 'Sequential' ? [previous].filter((name) => name !== '') : reader.inputs;
    if (source === 0 && kind === 'Sequential' && each.class_name !== 'InputLayer') {
      const input = `${reader.name}/input`;
      writer.node(source, 'Placeholder', input, [], { shape: reader.shape() });
      inputs.push(input);
    }
    writer.layer(reader, inputs);
    previous = reader.name;
  });
  const { nodes, weights: all } = writer;
  return { nodes, weights: all, outputs: (outputs ?? []).map(([name]) => name) };
}

class LayerReader {
  readonly name: string;
  readonly kind: string;
  readonly source: number;
  readonly #file: string;
  readonly #layer: Layer;

  constructor(file: string, of: Layer, source: number) {
    const given = of.config['name'];
    this.name = of.name ?? (typeof given === 'string' ? given.slice(0, 1000) : '');
    this.kind = of.class_name;
    this.source = source;
    this.#file = file;
    this.#layer = of;
    if (/\p{Cc}/u.test(`${this.name}${this.kind}`) || this.name === '') {
      throw new FileError(
        file,
        `Layer ${String(source)}: Expected a name without control characters`,
      );
    }
  }

  error(text: string): FileError {
    return new FileError(this.#file, `Layer "${this.name}" (${this.kind}): ${text}`);
  }

  get inputs(): string[] {
    const parsed = inbound.safeParse(this.#layer.inbound_nodes);
    if (!parsed.success) throw this.error('Expected to be called once, with the outputs of layers');
    return (parsed.data[0] ?? []).map(([name]) => name);
  }

  /** A setting of the configuration, of which `otherwise` is the default. */
  get(key: string, otherwise?: unknown): unknown {
    return this.#layer.config[key] ?? otherwise;
  }

  require(key: string, ...wanted: readonly unknown[]): void {
    const found = this.get(key, wanted[0]);
    if (!wanted.some((value) => JSON.stringify(value) === JSON.stringify(found))) {
      throw this.error(
        `Expected ${key} to be ${wanted.map((value) => JSON.stringify(value)).join(' or ')} but found ${JSON.stringify(found).slice(0, 80)}`,
      );
    }
  }

  number(key: string, otherwise: number): number {
    const found = this.get(key, otherwise);
    if (typeof found === 'number' && Number.isFinite(found)) return found;
    throw this.error(`Expected ${key} to be a number`);
  }

  bool(key: string, otherwise: boolean): boolean {
    const found = this.get(key, otherwise);
    if (typeof found === 'boolean') return found;
    throw this.error(`Expected ${key} to be true or false`);
  }

  /** A list of integers; a single one stands for both axes. */
  pair(key: string, otherwise: unknown): readonly [number, number] {
    const found = this.get(key, otherwise);
    const [height, width] = Array.isArray(found) ? (found as unknown[]) : [found, found];
    const integers = Number.isSafeInteger(height) && Number.isSafeInteger(width);
    if (integers && (!Array.isArray(found) || found.length === 2)) {
      return [height as number, width as number];
    }
    throw this.error(`Expected ${key} to be two integers`);
  }

  integers(key: string): readonly number[] {
    const found = this.get(key);
    const list: readonly unknown[] = Array.isArray(found) ? (found as unknown[]) : [];
    if (list.length > 0 && list.length < 9 && list.every((each) => Number.isSafeInteger(each))) {
      return list as readonly number[];
    }
    throw this.error(`Expected ${key} to be a list of integers`);
  }

  padding(): string {
    const found = this.get('padding', 'valid');
    if (found === 'valid' || found === 'same') return found.toUpperCase();
    throw this.error('Expected padding to be valid or same');
  }

  /** The shape of an input, the batch open. */
  shape(): TfjsAttributes[string] {
    const found = this.get('batch_input_shape', this.get('batch_shape'));
    const list: readonly unknown[] = Array.isArray(found) ? (found as unknown[]) : [];
    const dim = list.slice(0, 8).map((each) => ({ size: typeof each === 'number' ? each : -1 }));
    return { shape: { dim } };
  }
}

const text = (value: string) => ({ s: Buffer.from(value).toString('base64') });
const ints = (...i: readonly number[]) => ({ list: { i: [...i] } });

const activations: Readonly<Record<string, string | undefined>> = {
  relu: 'Relu',
  relu6: 'Relu6',
  softmax: 'Softmax',
};

class Writer {
  readonly nodes: (TfjsStoredNode & { readonly source: number })[] = [];
  readonly weights: Map<string, Weight>;
  readonly #file: string;

  constructor(file: string, weights: ReadonlyMap<string, Weight>) {
    this.#file = file;
    this.weights = new Map(weights);
  }

  node(
    source: number,
    op: string,
    name: string,
    input: readonly string[],
    attr: TfjsAttributes = {},
  ): string {
    if (this.nodes.length > 10 * MAX_LAYERS) {
      throw new FileError(this.#file, 'Expected fewer layers but found more');
    }
    this.nodes.push({ name, op, input: [...input], attr, source });
    return name;
  }

  layer(of: LayerReader, inputs: readonly string[]): void {
    const { source, name } = of;
    const wanted = of.kind === 'InputLayer' ? 0 : of.kind === 'Add' ? 2 : 1;
    if (inputs.length !== wanted) {
      throw of.error(
        `Expected ${String(wanted)} as number of inputs but found ${String(inputs.length)}`,
      );
    }
    switch (of.kind) {
      case 'InputLayer':
        this.node(source, 'Placeholder', name, [], { shape: of.shape() });
        return;
      case 'Conv2D':
        of.require('groups', 1);
        this.#sum(of, 'Conv2D', inputs, 'kernel', this.#window(of, 'kernel_size'));
        return;
      case 'DepthwiseConv2D':
        this.#sum(
          of,
          'DepthwiseConv2dNative',
          inputs,
          'depthwise_kernel',
          this.#window(of, 'kernel_size'),
        );
        return;
      case 'Dense':
        this.#sum(of, 'MatMul', inputs, 'kernel', {});
        return;
      case 'BatchNormalization':
        this.#batchNormalization(of, inputs);
        return;
      case 'ReLU':
        this.#relu(of, inputs);
        return;
      case 'Activation':
        this.#activation(of, inputs[0] ?? '', name);
        return;
      case 'Softmax':
        of.require('axis', -1, 1);
        this.node(source, 'Softmax', name, inputs);
        return;
      case 'Add':
        this.node(source, 'AddV2', name, inputs);
        return;
      case 'ZeroPadding2D':
        of.require('data_format', 'channels_last');
        this.#pad(of, inputs);
        return;
      case 'AveragePooling2D': {
        of.require('data_format', 'channels_last');
        const size = of.pair('pool_size', 2);
        const stride = of.pair('strides', size);
        this.node(source, 'AvgPool', name, inputs, {
          ksize: ints(1, ...size, 1),
          strides: ints(1, ...stride, 1),
          padding: text(of.padding()),
        });
        return;
      }
      case 'GlobalAveragePooling2D':
        of.require('data_format', 'channels_last');
        this.node(source, 'Mean', name, [...inputs, this.#integers(of, 'axes', [1, 2])], {
          keep_dims: { b: of.bool('keepdims', false) },
        });
        return;
      case 'Flatten':
        of.require('data_format', 'channels_last');
        this.node(source, 'Reshape', name, [...inputs, this.#integers(of, 'shape', [1, -1])]);
        return;
      case 'Reshape': {
        const shape = [1, ...of.integers('target_shape')];
        this.node(source, 'Reshape', name, [...inputs, this.#integers(of, 'shape', shape)]);
        return;
      }
      case 'Dropout':
      case 'SpatialDropout2D':
        this.node(source, 'Identity', name, inputs);
        return;
      default:
        throw of.error(
          'Expected a layer of a MobileNetV2 classifier (InputLayer, Conv2D, DepthwiseConv2D, Dense, BatchNormalization, ReLU, Activation, Softmax, Add, ZeroPadding2D, AveragePooling2D, GlobalAveragePooling2D, Flatten, Reshape, Dropout)',
        );
    }
  }

  /** A sum of products, its bias and its activation. */
  #sum(
    of: LayerReader,
    op: string,
    inputs: readonly string[],
    kernel: string,
    attr: TfjsAttributes,
  ): void {
    const { name, source } = of;
    let last = this.node(source, op, `${name}/sum`, [...inputs, this.#weight(of, kernel)], attr);
    if (of.bool('use_bias', true)) {
      last = this.node(source, 'BiasAdd', `${name}/biased`, [last, this.#weight(of, 'bias')]);
    }
    this.#activation(of, last, name);
  }

  #window(of: LayerReader, size: string): TfjsAttributes {
    of.require('data_format', 'channels_last');
    of.pair(size, undefined);
    return {
      strides: ints(1, ...of.pair('strides', 1), 1),
      dilations: ints(1, ...of.pair('dilation_rate', 1), 1),
      padding: text(of.padding()),
    };
  }

  #activation(of: LayerReader, input: string, name: string): void {
    const found = of.get('activation', 'linear');
    if (found === 'linear') {
      this.node(of.source, 'Identity', name, [input]);
      return;
    }
    const op =
      typeof found === 'string' && Object.hasOwn(activations, found)
        ? activations[found]
        : undefined;
    if (op === undefined) {
      throw of.error('Expected activation linear, relu, relu6 or softmax but found another');
    }
    this.node(of.source, op, name, [input]);
  }

  #relu(of: LayerReader, inputs: readonly string[]): void {
    of.require('negative_slope', 0, [0]);
    of.require('threshold', 0);
    const max = of.get('max_value');
    if (max === undefined) this.node(of.source, 'Relu', of.name, inputs);
    else {
      of.require('max_value', 6);
      this.node(of.source, 'Relu6', of.name, inputs);
    }
  }

  #batchNormalization(of: LayerReader, inputs: readonly string[]): void {
    of.require('axis', -1, 3, [-1], [3]);
    const mean = this.#weight(of, 'moving_mean');
    const channels = this.weights.get(mean)?.data.length ?? 0;
    const gamma = of.bool('scale', true)
      ? this.#weight(of, 'gamma')
      : this.#filled(of, 'gamma', channels, 1);
    const beta = of.bool('center', true)
      ? this.#weight(of, 'beta')
      : this.#filled(of, 'beta', channels, 0);
    const variance = this.#weight(of, 'moving_variance');
    this.node(of.source, 'FusedBatchNormV3', of.name, [...inputs, gamma, beta, mean, variance], {
      is_training: { b: false },
      epsilon: { f: of.number('epsilon', 1e-3) },
    });
  }

  /** `padding`: one integer, one for each axis, or two for each. */
  #pad(of: LayerReader, inputs: readonly string[]): void {
    const found = of.get('padding', 1);
    const axes: readonly unknown[] = Array.isArray(found) ? (found as unknown[]) : [found, found];
    const edges = axes.flatMap((axis) =>
      Array.isArray(axis) ? (axis as unknown[]) : [axis, axis],
    );
    if (edges.length !== 4 || !edges.every((edge) => Number.isSafeInteger(edge))) {
      throw of.error('Expected padding to be integers for height and width');
    }
    const amounts = this.#integers(of, 'padding', [0, 0, ...(edges as number[]), 0, 0]);
    this.node(of.source, 'Pad', of.name, [...inputs, amounts]);
  }

  #weight(of: LayerReader, part: string): string {
    const name = `${of.name}/${part}`;
    if (!this.weights.has(name)) throw of.error(`Expected weights "${name}" but found none`);
    this.node(of.source, 'Const', name, []);
    return name;
  }

  #filled(of: LayerReader, part: string, length: number, value: number): string {
    const name = `${of.name}/${part}`;
    this.weights.set(name, { shape: [length], data: new Float32Array(length).fill(value) });
    this.node(of.source, 'Const', name, []);
    return name;
  }

  #integers(of: LayerReader, part: string, values: readonly number[]): string {
    const name = `${of.name}/${part}`;
    this.weights.set(name, { shape: [values.length], data: Int32Array.from(values) });
    this.node(of.source, 'Const', name, []);
    return name;
  }
}
