/** The scales that compressed weights have: powers of 2^(1/8), so that they take few bits themselves. */

import { exp2, log2 } from './logarithm.ts';

const PER_OCTAVE = 8;

/** The scale of an integer index: 2^(index / 8), as float32. */
export function gridScale(index: number): number {
  return Math.fround(exp2(index / PER_OCTAVE));
}

/** Index of the scale nearest to a positive number, on every `stride`-th scale of the grid. */
export function nearestIndex(scale: number, stride = 1): number {
  return Math.round((PER_OCTAVE * log2(scale)) / stride) * stride;
}

/** Index of the smallest scale that is not below a positive number, on every `stride`-th scale of the grid. */
export function indexAbove(scale: number, stride = 1): number {
  const nearest = nearestIndex(scale, stride);
  return gridScale(nearest) >= scale ? nearest : nearest + stride;
}
