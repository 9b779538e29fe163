/** Writes PNG files of any kind, sound and unsound, for tests. */

import { crc32, deflateSync } from 'node:zlib';

export interface PngOptions {
  readonly width: number;
  readonly height: number;
  readonly depth: number;
  /** 0 grey, 2 RGB, 3 palette, 4 grey and alpha, 6 RGB and alpha. */
  readonly colorType: number;
  /** Rows without filter bytes; big-endian samples. */
  readonly rows: readonly (readonly number[])[];
  readonly palette?: readonly number[];
  readonly extra?: readonly Uint8Array[];
}

const SIGNATURE = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a);

export function pngChunk(type: string, data: Uint8Array): Uint8Array {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const chunk = Buffer.alloc(body.length + 8);
  chunk.writeUInt32BE(data.length, 0);
  body.copy(chunk, 4);
  chunk.writeUInt32BE(crc32(body), body.length + 4);
  return chunk;
}

export function pngHeader(
  width: number,
  height: number,
  depth: number,
  colorType: number,
): Uint8Array {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([depth, colorType, 0, 0, 0], 8);
  return pngChunk('IHDR', header);
}

export function pngFile(...chunks: readonly Uint8Array[]): Uint8Array {
  return Buffer.concat([SIGNATURE, ...chunks, pngChunk('IEND', new Uint8Array(0))]);
}

export function encodePng(options: PngOptions): Uint8Array {
  const { width, height, depth, colorType, rows, palette, extra = [] } = options;
  const raw = deflateSync(Uint8Array.from(rows.flatMap((row) => [0, ...row])));
  return pngFile(
    pngHeader(width, height, depth, colorType),
    ...extra,
    ...(palette === undefined ? [] : [pngChunk('PLTE', Uint8Array.from(palette))]),
    pngChunk('IDAT', raw),
  );
}
