/**
 * Protocol buffers (protobuf.dev/programming-guides/encoding) out of untrusted bytes.
 *
 * pbf reads the single values; what it takes on trust is checked here: lengths, wire types, the ends of messages, and
 * how many values there are, since a few megabytes of empty messages would become gigabytes of objects.
 */

import { PbfReader } from 'pbf';

const VARINT = 0;
const FIXED64 = 1;
const LENGTH_DELIMITED = 2;
const FIXED32 = 5;
const WIRE_TYPES = [VARINT, FIXED64, LENGTH_DELIMITED, FIXED32];

/** Fields and integers of a whole file; a MobileNetV2 has about 10,000. */
const MAX_VALUES = 500_000;
/** Integers in one list; lists are shapes and axes. */
export const MAX_INTEGERS = 1024;
/** Bytes of a name, so that a text which tells it stays readable. */
const MAX_NAME_BYTES = 1024;

const utf8 = new TextDecoder('utf-8', { fatal: true });

/** Reads one message after the other. Every method but `fields` reads the value of the field that `fields` is at. */
export class ProtobufReader {
  readonly #pbf: PbfReader;
  #end: number;
  #values = 0;

  constructor(bytes: Uint8Array) {
    this.#pbf = new PbfReader(bytes);
    this.#end = bytes.length;
  }

  /**
   * Calls `read` with the number of each field of the message; a field that it does not read is skipped.
   *
   * @throws {RangeError} for bytes that are no message
   */
  fields(read: (field: number) => void): void {
    const pbf = this.#pbf;
    const end = this.#end;
    while (pbf.pos < end) {
      this.#count();
      const field = pbf.nextField(end);
      if (field === 0) throw new RangeError('Expected a field number greater than 0 but found 0');
      if (!WIRE_TYPES.includes(pbf.type)) {
        throw new RangeError(`Expected a field of a known type but found ${String(pbf.type)}`);
      }
      const start = pbf.pos;
      if (pbf.type === LENGTH_DELIMITED) this.#checkLength(end);
      read(field);
      if (pbf.pos === start) pbf.skip(pbf.type);
      if (!(pbf.pos <= end)) throw new RangeError('Expected a field to end with its message');
    }
  }

  /** An embedded message, which `read` reads with `fields`. */
  message<T>(read: (reader: this) => T): T {
    const outer = this.#end;
    this.#end = this.#openLength();
    const value = read(this);
    this.#pbf.pos = this.#end;
    this.#end = outer;
    return value;
  }

  bytes(): Uint8Array {
    this.#require(LENGTH_DELIMITED);
    return this.#pbf.readBytes();
  }

  text(): string {
    this.#require(LENGTH_DELIMITED);
    return this.#pbf.readString();
  }

  /** A text that errors can tell. */
  name(): string {
    const bytes = this.bytes();
    if (bytes.length > MAX_NAME_BYTES) {
      throw new RangeError(
        `Expected a name of at most ${String(MAX_NAME_BYTES)} bytes but found ${String(bytes.length)}`,
      );
    }
    const name = utf8.decode(bytes);
    if (/\p{Cc}/u.test(name)) throw new RangeError('Expected a name without control characters');
    return name;
  }

  integer(): number {
    this.#require(VARINT);
    return this.#pbf.readVarint(true);
  }

  float(): number {
    this.#require(FIXED32);
    return this.#pbf.readFloat();
  }

  /** The bytes of repeated floats, packed or one alone: four each, little-endian. */
  floatBytes(): Uint8Array {
    if (this.#pbf.type === LENGTH_DELIMITED) return this.bytes();
    this.#require(FIXED32);
    const { buf, pos } = this.#pbf;
    this.#pbf.pos += 4;
    return buf.subarray(pos, pos + 4);
  }

  /** Appends repeated integers, packed or one alone. */
  integers(list: number[]): void {
    const packed = this.#pbf.type !== VARINT;
    const end = packed ? this.#openLength() : this.#pbf.pos + 1;
    while (this.#pbf.pos < end) {
      this.#count();
      list.push(this.#pbf.readVarint(true));
      if (list.length > MAX_INTEGERS) {
        throw new RangeError(`Expected at most ${String(MAX_INTEGERS)} integers but found more`);
      }
    }
    if (packed && this.#pbf.pos !== end) {
      throw new RangeError('Expected integers to end with their list');
    }
  }

  #count(): void {
    this.#values += 1;
    if (this.#values > MAX_VALUES) {
      throw new RangeError(`Expected at most ${String(MAX_VALUES)} values but found more`);
    }
  }

  #require(wanted: number): void {
    if (this.#pbf.type !== wanted) {
      throw new RangeError(
        `Expected a field of wire type ${String(wanted)} but found ${String(this.#pbf.type)}`,
      );
    }
  }

  /** Reads a length, which `fields` has checked; returns where the value ends. */
  #openLength(): number {
    this.#require(LENGTH_DELIMITED);
    const length = this.#pbf.readVarint();
    return this.#pbf.pos + length;
  }

  /** pbf itself reads beyond the end of a truncated file as if there were zeros. */
  #checkLength(end: number): void {
    const pbf = this.#pbf;
    const start = pbf.pos;
    const length = pbf.readVarint();
    if (!(pbf.pos + length <= end)) {
      throw new RangeError(`Expected ${String(length)} bytes of a field but found the end`);
    }
    pbf.pos = start;
  }
}
