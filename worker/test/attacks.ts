/** Images that are none, lie, or were made to exhaust memory or time; each with the status that answers it. */

import { constants, deflateRawSync, deflateSync } from 'node:zlib';
import { pngChunk, pngFile, pngHeader } from '../../tools/test/png-writer.ts';
import { encodeJpeg, encodeWebp, turned } from './images.ts';
import { photos } from './node.ts';

export interface Attack {
  readonly name: string;
  readonly status: 200 | 413 | 415 | 422;
  readonly file: Uint8Array;
}

/** A zlib stream of that many megabytes of zeros, without ever having them: one block, again and again. */
function zeros(megabytes: number): Uint8Array {
  const block = deflateRawSync(Buffer.alloc(2 ** 20), { finishFlush: constants.Z_FULL_FLUSH });
  const end = deflateRawSync(Buffer.alloc(0));
  return Buffer.concat([
    Uint8Array.of(0x78, 0x9c),
    ...Array.from({ length: megabytes }, () => block),
    end,
    Buffer.alloc(4),
  ]);
}

const png = (
  width: number,
  height: number,
  depth: number,
  type: number,
  data: Uint8Array,
): Uint8Array => pngFile(pngHeader(width, height, depth, type), pngChunk('IDAT', data));

const latin1 = (text: string): Uint8Array => Buffer.from(text, 'latin1');

function edited(file: Uint8Array, edit: (bytes: Buffer) => void): Uint8Array {
  const bytes = Buffer.from(file);
  edit(bytes);
  return bytes;
}

/** Where the frame of a JPEG says its precision; height, width and components follow. */
function frameOf(jpeg: Uint8Array): number {
  return jpeg.findIndex((byte, i) => byte === 0xff && [0xc0, 0xc2].includes(jpeg[i + 1] ?? 0)) + 4;
}

const END_OF_IMAGE = Uint8Array.of(0xff, 0xd9);

export async function attacks(): Promise<readonly Attack[]> {
  const [photo = new Uint8Array(0)] = photos;
  const jpeg = await encodeJpeg(200, 150);
  const webp = await encodeWebp(200, 150);
  const progressive = await encodeJpeg(1999, 1999, { progressive: true, chroma_subsample: 1 });
  const large = (width: number, height: number): Uint8Array =>
    edited(jpeg, (bytes) => {
      const at = frameOf(jpeg);
      bytes.writeUInt16BE(height, at + 1);
      bytes.writeUInt16BE(width, at + 3);
    });
  const scan = Uint8Array.of(0xff, 0xda, 0, 8, 1, 1, 0, 0, 63, 0);
  const profile = Buffer.concat([latin1('icc\0\0'), zeros(1024)]);
  const sound = deflateSync(Uint8Array.of(0, 1, 2, 3));
  return [
    { name: 'a PNG that inflates to 600 MB', status: 422, file: png(64, 64, 8, 0, zeros(600)) },
    {
      name: 'a profile that inflates to 1 GB',
      status: 200,
      file: pngFile(pngHeader(1, 1, 8, 2), pngChunk('iCCP', profile), pngChunk('IDAT', sound)),
    },
    {
      name: 'a text that inflates to 1 GB',
      status: 200,
      file: pngFile(
        pngHeader(1, 1, 8, 2),
        pngChunk('zTXt', Buffer.concat([latin1('a\0\0'), zeros(1024)])),
        pngChunk('IDAT', sound),
      ),
    },
    {
      name: 'a real PNG of 30000 x 30000 bits',
      status: 413,
      file: png(30_000, 30_000, 1, 0, zeros(108)),
    },
    { name: 'a PNG that says 30000 x 30000', status: 413, file: png(30_000, 30_000, 8, 2, sound) },
    { name: 'a PNG that says 2^31 x 2^31', status: 413, file: png(2 ** 31, 2 ** 31, 8, 2, sound) },
    { name: 'a PNG without pixels', status: 422, file: png(0, 0, 8, 2, sound) },
    { name: 'a PNG whose data ends early', status: 422, file: png(1000, 1000, 8, 2, sound) },
    {
      name: 'a PNG of empty blocks without end',
      status: 422,
      file: png(
        1000,
        1000,
        8,
        2,
        Buffer.concat([Uint8Array.of(0x78, 0x9c), Buffer.alloc(3_000_000, '000000ffff', 'hex')]),
      ),
    },
    {
      name: 'a PNG of bytes after its stream',
      status: 200,
      file: png(1, 1, 8, 2, Buffer.concat([sound, Buffer.alloc(3_000_000, 7)])),
    },
    {
      name: 'a PNG of a million chunks',
      status: 422,
      file: pngFile(
        pngHeader(1, 1, 8, 2),
        Buffer.concat(Array.from({ length: 200_000 }, () => pngChunk('tEXt', new Uint8Array(0)))),
        pngChunk('IDAT', sound),
      ),
    },
    {
      name: 'a PNG whose chunk says 4 GB',
      status: 422,
      file: edited(png(1, 1, 8, 2, sound), (bytes) => bytes.writeUInt32BE(0xffffffff, 33)),
    },
    {
      name: 'an interlaced PNG of one column',
      status: 422,
      file: edited(png(1, 60_000, 16, 6, sound), (bytes) => bytes.writeUInt8(1, 28)),
    },
    { name: 'half a photo', status: 422, file: photo.subarray(0, photo.length / 2) },
    {
      name: 'half a photo that was given an end',
      status: 422,
      file: Buffer.concat([photo.subarray(0, photo.length / 2), END_OF_IMAGE]),
    },
    { name: 'a JPEG that says 65500 x 65500', status: 413, file: large(65_500, 65_500) },
    { name: 'a JPEG that says more than it has', status: 422, file: large(2000, 1500) },
    { name: 'a JPEG that says less than it has', status: 200, file: large(190, 140) },
    { name: 'a JPEG without height', status: 422, file: large(200, 0) },
    {
      name: 'a JPEG of 12 bits',
      status: 422,
      file: edited(jpeg, (bytes) => bytes.writeUInt8(12, frameOf(jpeg))),
    },
    {
      name: 'a JPEG of four components',
      status: 422,
      file: edited(jpeg, (bytes) => bytes.writeUInt8(4, frameOf(jpeg) + 5)),
    },
    {
      name: 'a JPEG with impossible sampling',
      status: 422,
      file: edited(jpeg, (bytes) => bytes.writeUInt8(0xff, frameOf(jpeg) + 7)),
    },
    {
      name: 'a JPEG of a hundred scans more',
      status: 422,
      file: Buffer.concat([
        jpeg.subarray(0, -2),
        ...Array.from({ length: 200 }, () => scan),
        END_OF_IMAGE,
      ]),
    },
    { name: 'the largest progressive JPEG, turned', status: 200, file: turned(progressive, 6) },
    {
      name: 'a JPEG with EXIF data that leads out of it',
      status: 200,
      file: edited(turned(jpeg, 6), (bytes) => bytes.writeUInt32BE(0xffffff00, 16)),
    },
    {
      name: 'a JPEG with megabytes of zeros after it',
      status: 200,
      file: Buffer.concat([jpeg, Buffer.alloc(5_000_000)]),
    },
    {
      name: 'a JPEG whose every byte is a marker',
      status: 422,
      file: Buffer.concat([Uint8Array.of(0xff, 0xd8), Buffer.alloc(5_000_000, 0xff)]),
    },
    {
      name: 'a WebP that says 16383 x 16383',
      status: 413,
      file: edited(webp, (bytes) => bytes.writeUInt32LE(0x3fff3fff, 26)),
    },
    {
      name: 'a WebP that says more than it has',
      status: 422,
      file: edited(webp, (bytes) => bytes.writeUInt16LE(1900, 26)),
    },
    { name: 'half a WebP', status: 422, file: webp.subarray(0, webp.length / 2) },
    {
      name: 'a WebP without its second half',
      status: 422,
      file: edited(webp.subarray(0, webp.length / 2), (bytes) =>
        bytes.writeUInt32LE(bytes.length - 8, 4),
      ),
    },
    {
      name: 'an animation',
      status: 422,
      file: latin1(`RIFF\x16\0\0\0WEBPVP8X\x0a\0\0\0\x02\0\0\0\x10\0\0\x10\0\0`),
    },
    { name: 'a GIF', status: 415, file: latin1('GIF89a\x01\0\x01\0\0\0\0;') },
    { name: 'an SVG', status: 415, file: latin1('<svg xmlns="http://www.w3.org/2000/svg"/>') },
    { name: 'an AVIF', status: 415, file: latin1('\0\0\0\x1cftypavif\0\0\0\0') },
    { name: 'a page', status: 415, file: latin1('<!doctype html><script>alert(1)</script>') },
    { name: 'one byte', status: 415, file: Uint8Array.of(0xff) },
    { name: 'the start of a JPEG', status: 422, file: Uint8Array.of(0xff, 0xd8, 0xff) },
    { name: 'the start of a PNG', status: 422, file: photoStart() },
    { name: 'the start of a WebP', status: 422, file: latin1('RIFF\0\0\0\0WEBP') },
  ];
}

function photoStart(): Uint8Array {
  return pngFile().subarray(0, 8);
}

/** A photo with damaged data, which decoders notice or not. */
export function damagedPhoto(photo: Uint8Array, seed: number): Uint8Array {
  const bytes = Uint8Array.from(photo);
  let state = seed + 1;
  for (let i = 0; i < 40; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    bytes[600 + (state % (bytes.length - 602))] = state >>> 24;
  }
  return bytes;
}
