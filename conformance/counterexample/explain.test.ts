/** An explanation arrives at the reference's element, in every kind and precision. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { GraphError, runOperator } from '../../reference/index.ts';
import type { OperatorCase } from '../operator-case.ts';
import { operatorProperties, propertyName } from '../properties.ts';
import { explainElement, explanationText, type Explanation } from './explain.ts';
import { FULL_LENGTH } from './steps.ts';

function expectedOf({ kind, precision, attributes, inputs }: OperatorCase): readonly number[] {
  try {
    return Array.from(runOperator(kind, precision, attributes, inputs).data, Number);
  } catch (error) {
    if (error instanceof GraphError) fc.pre(false);
    throw error;
  }
}

const rulesOf = ({ steps }: Explanation): ReadonlySet<string> => new Set(steps.map((s) => s.rule));
const textOf = (...given: Parameters<typeof explainElement>): readonly string[] =>
  explanationText(explainElement(...given)).split('\n');

describe('what is explained equals what runOperator computes', () => {
  it.each(operatorProperties.map((each) => [propertyName(each), each] as const))(
    '%s',
    (_, { cases }) => {
      fc.assert(
        fc.property(cases, fc.nat(), (drawn, at) => {
          const expected = expectedOf(drawn);
          const index = at % expected.length;
          const copy = structuredClone(drawn);
          const explanation = explainElement(drawn, index, expected[index]);
          expect(explanation.result).toBe(expected[index]);
          expect(explanation.share ?? 0).toBe(0);
          expect(explanation.steps.length).toBeGreaterThan(0);
          expect(explanation.steps.length).toBeLessThan(2 * FULL_LENGTH);
          expect(explanationText(explanation)).not.toContain('undefined');
          expect(drawn).toEqual(copy);
        }),
        { numRuns: 40 },
      );
    },
  );
});

const depthwise: OperatorCase<'depthwiseConv2d'> = {
  kind: 'depthwiseConv2d',
  precision: 'int8',
  attributes: {
    multiplier: [1342177280],
    shift: [-3],
    padding: [1, 0, 1, 0],
    output: { zeroPoint: 4, scale: 0.5 },
  },
  inputs: [
    { shape: [1, 1, 1, 2], data: new Int8Array([5, -6]), zeroPoint: -3 },
    { shape: [1, 2, 2, 2], data: new Int8Array(8).fill(2) },
    { shape: [2], data: new Int32Array([10, -20]) },
  ],
};

describe('the text', () => {
  it('C2 A4 tells every integer of a depthwise convolution', () => {
    expect(textOf(depthwise, 1, -1)).toEqual([
      'depthwiseConv2d int8, output element 1 [0, 0, 0, 1]: expected 2, found -1',
      '  C2  ky 0 kx 0: row -1, column -1 is outside the image, skipped',
      '  C2  ky 0 kx 1: row -1, column 0 is outside the image, skipped',
      '  C2  ky 1 kx 0: row 0, column -1 is outside the image, skipped',
      '  C2  ky 1 kx 1: x[0, 0, 0, 1] = -6 - (-3) = -3; w[0, 1, 1, 1] = 2; product -6; sum -6',
      '  C2  sum of 1 product: -6',
      '  C2  + bias[1]: -6 + (-20) = -26',
      '  A4  multiplier 1342177280, shift -3: the factor 0.078125',
      '  A4  (-26) * 1342177280 = -34896609280',
      '  A4  first rounding: (-34896609280 + 2^30) >> 31 = -16',
      '  A4  second rounding: (-16) / 2^3 = -2, half away from zero: -2',
      '  T2  + zero point: -2 + 4 = 2',
      '  A6  within [-128, 127]: 2',
      '  T2  result 2 stands for 0.5 * (2 - 4) = -1',
      '  T2  found -1 stands for 0.5 * (-1 - 4) = -2.5',
      '  A2  found -1: off by -3, where it has to be equal',
    ]);
  });

  it('A5 rounds once, A4 twice where the accumulator has 32 bits', () => {
    const fullyConnected = (accumulator?: 'int32'): OperatorCase<'fullyConnected'> => ({
      kind: 'fullyConnected',
      precision: 'int16',
      attributes: {
        multiplier: [1518500250],
        shift: [-4],
        ...(accumulator ? { accumulator } : {}),
      },
      inputs: [
        { shape: [1, 2], data: new Int16Array([100, -7]) },
        { shape: [1, 2], data: new Int8Array([3, 4]) },
      ],
    });
    expect(textOf(fullyConnected(), 0).slice(5, 9)).toEqual([
      '  A5  multiplier 1518500250, shift -4: the factor 0.04419417382450774',
      '  A5  15-bit multiplier: (1518500250 + 2^15) >> 16, at most 32767: 23170',
      '  A5  272 * 23170 = 6302240',
      '  A5  the one rounding: (6302240 + 2^18) >> 19 = 12',
    ]);
    expect(rulesOf(explainElement(fullyConnected('int32'), 0))).toContain('A4');
  });

  it('B1 tells a float32 sum and how far another is', () => {
    const drawn: OperatorCase<'fullyConnected'> = {
      kind: 'fullyConnected',
      precision: 'float32',
      attributes: { activation: 'relu' },
      inputs: [
        { shape: [1, 2], data: [1, 0.1] },
        { shape: [1, 2], data: [2, 3] },
      ],
    };
    const { bound = NaN, result } = explainElement(drawn, 0);
    expect(bound).toBeGreaterThan(1e-7);
    expect(explainElement(drawn, 0, result + 2 ** -21).share).toBeCloseTo(2 ** -21 / bound);
    const text = textOf(drawn, 0, 5).slice(-3);
    expect(text[1]).toMatch(
      /^ {2}B1 {2}a right kernel may differ by [\d.e-]+ \(sum of magnitudes 2\.3/,
    );
    expect(text[2]).toMatch(/^ {2}B1 {2}found 5: 2\.700 away, [\d.e+]+ of the bound$/);
  });

  it('leaves out the middle of a long sum, with a count', () => {
    const length = 100;
    const drawn: OperatorCase<'fullyConnected'> = {
      kind: 'fullyConnected',
      precision: 'int8',
      attributes: { multiplier: [2 ** 30], shift: [-9] },
      inputs: [
        { shape: [1, length], data: new Int8Array(length).fill(2) },
        { shape: [1, length], data: new Int8Array(length).fill(3) },
      ],
    };
    const { steps } = explainElement(drawn, 0);
    expect(steps.find(({ name }) => name === 'omitted')).toEqual({
      rule: 'C3',
      name: 'omitted',
      text: `... ${String(length - FULL_LENGTH)} more, together ${String(6 * (length - FULL_LENGTH))} ...`,
      values: { count: length - FULL_LENGTH, skipped: 0, sum: 6 * (length - FULL_LENGTH) },
    });
    expect(JSON.parse(JSON.stringify(steps))).toEqual(steps);
  });

  it('says where no rule compares', () => {
    const drawn: OperatorCase<'fullyConnected'> = {
      kind: 'fullyConnected',
      precision: 'float32',
      attributes: {},
      inputs: [
        { shape: [1, 2], data: [3e38, -3e38] },
        { shape: [1, 2], data: [1, 1] },
      ],
    };
    const explanation = explainElement(drawn, 0, 7);
    expect(explanation.bound).toBeUndefined();
    expect(textOf(drawn, 0, 7).at(-1)).toBe('  B1  partial sums may overflow: not compared');
  });

  it('refuses an element that is not there', () => {
    for (const index of [-1, 2, 0.5]) {
      expect(() => explainElement(depthwise, index)).toThrow(
        new RangeError(`Expected one of 2 elements but found ${String(index)}`),
      );
    }
  });
});
