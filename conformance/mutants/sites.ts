/** Where the module can be mutated, and which mutants are drawn. */

import { generator } from '../draws.ts';
import { mutationsOf, type Mutation } from './mutations.ts';
import { reachableFrom, type Instruction, type WasmModule } from '../../fastpath/module/decode.ts';
import { textOf } from './module.ts';

/** An instruction of a function that exports under test reach. */
export interface Site {
  readonly function: number;
  readonly position: number;
  /** The exports that reach the function, in the order given. */
  readonly kernels: readonly string[];
  readonly mutations: readonly Mutation[];
}

export interface Mutant {
  readonly function: number;
  readonly position: number;
  readonly kernels: readonly string[];
  readonly mutation: Mutation;
}

/** All sites of the functions that `names`, exports of the module, reach. */
export function sitesOf(module: WasmModule, names: readonly string[]): readonly Site[] {
  const reached = names.map((name) => {
    const start = module.exports.get(name);
    if (start === undefined) throw new Error(`Expected the module to export ${name}`);
    return reachableFrom(module, start);
  });
  return module.functions.flatMap(({ index, instructions }) => {
    const kernels = names.filter((_, i) => reached[i]?.has(index) === true);
    if (kernels.length === 0) return [];
    return instructions.flatMap((instruction, position) => {
      const mutations = mutationsOf(instruction);
      return mutations.length === 0 ? [] : [{ function: index, position, kernels, mutations }];
    });
  });
}

/** `count` sites, all alike likely and none twice, with one of the mutations of each; the same for the same seed. */
export function drawMutants(
  sites: readonly Site[],
  count: number,
  seed: number,
): readonly Mutant[] {
  const random = generator(seed);
  const left = [...sites];
  return Array.from({ length: Math.min(count, sites.length) }, () => {
    const drawn = Math.floor(random() * left.length);
    const site = left[drawn];
    const last = left.pop();
    if (site === undefined || last === undefined) throw new Error('Expected a site');
    if (drawn < left.length) left[drawn] = last;
    const mutation = site.mutations[Math.floor(random() * site.mutations.length)];
    if (mutation === undefined) throw new Error('Expected a mutation');
    return { function: site.function, position: site.position, kernels: site.kernels, mutation };
  });
}

/** Every mutation of every site. */
export function allMutants(sites: readonly Site[]): readonly Mutant[] {
  return sites.flatMap(({ mutations, ...site }) =>
    mutations.map((mutation) => ({ ...site, mutation })),
  );
}

/** Instructions before and after a mutant that its key tells. */
const KEY_RADIUS = 6;

/** What names a mutant of a function in every build in which its surroundings are the same. */
export interface Key {
  /** The instructions around it, without numbers of locals: `a; b; [c -> d]; e`. */
  readonly pattern: string;
  /** Which of the places of its function that look so it is, from 1, and how many there are: `2/8`. */
  readonly place: string;
}

/** Two mutants of a function have two keys. */
export function keyOf(module: WasmModule, { function: index, position, mutation }: Mutant): Key {
  const { texts } = listingsOf(module)[index] ?? { texts: [] };
  const around = (at: number): readonly string[] =>
    texts.slice(Math.max(at - KEY_RADIUS, 0), at + KEY_RADIUS + 1);
  const here = around(position);
  const text = texts[position] ?? '';
  const looked = here.join();
  const alike = texts.flatMap((found, at) =>
    found === text && around(at).join() === looked ? [at] : [],
  );
  const pattern = here.with(Math.min(position, KEY_RADIUS), `[${text} -> ${mutation.text}]`);
  return {
    pattern: pattern.join('; '),
    place: `${String(alike.indexOf(position) + 1)}/${String(alike.length)}`,
  };
}

/** A function's instructions as text, and the exports that reach it, in the module's order. */
export interface Listing {
  readonly texts: readonly string[];
  readonly exports: string;
}

const listings = new WeakMap<WasmModule, readonly Listing[]>();

/** By index. */
export function listingsOf(module: WasmModule): readonly Listing[] {
  const known = listings.get(module);
  if (known !== undefined) return known;
  const reached = [...module.exports].map(
    ([name, start]) => [name, reachableFrom(module, start)] as const,
  );
  const found = module.functions.map(({ index, instructions }) => ({
    texts: instructions.map(textOf),
    exports: reached.flatMap(([name, functions]) => (functions.has(index) ? [name] : [])).join(' '),
  }));
  listings.set(module, found);
  return found;
}

/** The instructions around a mutant, one a line, as WAT without folding. */
export function contextOf(
  module: WasmModule,
  { function: index, position, mutation }: Mutant,
  radius: number,
): readonly string[] {
  const { instructions = [] } = module.functions[index] ?? {};
  const first = Math.max(position - radius, 0);
  return instructions.slice(first, position + radius + 1).map((instruction, i) => {
    const text = textWithIndex(instruction);
    return first + i === position ? `> ${text}  ->  ${mutation.text}` : `  ${text}`;
  });
}

function textWithIndex(instruction: Instruction): string {
  const { opcode, immediates } = instruction;
  const named = /^(local|global|call)/.test(opcode.name);
  return named ? `${opcode.name} ${String(immediates[0])}` : textOf(instruction);
}
