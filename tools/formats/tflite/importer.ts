/** A graph in the making: tensors and operators of a TensorFlow Lite file, and what they become. */

import {
  elementTypes,
  type ElementType,
  type Graph,
  type GraphTensor,
  type Operator,
  type Quantization,
  type Shape,
  type TensorData,
} from '../../../reference/index.ts';
import { FileError } from '../../errors.ts';
import { elementsOf, elementTypeOfTensor } from './constants.ts';
import type { StoredTensor, TfliteContents } from './contents.ts';
import { FLOAT16, tensorTypes } from './schema.ts';

/**
 * Elements of constants in all: twice what the largest file holds. Tensors may share a buffer, each with a copy of its
 * own, so the file's size alone does not bound memory.
 */
const MAX_CONSTANT_ELEMENTS = 2 ** 26;

export class Importer {
  readonly #file: string;
  readonly #contents: TfliteContents;
  readonly #tensors: GraphTensor[] = [];
  readonly #operators: Operator[] = [];
  /** Of each tensor of the file that is used, its index in the graph. */
  readonly #indices = new Map<number, number>();
  /** Elements of constants, by tensor of the file: its own, or those that an operator makes of other constants. */
  readonly #constants = new Map<number, TensorData>();
  readonly #names = new Set<string>();
  #constantElements = 0;

  constructor(file: string, contents: TfliteContents) {
    this.#file = file;
    this.#contents = contents;
  }

  get parts(): Pick<Graph, 'tensors' | 'operators'> {
    return { tensors: this.#tensors, operators: this.#operators };
  }

  /** The graph's tensor of the file's output, which an operator has computed. */
  output(index: number): number {
    const used = this.#indices.get(index);
    if (used !== undefined) return used;
    throw this.#tensorError(index, 'Expected an output that is computed');
  }

  error(text: string): FileError {
    return new FileError(this.#file, text);
  }

  /** A tensor of the file. */
  stored(index: number): StoredTensor {
    const tensor = this.#contents.tensors[index];
    if (tensor !== undefined) return tensor;
    throw this.error(
      `Expected the index of one of ${String(this.#contents.tensors.length)} tensors but found ${String(index)}`,
    );
  }

  /** The elements of a tensor, where it is constant. */
  constant(index: number): TensorData | undefined {
    const known = this.#constants.get(index);
    if (known !== undefined) return known;
    const stored = this.stored(index);
    if (stored.data.length === 0) return undefined;
    try {
      const elements = elementsOf(stored);
      this.#keep(index, elements);
      return elements;
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      throw this.#tensorError(index, error.message);
    }
  }

  /** Makes a tensor of the file the constant that an operator computes. */
  setConstant(index: number, elements: Float32Array): void {
    if (this.constant(index) !== undefined || this.#indices.has(index)) {
      throw this.#tensorError(index, 'Expected to be written once');
    }
    this.#keep(index, elements);
  }

  /** The graph's tensor of one of the file, an activation or a constant. */
  use(index: number): number {
    const used = this.#indices.get(index);
    if (used !== undefined) return used;
    const { name, type, shape } = this.stored(index);
    const data = this.constant(index);
    const known = data === undefined || type !== FLOAT16 ? this.#type(index) : 'float32';
    // Converters join the names of all that they fuse.
    const [first = ''] = name.split(';');
    const added = this.addTensor(first === '' ? `tensor ${String(index)}` : first, {
      type: known,
      shape,
      ...this.#quantization(index, known),
      ...(data === undefined ? {} : { data }),
    });
    this.#indices.set(index, added);
    return added;
  }

  /** Adds a tensor that the file has not, under a name of its own. */
  addTensor(name: string, tensor: Omit<GraphTensor, 'name'>): number {
    let unique = name;
    for (let n = this.#tensors.length; this.#names.has(unique); n++) {
      unique = `${name}#${String(n)}`;
    }
    this.#names.add(unique);
    return this.#tensors.push({ name: unique, ...tensor }) - 1;
  }

  tensor(index: number): GraphTensor {
    const tensor = this.#tensors[index];
    if (tensor === undefined) throw new Error(`Expected tensor ${String(index)} to exist`);
    return tensor;
  }

  /** Adds an operator, named after its output. Everything about it is checked with the whole graph. */
  addOperator(operator: Omit<Operator, 'name'> & { readonly source: number }): void {
    const { name } = this.tensor(operator.output);
    this.#operators.push({ ...operator, name } as Operator);
  }

  #keep(index: number, elements: TensorData): void {
    this.#constantElements += elements.length;
    if (this.#constantElements > MAX_CONSTANT_ELEMENTS) {
      throw this.#tensorError(
        index,
        `Expected at most ${String(MAX_CONSTANT_ELEMENTS)} elements in the constants up to here but found more`,
      );
    }
    this.#constants.set(index, elements);
  }

  #type(index: number): ElementType {
    const stored = this.stored(index);
    const type = elementTypeOfTensor(stored);
    if (type !== undefined) return type;
    const found =
      stored.type === FLOAT16 ? 'computed float16' : `TensorFlow Lite type ${String(stored.type)}`;
    throw this.#tensorError(
      index,
      `Expected type ${Object.keys(tensorTypes).join(', ')} but found ${found}`,
    );
  }

  #quantization(index: number, type: ElementType): { readonly quantization?: Quantization } {
    const { scales, zeroPoints } = this.stored(index);
    if (scales.length === 0 || type === 'float32') return {};
    const [zeroPoint = 0] = zeroPoints;
    if (zeroPoints.length !== scales.length && zeroPoints.length !== 1) {
      throw this.#tensorError(
        index,
        `Expected a zero point for each scale but found ${String(zeroPoints.length)} for ${String(scales.length)}`,
      );
    }
    if (zeroPoints.some((each) => each !== zeroPoint)) {
      throw this.#tensorError(index, 'Expected one zero point for all channels but found several');
    }
    const { min, max } = elementTypes[type];
    if (zeroPoint < min || zeroPoint > max) {
      throw this.#tensorError(
        index,
        `Expected a zero point within ${type} but found ${String(zeroPoint)}`,
      );
    }
    return { quantization: { scales, zeroPoint } };
  }

  #tensorError(index: number, text: string): FileError {
    return this.error(`Tensor ${String(index)} "${this.stored(index).name}": ${text}`);
  }

  shapeOf(index: number): Shape {
    return this.stored(index).shape;
  }
}
