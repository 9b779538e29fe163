/** Places buffers in one arena, so that those alive at the same time do not overlap. */

import { ALIGNMENT, roundUp } from '../program/format.ts';

export interface Lifetime {
  readonly bytes: number;
  /** First and last step that uses the buffer, both included. */
  readonly first: number;
  readonly last: number;
}

interface Plan {
  readonly offsets: readonly number[];
  readonly bytes: number;
}

/**
 * Offsets of buffers, in their order, and the arena's size in bytes.
 *
 * Greedy (Pisarchyk and Lee, "Efficient Memory Management for Deep Neural Net Inference", 2020): one buffer after the
 * other, each at the lowest place that is free throughout its life; the largest first, or in the order of their first
 * use, whichever comes out smaller. Deterministic: ties keep their order.
 */
export function planArena(buffers: readonly Lifetime[]): Plan {
  const bySize = place(buffers, (a, b) => b.bytes - a.bytes);
  const byUse = place(buffers, (a, b) => Number(a.first > b.first) - Number(a.first < b.first));
  return byUse.bytes < bySize.bytes ? byUse : bySize;
}

function place(buffers: readonly Lifetime[], compare: (a: Lifetime, b: Lifetime) => number): Plan {
  const order = Array.from(buffers.entries()).sort(([, a], [, b]) => compare(a, b));
  const offsets = buffers.map(() => 0);
  const placed: { readonly offset: number; readonly end: number; readonly life: Lifetime }[] = [];
  let bytes = 0;
  for (const [index, life] of order) {
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
