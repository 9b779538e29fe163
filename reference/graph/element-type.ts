/**
 * The element types a tensor may have, with the typed array that holds each.
 *
 * Multi-byte elements are little-endian wherever they are stored.
 */

export type ElementType = 'float32' | 'int8' | 'int16' | 'uint8' | 'int32' | 'int64';

export type TensorData =
  Float32Array | Int8Array | Int16Array | Uint8Array | Int32Array | BigInt64Array;

interface ElementTypeInfo {
  /** Bytes of one element. */
  readonly bytes: number;
  /** Smallest and largest element; for float32 the infinities. */
  readonly min: number;
  readonly max: number;
  /** A zero-filled array of `length` elements. */
  readonly allocate: (length: number) => TensorData;
  /** The elements stored in `length` bytes of `buffer` from `offset`, which is a multiple of `bytes`. */
  readonly view: (buffer: ArrayBuffer, offset: number, length: number) => TensorData;
}

export const elementTypes: Readonly<Record<ElementType, ElementTypeInfo>> = {
  float32: {
    bytes: 4,
    min: -Infinity,
    max: Infinity,
    allocate: (length) => new Float32Array(length),
    view: (buffer, offset, length) => new Float32Array(buffer, offset, length),
  },
  int8: {
    bytes: 1,
    min: -128,
    max: 127,
    allocate: (length) => new Int8Array(length),
    view: (buffer, offset, length) => new Int8Array(buffer, offset, length),
  },
  int16: {
    bytes: 2,
    min: -32768,
    max: 32767,
    allocate: (length) => new Int16Array(length),
    view: (buffer, offset, length) => new Int16Array(buffer, offset, length),
  },
  uint8: {
    bytes: 1,
    min: 0,
    max: 255,
    allocate: (length) => new Uint8Array(length),
    view: (buffer, offset, length) => new Uint8Array(buffer, offset, length),
  },
  int32: {
    bytes: 4,
    min: -(2 ** 31),
    max: 2 ** 31 - 1,
    allocate: (length) => new Int32Array(length),
    view: (buffer, offset, length) => new Int32Array(buffer, offset, length),
  },
  int64: {
    bytes: 8,
    min: -(2 ** 63),
    max: 2 ** 63,
    allocate: (length) => new BigInt64Array(length),
    view: (buffer, offset, length) => new BigInt64Array(buffer, offset, length),
  },
};

/** The element type a typed array holds, or undefined for any other value. */
export function elementTypeOf(data: unknown): ElementType | undefined {
  if (data instanceof Float32Array) return 'float32';
  if (data instanceof Int8Array) return 'int8';
  if (data instanceof Int16Array) return 'int16';
  if (data instanceof Uint8Array) return 'uint8';
  if (data instanceof Int32Array) return 'int32';
  if (data instanceof BigInt64Array) return 'int64';
  return undefined;
}
