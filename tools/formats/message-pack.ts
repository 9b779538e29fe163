/**
 * MessagePack for files that may come from anyone: msgpackr's build without code generation, records off, and a check
 * of every declared length and of the number of items before anything is allocated.
 */

import { Packr, Unpackr } from 'msgpackr/index-no-eval';

const packr = new Packr({ useRecords: false, variableMapSize: true });
const unpackr = new Unpackr({ useRecords: false, mapsAsObjects: true, int64AsType: 'number' });

const MAX_DEPTH = 32;

/** Keys and values in all: an item of a byte takes a hundred and more once unpacked. */
const MAX_ITEMS = 1_000_000;

/** Deterministic bytes of plain objects, arrays, strings, numbers, booleans and byte arrays. */
export function pack(value: unknown): Uint8Array {
  return Uint8Array.from(packr.pack(value));
}

/**
 * The value that bytes hold.
 *
 * @throws {RangeError} where the bytes are not exactly one value of plain types whose lengths fit, or of too many items
 */
export function unpack(bytes: Uint8Array): unknown {
  const end = skipValue({ bytes, items: 0 }, 0, 0);
  if (end !== bytes.length) {
    throw new RangeError(
      `Expected one value but found ${String(bytes.length - end)} bytes after it`,
    );
  }
  // msgpackr leaves a property on the array it reads; a view of its own keeps the caller's as it is.
  return unpackr.unpack(bytes.subarray());
}

interface Reader {
  readonly bytes: Uint8Array;
  /** Items found so far. */
  items: number;
}

/** The position after the value at `at`. Specification: github msgpack/msgpack, spec.md. */
function skipValue(reader: Reader, at: number, depth: number): number {
  const { bytes } = reader;
  if (depth > MAX_DEPTH)
    throw new RangeError(`Expected at most ${String(MAX_DEPTH)} nested levels`);
  const tag = readUint(bytes, at, 1);
  const next = at + 1;
  if (tag <= 0x7f || tag >= 0xe0 || tag === 0xc0 || tag === 0xc2 || tag === 0xc3) return next;
  if (tag <= 0x8f) return skipItems(reader, next, (tag & 15) * 2, depth);
  if (tag <= 0x9f) return skipItems(reader, next, tag & 15, depth);
  if (tag <= 0xbf) return skipBytes(bytes, next, tag & 31);
  const lengthBytes = LENGTH_BYTES[tag];
  if (lengthBytes !== undefined) {
    const length = readUint(bytes, next, lengthBytes);
    const body = next + lengthBytes;
    if (tag >= 0xde) return skipItems(reader, body, length * 2, depth);
    if (tag >= 0xdc) return skipItems(reader, body, length, depth);
    return skipBytes(bytes, body, length);
  }
  const numberBytes = NUMBER_BYTES[tag];
  if (numberBytes !== undefined) return skipBytes(bytes, next, numberBytes);
  throw new RangeError(`Expected plain MessagePack but found type 0x${tag.toString(16)}`);
}

/** Bytes of the length field of bin, str, array and map, by type. */
const LENGTH_BYTES: Readonly<Record<number, number>> = {
  0xc4: 1,
  0xc5: 2,
  0xc6: 4,
  0xd9: 1,
  0xda: 2,
  0xdb: 4,
  0xdc: 2,
  0xdd: 4,
  0xde: 2,
  0xdf: 4,
};

/** Bytes of float and integer values, by type. */
const NUMBER_BYTES: Readonly<Record<number, number>> = {
  0xca: 4,
  0xcb: 8,
  0xcc: 1,
  0xcd: 2,
  0xce: 4,
  0xcf: 8,
  0xd0: 1,
  0xd1: 2,
  0xd2: 4,
  0xd3: 8,
};

/** An item takes a byte at least, so a declared count beyond the bytes left is a lie. */
function skipItems(reader: Reader, at: number, count: number, depth: number): number {
  const left = reader.bytes.length - at;
  if (count > left) {
    throw new RangeError(`Expected ${String(count)} items but found ${String(left)} bytes`);
  }
  reader.items += count;
  if (reader.items > MAX_ITEMS) {
    throw new RangeError(
      `Expected at most ${String(MAX_ITEMS)} items but found ${String(reader.items)} or more`,
    );
  }
  let position = at;
  for (let i = 0; i < count; i++) position = skipValue(reader, position, depth + 1);
  return position;
}

function skipBytes(bytes: Uint8Array, at: number, length: number): number {
  if (length > bytes.length - at) {
    throw new RangeError(
      `Expected ${String(length)} more bytes but found ${String(bytes.length - at)}`,
    );
  }
  return at + length;
}

function readUint(bytes: Uint8Array, at: number, length: number): number {
  let value = 0;
  for (let i = 0; i < length; i++) {
    const byte = bytes[at + i];
    if (byte === undefined) throw new RangeError('Expected more bytes but found the end');
    value = value * 256 + byte;
  }
  return value;
}
