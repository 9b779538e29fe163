/**
 * PNG files (W3C PNG specification, third edition).
 *
 * A few bytes of PNG can inflate to gigabytes: so only the chunks that pixels need are read, and pixel data is inflated
 * piece by piece, straight into the rows that the header promises, and no further.
 */

import { Unzlib } from 'fflate';
import { Bytes, ImageError, type ImageInfo } from './container.ts';
import { exifOrientation } from './exif.ts';
import { PngPixels, type PngHeader } from './png-pixels.ts';

const SIGNATURE_BYTES = 8;
/** Length, type and checksum around a chunk's data. */
const CHUNK_OVERHEAD = 12;
/** Some encoders end their pixel data with padding. */
const SLACK_BYTES = 65536;
/** Encoders write chunks of 8 KB and more. */
const MAX_CHUNKS = 100_000;
/** Of compressed data that is inflated at once: to at most a thousand times as many. */
const PIECE_BYTES = 2 ** 12;
/** Pieces that may give nothing, as those of a stored block (64 KiB) do until the last: what follows is no pixel data. */
const MAX_IDLE = 20;
const HEADER_BYTES = 13;

interface Chunk {
  readonly type: string;
  /** Of its data. */
  readonly start: number;
  readonly end: number;
}

/** Of whatever else there may be a hundred thousand. */
const NEEDED = new Set(['IHDR', 'PLTE', 'tRNS', 'IDAT', 'eXIf']);

/** The first chunk, whatever it is, and those that are needed. */
function readChunks(bytes: Bytes): readonly Chunk[] {
  const chunks: Chunk[] = [];
  let at = SIGNATURE_BYTES;
  for (let count = 1; ; count++) {
    const length = bytes.uint32(at);
    const type = bytes.text(at + 4, 4);
    if (!/^[A-Za-z]{4}$/.test(type)) {
      throw new ImageError(`Expected a PNG chunk but found data at byte ${String(at)}`);
    }
    if (at + CHUNK_OVERHEAD + length > bytes.length) {
      throw new ImageError(`Expected a complete PNG but the file ends within chunk ${type}`);
    }
    if (count === 1 || NEEDED.has(type)) {
      chunks.push({ type, start: at + 8, end: at + 8 + length });
    }
    if (type === 'IEND') return chunks;
    if (count === MAX_CHUNKS) {
      throw new ImageError(`Expected a PNG of at most ${String(MAX_CHUNKS)} chunks but found more`);
    }
    at += CHUNK_OVERHEAD + length;
  }
}

function readHeader(bytes: Bytes, chunks: readonly Chunk[]): PngHeader {
  const [header] = chunks;
  if (header?.type !== 'IHDR' || header.end - header.start !== HEADER_BYTES) {
    throw new ImageError('Expected a PNG that begins with its header');
  }
  const { start } = header;
  const [compression, filter, interlace] = [10, 11, 12].map((at) => bytes.uint8(start + at));
  if (compression !== 0 || filter !== 0 || (interlace ?? 0) > 1) {
    throw new ImageError('Expected a PNG of the methods that the specification names');
  }
  return {
    width: bytes.uint32(start),
    height: bytes.uint32(start + 4),
    depth: bytes.uint8(start + 8),
    colorType: bytes.uint8(start + 9),
    interlaced: interlace === 1,
  };
}

export function inspectPng(bytes: Bytes): ImageInfo {
  const chunks = readChunks(bytes);
  const { width, height } = readHeader(bytes, chunks);
  const exif = chunks.find(({ type }) => type === 'eXIf');
  const orientation = exif === undefined ? 1 : exifOrientation(bytes, exif.start, exif.end);
  return { format: 'png', width, height, orientation, buffered: false };
}

/**
 * The pixels, composited on white, of an image whose size is known to be within limits.
 *
 * @throws {ImageError} for data that is not what the header says
 */
export function decodePng(data: Uint8Array): {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
} {
  const bytes = new Bytes(data);
  const chunks = readChunks(bytes);
  const header = readHeader(bytes, chunks);
  const dataOf = (name: string): Uint8Array | undefined => {
    const chunk = chunks.find(({ type }) => type === name);
    if (chunk === undefined) return undefined;
    checkSum(bytes, chunk);
    return data.subarray(chunk.start, chunk.end);
  };
  dataOf('IHDR');
  const palette = dataOf('PLTE') ?? new Uint8Array(0);
  const pixels = new PngPixels(header, { palette, transparency: dataOf('tRNS') });
  const parts = chunks.filter(({ type }) => type === 'IDAT');
  for (const part of parts) checkSum(bytes, part);
  inflateInto(pixels, joined(data, parts));
  return { width: header.width, height: header.height, data: pixels.rgb };
}

/** The data of chunks in one piece; a copy only where there are several. */
function joined(data: Uint8Array, chunks: readonly Chunk[]): Uint8Array {
  const [only] = chunks;
  if (only !== undefined && chunks.length === 1) return data.subarray(only.start, only.end);
  const whole = new Uint8Array(chunks.reduce((sum, { start, end }) => sum + end - start, 0));
  let at = 0;
  for (const { start, end } of chunks) {
    whole.set(data.subarray(start, end), at);
    at += end - start;
  }
  return whole;
}

function inflateInto(pixels: PngPixels, compressed: Uint8Array): void {
  const expected = pixels.bytes;
  let found = 0;
  let idle = 0;
  const inflate = new Unzlib((part) => {
    found += part.length;
    idle = part.length === 0 ? idle + 1 : 0;
    pixels.push(part);
  });
  try {
    for (let at = 0; at < compressed.length; at += PIECE_BYTES) {
      if (found > expected + SLACK_BYTES || idle > MAX_IDLE) break;
      const end = at + PIECE_BYTES;
      inflate.push(compressed.subarray(at, end), end >= compressed.length);
    }
  } catch (error) {
    if (error instanceof ImageError) throw error;
    throw new ImageError('Expected intact PNG pixel data but it does not inflate');
  }
  if (!pixels.complete || found > expected + SLACK_BYTES) {
    throw new ImageError(
      `Expected PNG pixel data of ${String(expected)} bytes but found ${found < expected ? String(found) : 'more'}`,
    );
  }
}

/** @throws {ImageError} for a chunk that was damaged on its way */
function checkSum(bytes: Bytes, { type, start, end }: Chunk): void {
  if (crc32(bytes.data.subarray(start - 4, end)) !== bytes.uint32(end)) {
    throw new ImageError(`Expected an intact PNG but the checksum of chunk ${type} differs`);
  }
}

/** CRC-32 as chunks end with it (annex D of the specification). */
export function crc32(data: Uint8Array): number {
  let crc = -1;
  for (const byte of data) crc = (CRC_TABLE[(crc ^ byte) & 0xff] ?? 0) ^ (crc >>> 8);
  return ~crc >>> 0;
}

/** CRC-32 of each byte (annex D of the specification). */
const CRC_TABLE = Int32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = (crc & 1) === 0 ? crc >>> 1 : (crc >>> 1) ^ 0xedb88320;
  return crc;
});
