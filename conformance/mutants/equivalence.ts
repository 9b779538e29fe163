/** How a survivor is told to be one of those that a proof covers. */

import type { Key } from './sites.ts';

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
  kernels: readonly string[],
  key: Key,
  equivalences: readonly Equivalence[],
): Proven | undefined {
  for (const { proof, mutants } of equivalences) {
    const line = mutants.find((each) => matches(kernels, key, each));
    if (line !== undefined) return { proof, line };
  }
  return undefined;
}

/**
 * Whether a line names a mutant. `conv2d_* depthwise_i8 | a; [b -> *]; c #2/8`: every export that reaches the function
 * is among those named; the instructions around the mutant, as `keyOf` tells them, have the pattern in them. `*` stands
 * for anything within a name or an instruction; a place may be left out for all.
 */
export function matches(kernels: readonly string[], key: Key, line: string): boolean {
  const { names, pattern, place } = parse(line);
  return (
    (place === undefined || place === key.place) &&
    kernels.every((kernel) => names.test(kernel)) &&
    pattern.test(`; ${key.pattern}; `)
  );
}

interface Line {
  readonly names: RegExp;
  readonly pattern: RegExp;
  readonly place?: string;
}

const parsed = new Map<string, Line>();

function parse(line: string): Line {
  const known = parsed.get(line);
  if (known !== undefined) return known;
  const [names = '', rest = ''] = line.split(' | ');
  const [pattern = '', place] = rest.split(' #');
  const found = {
    names: new RegExp(
      `^(${names
        .split(' ')
        .map((name) => glob(name, '\\w*'))
        .join('|')})$`,
    ),
    pattern: new RegExp(`; ${glob(pattern, '[^;]*')}; `),
    ...(place === undefined ? {} : { place }),
  };
  parsed.set(line, found);
  return found;
}

function glob(text: string, any: string): string {
  return text
    .split('*')
    .map((part) => part.replace(/[.[\]()+?^$|\\]/g, '\\$&'))
    .join(any);
}
