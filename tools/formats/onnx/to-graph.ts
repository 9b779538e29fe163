/**
 * An ONNX float network as a graph: NCHW to NHWC, batch normalisation folded, clamps fused, padding explicit.
 *
 * Accepts what MobileNetV2 classifiers are made of and names whatever else it meets.
 */

import {
  elementCount,
  GraphError,
  inferShape,
  samePadding,
  validateGraph,
  type Activation,
  type Graph,
  type GraphTensor,
  type Operator,
  type Padding,
  type Pair,
  type Preprocessing,
  type Shape,
} from '../../../reference/index.ts';
import { FileError } from '../../errors.ts';
import { ONNX_FLOAT, type OnnxModel, type OnnxNode, type OnnxTensor } from './wire.ts';

export interface ImportOptions {
  readonly name: string;
  readonly labels: readonly string[];
  readonly preprocessing: Preprocessing;
  readonly provenance: Readonly<Record<string, string>>;
}

/**
 * The graph of a model.
 *
 * @throws {FileError} naming the operator or tensor that no MobileNetV2 classifier has
 */
export function onnxToGraph(file: string, model: OnnxModel, options: ImportOptions): Graph {
  try {
    const graph = new Converter(file, model).convert(options);
    validateGraph(graph);
    return graph;
  } catch (error) {
    if (error instanceof GraphError) throw new FileError(file, error.message, { cause: error });
    throw error;
  }
}

/** An activation's place in the graph. Rank 4 is stored as NHWC; everything else as it is. */
interface Converted {
  readonly index: number;
  /** Position in `operators` of the operator that wrote it; undefined for the input. */
  readonly writer?: number;
}

class Converter {
  readonly #file: string;
  readonly #model: OnnxModel;
  readonly #constants: Map<string, OnnxTensor>;
  readonly #values = new Map<string, Converted>();
  readonly #uses = new Map<string, number>();
  readonly #tensors: GraphTensor[] = [];
  readonly #operators: Operator[] = [];

  constructor(file: string, model: OnnxModel) {
    this.#file = file;
    this.#model = model;
    this.#constants = new Map(model.constants);
    for (const name of [
      ...model.nodes.flatMap((node) => node.inputs),
      ...model.outputs.map((output) => output.name),
    ]) {
      this.#uses.set(name, (this.#uses.get(name) ?? 0) + 1);
    }
  }

  convert(options: ImportOptions): Graph {
    this.#addInput();
    for (const node of this.#model.nodes) this.#addNode(node);
    const [output, ...others] = this.#model.outputs;
    const value = output === undefined ? undefined : this.#values.get(output.name);
    if (value === undefined || others.length > 0) {
      throw this.#error(
        `Expected one output that is computed but found ${String(this.#model.outputs.length)}`,
      );
    }
    return {
      name: options.name,
      precision: 'float32',
      tensors: this.#tensors,
      operators: this.#operators,
      inputs: [0],
      outputs: [value.index],
      labels: options.labels,
      preprocessing: options.preprocessing,
      provenance: options.provenance,
    };
  }

  #error(text: string): FileError {
    return new FileError(this.#file, text);
  }

  #nodeError(node: OnnxNode, text: string): FileError {
    return this.#error(`Operator "${node.name}" (${node.type}): ${text}`);
  }

  #addInput(): void {
    const open = this.#model.inputs.filter((input) => !this.#constants.has(input.name));
    const [input] = open;
    if (input === undefined || open.length > 1) {
      throw this.#error(`Expected one input but found ${String(open.length)}`);
    }
    const [batch, channels, height, width] = input.shape;
    const wanted =
      input.shape.length === 4 &&
      (batch === 1 || typeof batch === 'string') &&
      channels === 3 &&
      typeof height === 'number' &&
      typeof width === 'number';
    if (!wanted || input.elementType !== ONNX_FLOAT) {
      throw this.#error(
        `Expected a float32 input of shape [1, 3, height, width] but found [${input.shape.join(', ')}] of ONNX type ${String(input.elementType)}`,
      );
    }
    const shape = [1, height, width, 3];
    this.#values.set(input.name, {
      index: this.#tensors.push({ name: input.name, type: 'float32', shape }) - 1,
    });
  }

  #addNode(node: OnnxNode): void {
    if (node.domain !== '' && node.domain !== 'ai.onnx') {
      throw this.#nodeError(node, `Expected a standard operator but found domain "${node.domain}"`);
    }
    switch (node.type) {
      case 'Constant':
        this.#addConstant(node);
        return;
      case 'Conv':
        this.#addConv(node);
        return;
      case 'BatchNormalization':
        this.#foldBatchNormalization(node);
        return;
      case 'Clip':
        this.#addClamp(node, this.#limit(node, 1, 'min'), this.#limit(node, 2, 'max'));
        return;
      case 'Relu':
        this.#addClamp(node, 0, Infinity);
        return;
      case 'Add':
        this.#addAdd(node);
        return;
      case 'GlobalAveragePool':
        this.#addGlobalPool(node);
        return;
      case 'ReduceMean':
        this.#addMean(node);
        return;
      case 'Flatten':
      case 'Reshape':
      case 'Squeeze':
        this.#addFlatten(node);
        return;
      case 'Identity':
      case 'Dropout':
        this.#alias(node, this.#activation(node, 0));
        return;
      case 'Gemm':
        this.#addGemm(node);
        return;
      case 'MatMul':
        this.#addFullyConnected(node, this.#transposed(this.#constant(node, 1)), undefined);
        return;
      case 'Softmax':
        this.#addSoftmax(node);
        return;
      default:
        throw this.#nodeError(
          node,
          'Expected an operator of a MobileNetV2 classifier (Conv, BatchNormalization, Clip, Relu, Add, GlobalAveragePool, ReduceMean, Flatten, Reshape, Gemm, MatMul, Softmax)',
        );
    }
  }

  // Values and attributes

  #activation(node: OnnxNode, position: number): Converted {
    const name = node.inputs[position] ?? '';
    const value = this.#values.get(name);
    if (value === undefined) {
      throw this.#nodeError(node, `Expected input "${name}" to be computed before it is used`);
    }
    return value;
  }

  #constant(node: OnnxNode, position: number): OnnxTensor {
    const name = node.inputs[position] ?? '';
    const tensor = this.#constants.get(name);
    if (tensor === undefined) {
      throw this.#nodeError(node, `Expected input "${name}" to be a constant`);
    }
    return tensor;
  }

  #optionalConstant(node: OnnxNode, position: number): OnnxTensor | undefined {
    const name = node.inputs[position] ?? '';
    return name === '' ? undefined : this.#constant(node, position);
  }

  #shape(value: Converted): Shape {
    return this.#tensors[value.index]?.shape ?? [];
  }

  #int(node: OnnxNode, name: string, otherwise: number): number {
    return node.attributes.get(name)?.int ?? otherwise;
  }

  #requireInt(node: OnnxNode, name: string, otherwise: number, wanted: number): void {
    const found = this.#int(node, name, otherwise);
    if (found !== wanted) {
      throw this.#nodeError(
        node,
        `Expected ${name} to be ${String(wanted)} but found ${String(found)}`,
      );
    }
  }

  #pair(node: OnnxNode, name: string, otherwise: Pair): Pair {
    const ints = node.attributes.get(name)?.ints ?? [];
    const [first, second] = ints;
    if (ints.length === 0) return otherwise;
    if (first === undefined || second === undefined || ints.length !== 2) {
      throw this.#nodeError(node, `Expected two ${name} but found [${ints.join(', ')}]`);
    }
    return [first, second];
  }

  #padding(node: OnnxNode, input: Shape, size: Pair, stride: Pair, dilation: Pair): Padding {
    const auto = node.attributes.get('auto_pad')?.string ?? 'NOTSET';
    const [, height = 0, width = 0] = input;
    if (auto === 'VALID') return [0, 0, 0, 0];
    if (auto === 'SAME_UPPER') return samePadding([height, width], size, stride, dilation);
    if (auto !== 'NOTSET') {
      throw this.#nodeError(
        node,
        `Expected auto_pad NOTSET, SAME_UPPER or VALID but found ${auto}`,
      );
    }
    const pads = node.attributes.get('pads')?.ints ?? [];
    if (pads.length === 0) return [0, 0, 0, 0];
    const [top, left, bottom, right] = pads;
    if (top === undefined || left === undefined || bottom === undefined || right === undefined) {
      throw this.#nodeError(node, `Expected four pads but found [${pads.join(', ')}]`);
    }
    return [top, bottom, left, right];
  }

  // Building

  #addTensor(name: string, shape: Shape, data?: Float32Array): number {
    const taken = this.#tensors.some((tensor) => tensor.name === name);
    const unique = taken ? `${name}#${String(this.#tensors.length)}` : name;
    return (
      this.#tensors.push({
        name: unique,
        type: 'float32',
        shape,
        ...(data === undefined ? {} : { data }),
      }) - 1
    );
  }

  /** Adds an operator that writes the node's output. Its attributes are checked with the whole graph. */
  #addOperator(node: OnnxNode, operator: Omit<Operator, 'name' | 'output'>): void {
    const complete = { ...operator, name: node.name, output: this.#tensors.length } as Operator;
    const shapes = operator.inputs.map((index) => this.#tensors[index]?.shape ?? []);
    const index = this.#addTensor(node.name, inferShape(complete, shapes));
    this.#values.set(node.outputs[0] ?? '', {
      index,
      writer: this.#operators.push(complete) - 1,
    });
  }

  #alias(node: OnnxNode, value: Converted): void {
    this.#values.set(node.outputs[0] ?? '', value);
  }

  #addConstant(node: OnnxNode): void {
    const tensor = node.attributes.get('value')?.tensor;
    if (tensor === undefined) throw this.#nodeError(node, 'Expected a tensor as its value');
    this.#constants.set(node.outputs[0] ?? '', tensor);
  }

  #addConv(node: OnnxNode): void {
    const input = this.#activation(node, 0);
    const weights = this.#constant(node, 1);
    const bias = this.#optionalConstant(node, 2);
    const [out = 0, groupChannels = 0, height = 0, width = 0] = weights.shape;
    if (weights.shape.length !== 4) {
      throw this.#nodeError(
        node,
        `Expected weights of 4 axes but found [${weights.shape.join(', ')}]`,
      );
    }
    const groups = this.#int(node, 'group', 1);
    const stride = this.#pair(node, 'strides', [1, 1]);
    const dilation = this.#pair(node, 'dilations', [1, 1]);
    const size: Pair = [height, width];
    const attributes = {
      stride,
      dilation,
      padding: this.#padding(node, this.#shape(input), size, stride, dilation),
      activation: 'none' as Activation,
    };
    const biasIndex = this.#addTensor(
      `${node.name}/bias`,
      [out],
      bias === undefined ? new Float32Array(out) : Float32Array.from(bias.data),
    );
    const depthwise = groups > 1 && groupChannels === 1 && groups === this.#shape(input)[3];
    const order = depthwise
      ? [groupChannels, height, width, out]
      : [out, height, width, groupChannels];
    const weightsIndex = this.#addTensor(
      `${node.name}/weights`,
      order,
      depthwise ? permute(weights, [1, 2, 3, 0]) : permute(weights, [0, 2, 3, 1]),
    );
    const inputs = [input.index, weightsIndex, biasIndex];
    if (depthwise) this.#addOperator(node, { kind: 'depthwiseConv2d', inputs, attributes });
    else this.#addOperator(node, { kind: 'conv2d', inputs, attributes: { ...attributes, groups } });
  }

  /** y = (x - mean) / sqrt(variance + epsilon) * scale + offset, taken into the convolution before it, in float64. */
  #foldBatchNormalization(node: OnnxNode): void {
    const input = this.#activation(node, 0);
    const conv = this.#soleWriter(node, input);
    if (conv?.kind !== 'conv2d' && conv?.kind !== 'depthwiseConv2d') {
      throw this.#nodeError(
        node,
        'Expected a convolution before it whose output nothing else uses',
      );
    }
    const [scale, offset, mean, variance] = [1, 2, 3, 4].map((at) => this.#constant(node, at).data);
    const epsilon = node.attributes.get('epsilon')?.float ?? 1e-5;
    const factor = (c: number): number =>
      (scale?.[c] ?? NaN) / Math.sqrt((variance?.[c] ?? NaN) + epsilon);
    const [, weightsIndex = -1, biasIndex = -1] = conv.inputs;
    const channels = this.#tensors[biasIndex]?.shape[0] ?? 1;
    const depthwise = conv.kind === 'depthwiseConv2d';
    this.#replaceData(
      weightsIndex,
      (w, i, length) => w * factor(depthwise ? i % channels : Math.floor(i / (length / channels))),
    );
    this.#replaceData(
      biasIndex,
      (b, c) => (b - (mean?.[c] ?? NaN)) * factor(c) + (offset?.[c] ?? NaN),
    );
    this.#alias(node, input);
  }

  #replaceData(index: number, change: (value: number, i: number, length: number) => number): void {
    const tensor = this.#tensors[index];
    if (tensor?.data === undefined) return;
    const { data } = tensor;
    const changed = Float32Array.from(data as Float32Array, (value, i) =>
      change(value, i, data.length),
    );
    this.#tensors[index] = { ...tensor, data: changed };
  }

  /** The operator that wrote a node's input, if nothing else reads it. */
  #soleWriter(node: OnnxNode, value: Converted): Operator | undefined {
    const used = this.#uses.get(node.inputs[0] ?? '') ?? 0;
    return used === 1 && value.writer !== undefined ? this.#operators[value.writer] : undefined;
  }

  #limit(node: OnnxNode, position: number, name: string): number {
    const tensor = this.#optionalConstant(node, position);
    const otherwise = name === 'min' ? -Infinity : Infinity;
    return tensor?.data[0] ?? node.attributes.get(name)?.float ?? otherwise;
  }

  /** Fuses [0, infinity) and [0, 6] into the operator before, where that has no activation yet. */
  #addClamp(node: OnnxNode, min: number, max: number): void {
    const input = this.#activation(node, 0);
    const activation =
      min === 0 && max === Infinity ? 'relu' : min === 0 && max === 6 ? 'relu6' : undefined;
    const writer = this.#soleWriter(node, input);
    if (
      activation !== undefined &&
      input.writer !== undefined &&
      writer !== undefined &&
      'activation' in writer.attributes &&
      writer.attributes.activation === 'none'
    ) {
      this.#operators[input.writer] = {
        ...writer,
        attributes: { ...writer.attributes, activation },
      } as Operator;
      this.#alias(node, input);
      return;
    }
    this.#addOperator(node, { kind: 'clamp', inputs: [input.index], attributes: { min, max } });
  }

  #addAdd(node: OnnxNode): void {
    const constantAt = node.inputs.findIndex((name) => this.#constants.has(name));
    if (constantAt >= 0) {
      this.#foldBias(
        node,
        this.#activation(node, 1 - constantAt),
        this.#constant(node, constantAt),
      );
      return;
    }
    const inputs = [this.#activation(node, 0).index, this.#activation(node, 1).index];
    this.#addOperator(node, { kind: 'add', inputs, attributes: { activation: 'none' } });
  }

  /** A constant added to a matrix product is its bias. */
  #foldBias(node: OnnxNode, input: Converted, bias: OnnxTensor): void {
    const writer = input.writer === undefined ? undefined : this.#operators[input.writer];
    const [, , biasIndex = -1] = writer?.inputs ?? [];
    const channels = this.#tensors[biasIndex]?.shape[0];
    if (writer?.kind !== 'fullyConnected' || channels !== bias.data.length) {
      throw this.#nodeError(node, 'Expected two computed inputs, or a bias of a matrix product');
    }
    this.#replaceData(biasIndex, (b, c) => b + (bias.data[c] ?? NaN));
    this.#alias(node, input);
  }

  #addGlobalPool(node: OnnxNode): void {
    const input = this.#activation(node, 0);
    const [, height = 1, width = 1] = this.#shape(input);
    this.#addOperator(node, {
      kind: 'averagePool',
      inputs: [input.index],
      attributes: {
        size: [height, width],
        stride: [1, 1],
        padding: [0, 0, 0, 0],
        activation: 'none',
      },
    });
  }

  #addMean(node: OnnxNode): void {
    const input = this.#activation(node, 0);
    const axes = node.attributes.get('axes')?.ints ?? [];
    const given = axes.length > 0 ? axes : Array.from(this.#optionalConstant(node, 1)?.data ?? []);
    const found = given.map((axis) => (axis < 0 ? axis + 4 : axis)).sort((a, b) => a - b);
    if (this.#shape(input).length !== 4 || found.join() !== '2,3') {
      throw this.#nodeError(
        node,
        `Expected a mean over height and width but found axes [${given.join(', ')}]`,
      );
    }
    const keepDimensions = this.#int(node, 'keepdims', 1) === 1;
    this.#addOperator(node, {
      kind: 'mean',
      inputs: [input.index],
      attributes: { keepDimensions },
    });
  }

  /** A flattened image would need NCHW order; a flattened pixel, as after global pooling, does not. */
  #addFlatten(node: OnnxNode): void {
    const input = this.#activation(node, 0);
    const shape = this.#shape(input);
    const channels = shape.at(-1) ?? 1;
    if (elementCount(shape) !== channels) {
      throw this.#nodeError(
        node,
        `Expected one pixel to flatten but found shape [${shape.join(', ')}]`,
      );
    }
    this.#addOperator(node, {
      kind: 'reshape',
      inputs: [input.index],
      attributes: { shape: [1, channels] },
    });
  }

  #addGemm(node: OnnxNode): void {
    this.#requireInt(node, 'transA', 0, 0);
    for (const name of ['alpha', 'beta']) {
      const found = node.attributes.get(name)?.float ?? 1;
      if (found !== 1) {
        throw this.#nodeError(node, `Expected ${name} to be 1 but found ${String(found)}`);
      }
    }
    const weights = this.#constant(node, 1);
    const transposed = this.#int(node, 'transB', 0) === 1;
    this.#addFullyConnected(
      node,
      transposed ? weights : this.#transposed(weights),
      this.#optionalConstant(node, 2),
    );
  }

  #transposed(weights: OnnxTensor): OnnxTensor {
    const [rows = 0, columns = 0] = weights.shape;
    return { ...weights, shape: [columns, rows], data: permute(weights, [1, 0]) };
  }

  #addFullyConnected(node: OnnxNode, weights: OnnxTensor, bias: OnnxTensor | undefined): void {
    const input = this.#activation(node, 0);
    const [out = 0] = weights.shape;
    const inputs = [
      input.index,
      this.#addTensor(`${node.name}/weights`, weights.shape, Float32Array.from(weights.data)),
      this.#addTensor(
        `${node.name}/bias`,
        [out],
        Float32Array.from(bias?.data ?? new Float32Array(out)),
      ),
    ];
    this.#addOperator(node, { kind: 'fullyConnected', inputs, attributes: { activation: 'none' } });
  }

  #addSoftmax(node: OnnxNode): void {
    const input = this.#activation(node, 0);
    const rank = this.#shape(input).length;
    const axis = this.#int(node, 'axis', this.#model.opset >= 13 ? -1 : 1);
    if (rank !== 2 || (axis !== -1 && axis !== 1)) {
      throw this.#nodeError(
        node,
        `Expected a softmax over classes but found axis ${String(axis)} of ${String(rank)}`,
      );
    }
    this.#addOperator(node, { kind: 'softmax', inputs: [input.index], attributes: { beta: 1 } });
  }
}

/** The elements in the order of the given axes: result axis i is source axis `axes[i]`. */
function permute({ shape, data }: OnnxTensor, axes: readonly number[]): Float32Array {
  const strides = shape.map((_, axis) => elementCount(shape.slice(axis + 1)));
  const extents = axes.map((axis) => shape[axis] ?? 0);
  const steps = axes.map((axis) => strides[axis] ?? 0);
  const result = new Float32Array(data.length);
  const position = extents.map(() => 0);
  for (let i = 0; i < result.length; i++) {
    const source = position.reduce((sum, at, axis) => sum + at * (steps[axis] ?? 0), 0);
    result[i] = data[source] ?? NaN;
    for (let axis = extents.length - 1; axis >= 0; axis--) {
      const next = (position[axis] ?? 0) + 1;
      position[axis] = next;
      if (next < (extents[axis] ?? 0)) break;
      position[axis] = 0;
    }
  }
  return result;
}
