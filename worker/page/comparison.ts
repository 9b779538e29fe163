/** Whether browser and edge agree. */

import type { Score } from '../src/scores.ts';

/**
 * Of probabilities p in float32, by kernels of different arithmetic, as a share of p (1 - p): which is how far a softmax
 * moves for errors in its input. Several times what errors come to that are, in every operator, as large as that
 * operator's bound allows (worker/test/float-bound.test.ts).
 */
export const FLOAT_BOUND = 0.005;

/** Of the rounding of a probability close to 1. */
const RESOLUTION = 2 ** -23;

/** How far two float32 results may lie apart, of which one is `probability`. */
export function floatBound(probability: number): number {
  return FLOAT_BOUND * probability * (1 - probability) + RESOLUTION;
}

export type Agreement =
  | { readonly kind: 'equal' }
  /** The largest difference, and the largest that its class may have. */
  | { readonly kind: 'within'; readonly difference: number; readonly bound: number }
  | { readonly kind: 'differs'; readonly difference: number };

/** Integers have to be equal bit for bit; float32 too, unless it lies within its bound. */
export function agreementOf(
  precision: string,
  browser: readonly Score[],
  edge: readonly Score[],
): Agreement {
  const scores = new Map(edge.map(({ label, score }) => [label, score]));
  const compared = browser.map(({ label, score }) => {
    const difference = Math.abs(score - (scores.get(label) ?? Infinity));
    return { difference, bound: floatBound(score) };
  });
  const worst = compared.reduce((most, each) => (each.difference > most.difference ? each : most), {
    difference: 0,
    bound: 0,
  });
  const { difference } = edge.length === browser.length ? worst : { difference: Infinity };
  if (difference === 0) return { kind: 'equal' };
  const within = compared.every((each) => each.difference <= each.bound);
  return precision === 'float32' && within && difference < Infinity
    ? { kind: 'within', ...worst }
    : { kind: 'differs', difference };
}
