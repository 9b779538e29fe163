/** Whether browser and edge agree. */

import type { Score } from '../src/scores.ts';

/**
 * Of probabilities in float32, where engines fuse multiply-adds or do not: what a network of this depth may differ by
 * between two of them (the tests of the fast path hold each to the reference by narrower, derived bounds).
 */
export const FLOAT_BOUND = 1e-3;

export type Agreement =
  | { readonly kind: 'equal' }
  | { readonly kind: 'within'; readonly difference: number }
  | { readonly kind: 'differs'; readonly difference: number };

/** Integers have to be equal bit for bit; float32 too, unless it lies within the bound. */
export function agreementOf(
  precision: string,
  browser: readonly Score[],
  edge: readonly Score[],
): Agreement {
  const scores = new Map(edge.map(({ label, score }) => [label, score]));
  const differences = browser.map(({ label, score }) =>
    Math.abs(score - (scores.get(label) ?? Infinity)),
  );
  const difference = edge.length === browser.length ? Math.max(0, ...differences) : Infinity;
  if (difference === 0) return { kind: 'equal' };
  const within = precision === 'float32' && difference <= FLOAT_BOUND;
  return { kind: within ? 'within' : 'differs', difference };
}
