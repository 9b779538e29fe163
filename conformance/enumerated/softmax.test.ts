/** Softmax: every int8 difference, and every code of the int16 tables. */

import { expect, it } from 'vitest';
import { EXP_TABLE } from '../../reference/arithmetic/softmax-tables.ts';
import type { GivenAttributes, TensorData } from '../../reference/index.ts';
import type { OperatorCase } from '../operator-case.ts';
import { problemOf } from './hold.ts';

function softmaxOf(
  precision: 'int8' | 'int16',
  attributes: GivenAttributes<'softmax'>,
  shape: readonly number[],
  data: TensorData,
): OperatorCase {
  return { kind: 'softmax', precision, attributes, inputs: [{ shape, data }] };
}

const multipliers = [2 ** 30, 1299227607, 2 ** 31 - 1, 0];
/** Of the elements below the largest. */
const others = [1, 2, 8];

/** A row for every difference: the largest code, and some so much below. */
const differences = others.map((count) => ({
  shape: [256, 1 + count],
  data: Int8Array.from({ length: 256 * (1 + count) }, (_, i) =>
    i % (1 + count) === 0 ? 127 : 127 - Math.floor(i / (1 + count)),
  ),
}));

it('S2 every difference of int8 codes, with every left shift', async () => {
  for (const { shape, data } of differences) {
    for (let leftShift = 0; leftShift <= 31; leftShift++) {
      for (const multiplier of multipliers) {
        const drawn = softmaxOf('int8', { multiplier: [multiplier], leftShift }, shape, data);
        expect(await problemOf(drawn)).toBeUndefined();
      }
    }
  }
});

it('S2 every diffMin that the differences of a row reach', async () => {
  const integers = { multiplier: [1299227607], leftShift: 22 };
  const { shape, data } = differences[1] ?? { shape: [], data: Int8Array.of() };
  for (let diffMin = -256; diffMin <= 1; diffMin++) {
    const drawn = softmaxOf('int8', { ...integers, diffMin }, shape, data);
    expect(await problemOf(drawn)).toBeUndefined();
  }
});

it('S2 equal elements, from one to the most that R6 allows', async () => {
  const lengths = Array.from({ length: 130 }, (_, i) => i + 1);
  for (const length of [...lengths, 255, 256, 257, 1000, 1024, 2047, 2048, 2049, 4094, 4095]) {
    for (const code of [-128, 0, 127]) {
      const data = new Int8Array(length).fill(code);
      const drawn = softmaxOf('int8', { multiplier: [2 ** 30], leftShift: 20 }, [length], data);
      expect(await problemOf(drawn)).toBeUndefined();
    }
  }
});

/** The factor with which one step of an int16 code is one step in the table of exponentials. */
const tableStep = { multiplier: [2 ** 30], leftShift: 1 };

/** Differences at every step of the table, between steps, and beyond its end. */
const factors = [
  tableStep,
  { multiplier: [2 ** 30], leftShift: 0 },
  { multiplier: [2 ** 31 - 1], leftShift: -1 },
  { multiplier: [1299227607], leftShift: 1 },
  { multiplier: [2 ** 31 - 1], leftShift: 15 },
  { multiplier: [1518500250], leftShift: -9 },
  { multiplier: [2 ** 31 - 1], leftShift: -31 },
  { multiplier: [0], leftShift: 0 },
];

it('S3 every difference of int16 codes, hence every code of the table of exponentials', async () => {
  const data = Int16Array.from({ length: 2 * 65536 }, (_, i) =>
    i % 2 === 0 ? 32767 : 32767 - (i >> 1),
  );
  for (const factor of factors) {
    expect(await problemOf(softmaxOf('int16', factor, [65536, 2], data))).toBeUndefined();
  }
});

/** The exponential of each difference, by interpolation (rule S3), to build sums from. */
const exponentials = Int32Array.from({ length: 65536 }, (_, difference) => {
  const code = 32767 - difference;
  const index = 256 + (code >> 7);
  const base = EXP_TABLE[index] ?? NaN;
  const slope = (EXP_TABLE[index + 1] ?? NaN) - base;
  return base + ((slope * (code & 127) + 64) >> 7);
});

const ELEMENTS = 10;

/** Codes of a row whose exponentials sum to `wanted`: greedily the largest that leaves enough for the others. */
function rowOfSum(wanted: number): readonly number[] {
  const smallest = exponentials[65535] ?? NaN;
  let rest = wanted;
  return Array.from({ length: ELEMENTS }, (_, i) => {
    const room = rest - (ELEMENTS - 1 - i) * smallest;
    const difference = i === 0 ? 0 : firstAtMost(room);
    rest -= exponentials[difference] ?? NaN;
    if (i === ELEMENTS - 1 && rest !== 0)
      throw new Error(`Expected a row of sum ${String(wanted)}`);
    return 32767 - difference;
  });
}

/** The smallest difference whose exponential is at most `room`: they fall as differences rise. */
function firstAtMost(room: number): number {
  let low = 0;
  let high = 65535;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((exponentials[middle] ?? NaN) <= room) high = middle;
    else low = middle + 1;
  }
  return low;
}

it('S3 every sum of 17 bits, hence every code of the table of reciprocals', async () => {
  const data = new Int16Array(65536 * ELEMENTS);
  for (let i = 0; i < 65536; i++) data.set(rowOfSum(65536 + i), i * ELEMENTS);
  expect(await problemOf(softmaxOf('int16', tableStep, [65536, ELEMENTS], data))).toBeUndefined();
});
