/** The arbitraries reach every category of cases, so that a kernel that breaks in one of them is found. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  GraphError,
  operatorKinds,
  runOperator,
  type OperatorKind,
  type PrecisionName,
} from '../reference/index.ts';
import { applicable, categories, categoriesOf, Coverage, drawnPrecision } from './coverage.ts';
import type { OperatorCase } from './operator-case.ts';
import { operatorProperties } from './properties.ts';

/** Cases drawn of each property, at most, and at a time: as soon as nothing is missing, no more. */
const MOST = 2000;
const CHUNK = 200;

/** Draws cases and counts them; returns how many break a rule and so say nothing. */
function countDrawn(cases: fc.Arbitrary<OperatorCase>, seed: number, coverage: Coverage): number {
  let refused = 0;
  for (const drawn of fc.sample(cases, { numRuns: CHUNK, seed })) {
    const { kind, precision, attributes, inputs } = drawn;
    try {
      coverage.count(drawn, runOperator(kind, precision, attributes, inputs));
    } catch (error) {
      if (!(error instanceof GraphError)) throw error;
      refused += 1;
    }
  }
  return refused;
}

describe('Within 2000 draws of a property', () => {
  const groups = operatorKinds.flatMap((kind) =>
    (['float32', 'int8', 'int16'] as const).map((precision) => ({ kind, precision })),
  );
  it.each(groups)('$kind $precision has every category', ({ kind, precision }) => {
    const properties = operatorProperties.filter(
      (property) => property.kind === kind && property.precision === precision,
    );
    // Conversions count for the type of their input: a float32 dequantize is one of uint8.
    const counted = kind === 'dequantize' && precision === 'float32' ? 'int8' : precision;
    const coverage = new Coverage();
    let drawn = 0;
    let refused = 0;
    let complete = false;
    for (let from = 0; from < MOST && !complete; from += CHUNK) {
      for (const { cases } of properties) {
        refused += countDrawn(cases, from + 1, coverage);
        drawn += CHUNK;
      }
      complete = coverage.missing(kind, counted).length === 0;
    }
    expect(coverage.missing(kind, counted)).toEqual([]);
    expect(refused / drawn).toBeLessThan(0.1);
  });
});

describe('A case', () => {
  const relu = (codes: readonly number[], multiplier: number, shift: number): OperatorCase => ({
    kind: 'relu',
    precision: 'int8',
    attributes: { multiplier: [multiplier], shift: [shift], output: { scale: 1 } },
    inputs: [{ shape: [codes.length], data: Int8Array.from(codes), scale: 1 }],
  });
  const of = (drawn: OperatorCase): readonly string[] =>
    categoriesOf(drawn, runOperator(drawn.kind, drawn.precision, drawn.attributes, drawn.inputs));

  it('has the ties that it rounds', () => {
    expect(of(relu([3], 2 ** 30, 0))).toContain('first tie, positive');
    expect(of(relu([-3], 2 ** 30, 0))).toContain('first tie, negative');
    expect(of(relu([2], 2 ** 30, -1))).toContain('second tie, positive');
    expect(of(relu([-2], 2 ** 30, -1))).toContain('second tie, negative');
    expect(of(relu([4, -4, 0], 2 ** 30, 0)).filter((name) => name.includes('tie'))).toEqual([]);
  });

  it('has a double rounding where one rounding gives another result', () => {
    // 1 * (2^31 - 1) / 2^32 is just below 1/2, and 1 after the first rounding.
    expect(of(relu([1], 2 ** 31 - 1, -1))).toContain('double rounding');
    expect(of(relu([2], 2 ** 30, -1))).not.toContain('double rounding');
  });

  it('counts for the precision of its input', () => {
    const [conversion] = fc.sample(
      operatorProperties.find((each) => each.kind === 'quantize')?.cases ??
        fc.constant(relu([], 0, 0)),
      1,
    );
    expect(conversion && drawnPrecision(conversion)).toBe('float32');
  });
});

it('every category applies to some kind and precision', () => {
  const all = new Set(
    operatorKinds.flatMap((kind: OperatorKind) =>
      (['float32', 'int8', 'int16'] satisfies PrecisionName[]).flatMap((precision) =>
        applicable(kind, precision),
      ),
    ),
  );
  expect([...all].sort()).toEqual(Object.keys(categories).sort());
});
