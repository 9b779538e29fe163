/** Histograms of weights. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HISTOGRAM_BINS, summarizeWeights } from '../inspect/weights.ts';
import { isWeighted, roundOperatorToNearest } from '../sensitivity/index.ts';
import { int8 } from './inspected.ts';

describe('A histogram', () => {
  it('has 5 codes of int8 to a bin, whatever the scale', () => {
    const codes = Int8Array.from({ length: 255 }, (_, i) => i - 127);
    const operator = int8.operators.find(isWeighted);
    if (operator === undefined) throw new Error('Expected a layer');
    const scales = fc.float({ min: Math.fround(1e-6), max: 1e6, noNaN: true });
    fc.assert(
      fc.property(scales, (scale) => {
        const weights = {
          name: 'w',
          type: 'int8',
          shape: [1, 255],
          data: codes,
          quantization: { scales: [scale], zeroPoint: 0 },
        } as const;
        const graph = {
          ...int8,
          tensors: int8.tensors.map((tensor, i) => (i === operator.inputs[1] ? weights : tensor)),
        };
        const { histogram, zeros, entropy } = summarizeWeights({ graph, operator });
        expect(histogram).toEqual(Array.from({ length: HISTOGRAM_BINS }, () => 5));
        expect(zeros).toBe(1);
        expect(entropy).toBeCloseTo(Math.log2(255), 9);
      }),
    );
  });

  it('of fewer bits has as many bins as levels, over the weights before', () => {
    const operator = int8.operators.filter(isWeighted).at(-2);
    if (operator === undefined) throw new Error('Expected a layer');
    const constants = roundOperatorToNearest(int8, operator, 3);
    const graph = {
      ...int8,
      tensors: int8.tensors.map((tensor, i) =>
        i === operator.inputs[1] ? (constants?.weights ?? tensor) : tensor,
      ),
    };
    const before = { graph: int8, operator };
    const summary = summarizeWeights({ graph, operator }, before);
    expect(summary.histogram.flatMap((count, bin) => (count === 0 ? [] : [bin]))).toEqual([
      0, 8, 17, 25, 33, 42, 50,
    ]);
    expect(summary.before?.histogram).toEqual(summarizeWeights(before).histogram);
    expect(summarizeWeights(before, before).before?.sqnr).toBe(Infinity);
  });
});
