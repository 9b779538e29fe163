/** Integer operators stay within what rounding to codes costs, and wrong ones do not. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { quantizeMultiplier } from '../reference/arithmetic/multiplier.ts';
import { requantizeInt32, requantizeInt64 } from '../reference/arithmetic/requantize.ts';
import {
  expOnNegativeValues,
  oneOverOnePlus,
} from '../reference/arithmetic/softmax-fixed-point.ts';
import { EXP_TABLE, RECIPROCAL_TABLE } from '../reference/arithmetic/softmax-tables.ts';
import { GraphError, runOperator, type OperatorKind, type TensorData } from '../reference/index.ts';
import { scaledElementwise, scaledModes, scaledSum } from './arbitrary-scaled.ts';
import { generator } from './draws.ts';
import { describeCase, type OperatorCase } from './operator-case.ts';
import { property } from './property.ts';
import {
  compareWithFloat32,
  describedCase,
  EXP_FIXED_POINT,
  EXP_TABLE_CHORD,
  EXP_TABLE_ROUNDING,
  RECIPROCAL_FIXED_POINT,
  RECIPROCAL_TABLE_ERROR,
  type Float32Comparison,
} from './quantization-bounds.ts';

const FILE = 'conformance/quantization-bounds.test.ts';

const sums = ['conv2d', 'depthwiseConv2d', 'fullyConnected'] as const;
const others = [
  'add',
  'averagePool',
  'mean',
  'softmax',
  'clamp',
  'relu',
  'relu6',
  'pad',
  'reshape',
  'quantize',
  'dequantize',
] as const;

interface Subject {
  readonly name: string;
  readonly kind: OperatorKind;
  readonly int8: boolean;
  readonly cases: fc.Arbitrary<OperatorCase>;
}

/** Every integer operator in every mode. */
const subjects: readonly Subject[] = [
  ...Object.entries(scaledModes).flatMap(([mode, of]) =>
    sums.map((kind) => ({
      name: `${kind} ${mode}`,
      kind,
      int8: of.precision === 'int8',
      cases: scaledSum(kind, of),
    })),
  ),
  ...(['int8', 'int16'] as const).flatMap((precision) =>
    others.map((kind) => ({
      name: `${kind} ${precision}`,
      kind,
      int8: precision === 'int8',
      cases: scaledElementwise(kind, precision),
    })),
  ),
];

/** What is computed of a case; `otherwise` of one that breaks a rule. */
function validOr<T>(otherwise: T, compute: () => T): T {
  try {
    return compute();
  } catch (error) {
    if (error instanceof GraphError) return otherwise;
    throw error;
  }
}

describe('integer operators against float32', () => {
  for (const { name, cases } of subjects) {
    property(name, { runs: 150, file: FILE }, cases, (drawn) => {
      const found = validOr<Float32Comparison>({ worst: 0 }, () => compareWithFloat32(drawn));
      const { violation } = found;
      return Promise.resolve(
        violation && `${JSON.stringify(violation)} beyond the bound:\n${describeCase(drawn)}`,
      );
    });
  }

  it('bounds are no larger than the errors that occur', () => {
    // Of 3000 cases: 0.999, and 0.94 for the int16 softmax, whose errors seldom have one sign.
    for (const { name, cases } of subjects) {
      const worst = fc
        .sample(cases, { numRuns: 100, seed: 1 })
        .map((drawn) => validOr(0, () => compareWithFloat32(drawn).worst));
      expect(Math.max(...worst), name).toBeGreaterThan(name === 'softmax int16' ? 0.6 : 0.9);
    }
  });
});

/** A wrong operator: what it writes for a case. */
type Mutant = (drawn: OperatorCase) => TensorData;

function computed({ kind, precision, attributes, inputs }: OperatorCase): TensorData {
  return runOperator<OperatorKind>(kind, precision, attributes, inputs).data;
}

/** By the output's scale, where it has one of its own. */
const factorOff: Mutant = (drawn) => {
  const off = (scale: unknown): number => Number(scale) * 1.01;
  const { output } = drawn.attributes;
  if (output !== undefined) {
    const scale = off(output.scale);
    return computed({
      ...drawn,
      attributes: { ...drawn.attributes, output: { ...output, scale } },
    });
  }
  const inputs = drawn.inputs.map((input) => ({ ...input, scale: off(input.scale) }));
  return computed({ ...drawn, inputs });
};

const zeroPointIgnored: Mutant = (drawn) =>
  computed({ ...drawn, inputs: drawn.inputs.map((input) => ({ ...input, zeroPoint: 0 })) });

/** Towards 0, so that all are codes of the type. */
const codeOff: Mutant = (drawn) => {
  const codes = computed(drawn).slice();
  codes.forEach((code, i) => {
    codes[i] = Number(code) + (Number(code) > 0 ? -1 : 1);
  });
  return codes;
};

/** With the limits of the type alone. */
const unclamped: Mutant = ({ attributes, ...drawn }) =>
  computed(
    drawn.kind === 'clamp'
      ? { ...drawn, attributes: { ...attributes, min: -Infinity, max: Infinity } }
      : { ...drawn, attributes: { ...attributes, activation: 'none' } },
  );

describe('wrong operators', () => {
  const codesKept: readonly OperatorKind[] = ['averagePool', 'pad', 'reshape'];
  const clamped: readonly OperatorKind[] = [...sums, 'add', 'averagePool', 'clamp'];
  const mutants: readonly (readonly [string, Mutant, (subject: Subject) => boolean])[] = [
    ['a factor off by 1 %', factorOff, ({ kind }) => !codesKept.includes(kind)],
    [
      'the zero point ignored',
      zeroPointIgnored,
      // Only differences count in a softmax; a reshape has the codes as they are.
      ({ kind, int8 }) => int8 && kind !== 'softmax' && kind !== 'reshape',
    ],
    ['results off by one code', codeOff, ({ kind }) => kind !== 'dequantize'],
    ['no clamp', unclamped, ({ kind }) => clamped.includes(kind)],
  ];
  describe.each(mutants)('%s', (_, mutant, applies) => {
    it.each(subjects.filter(applies))('$name', ({ cases }) => {
      const told = fc
        .sample(cases, { numRuns: 60, seed: 1 })
        .some((drawn) =>
          validOr(false, () => compareWithFloat32(drawn, mutant(drawn)).violation !== undefined),
        );
      expect(told).toBe(true);
    });
  });

  it('the violation is the first, in real numbers', () => {
    const drawn: OperatorCase<'relu6'> = {
      kind: 'relu6',
      precision: 'int8',
      attributes: { output: { scale: 0.5, zeroPoint: 3 } },
      inputs: [{ shape: [3], data: new Int8Array([1, 5, 127]), scale: 0.5, zeroPoint: 1 }],
    };
    // Real 0, 2 and 63, of which the last is clamped to 6.
    const right = new Int8Array([3, 7, 15]);
    expect(compareWithFloat32(drawn)).toEqual({ worst: 0 });
    expect(compareWithFloat32(drawn, right)).toEqual({ worst: 0 });
    const { worst, violation } = compareWithFloat32(drawn, new Int8Array([3, 8, 16]));
    // A factor of 1 rounds once.
    expect(worst).toBeCloseTo(2);
    expect(violation).toMatchObject({ index: 1, expected: 2, found: 2.5 });
    expect(violation?.bound).toBeCloseTo(0.25);
  });
});

describe('softmax rows of the most elements (R6)', () => {
  const row = (
    precision: 'int8' | 'int16',
    scale: number,
    length: number,
    attributes: OperatorCase<'softmax'>['attributes'] = {},
  ): OperatorCase => {
    const data = precision === 'int8' ? new Int8Array(length) : new Int16Array(length);
    const input = { shape: [1, length], data: data.fill(-100).fill(0, 7, 8), scale };
    return { kind: 'softmax', precision, attributes, inputs: [input] };
  };

  // One among equal others: what each is rounded by adds up. Differences of -2 to -16, also beyond the last that count.
  // Measured: 0.98 of the bound, 0.79 in 16 bits.
  const scales = Array.from({ length: 60 }, (_, i) => 0.02 + 0.0023 * i);
  const long = {
    'int8 to int8': (scale: number) => row('int8', scale, 4095),
    'int8 to int16': (scale: number) => row('int8', scale, 4095, { output: { type: 'int16' } }),
    int16: (scale: number) => row('int16', scale, 4095),
  };
  it.each(Object.entries(long))('%s', (_, of) => {
    const comparisons = scales.map((scale) => compareWithFloat32(of(scale)));
    for (const { violation } of comparisons) expect(violation).toBeUndefined();
    expect(Math.max(...comparisons.map(({ worst }) => worst))).toBeGreaterThan(0.75);
  });

  it('below -10 the table of 16 bits ends: the smallest have 2 units of 2^-15, in the sum too', () => {
    const drawn = row('int16', 1, 65535);
    const found = runOperator<OperatorKind>('softmax', 'int16', {}, drawn.inputs).data;
    // 1 / (1 + 65534 * 2^-14) in place of 1.
    expect(Number(found[7]) / 32768).toBeCloseTo(0.2, 3);
    expect(compareWithFloat32(drawn).violation).toBeUndefined();
  });
});

describe('what cannot be compared', () => {
  const input = { shape: [1], data: new Int8Array(1), scale: 0.5 };

  it('ready-made integers are refused', () => {
    const attributes = { multiplier: [2 ** 30], shift: [0], output: { scale: 0.5 } };
    expect(() =>
      describedCase({ kind: 'relu', precision: 'int8', attributes, inputs: [input] }),
    ).toThrow(new RangeError('Expected an operator given by scales but found multiplier, shift'));
  });

  it('another number of elements is refused', () => {
    const attributes = { output: { scale: 0.5 } };
    const drawn: OperatorCase = { kind: 'relu', precision: 'int8', attributes, inputs: [input] };
    expect(() => compareWithFloat32(drawn, new Int8Array(2))).toThrow(
      new RangeError('Expected 1 elements from operator "relu" but found 2'),
    );
  });
});

describe('constants', () => {
  const largest = (count: number, errorOf: (i: number) => number): number => {
    let found = 0;
    for (let i = 0; i < count; i++) found = Math.max(found, Math.abs(errorOf(i)));
    return found;
  };
  const UNIT = 2 ** -15;

  it('S2 the exponential: all arguments in [-1/4, 0), and some below', () => {
    const error = (a: number): number => expOnNegativeValues(a) / 2 ** 31 - Math.exp(a / 2 ** 26);
    const found = largest(2 ** 24, (i) => error(i - 2 ** 24));
    expect(found * 2 ** 31).toBeCloseTo(492.25, 1);
    expect(found).toBeLessThan(EXP_FIXED_POINT);
    const random = generator(1);
    const below = (): number => error(-1 - Math.floor(random() * (2 ** 31 - 1)));
    expect(largest(2 ** 18, below)).toBeLessThan(found);
  });

  it('S2 the reciprocal: some of each neighbourhood', () => {
    const error = (a: number): number => oneOverOnePlus(a) / 2 ** 31 - 1 / (1 + a / 2 ** 31);
    const random = generator(1);
    const found = largest(2 ** 19, (i) => error(i * 2 ** 12 + Math.floor(random() * 2 ** 12)));
    expect(found).toBeLessThan(RECIPROCAL_FIXED_POINT);
    expect(found).toBeGreaterThan(RECIPROCAL_FIXED_POINT / 2);
  });

  /** As S3 interpolates. */
  const lookUp = (code: number, table: Int16Array): number => {
    const base = table[code >> 7] ?? NaN;
    return (base + ((((table[(code >> 7) + 1] ?? NaN) - base) * (code & 127) + 64) >> 7)) * UNIT;
  };

  it('S3 the tables, at all codes', () => {
    const exp = largest(65536, (code) => {
      const wanted = Math.exp((code * 10) / 65536 - 10);
      const error = Math.abs(lookUp(code, EXP_TABLE) - wanted);
      return Math.max(error - EXP_TABLE_CHORD * wanted, 0);
    });
    expect(exp / UNIT).toBeCloseTo(1.587, 2);
    expect(exp).toBeLessThan(EXP_TABLE_ROUNDING);
    const reciprocal = largest(
      65536,
      (code) => lookUp(code, RECIPROCAL_TABLE) - 1 / (1 + code / 65536),
    );
    expect(reciprocal / UNIT).toBeCloseTo(1.42, 2);
    expect(reciprocal).toBeLessThan(RECIPROCAL_TABLE_ERROR);
  });

  it('A5 the fraction above 0x7FFF / 2^15 loses most, half a unit in 2^-15 any other', () => {
    const relative = (factor: number, acc: number): number => {
      const { multiplier, shift } = quantizeMultiplier(factor);
      return requantizeInt64(acc, multiplier, shift) / (acc * factor) - 1;
    };
    expect(relative(1 - 2 ** -30, 2 ** 30)).toBeCloseTo(-(2 ** -15), 8);
    expect(relative(0.5 + 2 ** -16 + 2 ** -31, 2 ** 31)).toBeCloseTo(2 ** -15, 8);
    // A4 loses as little as 31 bits do.
    const { multiplier, shift } = quantizeMultiplier(1 - 2 ** -30);
    expect(requantizeInt32(2 ** 30, multiplier, shift)).toBe(2 ** 30 - 1);
  });
});
