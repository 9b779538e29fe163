/** FlatBuffers tables as lists of fields, on the builder of the package `flatbuffers`. */

import type { Builder, Offset } from 'flatbuffers';

/** A field's number in its table and what is stored in it. */
export type Field =
  | readonly [id: number, kind: 'int8' | 'int32' | 'float32', value: number]
  | readonly [id: number, kind: 'bool', value: boolean]
  | readonly [id: number, kind: 'offset', value: Offset];

/** Fields are stored whatever their value, so that no default need be known. */
export function writeTable(builder: Builder, fields: readonly Field[]): Offset {
  const size = fields.reduce((largest, [id]) => Math.max(largest, id + 1), 0);
  builder.forceDefaults(true);
  builder.startObject(size);
  for (const [id, kind, value] of fields) {
    switch (kind) {
      case 'int8':
        builder.addFieldInt8(id, value, 0);
        break;
      case 'int32':
        builder.addFieldInt32(id, value, 0);
        break;
      case 'float32':
        builder.addFieldFloat32(id, value, 0);
        break;
      case 'bool':
        builder.addFieldInt8(id, Number(value), 0);
        break;
      case 'offset':
        builder.addFieldOffset(id, value, 0);
        break;
    }
  }
  return builder.endObject();
}

export function writeInt32s(builder: Builder, values: readonly number[]): Offset {
  builder.startVector(4, values.length, 4);
  for (const value of values.toReversed()) builder.addInt32(value);
  return builder.endVector();
}

export function writeInt64s(builder: Builder, values: readonly number[]): Offset {
  builder.startVector(8, values.length, 8);
  for (const value of values.toReversed()) builder.addInt64(BigInt(value));
  return builder.endVector();
}

export function writeFloats(builder: Builder, values: readonly number[]): Offset {
  builder.startVector(4, values.length, 4);
  for (const value of values.toReversed()) builder.addFloat32(value);
  return builder.endVector();
}

export function writeOffsets(builder: Builder, values: readonly Offset[]): Offset {
  builder.startVector(4, values.length, 4);
  for (const value of values.toReversed()) builder.addOffset(value);
  return builder.endVector();
}

/** Bytes whose first lies at a multiple of `alignment`. */
export function writeBytes(builder: Builder, bytes: Uint8Array, alignment: number): Offset {
  builder.prep(alignment, bytes.length);
  return builder.createByteVector(bytes);
}
