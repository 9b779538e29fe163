/**
 * The `.golden` file: one record in MessagePack.
 *
 * `{ format: 'plumbline golden', version: 1, sha256, record }`, where `record` is the MessagePack of the record as
 * bytes and `sha256` their digest, so that a damaged file is told from a different result. Output elements are
 * little-endian bytes; the digests of an input's tensors are one byte string, in the order of `layers`.
 */

import { createHash } from 'node:crypto';
import * as z from 'zod';
import { elementCount, elementTypes, type TensorData } from '../reference/index.ts';
import { FileError, issueOf, messageOf } from '../tools/errors.ts';
import { pack, unpack } from '../tools/formats/message-pack.ts';
import { bytesOf, DIGEST_BYTES, type GoldenEntry, type GoldenRecord } from './record.ts';

const FORMAT = 'plumbline golden';
const VERSION = 1;

const bytes = z.custom<Uint8Array>((value) => value instanceof Uint8Array, 'expected bytes');
const fullDigest = bytes.refine((value) => value.length === 32, 'expected 32 bytes');

const envelope = z.object({
  format: z.string(),
  version: z.number(),
  sha256: z.unknown(),
  record: z.unknown(),
});

const storedRecord = z.strictObject({
  graph: fullDigest,
  precision: z.enum(['float32', 'int8', 'int16']),
  outputs: z.array(
    z.strictObject({
      name: z.string(),
      type: z.enum(['float32', 'int8', 'int16', 'uint8', 'int32', 'int64']),
      shape: z.array(z.int().min(0)),
    }),
  ),
  layers: z.array(z.string()),
  entries: z.array(
    z.strictObject({
      input: z.string(),
      sha256: fullDigest,
      outputs: z.array(bytes),
      digests: bytes,
    }),
  ),
});

type StoredRecord = z.infer<typeof storedRecord>;

/** The bytes of a record's file; the same record gives the same bytes. */
export function encodeGolden(record: GoldenRecord): Uint8Array {
  const body = pack({
    graph: Buffer.from(record.graph, 'hex'),
    precision: record.precision,
    outputs: record.outputs.map(({ name, type, shape }) => ({ name, type, shape })),
    layers: record.layers,
    entries: record.entries.map(({ input, sha256, outputs, digests }) => ({
      input,
      sha256: Buffer.from(sha256, 'hex'),
      outputs: outputs.map(bytesOf),
      digests: Buffer.from(
        record.layers.map((layer) => digests.get(layer) ?? missing(input, layer)).join(''),
        'hex',
      ),
    })),
  });
  return pack({ format: FORMAT, version: VERSION, sha256: digest(body), record: body });
}

/**
 * The record in a file's bytes. `file` names it in errors.
 *
 * @throws {FileError} for bytes that are no intact golden file
 */
export function decodeGolden(file: string, data: Uint8Array): GoldenRecord {
  const outer = parse(file, envelope, unpackFile(file, data));
  if (outer.format !== FORMAT) {
    throw new FileError(file, `Expected a golden file but found format "${outer.format}"`);
  }
  if (outer.version !== VERSION) {
    throw new FileError(
      file,
      `Expected version ${String(VERSION)} but found ${String(outer.version)}`,
    );
  }
  const { sha256, record: body } = outer;
  if (!(sha256 instanceof Uint8Array) || !(body instanceof Uint8Array)) {
    throw new FileError(file, 'Expected a digest and a record but found neither or one');
  }
  if (Buffer.compare(digest(body), sha256) !== 0) {
    throw new FileError(file, 'Expected contents that match their digest, but the file is damaged');
  }
  const stored = parse(file, storedRecord, unpackFile(file, body));
  return {
    ...stored,
    graph: Buffer.from(stored.graph).toString('hex'),
    entries: stored.entries.map((entry) => loadEntry(file, stored, entry)),
  };
}

function loadEntry(
  file: string,
  { outputs, layers }: StoredRecord,
  entry: StoredRecord['entries'][number],
): GoldenEntry {
  const place = `Input "${entry.input}"`;
  if (entry.outputs.length !== outputs.length) {
    throw new FileError(
      file,
      `${place}: Expected ${String(outputs.length)} outputs but found ${String(entry.outputs.length)}`,
    );
  }
  if (entry.digests.length !== layers.length * DIGEST_BYTES) {
    throw new FileError(
      file,
      `${place}: Expected ${String(layers.length * DIGEST_BYTES)} bytes of digests but found ${String(entry.digests.length)}`,
    );
  }
  const digits = Buffer.from(entry.digests).toString('hex');
  return {
    input: entry.input,
    sha256: Buffer.from(entry.sha256).toString('hex'),
    outputs: outputs.map((output, i) => loadOutput(file, place, output, entry.outputs[i])),
    digests: new Map(
      layers.map((layer, i) => [
        layer,
        digits.slice(2 * DIGEST_BYTES * i, 2 * DIGEST_BYTES * (i + 1)),
      ]),
    ),
  };
}

function loadOutput(
  file: string,
  place: string,
  { name, type, shape }: StoredRecord['outputs'][number],
  data: Uint8Array = new Uint8Array(),
): TensorData {
  const { bytes: size, view } = elementTypes[type];
  const wanted = elementCount(shape) * size;
  if (data.length !== wanted) {
    throw new FileError(
      file,
      `${place}: Expected ${String(wanted)} bytes of output "${name}" but found ${String(data.length)}`,
    );
  }
  return view(Uint8Array.from(data).buffer, 0, data.length / size);
}

function unpackFile(file: string, data: Uint8Array): unknown {
  try {
    return unpack(data);
  } catch (error) {
    throw new FileError(file, `Expected a golden file. ${messageOf(error)}`, { cause: error });
  }
}

function parse<T>(file: string, schema: z.ZodType<T>, value: unknown): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw new FileError(file, `Expected a golden file. ${issueOf(result.error)}`);
}

function missing(input: string, layer: string): never {
  throw new Error(`Expected a digest of layer "${layer}" for input "${input}"`);
}

function digest(data: Uint8Array): Uint8Array {
  return createHash('sha256').update(data).digest();
}
