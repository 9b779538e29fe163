/** The exported rescalings, as `requantize.test.ts` draws their arguments, against the reference. */

import fc from 'fast-check';
import { PROGRAM_BASE } from '../../fastpath/program/format.ts';
import { requantizeInt32, requantizeInt64 } from '../../reference/index.ts';
import { edgeMultiplier } from '../draws.ts';
import type { Bench, Kernels, PreparedCase } from './case.ts';

/** Calls of a case. */
const CALLS = 100;

const multiplier = fc.oneof(
  fc.integer({ min: 0, max: 2 ** 31 - 1 }),
  fc.constantFrom(0, 2 ** 30, 0x7ffeffff, 0x7fff0000 - 1, 0x7fff0000, 2 ** 31 - 1),
  // At the half of what is left of 16 bits (A5), and next to it.
  fc
    .tuple(fc.nat({ max: 0x7ffe }), fc.constantFrom(0x7fff, 0x8000))
    .map(([high, low]) => high * 2 ** 16 + low),
);
const shift = fc.integer({ min: -31, max: 7 });

type Call = readonly [accumulator: number, multiplier: number, shift: number];

/** A unit of the last product decides the result. */
const edge: fc.Arbitrary<Call> = fc
  .tuple(fc.nat({ max: 2 ** 16 }), fc.boolean(), fc.constantFrom(-1, -2), fc.boolean())
  .map(([half, negative, s, under]): Call => {
    const accumulator = (2 * half + 1) * (negative ? -1 : 1);
    return [accumulator, edgeMultiplier(accumulator, s, under) ?? 2 ** 30, s];
  });

const calls = {
  requantizeInt32: fc.oneof(
    fc
      .tuple(fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }), multiplier, shift)
      .map(([wide, m, s]): Call => [Math.trunc(wide / 2 ** Math.max(s, 0)), m, s]),
    edge,
  ),
  requantizeInt64: fc
    .tuple(fc.double({ min: -1, max: 1, noNaN: true }), multiplier, shift)
    // Rule R2: below 2^47, and the result below 2^31.
    .map(([fraction, m, s]): Call => [
      Math.trunc(fraction * (Math.min(2 ** 47, 2 ** (31 - s)) - 1)),
      m,
      s,
    ]),
} as const;

export type Requantization = keyof typeof calls;
export const requantizations = Object.keys(calls) as readonly Requantization[];

/** The same `count` cases each time. @throws {Error} where the kernels as built are not what the reference says */
export function prepareRequantization(
  name: Requantization,
  count: number,
  bench: Bench,
): readonly PreparedCase[] {
  const drawn = fc.sample(calls[name], { numRuns: count * CALLS, seed: 1 });
  return Array.from({ length: count }, (_, i) => {
    const prepared = requantizationRun(name, drawn.slice(i * CALLS, (i + 1) * CALLS));
    const verdict = bench.judge(prepared);
    if (verdict !== 'survived')
      throw new Error(`Expected ${name} to be right but found: ${verdict}`);
    return prepared;
  });
}

function requantizationRun(name: Requantization, drawn: readonly Call[]): PreparedCase {
  const wide = name === 'requantizeInt64';
  const expected = drawn.map((each) => (wide ? requantizeInt64 : requantizeInt32)(...each) + 0);
  let found: readonly number[] = [];
  return {
    end: PROGRAM_BASE,
    contents: [],
    writes: [],
    run: ({ call }: Kernels) => {
      found = drawn.map(([x, m, s]) => call(name, wide ? BigInt(x) : x, m, s));
    },
    isRight: () => found.every((value, i) => value === expected[i]),
  };
}
