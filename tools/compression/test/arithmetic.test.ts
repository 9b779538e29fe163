/** Logarithms, lengths, scales, factors: the arithmetic that decides codes. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cholesky, solveRow } from '../cholesky.ts';
import { codeLengths, entropyBits, numberBits } from '../code-length.ts';
import { exp2, log2 } from '../logarithm.ts';
import { gridScale, indexAbove, nearestIndex } from '../scale-grid.ts';
import { covarianceCase } from './cases.ts';

const positive = fc.double({ min: 2 ** -60, max: 2 ** 60, noNaN: true });

describe('logarithms and powers', () => {
  it('of numbers are those of Math within rounding', () => {
    fc.assert(
      fc.property(positive, (value) => {
        expect(Math.abs(log2(value) - Math.log2(value))).toBeLessThan(2e-14);
      }),
    );
  });

  it('of multiples of 1/64 undo each other', () => {
    fc.assert(
      fc.property(fc.integer({ min: -60 * 64, max: 60 * 64 }), (parts) => {
        expect(Math.abs(exp2(parts / 64) / 2 ** (parts / 64) - 1)).toBeLessThan(1e-14);
        expect(Math.abs(log2(exp2(parts / 64)) - parts / 64)).toBeLessThan(1e-13);
      }),
    );
  });

  it('are exact for powers of two', () => {
    for (let exponent = -60; exponent <= 60; exponent++) {
      expect(log2(2 ** exponent)).toBe(exponent);
      expect(exp2(exponent)).toBe(2 ** exponent);
    }
  });
});

describe('the grid of scales', () => {
  it('has the smallest scale that is not below a number', () => {
    fc.assert(
      fc.property(positive, fc.constantFrom(1, 4), (scale, stride) => {
        const index = indexAbove(scale, stride);
        expect(Math.abs(index % stride)).toBe(0);
        expect(gridScale(index)).toBeGreaterThanOrEqual(scale);
        expect(gridScale(index - stride)).toBeLessThan(scale);
      }),
    );
  });

  it('has itself nearest', () => {
    for (let index = -200; index <= 200; index++)
      expect(nearestIndex(gridScale(index))).toBe(index);
  });
});

describe('lengths of codes', () => {
  it('are the entropy where every code occurs often', () => {
    const codes = Float64Array.from({ length: 3000 }, (_, i) => (i % 3) - 1);
    expect(entropyBits(codes)).toBeCloseTo(3000 * Math.log2(3), 8);
    const lengths = codeLengths(codes, 1);
    for (const length of lengths) expect(length).toBeCloseTo(Math.log2(3), 3);
  });

  it('satisfy the inequality of Kraft and McMillan', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: -7, max: 7 }), { minLength: 1 }), (codes) => {
        const lengths = codeLengths(Float64Array.from(codes), 7);
        const sum = lengths.reduce((total, length) => total + 2 ** -length, 0);
        expect(sum).toBeCloseTo(1, 9);
      }),
    );
  });

  it('of numbers are those of their sizes, which cost nothing where they are all alike', () => {
    // Two bits below the first, the sign, and the bit for zeros; of 0, that bit alone.
    expect(numberBits([4, -5, 7, -6])).toBe(4 * 4);
    expect(numberBits([0, 0])).toBe(2);
    expect(numberBits([1, 0])).toBe(2 + 1 + 2);
    expect(numberBits([])).toBe(0);
  });

  it('are 0 for one value', () => {
    expect(entropyBits([5, 5, 5])).toBe(0);
    expect(entropyBits([])).toBe(0);
  });
});

describe('factors', () => {
  it('give the matrix back, and solve it', () => {
    fc.assert(
      fc.property(covarianceCase, ({ size, matrix, weights }) => {
        const lower = cholesky(matrix, size);
        const scale = Math.max(...matrix);
        for (let i = 0; i < size; i++) {
          for (let j = 0; j < size; j++) {
            let sum = 0;
            for (let k = 0; k < size; k++) {
              sum += (lower[i * size + k] ?? NaN) * (lower[j * size + k] ?? NaN);
            }
            expect(Math.abs(sum - (matrix[i * size + j] ?? NaN))).toBeLessThan(1e-12 * scale);
          }
        }
        const x = solveRow(lower, weights);
        for (let j = 0; j < size; j++) {
          let sum = 0;
          for (let i = 0; i < size; i++) sum += (x[i] ?? NaN) * (matrix[i * size + j] ?? NaN);
          expect(Math.abs(sum - (weights[j] ?? NaN))).toBeLessThan(1e-6);
        }
      }),
    );
  });

  it('are refused for a matrix that has none', () => {
    expect(() => cholesky(Float64Array.of(1, 2, 2, 1), 2)).toThrow(
      new RangeError('Expected a positive definite matrix but found -3 in row 1'),
    );
  });
});
