/** Random operator calls whose ranges are provable, for the properties of this folder. */

import fc from 'fast-check';

export interface WindowCase {
  readonly shape: readonly [number, number, number];
  readonly kernel: readonly [number, number];
  readonly stride: readonly [number, number];
  readonly dilation: readonly [number, number];
  readonly padding: readonly [number, number, number, number];
}

const side = fc.integer({ min: 1, max: 6 });
const edge = fc.integer({ min: 0, max: 3 });
const step = fc.integer({ min: 1, max: 3 });

/** A window on an image of `channels` channels that has at least one position. */
export function windowCase(channels: fc.Arbitrary<number>): fc.Arbitrary<WindowCase> {
  return fc
    .record({
      shape: fc.tuple(side, side, channels),
      kernel: fc.tuple(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 4 })),
      stride: fc.tuple(step, step),
      dilation: fc.tuple(step, step),
      padding: fc.tuple(edge, edge, edge, edge),
    })
    .filter(({ shape, kernel, dilation, padding }) => {
      const fits = (axis: 0 | 1, before: number, after: number): boolean =>
        shape[axis] + before + after >= (kernel[axis] - 1) * dilation[axis] + 1;
      return fits(0, padding[0], padding[1]) && fits(1, padding[2], padding[3]);
    });
}

/** Deterministic integers in [min, max], with both ends frequent, from a seed. */
export function codes(seed: number, length: number, min: number, max: number): number[] {
  let state = seed >>> 0;
  const next = (): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
  return Array.from({ length }, () => {
    const draw = next();
    if (draw < 0.1) return min;
    if (draw < 0.2) return max;
    return min + Math.floor(next() * (max - min + 1));
  });
}

export const seed = fc.integer({ min: 1, max: 2 ** 31 - 1 });
export const int8ZeroPoint = fc.oneof(
  fc.constantFrom(-128, 0, 127),
  fc.integer({ min: -128, max: 127 }),
);
export const fullMultiplier = fc.oneof(
  fc.constantFrom(2 ** 30, 2 ** 31 - 1),
  fc.integer({ min: 2 ** 30, max: 2 ** 31 - 1 }),
);
