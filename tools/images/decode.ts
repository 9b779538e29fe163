/** Image files of the file system as upright RGB pixels. */

import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { ImageDecoder, type RgbImage } from '../../images/decode.ts';
import { FileError, messageOf } from '../errors.ts';
import { readBytes } from '../files.ts';

/**
 * Limits that are checked before anything is decoded. They keep memory below 1 GB; 8192 x 6144 is the largest photo
 * of common cameras.
 */
export const MAX_FILE_BYTES = 64 * 2 ** 20;
export const MAX_PIXELS = 8192 * 6144;

const { resolve } = createRequire(import.meta.url);

/** The compiled module of a decoder, compiled once. */
function compiled(specifier: string): () => Promise<WebAssembly.Module> {
  let module: Promise<WebAssembly.Module> | undefined;
  return () => {
    module ??= readFile(resolve(specifier)).then((bytes) => WebAssembly.compile(bytes));
    return module;
  };
}

/** The project's decoders as the packages ship them. */
export const decoderModules = {
  jpeg: compiled('@jsquash/jpeg/codec/dec/mozjpeg_dec.wasm'),
  webp: compiled('@jsquash/webp/codec/dec/webp_dec.wasm'),
};

const decoder = new ImageDecoder(decoderModules, MAX_PIXELS);

/**
 * The pixels of an image's bytes, upright, composited on white.
 *
 * @throws {ImageError} for bytes that are no readable image within the limits
 */
export function decodeImage(data: Uint8Array): Promise<RgbImage> {
  return decoder.decode(data);
}

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
