/** The arithmetic behind aimed draws. */

import fc from 'fast-check';
import { expect, it } from 'vitest';
import { requantizeInt32 } from '../reference/index.ts';
import { edgeMultiplier, inverse } from './draws.ts';

const odd = fc.integer({ min: -(2 ** 20), max: 2 ** 20 }).map((half) => 2 * half + 1);

it('inverse: times the number it is 1, modulo a power of two', () => {
  fc.assert(
    fc.property(odd, fc.integer({ min: 1, max: 60 }), (value, bits) => {
      const product = BigInt(value) * inverse(BigInt(value), 2n ** BigInt(bits));
      expect(BigInt.asUintN(bits, product)).toBe(1n);
    }),
  );
});

it('edgeMultiplier: a unit of the last product decides the result, or there is none below 2^31', () => {
  let found = 0;
  fc.assert(
    fc.property(odd, fc.integer({ min: -4, max: -1 }), fc.boolean(), (value, shift, under) => {
      const multiplier = edgeMultiplier(value, shift, under);
      if (multiplier === undefined) return;
      found += 1;
      const divisor = 2n ** BigInt(31 - shift);
      const added = divisor / 2n + (value < 0 ? -(2n ** 30n) : 2n ** 30n);
      const sum = BigInt(value) * BigInt(multiplier) + added;
      const result = BigInt(requantizeInt32(value, multiplier, shift));
      expect(sum).toBe(under ? (result + 1n) * divisor - 1n : result * divisor);
    }),
    { numRuns: 500 },
  );
  expect(found).toBeGreaterThan(50);
});
