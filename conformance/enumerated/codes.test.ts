/** Operators of one code: every code of every type, through factors at both ends and on ties. */

import { expect, it } from 'vitest';
import type { GivenAttributes } from '../../reference/index.ts';
import type { OperatorCase } from '../operator-case.ts';
import {
  convertedZeroPoints,
  everyCode,
  factors,
  problemOf,
  zeroPoints,
  type Code,
  type Factor,
} from './hold.ts';

const types = ['int8', 'int16', 'uint8'] as const satisfies readonly Code[];
const conversions = types.flatMap((from) => types.map((to) => ({ from, to })));

/** Scales a power of two apart (ties), equal, and neither. */
const scales = [
  [1, 1],
  [0.5, 1],
  [1, 8],
  [4, 1],
  [0.1, 0.37],
  [1 / 127.5, 1 / 32640],
  [3, 2 ** -40],
  [2 ** -40, 3],
] as const;

const ready = ({ multiplier, shift }: Factor): object => ({
  multiplier: [multiplier],
  shift: [shift],
});

it.each(conversions)('Q3 quantize $from to $to', async ({ from, to }) => {
  const data = everyCode(from);
  for (const zeroPoint of convertedZeroPoints(from)) {
    for (const outputZeroPoint of convertedZeroPoints(to)) {
      const quantize = (integers: object, scale: readonly [number, number]): OperatorCase => ({
        kind: 'quantize',
        precision: to === 'uint8' ? 'int8' : to,
        attributes: {
          ...integers,
          output: { type: to, scale: scale[1], zeroPoint: outputZeroPoint },
        },
        inputs: [{ shape: [data.length], data, scale: scale[0], zeroPoint }],
      });
      for (const scale of scales) {
        if (scale[0] / scale[1] >= 2 ** 15) continue;
        expect(await problemOf(quantize({}, scale))).toBeUndefined();
      }
      for (const factor of factors) {
        expect(await problemOf(quantize(ready(factor), [1, 1]))).toBeUndefined();
      }
    }
  }
});

const limits = [
  ['relu', {}],
  ['relu6', {}],
  ['clamp', { min: -3, max: 5 }],
  ['clamp', { min: 2, max: 2 }],
  ['clamp', { min: -Infinity, max: 0.5 }],
] as const satisfies readonly (readonly ['relu' | 'relu6' | 'clamp', GivenAttributes<'clamp'>])[];

it.each(limits)('E2 %s %o', async (kind, attributes) => {
  for (const type of ['int8', 'int16'] as const) {
    const data = everyCode(type);
    for (const zeroPoint of zeroPoints(type)) {
      for (const outputZeroPoint of zeroPoints(type)) {
        const limit = (integers: object, scale: readonly [number, number]): OperatorCase => ({
          kind,
          precision: type,
          attributes: {
            ...attributes,
            ...integers,
            output: { scale: scale[1], zeroPoint: outputZeroPoint },
          },
          inputs: [{ shape: [data.length], data, scale: scale[0], zeroPoint }],
        });
        for (const scale of scales) {
          if (scale[0] / scale[1] >= 2 ** 15) continue;
          expect(await problemOf(limit({}, scale))).toBeUndefined();
        }
        for (const factor of factors) {
          expect(await problemOf(limit(ready(factor), [1, 0.125]))).toBeUndefined();
        }
      }
    }
  }
});

it.each(types)('Q2 dequantize %s', async (type) => {
  const data = everyCode(type);
  for (const zeroPoint of convertedZeroPoints(type)) {
    for (const scale of [1, 0.1, 1 / 127.5, 2 ** -149, 2 ** -126, 3e30, 2 ** 127]) {
      const dequantize: OperatorCase = {
        kind: 'dequantize',
        precision: type === 'uint8' ? 'int8' : type,
        attributes: {},
        inputs: [{ shape: [data.length], data, scale, zeroPoint }],
      };
      expect(await problemOf(dequantize)).toBeUndefined();
    }
  }
});
