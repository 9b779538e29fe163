/**
 * reshape: the same elements in another shape (rule E4).
 *
 * - input and output have equally many elements, one type and the same scale and zero point
 */

import { inputAt, type OperatorDefinition } from './call.ts';

export const reshape: OperatorDefinition<'reshape'> = {
  evaluate: (call) => {
    const { data } = inputAt(call, 0);
    for (let i = 0; i < data.length; i++) call.output.data[i] = Number(data[i]);
  },
};
