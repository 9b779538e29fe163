/**
 * The chunks of a PNG file (W3C PNG specification, third edition).
 *
 * A few bytes of PNG can inflate to gigabytes. So only the chunks that pixels need reach the decoder, and the pixel
 * data is inflated once beforehand, without keeping it, against the size that the header implies.
 */

import { Readable } from 'node:stream';
import { createInflate } from 'node:zlib';
import { exifOrientation } from './exif.ts';
import { ImageError, type Bytes, type ImageInfo } from './container.ts';

const SIGNATURE_BYTES = 8;
/** Length, type and checksum around a chunk's data. */
const CHUNK_OVERHEAD = 12;
/** Some encoders end their pixel data with padding. */
const SLACK_BYTES = 65536;
/** Encoders write chunks of 8 KB and more. */
const MAX_CHUNKS = 100_000;
/** Of inflated data that is looked at in one piece. */
const PIECE_BYTES = 2 ** 20;

interface Chunk {
  readonly type: string;
  readonly start: number;
  readonly length: number;
}

function readChunks(bytes: Bytes): readonly Chunk[] {
  const chunks: Chunk[] = [];
  let at = SIGNATURE_BYTES;
  for (;;) {
    const length = bytes.uint32(at);
    const type = bytes.text(at + 4, 4);
    if (!/^[A-Za-z]{4}$/.test(type)) {
      throw new ImageError(`Expected a PNG chunk but found data at byte ${String(at)}`);
    }
    if (at + CHUNK_OVERHEAD + length > bytes.length) {
      throw new ImageError(`Expected a complete PNG but the file ends within chunk ${type}`);
    }
    chunks.push({ type, start: at, length });
    if (type === 'IEND') return chunks;
    if (chunks.length === MAX_CHUNKS) {
      throw new ImageError(`Expected a PNG of at most ${String(MAX_CHUNKS)} chunks but found more`);
    }
    at += CHUNK_OVERHEAD + length;
  }
}

export function inspectPng(bytes: Bytes): ImageInfo {
  const chunks = readChunks(bytes);
  const [header] = chunks;
  if (header?.type !== 'IHDR' || header.length !== 13) {
    throw new ImageError('Expected a PNG that begins with its header');
  }
  const body = header.start + 8;
  const exif = chunks.find((chunk) => chunk.type === 'eXIf');
  const orientation =
    exif === undefined ? 1 : exifOrientation(bytes, exif.start + 8, exif.start + 8 + exif.length);
  return { format: 'png', width: bytes.uint32(body), height: bytes.uint32(body + 4), orientation };
}

const NEEDED = new Set(['IHDR', 'PLTE', 'tRNS', 'IDAT', 'IEND']);

/** The file without metadata, once its pixel data is known to inflate to what its header says. */
export async function sanitizePng(bytes: Bytes): Promise<Uint8Array> {
  const chunks = readChunks(bytes).filter((chunk) => NEEDED.has(chunk.type));
  await checkPixelData(bytes, chunks);
  const parts = chunks.map(({ start, length }) =>
    bytes.data.subarray(start, start + CHUNK_OVERHEAD + length),
  );
  return Buffer.concat([bytes.data.subarray(0, SIGNATURE_BYTES), ...parts]);
}

async function checkPixelData(bytes: Bytes, chunks: readonly Chunk[]): Promise<void> {
  const expected = pixelBytes(bytes);
  const compressed = chunks
    .filter(({ type }) => type === 'IDAT')
    .map(({ start, length }) => bytes.data.subarray(start + 8, start + 8 + length));
  const inflate = createInflate({ chunkSize: PIECE_BYTES });
  let found = 0;
  try {
    for await (const part of Readable.from(compressed).pipe(inflate)) {
      found += (part as Uint8Array).length;
      if (found > expected + SLACK_BYTES) break;
    }
  } catch {
    throw new ImageError('Expected intact PNG pixel data but it does not inflate');
  } finally {
    inflate.destroy();
  }
  if (found < expected || found > expected + SLACK_BYTES) {
    throw new ImageError(
      `Expected PNG pixel data of ${String(expected)} bytes but found ${found < expected ? String(found) : 'more'}`,
    );
  }
}

const CHANNELS: Readonly<Record<number, number>> = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 };

/** Bytes of all filtered rows, for plain and interlaced images. */
function pixelBytes(bytes: Bytes): number {
  const body = SIGNATURE_BYTES + 8;
  const width = bytes.uint32(body);
  const height = bytes.uint32(body + 4);
  const depth = bytes.uint8(body + 8);
  const channels = CHANNELS[bytes.uint8(body + 9)];
  if (channels === undefined) throw new ImageError('Expected a PNG of a known colour type');
  const rows = (w: number, h: number): number =>
    w === 0 ? 0 : h * (1 + Math.ceil((w * depth * channels) / 8));
  if (bytes.uint8(body + 12) === 0) return rows(width, height);
  return ADAM7.reduce(
    (sum, [x, y, dx, dy]) => sum + rows(Math.ceil((width - x) / dx), Math.ceil((height - y) / dy)),
    0,
  );
}

/** First column and row, and their distances, of the seven passes of an interlaced image. */
const ADAM7 = [
  [0, 0, 8, 8],
  [4, 0, 8, 8],
  [0, 4, 4, 8],
  [2, 0, 4, 4],
  [0, 2, 2, 4],
  [1, 0, 2, 2],
  [0, 1, 1, 2],
] as const;
