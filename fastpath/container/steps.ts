/**
 * The table of steps: most words are equal to one that stands at a likely place, in the steps before or in the same.
 */

import { first } from './contexts.ts';
import { codeNumber } from './numbers.ts';
import { roundUp } from '../program/format.ts';
import { constantBytes } from './shapes.ts';
import type { SymbolCoder } from './symbols.ts';

/** Of constants in a Program. */
const ALIGNMENT = 16;

export const FIELDS = 28;
const KERNEL = 0;
const INPUT = 1;
const SECOND = 2;
const OUTPUT = 3;
const WEIGHTS = 4;
const PARAMETERS = 5;
const SCRATCH = 6;
const BATCHES = 7;
const IN_HEIGHT = 8;
const OUT_HEIGHT = 12;
const IN_ZERO = 22;
const OUT_ZERO = 23;

/** Fields as coded: pointers to constants last. */
const ORDER = [
  KERNEL,
  ...range(BATCHES, FIELDS),
  INPUT,
  SECOND,
  OUTPUT,
  SCRATCH,
  WEIGHTS,
  PARAMETERS,
];

/** Symbols beyond the places: a number that is a multiple of 64 from its base, and any other. */
const MULTIPLE = 14;
const OTHER = 15;
const MULTIPLE_BITS = 6;

function range(from: number, to: number): readonly number[] {
  return Array.from({ length: to - from }, (_, i) => from + i);
}

/** The field of an earlier step that one continues: what goes in is what came out. */
function continued(field: number): number {
  if (field >= IN_HEIGHT && field < OUT_HEIGHT) return field + OUT_HEIGHT - IN_HEIGHT;
  if (field === IN_ZERO) return OUT_ZERO;
  return isActivation(field) ? OUTPUT : field;
}

function isActivation(field: number): boolean {
  return [INPUT, SECOND, OUTPUT, SCRATCH].includes(field);
}

function isConstant(field: number): boolean {
  return field === WEIGHTS || field === PARAMETERS;
}

/** Codes `words`, steps of 28, whose activations lie from `arena` on and whose constants begin at `constants`. */
export function codeSteps(
  coder: SymbolCoder,
  words: Int32Array,
  arena: number,
  constants: number,
): void {
  // What is not coded yet must not be looked at.
  const given = words.slice();
  words.fill(0);
  let next = constants;
  for (let step = 0; step < words.length; step += FIELDS) {
    let likes: Likes = [0, 0];
    for (const field of ORDER) {
      const base = isActivation(field) ? arena : isConstant(field) ? next : 0;
      const places = placesOf(step, field, likes);
      const at = step + field;
      words[at] = codeWord(coder, { words, places, field, base }, given[at] ?? 0);
      if (field === KERNEL) likes = likesOf(words, step);
      if (isConstant(field))
        next = constantsAfter(words.subarray(step, step + FIELDS), field, next);
    }
  }
}

interface WordContext {
  readonly words: Int32Array;
  readonly places: readonly number[];
  readonly field: number;
  readonly base: number;
}

function codeWord(
  coder: SymbolCoder,
  { words, places, field, base }: WordContext,
  word: number,
): number {
  const found = places.findIndex((place) => words[place] === word);
  const offset = word - base;
  const other = offset % 2 ** MULTIPLE_BITS === 0 ? MULTIPLE : OTHER;
  const symbol = coder.code(first.stepPlace + field, 0, found >= 0 ? found : other);
  if (symbol < MULTIPLE) return words[places[symbol] ?? 0] ?? 0;
  const bits = symbol === MULTIPLE ? MULTIPLE_BITS : 0;
  return (codeNumber(coder, bits > 0 ? 1 : 0, offset >>> bits) << bits) + base;
}

/** Where the next constant is likely to lie. */
function constantsAfter(step: Int32Array, field: number, next: number): number {
  const pointer = step[field] ?? 0;
  if (pointer === 0) return next;
  const { weights, parameters } = constantBytes(step);
  return roundUp(pointer + (field === WEIGHTS ? weights : parameters), ALIGNMENT);
}

/** The last two steps of the same kernel, or the first step. */
type Likes = readonly [last: number, before: number];

function likesOf(words: Int32Array, step: number): Likes {
  const last = alike(words, step, step);
  return [last, alike(words, step, last)];
}

function alike(words: Int32Array, step: number, start: number): number {
  for (let at = start - FIELDS; at >= 0; at -= FIELDS) if (words[at] === words[step]) return at;
  return 0;
}

/** Where a field's word may stand already. */
function placesOf(step: number, field: number, [last, beforeLast]: Likes): readonly number[] {
  const before = (steps: number): number => Math.max(step - steps * FIELDS, 0);
  const from = continued(field);
  return [
    before(1) + from,
    last + field,
    before(1) + field,
    beforeLast + field,
    before(2) + field,
    before(3) + field,
    before(2) + from,
    before(3) + from,
    before(4) + from,
    step + Math.max(field - 1, 0),
    step + Math.max(field - 4, 0),
  ];
}
