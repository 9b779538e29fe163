/** Elements from a seed, in the patterns in which kernels break. */

/** mulberry32: 32-bit integers only, so that a seed means the same everywhere. */
export function generator(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

export const patterns = ['random', 'extremes', 'alternating', 'lowest', 'highest', 'zero'] as const;
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
      case 'zero':
        return zero;
    }
  };
  return Array.from({ length }, (_, i) => one(i));
}

export const floatPatterns = [
  'random',
  'wide',
  'halves',
  'constant',
  'denormal',
  'special',
  'zero',
] as const;
export type FloatPattern = (typeof floatPatterns)[number];

const SPECIAL = [NaN, Infinity, -Infinity, -0, 3e38, -3e38, 2 ** -149, 1];

/** float32 numbers: around 1, of all magnitudes, multiples of 1/2 (ties, for scales of powers of two), equal, below the normal range, or not all numbers. */
export function drawFloats(pattern: FloatPattern, seed: number, length: number): Float32Array {
  const random = generator(seed);
  const signed = (): number => 2 * random() - 1;
  const constant = signed();
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
      case 'denormal':
        return signed() * 2 ** -127;
      case 'special':
        return random() < 0.1 ? (SPECIAL[Math.floor(random() * SPECIAL.length)] ?? 0) : signed();
      case 'zero':
        return 0;
    }
  };
  return Float32Array.from({ length }, one);
}
