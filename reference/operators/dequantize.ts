/**
 * dequantize: codes to the float32 numbers they stand for (rule Q2).
 *
 * - input int8, int16 or uint8, with a scale; output float32; one shape
 */

import { dequantizeValue } from '../arithmetic/quantize-value.ts';
import { zeroPointOf } from '../graph/tensor.ts';
import { inputAt, type OperatorDefinition } from './call.ts';

export const dequantize: OperatorDefinition<'dequantize'> = {
  evaluate: (call) => {
    const input = inputAt(call, 0);
    const scale = input.quantization?.scales[0] ?? NaN;
    const zeroPoint = zeroPointOf(input);
    const { data } = call.output;
    for (let i = 0; i < data.length; i++) {
      data[i] = dequantizeValue(Number(input.data[i]), scale, zeroPoint);
    }
  },
};
