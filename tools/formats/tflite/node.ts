/** An operator of a TensorFlow Lite file with its tensors and options, read as what they have to be. */

import type { Activation, Shape, TensorData } from '../../../reference/index.ts';
import type { FileError } from '../../errors.ts';
import type { StoredOperator, StoredTensor } from './contents.ts';
import type { Table } from './flatbuffer.ts';
import type { Importer } from './importer.ts';
import { activations, builtinNames, tensorTypes } from './schema.ts';

const CUSTOM = 32;

export class TfliteNode {
  /** Its index in the file. */
  readonly source: number;
  readonly graph: Importer;
  readonly #operator: StoredOperator;

  constructor(graph: Importer, operator: StoredOperator, source: number) {
    this.graph = graph;
    this.source = source;
    this.#operator = operator;
  }

  get type(): string {
    const { code, custom } = this.#operator;
    if (code === CUSTOM) return `CUSTOM "${custom}"`;
    return builtinNames[code] ?? `builtin ${String(code)}`;
  }

  error(text: string): FileError {
    return this.graph.error(`Operator ${String(this.source)} (${this.type}): ${text}`);
  }

  /** @throws {FileError} for inputs that nothing would read, or several outputs */
  requireInputs(least: number, most: number): void {
    const { inputs, outputs } = this.#operator;
    const found = inputs.length;
    if (found < least || found > most) {
      const wanted = least === most ? String(least) : `${String(least)} to ${String(most)}`;
      throw this.error(`Expected ${wanted} as number of inputs but found ${String(found)}`);
    }
    if (outputs.length !== 1) {
      throw this.error(`Expected one output but found ${String(outputs.length)}`);
    }
  }

  /** Whether an input, which may be optional, is there. */
  has(position: number): boolean {
    return (this.#operator.inputs[position] ?? -1) !== -1;
  }

  /** The file's index of an input. */
  storedInput(position: number): number {
    return this.#operator.inputs[position] ?? -1;
  }

  get storedOutput(): number {
    return this.#operator.outputs[0] ?? -1;
  }

  /** The graph's index of an input's tensor. */
  input(position: number): number {
    return this.graph.use(this.storedInput(position));
  }

  get output(): number {
    return this.graph.use(this.storedOutput);
  }

  inputShape(position: number): Shape {
    return this.graph.shapeOf(this.storedInput(position));
  }

  get outputShape(): Shape {
    return this.graph.shapeOf(this.storedOutput);
  }

  stored(position: number): StoredTensor {
    return this.graph.stored(this.storedInput(position));
  }

  /** The name of an input's type. */
  inputType(position: number): string {
    const { type } = this.stored(position);
    return Object.entries(tensorTypes).find(([, code]) => code === type)?.[0] ?? 'another type';
  }

  constant(position: number): TensorData | undefined {
    return this.graph.constant(this.storedInput(position));
  }

  /** Integers that say what an operator does, such as a shape. */
  integers(position: number, what: string): readonly number[] {
    const data = this.constant(position);
    if (data === undefined) {
      throw this.error(`Expected ${what} to be constant but found a computed tensor`);
    }
    if (!(data instanceof Int32Array || data instanceof BigInt64Array)) {
      throw this.error(`Expected ${what} to be of int32 but found ${this.inputType(position)}`);
    }
    if (data.length > MAX_INTEGERS) {
      throw this.error(`Expected ${what} of a few integers but found ${String(data.length)}`);
    }
    return Array.from(data, Number);
  }

  /**
   * Its options, of a member of union BuiltinOptions with `fields` fields.
   *
   * @throws {FileError} for others
   * @throws {FlatbufferError} for fields that nothing would read
   */
  options(member: number, fields: number): Table | undefined {
    const { optionsType, options } = this.#operator;
    if (optionsType === 0) return undefined;
    if (optionsType !== member || options === undefined) {
      throw this.error(
        `Expected options of kind ${String(member)} but found kind ${String(optionsType)}`,
      );
    }
    options.requireFieldsBelow(fields);
    return options;
  }

  requiredOptions(member: number, fields: number): Table {
    const options = this.options(member, fields);
    if (options === undefined) throw this.error('Expected its options but found none');
    return options;
  }

  activation(options: Table, field: number): Activation {
    const found = options.int8(field);
    for (const name of Object.keys(activations) as Activation[]) {
      if (activations[name] === found) return name;
    }
    throw this.error(
      `Expected activation NONE, RELU or RELU6 but found ${activationNames[found] ?? String(found)}`,
    );
  }
}

const MAX_INTEGERS = 64;

/** The others of enum ActivationFunctionType. */
const activationNames: Readonly<Record<number, string>> = {
  2: 'RELU_N1_TO_1',
  4: 'TANH',
  5: 'SIGN_BIT',
};
