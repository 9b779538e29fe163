/**
 * float32 graphs as TensorFlow.js graph models: the topology, a TensorFlow GraphDef in JSON, and the weights
 * (github tensorflow/tfjs, tfjs-converter/src/operations/op_list and tfjs-core/src/io/types.ts).
 *
 * Layouts: activations NHWC, convolution weights HWIO, depthwise weights HWIM, matrices [in, out].
 */

import { UnsupportedError } from '../../../fastpath/compile/errors.ts';
import {
  elementCount,
  samePadding,
  type Activation,
  type Graph,
  type GraphTensor,
  type Operator,
  type OperatorOf,
  type Padding,
  type Pair,
  type Shape,
} from '../../../reference/index.ts';

export interface TfjsWeight {
  readonly name: string;
  readonly shape: readonly number[];
  readonly dtype: 'float32' | 'int32';
}

/** An attribute of a node, as protocol buffers are in JSON; texts are in base64. */
export type TfjsAttribute =
  | { readonly type: 'DT_FLOAT' | 'DT_INT32' }
  | { readonly b: boolean }
  | { readonly i: number }
  | { readonly s: string }
  | { readonly list: { readonly i: readonly number[] } | { readonly s: readonly string[] } }
  | { readonly shape: { readonly dim: readonly { readonly size: number }[] } };

export interface TfjsNode {
  readonly name: string;
  readonly op: string;
  readonly input: readonly string[];
  readonly attr: Readonly<Record<string, TfjsAttribute>>;
}

/** What a `model.json` says, and the bytes that its weights files have. */
export interface TfjsModel {
  readonly format: 'graph-model';
  readonly generatedBy: string;
  readonly convertedBy: null;
  readonly modelTopology: {
    readonly node: readonly TfjsNode[];
    readonly versions: { readonly producer: number };
  };
  readonly weightSpecs: readonly TfjsWeight[];
  readonly weightData: Uint8Array<ArrayBuffer>;
}

export interface TfjsFile {
  readonly model: TfjsModel;
  /** The node that computes each tensor of the graph, by the tensor's index; undefined for weights. */
  readonly nodes: readonly (string | undefined)[];
}

/**
 * A valid float32 graph as a TensorFlow.js graph model.
 *
 * @throws {UnsupportedError} for integers, groups, and averages with padding that is neither SAME nor VALID
 */
export function writeTfjs(graph: Graph): TfjsFile {
  const writer = new Writer(graph);
  for (const operator of graph.operators) writer.operator(operator);
  return writer.finish();
}

/** Any version of GraphDef; readers do not look at it. */
const PRODUCER = 1;

const fusedActivations: Readonly<Record<Activation, readonly string[]>> = {
  none: [],
  relu: ['Relu'],
  relu6: ['Relu6'],
};

const FLOAT: TfjsAttribute = { type: 'DT_FLOAT' };
const text = (value: string): string => Buffer.from(value).toString('base64');
const ints = (...values: readonly number[]): TfjsAttribute => ({ list: { i: values } });
const NHWC: TfjsAttribute = { s: text('NHWC') };

class Writer {
  readonly #graph: Graph;
  readonly #nodes: TfjsNode[] = [];
  readonly #specs: TfjsWeight[] = [];
  readonly #bytes: Uint8Array[] = [];
  readonly #names: (string | undefined)[];

  constructor(graph: Graph) {
    this.#graph = graph;
    for (const { name, type } of graph.tensors) {
      if (type !== 'float32') {
        throw new UnsupportedError(
          `Tensor "${name}": Expected float32 for TensorFlow.js but found ${type}`,
        );
      }
    }
    this.#names = graph.tensors.map(() => undefined);
    for (const index of graph.inputs) {
      const { shape } = this.#tensor(index);
      const dim = shape.map((size) => ({ size }));
      this.#names[index] = this.#node('Placeholder', nodeName(index), [], {
        dtype: FLOAT,
        shape: { shape: { dim } },
      });
    }
  }

  finish(): TfjsFile {
    const weightData = new Uint8Array(this.#bytes.reduce((total, { length }) => total + length, 0));
    let offset = 0;
    for (const bytes of this.#bytes) {
      weightData.set(bytes, offset);
      offset += bytes.length;
    }
    return {
      model: {
        format: 'graph-model',
        generatedBy: 'plumbline',
        convertedBy: null,
        modelTopology: { node: this.#nodes, versions: { producer: PRODUCER } },
        weightSpecs: this.#specs,
        weightData,
      },
      nodes: this.#names,
    };
  }

  operator(operator: Operator): void {
    const output = nodeName(operator.output);
    const input = this.#read(operator.inputs[0]);
    this.#names[operator.output] = output;
    switch (operator.kind) {
      case 'conv2d':
        this.#conv2d(operator, input, output);
        break;
      case 'depthwiseConv2d':
        this.#depthwise(operator, input, output);
        break;
      case 'fullyConnected': {
        const { shape } = this.#tensor(operator.inputs[0]);
        const weights = this.#tensor(operator.inputs[1]);
        const [channels = 1, features = 1] = weights.shape;
        const rows = [elementCount(shape) / features, features];
        const matrix = this.#floats(`${output}/weights`, [features, channels], transposed(weights));
        const bias = this.#bias(operator, output, channels);
        const flat = shape.length === 2 ? input : this.#reshape(input, `${output}/rows`, rows);
        this.#node('_FusedMatMul', output, [flat, matrix, bias], {
          T: FLOAT,
          ...fused(operator.attributes.activation),
          transpose_a: { b: false },
          transpose_b: { b: false },
        });
        break;
      }
      case 'add': {
        const second = this.#read(operator.inputs[1]);
        this.#activated('AddV2', operator.attributes.activation, output, [input, second], {
          T: FLOAT,
        });
        break;
      }
      case 'averagePool':
        this.#averagePool(operator, input, output);
        break;
      case 'mean': {
        const axes = this.#integers(`${output}/axes`, [2], [1, 2]);
        const { keepDimensions } = operator.attributes;
        this.#node('Mean', output, [input, axes], { T: FLOAT, keep_dims: { b: keepDimensions } });
        break;
      }
      case 'softmax': {
        const { beta } = operator.attributes;
        let scaled = input;
        if (beta !== 1) {
          const factor = this.#floats(`${output}/beta`, [], Float32Array.of(beta));
          scaled = this.#node('Mul', `${output}/scaled`, [input, factor], { T: FLOAT });
        }
        this.#node('Softmax', output, [scaled], { T: FLOAT });
        break;
      }
      case 'clamp': {
        const { min, max } = operator.attributes;
        const limits = [
          this.#floats(`${output}/min`, [], Float32Array.of(min)),
          this.#floats(`${output}/max`, [], Float32Array.of(max)),
        ];
        this.#node('ClipByValue', output, [input, ...limits], { T: FLOAT });
        break;
      }
      case 'relu':
        this.#node('Relu', output, [input], { T: FLOAT });
        break;
      case 'relu6':
        this.#node('Relu6', output, [input], { T: FLOAT });
        break;
      case 'pad': {
        const { padding } = operator.attributes;
        const amounts = this.#integers(`${output}/padding`, [padding.length, 2], padding.flat());
        this.#node('Pad', output, [input, amounts], { T: FLOAT });
        break;
      }
      case 'reshape':
        this.#reshape(input, output, operator.attributes.shape);
        break;
      case 'quantize':
      case 'dequantize':
        throw unsupported(operator, 'float32 operators', operator.kind);
    }
  }

  #conv2d(operator: OperatorOf<'conv2d'>, input: string, output: string): void {
    const { stride, dilation, padding, activation, groups } = operator.attributes;
    if (groups !== 1) throw unsupported(operator, 'groups 1', String(groups));
    const weights = this.#tensor(operator.inputs[1]);
    const [channels = 1, height = 1, width = 1, inChannels = 1] = weights.shape;
    const filter = this.#floats(
      `${output}/weights`,
      [height, width, inChannels, channels],
      transposed(weights),
    );
    const bias = this.#bias(operator, output, channels);
    this.#node('_FusedConv2D', output, [input, filter, bias], {
      T: FLOAT,
      data_format: NHWC,
      ...fused(activation),
      ...this.#window(operator, [height, width], stride, dilation, padding),
    });
  }

  #depthwise(operator: OperatorOf<'depthwiseConv2d'>, input: string, output: string): void {
    const { stride, dilation, padding, activation } = operator.attributes;
    const weights = this.#tensor(operator.inputs[1]);
    const [, height = 1, width = 1, channels = 1] = weights.shape;
    const inChannels = this.#tensor(operator.inputs[0]).shape.at(-1) ?? 1;
    const filter = this.#floats(
      `${output}/weights`,
      [height, width, inChannels, channels / inChannels],
      dataOf(weights),
    );
    const bias = this.#bias(operator, output, channels);
    this.#node('FusedDepthwiseConv2dNative', output, [input, filter, bias], {
      T: FLOAT,
      data_format: NHWC,
      ...fused(activation),
      ...this.#window(operator, [height, width], stride, dilation, padding),
    });
  }

  #averagePool(operator: OperatorOf<'averagePool'>, input: string, output: string): void {
    const { size, stride, padding, activation } = operator.attributes;
    const window = this.#window(operator, size, stride, [1, 1], padding);
    if ('explicit_paddings' in window) {
      throw unsupported(operator, 'padding SAME or VALID', `[${padding.join(', ')}]`);
    }
    this.#activated('AvgPool', activation, output, [input], {
      T: FLOAT,
      data_format: NHWC,
      ksize: ints(1, ...size, 1),
      ...window,
    });
  }

  #window(
    operator: Operator,
    size: Pair,
    stride: Pair,
    dilation: Pair,
    padding: Padding,
  ): Readonly<Record<string, TfjsAttribute>> {
    const [, height = 1, width = 1] = this.#tensor(operator.inputs[0]).shape;
    const steps = { strides: ints(1, ...stride, 1), dilations: ints(1, ...dilation, 1) };
    const wanted = padding.join();
    if (samePadding([height, width], size, stride, dilation).join() === wanted) {
      return { ...steps, padding: { s: text('SAME') } };
    }
    if (wanted === '0,0,0,0') return { ...steps, padding: { s: text('VALID') } };
    return {
      ...steps,
      padding: { s: text('EXPLICIT') },
      explicit_paddings: ints(0, 0, ...padding, 0, 0),
    };
  }

  /** The bias of a sum; zeros where it has none, since fused operators want one. */
  #bias(operator: Operator, output: string, channels: number): string {
    const [, , index] = operator.inputs;
    const data = index === undefined ? new Float32Array(channels) : dataOf(this.#tensor(index));
    return this.#floats(`${output}/bias`, [channels], data);
  }

  #reshape(input: string, output: string, shape: Shape): string {
    const wanted = this.#integers(`${output}/shape`, [shape.length], shape);
    return this.#node('Reshape', output, [input, wanted], { T: FLOAT });
  }

  /** An operator that has no fused activation, with one after it. */
  #activated(
    op: string,
    activation: Activation,
    output: string,
    inputs: readonly string[],
    attributes: Readonly<Record<string, TfjsAttribute>>,
  ): void {
    const [after] = fusedActivations[activation];
    const raw = this.#node(op, after === undefined ? output : `${output}/raw`, inputs, attributes);
    if (after !== undefined) this.#node(after, output, [raw], { T: FLOAT });
  }

  /** The node of an operator's input; a constant one becomes weights. */
  #read(index = -1): string {
    const name = this.#names[index];
    if (name !== undefined) return name;
    const tensor = this.#tensor(index);
    return this.#floats(nodeName(index), tensor.shape, dataOf(tensor));
  }

  #floats(name: string, shape: Shape, data: Float32Array): string {
    return this.#weight({ name, shape, dtype: 'float32' }, data);
  }

  #integers(name: string, shape: Shape, values: readonly number[]): string {
    return this.#weight({ name, shape, dtype: 'int32' }, Int32Array.from(values));
  }

  #weight(spec: TfjsWeight, { buffer, byteOffset, byteLength }: Float32Array | Int32Array): string {
    if (this.#specs.some(({ name }) => name === spec.name)) return spec.name;
    this.#specs.push(spec);
    this.#bytes.push(new Uint8Array(buffer, byteOffset, byteLength));
    const dtype: TfjsAttribute = { type: spec.dtype === 'float32' ? 'DT_FLOAT' : 'DT_INT32' };
    return this.#node('Const', spec.name, [], { dtype });
  }

  #node(
    op: string,
    name: string,
    input: readonly string[],
    attr: Readonly<Record<string, TfjsAttribute>>,
  ): string {
    this.#nodes.push({ name, op, input, attr });
    return name;
  }

  #tensor(index = -1): GraphTensor {
    const tensor = this.#graph.tensors[index];
    if (tensor === undefined) throw new Error(`Expected tensor ${String(index)} to exist`);
    return tensor;
  }
}

/** Names of tensors may have characters that mean something to TensorFlow, as a colon does. */
function nodeName(index: number): string {
  return `tensor_${String(index)}`;
}

function fused(activation: Activation): Readonly<Record<string, TfjsAttribute>> {
  const names = ['BiasAdd', ...fusedActivations[activation]];
  return { fused_ops: { list: { s: names.map(text) } }, num_args: { i: 1 } };
}

function dataOf({ name, data }: GraphTensor): Float32Array {
  if (data instanceof Float32Array) return data;
  throw new Error(`Expected tensor "${name}" to have float32 elements`);
}

/** The elements with the first axis last. */
function transposed(tensor: GraphTensor): Float32Array {
  const data = dataOf(tensor);
  const rows = tensor.shape[0] ?? 1;
  const columns = data.length / rows;
  return data.map((_, i) => data[(i % rows) * columns + Math.floor(i / rows)] ?? NaN);
}

function unsupported({ name }: Operator, wanted: string, found: string): UnsupportedError {
  return new UnsupportedError(
    `Operator "${name}": Expected ${wanted} for TensorFlow.js but found ${found}`,
  );
}
