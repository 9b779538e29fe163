/** Rounding with error compensation, and the steps that it rounds to. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { codeLengths } from '../code-length.ts';
import { cheapestCode, FactoredCovariance, nearestCode, roundRow } from '../rounding.ts';
import { gridScale } from '../scale-grid.ts';
import { searchStep, stepForPrice, stepIndexForPrice } from '../steps.ts';
import { covarianceCase } from './cases.ts';

const step = fc.integer({ min: 1, max: 500 }).map((value) => value / 1000);

/** e * matrix * e^T of the error of codes, as it is defined. */
function energyOf(
  matrix: Float64Array,
  weights: Float64Array,
  codes: Float64Array,
  size: number,
  width: number,
): number {
  const error = weights.map((weight, i) => weight - (codes[i] ?? NaN) * width);
  let energy = 0;
  for (let i = 0; i < size; i++) {
    for (let j = 0; j < size; j++) {
      energy += (error[i] ?? NaN) * (matrix[i * size + j] ?? NaN) * (error[j] ?? NaN);
    }
  }
  return energy;
}

describe('roundRow', () => {
  it('returns the energy of its error', () => {
    fc.assert(
      fc.property(covarianceCase, step, ({ size, matrix, weights }, width) => {
        const covariance = new FactoredCovariance(matrix, size);
        const codes = new Float64Array(size);
        const energy = roundRow(weights, width, covariance, nearestCode(127), codes);
        const wanted = energyOf(matrix, weights, codes, size, width);
        expect(Math.abs(energy - wanted)).toBeLessThan(1e-9 * (1 + wanted));
        const error = weights.map((weight, i) => weight - (codes[i] ?? NaN) * width);
        expect(Math.abs(covariance.energy(error) - wanted)).toBeLessThan(1e-9 * (1 + wanted));
      }),
    );
  });

  it('loses no more than a quarter of the squared steps times pivots: the bound of the nearest plane', () => {
    fc.assert(
      fc.property(covarianceCase, step, ({ size, matrix, weights }, width) => {
        const covariance = new FactoredCovariance(matrix, size);
        const codes = new Float64Array(size);
        const energy = roundRow(weights, width, covariance, nearestCode(1e9), codes);
        const bound = (covariance.meanPivot * size * width ** 2) / 4;
        expect(energy).toBeLessThanOrEqual(bound * (1 + 1e-9));
      }),
    );
  });

  it('rounds to nearest where inputs do not depend on each other', () => {
    fc.assert(
      fc.property(covarianceCase, step, ({ size, matrix, weights }, width) => {
        const diagonal = matrix.map((value, at) => (at % (size + 1) === 0 ? value : 0));
        const codes = new Float64Array(size);
        roundRow(weights, width, new FactoredCovariance(diagonal, size), nearestCode(127), codes);
        const choose = nearestCode(127);
        expect(codes).toEqual(weights.map((weight) => choose(weight / width, 1)));
      }),
    );
  });

  it('loses less than rounding to nearest, summed over cases', () => {
    let compensated = 0;
    let nearest = 0;
    fc.assert(
      fc.property(covarianceCase, step, ({ size, matrix, weights }, width) => {
        const codes = new Float64Array(size);
        const covariance = new FactoredCovariance(matrix, size);
        compensated += roundRow(weights, width, covariance, nearestCode(1e9), codes);
        const choose = nearestCode(1e9);
        const plain = weights.map((weight) => choose(weight / width, 1));
        nearest += energyOf(matrix, weights, plain, size, width);
      }),
      { seed: 1 },
    );
    expect(compensated).toBeLessThan(0.8 * nearest);
  });
});

describe('cheapestCode', () => {
  const lengths = codeLengths(Float64Array.of(0, 0, 0, 0, 1, -1, 2), 7);
  const value = fc.double({ min: -9, max: 9, noNaN: true });
  const cost = fc.double({ min: 0.01, max: 10, noNaN: true });

  it('is the nearest where bits are free', () => {
    fc.assert(
      fc.property(value, cost, (x, each) => {
        expect(cheapestCode(7, lengths, 0)(x, each)).toBe(nearestCode(7)(x, each));
      }),
    );
  });

  it('costs no more than the nearest, and less error than what it saves', () => {
    fc.assert(
      fc.property(value, cost, cost, (x, each, price) => {
        const total = (code: number): number =>
          each * (x - code) ** 2 + price * (lengths[code + 7] ?? NaN);
        const chosen = cheapestCode(7, lengths, price)(x, each);
        expect(total(chosen)).toBeLessThanOrEqual(total(nearestCode(7)(x, each)));
        expect(Math.abs(chosen)).toBeLessThanOrEqual(Math.abs(nearestCode(7)(x, each)));
      }),
    );
  });
});

describe('steps', () => {
  it('by width hold codes in their bits, and lose no more than the step of the largest weight', () => {
    const bits = fc.integer({ min: 2, max: 8 });
    fc.assert(
      fc.property(covarianceCase, bits, ({ size, matrix, weights }, width) => {
        const covariance = new FactoredCovariance(matrix, size);
        const codes = new Float64Array(size);
        const found = searchStep(weights, covariance, width, 2 ** -40, codes);
        const maxCode = 2 ** (width - 1) - 1;
        for (const code of codes) expect(Math.abs(code)).toBeLessThanOrEqual(maxCode);
        const other = new Float64Array(size);
        const error = roundRow(
          weights,
          gridScale(found.index),
          covariance,
          nearestCode(maxCode),
          other,
        );
        expect(other).toEqual(codes);
        expect(error).toBe(found.error);
        const largest = Math.max(...weights.map(Math.abs), 2 ** -40);
        const widest = gridScale(Math.ceil(8 * Math.log2(largest / maxCode) - 1e-9));
        const plain = roundRow(weights, widest, covariance, nearestCode(maxCode), other);
        expect(found.error).toBeLessThanOrEqual(plain);
      }),
    );
  });

  it('by price halve where a bit costs a quarter', () => {
    expect(stepForPrice(1, 3) / stepForPrice(0.25, 3)).toBeCloseTo(2, 12);
  });

  it('by price leave nothing of weights that are not worth it, and never exceed int8', () => {
    const covariance = new FactoredCovariance(Float64Array.of(1), 1);
    const row = Float64Array.of(0.5);
    expect(stepIndexForPrice(row, covariance, 100, 0.001)).toBeUndefined();
    expect(stepIndexForPrice(Float64Array.of(0), covariance, 1e-9, 0.001)).toBeUndefined();
    const finest = stepIndexForPrice(row, covariance, 1e-30, 0.001);
    expect(finest).toBeDefined();
    expect(0.5 / gridScale(finest ?? 0)).toBeLessThanOrEqual(127);
    expect(gridScale((finest ?? 0) - 4)).toBeLessThan(0.5 / 127);
  });
});
