/** The AssemblyScript rescaling of both variants against the reference's. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { instantiateSync } from '@assemblyscript/loader';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { requantizeInt32, requantizeInt64 } from '../reference/index.ts';

interface Kernels extends Record<string, unknown> {
  requantizeInt32(accumulator: number, multiplier: number, shift: number): number;
  requantizeInt64(accumulator: bigint, multiplier: number, shift: number): number;
}

const multiplier = fc.integer({ min: 0, max: 2 ** 31 - 1 });
const RUNS = { numRuns: 50_000 };

describe.each(['simd', 'relaxed'])('%s', (variant) => {
  const kernels = instantiateSync<Kernels>(
    readFileSync(join(import.meta.dirname, '..', 'build', `kernels.${variant}.wasm`)),
  ).exports;

  it('A4 is the same in WebAssembly', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
        multiplier,
        fc.integer({ min: -31, max: 7 }),
        (wide, m, shift) => {
          const x = Math.trunc(wide / 2 ** Math.max(shift, 0));
          expect(kernels.requantizeInt32(x, m, shift)).toBe(requantizeInt32(x, m, shift) + 0);
        },
      ),
      RUNS,
    );
  });

  it('A5 is the same in WebAssembly', () => {
    fc.assert(
      fc.property(
        fc.double({ min: -1, max: 1, noNaN: true }),
        multiplier,
        fc.integer({ min: -31, max: 7 }),
        (fraction, m, shift) => {
          // Rule R2: below 2^47, and the result below 2^31.
          const limit = Math.min(2 ** 47, 2 ** (31 - shift));
          const x = Math.trunc(fraction * (limit - 1));
          expect(kernels.requantizeInt64(BigInt(x), m, shift)).toBe(
            requantizeInt64(x, m, shift) + 0,
          );
        },
      ),
      RUNS,
    );
  });
});
