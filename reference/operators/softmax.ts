/**
 * softmax: exp(beta * x) of each row of the last axis, divided by the row's sum (rules S1, S2, S3).
 *
 * - input and output of one shape, rank at least 1
 * - float32: max-subtracted, in float64, rounded once
 * - int8: fixed point, output int8 or int16 of 2^8 or 2^16 steps; int16: table lookup, output scale 1/32768
 */

import { exponential } from '../arithmetic/exponential.ts';
import { softmaxInt8Row } from '../arithmetic/softmax-fixed-point.ts';
import { softmaxInt16Row } from '../arithmetic/softmax-table-lookup.ts';
import { numbersOf } from '../graph/tensor.ts';
import { inputAt, type Call, type OperatorDefinition } from './call.ts';

type Row = (row: Float64Array, output: Float64Array) => void;

export const softmax: OperatorDefinition<'softmax'> = {
  evaluate: (call) => {
    const { data, shape } = inputAt(call, 0);
    const length = shape.at(-1) ?? 1;
    const values = numbersOf(data);
    const result = new Float64Array(length);
    const softmaxRow = rowFunction(call);
    for (let start = 0; start < values.length; start += length) {
      softmaxRow(values.subarray(start, start + length), result);
      for (let i = 0; i < length; i++) call.output.data[start + i] = result[i] ?? NaN;
    }
  },
};

function rowFunction({ attributes, output, precision, requantization }: Call<'softmax'>): Row {
  const { leftShift, diffMin } = requantization;
  const [multiplier = 0] = requantization.multiplier;
  switch (precision.name) {
    case 'float32':
      return (row, result) => {
        softmaxFloat32Row(row, attributes.beta, result);
      };
    case 'int8':
      return (row, result) => {
        softmaxInt8Row(
          row,
          multiplier,
          leftShift,
          diffMin,
          output.type === 'int8' ? 8 : 16,
          result,
        );
      };
    case 'int16':
      return (row, result) => {
        softmaxInt16Row(row, multiplier, leftShift, result);
      };
  }
}

function softmaxFloat32Row(row: Float64Array, beta: number, output: Float64Array): void {
  const max = row.reduce((a, b) => Math.max(a, b), -Infinity);
  const exponentials = row.map((x) => exponential(beta * (x - max)));
  const sum = exponentials.reduce((a, b) => a + b, 0);
  exponentials.forEach((e, i) => {
    output[i] = Math.fround(e / sum);
  });
}
