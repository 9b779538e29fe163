/** How far a runtime's integers are from the exact ones, operator by operator. */

import { observedTensors, type RunOutput } from '../../../golden/backend.ts';
import {
  runOperator,
  type Graph,
  type OperatorKind,
  type Tensor,
  type TensorData,
} from '../../../reference/index.ts';
import { tensorAt } from '../session.ts';

export interface Difference {
  readonly name: string;
  readonly kind: OperatorKind;
  readonly elements: number;
  /** Elements that differ. */
  readonly count: number;
  /** The largest difference in codes. */
  readonly largest: number;
}

/** Each operator's output against the reference run on the runtime's own inputs to it. */
export function differencesByOperator(
  graph: Graph,
  inputs: readonly TensorData[],
  run: RunOutput,
): readonly Difference[] {
  const observed = observedTensors(graph, run);
  const stored = (index: number): Tensor => {
    const tensor = tensorAt(graph, index);
    const given = inputs[graph.inputs.indexOf(index)];
    const data = tensor.data ?? given ?? observed.get(tensor.name)?.data;
    if (data === undefined) throw new RangeError(`Expected tensor "${tensor.name}" to be told`);
    return { ...tensor, data };
  };
  return graph.operators.map(({ kind, name, inputs: read, output, attributes }) => {
    const found = stored(output);
    const expected = runOperator<OperatorKind>(
      kind,
      graph.precision,
      { ...attributes, output: { type: found.type, ...given(found) } },
      read.map((index) => {
        const tensor = stored(index);
        return { shape: tensor.shape, data: tensor.data, ...given(tensor) };
      }),
    );
    let count = 0;
    let largest = 0;
    for (let i = 0; i < found.data.length; i++) {
      const difference = Math.abs(Number(found.data[i]) - Number(expected.data[i]));
      if (difference !== 0) count += 1;
      largest = Math.max(largest, difference);
    }
    return { name, kind, elements: found.data.length, count, largest };
  });
}

function given({ quantization }: Tensor): { scale?: readonly number[]; zeroPoint?: number } {
  if (quantization === undefined) return {};
  return { scale: quantization.scales, zeroPoint: quantization.zeroPoint };
}
