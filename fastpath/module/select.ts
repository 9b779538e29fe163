/** Some functions of a module with all that they reach, numbered anew. */

import {
  dataOf,
  decodeInstruction,
  reachableFrom,
  type Instruction,
  type Stored,
  type WasmFunction,
  type WasmModule,
} from './decode.ts';
import { Reader, unsigned } from './leb.ts';
import { encodeInstruction, type Opcode } from './opcodes.ts';
import { concatenate, contentOf, sectionIds, withLength } from './sections.ts';

export interface SelectedFunction {
  /** Its type, as bytes of the type section. */
  readonly type: Uint8Array;
  /** Length, locals and instructions: those of the module, but for the numbers of functions and globals. */
  readonly body: Uint8Array;
}

export interface Selection {
  /** In the order of the module. */
  readonly functions: readonly SelectedFunction[];
  /** Type and initial value of each global that they use. */
  readonly globals: readonly Uint8Array[];
  /** The new number of each exported function that was asked for. */
  readonly exports: ReadonlyMap<string, number>;
  /** What the module puts into its memory, whichever functions read it. */
  readonly data: readonly Stored[];
  /** The number of what the module does when it is instantiated. */
  readonly start?: number;
  /** In the same order: the names, of those asked for, that reach the function. */
  readonly reachedBy: readonly (readonly string[])[];
  /** Whether an instruction of relaxed SIMD is among theirs. */
  readonly relaxed: boolean;
}

/** Relaxed SIMD's opcodes begin here, behind the prefix of vectors. */
const RELAXED = { prefix: 0xfd, first: 0x100 };

/**
 * Exported functions, the start function and what they call. New numbers begin behind the functions and globals of
 * `before`.
 *
 * @throws {RangeError} for a name that is not exported, or a module whose functions are called through a table
 */
export function selectFunctions(
  module: WasmModule,
  names: readonly string[],
  before?: Selection,
): Selection {
  const first = { function: before?.functions.length ?? 0, global: before?.globals.length ?? 0 };
  const roots = names.map((name) => {
    const index = module.exports.get(name);
    if (index === undefined) throw new RangeError(`Expected a module that exports "${name}"`);
    return [name, index] as const;
  });
  const starts = module.start === undefined ? [] : [module.start];
  const reached = reachableFrom(module, ...roots.map(([, index]) => index), ...starts);
  const kept = module.functions.filter(({ index }) => reached.has(index));
  const instructions = kept.flatMap((each) => each.instructions);
  if (instructions.some(({ opcode }) => opcode.name === 'call_indirect')) {
    throw new RangeError('Expected a module that calls no function through a table');
  }
  const functions = numbering(
    kept.map(({ index }) => index),
    first.function,
  );
  if (instructions.some(({ opcode, immediates }) => takesType(opcode, immediates))) {
    throw new RangeError('Expected a module whose blocks have at most one result');
  }
  const types = typesOf(module);
  const globals = globalsOf(module);
  const usedGlobals = globals.flatMap((_, i) => (usesGlobal(instructions, i) ? [i] : []));
  const renumber = { functions, globals: numbering(usedGlobals, first.global) };
  const numberOf = (index: number): number => functions.get(index) ?? 0;
  const sets = roots.map(([name, index]) => [name, reachableFrom(module, index)] as const);
  return {
    functions: kept.map((each) => ({
      type: types[each.type] ?? new Uint8Array(),
      body: bodyOf(each, renumber),
    })),
    globals: usedGlobals.flatMap((i) => globals[i] ?? []),
    data: dataOf(module),
    exports: new Map(roots.map(([name, index]) => [name, numberOf(index)])),
    ...(module.start === undefined ? {} : { start: numberOf(module.start) }),
    reachedBy: kept.map(({ index }) =>
      sets.flatMap(([name, indices]) => (indices.has(index) ? [name] : [])),
    ),
    relaxed: instructions.some(
      ({ opcode: { prefix, code } }) => prefix === RELAXED.prefix && code >= RELAXED.first,
    ),
  };
}

type Numbering = ReadonlyMap<number, number>;

function numbering(kept: readonly number[], first: number): Numbering {
  return new Map(kept.map((index, i) => [index, first + i]));
}

const GLOBAL_USES: readonly string[] = ['global.get', 'global.set'];

function usesGlobal(instructions: readonly Instruction[], index: number): boolean {
  return instructions.some(
    ({ opcode, immediates }) =>
      GLOBAL_USES.includes(opcode.name) && new Reader(immediates).unsigned() === index,
  );
}

/** Whether a block's type is one of the type section, whose index is not negative. */
function takesType({ immediates: kind }: Opcode, immediates: Uint8Array): boolean {
  return kind === 'block' && new Reader(immediates).signed() >= 0n;
}

function typesOf({ sections }: WasmModule): readonly Uint8Array[] {
  const content = contentOf(sections, sectionIds.type) ?? Uint8Array.from([0]);
  const reader = new Reader(content);
  return Array.from({ length: reader.unsigned() }, () => {
    const start = reader.at;
    reader.byte();
    reader.take(reader.unsigned());
    reader.take(reader.unsigned());
    return content.subarray(start, reader.at);
  });
}

/** Each global's type, mutability and initial value. */
function globalsOf({ sections }: WasmModule): readonly Uint8Array[] {
  const content = contentOf(sections, sectionIds.global);
  if (content === undefined) return [];
  const reader = new Reader(content);
  return Array.from({ length: reader.unsigned() }, () => {
    const start = reader.at;
    reader.take(2);
    const initial = decodeInstruction(reader).opcode.name;
    if (!initial.endsWith('.const') || decodeInstruction(reader).opcode.name !== 'end') {
      throw new RangeError(`Expected globals that begin as constants but found ${initial}`);
    }
    return content.subarray(start, reader.at);
  });
}

function bodyOf(
  { locals, instructions }: WasmFunction,
  to: { readonly functions: Numbering; readonly globals: Numbering },
): Uint8Array {
  const encode = ({ opcode, immediates, bytes }: Instruction): Uint8Array => {
    const numbers = GLOBAL_USES.includes(opcode.name)
      ? to.globals
      : opcode.name === 'call'
        ? to.functions
        : undefined;
    if (numbers === undefined) return bytes;
    const index = numbers.get(new Reader(immediates).unsigned());
    return encodeInstruction(opcode, unsigned(index ?? 0));
  };
  return withLength([], concatenate([locals, ...instructions.map(encode)]));
}
