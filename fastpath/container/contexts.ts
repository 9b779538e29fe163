/** The models of a container, by number: one for each context that symbols are told apart by. */

import { SCALE_STEPS } from '../compile/float-rescaling.ts';
import { SYMBOLS } from './models.ts';
import { MAX_LOW_BITS, MAX_RANGE } from './records.ts';

/** Magnitudes of neighbours, in quarters of an octave. */
export const NEIGHBOUR_CONTEXTS = 52;
/** Of a depthwise window's tap: its place, by the sum of the taps to the left and above. */
export const SUMS = 7;
export const TAP_CONTEXTS = 3 * SUMS;
const BITS = repeat(4, () => [2, 4, 8, 16]).flat();
const BYTE = [16, ...Array.from({ length: 16 }, () => 16)];

const groups = {
  dense: repeat(MAX_RANGE * NEIGHBOUR_CONTEXTS, (i) =>
    sizeOfRange(1 + Math.floor(i / NEIGHBOUR_CONTEXTS)),
  ),
  /** By range, or by bits below tokens where it is the largest. */
  depthwise: repeat((MAX_RANGE + MAX_LOW_BITS) * TAP_CONTEXTS, (i) =>
    sizeOfRange(1 + Math.floor(i / TAP_CONTEXTS)),
  ),
  /** By bits and token. */
  low: repeat(MAX_LOW_BITS * SYMBOLS, (i) => 2 ** (1 + Math.floor(i / SYMBOLS))),
  /** By bits below tokens. */
  escape: repeat(1 + MAX_LOW_BITS, () => BYTE).flat(),
  scale: BYTE,
  word: repeat(4, () => BYTE).flat(),
  shift: BYTE,
  power: [16],
  otherPower: BYTE,
  length: [16, 16],
  otherLength: BYTE,
  sign: [2],
  /** By part of the bits below the first, and their number in it. */
  mantissa: BITS,
  kind: repeat(5, () => 5),
  /** Of the candidates that the compiler tries: the scale, the offset and the centre. */
  scaleStep: [SCALE_STEPS.length],
  offsetStep: BYTE,
  numberLength: repeat(2, () => BYTE).flat(),
  numberBits: repeat(2, () => BITS).flat(),
  stepPlace: repeat(28, () => 16),
  /** After each kind of token. */
  token: repeat(4, () => 4),
  literalHigh: repeat(16, () => 16),
  literalLow: repeat(16, () => 16),
  lengthShort: repeat(3, () => 16),
  lengthHigh: [16],
  lengthLow: [16],
  distanceBits: [16],
  distanceHigh: repeat(16, () => 16),
  distanceLow: [2, 4, 8, 16],
  centre: BYTE,
};

function sizeOfRange(range: number): number {
  return Math.min(2 * range + 1, SYMBOLS);
}

function repeat<T>(count: number, of: (i: number) => T): T[] {
  return Array.from({ length: count }, (_, i) => of(i));
}

type Group = keyof typeof groups;

/** Symbols of each model. */
export const modelSizes: readonly number[] = Object.values(groups).flat();

/** The first model of each group. */
export const first = Object.fromEntries(
  Object.keys(groups).map((name, i, names) => [
    name,
    names.slice(0, i).reduce((sum, each) => sum + groups[each as Group].length, 0),
  ]),
) as Readonly<Record<Group, number>>;
