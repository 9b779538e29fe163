/**
 * Softmax of one row of int16 codes by table lookup (rule S3).
 *
 * Source: TensorFlow Lite lite/kernels/internal/reference/softmax.h (SoftMaxCalculateExp, SoftmaxInt16) and
 * lite/kernels/internal/common.h (LUTLookup).
 */

import { requantizeInt32 } from './requantize.ts';
import { clamp, powerOfTwo } from './rounding.ts';
import { EXP_TABLE, RECIPROCAL_TABLE } from './softmax-tables.ts';

/**
 * The codes (scale 1/32768, zero point 0) of the softmax of `row`, written to `output`.
 *
 * multiplier and leftShift (in [-31, 15]) bring a difference of codes to the domain of the exponential's table,
 * [-65535, 0] for [-10, 0]. At most 65535 elements.
 */
export function softmaxInt16Row(
  row: Float64Array,
  multiplier: number,
  leftShift: number,
  output: Float64Array,
): void {
  const max = row.reduce((a, b) => Math.max(a, b), -Infinity);
  const exponentials = row.map((x) => {
    const scaled = requantizeInt32(x - max, multiplier, leftShift);
    return lookUp(clamp(scaled + 32767, -32768, 32767), EXP_TABLE);
  });
  const sum = exponentials.reduce((a, b) => a + b, 0);
  const leadingZeros = Math.clz32(sum);
  // The sum as 1 + x with 16 fractional bits; the table wants x, centred on code 0.
  const shifted = Math.floor((sum * powerOfTwo(leadingZeros - 1) + 2 ** 13) / 2 ** 14);
  const reciprocal = lookUp(clamp(shifted - 2 ** 15 - 2 ** 16, -32768, 32767), RECIPROCAL_TABLE);
  const rightShift = 31 - leadingZeros;
  exponentials.forEach((e, i) => {
    const product = e * reciprocal + powerOfTwo(rightShift - 1);
    output[i] = clamp(Math.floor(product / powerOfTwo(rightShift)), 0, 32767);
  });
}

/** Linear interpolation between the anchors left and right of an int16 code. */
function lookUp(code: number, table: Int16Array): number {
  const index = 256 + (code >> 7);
  const base = table[index] ?? NaN;
  const slope = (table[index + 1] ?? NaN) - base;
  return base + ((slope * (code & 127) + 64) >> 7);
}
