/** Panels of channels whose sums are rescaled alike, in each of the forms that take vectors. */

import { floatFactor } from '../../fastpath/compile/float-rescaling.ts';
import { LEAST_DOUBLE_SHIFT, packFactors } from '../../fastpath/compile/pack.ts';
import { requantizeInt32, requantizeInt64 } from '../../reference/index.ts';
import { generator } from '../draws.ts';
import type { Factor } from './hold.ts';

/** How sums are rescaled: A4 with its product in integers, A5 in float64, A4 in float32 where the lowest code is not below zero, and where it is. */
export const forms = ['vector', 'double', 'float', 'signed float'] as const;
export type Form = (typeof forms)[number];

/** RESCALE_* of fastpath/assembly/rescaling-kinds.ts. */
export const kinds: Readonly<Record<Form, number>> = {
  float: 0,
  'signed float': 1,
  vector: 2,
  double: 4,
};

/** Channels that are swept together, one a lane: half a panel, whose others have a multiplier of 0. */
export const LANES = 4;

export const LARGEST = 2 ** 31 - 1;

export interface Panel {
  readonly form: Form;
  readonly factors: readonly Factor[];
  /** What the compiler packs. */
  readonly parameters: Uint8Array;
  /** Results, before the zero point, between which every one counts: beyond them the clamp decides. */
  readonly low: number;
  readonly high: number;
  /** No accumulator is farther from zero. */
  readonly reach: number;
}

/** The ends of multipliers and shifts, and what lies around the multipliers that A5 rounds to 0x7FFF. */
export const edgeFactors: readonly Factor[] = [
  { multiplier: LARGEST, shift: -2 },
  { multiplier: 2 ** 30, shift: -31 },
  { multiplier: 2 ** 30, shift: -2 },
  { multiplier: LARGEST, shift: -31 },
  { multiplier: LARGEST, shift: -21 },
  { multiplier: LARGEST, shift: -15 },
  { multiplier: 2 ** 30, shift: -15 },
  { multiplier: 2 ** 31 - 2 ** 24, shift: -14 },
  { multiplier: 0x7fff0000, shift: -9 },
  { multiplier: 0x7ffeffff, shift: -10 },
  { multiplier: 2 ** 30 + 2 ** 15, shift: -3 },
  { multiplier: 0, shift: -2 },
  { multiplier: 1, shift: -2 },
];

/** Ends of factors in float32: what rounds up to a power of two, multipliers that are not normalised, and 0. */
const floatEdges: readonly Factor[] = [
  { multiplier: LARGEST, shift: -2 },
  { multiplier: 2 ** 30, shift: -10 },
  { multiplier: LARGEST, shift: -10 },
  { multiplier: LARGEST - 63, shift: -5 },
  { multiplier: 2 ** 24 + 1, shift: -2 },
  { multiplier: 1, shift: -3 },
  { multiplier: 0, shift: -2 },
  { multiplier: 0, shift: 0 },
];

/** Zero points and limits whose lowest code is not below zero, and others; among them a range of one code. */
const floatRanges = {
  float: [
    { zero: -128, min: -128, max: 127 },
    { zero: 0, min: 0, max: 127 },
    { zero: -128, min: -128, max: -22 },
    { zero: -128, min: 127, max: 127 },
    { zero: -100, min: 3, max: 90 },
  ],
  'signed float': [
    { zero: 0, min: -128, max: 127 },
    { zero: 127, min: -128, max: 127 },
    { zero: -127, min: -128, max: 127 },
    { zero: 127, min: -128, max: -3 },
    { zero: 5, min: 4, max: 4 },
  ],
} as const;

interface Range {
  readonly zero: number;
  readonly min: number;
  readonly max: number;
}

const ANY_RANGE: Range = { zero: 0, min: -128, max: 127 };

/** Beyond any difference between two codes of int8 the vector form need not be exact, only beyond too. */
const MOST_DIFFERENCE = 511;
/** The same of int16 and the form in float64. */
export const MOST_INT16_DIFFERENCE = 2 ** 16 - 1;

/** `count` panels of a form, the same from the same seed: factors at their ends and random ones in turn. */
export function drawPanels(form: Form, count: number, seed: number): readonly Panel[] {
  const random = generator(seed);
  return Array.from({ length: count }, (_, i) => {
    if (form === 'double') {
      const factors = integerFactors(LEAST_DOUBLE_SHIFT, 7, i, random);
      const reach = Math.min(...factors.map(reachOfOne));
      const parameters = packed(form, factors, ANY_RANGE, reach);
      const [low, high] = [-MOST_INT16_DIFFERENCE, MOST_INT16_DIFFERENCE];
      return { form, factors, parameters, low, high, reach };
    }
    if (form === 'vector') {
      const factors = integerFactors(-15, -2, i, random);
      const reach = largestReach(form, factors, ANY_RANGE);
      const parameters = packed(form, factors, ANY_RANGE, reach);
      return { form, factors, parameters, low: -MOST_DIFFERENCE, high: MOST_DIFFERENCE, reach };
    }
    const ranges = floatRanges[form];
    const range = ranges[i % ranges.length] ?? ranges[0];
    const [low, high] = [range.min - range.zero, range.max - range.zero];
    const factors = floatFactors(i, { low, high }, random);
    const reach = largestReach(form, factors, range);
    return { form, factors, parameters: packed(form, factors, range, reach), low, high, reach };
  });
}

function integerFactors(
  least: number,
  most: number,
  panel: number,
  random: () => number,
): readonly Factor[] {
  const fits = ({ shift }: Factor): boolean => shift >= least && shift <= most;
  const edges = edgeFactors.filter(fits);
  return Array.from({ length: LANES }, (_, lane) => {
    const multiplier = 2 ** 30 + Math.floor(random() * 2 ** 30);
    const shift = most - Math.floor(random() * (most - least + 1));
    const edge = lane % 2 === 0 ? edges[(panel * LANES + lane) / 2] : undefined;
    return edge ?? { multiplier, shift };
  });
}

/** Such as the compiler finds in float32. */
function floatFactors(
  panel: number,
  range: { readonly low: number; readonly high: number },
  random: () => number,
): readonly Factor[] {
  const proven = ({ multiplier, shift }: Factor): boolean =>
    floatFactor(multiplier, shift, range) !== undefined;
  return Array.from({ length: LANES }, (_, lane) => {
    const edge =
      lane % 2 === 0 ? floatEdges[((panel * LANES + lane) / 2) % floatEdges.length] : undefined;
    if (edge !== undefined && proven(edge)) return edge;
    for (;;) {
      const multiplier = 2 ** 30 + Math.floor(random() * 2 ** 30);
      const drawn = { multiplier, shift: -2 - Math.floor(random() * 9) };
      if (proven(drawn)) return drawn;
    }
  });
}

/** Rule R2, where the sum fits 32 bits: a multiplier rounded up gives at most 2^shift. */
function reachOfOne({ shift }: Factor): number {
  return Math.min(LARGEST, 2 ** (31 - shift) - 1);
}

/** The farthest that sums may lie from zero for the compiler to choose a form. */
function largestReach(form: Form, factors: readonly Factor[], range: Range): number {
  const chosen = (reach: number): boolean =>
    kindOf(packed(form, factors, range, reach)) === kinds[form];
  return bisect(0, LARGEST, (reach) => !chosen(reach + 1));
}

/** A factor so fine that no float32 scale is tried for its panel. */
const FINE: Factor = { multiplier: 2 ** 30, shift: -15 };

function packed(form: Form, factors: readonly Factor[], range: Range, reach: number): Uint8Array {
  const channels = form === 'vector' ? [...factors, FINE] : factors;
  return packFactors({
    bias: channels.map(() => 0),
    multiplier: channels.map(({ multiplier }) => multiplier),
    shift: channels.map(({ shift }) => shift),
    twice: form !== 'double',
    ...range,
    ...(form === 'double' ? {} : { reach: channels.map(() => reach) }),
  });
}

/** The kind that the compiler chose. */
export function kindOf(parameters: Uint8Array): number {
  return new DataView(parameters.buffer).getInt32(96, true);
}

/** The least accumulators from which the results of a panel's channels are at least a code of int8, or one between its limits. */
export function risesOf({
  form,
  factors,
  low,
  high,
  reach,
}: Omit<Panel, 'parameters'>): readonly number[] {
  const rescale = form === 'double' ? requantizeInt64 : requantizeInt32;
  const first = Math.max(low, -255) + 1;
  const last = Math.min(high, 255);
  return factors.flatMap(({ multiplier, shift }) => {
    const rises: number[] = [];
    for (let code = first; code <= last; code++) {
      const rise = bisect(-reach, reach + 1, (x) => rescale(x, multiplier, shift) >= code);
      if (rise > -reach && rise <= reach) rises.push(rise);
    }
    return rises;
  });
}

/** The least integer in [from, to) of which `holds` holds, as it does of all above; or `to`. */
function bisect(from: number, to: number, holds: (x: number) => boolean): number {
  let [low, high] = [from, to];
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (holds(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
}
