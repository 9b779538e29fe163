/** A kernels' module, taken apart to instructions. */

import { Reader } from './leb.ts';
import { isPrefix, opcodeAt, type Opcode } from './opcodes.ts';
import { contentOf, END, HEADER, sectionIds, type Section } from './sections.ts';

export interface Instruction {
  readonly opcode: Opcode;
  /** Opcode and immediates. */
  readonly bytes: Uint8Array;
  /** The bytes after the opcode. */
  readonly immediates: Uint8Array;
}

export interface WasmFunction {
  /** In the index space of functions. */
  readonly index: number;
  /** In the index space of types. */
  readonly type: number;
  /** The declarations of its locals. */
  readonly locals: Uint8Array;
  readonly instructions: readonly Instruction[];
}

export interface WasmModule {
  readonly sections: readonly Section[];
  readonly functions: readonly WasmFunction[];
  /** Functions by the name of their export. */
  readonly exports: ReadonlyMap<string, number>;
  /** The function that runs when the module is instantiated. */
  readonly start?: number;
}

/** Bytes at an address, to be there when a module starts. */
export interface Stored {
  readonly to: number;
  readonly bytes: Uint8Array;
}

/**
 * Of custom sections, which say nothing that runs, none is kept.
 *
 * @throws {TypeError} for what is no Uint8Array
 * @throws {RangeError} for bytes that are no module, one that imports more than a memory, or opcodes that kernels do not have
 */
export function decodeModule(bytes: Uint8Array): WasmModule {
  if (!((bytes as unknown) instanceof Uint8Array)) {
    throw new TypeError(`Expected a WebAssembly module as Uint8Array but found ${typeof bytes}`);
  }
  // A Buffer's slices would not be copies.
  const reader = new Reader(Uint8Array.from(bytes), HEADER.length);
  if (!HEADER.every((byte, i) => byte === bytes[i])) {
    throw new RangeError('Expected a WebAssembly module, which begins with "\\0asm" and version 1');
  }
  const sections: Section[] = [];
  while (reader.at < bytes.length) {
    const id = reader.byte();
    const content = reader.take(reader.unsigned());
    if (id !== sectionIds.custom) sections.push({ id, content });
  }
  checkImports(reading(sections, sectionIds.import));
  const start = contentOf(sections, sectionIds.start);
  const types = decodeIndices(sections);
  return {
    sections,
    functions: decodeCode(reading(sections, sectionIds.code), types),
    exports: decodeExports(reading(sections, sectionIds.export)),
    ...(start === undefined ? {} : { start: new Reader(start).unsigned() }),
  };
}

/** A memory alone may be imported, so that the numbers of functions and globals are those of the module's own. */
function checkImports(reader: Reader): void {
  for (let left = reader.unsigned(); left > 0; left--) {
    reader.take(reader.unsigned());
    reader.take(reader.unsigned());
    if (reader.byte() !== MEMORY) {
      throw new RangeError('Expected a WebAssembly module that imports nothing but a memory');
    }
    const limits = reader.byte();
    for (let each = 0; each <= limits; each++) reader.unsigned();
  }
}

const MEMORY = 2;

/** A reader of a section's content; where there is none, of no items. */
function reading(sections: readonly Section[], id: number): Reader {
  return new Reader(contentOf(sections, id) ?? Uint8Array.from([0]));
}

/** The type of each function. */
function decodeIndices(sections: readonly Section[]): readonly number[] {
  const reader = reading(sections, sectionIds.function);
  return Array.from({ length: reader.unsigned() }, () => reader.unsigned());
}

function decodeExports(reader: Reader): ReadonlyMap<string, number> {
  const exports = new Map<string, number>();
  for (let left = reader.unsigned(); left > 0; left--) {
    const name = new TextDecoder().decode(reader.take(reader.unsigned()));
    const kind = reader.byte();
    const index = reader.unsigned();
    if (kind === 0) exports.set(name, index);
  }
  return exports;
}

function decodeCode(reader: Reader, types: readonly number[]): readonly WasmFunction[] {
  if (reader.unsigned() !== types.length) {
    throw new RangeError(`Expected ${String(types.length)} functions in the code section`);
  }
  return types.map((type, index) => {
    const body = new Reader(reader.take(reader.unsigned()));
    for (let groups = body.unsigned(); groups > 0; groups--) {
      body.unsigned();
      body.byte();
    }
    const locals = body.bytes.subarray(0, body.at);
    const instructions: Instruction[] = [];
    while (body.at < body.bytes.length) instructions.push(decodeInstruction(body));
    return { index, type, locals, instructions };
  });
}

/** The instruction at a reader's position, which it moves. */
export function decodeInstruction(reader: Reader): Instruction {
  const start = reader.at;
  const first = reader.byte();
  const opcode = isPrefix(first) ? opcodeAt(first, reader.unsigned()) : opcodeAt(undefined, first);
  const operands = reader.at;
  skipImmediates(reader, opcode);
  return {
    opcode,
    bytes: reader.bytes.subarray(start, reader.at),
    immediates: reader.bytes.subarray(operands, reader.at),
  };
}

function skipImmediates(reader: Reader, { immediates }: Opcode): void {
  switch (immediates) {
    case 'none':
      return;
    case 'block':
    case 'i32':
    case 'i64':
      reader.signed();
      return;
    case 'index':
      reader.unsigned();
      return;
    case 'two-indices':
    case 'memarg':
      reader.unsigned();
      reader.unsigned();
      return;
    case 'memarg-lane':
      reader.unsigned();
      reader.unsigned();
      reader.byte();
      return;
    case 'lane':
      reader.byte();
      return;
    case 'table':
      for (let targets = reader.unsigned(); targets >= 0; targets--) reader.unsigned();
      return;
    case 'types':
      reader.take(reader.unsigned());
      return;
    case 'lanes':
      reader.take(16);
      return;
    case 'f32':
      reader.take(4);
      return;
    case 'f64':
      reader.take(8);
  }
}

/** A segment that is placed when the module is instantiated, in its only memory. */
export const ACTIVE = 0;

/**
 * What a module puts into its memory when it is instantiated.
 *
 * @throws {RangeError} for data that is not placed at a constant address
 */
export function dataOf({ sections }: WasmModule): readonly Stored[] {
  const reader = reading(sections, sectionIds.data);
  return Array.from({ length: reader.unsigned() }, () => {
    const kind = reader.unsigned();
    const { opcode, immediates } = decodeInstruction(reader);
    if (kind !== ACTIVE || opcode.name !== 'i32.const' || reader.byte() !== END[0]) {
      throw new RangeError('Expected a module whose data has constant addresses');
    }
    const to = Number(new Reader(immediates).signed());
    return { to, bytes: reader.take(reader.unsigned()) };
  });
}

/** The functions that some functions call, directly or through others, themselves included. */
export function reachableFrom(
  { functions }: WasmModule,
  ...starts: readonly number[]
): ReadonlySet<number> {
  const reached = new Set(starts);
  for (const index of reached) {
    for (const { opcode, immediates } of functions[index]?.instructions ?? []) {
      if (opcode.name === 'call') reached.add(new Reader(immediates).unsigned());
    }
  }
  return reached;
}
