/**
 * An int8 ONNX network as a graph: QDQ (float operators between DequantizeLinear and QuantizeLinear) or QLinear
 * operators (onnx/docs/Operators.md; for domain com.microsoft, microsoft/onnxruntime docs/ContribOperators.md).
 *
 * An operator whose inputs are dequantised and whose output, clamped or not, is quantised, computes on codes by the rules
 * of reference/SEMANTICS.md: values as the file says them, rounded as TensorFlow Lite's reference kernels do. Codes of
 * uint8 become int8, 128 below; only the ends of a network keep uint8, through operators that say so.
 */

import type { Activation, Graph, PrecisionName } from '../../../reference/index.ts';
import { FileError } from '../../errors.ts';
import type { ImportOptions } from '../options.ts';
import { requireNoDilation } from './classifier.ts';
import { paddingOf } from './convolution.ts';
import { imageExtent, openInput } from './input.ts';
import { withoutIdentities } from './names.ts';
import { Node } from './node.ts';
import { int8Quantization, QuantizedGraph, type Scheme, type Value } from './quantized-graph.ts';
import { signatures } from './quantized-signatures.ts';
import {
  addQuantizedConv,
  addQuantizedProduct,
  describe,
  type Output,
  type Weights,
} from './quantized-sums.ts';
import { ONNX_FLOAT, ONNX_INT8, ONNX_UINT8, shapeText, type OnnxTensor } from './tensor.ts';
import { isStandard, type OnnxModel, type OnnxNode } from './wire.ts';

/** What a number in a list counts as, where constants count as one an element. */
const NUMBER_WEIGHT = 16;
const MICROSOFT = 'com.microsoft';

export function isQuantized({ nodes }: OnnxModel): boolean {
  return nodes.some(({ type }) => /^(Quantize|Dequantize|Q)Linear|^QGemm$/.test(type));
}

export function quantizedToGraph(file: string, original: OnnxModel, options: ImportOptions): Graph {
  return new Importer(file, withoutIdentities(file, original)).graph(options);
}

class Importer {
  readonly #file: string;
  readonly #model: OnnxModel;
  readonly #graph = new QuantizedGraph();
  readonly #constants: Map<string, OnnxTensor>;
  /** Constants behind a DequantizeLinear. */
  readonly #weights = new Map<string, Weights>();
  readonly #readers = new Map<string, OnnxNode[]>();
  /** Operators that belong to one before them. */
  readonly #taken = new Set<number>();

  constructor(file: string, model: OnnxModel) {
    this.#file = file;
    this.#model = model;
    this.#constants = new Map(model.constants);
    for (const node of model.nodes) {
      for (const name of node.inputs) {
        const readers = this.#readers.get(name) ?? [];
        this.#readers.set(name, [...readers, node].slice(0, 3));
      }
    }
  }

  graph(options: ImportOptions): Graph {
    const input = this.#addInput();
    for (const original of this.#model.nodes) {
      if (!this.#taken.has(original.source)) this.#add(original);
    }
    const output = this.#output();
    const precision: PrecisionName = 'int8';
    return { ...options, precision, ...this.#graph.parts, inputs: [input], outputs: [output] };
  }

  #node(original: OnnxNode): Node {
    return new Node(this.#file, original, this.#constants);
  }

  #addInput(): number {
    const input = openInput(this.#file, this.#model.inputs, this.#constants);
    const extent = imageExtent(input);
    const types = new Map([
      [ONNX_FLOAT, 'float32'],
      [ONNX_UINT8, 'uint8'],
      [ONNX_INT8, 'int8'],
    ] as const);
    const type = types.get(input.elementType as typeof ONNX_FLOAT);
    if (extent === undefined || type === undefined) {
      throw new FileError(
        this.#file,
        `Expected an input of shape [1, 3, height, width] in float32, uint8 or int8 but found ${shapeText(input.shape)} of ONNX type ${String(input.elementType)}`,
      );
    }
    const shape = [1, ...extent, 3];
    const index = this.#graph.addTensor(input.name, { type, shape });
    const kind = type === 'float32' ? 'float' : 'codes';
    this.#graph.set(input.name, { kind, index, uint8: type === 'uint8' });
    return index;
  }

  #add(original: OnnxNode): void {
    const node = this.#node(original);
    if (!isStandard(original.domain) && original.domain !== MICROSOFT) {
      throw node.error(`Expected a known operator but found domain "${original.domain}"`);
    }
    const signature = signatures.get(node.type);
    if (signature === undefined) {
      throw node.error(
        `Expected an operator of a quantised MobileNetV2 classifier (${[...signatures.keys()].join(', ')})`,
      );
    }
    node.require(signature);
    switch (node.type) {
      case 'Constant':
        this.#constants.set(node.output, node.tensor('value'));
        return;
      case 'DequantizeLinear':
        this.#dequantize(node);
        return;
      case 'QuantizeLinear':
        this.#quantize(node);
        return;
      case 'Conv': {
        const input = this.#graph.inputOf(node, 0, 'real');
        const weights = this.#weightsOf(node, 1);
        const bias = this.#biasOf(node, 2);
        addQuantizedConv(node, this.#graph, input, weights, bias, this.#outputAfter(node));
        return;
      }
      case 'Gemm':
      case 'MatMul': {
        this.#requireWholeProduct(node);
        const transposed = node.type === 'Gemm' && node.int('transB', 0) !== 0;
        const input = this.#graph.inputOf(node, 0, 'real');
        const weights = this.#weightsOf(node, 1);
        const bias = node.type === 'Gemm' ? this.#biasOf(node, 2) : undefined;
        const output = this.#outputAfter(node);
        addQuantizedProduct(node, this.#graph, input, weights, transposed, bias, output);
        return;
      }
      case 'QLinearConv':
        this.#qlinearConv(node);
        return;
      case 'QLinearMatMul':
      case 'QGemm':
        this.#qlinearProduct(node);
        return;
      case 'Add':
        this.#sum(
          node,
          this.#graph.inputOf(node, 0, 'real'),
          this.#graph.inputOf(node, 1, 'real'),
          this.#outputAfter(node),
        );
        return;
      case 'QLinearAdd':
        this.#sum(node, this.#codes(node, 0), this.#codes(node, 3), this.#outputOf(node, 6));
        return;
      case 'GlobalAveragePool':
      case 'ReduceMean':
      case 'AveragePool':
        this.#pool(node, this.#graph.inputOf(node, 0, 'real'), this.#outputAfter(node));
        return;
      case 'QLinearGlobalAveragePool':
        node.requireInt('channels_last', 0, 0);
        this.#pool(node, this.#codes(node, 0), this.#outputOf(node, 3));
        return;
      case 'Relu':
      case 'Clip':
        this.#clamp(node);
        return;
      case 'Flatten':
      case 'Reshape':
      case 'Squeeze':
        this.#row(node);
        return;
      case 'Softmax':
        this.#softmax(node);
        return;
    }
  }

  /** A scale and zero point for all; without a zero point codes are uint8 from 0 on. */
  #scheme(node: Node, scaleAt: number, otherwise: boolean): Scheme {
    const scale = node.scalar(scaleAt);
    if (scale === undefined || !(scale > 0 && scale < Infinity)) {
      throw node.error(`Expected a scale greater than 0 but found ${String(scale)}`);
    }
    if (node.input(scaleAt + 1) === '') return { scale, zeroPoint: 0, uint8: otherwise };
    const { data } = node.codes(scaleAt + 1);
    const [zeroPoint = NaN] = data;
    if (data.length !== 1 || data instanceof Int32Array) {
      throw node.error(
        'Expected one zero point, of int8 or uint8 (int16 has biases that are rounded)',
      );
    }
    return { scale, zeroPoint, uint8: data instanceof Uint8Array };
  }

  #dequantize(node: Node): void {
    if (node.isConstant(0)) {
      const { shape, data } = node.codes(0);
      const { scales, zeroPoints } = this.#scalesAt(node, 1);
      const axis = node.int('axis', 1);
      this.#weights.set(node.output, {
        shape,
        data,
        scales,
        zeroPoints,
        axis: axis < 0 ? axis + shape.length : axis,
      });
      return;
    }
    const value = this.#checked(node, 0, this.#scheme(node, 1, this.#isUint8(node)));
    this.#graph.set(node.output, { ...value, kind: 'real' });
  }

  #isUint8(node: Node): boolean {
    return this.#graph.find(node.input(0))?.uint8 ?? true;
  }

  /** The codes that an operator reads, whose scale it tells too. */
  #codes(node: Node, position: number): Value {
    return this.#checked(node, position, this.#scheme(node, position + 1, true));
  }

  #checked(node: Node, position: number, scheme: Scheme): Value {
    const value = this.#graph.inputOf(node, position, 'codes');
    const { name, type, shape, quantization } = this.#graph.tensor(value.index);
    const wanted = int8Quantization(scheme);
    if (scheme.uint8 !== value.uint8) {
      throw node.error(
        `Expected a zero point of ${value.uint8 ? 'uint8' : 'int8'}, as its input is`,
      );
    }
    if (quantization === undefined) {
      // An input of the network: only its readers say what its codes stand for.
      this.#graph.setQuantization(
        value.index,
        type === 'uint8' ? { scales: [scheme.scale], zeroPoint: scheme.zeroPoint } : wanted,
      );
      if (type !== 'uint8') return value;
      const signed = { name: `${name}/int8`, type: 'int8', shape, quantization: wanted } as const;
      const operator = { kind: 'quantize', inputs: [value.index], attributes: {} } as const;
      const index = this.#graph.addOperator(node, operator, signed);
      const added = { ...value, index };
      this.#graph.set(node.input(position), added);
      return added;
    }
    const [scale = NaN] = quantization.scales;
    if (scale !== scheme.scale || quantization.zeroPoint !== wanted.zeroPoint) {
      throw node.error(
        `Expected scale ${String(scale)} and zero point ${String(quantization.zeroPoint + (value.uint8 ? 128 : 0))} of its input, with which that is quantised, but found ${String(scheme.scale)} and ${String(scheme.zeroPoint)}`,
      );
    }
    return value;
  }

  /** Of what no operator before it has taken: the input, or codes in another scale. */
  #quantize(node: Node): void {
    const value = this.#graph.inputOf(node, 0, 'float', 'real');
    const scheme = this.#scheme(node, 1, true);
    const described = describe({ name: node.output, scheme, activation: 'none' });
    const same = this.#graph.tensor(value.index).quantization;
    const wanted = described.quantization;
    if (
      value.kind === 'real' &&
      same?.zeroPoint === wanted?.zeroPoint &&
      same?.scales[0] === scheme.scale
    ) {
      this.#graph.set(node.output, { ...value, kind: 'codes', uint8: scheme.uint8 });
      return;
    }
    const operator = { kind: 'quantize', inputs: [value.index], attributes: {} } as const;
    const index = this.#graph.addOperator(node, operator, described);
    this.#graph.set(node.output, { kind: 'codes', index, uint8: scheme.uint8 });
  }

  #weightsOf(node: Node, position: number): Weights {
    const weights = this.#weights.get(node.input(position));
    if (weights !== undefined) return weights;
    throw node.error(
      `Expected input "${node.input(position)}" to be constant codes through DequantizeLinear`,
    );
  }

  #biasOf(node: Node, position: number): Weights | Float32Array | undefined {
    if (node.input(position) === '') return undefined;
    return this.#weights.get(node.input(position)) ?? node.floats(position).data;
  }

  /** What a float operator gives in the end: past clamps, at the QuantizeLinear that alone reads it. */
  #outputAfter(node: Node): Output {
    const limits = { min: -Infinity, max: Infinity };
    let name = node.output;
    for (;;) {
      const readers = this.#readers.get(name) ?? [];
      const [reader] = readers;
      const isOutput = this.#model.outputs.some((output) => output.name === name);
      if (reader === undefined || readers.length > 1 || isOutput) {
        throw node.error('Expected one QuantizeLinear after it, of its output or that clamped');
      }
      const next = this.#node(reader);
      this.#taken.add(reader.source);
      if (next.type === 'QuantizeLinear') {
        const scheme = this.#scheme(next, 1, true);
        return { name: next.output, scheme, activation: activationOf(node, limits, scheme) };
      }
      if (next.type !== 'Relu' && next.type !== 'Clip') {
        throw node.error(`Expected QuantizeLinear after it but found ${next.type} "${next.name}"`);
      }
      const { min, max } = this.#limits(next);
      limits.min = Math.max(limits.min, min);
      limits.max = Math.min(limits.max, max);
      name = next.output;
    }
  }

  #limits(node: Node): { readonly min: number; readonly max: number } {
    if (node.type === 'Relu') return { min: 0, max: Infinity };
    return {
      min: this.#limit(node, 1) ?? node.float('min', -Infinity),
      max: this.#limit(node, 2) ?? node.float('max', Infinity),
    };
  }

  /** A limit may be quantised too. */
  #limit(node: Node, position: number): number | undefined {
    const weights = this.#weights.get(node.input(position));
    if (weights === undefined) return node.scalar(position);
    const [code = NaN] = weights.data;
    return Math.fround((weights.scales[0] ?? NaN) * (code - (weights.zeroPoints[0] ?? NaN)));
  }

  #outputOf(node: Node, scaleAt: number): Output {
    return { name: node.output, scheme: this.#scheme(node, scaleAt, true), activation: 'none' };
  }

  /** Operators may share scales, each with a copy of its own, as numbers of eight bytes and a list. */
  #scalesAt(node: Node, position: number): Pick<Weights, 'scales' | 'zeroPoints'> {
    const { data } = node.floats(position);
    const zeros = node.input(position + 1) === '' ? [0] : node.codes(position + 1).data;
    this.#graph.count(node, NUMBER_WEIGHT * (data.length + zeros.length));
    return { scales: Array.from(data), zeroPoints: Array.from(zeros) };
  }

  #weightsAt(node: Node, position: number): Weights {
    const { shape, data } = node.codes(position);
    const { scales, zeroPoints } = this.#scalesAt(node, position + 1);
    // One scale for each output channel: the first axis of convolutions, the last of matrices unless told otherwise.
    const axis = shape.length === 4 || node.int('transB', 0) !== 0 ? 0 : 1;
    return { shape, data, scales, zeroPoints, axis };
  }

  /** A bias of codes without scale of its own, which is input scale times weight scale. */
  #plainBias(node: Node, position: number, input: Value, weights: Weights): Weights | undefined {
    if (node.input(position) === '') return undefined;
    const { shape, data } = node.codes(position);
    const [scale = NaN] = this.#graph.tensor(input.index).quantization?.scales ?? [];
    const scales = weights.scales.map((each) => Math.fround(scale * each));
    return { shape, data, scales, zeroPoints: [0], axis: 0 };
  }

  #qlinearConv(node: Node): void {
    const input = this.#codes(node, 0);
    const weights = this.#weightsAt(node, 3);
    const bias = this.#plainBias(node, 8, input, weights);
    addQuantizedConv(node, this.#graph, input, weights, bias, this.#outputOf(node, 6));
  }

  /** QLinearMatMul has no bias; QGemm has one before the scale of its output. */
  #qlinearProduct(node: Node): void {
    const gemm = node.type === 'QGemm';
    this.#requireWholeProduct(node);
    const input = this.#codes(node, 0);
    const weights = this.#weightsAt(node, 3);
    const bias = gemm ? this.#plainBias(node, 6, input, weights) : undefined;
    const output = this.#outputOf(node, gemm ? 7 : 6);
    const transposed = gemm && node.int('transB', 0) !== 0;
    addQuantizedProduct(node, this.#graph, input, weights, transposed, bias, output);
  }

  #requireWholeProduct(node: Node): void {
    node.requireInt('transA', 0, 0);
    for (const name of ['alpha', 'beta']) {
      const found = node.float(name, 1);
      if (found !== 1) throw node.error(`Expected ${name} to be 1 but found ${String(found)}`);
    }
  }

  #sum(node: Node, first: Value, second: Value, output: Output): void {
    const inputs = [first.index, second.index];
    const { activation, scheme, name } = output;
    const operator = { kind: 'add', inputs, attributes: { activation } } as const;
    const index = this.#graph.addOperator(node, operator, describe(output));
    this.#graph.set(name, { kind: 'codes', index, uint8: scheme.uint8 });
  }

  /** An average that keeps its scale is one of codes; another is a mean, which has a factor. */
  #pool(node: Node, input: Value, output: Output): void {
    const { quantization, shape } = this.#graph.tensor(input.index);
    const [, height = 1, width = 1] = shape;
    const { activation, scheme, name } = output;
    const wanted = int8Quantization(scheme);
    const same =
      quantization?.zeroPoint === wanted.zeroPoint && quantization.scales[0] === scheme.scale;
    const inputs = [input.index];
    const described = describe(output);
    let index: number;
    if (node.type === 'AveragePool' || (node.type !== 'ReduceMean' && same)) {
      const size = node.pair('kernel_shape', [height, width]);
      const stride = node.pair('strides', [1, 1]);
      node.requireInt('ceil_mode', 0, 0);
      requireNoDilation(node);
      const padding = paddingOf(node, shape, size, stride, [1, 1]);
      if (padding.some((edge) => edge !== 0)) node.requireInt('count_include_pad', 0, 0);
      const attributes = { size, stride, padding, activation };
      index = this.#graph.addOperator(node, { kind: 'averagePool', inputs, attributes }, described);
    } else {
      if (node.type === 'ReduceMean') this.#requireSpatialAxes(node, shape.length);
      if (activation !== 'none') throw node.error('Expected a mean without a clamp after it');
      const keepDimensions = node.type !== 'ReduceMean' || node.int('keepdims', 1) !== 0;
      const attributes = { keepDimensions };
      index = this.#graph.addOperator(node, { kind: 'mean', inputs, attributes }, described);
    }
    this.#graph.set(name, { kind: 'codes', index, uint8: scheme.uint8 });
  }

  #requireSpatialAxes(node: Node, rank: number): void {
    const given = node.ints('axes') ?? (node.input(1) === '' ? [] : node.integers(1).data);
    const axes = given.map((axis) => (axis < 0 ? axis + 4 : axis)).sort((a, b) => a - b);
    if (rank !== 4 || axes.join() !== '2,3') {
      throw node.error(`Expected a mean over height and width but found axes ${shapeText(given)}`);
    }
  }

  /** A clamp of its own, from one scale to another. */
  #clamp(node: Node): void {
    const input = this.#graph.inputOf(node, 0, 'real');
    const { min, max } = this.#limits(node);
    const output = this.#outputAfter(node);
    if (output.activation !== 'none') {
      throw node.error('Expected one clamp between scales but found two');
    }
    const operator =
      node.type === 'Relu'
        ? ({ kind: 'relu', attributes: {} } as const)
        : ({ kind: 'clamp', attributes: { min, max } } as const);
    const inputs = [input.index];
    const index = this.#graph.addOperator(node, { ...operator, inputs }, describe(output));
    this.#graph.set(output.name, { kind: 'codes', index, uint8: output.scheme.uint8 });
  }

  /** One pixel as a row; of codes or of what they stand for. */
  #row(node: Node): void {
    const value = this.#graph.inputOf(node, 0, 'real', 'codes');
    const { type, shape, quantization } = this.#graph.tensor(value.index);
    const channels = shape.at(-1) ?? 1;
    if (shape.slice(0, -1).some((extent) => extent !== 1)) {
      throw node.error(`Expected one pixel to flatten but found shape ${shapeText(shape)}`);
    }
    if (node.type === 'Reshape') {
      const target = node.integers(1).data;
      const known = [1, -1, 0];
      const [batch = NaN, features = NaN] = target;
      if (target.length !== 2 || !known.includes(batch) || ![channels, -1].includes(features)) {
        throw node.error(
          `Expected target [1, ${String(channels)}] for one pixel but found ${shapeText(target)}`,
        );
      }
    } else if (node.type === 'Flatten') node.requireInt('axis', 1, 1);
    else this.#requireSpatialAxes(node, shape.length);
    const attributes = { shape: [1, channels] };
    const index = this.#graph.addOperator(
      node,
      { kind: 'reshape', inputs: [value.index], attributes },
      { name: node.output, type, ...(quantization === undefined ? {} : { quantization }) },
    );
    this.#graph.set(node.output, { ...value, index });
  }

  /** Of codes where its output has the scale that such a softmax has; else of real numbers. */
  #softmax(node: Node): void {
    const input = this.#graph.inputOf(node, 0, 'real', 'float');
    const axis = node.int('axis', -1);
    const rank = this.#graph.shapeOf(input).length;
    if (rank !== 2 || (axis !== -1 && axis !== 1)) {
      throw node.error(`Expected a softmax over classes but found axis ${String(axis)}`);
    }
    const attributes = { beta: 1 };
    const readers = this.#readers.get(node.output) ?? [];
    const [reader] = readers;
    if (input.kind === 'real' && readers.length === 1 && reader?.type === 'QuantizeLinear') {
      const scheme = this.#scheme(this.#node(reader), 1, true);
      const { zeroPoint } = int8Quantization(scheme);
      if (scheme.scale === 1 / 256 && zeroPoint === -128) {
        const output = this.#outputAfter(node);
        const inputs = [input.index];
        const index = this.#graph.addOperator(
          node,
          { kind: 'softmax', inputs, attributes },
          describe(output),
        );
        this.#graph.set(output.name, { kind: 'codes', index, uint8: scheme.uint8 });
        return;
      }
    }
    const inputs = [input.kind === 'real' ? this.#dequantized(node, input) : input.index];
    const float = { name: node.output, type: 'float32' } as const;
    const index = this.#graph.addOperator(node, { kind: 'softmax', inputs, attributes }, float);
    this.#graph.set(node.output, { kind: 'float', index, uint8: false });
  }

  #dequantized(node: Node, { index }: Value): number {
    const { name } = this.#graph.tensor(index);
    const operator = { kind: 'dequantize', inputs: [index], attributes: {} } as const;
    return this.#graph.addOperator(node, operator, { name: `${name}/float32`, type: 'float32' });
  }

  #output(): number {
    const [output, ...more] = this.#model.outputs;
    const value = this.#graph.find(output?.name ?? '');
    if (output === undefined || value === undefined || more.length > 0) {
      throw new FileError(
        this.#file,
        `Expected one output that is computed but found ${String(this.#model.outputs.length)}`,
      );
    }
    const last = this.#model.nodes.find(({ outputs }) => outputs.includes(output.name));
    if (last === undefined) throw new FileError(this.#file, 'Expected an output that is computed');
    const node = this.#node(last);
    if (value.kind === 'float') return value.index;
    if (value.kind === 'real') return this.#dequantized(node, value);
    if (!value.uint8) return value.index;
    const { name, quantization } = this.#graph.tensor(value.index);
    const { scales = [], zeroPoint = 0 } = quantization ?? {};
    return this.#graph.addOperator(
      node,
      { kind: 'quantize', inputs: [value.index], attributes: {} },
      {
        name: `${name}/uint8`,
        type: 'uint8',
        quantization: { scales, zeroPoint: zeroPoint + 128 },
      },
    );
  }
}

/** A clamp to real limits, between quantising which it changes nothing where codes end there anyway. */
function activationOf(
  node: Node,
  { min, max }: { readonly min: number; readonly max: number },
  scheme: Scheme,
): Activation {
  const { zeroPoint } = int8Quantization(scheme);
  const lowest = scheme.scale * (-128 - zeroPoint);
  const highest = scheme.scale * (127 - zeroPoint);
  const cutsLow = min > lowest;
  const cutsHigh = max < highest;
  if (!cutsLow && !cutsHigh) return 'none';
  if (min === 0 && !cutsHigh) return 'relu';
  if (min === 0 && max === 6) return 'relu6';
  throw node.error(
    `Expected a clamp to [0, infinity) or [0, 6] but found [${String(min)}, ${String(max)}]`,
  );
}
