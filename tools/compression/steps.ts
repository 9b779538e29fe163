/** The step of each channel: what its codes are multiples of. */

import { nearestCode, roundRow, type FactoredCovariance } from './rounding.ts';
import { gridScale, indexAbove, nearestIndex } from './scale-grid.ts';

/** How coarse a compressed model is. */
export type Rule =
  /** Every code fits so many bits, sign included. */
  | { readonly kind: 'bits'; readonly bits: number }
  /** Codes, scales and biases are as fine as pays: a bit may be spent where it lowers the error by the price. */
  | { readonly kind: 'price'; readonly price: number };

/** The largest code of an int8 weight; -128 is left out, as everywhere here. */
export const MAX_CODE = 127;

/** Steps by price lie on powers of 2^(1/2): a step that far from the best loses next to nothing (measured). */
export const PRICE_STRIDE = 4;

/** A step of so many times the largest weight leaves no weight at all. */
const ALL_ZERO = 4;

/** How far below the step that holds the largest weight a search goes, in powers of 2^(1/8), by bits. */
const SEARCH = { 2: 16, 3: 12 } as const;
const USUAL_SEARCH = 8;

/**
 * The step with the least error, such that codes fit so many bits: weights beyond the largest code are cut off.
 *
 * @param least the finest step
 * @param codes written: those of the best step
 */
export function searchStep(
  row: Float64Array,
  covariance: FactoredCovariance,
  bits: number,
  least: number,
  codes: Float64Array,
): { readonly index: number; readonly error: number } {
  const maxCode = 2 ** (bits - 1) - 1;
  const finest = indexAbove(least);
  const largest = largestOf(row);
  const top = Math.max(largest > 0 ? indexAbove(largest / maxCode) : finest, finest);
  const range = bits === 2 || bits === 3 ? SEARCH[bits] : USUAL_SEARCH;
  const tried = new Float64Array(row.length);
  let best = { index: top, error: Infinity };
  for (let index = top; index >= Math.max(top - range, finest); index--) {
    const error = roundRow(row, gridScale(index), covariance, nearestCode(maxCode), tried);
    if (error < best.error) {
      best = { index, error };
      codes.set(tried);
    }
  }
  return best;
}

/**
 * The step at which one bit more for each weight would lower the error by just its price; undefined where that leaves
 * no weight. Rounding to steps s costs `pivot * s^2 / 12` a weight, and halving s costs a bit: the price of a bit is
 * then `pivot * s^2 * ln 2 / 6`.
 *
 * @param price of a bit, in the unit of the channel's error
 * @param least the finest step
 */
export function stepIndexForPrice(
  row: Float64Array,
  { meanPivot }: FactoredCovariance,
  price: number,
  least: number,
): number | undefined {
  const step = stepForPrice(price, meanPivot);
  const largest = largestOf(row);
  if (!(step <= ALL_ZERO * largest)) return undefined;
  const finest = indexAbove(Math.max(least, largest / MAX_CODE), PRICE_STRIDE);
  return Math.max(nearestIndex(step, PRICE_STRIDE), finest);
}

/** The step at which a bit is worth its price, where an error e costs `cost * e^2`. */
export function stepForPrice(price: number, cost: number): number {
  return Math.sqrt((6 * price) / (LN_2 * cost));
}

const LN_2 = 0.693_147_180_559_945_3;

function largestOf(row: Float64Array): number {
  return row.reduce((largest, weight) => Math.max(largest, Math.abs(weight)), 0);
}
