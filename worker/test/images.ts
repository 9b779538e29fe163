/** Images of every format and form, for tests; made by the encoders of the packages whose decoders are used. */

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import mozjpeg from '@jsquash/jpeg/codec/enc/mozjpeg_enc.js';
import { defaultOptions as jpegDefaults } from '@jsquash/jpeg/meta.js';
import webp from '@jsquash/webp/codec/enc/webp_enc.js';
import { defaultOptions as webpDefaults } from '@jsquash/webp/meta.js';
import { resize } from '../../reference/index.ts';
import { decodeImage } from '../../tools/images/decode.ts';
import { encodePng } from '../../tools/test/png-writer.ts';
import { photos } from './node.ts';

type Encode<T> = (pixels: Uint8Array, width: number, height: number, options: T) => Uint8Array;

const { resolve } = createRequire(import.meta.url);

function instantiate(path: string) {
  const module = new WebAssembly.Module(readFileSync(resolve(path)));
  return {
    noInitialRun: true,
    locateFile: () => '',
    instantiateWasm: (
      imports: WebAssembly.Imports,
      callback: (instance: WebAssembly.Instance) => void,
    ): WebAssembly.Exports => {
      const instance = new WebAssembly.Instance(module, imports);
      callback(instance);
      return instance.exports;
    },
  };
}

type Factory<T> = (options: object) => Promise<{ readonly encode: Encode<T> }>;

/** Interleaved RGBA with structure at all scales. */
export function rgba(width: number, height: number, alpha = 255): Uint8Array {
  const data = new Uint8Array(width * height * 4);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const at = 4 * (y * width + x);
      data[at] = (x * 3 + ((x * y) >> 3)) & 255;
      data[at + 1] = (y * 5 + ((x ^ y) & 31)) & 255;
      data[at + 2] = (x + y * 2 + ((x * 7) & 15)) & 255;
      data[at + 3] = alpha === 255 ? 255 : (alpha + x) & 255;
    }
  }
  return data;
}

export async function encodeJpeg(
  width: number,
  height: number,
  options: Readonly<Record<string, number | boolean>> = {},
): Promise<Uint8Array> {
  return encodePixels(rgba(width, height), width, height, options);
}

/** A photograph at that size, whatever its proportions, as cameras encode it: baseline, of quality 85. */
export async function photoJpeg(width: number, height: number): Promise<Uint8Array> {
  const { data } = resize(await decodeImage(photos[0] ?? new Uint8Array(0)), width, height);
  const pixels = new Uint8Array(4 * width * height);
  for (let i = 0; i < width * height; i++) {
    pixels.set(data.subarray(3 * i, 3 * i + 3), 4 * i);
  }
  return encodePixels(pixels, width, height, { quality: 85, progressive: false, baseline: true });
}

async function encodePixels(
  pixels: Uint8Array,
  width: number,
  height: number,
  options: Readonly<Record<string, number | boolean>>,
): Promise<Uint8Array> {
  const factory: Factory<object> = mozjpeg as never;
  const { encode } = await factory(instantiate('@jsquash/jpeg/codec/enc/mozjpeg_enc.wasm'));
  return Uint8Array.from(encode(pixels, width, height, { ...jpegDefaults, ...options }));
}

export async function encodeWebp(
  width: number,
  height: number,
  options: Readonly<Record<string, number | boolean>> = {},
  alpha = 255,
): Promise<Uint8Array> {
  const factory: Factory<object> = webp as never;
  const { encode } = await factory(instantiate('@jsquash/webp/codec/enc/webp_enc.wasm'));
  const pixels = rgba(width, height, alpha);
  return Uint8Array.from(encode(pixels, width, height, { ...webpDefaults, ...options }));
}

export function encodeAsPng(
  width: number,
  height: number,
  colorType: 2 | 6,
  depth: 8 | 16,
): Uint8Array {
  const pixels = rgba(width, height, colorType === 6 ? 100 : 255);
  const channels = colorType === 6 ? 4 : 3;
  const rows = Array.from({ length: height }, (_, y) =>
    Array.from({ length: width * channels * (depth / 8) }, (_value, i) => {
      const sample = Math.floor(i / (depth / 8));
      return pixels[4 * (y * width + Math.floor(sample / channels)) + (sample % channels)] ?? 0;
    }),
  );
  return encodePng({ width, height, depth, colorType, rows });
}

/** A JPEG with an EXIF orientation. */
export function turned(jpeg: Uint8Array, orientation: number): Uint8Array {
  // APP1, a TIFF header, one directory of one entry: tag 0x112, a short.
  const head = 'ffe1002245786966 0000 4d4d002a00000008 0001 0112000300000001';
  const text = `${head} 000${String(orientation)}0000 00000000`.replaceAll(' ', '');
  const exif = Buffer.from(text, 'hex');
  return Buffer.concat([jpeg.subarray(0, 2), exif, jpeg.subarray(2)]);
}

/** Names and files of sound images. */
export async function images(): Promise<readonly (readonly [string, Uint8Array])[]> {
  const baseline = await encodeJpeg(317, 211, { progressive: false, baseline: true });
  return [
    ...photos.map((photo, i) => [`photo ${String(i)}`, photo] as const),
    ['a baseline JPEG', baseline],
    ['a progressive JPEG', await encodeJpeg(640, 480, { progressive: true })],
    ['a grey JPEG', await encodeJpeg(64, 300, { color_space: 1 })],
    ['a JPEG of one pixel', await encodeJpeg(1, 1)],
    ...[2, 3, 6, 8].map(
      (n) => [`a JPEG of orientation ${String(n)}`, turned(baseline, n)] as const,
    ),
    ['a WebP', await encodeWebp(300, 200)],
    ['a WebP with alpha', await encodeWebp(120, 130, {}, 40)],
    ['a lossless WebP', await encodeWebp(301, 99, { lossless: 1 }, 7)],
    ['a PNG', encodeAsPng(257, 129, 2, 8)],
    ['a PNG with alpha', encodeAsPng(90, 91, 6, 8)],
    ['a PNG of 16 bits', encodeAsPng(33, 70, 6, 16)],
  ];
}
