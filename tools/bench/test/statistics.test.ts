/** Order statistics against their definitions. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { mean, median, quantile, summarize } from '../statistics.ts';

const samples = fc.array(fc.double({ min: -1e6, max: 1e6, noNaN: true }), { minLength: 1 });
const fraction = fc.double({ min: 0, max: 1, noNaN: true });

describe('quantile', () => {
  it('interpolates between neighbours', () => {
    expect(quantile([4, 1, 3, 2], 0.5)).toBe(2.5);
    expect(quantile([0, 10], 0.1)).toBeCloseTo(1, 12);
    expect(quantile([7], 0.9)).toBe(7);
    expect(quantile([], 0.5)).toBeNaN();
  });

  it('has at most that fraction of the samples below it, and the rest not below', () => {
    fc.assert(
      fc.property(samples, fraction, (values, part) => {
        const found = quantile(values, part);
        const position = (values.length - 1) * part;
        const below = values.filter((value) => value < found).length;
        const above = values.filter((value) => value > found).length;
        expect(below).toBeLessThanOrEqual(Math.ceil(position));
        expect(above).toBeLessThanOrEqual(values.length - 1 - Math.floor(position));
      }),
    );
  });

  it('does not depend on the order, and leaves the samples as they are', () => {
    fc.assert(
      fc.property(samples, fraction, (values, part) => {
        const copy = [...values];
        expect(quantile(values.toReversed(), part)).toBe(quantile(values, part));
        expect(values).toEqual(copy);
      }),
    );
  });
});

describe('summarize', () => {
  it('gives median, percentiles, mean and count', () => {
    const values = Array.from({ length: 11 }, (_, i) => i * i);
    expect(summarize(values)).toEqual({ median: 25, p10: 1, p90: 81, mean: 35, samples: 11 });
    expect(median(values)).toBe(25);
    expect(mean(values)).toBe(35);
  });
});
