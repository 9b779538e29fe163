/** What tests of compression draw. */

import fc from 'fast-check';

export interface CovarianceCase {
  readonly size: number;
  /** Symmetric positive definite, `[size][size]`. */
  readonly matrix: Float64Array;
  readonly weights: Float64Array;
}

/** Covariances of inputs that depend on each other, and a row of weights in [-1, 1]. */
export const covarianceCase: fc.Arbitrary<CovarianceCase> = fc
  .integer({ min: 1, max: 12 })
  .chain((size) =>
    fc.record({
      size: fc.constant(size),
      samples: numbers(size * size),
      weights: numbers(size),
    }),
  )
  .map(({ size, samples, weights }) => {
    const matrix = new Float64Array(size * size);
    for (let i = 0; i < size; i++) {
      for (let j = 0; j < size; j++) {
        let sum = i === j ? 0.01 : 0;
        for (let k = 0; k < size; k++) {
          sum += (samples[k * size + i] ?? 0) * (samples[k * size + j] ?? 0);
        }
        matrix[i * size + j] = sum;
      }
    }
    return { size, matrix, weights };
  });

function numbers(length: number): fc.Arbitrary<Float64Array> {
  return fc
    .array(fc.integer({ min: -1000, max: 1000 }), { minLength: length, maxLength: length })
    .map((values) => Float64Array.from(values, (value) => value / 1000));
}

/** A deterministic source of numbers in [0, 1). */
export function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}
