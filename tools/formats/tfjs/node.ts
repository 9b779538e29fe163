/** A node of a TensorFlow.js graph with its attributes and constants, read as what they have to be. */

import type { Pair, Padding, Shape } from '../../../reference/index.ts';
import { samePadding } from '../../../reference/index.ts';
import { FileError } from '../../errors.ts';
import type { SourceNode } from '../builder.ts';
import type { TfjsAttributes, TfjsStoredNode } from './contents.ts';
import type { Weight } from './weights.ts';

export class TfjsNode implements SourceNode {
  readonly name: string;
  readonly op: string;
  readonly source: number;
  /** The names of the nodes that it reads. */
  readonly inputs: readonly string[];
  readonly #file: string;
  readonly #stored: TfjsStoredNode;
  readonly #attributes: TfjsAttributes;
  readonly #weights: ReadonlyMap<string, Weight>;

  /** `weights`: the constants, by the names of their nodes. */
  constructor(
    file: string,
    stored: TfjsStoredNode,
    source: number,
    weights: ReadonlyMap<string, Weight>,
  ) {
    const { name, op, input = [], attr = {} } = stored;
    this.name = name;
    this.op = op;
    this.#stored = stored;
    this.source = source;
    this.#file = file;
    this.#attributes = attr;
    this.#weights = weights;
    this.inputs = input.flatMap((text) => this.#nameOf(text));
  }

  error(text: string): FileError {
    return new FileError(this.#file, `Operator "${this.name}" (${this.op}): ${text}`);
  }

  /** The same node with its inputs' names replaced. */
  resolved(resolve: (name: string) => string): TfjsNode {
    const input = this.inputs.map(resolve);
    return new TfjsNode(this.#file, { ...this.#stored, input }, this.source, this.#weights);
  }

  get output(): string {
    return this.name;
  }

  input(position: number): string {
    return this.inputs[position] ?? '';
  }

  /** An input may name an output, of which only the first is a value here; others only order what runs. */
  #nameOf(text: string): readonly string[] {
    if (text.startsWith('^')) return [];
    const [name = '', output = '0', ...rest] = text.split(':');
    if (output !== '0' || rest.length > 0) {
      throw this.error(`Expected the first output of its input but found "${text}"`);
    }
    return [name];
  }

  requireInputs(count: number): void {
    if (this.inputs.length !== count) {
      throw this.error(
        `Expected ${String(count)} as number of inputs but found ${String(this.inputs.length)}`,
      );
    }
  }

  isConstant(position: number): boolean {
    return this.#weights.has(this.input(position));
  }

  floats(position: number): { readonly shape: Shape; readonly data: Float32Array } {
    const { shape, data } = this.#constant(position);
    if (data instanceof Float32Array) return { shape, data };
    throw this.error(`Expected input "${this.input(position)}" to be of float32 but found int32`);
  }

  integers(position: number): readonly number[] {
    const { data } = this.#constant(position);
    if (data instanceof Float32Array || data.length > 64) {
      throw this.error(`Expected input "${this.input(position)}" to be of a few integers`);
    }
    return [...data];
  }

  /** A constant of one element for each channel; one number stands for all. */
  vector(position: number, channels: number): (channel: number) => number {
    const { data } = this.floats(position);
    if (data.length !== channels && data.length !== 1) {
      throw this.error(
        `Expected input "${this.input(position)}" of ${String(channels)} elements but found ${String(data.length)}`,
      );
    }
    return (channel) => data[data.length === 1 ? 0 : channel] ?? NaN;
  }

  scalar(position: number): number {
    const { data } = this.floats(position);
    const [value = NaN] = data;
    if (data.length !== 1) {
      throw this.error(`Expected input "${this.input(position)}" to be one number`);
    }
    return value;
  }

  #constant(position: number): Weight {
    const weight = this.#weights.get(this.input(position));
    if (weight !== undefined) return weight;
    throw this.error(`Expected input "${this.input(position)}" to be a constant`);
  }

  // Attributes.

  bool(name: string, otherwise: boolean): boolean {
    return this.#attributes[name]?.b ?? otherwise;
  }

  float(name: string, otherwise: number): number {
    return this.#attributes[name]?.f ?? otherwise;
  }

  string(name: string, otherwise: string): string {
    const { s } = this.#attributes[name] ?? {};
    return s === undefined ? otherwise : decode(s);
  }

  strings(name: string): readonly string[] {
    return (this.#attributes[name]?.list?.s ?? []).map(decode);
  }

  ints(name: string): readonly number[] | undefined {
    return this.#attributes[name]?.list?.i;
  }

  /** The extents of an attribute that is a shape; -1 where one is open. */
  shape(name: string): readonly number[] {
    return (this.#attributes[name]?.shape?.dim ?? []).map(({ size = -1 }) => size);
  }

  requireNhwc(): void {
    const found = this.string('data_format', 'NHWC');
    if (found !== 'NHWC') throw this.error(`Expected data_format NHWC but found ${found}`);
  }

  /** Height and width of a list for all four axes. */
  pair(name: string, otherwise: Pair): Pair {
    const ints = this.ints(name);
    if (ints === undefined || ints.length === 0) return otherwise;
    const [n, height = 0, width = 0, c] = ints;
    if (ints.length !== 4 || n !== 1 || c !== 1 || height < 1 || width < 1) {
      throw this.error(
        `Expected ${name} [1, height, width, 1] but found [${ints.slice(0, 8).join(', ')}]`,
      );
    }
    return [height, width];
  }

  padding(input: Shape, size: Pair, stride: Pair, dilation: Pair): Padding {
    const scheme = this.string('padding', '');
    const [, height = 1, width = 1] = input;
    if (scheme === 'VALID') return [0, 0, 0, 0];
    if (scheme === 'SAME') return samePadding([height, width], size, stride, dilation);
    const explicit = this.ints('explicit_paddings') ?? [];
    const [n0, n1, top = NaN, bottom = NaN, left = NaN, right = NaN, c0, c1] = explicit;
    const whole = [n0, n1, c0, c1].every((edge) => edge === 0);
    if (scheme !== 'EXPLICIT' || explicit.length !== 8 || !whole) {
      throw this.error(
        `Expected padding SAME, VALID or EXPLICIT of height and width but found ${scheme} [${explicit.slice(0, 8).join(', ')}]`,
      );
    }
    return [top, bottom, left, right];
  }
}

/** Texts of attributes are in base64. */
const decode = (text: string): string => Buffer.from(text, 'base64').toString('latin1');
