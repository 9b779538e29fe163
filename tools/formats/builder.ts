/** A float32 graph in the making: the values of a file's graph by name, and the tensors and operators they became. */

import {
  inferShape,
  type Activation,
  type Graph,
  type GraphTensor,
  type Operator,
  type Preprocessing,
  type Shape,
} from '../../reference/index.ts';
import { FileError } from '../errors.ts';

export type PerChannel = (channel: number) => number;

/** An operator of a file. */
export interface SourceNode {
  readonly name: string;
  /** Its index in the file. */
  readonly source: number;
  /** The name of the value that it computes. */
  readonly output: string;
  /** The name of the value that it reads; empty where an optional one is left out. */
  input(position: number): string;
  /** An error that names it. */
  error(text: string): FileError;
}

/** A computed value. Rank 4 is stored as NHWC; everything else as it is. */
export interface Value {
  /** Of its tensor. */
  readonly index: number;
  readonly shape: Shape;
  /** Position of the operator that computes it; undefined for the input. */
  readonly writer?: number;
}

/**
 * Elements of constants that are copied or changed in all: twice what the largest file holds. Operators may share a
 * constant, each with a copy of its own, and be folded one into the other, so the file's size alone bounds neither
 * memory nor time.
 */
const MAX_CONSTANT_ELEMENTS = 2 ** 26;

export class GraphBuilder {
  readonly #values = new Map<string, Value>();
  readonly #uses = new Map<string, number>();
  readonly #names = new Set<string>();
  readonly #tensors: GraphTensor[] = [];
  readonly #operators: Operator[] = [];
  readonly #inputs: number[] = [];
  /** Of each channel of the input, where operators are taken into the preprocessing. */
  #inputScale: readonly { readonly factor: number; readonly offset: number }[] = [];
  #constantElements = 0;

  /** `reads`: the name of a value for every time that it is read. */
  constructor(reads: readonly string[]) {
    for (const name of reads) this.#uses.set(name, (this.#uses.get(name) ?? 0) + 1);
  }

  get parts(): Pick<Graph, 'tensors' | 'operators'> {
    return { tensors: this.#tensors, operators: this.#operators };
  }

  /** The value of a name, if it has been computed. */
  value(name: string): Value | undefined {
    return this.#values.get(name);
  }

  /** The value that an operator reads. */
  inputOf(node: SourceNode, position = 0): Value {
    const name = node.input(position);
    const value = this.#values.get(name);
    if (value === undefined) {
      throw node.error(`Expected input "${name}" to be computed before it is used`);
    }
    return value;
  }

  /** How often the value of a name is read. */
  uses(name: string): number {
    return this.#uses.get(name) ?? 0;
  }

  /** The operator that computes a value; undefined for the input. */
  writerOf({ writer }: Value): Operator | undefined {
    return writer === undefined ? undefined : this.#operators[writer];
  }

  addInput(name: string, shape: Shape): void {
    const index = this.#addTensor(name, shape);
    this.#inputs.push(index);
    this.#values.set(name, { index, shape });
  }

  get inputs(): readonly number[] {
    return this.#inputs;
  }

  /**
   * Takes what a node does to the graph's input, before anything else reads that, into the preprocessing: the graph's
   * input is what the node computes.
   */
  scaleInput(node: SourceNode, position: number, factor: PerChannel, offset: PerChannel): void {
    const name = node.input(position);
    if (this.uses(name) > 1 || this.#operators.length > 0) {
      throw node.error(`Expected input "${name}" to be read by this operator alone`);
    }
    const channels = [0, 1, 2] as const;
    for (const c of channels) {
      if (!(factor(c) > 0 && factor(c) < Infinity) || !Number.isFinite(offset(c))) {
        throw node.error(
          `Expected a factor greater than 0 and an offset for the input but found ${String(factor(c))} and ${String(offset(c))}`,
        );
      }
    }
    this.#inputScale = channels.map((c) => {
      const before = this.#inputScale[c] ?? { factor: 1, offset: 0 };
      return {
        factor: before.factor * factor(c),
        offset: before.offset * factor(c) + offset(c),
      };
    });
    this.setOutput(node, this.inputOf(node, position));
  }

  /** Preprocessing whose real input is what `scaleInput` makes of the given one's: of `f * x + o`, by channel. */
  preprocessingOf(
    file: string,
    given: Preprocessing | undefined,
  ): { readonly preprocessing?: Preprocessing } {
    const scaled = this.#inputScale.some(({ factor, offset }) => factor !== 1 || offset !== 0);
    if (given === undefined) {
      if (!scaled) return {};
      throw new FileError(file, 'Expected preprocessing for a model that scales its input');
    }
    if (!scaled) return { preprocessing: given };
    const each = (of: (c: 0 | 1 | 2) => number) => [of(0), of(1), of(2)] as const;
    const scale = (c: 0 | 1 | 2) => this.#inputScale[c] ?? { factor: 1, offset: 0 };
    const std = each((c) => given.std[c] / scale(c).factor);
    const mean = each((c) => given.mean[c] - scale(c).offset * std[c]);
    return { preprocessing: { ...given, mean, std } };
  }

  /** Adds a constant of an operator, named after it, and returns the tensor's index. */
  addConstant(
    node: SourceNode,
    part: 'weights' | 'bias',
    shape: Shape,
    data: Float32Array,
  ): number {
    this.#countElements(node, data.length);
    return this.#addTensor(`${node.name}/${part}`, shape, data);
  }

  /** Adds an operator that computes the node's output. Its attributes are checked with the whole graph. */
  addOperator(node: SourceNode, operator: Omit<Operator, 'name' | 'output' | 'source'>): void {
    const { name, source } = node;
    const complete = { ...operator, name, output: this.#tensors.length, source } as Operator;
    const shapes = operator.inputs.map((index) => this.#tensors[index]?.shape ?? []);
    const shape = inferShape(complete, shapes);
    const index = this.#addTensor(node.name, shape);
    const writer = this.#operators.push(complete) - 1;
    this.#values.set(node.output, { index, shape, writer });
  }

  /** Makes a value the output of a node that was taken into the operator which computes it. */
  setOutput(node: SourceNode, value: Value): void {
    this.#values.set(node.output, value);
  }

  /** Gives the operator that computes a value an activation. */
  setActivation({ writer = -1 }: Value, activation: Activation): void {
    const operator = this.#operators[writer];
    if (operator === undefined) throw new Error('Expected an operator that computes the value');
    this.#operators[writer] = {
      ...operator,
      attributes: { ...operator.attributes, activation },
    } as Operator;
  }

  /** Changes the elements of a constant on behalf of a node. */
  changeConstant(
    node: SourceNode,
    index: number,
    change: (element: number, i: number, data: Float32Array) => number,
  ): void {
    const tensor = this.#tensors[index];
    if (!(tensor?.data instanceof Float32Array)) throw new Error('Expected a float32 constant');
    this.#countElements(node, tensor.data.length);
    this.#tensors[index] = { ...tensor, data: tensor.data.map(change) };
  }

  #addTensor(name: string, shape: Shape, data?: Float32Array): number {
    const unique = this.#names.has(name) ? `${name}#${String(this.#tensors.length)}` : name;
    this.#names.add(unique);
    const tensor = { name: unique, type: 'float32', shape } as const;
    return this.#tensors.push(data === undefined ? tensor : { ...tensor, data }) - 1;
  }

  #countElements(node: SourceNode, elements: number): void {
    this.#constantElements += elements;
    if (this.#constantElements > MAX_CONSTANT_ELEMENTS) {
      throw node.error(
        `Expected at most ${String(MAX_CONSTANT_ELEMENTS)} elements in the constants up to here but found more`,
      );
    }
  }
}
