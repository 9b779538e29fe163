/**
 * FlatBuffers (flatbuffers.dev, "FlatBuffer Internals") out of untrusted bytes.
 *
 * Every offset, length and field is held against the file before it is used, and values are counted: offsets may lead
 * many times to one place, so the file's size alone does not bound what is read of it.
 */

/** Bytes that are not what they say. */
export class FlatbufferError extends Error {
  override readonly name = 'FlatbufferError';
}

const utf8 = new TextDecoder('utf-8', { fatal: true });

/** Tables and elements of lists in a whole file, bytes aside; a MobileNetV2 has about 50,000. */
const MAX_VALUES = 500_000;
/** Bytes of a name, so that a text which tells it stays readable. */
const MAX_NAME_BYTES = 1024;

/** The bytes of a file. Positions are counted from its start. */
class Source {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  #values = 0;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** @throws {FlatbufferError} unless `size` bytes lie at `position` */
  require(position: number, size: number): void {
    if (position < 0 || position + size > this.bytes.length) {
      throw new FlatbufferError(
        `Expected ${String(size)} bytes at ${String(position)} but found a file of ${String(this.bytes.length)}`,
      );
    }
  }

  count(values: number): void {
    this.#values += values;
    if (this.#values > MAX_VALUES) {
      throw new FlatbufferError(`Expected at most ${String(MAX_VALUES)} values but found more`);
    }
  }

  /** What the offset at `position` leads to. */
  follow(position: number): number {
    this.require(position, 4);
    return position + this.view.getUint32(position, true);
  }
}

interface Vector {
  readonly start: number;
  readonly length: number;
}

/** A table: fields are numbered as in its schema, and one that is not stored has its default. */
export class Table {
  readonly #source: Source;
  readonly #position: number;
  readonly #fields: Vector;
  /** Bytes of the fields and the offset before them. */
  readonly #bytes: number;

  constructor(source: Source, position: number) {
    source.count(1);
    source.require(position, 4);
    const fields = position - source.view.getInt32(position, true);
    source.require(fields, 4);
    const size = source.view.getUint16(fields, true);
    this.#bytes = source.view.getUint16(fields + 2, true);
    if (size < 4 || size % 2 !== 0) {
      throw new FlatbufferError(`Expected a list of fields but found one of ${String(size)} bytes`);
    }
    source.require(fields, size);
    source.require(position, this.#bytes);
    this.#source = source;
    this.#position = position;
    this.#fields = { start: fields + 4, length: size / 2 - 2 };
  }

  /** @throws {FlatbufferError} for a field stored from number `count` on: one of a newer schema, which may change others */
  requireFieldsBelow(count: number): void {
    for (let field = count; field < this.#fields.length; field++) {
      if (this.#offset(field) !== 0) {
        throw new FlatbufferError(
          `Expected options of fields below ${String(count)} but found field ${String(field)}`,
        );
      }
    }
  }

  has(field: number): boolean {
    return this.#offset(field) !== 0;
  }

  int8(field: number, otherwise = 0): number {
    const at = this.#at(field, 1);
    return at === undefined ? otherwise : this.#source.view.getInt8(at);
  }

  uint8(field: number, otherwise = 0): number {
    const at = this.#at(field, 1);
    return at === undefined ? otherwise : this.#source.view.getUint8(at);
  }

  bool(field: number, otherwise = false): boolean {
    return this.uint8(field, Number(otherwise)) !== 0;
  }

  int32(field: number, otherwise = 0): number {
    const at = this.#at(field, 4);
    return at === undefined ? otherwise : this.#source.view.getInt32(at, true);
  }

  uint32(field: number, otherwise = 0): number {
    return this.int32(field, otherwise) >>> 0;
  }

  float32(field: number, otherwise = 0): number {
    const at = this.#at(field, 4);
    return at === undefined ? otherwise : this.#source.view.getFloat32(at, true);
  }

  table(field: number): Table | undefined {
    const at = this.#at(field, 4);
    return at === undefined ? undefined : new Table(this.#source, this.#source.follow(at));
  }

  /** A text that errors can tell; empty where there is none. */
  name(field: number): string {
    const bytes = this.bytes(field);
    if (bytes.length > MAX_NAME_BYTES) {
      throw new FlatbufferError(
        `Expected a name of at most ${String(MAX_NAME_BYTES)} bytes but found ${String(bytes.length)}`,
      );
    }
    const name = utf8.decode(bytes);
    if (/\p{Cc}/u.test(name))
      throw new FlatbufferError('Expected a name without control characters');
    return name;
  }

  /** The bytes of a list of bytes or of a text, where they are in the file. */
  bytes(field: number): Uint8Array {
    const { start, length } = this.#vector(field, 1);
    return this.#source.bytes.subarray(start, start + length);
  }

  int32s(field: number): readonly number[] {
    return this.#list(field, 4, (view, at) => view.getInt32(at, true));
  }

  floats(field: number): readonly number[] {
    return this.#list(field, 4, (view, at) => view.getFloat32(at, true));
  }

  /** Integers of 64 bits, of which those beyond 2^53 lose their last digits. */
  int64s(field: number): readonly number[] {
    return this.#list(field, 8, (view, at) => Number(view.getBigInt64(at, true)));
  }

  tables(field: number): readonly Table[] {
    return this.#list(field, 4, (_view, at) => new Table(this.#source, this.#source.follow(at)));
  }

  #list<T>(field: number, size: number, read: (view: DataView, at: number) => T): readonly T[] {
    const { start, length } = this.#vector(field, size);
    this.#source.count(length);
    return Array.from({ length }, (_, i) => read(this.#source.view, start + i * size));
  }

  #vector(field: number, size: number): Vector {
    const at = this.#at(field, 4);
    if (at === undefined) return { start: 0, length: 0 };
    const position = this.#source.follow(at);
    this.#source.require(position, 4);
    const length = this.#source.view.getUint32(position, true);
    this.#source.require(position + 4, length * size);
    return { start: position + 4, length };
  }

  /** The position of a stored field. */
  #at(field: number, size: number): number | undefined {
    const offset = this.#offset(field);
    if (offset === 0) return undefined;
    if (offset < 4 || offset + size > this.#bytes) {
      throw new FlatbufferError(
        `Expected field ${String(field)} within its table but found offset ${String(offset)}`,
      );
    }
    return this.#position + offset;
  }

  #offset(field: number): number {
    if (field >= this.#fields.length) return 0;
    return this.#source.view.getUint16(this.#fields.start + 2 * field, true);
  }
}

/**
 * The root table of a file.
 *
 * @throws {FlatbufferError} for bytes that do not begin as such a file
 */
export function rootTable(bytes: Uint8Array, identifier: string): Table {
  const source = new Source(bytes);
  source.require(0, 8);
  const found = String.fromCharCode(...bytes.subarray(4, 8));
  if (found !== identifier) {
    throw new FlatbufferError(`Expected identifier ${identifier} but found another`);
  }
  return new Table(source, source.follow(0));
}
