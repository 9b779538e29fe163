/**
 * Graphs as TensorFlow Lite files (schema.ts names the source).
 *
 * Layouts are the same: activations NHWC, weights OHWI, 1HWO and [out, in]. Padding that is neither SAME nor VALID
 * becomes a PAD before the operator.
 */

import { UnsupportedError } from '../../../fastpath/compile/errors.ts';
import {
  samePadding,
  type Graph,
  type GraphTensor,
  type Operator,
  type OperatorOf,
  type Padding,
  type Pair,
} from '../../../reference/index.ts';
import { givenIntegers } from '../../../reference/graph/ready-integers.ts';
import { TfliteModel, type OptionField } from './model.ts';
import {
  activations,
  addFields,
  builtins,
  conv2dFields,
  depthwiseFields,
  fullyConnectedFields,
  paddings,
  poolFields,
  reducerFields,
  reshapeFields,
  softmaxFields,
  tensorTypes,
  type BuiltinName,
} from './schema.ts';

export interface TfliteOptions {
  /**
   * `float32` puts a QUANTIZE after every integer input and a DEQUANTIZE before every integer output, for hosts that
   * take no other ends. Default `own`: the graph's types.
   */
  readonly ends?: 'own' | 'float32';
  /** Makes every operator's output an output of the file, after the graph's own. Default false. */
  readonly intermediates?: boolean;
  /** What it says of its input and classes, as `writeMetadata` gives it. */
  readonly metadata?: Uint8Array;
}

export interface TfliteFile {
  readonly bytes: Uint8Array;
  /** What the file's outputs are: indices into the graph's tensors, in the file's order. */
  readonly outputs: readonly number[];
}

/**
 * A valid graph as a TensorFlow Lite file.
 *
 * @throws {UnsupportedError} for what the format cannot say: int16 weights, ready-made integers, tensors without scale
 */
export function writeTflite(graph: Graph, options: TfliteOptions = {}): TfliteFile {
  const { ends = 'own', intermediates = false, metadata } = options;
  const writer = new Writer(graph, metadata);
  for (const operator of graph.operators) writer.operator(operator);
  const computed = intermediates ? graph.operators.map(({ output }) => output) : [];
  const outputs = [...new Set([...graph.outputs, ...computed])];
  const bytes = writer.finish(outputs, ends);
  return { bytes, outputs };
}

class Writer {
  readonly #graph: Graph;
  readonly #model = new TfliteModel();
  /** Of each tensor of the graph, the index in the model; the axis of its scales depends on who reads it. */
  readonly #indices = new Map<string, number>();

  constructor(graph: Graph, metadata: Uint8Array | undefined) {
    this.#graph = graph;
    this.#model.metadata = metadata;
  }

  finish(outputs: readonly number[], ends: 'own' | 'float32'): Uint8Array {
    const model = this.#model;
    if (ends === 'own') {
      model.inputs = this.#graph.inputs.map((index) => this.#use(index));
      model.outputs = outputs.map((index) => this.#use(index));
      return model.toBytes(this.#graph.name);
    }
    const quantized = model.operators.splice(0);
    model.inputs = this.#graph.inputs.map((index) => this.#floatEnd(index, 'quantize'));
    for (const operator of quantized) model.addOperator(operator);
    model.outputs = outputs.map((index) => this.#floatEnd(index, 'dequantize'));
    return model.toBytes(this.#graph.name);
  }

  operator(operator: Operator): void {
    refuseReadyMade(operator);
    const output = this.#use(operator.output);
    const input = this.#use(operator.inputs[0] ?? -1);
    switch (operator.kind) {
      case 'conv2d':
        this.#conv2d(operator);
        break;
      case 'depthwiseConv2d':
        this.#depthwise(operator);
        break;
      case 'fullyConnected': {
        const { activation } = operator.attributes;
        this.#add(operator, 'fullyConnected', this.#sumInputs(operator, input, 0), output, [
          [fullyConnectedFields.activation, 'int8', activations[activation]],
          ...this.#biasType(operator, fullyConnectedFields.biasType),
        ]);
        break;
      }
      case 'add': {
        const second = this.#use(operator.inputs[1] ?? -1);
        this.#add(operator, 'add', [input, second], output, [
          [addFields.activation, 'int8', activations[operator.attributes.activation]],
          [addFields.potScaleInt16, 'bool', false],
        ]);
        break;
      }
      case 'averagePool':
        this.#averagePool(operator, input, output);
        break;
      case 'mean': {
        const { keepDimensions } = operator.attributes;
        const axes = this.#constant(`${operator.name}/axes`, [2], Int32Array.of(1, 2));
        this.#add(operator, 'mean', [input, axes], output, [
          [reducerFields.keepDimensions, 'bool', keepDimensions],
        ]);
        break;
      }
      case 'softmax':
        this.#add(operator, 'softmax', [input], output, [
          [softmaxFields.beta, 'float32', operator.attributes.beta],
        ]);
        break;
      case 'clamp':
        this.#clamp(operator, input, output);
        break;
      case 'pad': {
        const { padding } = operator.attributes;
        const amounts = this.#constant(
          `${operator.name}/padding`,
          [padding.length, 2],
          Int32Array.from(padding.flat()),
        );
        this.#add(operator, 'pad', [input, amounts], output, []);
        break;
      }
      case 'reshape': {
        const { shape } = operator.attributes;
        const wanted = this.#constant(
          `${operator.name}/shape`,
          [shape.length],
          Int32Array.from(shape),
        );
        this.#add(operator, 'reshape', [input, wanted], output, [
          [reshapeFields.newShape, 'int32s', shape],
        ]);
        break;
      }
      case 'relu':
      case 'relu6':
      case 'quantize':
      case 'dequantize':
        this.#add(operator, operator.kind, [input], output, []);
        break;
    }
  }

  #conv2d(operator: OperatorOf<'conv2d'>): void {
    const { stride, dilation, activation, groups } = operator.attributes;
    if (groups !== 1) throw unsupported(operator, 'groups 1', groups);
    const [, height = 1, width = 1] = this.#tensor(operator.inputs[1]).shape;
    const [input, padding] = this.#padded(operator, [height, width], dilation);
    this.#add(operator, 'conv2d', this.#sumInputs(operator, input, 0), this.#use(operator.output), [
      [conv2dFields.padding, 'int8', padding],
      [conv2dFields.strideW, 'int32', stride[1]],
      [conv2dFields.strideH, 'int32', stride[0]],
      [conv2dFields.activation, 'int8', activations[activation]],
      [conv2dFields.dilationW, 'int32', dilation[1]],
      [conv2dFields.dilationH, 'int32', dilation[0]],
      ...this.#biasType(operator, conv2dFields.biasType),
    ]);
  }

  #depthwise(operator: OperatorOf<'depthwiseConv2d'>): void {
    const { stride, dilation, activation, accumulator } = operator.attributes;
    // Its options, unlike those of the other sums, have no type of the bias.
    if (accumulator !== undefined) throw unsupported(operator, 'int64 accumulators', accumulator);
    const [, height = 1, width = 1, channels = 1] = this.#tensor(operator.inputs[1]).shape;
    const inChannels = this.#tensor(operator.inputs[0]).shape.at(-1) ?? 1;
    const [input, padding] = this.#padded(operator, [height, width], dilation);
    const inputs = this.#sumInputs(operator, input, 3);
    this.#add(operator, 'depthwiseConv2d', inputs, this.#use(operator.output), [
      [depthwiseFields.padding, 'int8', padding],
      [depthwiseFields.strideW, 'int32', stride[1]],
      [depthwiseFields.strideH, 'int32', stride[0]],
      [depthwiseFields.depthMultiplier, 'int32', channels / inChannels],
      [depthwiseFields.activation, 'int8', activations[activation]],
      [depthwiseFields.dilationW, 'int32', dilation[1]],
      [depthwiseFields.dilationH, 'int32', dilation[0]],
    ]);
  }

  #averagePool(operator: OperatorOf<'averagePool'>, input: number, output: number): void {
    const { size, stride, padding, activation } = operator.attributes;
    const [, height = 1, width = 1] = this.#tensor(operator.inputs[0]).shape;
    const scheme = paddingScheme(padding, [height, width], size, stride, [1, 1]);
    // A PAD would be counted by the average.
    if (scheme === undefined) throw unsupported(operator, 'padding SAME or VALID', padding);
    this.#add(operator, 'averagePool', [input], output, [
      [poolFields.padding, 'int8', scheme],
      [poolFields.strideW, 'int32', stride[1]],
      [poolFields.strideH, 'int32', stride[0]],
      [poolFields.filterW, 'int32', size[1]],
      [poolFields.filterH, 'int32', size[0]],
      [poolFields.activation, 'int8', activations[activation]],
    ]);
  }

  /** The limits as operators of their own, which float32 has for any. */
  #clamp(operator: OperatorOf<'clamp'>, input: number, output: number): void {
    const { min, max } = operator.attributes;
    const { type, shape } = this.#tensor(operator.output);
    if (min === 0 && (max === Infinity || max === 6)) {
      this.#add(operator, max === 6 ? 'relu6' : 'relu', [input], output, []);
      return;
    }
    if (type !== 'float32') throw unsupported(operator, 'limits 0 and 6 of integers', [min, max]);
    const name = `${operator.name}/at least`;
    const lower = this.#model.addTensor({ name, type, shape });
    const limit = (value: number, text: string): number =>
      this.#constant(`${operator.name}/${text}`, [1], Float32Array.of(value));
    this.#add(operator, 'maximum', [input, limit(min, 'min')], lower, []);
    this.#add(operator, 'minimum', [lower, limit(max, 'max')], output, []);
  }

  /** Input, weights and a bias: zeros where the graph has none, since delegates want one. */
  #sumInputs(operator: Operator, input: number, axis: number): readonly number[] {
    const [, weightsIndex = -1, biasIndex] = operator.inputs;
    const weights = this.#tensor(weightsIndex);
    if (weights.type === 'int16') throw unsupported(operator, 'int8 weights', 'int16');
    const written = this.#use(weightsIndex, axis);
    if (biasIndex !== undefined) return [input, written, this.#use(biasIndex)];
    const { type, quantization } = this.#tensor(operator.inputs[0]);
    const channels = weights.shape[axis] ?? 1;
    const name = `${operator.name}/bias`;
    if (type === 'float32') {
      return [input, written, this.#constant(name, [channels], new Float32Array(channels))];
    }
    const scale = quantization?.scales[0] ?? 1;
    const wide = type === 'int16' && !('accumulator' in operator.attributes);
    const bias = this.#model.addTensor({
      name,
      type: wide ? 'int64' : 'int32',
      shape: [channels],
      quantization: {
        scales: (weights.quantization?.scales ?? []).map((of) => Math.fround(scale * of)),
        zeroPoint: 0,
        dimension: 0,
      },
      data: wide ? new BigInt64Array(channels) : new Int32Array(channels),
    });
    return [input, written, bias];
  }

  /** int16 sums have int64 accumulators unless this field says otherwise. */
  #biasType(
    { attributes }: OperatorOf<'conv2d'> | OperatorOf<'fullyConnected'>,
    field: number,
  ): OptionField[] {
    return attributes.accumulator === 'int32' ? [[field, 'int8', tensorTypes.int32]] : [];
  }

  /** The operator's input, padded where the format's two schemes do not say the padding, and the scheme. */
  #padded(
    operator: OperatorOf<'conv2d'> | OperatorOf<'depthwiseConv2d'>,
    size: Pair,
    dilation: Pair,
  ): readonly [input: number, scheme: number] {
    const { padding, stride } = operator.attributes;
    const [index = -1] = operator.inputs;
    const tensor = this.#tensor(index);
    const [n = 1, height = 1, width = 1, channels = 1] = tensor.shape;
    const input = this.#use(index);
    const scheme = paddingScheme(padding, [height, width], size, stride, dilation);
    if (scheme !== undefined) return [input, scheme];
    const [top, bottom, left, right] = padding;
    const padded = this.#model.addTensor({
      ...this.#described(tensor, 0),
      name: `${operator.name}/padded`,
      shape: [n, height + top + bottom, width + left + right, channels],
    });
    const amounts = Int32Array.of(0, 0, top, bottom, left, right, 0, 0);
    const written = this.#constant(`${operator.name}/padding`, [4, 2], amounts);
    this.#add(operator, 'pad', [input, written], padded, []);
    return [padded, paddings.valid];
  }

  #add(
    operator: Operator,
    name: BuiltinName,
    inputs: readonly number[],
    output: number,
    options: readonly OptionField[],
  ): void {
    const { type } = this.#tensor(
      operator.kind === 'quantize' ? operator.output : operator.inputs[0],
    );
    this.#model.addOperator({ name, version: versionOf(name, type), inputs, output, options });
  }

  #constant(name: string, shape: readonly number[], data: Int32Array | Float32Array): number {
    const type = data instanceof Int32Array ? 'int32' : 'float32';
    return this.#model.addTensor({ name, type, shape, data });
  }

  /** The float32 tensor that stands for an integer one outside, and the operator between them. */
  #floatEnd(index: number, name: 'quantize' | 'dequantize'): number {
    const own = this.#use(index);
    const tensor = this.#tensor(index);
    if (tensor.type === 'float32') return own;
    const outside = this.#model.addTensor({
      name: `${tensor.name}/float32`,
      type: 'float32',
      shape: tensor.shape,
    });
    const [input, output] = name === 'quantize' ? [outside, own] : [own, outside];
    const version = versionOf(name, tensor.type);
    this.#model.addOperator({ name, version, inputs: [input], output, options: [] });
    return outside;
  }

  /** The model's index of a tensor, whose scales, if several, belong to `axis`. */
  #use(index: number, axis = 0): number {
    const key = `${String(index)} ${String(axis)}`;
    const used = this.#indices.get(key);
    if (used !== undefined) return used;
    const added = this.#model.addTensor(this.#described(this.#tensor(index), axis));
    this.#indices.set(key, added);
    return added;
  }

  #described(tensor: GraphTensor, dimension: number): Parameters<TfliteModel['addTensor']>[0] {
    const { name, type, shape, quantization, data } = tensor;
    const described = { name, type, shape, ...(data === undefined ? {} : { data }) };
    if (type === 'float32') return described;
    if (quantization === undefined || quantization.scales.length === 0) {
      throw new UnsupportedError(`Tensor "${name}": Expected a scale for TensorFlow Lite`);
    }
    return { ...described, quantization: { ...quantization, dimension } };
  }

  #tensor(index = -1): GraphTensor {
    const tensor = this.#graph.tensors[index];
    if (tensor === undefined) throw new Error(`Expected tensor ${String(index)} to exist`);
    return tensor;
  }
}

function versionOf(name: BuiltinName, type: GraphTensor['type']): number {
  const { versions } = builtins[name];
  if (type === 'float32' || type === 'int16') return versions[type];
  return versions.int8;
}

/** SAME or VALID, where one of them means this padding. */
function paddingScheme(
  padding: Padding,
  extent: Pair,
  size: Pair,
  stride: Pair,
  dilation: Pair,
): number | undefined {
  const wanted = padding.join();
  if (samePadding(extent, size, stride, dilation).join() === wanted) return paddings.same;
  return wanted === '0,0,0,0' ? paddings.valid : undefined;
}

function refuseReadyMade(operator: Operator): void {
  const given = givenIntegers(operator);
  if (given.length > 0) throw unsupported(operator, 'scales', given.join(', '));
}

function unsupported(
  { name }: Operator,
  wanted: string,
  found: string | number | readonly number[],
): UnsupportedError {
  const text = typeof found === 'object' ? `[${found.join(', ')}]` : String(found);
  return new UnsupportedError(
    `Operator "${name}": Expected ${wanted} for TensorFlow Lite but found ${text}`,
  );
}
