/**
 * Image files as upright RGB pixels (rule X1).
 *
 * Decoders differ by one step here and there; these (mozjpeg, the png crate and libwebp as WebAssembly, in the jSquash
 * packages) are the project's, for calibration, evaluation and use alike.
 */

import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import decodeJpeg, { init as initJpeg } from '@jsquash/jpeg/decode.js';
import { decode as decodePng, init as initPng } from '@jsquash/png/decode.js';
import decodeWebp, { init as initWebp } from '@jsquash/webp/decode.js';
import type { RgbImage } from '../../reference/index.ts';
import { FileError, messageOf } from '../errors.ts';
import { readBytes } from '../files.ts';
import { Bytes, ImageError, inspectImage, type ImageInfo } from './container.ts';
import { sanitizePng } from './png.ts';

/** Limits that are checked before anything is decoded. */
export const MAX_FILE_BYTES = 256 * 2 ** 20;
export const MAX_PIXELS = 100_000_000;

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

type Init = (module: WebAssembly.Module) => Promise<unknown>;

/**
 * Every image gets a decoder instance of its own where the package allows it: a failed decode can poison an instance,
 * and a large one leaves it large. The declarations of jSquash do not tell that `init` takes a module.
 */
async function decodeRgba({ format }: ImageInfo, data: Uint8Array): Promise<RgbaImage> {
  try {
    switch (format) {
      case 'jpeg':
        await (initJpeg as unknown as Init)(
          await compile('@jsquash/jpeg/codec/dec/mozjpeg_dec.wasm'),
        );
        return await decodeJpeg(bufferOf(data));
      case 'webp':
        await (initWebp as unknown as Init)(await compile('@jsquash/webp/codec/dec/webp_dec.wasm'));
        return await decodeWebp(bufferOf(data));
      case 'png': {
        await initPng(await compile('@jsquash/png/codec/pkg/squoosh_png_bg.wasm'));
        return await decodePng(bufferOf(await sanitizePng(new Bytes(data))));
      }
    }
  } catch (error) {
    if (error instanceof ImageError) throw error;
    throw new ImageError(`Expected an intact image but decoding the ${format} data failed`, {
      cause: error,
    });
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

function bufferOf(data: Uint8Array): ArrayBuffer {
  return Uint8Array.from(data).buffer;
}

function compositeOnWhite({ width, height, data }: RgbaImage): RgbImage {
  const rgb = new Uint8Array(width * height * 3);
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
