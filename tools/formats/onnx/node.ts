/** An operator of an ONNX file with its attributes and constants, read as what they have to be. */

import type { Pair, Shape } from '../../../reference/index.ts';
import { FileError } from '../../errors.ts';
import {
  shapeText,
  type CodeTensor,
  type FloatTensor,
  type IntegerTensor,
  type OnnxTensor,
} from './tensor.ts';
import type { OnnxAttribute, OnnxNode } from './wire.ts';

/** Types of attributes (AttributeProto.AttributeType in onnx/onnx.proto). */
const FLOAT = 1;
const INT = 2;
const STRING = 3;
const INTS = 7;
const typeNames: Readonly<Record<number, string>> = {
  [FLOAT]: 'a number',
  [INT]: 'an integer',
  [STRING]: 'a text',
  [INTS]: 'a list of integers',
};

/** How many inputs an operator has, and which attributes it may have. */
export interface Signature {
  readonly inputs: readonly [least: number, most: number];
  readonly attributes: readonly string[];
}

export class Node {
  readonly type: string;
  readonly name: string;
  readonly source: number;
  readonly #file: string;
  readonly #node: OnnxNode;
  readonly #constants: ReadonlyMap<string, OnnxTensor>;

  /** Of a file, whose name is in every error, and the constants known where the operator stands. */
  constructor(file: string, node: OnnxNode, constants: ReadonlyMap<string, OnnxTensor>) {
    this.type = node.type;
    this.name = node.name;
    this.source = node.source;
    this.#file = file;
    this.#node = node;
    this.#constants = constants;
  }

  error(text: string): FileError {
    return new FileError(this.#file, `Operator "${this.name}" (${this.type}): ${text}`);
  }

  /** @throws {FileError} for inputs or attributes that nothing would read */
  require({ inputs: [least, most], attributes }: Signature): void {
    const found = this.#node.inputs.length;
    if (found < least || found > most) {
      const wanted = least === most ? String(least) : `${String(least)} to ${String(most)}`;
      throw this.error(`Expected ${wanted} as number of inputs but found ${String(found)}`);
    }
    for (const name of this.#node.attributes.keys()) {
      if (!attributes.includes(name)) {
        const wanted = attributes.length === 0 ? 'no attribute' : attributes.join(', ');
        throw this.error(`Expected ${wanted} but found attribute "${name}"`);
      }
    }
  }

  /** The name of what it computes; further outputs (masks, statistics) are for training and stay unknown. */
  get output(): string {
    const [output = ''] = this.#node.outputs;
    if (output === '') throw this.error('Expected a name of its output but found none');
    return output;
  }

  /** The name of an input; empty where an optional one is left out. */
  input(position: number): string {
    return this.#node.inputs[position] ?? '';
  }

  isConstant(position: number): boolean {
    return this.#constants.has(this.input(position));
  }

  floats(position: number): FloatTensor {
    const tensor = this.#constant(position);
    if (tensor.type === 'float') return tensor;
    throw this.error(
      `Expected input "${this.input(position)}" to be of float32 but found integers`,
    );
  }

  integers(position: number): IntegerTensor {
    const tensor = this.#constant(position);
    if (tensor.type === 'integer') return tensor;
    throw this.error(
      `Expected input "${this.input(position)}" to be of integers but found ${tensor.type === 'float' ? 'float32' : 'codes'}`,
    );
  }

  /** Codes of weights, a bias or a zero point; short biases are integers like any others. */
  codes(position: number): CodeTensor {
    const tensor = this.#constant(position);
    if (tensor.type === 'codes') return tensor;
    if (tensor.type === 'integer') {
      return { ...tensor, type: 'codes', data: Int32Array.from(tensor.data) };
    }
    throw this.error(`Expected input "${this.input(position)}" to be of codes but found float32`);
  }

  /** A constant of one element for each channel, as [channels], or as one of the other shapes. */
  vector(position: number, channels: number, ...others: readonly Shape[]): Float32Array {
    const { shape, data } = this.floats(position);
    const wanted = [[channels], ...others].map(shapeText);
    if (!wanted.includes(shapeText(shape))) {
      throw this.error(
        `Expected input "${this.input(position)}" of shape ${wanted.join(' or ')} but found ${shapeText(shape)}`,
      );
    }
    return data;
  }

  /** A constant of one element, where it is not left out. */
  scalar(position: number): number | undefined {
    if (this.input(position) === '') return undefined;
    const { shape, data } = this.floats(position);
    if (shape.length > 1 || data.length !== 1) {
      throw this.error(
        `Expected input "${this.input(position)}" to be one number but found shape ${shapeText(shape)}`,
      );
    }
    return data[0];
  }

  // Attributes. A writer of the third version of protocol buffers leaves out values of 0.

  int(name: string, otherwise: number): number {
    const attribute = this.#attribute(name, INT);
    return attribute === undefined ? otherwise : (attribute.int ?? 0);
  }

  float(name: string, otherwise: number): number {
    const attribute = this.#attribute(name, FLOAT);
    return attribute === undefined ? otherwise : (attribute.float ?? 0);
  }

  string(name: string, otherwise: string): string {
    const attribute = this.#attribute(name, STRING);
    return attribute === undefined ? otherwise : (attribute.string ?? '');
  }

  ints(name: string): readonly number[] | undefined {
    return this.#attribute(name, INTS)?.ints;
  }

  /** A tensor that is an attribute: only `Constant` has one. */
  tensor(name: string): OnnxTensor {
    const tensor = this.#node.attributes.get(name)?.tensor;
    if (tensor === undefined) throw this.error(`Expected a tensor as its ${name}`);
    return tensor;
  }

  requireInt(name: string, otherwise: number, wanted: number): void {
    const found = this.int(name, otherwise);
    if (found !== wanted) {
      throw this.error(`Expected ${name} to be ${String(wanted)} but found ${String(found)}`);
    }
  }

  /** Two integers greater than 0, for height and width. */
  pair(name: string, otherwise: Pair): Pair {
    const ints = this.ints(name);
    if (ints === undefined) return otherwise;
    const [height, width] = ints;
    if (
      height === undefined ||
      width === undefined ||
      ints.length !== 2 ||
      height < 1 ||
      width < 1
    ) {
      throw this.error(`Expected two ${name} greater than 0 but found ${shapeText(ints)}`);
    }
    return [height, width];
  }

  #attribute(name: string, type: number): OnnxAttribute | undefined {
    const attribute = this.#node.attributes.get(name);
    if (attribute !== undefined && attribute.type !== type) {
      throw this.error(
        `Expected ${name} to be ${typeName(type)} but found ${typeName(attribute.type)}`,
      );
    }
    return attribute;
  }

  #constant(position: number): OnnxTensor {
    const name = this.input(position);
    const tensor = this.#constants.get(name);
    if (tensor === undefined) throw this.error(`Expected input "${name}" to be a constant`);
    return tensor;
  }
}

const typeName = (type: number): string => typeNames[type] ?? `one of ONNX type ${String(type)}`;
