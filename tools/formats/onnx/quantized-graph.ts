/** An int8 graph in the making: the values of an ONNX graph by name, and the tensors and operators they became. */

import {
  elementCount,
  inferShape,
  type ElementType,
  type Graph,
  type GraphTensor,
  type Operator,
  type Quantization,
  type Shape,
  type TensorData,
} from '../../../reference/index.ts';
import type { SourceNode } from '../builder.ts';

/**
 * What a name stands for: the codes of a tensor, the real numbers that such codes stand for, or a float32 tensor.
 * Codes are int8; `uint8` says that the file's are 128 above them.
 */
export interface Value {
  readonly kind: 'codes' | 'real' | 'float';
  readonly index: number;
  readonly uint8: boolean;
}

/** Scale, zero point and type of codes, as a file says them. */
export interface Scheme {
  readonly scale: number;
  readonly zeroPoint: number;
  readonly uint8: boolean;
}

/** The same real numbers in int8. */
export const int8Quantization = ({ scale, zeroPoint, uint8 }: Scheme): Quantization => ({
  scales: [scale],
  zeroPoint: uint8 ? zeroPoint - 128 : zeroPoint,
});

/** Elements of constants that are copied in all: operators may share one, each with a copy of its own. */
const MAX_CONSTANT_ELEMENTS = 2 ** 26;

export class QuantizedGraph {
  readonly tensors: GraphTensor[] = [];
  readonly operators: Operator[] = [];
  readonly #values = new Map<string, Value>();
  readonly #names = new Set<string>();
  readonly #operatorNames = new Set<string>();
  #constantElements = 0;

  get parts(): Pick<Graph, 'tensors' | 'operators'> {
    return { tensors: this.tensors, operators: this.operators };
  }

  find(name: string): Value | undefined {
    return this.#values.get(name);
  }

  set(name: string, value: Value): void {
    this.#values.set(name, value);
  }

  /** The value that an operator reads, of one of these kinds. */
  inputOf(node: SourceNode, position: number, ...kinds: readonly Value['kind'][]): Value {
    const name = node.input(position);
    const value = this.#values.get(name);
    if (value === undefined) {
      throw node.error(`Expected input "${name}" to be computed before it is used`);
    }
    if (kinds.includes(value.kind)) return value;
    const texts = { codes: 'codes', real: 'dequantised codes', float: 'float32' };
    throw node.error(
      `Expected input "${name}" to be ${kinds.map((kind) => texts[kind]).join(' or ')} but found ${texts[value.kind]}`,
    );
  }

  tensor(index: number): GraphTensor {
    const tensor = this.tensors[index];
    if (tensor === undefined) throw new Error(`Expected tensor ${String(index)} to exist`);
    return tensor;
  }

  shapeOf({ index }: Value): Shape {
    return this.tensor(index).shape;
  }

  addTensor(name: string, tensor: Omit<GraphTensor, 'name'>): number {
    return this.tensors.push({ name: unique(this.#names, name), ...tensor }) - 1;
  }

  addConstant(
    node: SourceNode,
    part: string,
    shape: Shape,
    data: TensorData,
    scales: readonly number[],
  ): number {
    this.count(node, elementCount(shape));
    const type: ElementType = data instanceof Int8Array ? 'int8' : 'int32';
    const quantization = { scales, zeroPoint: 0 };
    return this.addTensor(`${node.name}/${part}`, { type, shape, quantization, data });
  }

  /** Counts elements of constants before they are copied. @throws {FileError} for too many in all */
  count(node: SourceNode, elements: number): void {
    this.#constantElements += elements;
    if (this.#constantElements > MAX_CONSTANT_ELEMENTS) {
      throw node.error(
        `Expected at most ${String(MAX_CONSTANT_ELEMENTS)} elements in the constants up to here but found more`,
      );
    }
  }

  /** Adds an operator whose output has this name, type and quantisation; returns the tensor's index. */
  addOperator(
    node: SourceNode,
    operator: Omit<Operator, 'name' | 'output' | 'source'>,
    output: Pick<GraphTensor, 'name' | 'type' | 'quantization'>,
  ): number {
    const shapes = operator.inputs.map((index) => this.tensor(index).shape);
    const name = unique(this.#operatorNames, node.name);
    const added = {
      ...operator,
      name,
      output: this.tensors.length,
      source: node.source,
    } as Operator;
    const { type, quantization } = output;
    const index = this.addTensor(output.name, {
      type,
      shape: inferShape(added, shapes),
      ...(quantization === undefined ? {} : { quantization }),
    });
    this.operators.push(added);
    return index;
  }

  /** Gives a tensor of codes the quantisation that its first reader tells. */
  setQuantization(index: number, quantization: Quantization): void {
    this.tensors[index] = { ...this.tensor(index), quantization };
  }
}

function unique(names: Set<string>, name: string): string {
  let result = name;
  for (let n = names.size; names.has(result); n++) result = `${name}#${String(n)}`;
  names.add(result);
  return result;
}
