/** PNG pixels, held to another decoder: the png crate, as WebAssembly. */

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { deflateSync } from 'node:zlib';
import * as crate from '@jsquash/png/decode.js';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { decodePng } from '../../images/decode-png.ts';
import { onWhite } from '../../images/png-pixels.ts';
import { pngChunk, pngFile } from './png-writer.ts';

const { resolve } = createRequire(import.meta.url);

beforeAll(async () => {
  const path = resolve('@jsquash/png/codec/pkg/squoosh_png_bg.wasm');
  await crate.init(new WebAssembly.Module(readFileSync(path)));
});

/** Colour type, depths and channels. */
const kinds = [
  [0, [1, 2, 4, 8, 16], 1],
  [2, [8, 16], 3],
  [3, [1, 2, 4, 8], 1],
  [4, [8, 16], 2],
  [6, [8, 16], 4],
] as const;

const ADAM7 = [
  [0, 0, 8, 8],
  [4, 0, 8, 8],
  [0, 4, 4, 8],
  [2, 0, 4, 4],
  [0, 2, 2, 4],
  [1, 0, 2, 2],
  [0, 1, 1, 2],
] as const;

interface Drawn {
  readonly kind: (typeof kinds)[number];
  readonly depth: number;
  readonly width: number;
  readonly height: number;
  readonly interlaced: boolean;
  readonly transparency: Uint8Array | undefined;
  readonly pieces: number;
  readonly seed: number;
}

/** Any bytes are rows, once each begins with one of the five filters. */
function fileOf(drawn: Drawn): Uint8Array {
  const { kind, depth, width, height, interlaced, transparency, seed, pieces } = drawn;
  const [colorType, , channels] = kind;
  const raw: number[] = [];
  let state = seed;
  const next = (): number => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    return state >>> 16;
  };
  for (const [x, y, dx, dy] of interlaced ? ADAM7 : [[0, 0, 1, 1] as const]) {
    if (x >= width || y >= height) continue;
    const bytes = Math.ceil((Math.ceil((width - x) / dx) * depth * channels) / 8);
    for (let row = y; row < height; row += dy) {
      raw.push(next() % 5);
      for (let i = 0; i < bytes; i++) raw.push(next() & 0xff);
    }
  }
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([depth, colorType, 0, 0, interlaced ? 1 : 0], 8);
  const palette = Uint8Array.from({ length: 3 << Math.min(depth, 8) }, () => next() & 0xff);
  const data = deflateSync(Uint8Array.from(raw));
  const size = Math.ceil(data.length / pieces);
  return pngFile(
    pngChunk('IHDR', header),
    ...(colorType === 3 ? [pngChunk('PLTE', palette)] : []),
    ...(transparency === undefined ? [] : [pngChunk('tRNS', transparency)]),
    ...Array.from({ length: pieces }, (_, i) =>
      pngChunk('IDAT', data.subarray(i * size, (i + 1) * size)),
    ),
  );
}

const drawn: fc.Arbitrary<Drawn> = fc.constantFrom(...kinds).chain((kind) => {
  const [colorType, depths, channels] = kind;
  const keys = { 0: 2, 2: 6, 3: 2 } as Readonly<Record<number, number>>;
  const length = keys[colorType];
  return fc.record({
    kind: fc.constant(kind),
    depth: fc.constantFrom(...depths),
    width: fc.integer({ min: 1, max: 20 * channels }),
    height: fc.integer({ min: 1, max: 20 }),
    interlaced: fc.boolean(),
    transparency:
      length === undefined
        ? fc.constant(undefined)
        : fc.option(fc.uint8Array({ minLength: length, maxLength: length, max: 3 }), {
            nil: undefined,
          }),
    pieces: fc.integer({ min: 1, max: 3 }),
    seed: fc.nat(),
  });
});

describe('PNG pixels', () => {
  it('equal those of the png crate', async () => {
    await fc.assert(
      fc.asyncProperty(drawn, async (image) => {
        const file = fileOf(image);
        const { data } = await crate.decode(Uint8Array.from(file).buffer);
        const wanted = Array.from({ length: (data.length / 4) * 3 }, (_, i) => {
          const pixel = 4 * Math.floor(i / 3);
          return onWhite(data[pixel + (i % 3)] ?? 0, data[pixel + 3] ?? 0);
        });
        expect(Array.from(decodePng(file).data)).toEqual(wanted);
      }),
      { numRuns: 400 },
    );
  });

  const sound: Drawn = {
    kind: kinds[1],
    depth: 8,
    width: 5,
    height: 4,
    interlaced: false,
    transparency: undefined,
    pieces: 1,
    seed: 7,
  };

  /** With another byte in the header's data, under a checksum that fits. */
  function withHeader(at: number, value: number): Uint8Array {
    const file = fileOf(sound);
    const header = Uint8Array.from(file.subarray(16, 29));
    header[at] = value;
    return Buffer.concat([file.subarray(0, 8), pngChunk('IHDR', header), file.subarray(33)]);
  }

  function damaged(): Uint8Array {
    const file = Uint8Array.from(fileOf(sound));
    file[45] = (file[45] ?? 0) ^ 1;
    return file;
  }

  it.each([
    ['a checksum that differs', damaged, 'the checksum of chunk IDAT differs'],
    [
      'another colour type',
      () => withHeader(9, 5),
      'known colour type and depth but found 5 and 8',
    ],
    ['another depth', () => withHeader(8, 4), 'known colour type and depth but found 2 and 4'],
    ['another interlacing', () => withHeader(12, 2), 'of the methods that the specification names'],
    ['another compression', () => withHeader(10, 1), 'of the methods that the specification names'],
  ])('refuse %s', (_name, file, text) => {
    expect(() => decodePng(file())).toThrow(text);
  });

  it('refuse an unknown filter', () => {
    const header = fileOf(sound).subarray(8, 33);
    const rows = Uint8Array.from({ length: 4 * 16 }, (_, i) => (i === 32 ? 5 : 0));
    const file = pngFile(header, pngChunk('IDAT', deflateSync(rows)));
    expect(() => decodePng(file)).toThrow('Expected a PNG filter in [0, 4] but found 5');
  });

  it('refuse a missing palette', () => {
    const file = fileOf({ ...sound, kind: kinds[2] });
    const at = Buffer.from(file).indexOf('PLTE');
    const without = Buffer.concat([file.subarray(0, at - 4), file.subarray(at + 4 + 3 * 256 + 4)]);
    expect(() => decodePng(without)).toThrow('Expected a PNG with a palette but found none');
  });

  it('take padding after the last row, and bytes after the stream', () => {
    const header = fileOf(sound).subarray(8, 33);
    const rows = new Uint8Array(4 * 16 + 1000).fill(0);
    const data = Buffer.concat([deflateSync(rows), Buffer.alloc(200_000, 1)]);
    expect(decodePng(pngFile(header, pngChunk('IDAT', data))).data).toEqual(new Uint8Array(60));
  });
});
