/** The bytes of a compiled model's module. */

import { constant, I32, placeBody, runBody, startBody } from './functions.ts';
import { unsigned } from './leb.ts';
import type { Placements } from './placement.ts';
import { concatenate, encodeSection, HEADER, sectionIds, vector, withLength } from './sections.ts';
import type { SelectedFunction, Selection } from './select.ts';

export interface ModuleContents {
  readonly selection: Selection;
  readonly steps: readonly { readonly kernel: string; readonly record: number }[];
  readonly placements: Placements;
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
  /** Functions by the kernels that call them: one's own under its name, those of several under all of theirs. */
  readonly kernels: Readonly<Record<string, number>>;
  /** `run` and what puts steps and constants in place. */
  readonly functions: number;
  readonly steps: number;
  /** Weights and other constants. */
  readonly constants: number;
  readonly description: number;
  /** Types, exports, headers. */
  readonly rest: number;
}

export function writeModule(contents: ModuleContents): {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly sizes: ModuleSizes;
} {
  const { selection, placements, description } = contents;
  const own = ownFunctions(contents);
  const data = dataSegments(contents);
  const functions = [...selection.functions, ...own.functions];
  const types = new Types();
  const typed = functions.map(({ type }) => Uint8Array.from(unsigned(types.index(type))));
  const globals = [contents.input, contents.output, contents.describe].map(immutable);
  const firstGlobal = selection.globals.length;
  const exports = [
    exported('memory', MEMORY, 0),
    exported('input', GLOBAL, firstGlobal),
    exported('output', GLOBAL, firstGlobal + 1),
    exported('describe', GLOBAL, firstGlobal + 2),
    exported('run', FUNCTION, own.run),
  ];
  const pages = unsigned(contents.memoryPages);
  const sections = [
    { id: sectionIds.type, content: types.content() },
    { id: sectionIds.function, content: vector(typed) },
    { id: sectionIds.memory, content: Uint8Array.from([1, FIXED, ...pages, ...pages]) },
    { id: sectionIds.global, content: vector([...selection.globals, ...globals]) },
    { id: sectionIds.export, content: vector(exports) },
    ...(own.start === undefined
      ? []
      : [{ id: sectionIds.start, content: Uint8Array.from(unsigned(own.start)) }]),
    { id: sectionIds.dataCount, content: Uint8Array.from(unsigned(data.length)) },
    { id: sectionIds.code, content: vector(functions.map(({ body }) => body)) },
    { id: sectionIds.data, content: vector(data) },
  ];
  const bytes = concatenate([HEADER, ...sections.map(encodeSection)]);
  const sizes = {
    kernels: kernelSizes(selection),
    functions: sum(own.functions.map(({ body }) => body)),
    steps: sum(placements.steps.map((each) => each.bytes)),
    constants: sum([...placements.plain, ...placements.records].map((each) => each.bytes)),
    description: description.length,
  };
  const counted = sizes.functions + sizes.steps + sizes.constants + sizes.description;
  const ofKernels = sum(selection.functions.map(({ body }) => body));
  return { bytes, sizes: { ...sizes, rest: bytes.length - counted - ofKernels } };
}

const FUNCTION = 0;
const MEMORY = 2;
const GLOBAL = 3;
/** Limits of a memory that has a maximum. */
const FIXED = 1;

const sum = (parts: readonly Uint8Array[]): number =>
  parts.reduce((bytes, part) => bytes + part.length, 0);

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

/** A type of so many parameters and results, all i32. */
function typeOf(parameters: number, results: number): Uint8Array {
  const list = (length: number): Uint8Array => withLength([], new Uint8Array(length).fill(I32));
  return concatenate([Uint8Array.from([0x60]), list(parameters), list(results)]);
}

/** The functions behind the kernels, and the numbers of two of them. */
function ownFunctions({ selection, steps, placements }: ModuleContents): {
  readonly functions: readonly SelectedFunction[];
  readonly run: number;
  readonly start?: number;
} {
  const first = selection.functions.length;
  const calls = steps.map(({ kernel, record }) => ({
    kernel: selection.exports.get(kernel) ?? 0,
    record,
  }));
  const nothing = typeOf(0, 0);
  const run = { type: nothing, body: runBody(calls) };
  const before = selection.start;
  const records = [...placements.steps, ...placements.records];
  if (records.length === 0) {
    return { functions: [run], run: first, ...(before === undefined ? {} : { start: before }) };
  }
  const place = { type: typeOf(6, 1), body: placeBody(RECORDS_SEGMENT) };
  const body = startBody(before === undefined ? [] : [before], first + 1, RECORDS_SEGMENT, records);
  const functions = [run, place, { type: nothing, body }];
  return { functions, run: first, start: first + 2 };
}

const RECORDS_SEGMENT = 0;

/** A segment that the start function places, if there is anything to place, then those of whole ranges of memory. */
function dataSegments(contents: ModuleContents): readonly Uint8Array[] {
  const { plain, steps, records } = contents.placements;
  const placed = [...steps, ...records];
  const active = [...plain, { to: contents.describe, bytes: contents.description }];
  return [
    ...(placed.length === 0
      ? []
      : [withLength([1], concatenate(placed.map(({ bytes }) => bytes)))]),
    ...active.map(({ to, bytes }) =>
      concatenate([Uint8Array.from([0]), constant(to), END, withLength([], bytes)]),
    ),
  ];
}

const END = Uint8Array.from([0x0b]);

/** A global of i32 that is never set. */
function immutable(value: number): Uint8Array {
  return concatenate([Uint8Array.from([I32, 0]), constant(value), END]);
}

function exported(name: string, kind: number, index: number): Uint8Array {
  const text = withLength([], new TextEncoder().encode(name));
  return concatenate([text, Uint8Array.from([kind, ...unsigned(index)])]);
}
