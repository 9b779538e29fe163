/** PNG files (W3C PNG specification, third edition): their chunks, of which only those are read that pixels need. */

import { Bytes, ImageError, type ImageInfo } from './container.ts';
import { exifOrientation } from './exif.ts';
import type { PngHeader } from './png-pixels.ts';

const SIGNATURE_BYTES = 8;
/** Length, type and checksum around a chunk's data. */
const CHUNK_OVERHEAD = 12;
/** Encoders write chunks of 8 KB and more. */
const MAX_CHUNKS = 100_000;
const HEADER_BYTES = 13;

export interface Chunk {
  readonly type: string;
  /** Of its data. */
  readonly start: number;
  readonly end: number;
}

/** Of whatever else there may be a hundred thousand. */
const NEEDED = new Set(['IHDR', 'PLTE', 'tRNS', 'IDAT', 'eXIf']);

/** The first chunk, whatever it is, and those that are needed. */
export function readChunks(bytes: Bytes): readonly Chunk[] {
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

export function readHeader(bytes: Bytes, chunks: readonly Chunk[]): PngHeader {
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
