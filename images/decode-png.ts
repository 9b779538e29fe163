/**
 * The pixels of PNG files. A few bytes can inflate to gigabytes: pixel data is inflated piece by piece, straight into the
 * rows that the header promises, and no further.
 */

import { Unzlib } from 'fflate';
import { Bytes, ImageError } from './container.ts';
import { PngPixels } from './png-pixels.ts';
import { readChunks, readHeader, type Chunk } from './png.ts';

/** Some encoders end their pixel data with padding. */
const SLACK_BYTES = 65536;
/** Of compressed data that is inflated at once: to at most a thousand times as many. */
const PIECE_BYTES = 2 ** 12;
/** Pieces that may give nothing, as those of a stored block (64 KiB) do until the last: what follows is no pixel data. */
const MAX_IDLE = 20;

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
