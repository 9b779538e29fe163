/** The sweep of `npm run exhaustive`, over the accumulators at the ends, around zero and on powers of two. */

import { expect, it } from 'vitest';
import { checkScalars, compileSweep, drawFactors, forms, LANES, sweepRange } from './sweep.ts';

const module = compileSweep();
const largest = 2 ** 31 - 1;
const REACH = 2 ** 14;

it('A4 and A5 are the same in the reference, the kernels and the sweep', () => {
  expect(checkScalars(module, 200_000, 1)).toBeUndefined();
});

it.each(forms)('A4, A5 the vector form is exact, %s', (form) => {
  const factors = drawFactors(64, 1);
  for (let first = 0; first < factors.length; first += LANES) {
    const panel = factors.slice(first, first + LANES);
    for (let power = 15; power <= 31; power++) {
      for (const centre of [-(2 ** power), 0, 2 ** power]) {
        const from = Math.max(centre - REACH, -largest);
        const to = Math.min(centre + REACH, largest);
        expect(sweepRange(module, panel, form, from, to)).toBeUndefined();
      }
    }
  }
});

it('finds an accumulator whose result is wrong', () => {
  const [factor] = drawFactors(1, 1);
  const { multiplier, shift } = factor ?? { multiplier: 0, shift: 0 };
  for (let lane = 0; lane < LANES; lane++) {
    module.setLane(lane, multiplier, shift, multiplier, 2 ** (31 + shift));
  }
  const half = 2 ** 30;
  const sign = -(2 ** 31);
  expect(module.sweep(-1000, 1000, 0, half, sign)).toBe(2n ** 32n);
  // Without the sign of the first rounding's half: ties below zero end one too high.
  expect(Number(module.sweep(-1000, 1000, 0, half, 0))).toBeLessThan(0);
  module.setLane(3, multiplier, shift, multiplier, 2 ** (30 + shift));
  expect(Number(module.sweep(-1000, 1000, 0, half, sign))).toBe(-1000);
});
