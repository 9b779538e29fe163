/** The elements of constants in TensorFlow Lite files: little-endian, in the order of the shape. */

import { elementTypes, type ElementType, type TensorData } from '../../../reference/index.ts';
import { float16 } from '../float16.ts';
import type { StoredTensor } from './contents.ts';
import { FLOAT16, tensorTypes } from './schema.ts';

/** The element type of a tensor, or undefined for one that graphs do not have. */
export function elementTypeOfTensor({ type }: StoredTensor): ElementType | undefined {
  const names = Object.keys(tensorTypes) as ElementType[];
  return names.find((name) => tensorTypes[name] === type);
}

/**
 * A copy of a constant's elements; those of 16-bit floats as float32, which they are exactly. What is allocated follows
 * from the file's bytes, never from the shape.
 *
 * @throws {RangeError} where type, shape and bytes do not go together
 */
export function elementsOf(tensor: StoredTensor): TensorData {
  const { type, shape, data } = tensor;
  const elements = shape.reduce((product, extent) => product * extent, 1);
  const name = elementTypeOfTensor(tensor);
  if (name === undefined && type !== FLOAT16) {
    throw new RangeError(`Expected a constant of a known type but found type ${String(type)}`);
  }
  const size = name === undefined ? 2 : elementTypes[name].bytes;
  if (elements * size !== data.length) {
    throw new RangeError(
      `Expected ${String(elements * size)} bytes for shape [${shape.slice(0, 8).join(', ')}] but found ${String(data.length)}`,
    );
  }
  const { buffer } = Uint8Array.from(data);
  if (name !== undefined) return elementTypes[name].view(buffer, 0, elements);
  return Float32Array.from(new Uint16Array(buffer), float16);
}
