/** What float32 rescaling promises: the very codes of rule A4, with products rounded before sums or not. */

import fc from 'fast-check';
import { expect, it } from 'vitest';
import { risesOf as risesByBisection } from '../../conformance/enumerated/panels.ts';
import { property } from '../../conformance/property.ts';
import { requantizeInt32 } from '../../reference/index.ts';
import {
  floatFactor,
  MAX_FLOAT_RESULT,
  risesAt,
  risesOf,
  type CodeRange,
  type FloatFactor,
} from '../compile/float-rescaling.ts';
import { fused, separate, ways, type MultiplyAdd } from './float32.ts';

const file = 'fastpath/test/float-rescaling.test.ts';
const LARGEST = 2 ** 31 - 1;

/** Also such as round up to a power of two, and such as no scale gives. */
const multiplier = fc.oneof(
  { weight: 4, arbitrary: fc.integer({ min: 2 ** 30, max: LARGEST }) },
  { weight: 1, arbitrary: fc.integer({ min: LARGEST - 64, max: LARGEST }) },
  { weight: 1, arbitrary: fc.integer({ min: 2 ** 24 - 1, max: 2 ** 24 + 1 }) },
  { weight: 1, arbitrary: fc.integer({ min: 1, max: LARGEST }) },
  { weight: 1, arbitrary: fc.constantFrom(1, 2 ** 30, 2 ** 30 + 1) },
);
const shift = fc.integer({ min: -10, max: -2 });
const code = fc.integer({ min: -128, max: 127 });
/** Any zero point and limits, also those that leave one code. */
const range: fc.Arbitrary<CodeRange> = fc
  .tuple(fc.oneof(fc.constantFrom(-128, 0, 127), code), code, code, fc.boolean())
  .map(([zero, a, b, whole]) =>
    whole
      ? { low: -128 - zero, high: 127 - zero }
      : { low: Math.min(a, b) - zero, high: Math.max(a, b) - zero },
  );
const drawn = fc.record({
  multiplier,
  shift,
  range,
  seed: fc.double({ min: -1, max: 1, noNaN: true }),
});
type Drawn = typeof drawn extends fc.Arbitrary<infer T> ? T : never;

function clamped(value: number, { low, high }: CodeRange): number {
  return Math.min(Math.max(value, low), high) + 0;
}

/** As kernels do. */
function inFloat32(
  { centre, scale, offset }: FloatFactor,
  accumulator: number,
  limits: CodeRange,
  multiplyAdd: MultiplyAdd,
): number {
  const x = accumulator - centre;
  const rounding = limits.low < 0 && x < 0 ? -offset : offset;
  return clamped(Math.trunc(multiplyAdd(Math.fround(x), scale, rounding)), limits);
}

/** The farthest accumulators of which float32 is asked. */
function reachOf({ multiplier: m, shift: s }: Drawn): number {
  return Math.min(Math.floor((MAX_FLOAT_RESULT - 16) / (m * 2 ** (s - 31))), LARGEST - 2 ** 24);
}

/** Every rise and what is next to it, found by the reference alone; the ends, and some drawn. */
function accumulators(of: Drawn): readonly number[] {
  const reach = reachOf(of);
  const rises = risesByBisection({ form: 'float', factors: [of], ...of.range, reach });
  const around = rises.flatMap((rise) => [-3, -2, -1, 0, 1, 2, 3].map((step) => rise + step));
  const drawnOnes = Array.from({ length: 200 }, (_, i) =>
    Math.trunc(((of.seed * (i + 1) * 7919) % 1) * reach),
  );
  return [...around, ...drawnOnes, reach, -reach, 0, 1, -1].filter((x) => Math.abs(x) <= reach);
}

function firstWrong(factor: FloatFactor, of: Drawn): string | undefined {
  for (const x of accumulators(of)) {
    const expected = clamped(requantizeInt32(x, of.multiplier, of.shift), of.range);
    for (const way of ways) {
      const found = inFloat32(factor, x, of.range, way);
      if (found === expected) continue;
      return `Expected ${String(x)} to become ${String(expected)} but found ${String(found)}, ${way === fused ? 'fused' : 'separate'}, ${JSON.stringify(factor)}`;
    }
  }
  return undefined;
}

property('a factor that is found is exact', { runs: 400, file }, drawn, (of) => {
  const factor = floatFactor(of.multiplier, of.shift, of.range);
  if (factor === undefined) return Promise.resolve(undefined);
  const { centre, scale, offset } = factor;
  if (Math.fround(scale) !== scale || Math.fround(offset) !== offset) {
    return Promise.resolve(`Expected float32 but found ${JSON.stringify(factor)}`);
  }
  if (of.range.low < 0 && centre !== 0) return Promise.resolve('Expected the centre to be 0');
  return Promise.resolve(firstWrong(factor, of));
});

property('rises are where the reference rises', { runs: 400, file }, drawn, (of) => {
  const rises = risesOf(of.multiplier, of.shift, of.range);
  for (const [i, rise] of rises.entries()) {
    const reached = of.range.low + 1 + i;
    if (Math.abs(rise) > LARGEST) continue;
    const [at, before] = [rise, rise - 1].map((x) => requantizeInt32(x, of.multiplier, of.shift));
    if (at === undefined || before === undefined || at < reached || before >= reached) {
      return Promise.resolve(`Expected code ${String(reached)} from ${String(rise)} on`);
    }
  }
  return Promise.resolve(undefined);
});

const candidate = fc.record({
  of: drawn,
  scale: fc.oneof(fc.integer({ min: -4, max: 4 }), fc.integer({ min: -(2 ** 16), max: 2 ** 16 })),
  offset: fc.oneof(fc.integer({ min: -4, max: 4 }), fc.integer({ min: -(2 ** 20), max: 2 ** 20 })),
});

/** Whatever is tried, next to the real factor or farther off. */
property('the check passes nothing that is wrong', { runs: 400, file }, candidate, (tried) => {
  const { of } = tried;
  const real = of.multiplier * 2 ** (of.shift - 31);
  const factor = {
    centre: 0,
    scale: Math.fround(real * (1 + tried.scale * 2 ** -24)),
    offset: Math.fround(0.5 + 2 ** (of.shift - 1) + tried.offset * 2 ** -24),
  };
  const passed = risesAt(factor, risesOf(of.multiplier, of.shift, of.range), of.range);
  return Promise.resolve(passed ? firstWrong(factor, of) : undefined);
});

it('finds factors of all shifts, and refutes what is next to them', () => {
  for (let s = -10; s <= -2; s++) {
    for (const limits of [
      { low: 0, high: 255 },
      { low: -128, high: 127 },
    ]) {
      const of = { multiplier: 1518500250, shift: s, range: limits, seed: 0.37 };
      const rises = risesOf(of.multiplier, s, limits);
      const found = floatFactor(of.multiplier, s, limits);
      expect(found).toBeDefined();
      if (found === undefined) continue;
      expect(risesAt(found, rises, limits)).toBe(true);
      for (const wrong of [
        { ...found, scale: Math.fround(found.scale * (1 + 2 ** -7)) },
        { ...found, scale: Math.fround(found.scale * (1 - 2 ** -7)) },
        { ...found, offset: Math.fround(found.offset + 2 ** (s + 1)) },
        { ...found, offset: Math.fround(found.offset - 2 ** (s + 1)) },
        { ...found, centre: found.centre + 2 },
      ]) {
        expect(risesAt(wrong, rises, limits)).toBe(false);
        expect(firstWrong(wrong, of)).toMatch(/^Expected /);
      }
    }
  }
});

it('finds none of other shifts, and one of a multiplier of 0 for any', () => {
  const limits = { low: -128, high: 127 };
  for (const s of [-31, -11, -1, 0, 7]) {
    expect(floatFactor(2 ** 30, s, limits)).toBeUndefined();
    expect(floatFactor(0, s, limits)).toEqual({ centre: 0, scale: 0, offset: 0 });
    for (const x of [-LARGEST, -1, 0, 1, LARGEST]) {
      expect(requantizeInt32(Math.trunc(x / 2 ** Math.max(s, 0)), 0, s) + 0).toBe(0);
    }
  }
});

it('rounds once where products are fused', () => {
  // 2^24 - 1 squared is 2^48 - 2^25 + 1; with 2^23 it is halfway between two float32 but for the 1.
  expect(fused(2 ** 24 - 1, 2 ** 24 - 1, 2 ** 23)).toBe(2 ** 48 - 2 ** 24);
  expect(separate(2 ** 24 - 1, 2 ** 24 - 1, 2 ** 23)).toBe(2 ** 48 - 2 ** 25);
  // A product of 2^-24 + 2^-54: float64 rounds the sum to a tie of float32 first.
  const factor = 16519105 * 2 ** -54;
  expect(fused(65, factor, 1)).toBe(1 + 2 ** -23);
  expect(fused(-65, factor, -1)).toBe(-1 - 2 ** -23);
  expect(Math.fround(65 * factor + 1)).toBe(1);
});
