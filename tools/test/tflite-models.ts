/** Small TensorFlow Lite networks for tests, which they change before they become bytes. */

import type { Graph } from '../../reference/index.ts';
import { TfliteModel, type TfliteOperator, type TfliteTensor } from '../formats/tflite/model.ts';
import { decodeTflite } from '../formats/tflite/contents.ts';
import { tfliteToGraph } from '../formats/tflite/to-graph.ts';
import { activations, conv2dFields, paddings, type BuiltinName } from '../formats/tflite/schema.ts';

/** The graph of a file, which errors call net.tflite. */
export function readTflite(bytes: Uint8Array): Graph {
  const options = { name: 'net', labels: [], provenance: {} };
  return tfliteToGraph('net.tflite', decodeTflite('net.tflite', bytes), options);
}

const quantized = (zeroPoint: number, ...scales: readonly number[]) => ({
  scales,
  zeroPoint,
  dimension: 0,
});

/** The tensors of a 1x1 convolution from [1, 2, 2, 3] to [1, 2, 2, 2]: input, weights, bias, output. */
export const tensors = {
  float32: [
    { name: 'image', type: 'float32', shape: [1, 2, 2, 3] },
    { name: 'w', type: 'float32', shape: [2, 1, 1, 3], data: Float32Array.of(1, 2, 3, 4, 5, 6) },
    { name: 'b', type: 'float32', shape: [2], data: Float32Array.of(0.5, -1) },
    { name: 'out', type: 'float32', shape: [1, 2, 2, 2] },
  ],
  int8: [
    { name: 'image', type: 'int8', shape: [1, 2, 2, 3], quantization: quantized(-1, 0.5) },
    {
      name: 'w',
      type: 'int8',
      shape: [2, 1, 1, 3],
      quantization: quantized(0, 0.5, 0.25),
      data: Int8Array.of(-128, 127, 3, 4, 5, 6),
    },
    {
      name: 'b',
      type: 'int32',
      shape: [2],
      quantization: quantized(0, 0.25, 0.125),
      data: Int32Array.of(100, -100),
    },
    { name: 'out', type: 'int8', shape: [1, 2, 2, 2], quantization: quantized(3, 2) },
  ],
  int16: [
    { name: 'image', type: 'int16', shape: [1, 2, 2, 3], quantization: quantized(0, 0.5) },
    {
      name: 'w',
      type: 'int8',
      shape: [2, 1, 1, 3],
      quantization: quantized(0, 0.5, 0.25),
      data: Int8Array.of(-128, 127, 3, 4, 5, 6),
    },
    {
      name: 'b',
      type: 'int64',
      shape: [2],
      quantization: quantized(0, 0.25, 0.125),
      data: BigInt64Array.of(100n, -100n),
    },
    { name: 'out', type: 'int16', shape: [1, 2, 2, 2], quantization: quantized(0, 2) },
  ],
} as const satisfies Readonly<Record<string, readonly TfliteTensor[]>>;

export const conv: TfliteOperator = {
  name: 'conv2d',
  version: 1,
  inputs: [0, 1, 2],
  output: 3,
  options: [
    [conv2dFields.padding, 'int8', paddings.same],
    [conv2dFields.strideW, 'int32', 1],
    [conv2dFields.strideH, 'int32', 1],
    [conv2dFields.activation, 'int8', activations.none],
    [conv2dFields.dilationW, 'int32', 1],
    [conv2dFields.dilationH, 'int32', 1],
  ],
};

export const operator = (
  name: BuiltinName,
  inputs: readonly number[],
  output: number,
  options: TfliteOperator['options'] = [],
): TfliteOperator => ({ name, version: 1, inputs, output, options });

/** The file of tensors and operators; the first tensor is its input, the last its output unless another is given. */
export function fileOf(
  all: readonly TfliteTensor[],
  operators: readonly TfliteOperator[] = [conv],
  output = all.length - 1,
): Uint8Array {
  const model = new TfliteModel();
  for (const tensor of all) model.addTensor(tensor);
  for (const each of operators) model.addOperator(each);
  model.inputs = [0];
  model.outputs = [output];
  return model.toBytes('test');
}

/** Tensors with one of them changed. */
export const withTensor = (
  all: readonly TfliteTensor[],
  index: number,
  change: Partial<TfliteTensor>,
): readonly TfliteTensor[] =>
  all.map((tensor, i) => (i === index ? { ...tensor, ...change } : tensor));

/** The convolution with other options; the last of a field counts. */
export const withOptions = (...options: TfliteOperator['options']): TfliteOperator => ({
  ...conv,
  options: [...conv.options.filter(([id]) => !options.some(([other]) => other === id)), ...options],
});
