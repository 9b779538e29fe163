/**
 * Operators that are sums: a loop nest over float64 numbers, and one finishing step per output element.
 *
 * Integer codes are taken to float64 with their zero point subtracted. Every sum of a valid graph stays below 2^47
 * (rules R1, R2), so float64 holds it exactly and one loop nest serves all precisions.
 */

import type { OperatorKind } from '../graph/operator.ts';
import { numbersOf, zeroPointOf } from '../graph/tensor.ts';
import { inputAt, type Call, type OperatorDefinition } from './call.ts';

/** Receives each output element's index and sum, and its channel (for pools: how many values were summed). */
export type Write = (index: number, sum: number, lane: number) => void;

export interface Sum<K extends OperatorKind> {
  /** `x`, `w` and `b` are the elements of the inputs in order; `b` is all zeros where there is no bias. */
  readonly loop: (
    call: Call<K>,
    x: Float64Array,
    w: Float64Array,
    b: Float64Array,
    write: Write,
  ) => void;
  /** The output element of a sum. */
  readonly finish: (call: Call<K>) => (sum: number, lane: number) => number;
  /** Whether the loop sums codes as they are, without subtracting the zero point. */
  readonly rawCodes?: boolean;
}

export function sumOperator<K extends OperatorKind>(sum: Sum<K>): OperatorDefinition<K> {
  return {
    evaluate: (call) => {
      const { data } = call.output;
      const finish = sum.finish(call);
      const [x, w, b] = operands(call, sum.rawCodes === true);
      sum.loop(call, x, w, b, (index, total, lane) => {
        data[index] = finish(total, lane);
      });
    },
    accumulators: (call) => totals(sum, call, operands(call, sum.rawCodes === true)),
    magnitudes: (call) => {
      const [x, w, b] = operands(call, sum.rawCodes === true);
      return totals(sum, call, [x.map(Math.abs), w.map(Math.abs), b.map(Math.abs)]);
    },
  };
}

type Operands = readonly [x: Float64Array, w: Float64Array, b: Float64Array];

function totals<K extends OperatorKind>(
  { loop }: Sum<K>,
  call: Call<K>,
  [x, w, b]: Operands,
): Float64Array {
  const result = new Float64Array(call.output.data.length);
  loop(call, x, w, b, (index, total) => {
    result[index] = total;
  });
  return result;
}

function operands<K extends OperatorKind>(call: Call<K>, rawCodes: boolean): Operands {
  const input = inputAt(call, 0);
  const [, weights, bias] = call.inputs;
  return [
    numbersOf(input.data, rawCodes ? 0 : zeroPointOf(input)),
    weights === undefined ? new Float64Array(0) : numbersOf(weights.data),
    bias === undefined ? new Float64Array(call.output.shape.at(-1) ?? 0) : numbersOf(bias.data),
  ];
}
