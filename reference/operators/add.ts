/**
 * add: the elementwise sum of two tensors of one shape (rule E1).
 *
 * - two inputs and the output, each with its own scale and zero point
 * - integers: both inputs gain `leftShift` bits of headroom and are rescaled to twice the larger input scale, added,
 *   and rescaled to the output's: three double roundings
 * - output = clamp(sum + zeroPoint)
 */

import { clamp, powerOfTwo } from '../arithmetic/rounding.ts';
import { zeroPointOf } from '../graph/tensor.ts';
import { inputAt, type OperatorDefinition } from './call.ts';

export const add: OperatorDefinition<'add'> = {
  evaluate: (call) => {
    const { precision, output, requantization } = call;
    const { min, max, leftShift } = requantization;
    const [m1 = 0, m2 = 0, mo = 0] = requantization.multiplier;
    const [s1 = 0, s2 = 0, so = 0] = requantization.shift;
    const first = inputAt(call, 0);
    const second = inputAt(call, 1);
    const zp1 = zeroPointOf(first);
    const zp2 = zeroPointOf(second);
    const zpo = zeroPointOf(output);
    const headroom = powerOfTwo(leftShift);
    for (let i = 0; i < output.data.length; i++) {
      const a = precision.rescaleValue((Number(first.data[i]) - zp1) * headroom, m1, s1);
      const b = precision.rescaleValue((Number(second.data[i]) - zp2) * headroom, m2, s2);
      output.data[i] = clamp(precision.rescaleValue(a + b, mo, so) + zpo, min, max);
    }
  },
};
