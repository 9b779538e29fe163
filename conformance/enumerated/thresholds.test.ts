/** quantize from float32: the float32 numbers around every boundary between two codes. */

import { expect, it } from 'vitest';
import type { OperatorCase } from '../operator-case.ts';
import { convertedZeroPoints, everyCode, problemOf, type Code } from './hold.ts';

const scales = [
  1,
  2,
  0.5,
  1 / 127.5,
  1 / 32640,
  0.1,
  0.0235,
  3e-30,
  2 ** -126,
  2 ** -149,
  1e30,
].map(Math.fround);

/** How many numbers away from each boundary. */
const REACH = 2;

const number = new Float32Array(1);
const bits = new Int32Array(number.buffer);

/** The float32 number `steps` after x, in the order of their magnitudes. */
function after(x: number, steps: number): number {
  number[0] = x;
  bits[0] = (bits[0] ?? 0) + steps;
  return number[0];
}

/** Every finite number next to where one code ends and the next begins. */
function neighbourhoods(type: Code, scale: number, zeroPoint: number): Float32Array {
  const numbers: number[] = [0, -0];
  const codes = everyCode(type);
  // One more boundary at each end, where saturation begins.
  for (let i = -1; i <= codes.length; i++) {
    const boundary = Math.fround((Number(codes[0]) + i - 0.5 - zeroPoint) * scale);
    for (let steps = -REACH; steps <= REACH; steps++) {
      const x = after(boundary, steps);
      if (Number.isFinite(x)) numbers.push(x);
    }
  }
  return Float32Array.from(numbers);
}

it.each(['int8', 'uint8', 'int16'] as const)('Q1 quantize to %s', async (type) => {
  for (const scale of scales) {
    for (const zeroPoint of convertedZeroPoints(type)) {
      const data = neighbourhoods(type, scale, zeroPoint);
      const quantize: OperatorCase = {
        kind: 'quantize',
        precision: type === 'uint8' ? 'int8' : type,
        attributes: { output: { type, scale, zeroPoint } },
        inputs: [{ shape: [data.length], data }],
      };
      expect(await problemOf(quantize)).toBeUndefined();
    }
  }
});
