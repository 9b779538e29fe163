/** Constant tensors of ONNX files (TensorProto in onnx/onnx.proto of github onnx/onnx). */

import { MAX_INTEGERS, type ProtobufReader } from './protobuf.ts';

export const ONNX_FLOAT = 1;
export const ONNX_UINT8 = 2;
export const ONNX_INT8 = 3;
const ONNX_INT32 = 6;
const ONNX_INT64 = 7;

interface Shaped {
  readonly name: string;
  /** Integers greater than 0, whose product is the number of elements. */
  readonly shape: readonly number[];
}

export interface FloatTensor extends Shaped {
  readonly type: 'float';
  readonly data: Float32Array;
}

export interface IntegerTensor extends Shaped {
  readonly type: 'integer';
  readonly data: readonly number[];
}

/** Codes of quantised weights and biases, and zero points. */
export interface CodeTensor extends Shaped {
  readonly type: 'codes';
  readonly data: Int8Array | Uint8Array | Int32Array;
}

export type OnnxTensor = FloatTensor | IntegerTensor | CodeTensor;

/** What a file says of a tensor, before any of it is believed. */
interface StoredTensor {
  readonly name: string;
  readonly type: number;
  readonly external: boolean;
  readonly shape: readonly number[];
  /** Each of these in the pieces it came in. */
  readonly raw: readonly Uint8Array[];
  readonly floats: readonly Uint8Array[];
  readonly integers: readonly number[];
}

/**
 * A tensor whose elements the file holds: as raw bytes, or as a list of its type. Nothing is allocated by its shape.
 *
 * @throws {RangeError} that names the tensor
 */
export function readTensor(reader: ProtobufReader): OnnxTensor {
  const stored = readStored(reader);
  const { name, shape } = stored;
  try {
    const tensor = elementsOf(stored);
    checkShape({ ...tensor, name, shape });
    return { ...tensor, name, shape };
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new RangeError(`Tensor "${name}": ${error.message}`, { cause: error });
  }
}

function readStored(reader: ProtobufReader): StoredTensor {
  const tensor = { name: '', type: 0, external: false };
  const shape: number[] = [];
  const raw: Uint8Array[] = [];
  const floats: Uint8Array[] = [];
  const integers: number[] = [];
  reader.fields((field) => {
    if (field === 1) reader.integers(shape);
    else if (field === 2) tensor.type = reader.integer();
    else if (field === 4) floats.push(reader.floatBytes());
    else if (field === 5 || field === 7) reader.integers(integers);
    else if (field === 8) tensor.name = reader.name();
    else if (field === 9) raw.push(reader.bytes());
    else if (field === 14) tensor.external = reader.integer() !== 0;
  });
  return { ...tensor, shape, raw, floats, integers };
}

function checkShape({ shape, data }: OnnxTensor): void {
  if (!shape.every((extent) => Number.isSafeInteger(extent) && extent > 0)) {
    throw new RangeError(
      `Expected every extent to be an integer greater than 0 but found ${shapeText(shape)}`,
    );
  }
  const wanted = shape.reduce((product, extent) => product * extent, 1);
  if (data.length !== wanted) {
    throw new RangeError(
      `Expected ${String(wanted)} elements for shape ${shapeText(shape)} but found ${String(data.length)}`,
    );
  }
}

function elementsOf(
  stored: StoredTensor,
):
  | Omit<FloatTensor, keyof Shaped>
  | Omit<IntegerTensor, keyof Shaped>
  | Omit<CodeTensor, keyof Shaped> {
  const { type } = stored;
  if (type === ONNX_FLOAT) return { type: 'float', data: floatElements(stored) };
  const long = (stored.raw[0]?.length ?? 0) > 4 * MAX_INTEGERS;
  if (type === ONNX_INT8 || type === ONNX_UINT8 || (type === ONNX_INT32 && long)) {
    return { type: 'codes', data: codeElements(stored) };
  }
  return { type: 'integer', data: integerElements(stored) };
}

/** Writers may list codes as integers of 32 bits each. */
function codeElements({ type, integers, ...stored }: StoredTensor): CodeTensor['data'] {
  const raw = rawData(stored, type === ONNX_INT32 ? 4 : 1, integers.length > 0);
  const array = type === ONNX_INT8 ? Int8Array : type === ONNX_UINT8 ? Uint8Array : Int32Array;
  if (raw !== undefined) return new array(Uint8Array.from(raw).buffer);
  const codes = array.from(integers);
  if (codes.some((code, i) => code !== integers[i])) {
    throw new RangeError('Expected codes within their type but found others');
  }
  return codes;
}

function floatElements({ floats, ...stored }: StoredTensor): Float32Array {
  const raw = rawData(stored, 4, floats.length > 0);
  const bytes = raw ?? Buffer.concat(floats);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Float32Array.from({ length: bytes.length / 4 }, (_, i) => view.getFloat32(i * 4, true));
}

function integerElements({ type, integers, ...stored }: StoredTensor): readonly number[] {
  if (type !== ONNX_INT32 && type !== ONNX_INT64) {
    throw new RangeError(
      `Expected float32, int8, uint8, int32 or int64 elements but found ONNX type ${String(type)}`,
    );
  }
  const size = type === ONNX_INT32 ? 4 : 8;
  const raw = rawData(stored, size, integers.length > 0);
  if (raw === undefined) return integers;
  const length = raw.length / size;
  if (length > MAX_INTEGERS) {
    throw new RangeError(
      `Expected at most ${String(MAX_INTEGERS)} integers but found ${String(length)}`,
    );
  }
  const view = new DataView(raw.buffer, raw.byteOffset, raw.byteLength);
  return Array.from({ length }, (_, i) =>
    size === 4 ? view.getInt32(i * 4, true) : Number(view.getBigInt64(i * 8, true)),
  );
}

/** The raw bytes, if it is these that hold the elements. */
function rawData(
  { raw, external }: Pick<StoredTensor, 'raw' | 'external'>,
  size: number,
  listed: boolean,
): Uint8Array | undefined {
  if (external) throw new RangeError('Expected data in the file, not outside it');
  const [bytes] = raw;
  if (bytes === undefined) return undefined;
  if (listed || raw.length > 1) throw new RangeError('Expected its elements once but found more');
  if (bytes.length % size !== 0) {
    throw new RangeError(
      `Expected raw data in multiples of ${String(size)} bytes but found ${String(bytes.length)}`,
    );
  }
  return bytes;
}

/** A shape or another list of integers in an error. */
export function shapeText(shape: readonly (number | string)[]): string {
  return `[${shape.slice(0, 16).join(', ')}${shape.length > 16 ? ', ...' : ''}]`;
}
