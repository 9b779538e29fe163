/**
 * The kernels' module, taken apart to instructions and put together with one function changed. Nothing is optimised:
 * all other bytes stay. Every loop is given fuel, so that a mutant that never ends traps, at the same place each time.
 */

import type { Instruction, WasmFunction, WasmModule } from '../../fastpath/module/decode.ts';
import { Reader, unsigned } from '../../fastpath/module/leb.ts';
import {
  concatenate,
  contentOf,
  encodeSection,
  HEADER,
  inOrder,
  sectionIds,
  withLength,
  vector,
  type Section,
} from '../../fastpath/module/sections.ts';

/** The exported global that counts down by one each time that a loop begins a round. */
export const FUEL = 'fuel';

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
    const left: readonly number[] = [
      sectionIds.global,
      ...(start === undefined ? [] : [sectionIds.start]),
    ];
    const others = module.sections.filter(({ id }) => !left.includes(id));
    const sections = inOrder([
      ...others.map(({ id, content }) => ({
        id,
        content: id === sectionIds.export ? exportFuel(content, globals.fuel) : content,
      })),
      { id: sectionIds.global, content: globals.content },
    ]);
    const code = sections.findIndex(({ id }) => id === sectionIds.code);
    this.#before = [HEADER, ...sections.slice(0, code).map(encodeSection)];
    this.#after = sections.slice(code + 1).map(encodeSection);
  }

  /** The module, with an instruction replaced or as it is. */
  assemble(replacement?: Replacement): Uint8Array<ArrayBuffer> {
    const bodies = this.#bodies.map((body, index) => {
      const changed = this.#module.functions[index];
      if (index !== replacement?.function || changed === undefined) return body;
      return encodeBody(changed, this.#burn, replacement);
    });
    const code = { id: sectionIds.code, content: vector(bodies) };
    return concatenate([...this.#before, encodeSection(code), ...this.#after]);
  }
}

/** The module's globals and behind them the fuel, a mutable i32; `fuel` is its index. */
function globalsWithFuel(sections: readonly Section[]): { fuel: number; content: Uint8Array } {
  const content = contentOf(sections, sectionIds.global) ?? Uint8Array.from([0]);
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
