/** Codes and the real numbers that they stand for, for runtimes that take float32 alone. */

import { elementTypes, type ElementType } from '../../reference/graph/element-type.ts';
import { zeroPointOf, type GraphTensor } from '../../reference/graph/tensor.ts';
import type { TensorData } from '../../reference/index.ts';

/** The real numbers that codes stand for. */
export function toFloats(tensor: GraphTensor, data: TensorData): Float32Array<ArrayBuffer> {
  if (data instanceof Float32Array) return Float32Array.from(data);
  const scale = tensor.quantization?.scales[0] ?? NaN;
  const zeroPoint = zeroPointOf(tensor);
  const floats = new Float32Array(data.length);
  for (let i = 0; i < floats.length; i++) floats[i] = scale * (Number(data[i]) - zeroPoint);
  return floats;
}

/** The codes that `toFloats` turns into these numbers; each is a multiple of the scale but for rounding. */
export function fromFloats(tensor: GraphTensor, floats: Float32Array): TensorData {
  if (tensor.type === 'float32') return floats;
  const scale = tensor.quantization?.scales[0] ?? NaN;
  const zeroPoint = zeroPointOf(tensor);
  const codes = elementTypes[tensor.type].allocate(floats.length);
  for (let i = 0; i < floats.length; i++) {
    codes[i] = Math.round((floats[i] ?? NaN) / scale) + zeroPoint;
  }
  return codes;
}

/** The elements of a type that a buffer holds. */
export function elementsIn(type: ElementType, buffer: ArrayBuffer): TensorData {
  return elementTypes[type].view(buffer, 0, buffer.byteLength / elementTypes[type].bytes);
}
