/**
 * The grid of a container's scales: the float32 mantissas that they have, in order, times powers of two. Scales that were
 * rounded to a few an octave are numbers of such a grid; others are not worth one.
 */

import { GRID } from '../program/container.ts';

export interface Grid {
  /** In [1, 2), ascending. */
  readonly mantissas: readonly number[];
  /** Of the octave of number 0. */
  readonly exponent: number;
}

/** The grid that all of `scales` are on, if there is one. */
export function gridOf(scales: readonly number[]): Grid | undefined {
  if (scales.length === 0 || scales.some((scale) => !isNormal(scale))) return undefined;
  const mantissas = Array.from(new Set(scales.map(mantissaOf))).sort((a, b) => a - b);
  const exponent = scales.map(exponentOf).reduce((least, each) => Math.min(least, each));
  const grid = { mantissas, exponent };
  return scales.every((scale) => numberOn(grid, scale) < GRID) ? grid : undefined;
}

export function numberOn({ mantissas, exponent }: Grid, scale: number): number {
  const octave = exponentOf(scale) - exponent;
  return octave * mantissas.length + mantissas.indexOf(mantissaOf(scale));
}

export function scaleAt({ mantissas, exponent }: Grid, number: number): number {
  const octave = Math.floor(number / mantissas.length);
  return (mantissas[number % mantissas.length] ?? 0) * 2 ** (exponent + octave);
}

function isNormal(scale: number): boolean {
  return scale >= 2 ** -126 && scale < Infinity;
}

function exponentOf(scale: number): number {
  return (float32Bits(scale) >>> 23) - 127;
}

function mantissaOf(scale: number): number {
  return scale / 2 ** exponentOf(scale);
}

export function float32Bits(value: number): number {
  return new Int32Array(Float32Array.of(value).buffer)[0] ?? 0;
}

export function float32Of(bits: number): number {
  return new Float32Array(Int32Array.of(bits).buffer)[0] ?? 0;
}
