/** How a survivor is told to be one of those that a proof covers. */

import type { WasmModule } from '../../fastpath/module/decode.ts';
import { listingsOf, type Listing, type Mutant } from './sites.ts';

/** Mutants that one argument proves to compute the same as the kernels, for every Program that the compiler makes. */
export interface Equivalence {
  readonly proof: string;
  /** Lines of `kernels | pattern`: see `matches`. */
  readonly mutants: readonly string[];
}

export interface Proven {
  readonly proof: string;
  /** The line that names the mutant. */
  readonly line: string;
}

/** The proof that covers a mutant, if there is one. */
export function proofOf(
  module: WasmModule,
  mutant: Mutant,
  equivalences: readonly Equivalence[],
): Proven | undefined {
  for (const { proof, mutants } of equivalences) {
    const line = mutants.find((each) => matches(module, mutant, each));
    if (line !== undefined) return { proof, line };
  }
  return undefined;
}

/**
 * Whether a line names a mutant. `conv2d_* depthwise_i8 | a; [b -> *]; c #2/8`: every export that reaches the function
 * is among those named, or, in `{}`, is one of exactly those; the instructions around the mutant are these. `*` stands
 * for anything within a name or an instruction. `#2/8`: of the eight places of its function where these instructions
 * stand, it is the second.
 */
export function matches(module: WasmModule, mutant: Mutant, line: string): boolean {
  const { replacement, places } = placesOf(module, line);
  const { function: index, position, mutation } = mutant;
  return places.has(placeOf(index, position)) && replacement.test(mutation.text);
}

/** A line, and the instructions of a module that it is about. */
interface Places {
  readonly replacement: RegExp;
  readonly places: ReadonlySet<string>;
}

const known = new WeakMap<WasmModule, Map<string, Places>>();

function placesOf(module: WasmModule, line: string): Places {
  const lines = known.get(module) ?? new Map<string, Places>();
  known.set(module, lines);
  const found = lines.get(line) ?? findPlaces(module, parse(line));
  lines.set(line, found);
  return found;
}

const placeOf = (index: number, position: number): string => `${String(index)} ${String(position)}`;

function findPlaces(module: WasmModule, line: Line): Places {
  const { replacement, place, reaches } = line;
  const places = listingsOf(module).flatMap((listing, index) => {
    const positions = reaches(listing.exports) ? positionsIn(listing, line) : [];
    if (place === undefined) return positions.map((position) => placeOf(index, position));
    const chosen = positions[place.number - 1];
    return positions.length === place.of && chosen !== undefined ? [placeOf(index, chosen)] : [];
  });
  return { replacement, places: new Set(places) };
}

function positionsIn({ texts }: Listing, { instructions, offset }: Line): readonly number[] {
  const last = texts.length - instructions.length;
  return texts.flatMap((_, position) => {
    const first = position - offset;
    if (first < 0 || first > last) return [];
    return instructions.every((each, i) => each.test(texts[first + i] ?? '')) ? [position] : [];
  });
}

interface Line {
  /** Whether it is about functions that these exports reach. */
  readonly reaches: (exports: string) => boolean;
  readonly instructions: readonly RegExp[];
  /** Of the mutant's in them. */
  readonly offset: number;
  readonly replacement: RegExp;
  readonly place?: { readonly number: number; readonly of: number };
}

const LINE = /^(\{?)([^|{}]+?)\}? \| (.+?)(?: #(\d+)\/(\d+))?$/;
const MUTATION = /^\[(.+) -> (.+)\]$/;

/** @throws {Error} for what is no line */
function parse(line: string): Line {
  const [, exact, names, pattern, number, of] = LINE.exec(line) ?? [];
  const items = pattern?.split('; ') ?? [];
  const offset = items.findIndex((item) => MUTATION.test(item));
  const [, original, replacement] = MUTATION.exec(items[offset] ?? '') ?? [];
  if (names === undefined || original === undefined || replacement === undefined) {
    throw new Error(`Expected kernels and instructions of which one is changed but found ${line}`);
  }
  const globs = names.split(' ').map((name) => glob(name));
  const reaches = (exports: string): boolean =>
    exports !== '' && exports.split(' ').every((name) => globs.some((each) => each.test(name)));
  return {
    reaches: exact === '{' ? (exports) => exports === names : reaches,
    instructions: items.with(offset, original).map(glob),
    offset,
    replacement: glob(replacement),
    ...(number === undefined ? {} : { place: { number: Number(number), of: Number(of) } }),
  };
}

function glob(text: string): RegExp {
  const parts = text.split('*').map((part) => part.replace(/[.[\]()+?^$|\\]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}$`);
}
