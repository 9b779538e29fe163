/**
 * Image files as upright RGB pixels (rule X1).
 *
 * Decoders differ by one step here and there; these (mozjpeg, the png crate and libwebp as WebAssembly, in the jSquash
 * packages) are the project's, for calibration, evaluation and use alike.
 */

import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import * as jpeg from '@jsquash/jpeg/decode.js';
import * as png from '@jsquash/png/decode.js';
import * as webp from '@jsquash/webp/decode.js';
import type { RgbImage } from '../../reference/index.ts';
import { FileError, messageOf } from '../errors.ts';
import { readBytes } from '../files.ts';
import { Bytes, ImageError, inspectImage, type ImageInfo } from './container.ts';
import { MISSING_DATA } from './jpeg.ts';
import { sanitizePng } from './png.ts';

/**
 * Limits that are checked before anything is decoded. They keep memory below 1 GB; 8192 x 6144 is the largest photo
 * of common cameras.
 */
export const MAX_FILE_BYTES = 64 * 2 ** 20;
export const MAX_PIXELS = 8192 * 6144;

/**
 * The pixels of an image file.
 *
 * @throws {FileError} for a file that is no readable JPEG, PNG or WebP image, or a larger one than the limits
 */
export async function readImage(path: string): Promise<RgbImage> {
  const data = readBytes(path, MAX_FILE_BYTES);
  try {
    return await decodeImage(data);
  } catch (error) {
    throw new FileError(path, messageOf(error), { cause: error });
  }
}

/**
 * The pixels of an image's bytes, upright, composited on white.
 *
 * @throws {ImageError} for bytes that are no readable image within the limits
 */
export async function decodeImage(data: Uint8Array): Promise<RgbImage> {
  const info = inspectImage(data);
  const pixels = info.width * info.height;
  if (pixels === 0 || pixels > MAX_PIXELS) {
    throw new ImageError(
      `Expected an image of 1 to ${String(MAX_PIXELS)} pixels but found ${String(info.width)} x ${String(info.height)}`,
    );
  }
  const rgba = await decodeRgba(info, data);
  if (rgba.width !== info.width || rgba.height !== info.height) {
    throw new ImageError(
      `Expected an image of ${String(info.width)} x ${String(info.height)} but it decodes to ${String(rgba.width)} x ${String(rgba.height)}`,
    );
  }
  return upright(compositeOnWhite(rgba), info.orientation);
}

interface RgbaImage {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8ClampedArray | Uint8Array;
}

/** The declarations of jSquash do not tell that `init` takes a module. What that prints goes to `printErr`, by lines. */
type Init = (
  module: WebAssembly.Module,
  options: { readonly printErr: (line: string) => void },
) => Promise<unknown>;
const initJpeg: Init = jpeg.init;
const initWebp: Init = webp.init;

async function decodeRgba({ format }: ImageInfo, data: Uint8Array): Promise<RgbaImage> {
  try {
    switch (format) {
      case 'jpeg': {
        const wasm = await compile('@jsquash/jpeg/codec/dec/mozjpeg_dec.wasm');
        return await decodeWholeJpeg(initJpeg, wasm, data);
      }
      case 'webp': {
        const wasm = await compile('@jsquash/webp/codec/dec/webp_dec.wasm');
        return await inNewInstance(initWebp, wasm, () => webp.default(bufferOf(data)));
      }
      case 'png': {
        await png.init(await compile('@jsquash/png/codec/pkg/squoosh_png_bg.wasm'));
        return await png.decode(bufferOf(await sanitizePng(new Bytes(data))));
      }
    }
  } catch (error) {
    if (error instanceof ImageError) throw error;
    throw new ImageError(`Expected an intact image but decoding the ${format} data failed`, {
      cause: error,
    });
  }
}

/** libjpeg makes up what a scan lacks, and tells it in its warnings alone. */
async function decodeWholeJpeg(
  init: Init,
  wasm: WebAssembly.Module,
  data: Uint8Array,
): Promise<RgbaImage> {
  const warnings: string[] = [];
  const image = await inNewInstance(init, wasm, () => jpeg.default(bufferOf(data)), warnings);
  if (warnings.some((warning) => MISSING_DATA.test(warning))) {
    throw new ImageError('Expected a complete JPEG but the data of a scan ends early');
  }
  return image;
}

/**
 * Decodes in an instance of the decoder that nothing was decoded in before, and leaves such a one behind: a failed
 * decode can poison an instance, and a large one leaves it with hundreds of megabytes. A package keeps the instance
 * that was made last; nothing is awaited before `decode` has taken it, so that decodes do not mix.
 */
async function inNewInstance(
  init: Init,
  wasm: WebAssembly.Module,
  decode: () => Promise<RgbaImage>,
  lines: string[] = [],
): Promise<RgbaImage> {
  const options = { printErr: (line: string): number => lines.push(line) };
  void init(wasm, options);
  try {
    return await decode();
  } finally {
    void init(wasm, options);
  }
}

const modules = new Map<string, Promise<WebAssembly.Module>>();
const { resolve } = createRequire(import.meta.url);

/** The compiled module of a decoder, compiled once. */
function compile(specifier: string): Promise<WebAssembly.Module> {
  const known = modules.get(specifier);
  if (known !== undefined) return known;
  const module = readFile(resolve(specifier)).then((bytes) => WebAssembly.compile(bytes));
  modules.set(specifier, module);
  return module;
}

/** The bytes as a buffer that holds nothing else; copied only where they are part of a larger one. */
function bufferOf(data: Uint8Array): ArrayBuffer {
  const { buffer, byteLength } = data;
  return buffer instanceof ArrayBuffer && buffer.byteLength === byteLength
    ? buffer
    : Uint8Array.from(data).buffer;
}

/** In the memory of the pixels themselves, which may be hundreds of megabytes: three bytes never overtake four. */
function compositeOnWhite({ width, height, data }: RgbaImage): RgbImage {
  const rgb = new Uint8Array(data.buffer, data.byteOffset, width * height * 3);
  for (let pixel = 0; pixel < width * height; pixel++) {
    const alpha = data[pixel * 4 + 3] ?? 255;
    const white = 255 * (255 - alpha) + 127;
    for (let c = 0; c < 3; c++) {
      rgb[pixel * 3 + c] = Math.floor(((data[pixel * 4 + c] ?? 0) * alpha + white) / 255);
    }
  }
  return { width, height, data: rgb };
}

/**
 * Applies an EXIF orientation: 5 to 8 swap the axes, then 2, 3, 7, 8 and 3, 4, 6, 7 read the stored columns and rows
 * from the end.
 */
export function upright(image: RgbImage, orientation: number): RgbImage {
  if (orientation === 1) return image;
  const swap = orientation >= 5;
  const fromRight = [2, 3, 7, 8].includes(orientation);
  const fromBottom = [3, 4, 6, 7].includes(orientation);
  const width = swap ? image.height : image.width;
  const height = swap ? image.width : image.height;
  const data = new Uint8Array(image.data.length);
  let index = 0;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const column = swap ? y : x;
      const row = swap ? x : y;
      const sx = fromRight ? image.width - 1 - column : column;
      const sy = fromBottom ? image.height - 1 - row : row;
      const source = (sy * image.width + sx) * 3;
      for (let c = 0; c < 3; c++) data[index++] = image.data[source + c] ?? 0;
    }
  }
  return { width, height, data };
}
