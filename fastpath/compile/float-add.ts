/**
 * An add of int8 codes in float32 that gives the very codes of the 64-bit arithmetic: rule E1 of
 * reference/SEMANTICS.md.
 *
 * There are 65,536 pairs of codes, so that every one is tried: `trunc(x * first + (y * second + offset)) - 128`, with
 * products rounded before sums and without (fused multiply-add), against the reference's three roundings.
 */

import { requantizeInt32 } from '../../reference/arithmetic/requantize.ts';
import { MAX_FLOAT_RESULT } from './float-rescaling.ts';
import type { Requantization } from '../../reference/operators/requantization.ts';

export interface FloatAdd {
  readonly first: number;
  readonly second: number;
  readonly offset: number;
}

const CODES = 256;
/** The least code, which counts as zero in sums. */
const LEAST = -128;
/** What is tried beside the real factors, in units in the last place. */
const STEPS = [0, 1, -1, 2, -2];

const OFFSET_STEPS = [0, 1, -1];

/** Zero points of the inputs and the output. */
export type ZeroPoints = readonly [first: number, second: number, output: number];

/** Factors and offset of an add, or undefined where none of those tried is exact for every pair of codes. */
export function floatAdd(requantization: Requantization, zeros: ZeroPoints): FloatAdd | undefined {
  const { multiplier, shift, leftShift } = requantization;
  const real = (input: 0 | 1): number =>
    factor(multiplier, shift, input) * factor(multiplier, shift, 2) * 2 ** leftShift;
  const sums = exactSums(requantization, zeros);
  const [first, second] = [Math.fround(real(0)), Math.fround(real(1))];
  if ((first + second + 2) * CODES > MAX_FLOAT_RESULT) return undefined;
  for (const firstSteps of STEPS) {
    for (const secondSteps of STEPS) {
      const factors = {
        // Beyond the next power of two, a step may end between two float32.
        first: Math.fround(first + firstSteps * unitOf(first)),
        second: Math.fround(second + secondSteps * unitOf(second)),
      };
      const middle = offsetBetween(factors, sums, requantization);
      if (middle === undefined) continue;
      for (const steps of OFFSET_STEPS) {
        const found = { ...factors, offset: middle + steps * unitOf(Math.abs(middle)) };
        if (isExact(found, sums, requantization)) return found;
      }
    }
  }
  return undefined;
}

function factor(multipliers: readonly number[], shifts: readonly number[], index: number): number {
  return (multipliers[index] ?? 0) * 2 ** ((shifts[index] ?? 0) - 31);
}

/** A unit in the last place of a float32. */
function unitOf(value: number): number {
  return value === 0 ? 0 : 2 ** (Math.floor(Math.log2(value)) - 23);
}

/** The output code of each pair, without a sign; pairs in the order of the first input, then of the second. */
function exactSums(
  { multiplier, shift, leftShift, min, max }: Requantization,
  zeros: ZeroPoints,
): Int16Array {
  const [first, second] = [0, 1].map((input) =>
    Int32Array.from({ length: CODES }, (_, i) =>
      requantizeInt32(
        (LEAST + i - (zeros[input] ?? 0)) * 2 ** leftShift,
        multiplier[input] ?? 0,
        shift[input] ?? 0,
      ),
    ),
  );
  const sums = new Int16Array(CODES * CODES);
  for (let i = 0; i < sums.length; i++) {
    const sum = (first?.[Math.floor(i / CODES)] ?? 0) + (second?.[i % CODES] ?? 0);
    const code = requantizeInt32(sum, multiplier[2] ?? 0, shift[2] ?? 0) + zeros[2];
    sums[i] = Math.min(Math.max(code, min), max) - LEAST;
  }
  return sums;
}

/** The middle of the offsets with which real arithmetic gives every code, if there are any. */
function offsetBetween(
  { first, second }: Omit<FloatAdd, 'offset'>,
  sums: Int16Array,
  { min, max }: Requantization,
): number | undefined {
  let [least, most] = [-Infinity, Infinity];
  for (let i = 0; i < sums.length; i++) {
    const real = (LEAST + Math.floor(i / CODES)) * first + (LEAST + (i % CODES)) * second;
    const sum = sums[i] ?? 0;
    if (sum > min - LEAST && sum - real > least) least = sum - real;
    if (sum < max - LEAST && sum + 1 - real < most) most = sum + 1 - real;
  }
  const middle = Math.fround((least + most) / 2);
  return Number.isFinite(middle) && least < most ? middle : undefined;
}

/**
 * Whether float64 holds every sum of products below: all are multiples of the least number's last bit, which is above
 * 2^-24 of it, and below 2^53 of those.
 */
function fitsFloat64({ first, second, offset }: FloatAdd): boolean {
  const magnitudes = [first, second, Math.abs(offset)].filter((magnitude) => magnitude > 0);
  const largest = (first + second) * CODES + 2 * Math.abs(offset);
  return largest <= Math.min(...magnitudes) * 2 ** 29;
}

function isExact(factors: FloatAdd, sums: Int16Array, { min, max }: Requantization): boolean {
  if (!fitsFloat64(factors)) return false;
  const { first, second, offset } = factors;
  const code = (sum: number): number =>
    Math.min(Math.max(Math.trunc(sum), min - LEAST), max - LEAST);
  for (let i = 0; i < sums.length; i++) {
    const x = LEAST + Math.floor(i / CODES);
    const y = LEAST + (i % CODES);
    const inner = Math.fround(Math.fround(y * second) + offset);
    const separate = Math.fround(Math.fround(x * first) + inner);
    // Exact in float64, so that each of the two is rounded once.
    const fused = Math.fround(x * first + Math.fround(y * second + offset));
    if (code(separate) !== sums[i] || code(fused) !== sums[i]) return false;
  }
  return true;
}
