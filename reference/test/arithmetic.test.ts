import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { exponential } from '../arithmetic/exponential.ts';
import {
  addFactors,
  convolutionFactor,
  foldCount,
  perTensorFactor,
  quantizeMultiplier,
  softmaxDiffMin,
} from '../arithmetic/multiplier.ts';
import { dequantizeValue, quantizeValue } from '../arithmetic/quantize-value.ts';
import {
  doublingHighMultiply,
  requantizeInt32,
  requantizeInt64,
  roundingDivideByPowerOfTwo,
} from '../arithmetic/requantize.ts';
import { clamp, powerOfTwo, roundHalfAwayFromZero } from '../arithmetic/rounding.ts';
import { expOnNegativeValues, oneOverOnePlus } from '../arithmetic/softmax-fixed-point.ts';
import { EXP_TABLE, RECIPROCAL_TABLE } from '../arithmetic/softmax-tables.ts';
import {
  multiplyInt32,
  multiplyInt64,
  roundingDivideByPot,
  saturatingRoundingDoublingHighMul,
} from './oracle.ts';

const int32 = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 });
const multiplier = fc.oneof(
  fc.integer({ min: 2 ** 30, max: 2 ** 31 - 1 }),
  fc.constantFrom(0, 1, 2 ** 29, 2 ** 30, 0x7fff0000 - 1, 0x7fff0000, 2 ** 31 - 1),
);
const RUNS = { numRuns: 20_000 };

describe('rounding', () => {
  it('A1 rounds halves away from zero', () => {
    expect([2.5, -2.5, 0.5, -0.5, 1.4999, -1.4999].map(roundHalfAwayFromZero)).toEqual([
      3, -3, 1, -1, 1, -1,
    ]);
    expect(roundHalfAwayFromZero(0.49999999999999994)).toBe(0);
    expect(roundHalfAwayFromZero(2 ** 52 + 1)).toBe(2 ** 52 + 1);
    expect(roundHalfAwayFromZero(-Infinity)).toBe(-Infinity);
  });

  it('A2 keeps NaN in a clamp', () => {
    expect(clamp(NaN, 0, 6)).toBeNaN();
    expect([-1, 3, 7, Infinity].map((x) => clamp(x, 0, 6))).toEqual([0, 3, 6, 6]);
    expect(clamp(-0, 0, 6) === 0).toBe(true);
  });

  it('powers of two are exact over the whole range', () => {
    for (const exponent of [-1022, -31, -1, 0, 1, 46, 1023]) {
      expect(powerOfTwo(exponent)).toBe(2 ** exponent);
    }
  });

  it('divides by powers of two half away from zero', () => {
    fc.assert(
      fc.property(int32, fc.integer({ min: 0, max: 34 }), (x, exponent) => {
        expect(roundingDivideByPowerOfTwo(x, exponent) + 0).toBe(
          Number(roundingDivideByPot(BigInt(x), exponent)),
        );
      }),
      RUNS,
    );
  });
});

describe('multipliers', () => {
  it('A3 is the nearest 31-bit number', () => {
    fc.assert(
      fc.property(fc.double({ min: 2 ** -31, max: 2 ** 30, noNaN: true }), (real) => {
        const { multiplier: m, shift } = quantizeMultiplier(real);
        expect(m).toBeGreaterThanOrEqual(2 ** 30);
        expect(m).toBeLessThan(2 ** 31);
        const step = 2 ** (shift - 31);
        expect(Math.abs(m * step - real)).toBeLessThanOrEqual(step / 2);
      }),
    );
  });

  it('A3 carries a fraction that rounds to 1 and drops factors below 2^-32', () => {
    expect(quantizeMultiplier(1 - 2 ** -40)).toEqual({ multiplier: 2 ** 30, shift: 1 });
    expect(quantizeMultiplier(0.5)).toEqual({ multiplier: 2 ** 30, shift: 0 });
    expect(quantizeMultiplier(1)).toEqual({ multiplier: 2 ** 30, shift: 1 });
    expect(quantizeMultiplier(2 ** -32)).toEqual({ multiplier: 2 ** 30, shift: -31 });
    expect(quantizeMultiplier(2 ** -33)).toEqual({ multiplier: 0, shift: 0 });
    expect(quantizeMultiplier(0)).toEqual({ multiplier: 0, shift: 0 });
  });

  it('A3 takes no factor that is negative or not finite', () => {
    for (const factor of [-1, Infinity, NaN]) {
      expect(() => quantizeMultiplier(factor)).toThrow(
        new RangeError(
          `Expected a factor that is finite and at least 0 but found ${String(factor)}`,
        ),
      );
    }
  });

  it('A3 rounds the product of scales to float32 for one weight scale of a fully connected layer', () => {
    const [input, weights, output] = [0.1, 0.3, 0.7].map(Math.fround) as [number, number, number];
    expect(convolutionFactor(input, weights, output)).toBe((input * weights) / output);
    expect(perTensorFactor(input, weights, output)).toBe(Math.fround(input * weights) / output);
    expect(perTensorFactor(input, weights, output)).not.toBe(
      convolutionFactor(input, weights, output),
    );
  });

  it('gives an add the factors of twice its larger scale', () => {
    expect(addFactors(0.5, 0.25, 1, 20)).toEqual([0.5, 0.25, 2 ** -20]);
  });

  it('folds a count with truncating division', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 2 ** 30, max: 2 ** 31 - 1 }),
        fc.integer({ min: -31, max: 5 }),
        fc.integer({ min: 1, max: 2 ** 22 }),
        (m, shift, count) => {
          const bits = Math.min(count.toString(2).length - 1, 32, 31 + shift);
          const expected = (BigInt(m) << BigInt(bits)) / BigInt(count);
          expect(foldCount({ multiplier: m, shift }, count)).toEqual({
            multiplier: Number(expected),
            shift: shift - bits,
          });
        },
      ),
    );
  });
});

describe('requantisation', () => {
  it('A4 equals the two roundings of gemmlowp', () => {
    fc.assert(
      fc.property(int32, multiplier, fc.integer({ min: -31, max: 0 }), (x, m, shift) => {
        expect(requantizeInt32(x, m, shift) + 0).toBe(multiplyInt32(x, m, shift));
      }),
      RUNS,
    );
  });

  it('A4 shifts to the left before the multiplication', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 30 }), fc.nat(), multiplier, (shift, seed, m) => {
        const limit = 2 ** (31 - shift);
        const x = (seed % (2 * limit - 1)) - limit + 1;
        expect(requantizeInt32(x, m, shift) + 0).toBe(multiplyInt32(x, m, shift));
      }),
      RUNS,
    );
  });

  it('A4 rounds twice where once would differ', () => {
    // 2^30 - 1 times one half, over 2^30: 0.49999 rounds to 0.5 at 31 bits, and that to 1.
    expect(requantizeInt32(2 ** 30 - 1, 2 ** 30, -29)).toBe(1);
    expect(requantizeInt32(-(2 ** 30) + 1, 2 ** 30, -29) + 0).toBe(
      multiplyInt32(-(2 ** 30) + 1, 2 ** 30, -29),
    );
  });

  it('A5 equals one rounding of the reduced multiplier', () => {
    fc.assert(
      fc.property(
        fc.bigInt({ min: -(2n ** 47n) + 1n, max: 2n ** 47n - 1n }),
        multiplier,
        fc.integer({ min: -31, max: 7 }),
        (wide, m, shift) => {
          // Rule R2: the result is int32.
          let x = wide;
          while (Math.abs(multiplyInt64(x, m, shift)) >= 2 ** 31 - 1) x /= 2n;
          expect(requantizeInt64(Number(x), m, shift) + 0).toBe(multiplyInt64(x, m, shift));
        },
      ),
      RUNS,
    );
  });

  it('multiplies two Q0.31 numbers', () => {
    fc.assert(
      fc.property(int32, int32, (a, b) => {
        fc.pre(!(a === -(2 ** 31) && b === a));
        expect(doublingHighMultiply(a, b) + 0).toBe(
          Number(saturatingRoundingDoublingHighMul(BigInt(a), BigInt(b))),
        );
      }),
      RUNS,
    );
  });
});

describe('codes', () => {
  it('Q1 rounds the float32 quotient half away from zero and saturates', () => {
    const code = (x: number): number => quantizeValue(x, 0.5, 3, -128, 127);
    expect([0.25, -0.25, 0.2499, 1e30, -1e30].map(code)).toEqual([4, 2, 3, 127, -128]);
    expect([Infinity, -Infinity, NaN].map(code)).toEqual([127, -128, 3]);
    // In float32 this quotient is a tie; in float64 it is just below one.
    const [x, scale] = [Math.fround(0.15), Math.fround(0.1)];
    expect(x / scale).not.toBe(Math.fround(x / scale));
    expect(quantizeValue(x, scale, 0, -128, 127)).toBe(2);
  });

  it('Q2 multiplies in float64 and rounds once', () => {
    expect(dequantizeValue(5, Math.fround(0.1), -3)).toBe(Math.fround(Math.fround(0.1) * 8));
  });

  it('T2 quantising a dequantised code gives it back', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: -32768, max: 32767 }),
        fc.float({ min: Math.fround(1e-6), max: 1000, noNaN: true }),
        (code, scale) => {
          const real = dequantizeValue(code, scale, 0);
          expect(quantizeValue(real, scale, 0, -32768, 32767) + 0).toBe(code);
        },
      ),
    );
  });
});

describe('exponential', () => {
  const BITS = 400n;

  /** e^x as a fraction of 2^400, by the series of e^(x / 2^10), squared ten times. */
  function exact(x: number): bigint {
    const one = 1n << BITS;
    const scaled = toFixed(x) >> 10n;
    let term = one;
    let sum = one;
    for (let n = 1n; n < 60n; n++) {
      term = ((term * scaled) >> BITS) / n;
      sum += term;
    }
    for (let i = 0; i < 10; i++) sum = (sum * sum) >> BITS;
    return sum;
  }

  function toFixed(x: number): bigint {
    const negative = x < 0;
    let value = Math.abs(x);
    let bits = 0n;
    let position = BITS + 10n;
    value /= 1024;
    while (value !== 0 && position >= 0n) {
      const whole = Math.floor(value);
      bits += BigInt(whole) << position;
      value = (value - whole) * 2 ** 20;
      position -= 20n;
    }
    return negative ? -bits : bits;
  }

  it('S1 is within 1 ulp of exact arithmetic', () => {
    let worst = 0;
    fc.assert(
      fc.property(fc.double({ min: -100, max: 100, noNaN: true }), (x) => {
        const computed = exponential(x);
        const ulp = 2 ** (Math.floor(Math.log2(computed)) - 52);
        const difference = toFixed(computed) - exact(x);
        const error = Math.abs(Number(difference) / 2 ** 400 / ulp);
        worst = Math.max(worst, error);
        expect(error).toBeLessThan(1);
      }),
      { numRuns: 5000 },
    );
    expect(worst).toBeGreaterThan(0.25);
  });

  it('S1 has the limits of the exponential', () => {
    expect([0, -0, -Infinity, Infinity, -800, 800].map(exponential)).toEqual([
      1,
      1,
      0,
      Infinity,
      0,
      Infinity,
    ]);
    expect(exponential(NaN)).toBeNaN();
    expect(exponential(-745)).toBe(5e-324);
    expect(exponential(709.7)).toBeCloseTo(1.6549840276802644e308, -295);
  });
});

describe('fixed-point softmax', () => {
  it('S2 approximates exp on the whole of Q5.26', () => {
    for (let raw = -(2 ** 31); raw < 0; raw += 1234577) {
      const wanted = Math.exp(raw / 2 ** 26);
      expect(Math.abs(expOnNegativeValues(raw) / 2 ** 31 - wanted)).toBeLessThan(3e-7);
    }
    expect(expOnNegativeValues(0)).toBe(2 ** 31 - 1);
  });

  it('S2 approximates the reciprocal', () => {
    for (let raw = 0; raw < 2 ** 31; raw += 1234577) {
      const wanted = 1 / (1 + raw / 2 ** 31);
      expect(Math.abs(oneOverOnePlus(raw) / 2 ** 31 - wanted)).toBeLessThan(1e-8);
    }
  });

  it('S2 cuts differences off at 31 of Q5.26', () => {
    expect(softmaxDiffMin(19)).toBe(-3968);
    expect(softmaxDiffMin(26)).toBe(-31);
  });
});

describe('softmax tables', () => {
  /** LUTPopulate of TensorFlow Lite with float64. */
  function populate(scale: number, zeroPoint: number, f: (x: number) => number): number[] {
    const min = scale * (-32768 - zeroPoint);
    const max = scale * (32767 - zeroPoint);
    const step = (max - min) / 512;
    const inverse = 65536 / ((2 / 65535) * 32767 - (2 / 65535) * -32768);
    const saturate = (x: number): number => Math.min(Math.max(x, -32768), 32767);
    const table = Array.from({ length: 512 }, (_, i) => {
      const sample = roundHalfAwayFromZero(f(min + i * step) * inverse);
      const middle = roundHalfAwayFromZero(f(min + i * step + step / 2) * inverse);
      const next = f(min + (i + 1) * step) * inverse;
      const interpolated = roundHalfAwayFromZero((next + sample) / 2);
      return saturate(sample - roundHalfAwayFromZero((interpolated - middle) / 2));
    });
    return [...table, saturate(roundHalfAwayFromZero(f(max) * inverse))];
  }

  it('S3 follow from exp and the reciprocal', () => {
    expect(Array.from(EXP_TABLE)).toEqual(populate(10 / 65535, 32767, exponential));
    expect(Array.from(RECIPROCAL_TABLE)).toEqual(populate(1 / 65535, -32768, (x) => 1 / (1 + x)));
  });
});
