/** How many bits numbers take in a container that gives each a length that follows from its frequency. */

import { log2 } from './logarithm.ts';

/** Bits of all values together, each as long as its frequency among them says: the entropy of order 0. */
export function entropyBits(values: Iterable<number>): number {
  const counts = new Map<number, number>();
  let total = 0;
  for (const value of values) {
    counts.set(value, (counts.get(value) ?? 0) + 1);
    total += 1;
  }
  let bits = 0;
  for (const count of counts.values()) bits += count * (log2(total) - log2(count));
  return bits;
}

/** A code that does not occur has a length too, as if it had occurred this often. */
const UNSEEN = 0.1;

/** Bits of each of the codes -maxCode to maxCode, by their frequency among those given. */
export function codeLengths(codes: Float64Array, maxCode: number): Float64Array {
  const counts = new Float64Array(2 * maxCode + 1).fill(UNSEEN);
  for (const code of codes) counts[code + maxCode] = (counts[code + maxCode] ?? 0) + 1;
  const total = log2(codes.length + UNSEEN * counts.length);
  return counts.map((count) => total - log2(count));
}

/**
 * Bits of integers of many sizes, such as biases: each told by the length of its magnitude, at that length's frequency,
 * by its bits below the first, its sign, and one more for how many low bits are zeros. Their entropy would say too
 * little, since hardly two of a layer are the same.
 */
export function numberBits(values: Iterable<number>): number {
  const lengths = Array.from(values, (value) => {
    const magnitude = Math.abs(value);
    return magnitude < 1 ? 0 : Math.floor(log2(magnitude)) + 1;
  });
  return entropyBits(lengths) + lengths.reduce((sum, length) => sum + length + 1, 0);
}
