/**
 * clamp, relu, relu6: each element moved into the limits (rule E2).
 *
 * - input and output of one shape; scales and zero points may differ
 * - output = clamp(rescale(x - zeroPoint) + zeroPoint)
 */

import { clamp as clampTo } from '../arithmetic/rounding.ts';
import { zeroPointOf } from '../graph/tensor.ts';
import { inputAt, type Call, type OperatorDefinition } from './call.ts';

export const clamp: OperatorDefinition<'clamp' | 'relu' | 'relu6'> = { evaluate: rescaleAndClamp };

/** Also what quantize does from one integer type to another. */
export function rescaleAndClamp(call: Call<'clamp' | 'relu' | 'relu6' | 'quantize'>): void {
  const { precision, output, requantization } = call;
  const { min, max } = requantization;
  const [multiplier = 0] = requantization.multiplier;
  const [shift = 0] = requantization.shift;
  const input = inputAt(call, 0);
  const zpIn = zeroPointOf(input);
  const zpOut = zeroPointOf(output);
  for (let i = 0; i < output.data.length; i++) {
    const value = precision.rescaleValue(Number(input.data[i]) - zpIn, multiplier, shift);
    output.data[i] = clampTo(value + zpOut, min, max);
  }
}
