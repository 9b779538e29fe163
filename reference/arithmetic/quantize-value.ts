/** Real numbers to codes and back (rules Q1, Q2). Source: TensorFlow Lite lite/kernels/internal/reference/quantize.h. */

import { clamp, roundHalfAwayFromZero } from './rounding.ts';

/**
 * The code of a float32 number: `value / scale` in float32, rounded half away from zero, plus the zero point,
 * saturated to [min, max]. NaN has the zero point's code; infinities saturate.
 */
export function quantizeValue(
  value: number,
  scale: number,
  zeroPoint: number,
  min: number,
  max: number,
): number {
  if (Number.isNaN(value)) return zeroPoint;
  return clamp(roundHalfAwayFromZero(Math.fround(value / scale)) + zeroPoint, min, max);
}

/** The float32 number that a code stands for: `scale * (code - zeroPoint)` in float64, rounded once. */
export function dequantizeValue(code: number, scale: number, zeroPoint: number): number {
  return Math.fround(scale * (code - zeroPoint));
}
