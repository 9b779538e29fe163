/** The order of elements: ONNX has channels before pixels, graphs have them last (rule T1). */

import { elementCount, type Shape } from '../../../reference/index.ts';
import type { FloatTensor } from './tensor.ts';

/** OIHW convolution weights as OHWI. */
export const toOhwi = (weights: FloatTensor): Float32Array => permute(weights, [0, 2, 3, 1]);

/** O1HW depthwise weights as 1HWO. */
export const to1hwo = (weights: FloatTensor): Float32Array => permute(weights, [1, 2, 3, 0]);

export function transpose(matrix: FloatTensor): FloatTensor {
  const [rows = 0, columns = 0] = matrix.shape;
  return { ...matrix, shape: [columns, rows], data: permute(matrix, [1, 0]) };
}

/** The elements in the order of the given axes: result axis i is source axis `axes[i]`. */
export function permute<T extends Float32Array | Int8Array>(
  { shape, data }: { readonly shape: Shape; readonly data: T },
  axes: readonly number[],
): T {
  const strides = shape.map((_, axis) => elementCount(shape.slice(axis + 1)));
  const extents = axes.map((axis) => shape[axis] ?? 0);
  const steps = axes.map((axis) => strides[axis] ?? 0);
  const result = data.slice() as T;
  const position = extents.map(() => 0);
  for (let i = 0, source = 0; i < result.length; i++) {
    result[i] = data[source] ?? NaN;
    // The next position: the last axis that is not at its end advances, those after it return to 0.
    for (let axis = extents.length - 1; axis >= 0; axis--) {
      const next = (position[axis] ?? 0) + 1;
      const step = steps[axis] ?? 0;
      if (next < (extents[axis] ?? 0)) {
        position[axis] = next;
        source += step;
        break;
      }
      position[axis] = 0;
      source -= (next - 1) * step;
    }
  }
  return result;
}
