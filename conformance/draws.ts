/** Elements from a seed, in the patterns in which kernels break; and choices that shrink. */

import fc from 'fast-check';
import { mulberry32 } from '../golden/random.ts';

/**
 * One of `values`, which stand from the simplest to the most demanding: shrinks towards the front, by halves and then
 * one by one (fc.constantFrom only tries the first). One that stands several times is drawn more often.
 */
export function ordered<const T>(...values: readonly [T, ...T[]]): fc.Arbitrary<T> {
  return fc.nat({ max: values.length - 1 }).map((index) => values[index] ?? values[0]);
}

/** Numbers in [0, 1) that follow from a seed alone. */
export function generator(seed: number): () => number {
  const next = mulberry32(seed);
  return () => next() / 2 ** 32;
}

/** From the simplest. */
export const patterns = [
  'zero',
  'small',
  'lowest',
  'highest',
  'alternating',
  'extremes',
  'random',
] as const;
export type Pattern = (typeof patterns)[number];

/** Integers in [min, max]; `zero` is what stands for zero. */
export function drawIntegers(
  pattern: Pattern,
  seed: number,
  length: number,
  min: number,
  max: number,
  zero = 0,
): number[] {
  const random = generator(seed);
  const one = (i: number): number => {
    switch (pattern) {
      case 'random':
        return min + Math.floor(random() * (max - min + 1));
      case 'extremes':
        return random() < 0.5 ? min : max;
      case 'alternating':
        return i % 2 === 0 ? min : max;
      case 'lowest':
        return min;
      case 'highest':
        return max;
      case 'small':
        // Sums of these are near zero, where roundings and signs show.
        return Math.min(Math.max(zero - 4 + Math.floor(random() * 9), min), max);
      case 'zero':
        return zero;
    }
  };
  return Array.from({ length }, (_, i) => one(i));
}

/** From the simplest. */
export const floatPatterns = [
  'zero',
  'constant',
  'halves',
  'random',
  'units',
  'wide',
  'denormal',
  'huge',
  'special',
] as const;
export type FloatPattern = (typeof floatPatterns)[number];

const SPECIAL = [NaN, Infinity, -Infinity, -0, 3e38, -3e38, 2 ** -149, 1];

/**
 * float32 numbers: all alike, multiples of 1/2 (ties, for scales of powers of two), around 1, between 1 and 2 (to which
 * an odd multiple of 2^-24 adds up to a tie), of all magnitudes, below the normal range, such that sums overflow, or not
 * all of them numbers.
 */
export function drawFloats(pattern: FloatPattern, seed: number, length: number): Float32Array {
  const random = generator(seed);
  const signed = (): number => 2 * random() - 1;
  const constant = signed();
  // Few or many, of one kind or of all: one NaN hides what infinities do, and both hide -0.
  const share = [0.02, 0.1, 0.5][Math.floor(3 * random())] ?? 0;
  const kind = Math.floor(2 * SPECIAL.length * random());
  const one = (): number => {
    switch (pattern) {
      case 'random':
        return 4 * signed();
      case 'wide':
        return signed() * 2 ** Math.floor(60 * signed());
      case 'halves':
        return Math.floor(512 * signed()) / 2;
      case 'constant':
        return constant;
      case 'units':
        return 1 + Math.floor(random() * 2 ** 23) * 2 ** -23;
      case 'denormal':
        return signed() * 2 ** -127;
      case 'huge':
        return signed() * 2 ** 128 * (1 - 2 ** -24);
      case 'special':
        return random() < share
          ? (SPECIAL[kind] ?? SPECIAL[Math.floor(random() * SPECIAL.length)] ?? 0)
          : signed();
      case 'zero':
        return 0;
    }
  };
  return Float32Array.from({ length }, one);
}

/** The inverse of an odd number modulo a power of two: each round of Newton's iteration doubles the bits that are right. */
export function inverse(value: bigint, modulus: bigint): bigint {
  let found = value;
  for (let bits = 3; bits < 64; bits *= 2) found = (found * (2n - value * found)) % modulus;
  return found;
}

/**
 * The multiplier with which an odd accumulator, rescaled by a negative shift (rule A4), comes to an integer once all that
 * is added to round is added, or a unit of the last product below one; undefined where there is none below 2^31.
 */
export function edgeMultiplier(
  accumulator: number,
  shift: number,
  under: boolean,
): number | undefined {
  const divisor = 2n ** BigInt(31 - shift);
  const added = divisor / 2n + (accumulator < 0 ? -(2n ** 30n) : 2n ** 30n);
  const product = (under ? -1n : 0n) - added;
  const found = BigInt.asUintN(31 - shift, product * inverse(BigInt(accumulator), divisor));
  return found < 2n ** 31n ? Number(found) : undefined;
}
