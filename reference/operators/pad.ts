/**
 * pad: elements of real zero around a tensor (rule E3).
 *
 * - input of any rank; `padding` has a [before, after] per axis; output extent = before + extent + after
 * - integers pad with the zero point; input and output have the same scale and zero point
 */

import { zeroPointOf } from '../graph/tensor.ts';
import { inputAt, type OperatorDefinition } from './call.ts';

export const pad: OperatorDefinition<'pad'> = {
  evaluate: (call) => {
    const input = inputAt(call, 0);
    const { data, shape } = call.output;
    const zero = zeroPointOf(call.output);
    for (let i = 0; i < data.length; i++) data[i] = zero;
    const position = input.shape.map(() => 0);
    for (const value of input.data) {
      let index = 0;
      for (let axis = 0; axis < shape.length; axis++) {
        const before = call.attributes.padding[axis]?.[0] ?? 0;
        index = index * (shape[axis] ?? 0) + (position[axis] ?? 0) + before;
      }
      data[index] = Number(value);
      advance(position, input.shape);
    }
  },
};

/** The next position in row-major order. */
function advance(position: number[], shape: readonly number[]): void {
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    const next = (position[axis] ?? 0) + 1;
    position[axis] = next;
    if (next < (shape[axis] ?? 0)) return;
    position[axis] = 0;
  }
}
