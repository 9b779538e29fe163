/**
 * fullyConnected: each output is the sum over all inputs of a batch (rule C3).
 *
 * - input of any shape whose elements are a multiple of i; weights [o, i]; bias [o] or none; output [n, o]
 * - accumulator = sum of (x - zeroPoint) * w, in the order of i, + bias
 * - output = clamp(rescale(accumulator) + zeroPoint)
 */

import { sumOperator } from './accumulate.ts';
import { inputAt } from './call.ts';
import { finishPerChannel } from './requantization.ts';

export const fullyConnected = sumOperator<'fullyConnected'>({
  loop: (call, x, w, b, write) => {
    const [outChannels = 0, inChannels = 0] = inputAt(call, 1).shape;
    const batches = x.length / inChannels;
    for (let n = 0; n < batches; n++) {
      for (let oc = 0; oc < outChannels; oc++) {
        let accumulator = 0;
        for (let ic = 0; ic < inChannels; ic++) {
          accumulator += (x[n * inChannels + ic] ?? NaN) * (w[oc * inChannels + ic] ?? NaN);
        }
        write(n * outChannels + oc, accumulator + (b[oc] ?? NaN), oc);
      }
    }
  },
  finish: finishPerChannel,
});
