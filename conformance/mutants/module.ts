/**
 * The kernels' module, taken apart to instructions and put together with one function changed. Nothing is optimised:
 * all other bytes stay. Every loop is given fuel, so that a mutant that never ends traps, at the same place each time.
 */

import { Reader, unsigned } from './leb.ts';
import { isPrefix, opcodeAt, type Opcode } from './opcodes.ts';

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
  /** The declarations of its locals. */
  readonly locals: Uint8Array;
  readonly instructions: readonly Instruction[];
}

export interface WasmModule {
  readonly sections: readonly Section[];
  readonly functions: readonly WasmFunction[];
  /** Functions by the name of their export. */
  readonly exports: ReadonlyMap<string, number>;
  /** Whether a function runs when the module is instantiated. */
  readonly hasStart: boolean;
}

interface Section {
  readonly id: number;
  readonly content: Uint8Array;
}

const HEADER_BYTES = 8;
const IMPORT = 2;
const GLOBAL = 6;
const EXPORT = 7;
const START = 8;
const CODE = 10;
/** Sections in the order that a module has to keep. */
const ORDER = [1, 2, 3, 4, 5, GLOBAL, EXPORT, START, 9, 12, CODE, 11];

/** The exported global that counts down by one each time that a loop begins a round. */
export const FUEL = 'fuel';

/** @throws {Error} for a module with imports, or opcodes that the kernels do not have */
export function decodeModule(bytes: Uint8Array): WasmModule {
  // A Buffer's slices would not be copies.
  const reader = new Reader(Uint8Array.from(bytes), HEADER_BYTES);
  const sections: Section[] = [];
  while (reader.at < bytes.length) {
    const id = reader.byte();
    const content = reader.take(reader.unsigned());
    // Names and other custom sections say nothing that runs.
    if (id !== 0) sections.push({ id, content });
  }
  if (sections.some(({ id }) => id === IMPORT)) {
    throw new Error('Expected a module without imports');
  }
  return {
    sections,
    functions: decodeCode(contentOf(sections, CODE)),
    exports: decodeExports(contentOf(sections, EXPORT)),
    hasStart: sections.some(({ id }) => id === START),
  };
}

function contentOf(sections: readonly Section[], id: number): Uint8Array {
  const section = sections.find((each) => each.id === id);
  if (section === undefined) throw new Error(`Expected a section ${String(id)}`);
  return section.content;
}

function decodeExports(content: Uint8Array): ReadonlyMap<string, number> {
  const reader = new Reader(content);
  const exports = new Map<string, number>();
  for (let left = reader.unsigned(); left > 0; left--) {
    const name = new TextDecoder().decode(reader.take(reader.unsigned()));
    const kind = reader.byte();
    const index = reader.unsigned();
    if (kind === 0) exports.set(name, index);
  }
  return exports;
}

function decodeCode(content: Uint8Array): readonly WasmFunction[] {
  const reader = new Reader(content);
  return Array.from({ length: reader.unsigned() }, (_, index) => {
    const body = new Reader(reader.take(reader.unsigned()));
    for (let groups = body.unsigned(); groups > 0; groups--) {
      body.unsigned();
      body.byte();
    }
    const locals = body.bytes.subarray(0, body.at);
    const instructions: Instruction[] = [];
    while (body.at < body.bytes.length) instructions.push(decodeInstruction(body));
    return { index, locals, instructions };
  });
}

function decodeInstruction(reader: Reader): Instruction {
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

export function encodeInstruction(opcode: Opcode, immediates: ArrayLike<number>): Uint8Array {
  const { prefix, code } = opcode;
  const head = prefix === undefined ? [code] : [prefix, ...unsigned(code)];
  return Uint8Array.from([...head, ...Array.from(immediates)]);
}

/** The functions that a function calls, directly or through others, itself included. */
export function reachableFrom({ functions }: WasmModule, start: number): ReadonlySet<number> {
  const reached = new Set([start]);
  for (const index of reached) {
    for (const { opcode, immediates } of functions[index]?.instructions ?? []) {
      if (opcode.name === 'call') reached.add(new Reader(immediates).unsigned());
    }
  }
  return reached;
}

/** One instruction of a function replaced by `bytes`: none, one or several instructions. */
export interface Replacement {
  readonly function: number;
  readonly position: number;
  readonly bytes: Uint8Array;
}

/** Writes modules that differ in one instruction. */
export class Assembler {
  readonly #module: WasmModule;
  readonly #burn: Uint8Array;
  readonly #bodies: readonly Uint8Array[];
  readonly #before: readonly Uint8Array[];
  readonly #after: readonly Uint8Array[];

  /** `without start`: nothing runs when the module is instantiated. */
  constructor(module: WasmModule, start?: 'without start') {
    this.#module = module;
    const globals = globalsWithFuel(module.sections);
    const burn = burning(globals.fuel);
    this.#burn = burn;
    this.#bodies = module.functions.map((each) => encodeBody(each, burn));
    const left = start === undefined ? [GLOBAL] : [GLOBAL, START];
    const others = module.sections.filter(({ id }) => !left.includes(id));
    const sections = [
      ...others.map(({ id, content }) => ({
        id,
        content: id === EXPORT ? exportFuel(content, globals.fuel) : content,
      })),
      { id: GLOBAL, content: globals.content },
    ].sort((a, b) => ORDER.indexOf(a.id) - ORDER.indexOf(b.id));
    const code = sections.findIndex(({ id }) => id === CODE);
    const encode = ({ id, content }: Section): Uint8Array => withLength([id], content);
    this.#before = [MAGIC, ...sections.slice(0, code).map(encode)];
    this.#after = sections.slice(code + 1).map(encode);
  }

  /** The module, with an instruction replaced or as it is. */
  assemble(replacement?: Replacement): Uint8Array<ArrayBuffer> {
    const bodies = this.#bodies.map((body, index) => {
      const changed = this.#module.functions[index];
      if (index !== replacement?.function || changed === undefined) return body;
      return encodeBody(changed, this.#burn, replacement);
    });
    const code = concatenate([Uint8Array.from(unsigned(bodies.length)), ...bodies]);
    return concatenate([...this.#before, withLength([CODE], code), ...this.#after]);
  }
}

const MAGIC = Uint8Array.from([0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0]);
/** The module's globals and behind them the fuel, a mutable i32; `fuel` is its index. */
function globalsWithFuel(sections: readonly Section[]): { fuel: number; content: Uint8Array } {
  const content = sections.find(({ id }) => id === GLOBAL)?.content ?? Uint8Array.from([0]);
  const reader = new Reader(content);
  const fuel = reader.unsigned();
  const count = Uint8Array.from(unsigned(fuel + 1));
  const added = Uint8Array.from([0x7f, 1, 0x41, 0, 0x0b]);
  return { fuel, content: concatenate([count, content.subarray(reader.at), added]) };
}

/** if fuel == 0: unreachable; fuel -= 1. */
function burning(fuel: number): Uint8Array {
  const index = unsigned(fuel);
  return Uint8Array.from([
    ...[0x23, ...index, 0x45, 0x04, 0x40, 0x00, 0x0b],
    ...[0x23, ...index, 0x41, 1, 0x6b, 0x24, ...index],
  ]);
}

function exportFuel(content: Uint8Array, fuel: number): Uint8Array {
  const reader = new Reader(content);
  const count = reader.unsigned();
  const name = Array.from(new TextEncoder().encode(FUEL));
  return concatenate([
    Uint8Array.from(unsigned(count + 1)),
    content.subarray(reader.at),
    Uint8Array.from([name.length, ...name, 3, ...unsigned(fuel)]),
  ]);
}

function encodeBody(
  { locals, instructions }: WasmFunction,
  burn: Uint8Array,
  replacement?: Replacement,
): Uint8Array {
  const parts = [locals];
  instructions.forEach(({ opcode, bytes }, position) => {
    parts.push(position === replacement?.position ? replacement.bytes : bytes);
    if (opcode.name === 'loop') parts.push(burn);
  });
  return withLength([], concatenate(parts));
}

function withLength(head: readonly number[], content: Uint8Array): Uint8Array<ArrayBuffer> {
  return concatenate([Uint8Array.from([...head, ...unsigned(content.length)]), content]);
}

function concatenate(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** An instruction as text. Numbers of locals are left out: they differ from build to build. */
export function textOf({ opcode, immediates }: Instruction): string {
  const reader = new Reader(immediates);
  const words = (): readonly unknown[] => {
    switch (opcode.immediates) {
      case 'i32':
      case 'i64':
        return [reader.signed()];
      case 'f32':
        return [new DataView(immediates.slice().buffer).getFloat32(0, true)];
      case 'f64':
        return [new DataView(immediates.slice().buffer).getFloat64(0, true)];
      case 'memarg':
      case 'memarg-lane': {
        reader.unsigned();
        const offset = reader.unsigned();
        const lane = opcode.immediates === 'memarg' ? [] : [reader.byte()];
        return [...(offset === 0 ? [] : [`offset=${String(offset)}`]), ...lane];
      }
      case 'lane':
        return [reader.byte()];
      case 'lanes':
        return Array.from(immediates);
      case 'index':
        // Of branches; functions are numbered anew by every build, too.
        return opcode.name.startsWith('br') ? [reader.unsigned()] : [];
      default:
        return [];
    }
  };
  return [opcode.name, ...words().map(String)].join(' ');
}
