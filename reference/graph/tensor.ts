/** Tensors: their shapes, how integer codes stand for real numbers, and their elements. */

import { elementTypes, type ElementType, type TensorData } from './element-type.ts';

/** Extents, outermost first. Activations are NHWC. */
export type Shape = readonly number[];

/**
 * How an integer code q stands for a real number: `real = scale * (q - zeroPoint)`.
 *
 * `scales` holds float32 values: one for the whole tensor, or one per output channel for weights and biases.
 * It is empty when only integers are known (see `ReadyIntegers`). `zeroPoint` is a code of the tensor's type;
 * 0 for weights, biases and int16 tensors, except those of quantize and dequantize and the output of an int8 softmax.
 */
export interface Quantization {
  readonly scales: readonly number[];
  readonly zeroPoint: number;
}

/** A tensor of a graph: an activation, or, with `data`, a constant. */
export interface GraphTensor {
  readonly name: string;
  readonly type: ElementType;
  readonly shape: Shape;
  readonly quantization?: Quantization;
  readonly data?: TensorData;
}

/** A tensor with its elements. */
export interface Tensor extends GraphTensor {
  readonly data: TensorData;
}

/** The number of elements of a shape; 1 for a scalar. */
export function elementCount(shape: Shape): number {
  return shape.reduce((product, extent) => product * extent, 1);
}

/** A tensor of the same description with zero-filled elements. */
export function allocate(tensor: GraphTensor): Tensor {
  return { ...tensor, data: elementTypes[tensor.type].allocate(elementCount(tensor.shape)) };
}

/** The code that stands for real zero: 0 for float32. */
export function zeroPointOf(tensor: GraphTensor): number {
  return tensor.quantization?.zeroPoint ?? 0;
}

/** The elements as float64 numbers, each less `offset`. Exact for every type (int64 up to 2^53). */
export function numbersOf(data: TensorData, offset = 0): Float64Array {
  const numbers = new Float64Array(data.length);
  for (let i = 0; i < numbers.length; i++) numbers[i] = Number(data[i]) - offset;
  return numbers;
}
