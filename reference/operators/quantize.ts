/**
 * quantize: float32 to codes, or codes of one type, scale and zero point to another (rules Q1, Q3).
 *
 * - input and output of one shape; output int8, int16 or uint8
 */

import { quantizeValue } from '../arithmetic/quantize-value.ts';
import { zeroPointOf } from '../graph/tensor.ts';
import { inputAt, type OperatorDefinition } from './call.ts';
import { rescaleAndClamp } from './clamp.ts';

export const quantize: OperatorDefinition<'quantize'> = {
  evaluate: (call) => {
    const input = inputAt(call, 0);
    if (input.type !== 'float32') {
      rescaleAndClamp(call);
      return;
    }
    const { min, max } = call.requantization;
    const { data, quantization } = call.output;
    const scale = quantization?.scales[0] ?? NaN;
    const zeroPoint = zeroPointOf(call.output);
    for (let i = 0; i < data.length; i++) {
      data[i] = quantizeValue(Number(input.data[i]), scale, zeroPoint, min, max);
    }
  },
};
