/** The bytes of a compiled model's module. */

import { dataSegments, immutable, NOTHING, startFunctions, type Constants } from './contents.ts';
import { runBody } from './functions.ts';
import { unsigned } from './leb.ts';
import { concatenate, encodeSection, HEADER, sectionIds, vector, withLength } from './sections.ts';
import type { Selection } from './select.ts';

export interface ModuleContents {
  readonly kernels: Selection;
  readonly steps: readonly { readonly kernel: string; readonly record: number }[];
  readonly constants: Constants;
  /** Addresses. */
  readonly input: number;
  readonly output: number;
  readonly describe: number;
  /** Of UTF-8, NUL at the end. */
  readonly description: Uint8Array;
  readonly memoryPages: number;
}

/** Bytes of a module by what they are for. */
export interface ModuleSizes {
  /**
   * Functions by the kernels that call them: one's own under its name, those of several under all of theirs, and those
   * of no kernel, which ask what the engine can do, under `start`.
   */
  readonly kernels: Readonly<Record<string, number>>;
  /** What decodes constants; 0 where they are not coded. */
  readonly decoder: number;
  /** `run`, and what puts steps and constants in place. */
  readonly functions: number;
  /** 0 where they are coded, with the constants. */
  readonly steps: number;
  /** Weights and other constants. */
  readonly constants: number;
  readonly description: number;
  /** Types, exports, headers, what kernels themselves store. */
  readonly rest: number;
}

export function writeModule(contents: ModuleContents): {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly sizes: ModuleSizes;
} {
  const { kernels, constants, description } = contents;
  const taken = constants.kind === 'coded' ? [kernels, constants.decoder] : [kernels];
  const takenFunctions = taken.flatMap((each) => each.functions);
  const takenGlobals = taken.flatMap((each) => each.globals);
  const run = takenFunctions.length;
  const before = kernels.start === undefined ? [] : [kernels.start];
  const starting = startFunctions(constants, run + 1, before);
  const own = [{ type: NOTHING, body: runBody(callsOf(contents)) }, ...starting];
  const functions = [...takenFunctions, ...own];
  const start = starting.length === 0 ? before[0] : functions.length - 1;
  const types = new Types();
  const typed = functions.map(({ type }) => Uint8Array.from(unsigned(types.index(type))));
  const stored = taken.flatMap((each) => each.data);
  const data = dataSegments(constants, ...stored, { to: contents.describe, bytes: description });
  const globals = [contents.input, contents.output, contents.describe].map(immutable);
  const exports = [
    exported('memory', MEMORY, 0),
    ...['input', 'output', 'describe'].map((name, i) =>
      exported(name, GLOBAL, takenGlobals.length + i),
    ),
    exported('run', FUNCTION, run),
  ];
  const pages = unsigned(contents.memoryPages);
  const sections = [
    { id: sectionIds.type, content: types.content() },
    { id: sectionIds.function, content: vector(typed) },
    { id: sectionIds.memory, content: Uint8Array.from([1, FIXED, ...pages, ...pages]) },
    { id: sectionIds.global, content: vector([...takenGlobals, ...globals]) },
    { id: sectionIds.export, content: vector(exports) },
    ...(start === undefined
      ? []
      : [{ id: sectionIds.start, content: Uint8Array.from(unsigned(start)) }]),
    { id: sectionIds.dataCount, content: Uint8Array.from(unsigned(data.length)) },
    { id: sectionIds.code, content: vector(functions.map(({ body }) => body)) },
    { id: sectionIds.data, content: vector(data) },
  ];
  const bytes = concatenate([HEADER, ...sections.map(encodeSection)]);
  const parts = {
    decoder: constants.kind === 'coded' ? codeBytes(constants.decoder.functions) : 0,
    functions: codeBytes(own),
    steps: constants.kind === 'coded' ? 0 : storedBytes(constants.steps),
    constants:
      constants.kind === 'coded'
        ? constants.container.length
        : storedBytes([...constants.plain, ...constants.records]),
    description: description.length,
  };
  const counted = Object.values(parts).reduce((a, b) => a + b, codeBytes(kernels.functions));
  const sizes = { kernels: kernelSizes(kernels), ...parts, rest: bytes.length - counted };
  return { bytes, sizes };
}

const FUNCTION = 0;
const MEMORY = 2;
const GLOBAL = 3;
/** Limits of a memory that has a maximum. */
const FIXED = 1;

function callsOf({ kernels, steps }: ModuleContents): Parameters<typeof runBody>[0] {
  return steps.map(({ kernel, record }) => ({ kernel: kernels.exports.get(kernel) ?? -1, record }));
}

function codeBytes(functions: readonly { readonly body: Uint8Array }[]): number {
  return functions.reduce((bytes, { body }) => bytes + body.length, 0);
}

function storedBytes(stored: readonly { readonly bytes: Uint8Array }[]): number {
  return stored.reduce((sum, { bytes }) => sum + bytes.length, 0);
}

function kernelSizes({ functions, reachedBy }: Selection): Readonly<Record<string, number>> {
  const sizes: Record<string, number> = {};
  functions.forEach(({ body }, i) => {
    const names = reachedBy[i] ?? [];
    const key = names.length === 0 ? 'start' : names.join(' ');
    sizes[key] = (sizes[key] ?? 0) + body.length;
  });
  return sizes;
}

/** Types of functions, each once. */
class Types {
  readonly #items: Uint8Array[] = [];

  /** The index of a type, as bytes. */
  index(type: Uint8Array): number {
    const known = this.#items.findIndex(
      (item) => item.length === type.length && item.every((byte, i) => byte === type[i]),
    );
    return known === -1 ? this.#items.push(type) - 1 : known;
  }

  content(): Uint8Array {
    return vector(this.#items);
  }
}

function exported(name: string, kind: number, index: number): Uint8Array {
  const text = withLength([], new TextEncoder().encode(name));
  return concatenate([text, Uint8Array.from([kind, ...unsigned(index)])]);
}
