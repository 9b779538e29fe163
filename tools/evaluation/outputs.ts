/** A classifier's outputs as real numbers. */

import { dequantizeValue, zeroPointOf, type Graph, type Tensor } from '../../reference/index.ts';

/** The graph with a second output: what its last softmax takes, or its only output again. */
export function withLogits(graph: Graph): Graph {
  const [output = -1] = graph.outputs;
  return { ...graph, outputs: [output, softmaxInput(graph, output) ?? output] };
}

/** The input of the softmax that a tensor is, reshaped or in other codes at most. */
function softmaxInput(graph: Graph, tensor: number): number | undefined {
  const operator = graph.operators.find(({ output }) => output === tensor);
  const [input] = operator?.inputs ?? [];
  switch (operator?.kind) {
    case 'softmax':
      return input;
    case 'quantize':
    case 'dequantize':
    case 'reshape':
      return input === undefined ? undefined : softmaxInput(graph, input);
    default:
      return undefined;
  }
}

/** Every output as float32 numbers. */
export function dequantizedOutputs(outputs: readonly Tensor[]): readonly (readonly number[])[] {
  return outputs.map(({ data, ...tensor }) => {
    const scale = tensor.quantization?.scales[0];
    const zeroPoint = zeroPointOf(tensor);
    return Array.from({ length: data.length }, (_, i) => {
      const value = Number(data[i]);
      return scale === undefined ? value : dequantizeValue(value, scale, zeroPoint);
    });
  });
}

/** Index of the largest element; the first of equals. */
export function indexOfLargest(values: readonly number[]): number {
  return values.reduce((best, value, i) => (value > (values[best] ?? -Infinity) ? i : best), 0);
}
