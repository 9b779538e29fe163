/**
 * Graphs as ONNX files (onnx/onnx.proto and docs/Operators.md of github onnx/onnx).
 *
 * Tensors of rank 4 are NCHW in the file, others as they are. An integer graph is written with QuantizeLinear and
 * DequantizeLinear around float operators (QDQ), from which ONNX Runtime makes integer kernels where it has them:
 * values as a graph says them, rounded as the runtime does (half to even). The biases of int16 operators, which are
 * int64 and so unknown to DequantizeLinear, are written in float32.
 */

import { PbfWriter } from 'pbf';
import { UnsupportedError } from '../../../fastpath/compile/errors.ts';
import {
  elementCount,
  elementTypes,
  type Activation,
  type ElementType,
  type Graph,
  type GraphTensor,
  type Operator,
  type OperatorOf,
  type Padding,
  type Pair,
  type Shape,
  type TensorData,
} from '../../../reference/index.ts';
import { givenIntegers } from '../../../reference/graph/ready-integers.ts';

export interface OnnxOptions {
  /** Makes every operator's output an output of the file, after the graph's own. Default false. */
  readonly intermediates?: boolean;
}

export interface OnnxFile {
  readonly bytes: Uint8Array;
  /** What the file's outputs are: indices into the graph's tensors, whose names they have, in the file's order. */
  readonly outputs: readonly number[];
}

/**
 * A valid graph as an ONNX file.
 *
 * @throws {UnsupportedError} for what QDQ cannot say: ready-made integers, tensors without scale
 */
export function writeOnnx(graph: Graph, { intermediates = false }: OnnxOptions = {}): OnnxFile {
  const writer = new Writer(graph);
  for (const operator of graph.operators) writer.operator(operator);
  const computed = intermediates ? graph.operators.map(({ output }) => output) : [];
  const outputs = [...new Set([...graph.outputs, ...computed])];
  return { bytes: writer.finish(outputs), outputs };
}

/** Where the axes of NCHW are in NHWC, and the other way round. */
const NCHW = [0, 3, 1, 2] as const;
const NHWC = [0, 2, 3, 1] as const;

/** The shape that a tensor has in the file. */
export function onnxShape(shape: Shape): Shape {
  return shape.length === 4 ? NCHW.map((axis) => shape[axis] ?? 1) : shape;
}

/** A tensor's elements in the order of the file. */
export function toOnnxLayout<T extends TensorData>(data: T, shape: Shape): T {
  return shape.length === 4 ? permuted(data, shape, NCHW) : data;
}

/** Elements in the order of the file as those of a tensor of `shape`. */
export function fromOnnxLayout<T extends TensorData>(data: T, shape: Shape): T {
  return shape.length === 4 ? permuted(data, onnxShape(shape), NHWC) : data;
}

const IR_VERSION = 10;
/**
 * The first operator set that quantises to int16, and the last before it: from 21 on, ONNX Runtime 1.30 refuses int8
 * ("output_dtype INT8 does not match y_zero_point type UINT8", github microsoft/onnxruntime issue 25526).
 */
const OPSET_INT16 = 21;
const OPSET = 19;

/** TensorProto.DataType. */
const dataTypes: Readonly<Record<ElementType, number>> = {
  float32: 1,
  uint8: 2,
  int8: 3,
  int16: 5,
  int32: 6,
  int64: 7,
};

/** Fields of the messages of onnx.proto. */
const model = { irVersion: 1, producer: 2, graph: 7, opset: 8 } as const;
const opset = { version: 2 } as const;
const graphFields = { node: 1, name: 2, initializer: 5, input: 11, output: 12 } as const;
const nodeFields = { input: 1, output: 2, name: 3, type: 4, attribute: 5 } as const;
const attributeFields = { name: 1, int: 3, ints: 8, type: 20 } as const;
const tensorFields = { dims: 1, type: 2, name: 8, raw: 9 } as const;
const valueFields = { name: 1, type: 2 } as const;
const typeFields = { tensor: 1 } as const;
const tensorTypeFields = { elementType: 1, shape: 2 } as const;
const shapeFields = { dimension: 1 } as const;
const dimensionFields = { value: 1 } as const;

/** AttributeProto.AttributeType. */
const attributeTypes = { int: 2, ints: 7 } as const;

type Attribute =
  | readonly [name: string, kind: 'int', value: number]
  | readonly [name: string, kind: 'ints', value: readonly number[]];

interface Node {
  readonly type: string;
  readonly inputs: readonly string[];
  readonly output: string;
  readonly attributes: readonly Attribute[];
}

interface Constant {
  readonly name: string;
  readonly type: ElementType;
  readonly shape: Shape;
  readonly data: TensorData;
}

class Writer {
  readonly #graph: Graph;
  readonly #nodes: Node[] = [];
  readonly #constants = new Map<string, Constant>();

  constructor(graph: Graph) {
    this.#graph = graph;
  }

  finish(outputs: readonly number[]): Uint8Array {
    const pbf = new PbfWriter();
    pbf.writeVarintField(model.irVersion, IR_VERSION);
    pbf.writeStringField(model.producer, 'plumbline');
    message(pbf, model.opset, (entry) => {
      const int16 = this.#graph.tensors.some(({ type }) => type === 'int16');
      entry.writeVarintField(opset.version, int16 ? OPSET_INT16 : OPSET);
    });
    message(pbf, model.graph, (graph) => {
      for (const node of this.#nodes) writeNode(graph, node);
      graph.writeStringField(graphFields.name, this.#graph.name);
      for (const constant of this.#constants.values()) writeConstant(graph, constant);
      for (const index of this.#graph.inputs) {
        writeValue(graph, graphFields.input, this.#tensor(index));
      }
      for (const index of outputs) writeValue(graph, graphFields.output, this.#tensor(index));
    });
    return pbf.finish();
  }

  operator(operator: Operator): void {
    refuseReadyMade(operator);
    switch (operator.kind) {
      case 'conv2d': {
        const { attributes } = operator;
        const weights = this.#tensor(operator.inputs[1]);
        const [, height = 1, width = 1] = weights.shape;
        const inputs = [this.#read(operator), ...this.#sumConstants(operator, fromOhwi)];
        this.#compute(operator, attributes.activation, 'Conv', inputs, [
          ['kernel_shape', 'ints', [height, width]],
          ['group', 'int', attributes.groups],
          ['dilations', 'ints', attributes.dilation],
          ...windowAttributes(attributes.stride, attributes.padding),
        ]);
        break;
      }
      case 'depthwiseConv2d': {
        const { attributes } = operator;
        const [, height = 1, width = 1] = this.#tensor(operator.inputs[1]).shape;
        const inputs = [this.#read(operator), ...this.#sumConstants(operator, from1hwo)];
        this.#compute(operator, attributes.activation, 'Conv', inputs, [
          ['kernel_shape', 'ints', [height, width]],
          ['group', 'int', this.#tensor(operator.inputs[0]).shape.at(-1) ?? 1],
          ['dilations', 'ints', attributes.dilation],
          ...windowAttributes(attributes.stride, attributes.padding),
        ]);
        break;
      }
      case 'fullyConnected': {
        const features = this.#tensor(operator.inputs[1]).shape[1] ?? 1;
        const { shape } = this.#tensor(operator.inputs[0]);
        const rows = [elementCount(shape) / features, features];
        const input = this.#reshaped(`${operator.name}/rows`, this.#read(operator), shape, rows);
        const inputs = [input, ...this.#sumConstants(operator, asTheyAre)];
        this.#compute(operator, operator.attributes.activation, 'Gemm', inputs, [
          ['transB', 'int', 1],
        ]);
        break;
      }
      case 'add': {
        const inputs = [this.#read(operator, 0), this.#read(operator, 1)];
        this.#compute(operator, operator.attributes.activation, 'Add', inputs, []);
        break;
      }
      case 'averagePool': {
        const { size, stride, padding, activation } = operator.attributes;
        this.#compute(
          operator,
          activation,
          'AveragePool',
          [this.#read(operator)],
          [
            ['kernel_shape', 'ints', size],
            ['count_include_pad', 'int', 0],
            ...windowAttributes(stride, padding),
          ],
        );
        break;
      }
      case 'mean': {
        const axes = this.#integers(`${operator.name}/axes`, [2, 3]);
        const keep = Number(operator.attributes.keepDimensions);
        this.#compute(
          operator,
          'none',
          'ReduceMean',
          [this.#read(operator), axes],
          [['keepdims', 'int', keep]],
        );
        break;
      }
      case 'softmax':
        this.#softmax(operator);
        break;
      case 'clamp':
        this.#clamp(operator);
        break;
      case 'relu':
      case 'relu6':
        this.#compute(operator, operator.kind, 'Identity', [this.#read(operator)], []);
        break;
      case 'pad': {
        const { padding } = operator.attributes;
        const order = padding.length === 4 ? NCHW : padding.map((_, axis) => axis);
        const pairs = order.map((axis): Pair => padding[axis] ?? [0, 0]);
        const amounts = this.#integers(`${operator.name}/padding`, [
          ...pairs.map(([before]) => before),
          ...pairs.map(([, after]) => after),
        ]);
        this.#compute(operator, 'none', 'Pad', [this.#read(operator), amounts], []);
        break;
      }
      case 'reshape': {
        const [from, to] = [this.#tensor(operator.inputs[0]), this.#tensor(operator.output)];
        const read = this.#read(operator);
        const output = this.#reshaped(`${operator.name}/reshaped`, read, from.shape, to.shape);
        this.#compute(operator, 'none', 'Identity', [output], []);
        break;
      }
      case 'quantize':
      case 'dequantize':
        this.#compute(operator, 'none', 'Identity', [this.#read(operator)], []);
        break;
    }
  }

  #softmax(operator: OperatorOf<'softmax'>): void {
    const { beta } = operator.attributes;
    const input = this.#tensor(operator.inputs[0]);
    let read = this.#read(operator);
    if (beta !== 1) {
      const factor = this.#scalar(`${operator.name}/beta`, beta);
      read = this.#node('Mul', [read, factor], `${operator.name}/scaled`, []);
    }
    const axis = input.shape.length === 4 ? 1 : -1;
    this.#compute(operator, 'none', 'Softmax', [read], [['axis', 'int', axis]]);
  }

  #clamp(operator: OperatorOf<'clamp'>): void {
    const { min, max } = operator.attributes;
    const limits = [min, max].map((value, position) =>
      Number.isFinite(value)
        ? this.#scalar(`${operator.name}/${position === 0 ? 'min' : 'max'}`, value)
        : '',
    );
    this.#compute(operator, 'none', 'Clip', [this.#read(operator), ...limits], []);
  }

  /** A node, the activation after it, and the quantisation of an integer output. */
  #compute(
    operator: Operator,
    activation: Activation,
    type: string,
    inputs: readonly string[],
    attributes: readonly Attribute[],
  ): void {
    const output = this.#tensor(operator.output);
    const integer = output.type !== 'float32';
    const clips = activation !== 'none' && !(integer && saturates(output, activation));
    const computed = integer ? `${output.name}/real` : output.name;
    if (clips) {
      const raw = this.#node(type, inputs, `${output.name}/unclipped`, attributes);
      if (activation === 'relu') this.#node('Relu', [raw], computed, []);
      else {
        const limits = [this.#scalar(`${output.name}/0`, 0), this.#scalar(`${output.name}/6`, 6)];
        this.#node('Clip', [raw, ...limits], computed, []);
      }
    } else this.#node(type, inputs, computed, attributes);
    if (!integer) return;
    const { scale, zeroPoint } = this.#quantization(output);
    this.#node('QuantizeLinear', [computed, scale, zeroPoint], output.name, []);
  }

  /** The real value of an operator's input: for integers through a DequantizeLinear of its own. */
  #read(operator: Operator, position = 0): string {
    const tensor = this.#tensor(operator.inputs[position]);
    const { name: stored, type, shape, data } = tensor;
    if (data !== undefined) {
      this.#constant({
        name: stored,
        type,
        shape: onnxShape(shape),
        data: toOnnxLayout(data, shape),
      });
    }
    if (type === 'float32') return stored;
    const { scale, zeroPoint } = this.#quantization(tensor);
    const name = `${operator.name}/input ${String(position)}`;
    return this.#node('DequantizeLinear', [stored, scale, zeroPoint], name, []);
  }

  /** The weights and, if any, the bias of a sum. */
  #sumConstants(operator: Operator, layout: Layout): readonly string[] {
    const [, weightsIndex, biasIndex] = operator.inputs;
    const weights = this.#tensor(weightsIndex);
    const laidOut = { ...weights, ...layout(weights.data ?? new Float32Array(), weights.shape) };
    const names = [this.#sumConstant(operator, 'weights', laidOut)];
    if (biasIndex === undefined) return names;
    const bias = this.#tensor(biasIndex);
    if (bias.type !== 'int64') return [...names, this.#sumConstant(operator, 'bias', bias)];
    const scales = bias.quantization?.scales ?? [];
    const real = Array.from(
      { length: elementCount(bias.shape) },
      (_, i) => Number(bias.data?.[i]) * (scales[scales.length === 1 ? 0 : i] ?? NaN),
    );
    return [...names, this.#vector(`${operator.name}/bias`, real)];
  }

  #sumConstant(operator: Operator, part: string, tensor: GraphTensor): string {
    const name = `${operator.name}/${part}`;
    const { type, shape, data, quantization } = tensor;
    if (data === undefined) throw new Error(`Expected tensor "${tensor.name}" to have data`);
    if (type === 'float32') return this.#constant({ name, type, shape, data });
    const scales = scalesOf(tensor);
    const codes = this.#constant({ name: `${name}/codes`, type, shape, data });
    const perChannel = scales.length > 1;
    const scaleName = `${name}/scale`;
    const scale = perChannel
      ? this.#vector(scaleName, scales)
      : this.#scalar(scaleName, scales[0] ?? NaN);
    const axis: Attribute = ['axis', 'int', 0];
    if (type === 'int32') return this.#node('DequantizeLinear', [codes, scale], name, [axis]);
    const zeroPoints = this.#constant({
      name: `${name}/zero point`,
      type,
      shape: perChannel ? [scales.length] : [],
      data: filled(type, scales.length, quantization?.zeroPoint ?? 0),
    });
    return this.#node('DequantizeLinear', [codes, scale, zeroPoints], name, [axis]);
  }

  /** Elements in another shape, in the order that NHWC gives them. */
  #reshaped(name: string, input: string, from: Shape, to: Shape): string {
    const onePixel = (shape: Shape): boolean => (shape[1] ?? 1) * (shape[2] ?? 1) === 1;
    let value = input;
    if (from.length === 4 && !onePixel(from)) {
      value = this.#node('Transpose', [value], `${name}/NHWC`, [['perm', 'ints', NHWC]]);
    }
    const moves = to.length === 4 && !onePixel(to);
    const shape = this.#integers(`${name}/shape`, moves ? to : onnxShape(to));
    if (!moves) return this.#node('Reshape', [value, shape], name, []);
    const flat = this.#node('Reshape', [value, shape], `${name}/unmoved`, []);
    return this.#node('Transpose', [flat], name, [['perm', 'ints', NCHW]]);
  }

  #node(
    type: string,
    inputs: readonly string[],
    output: string,
    attributes: readonly Attribute[],
  ): string {
    this.#nodes.push({ type, inputs, output, attributes });
    return output;
  }

  #constant(constant: Constant): string {
    const { name, type, shape, data } = constant;
    this.#constants.set(name, { name, type, shape, data });
    return name;
  }

  #scalar(name: string, value: number): string {
    return this.#constant({ name, type: 'float32', shape: [], data: Float32Array.of(value) });
  }

  #vector(name: string, values: readonly number[]): string {
    const data = Float32Array.from(values);
    return this.#constant({ name, type: 'float32', shape: [values.length], data });
  }

  #integers(name: string, values: readonly number[]): string {
    const data = BigInt64Array.from(values, BigInt);
    return this.#constant({ name, type: 'int64', shape: [values.length], data });
  }

  #quantization(tensor: GraphTensor): { readonly scale: string; readonly zeroPoint: string } {
    const { name, type, quantization } = tensor;
    return {
      scale: this.#scalar(`${name}/scale`, scalesOf(tensor)[0] ?? NaN),
      zeroPoint: this.#constant({
        name: `${name}/zero point`,
        type,
        shape: [],
        data: filled(type, 1, quantization?.zeroPoint ?? 0),
      }),
    };
  }

  #tensor(index = -1): GraphTensor {
    const tensor = this.#graph.tensors[index];
    if (tensor === undefined) throw new Error(`Expected tensor ${String(index)} to exist`);
    return tensor;
  }
}

type Layout = (
  data: TensorData,
  shape: Shape,
) => { readonly data: TensorData; readonly shape: Shape };

/** Weights [o, kh, kw, i] as [o, i, kh, kw]. */
const fromOhwi: Layout = (data, shape) => ({
  data: permuted(data, shape, NCHW),
  shape: onnxShape(shape),
});

/** Weights [1, kh, kw, o] as [o, 1, kh, kw]. */
const from1hwo: Layout = (data, shape) => ({
  data: permuted(data, shape, [3, 0, 1, 2]),
  shape: [3, 0, 1, 2].map((axis) => shape[axis] ?? 1),
});

const asTheyAre: Layout = (data, shape) => ({ data, shape });

/** The elements of a tensor of four axes with axis `order[i]` in place i. */
function permuted<T extends TensorData>(data: T, shape: Shape, order: readonly number[]): T {
  const strides = shape.map((_, axis) => elementCount(shape.slice(axis + 1)));
  const [a, b, c, d] = order.map((axis) => [shape[axis] ?? 1, strides[axis] ?? 1] as const);
  if (a === undefined || b === undefined || c === undefined || d === undefined) {
    throw new Error(`Expected four axes but found [${shape.join(', ')}]`);
  }
  const result = data.slice() as T;
  let to = 0;
  for (let i = 0; i < a[0]; i++) {
    for (let j = 0; j < b[0]; j++) {
      for (let k = 0; k < c[0]; k++) {
        let from = i * a[1] + j * b[1] + k * c[1];
        for (let l = 0; l < d[0]; l++, from += d[1]) result[to++] = data[from] ?? NaN;
      }
    }
  }
  return result;
}

function windowAttributes(stride: Pair, [top, bottom, left, right]: Padding): readonly Attribute[] {
  return [
    ['strides', 'ints', stride],
    ['pads', 'ints', [top, left, bottom, right]],
  ];
}

/** Whether the codes of a tensor end where an activation does, so that quantising clips. */
function saturates({ type, quantization }: GraphTensor, activation: 'relu' | 'relu6'): boolean {
  const { min, max } = elementTypes[type];
  const { scales: [scale = NaN] = [], zeroPoint = NaN } = quantization ?? {};
  if (zeroPoint !== min) return false;
  return activation === 'relu' || Math.round(6 / scale) + zeroPoint >= max;
}

/** @throws {UnsupportedError} for a tensor of integers without scale */
function scalesOf({ name, quantization }: GraphTensor): readonly number[] {
  const scales = quantization?.scales ?? [];
  if (scales.length === 0)
    throw new UnsupportedError(`Tensor "${name}": Expected a scale for ONNX`);
  return scales;
}

function filled(type: ElementType, length: number, value: number): TensorData {
  const data = elementTypes[type].allocate(length);
  if (data instanceof BigInt64Array) return data.fill(BigInt(value));
  return data.fill(value);
}

function refuseReadyMade(operator: Operator): void {
  const given = givenIntegers(operator);
  if (given.length > 0) {
    throw new UnsupportedError(
      `Operator "${operator.name}": Expected scales for ONNX but found ${given.join(', ')}`,
    );
  }
}

function message(pbf: PbfWriter, field: number, write: (pbf: PbfWriter) => void): void {
  pbf.writeMessage(
    field,
    (_unused, writer) => {
      write(writer);
    },
    undefined,
  );
}

function writeNode(pbf: PbfWriter, { type, inputs, output, attributes }: Node): void {
  message(pbf, graphFields.node, (node) => {
    for (const input of inputs) node.writeStringField(nodeFields.input, input);
    node.writeStringField(nodeFields.output, output);
    node.writeStringField(nodeFields.name, output);
    node.writeStringField(nodeFields.type, type);
    for (const [name, kind, value] of attributes) {
      message(node, nodeFields.attribute, (attribute) => {
        attribute.writeStringField(attributeFields.name, name);
        if (kind === 'int') attribute.writeVarintField(attributeFields.int, value);
        else for (const each of value) attribute.writeVarintField(attributeFields.ints, each);
        attribute.writeVarintField(attributeFields.type, attributeTypes[kind]);
      });
    }
  });
}

function writeConstant(pbf: PbfWriter, { name, type, shape, data }: Constant): void {
  message(pbf, graphFields.initializer, (tensor) => {
    for (const extent of shape) tensor.writeVarintField(tensorFields.dims, extent);
    tensor.writeVarintField(tensorFields.type, dataTypes[type]);
    tensor.writeStringField(tensorFields.name, name);
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    tensor.writeBytesField(tensorFields.raw, bytes);
  });
}

function writeValue(pbf: PbfWriter, field: number, { name, type, shape }: GraphTensor): void {
  message(pbf, field, (value) => {
    value.writeStringField(valueFields.name, name);
    message(value, valueFields.type, (whole) => {
      message(whole, typeFields.tensor, (tensor) => {
        tensor.writeVarintField(tensorTypeFields.elementType, dataTypes[type]);
        message(tensor, tensorTypeFields.shape, (dimensions) => {
          for (const extent of onnxShape(shape)) {
            message(dimensions, shapeFields.dimension, (dimension) => {
              dimension.writeVarintField(dimensionFields.value, extent);
            });
          }
        });
      });
    });
  });
}
