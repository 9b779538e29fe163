/** int8 add: every pair of codes. */

import { expect, it } from 'vitest';
import type { GivenAttributes, GivenQuantization } from '../../reference/index.ts';
import type { OperatorCase } from '../operator-case.ts';
import { everyCode, problemOf } from './hold.ts';

const codes = everyCode('int8');
const pairs = [256, 256];
const first = Int8Array.from({ length: 65536 }, (_, i) => Number(codes[i >> 8]));
const second = Int8Array.from({ length: 65536 }, (_, i) => Number(codes[i & 255]));

type Triple = readonly [number, number, number];

function addOf(
  attributes: GivenAttributes<'add'>,
  [a, b, output]: readonly [GivenQuantization, GivenQuantization, GivenQuantization],
): OperatorCase {
  return {
    kind: 'add',
    precision: 'int8',
    attributes: { ...attributes, output },
    inputs: [
      { shape: pairs, data: first, ...a },
      { shape: pairs, data: second, ...b },
    ],
  };
}

const zeroPoints: readonly Triple[] = [
  [0, 0, 0],
  [-128, 127, 5],
  [127, 127, -128],
  [-128, -128, 127],
];

const scales: readonly Triple[] = [
  [1, 1, 1],
  // Every other sum ends at a tie.
  [1, 1, 2],
  [1, 0.5, 1],
  [0.25, 2, 4],
  [0.1, 0.37, 0.21],
  [0.0235, 0.0235, 0.0471],
];

it.each(scales)('E1 from scales %d, %d and %d', async (...scale) => {
  for (const zero of zeroPoints) {
    for (const activation of ['none', 'relu6'] as const) {
      const quantized = [0, 1, 2].map((i) => ({ scale: scale[i] ?? 1, zeroPoint: zero[i] ?? 0 }));
      const [a = {}, b = {}, output = {}] = quantized;
      expect(await problemOf(addOf({ activation }, [a, b, output]))).toBeUndefined();
    }
  }
});

interface Ready {
  readonly leftShift: number;
  readonly multiplier: Triple;
  readonly shift: Triple;
}

const half = 2 ** 30;
const most = 2 ** 31 - 1;

const ready: readonly Ready[] = [
  // Exact inputs: odd sums are ties of the output's first rounding, and of both.
  { leftShift: 0, multiplier: [half, half, half], shift: [1, 1, 0] },
  { leftShift: 0, multiplier: [half, half, half], shift: [1, 1, -1] },
  // Ties of the second rounding, and such as only the first makes.
  { leftShift: 0, multiplier: [half, half, half], shift: [1, 1, -2] },
  { leftShift: 0, multiplier: [half, half, most], shift: [1, 1, -2] },
  // Ties of the inputs' roundings.
  { leftShift: 0, multiplier: [half, half, most], shift: [0, -1, 0] },
  { leftShift: 0, multiplier: [most, most, most], shift: [-1, -3, 0] },
  { leftShift: 3, multiplier: [half, most, half], shift: [-3, -7, 0] },
  // Both ends.
  { leftShift: 20, multiplier: [most, most, most], shift: [2, 2, -20] },
  { leftShift: 22, multiplier: [most, half, most], shift: [0, 0, -31] },
  { leftShift: 0, multiplier: [most, half, most], shift: [7, 7, -8] },
  { leftShift: 20, multiplier: [1518500250, most, 1299227607], shift: [-3, -31, -19] },
  { leftShift: 20, multiplier: [0, half, half], shift: [0, 0, -19] },
  { leftShift: 20, multiplier: [half, half, 0], shift: [0, 0, 0] },
];

it.each(ready)('E1 from $leftShift, $multiplier and $shift', async (integers) => {
  for (const [a, b, output] of zeroPoints) {
    const zeros = [{ zeroPoint: a }, { zeroPoint: b }, { zeroPoint: output }] as const;
    expect(await problemOf(addOf(integers, zeros))).toBeUndefined();
  }
});
