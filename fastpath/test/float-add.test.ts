/** What an add in float32 promises: rule E1's code for each of the 65,536 pairs, with products rounded before sums or not. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { property } from '../../conformance/property.ts';
import { GraphError, runOperator, type TensorData } from '../../reference/index.ts';
import { floatAdd, type FloatAdd, type ZeroPoints } from '../compile/float-add.ts';
import { MAX_FLOAT_RESULT } from '../compile/float-rescaling.ts';
import { fused, ways } from './float32.ts';

const file = 'fastpath/test/float-add.test.ts';

interface Add {
  readonly multiplier: readonly [number, number, number];
  readonly shift: readonly [number, number, number];
  readonly leftShift: number;
  readonly zeros: ZeroPoints;
  readonly limits: readonly [min: number, max: number];
}

const CODES = 256;
const firsts = Int8Array.from({ length: CODES * CODES }, (_, i) => (i >> 8) - 128);
const seconds = Int8Array.from({ length: CODES * CODES }, (_, i) => (i & 255) - 128);

function found({ multiplier, shift, leftShift, zeros, limits: [min, max] }: Add) {
  return floatAdd({ multiplier, shift, leftShift, diffMin: 0, min, max }, zeros);
}

/** The reference's codes; throws a GraphError for integers that rules refuse. */
function codesOf({ multiplier, shift, leftShift, zeros, limits: [min, max] }: Add): TensorData {
  const shape = [CODES, CODES];
  const attributes = {
    ...{ multiplier, shift, leftShift, activationMin: min, activationMax: max },
    output: { zeroPoint: zeros[2] },
  };
  return runOperator('add', 'int8', attributes, [
    { shape, data: firsts, zeroPoint: zeros[0] },
    { shape, data: seconds, zeroPoint: zeros[1] },
  ]).data;
}

/** As the kernel does. */
function firstWrong(factors: FloatAdd, add: Add, codes: TensorData): string | undefined {
  const [min, max] = add.limits;
  const { first, second, offset } = factors;
  if ([first, second, offset].some((each) => Math.fround(each) !== each)) {
    return `Expected float32 but found ${JSON.stringify(factors)}`;
  }
  for (const way of ways) {
    for (let i = 0; i < codes.length; i++) {
      const [x, y] = [firsts[i] ?? 0, seconds[i] ?? 0];
      const sum = way(x, first, way(y, second, offset));
      const code = Math.min(Math.max(Math.trunc(sum) - 128, min), max);
      if (Math.abs(sum) <= MAX_FLOAT_RESULT && code === codes[i]) continue;
      return `Expected ${String(x)} + ${String(y)} to be ${String(codes[i])} but found ${String(sum)}, ${way === fused ? 'fused' : 'separate'}, ${JSON.stringify({ add, factors })}`;
    }
  }
  return undefined;
}

const code = fc.integer({ min: -128, max: 127 });
const zero = fc.oneof(fc.constantFrom(-128, 0, 127), code);
const limits = fc
  .oneof({ weight: 2, arbitrary: fc.constant([-128, 127] as const) }, fc.tuple(code, code))
  .map(([a, b]) => [Math.min(a, b), Math.max(a, b)] as const);
const LARGEST = 2 ** 31 - 1;
const multiplier = fc.oneof(
  fc.constantFrom(2 ** 30, LARGEST, 2 ** 30 + 1, 3 * 2 ** 29),
  fc.integer({ min: LARGEST - 300, max: LARGEST }),
  { weight: 4, arbitrary: fc.integer({ min: 2 ** 30, max: LARGEST }) },
);
const zeros = fc.tuple(zero, zero, zero);

/** Much as scales of one order give them. */
const ordinary: fc.Arbitrary<Add> = fc.record({
  multiplier: fc.tuple(multiplier, multiplier, multiplier),
  shift: fc.tuple(
    fc.integer({ min: -4, max: 0 }),
    fc.integer({ min: -4, max: 0 }),
    fc.integer({ min: -20, max: -15 }),
  ),
  leftShift: fc.constant(20),
  zeros,
  limits,
});

/** Any that a file may hold: no float32 offset makes up for coarse roundings of the inputs. */
const adversarial: fc.Arbitrary<Add> = fc.record({
  multiplier: fc.tuple(
    ...([0, 1, 2] as const).map(() =>
      fc.oneof(multiplier, fc.constantFrom(0, 1), fc.integer({ min: 0, max: LARGEST })),
    ),
  ) as fc.Arbitrary<[number, number, number]>,
  shift: fc.tuple(
    fc.integer({ min: -31, max: 7 }),
    fc.integer({ min: -31, max: 7 }),
    fc.integer({ min: -31, max: 0 }),
  ),
  leftShift: fc.integer({ min: 0, max: 22 }),
  zeros,
  limits,
});

for (const [name, adds, runs] of [
  ['of one order', ordinary, 60],
  ['of any integers', adversarial, 150],
] as const) {
  property(
    `factors that are found are exact for every pair, ${name}`,
    { runs, file },
    adds,
    (add) => {
      let codes: TensorData;
      try {
        codes = codesOf(add);
      } catch (error) {
        if (error instanceof GraphError) fc.pre(false);
        throw error;
      }
      const factors = found(add);
      return Promise.resolve(factors === undefined ? undefined : firstWrong(factors, add, codes));
    },
  );
}

const half = 2 ** 30;
/** No output is halfway between codes: an offset without a sign could not round it away from zero on both sides. */
const plain: Add = {
  multiplier: [half, half, 1518500250],
  shift: [0, 0, -19],
  leftShift: 20,
  zeros: [0, 0, 0],
  limits: [-128, 127],
};

describe('factors are', () => {
  it('found where float32 can do it', () => {
    const factors = found(plain);
    expect(factors).toBeDefined();
    expect(factors && firstWrong(factors, plain, codesOf(plain))).toBeUndefined();
  });

  it('the float32 numbers that kernels get', () => {
    // Steps of two units from just below a power of two end between float32 numbers beyond it.
    const add: Add = {
      multiplier: [2147483579, 1353146935, half],
      shift: [-3, -3, -18],
      leftShift: 20,
      zeros: [14, 12, -96],
      limits: [-128, 127],
    };
    const factors = found(add);
    expect(factors && firstWrong(factors, add, codesOf(add))).toBeUndefined();
  });

  it('none where sums could exceed what kernels turn into integers', () => {
    const steep = (exponent: number): Add => ({
      ...plain,
      multiplier: [half, half, half],
      shift: [2, 2, exponent],
      zeros: [-1, -1, 0],
    });
    // Each input counts 2^12, or 2^11: 256 codes of both, and their offset, 2^21 and some, or less.
    expect(() => codesOf(steep(-8))).not.toThrow();
    expect(found(steep(-8))).toBeUndefined();
    expect(found(steep(-9))).toBeDefined();
  });

  it('none where float64 could not tell how they round', () => {
    const tiny: Add = { ...plain, shift: [0, -31, -19] };
    expect(() => codesOf(tiny)).not.toThrow();
    expect(found(tiny)).toBeUndefined();
    expect(found({ ...plain, multiplier: [half, 0, 1518500250] })).toBeDefined();
  });

  it('none where the inputs are rounded coarsely', () => {
    // Halves and quarters of codes are rounded before they are added.
    expect(found({ ...plain, leftShift: 0, shift: [0, -1, 0] })).toBeUndefined();
  });
});
