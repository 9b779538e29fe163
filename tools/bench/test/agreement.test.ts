/** A runtime whose outputs are others is not timed. */

import { describe, expect, it } from 'vitest';
import type { Graph, TensorData } from '../../../reference/index.ts';
import { loadModel } from '../../models.ts';
import { checkAgreement, largestDifference } from '../agreement.ts';
import type { Session } from '../session.ts';

function sessionWith(graph: Graph, data: TensorData): Session {
  const [output = -1] = graph.outputs;
  return {
    load: () => undefined,
    compute: () => undefined,
    read: () => new Map([[output, data]]),
    release: () => undefined,
  };
}

describe('largestDifference', () => {
  it('is of the element that differs most', () => {
    expect(largestDifference(Int8Array.of(1, -5, 3), Int8Array.of(1, 2, 4))).toBe(7);
    expect(largestDifference(Float32Array.of(0.5), Float32Array.of(0.25))).toBe(0.25);
    expect(largestDifference(Int8Array.of(3), Int8Array.of(3))).toBe(0);
  });

  it('is no number where elements are missing or none', () => {
    expect(largestDifference(Int8Array.of(1, 2), Int8Array.of(1))).toBeNaN();
    expect(largestDifference(Int8Array.of(1), undefined)).toBeNaN();
    expect(largestDifference(undefined, Int8Array.of(1))).toBeNaN();
    expect(largestDifference(Float32Array.of(NaN, 1), Float32Array.of(1, 1))).toBeNaN();
  });
});

describe('checkAgreement', () => {
  const float32 = loadModel({ model: 'small', precision: 'float32' });
  const int8 = loadModel({ model: 'small', precision: 'int8' });

  it('lets rounding pass', () => {
    const [ours, theirs] = [Float32Array.of(0.25, 0.75), Float32Array.of(0.25001, 0.74999)];
    const found = checkAgreement(
      'other',
      float32,
      sessionWith(float32, ours),
      sessionWith(float32, theirs),
    );
    expect(found).toBeCloseTo(1e-5, 7);
    expect(
      checkAgreement(
        'other',
        int8,
        sessionWith(int8, Int8Array.of(7, -3)),
        sessionWith(int8, Int8Array.of(5, -3)),
      ),
    ).toBe(2);
  });

  it('names runtime, network and difference', () => {
    const check = (): number =>
      checkAgreement(
        'other',
        int8,
        sessionWith(int8, Int8Array.of(7, -3)),
        sessionWith(int8, Int8Array.of(4, -3)),
      );
    expect(check).toThrow(
      `other: Expected the outputs of "${int8.name}" (int8) within 2 of the fast path's but found a difference of 3`,
    );
  });

  it('takes what is no number for a difference', () => {
    const check = (): number =>
      checkAgreement(
        'other',
        float32,
        sessionWith(float32, Float32Array.of(0.5, 0.5)),
        sessionWith(float32, Float32Array.of(NaN, 0.5)),
      );
    expect(check).toThrow(/but found a difference of NaN$/);
  });
});
