/** Places buffers in one arena, so that those alive at the same time do not overlap. */

import { ALIGNMENT, roundUp } from '../program/format.ts';

export interface Lifetime {
  readonly bytes: number;
  /** First and last step that uses the buffer, both included. */
  readonly first: number;
  readonly last: number;
}

/**
 * Offsets of buffers, in their order, and the arena's size in bytes.
 *
 * Greedy by size (Pisarchyk and Lee, "Efficient Memory Management for Deep Neural Net Inference", 2020): the largest
 * first, each at the lowest place that is free throughout its life. Deterministic: ties keep their order.
 */
export function planArena(buffers: readonly Lifetime[]): {
  readonly offsets: readonly number[];
  readonly bytes: number;
} {
  const order = buffers.map((_, index) => index);
  order.sort((a, b) => (buffers[b]?.bytes ?? 0) - (buffers[a]?.bytes ?? 0) || a - b);
  const offsets = buffers.map(() => 0);
  const placed: { readonly offset: number; readonly end: number; readonly life: Lifetime }[] = [];
  let bytes = 0;
  for (const index of order) {
    const life = buffers[index];
    if (life === undefined) continue;
    let offset = 0;
    for (const other of placed) {
      const meets = other.life.first <= life.last && life.first <= other.life.last;
      if (!meets) continue;
      if (other.offset >= offset + life.bytes) break;
      offset = Math.max(offset, roundUp(other.end, ALIGNMENT));
    }
    offsets[index] = offset;
    placed.push({ offset, end: offset + life.bytes, life });
    placed.sort((a, b) => a.offset - b.offset);
    bytes = Math.max(bytes, offset + life.bytes);
  }
  return { offsets, bytes: roundUp(bytes, ALIGNMENT) };
}
