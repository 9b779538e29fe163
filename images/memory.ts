/**
 * What decoding an image takes, known before it is decoded. The factors are upper bounds of what the decoders do, found
 * by measuring them (worker/test/decoder-memory.test.ts holds them to it).
 */

import type { ImageInfo } from './container.ts';

/** Emscripten's memories grow by a fifth more than is asked for. */
const OVERSHOOT = 1.2;
/** Code, stack, tables and work memory of a decoder. */
const FIXED_BYTES = 2 ** 21;
/** Of a piece of PNG data, at the highest ratio that there is, and the same again as it grows. */
const INFLATED_BYTES = 3 * 2 ** 22;
/** With which the Emscripten modules begin. */
const FIRST_BYTES = 16.2 * 2 ** 20;

/** Bytes of wasm memory that the decoder of an image has at the end, if it was new. */
export function decoderBytes(info: ImageInfo, fileBytes: number): number {
  const pixels = info.width * info.height;
  const fixed = FIXED_BYTES + fileBytes;
  switch (info.format) {
    case 'jpeg': {
      // RGBA, and for an image of several scans the coefficients of three components, in whole blocks.
      const coefficients = info.buffered ? 6 * padded(info.width) * padded(info.height) : 0;
      return Math.max(FIRST_BYTES, OVERSHOOT * (fixed + 4 * pixels + coefficients));
    }
    case 'webp':
      return Math.max(FIRST_BYTES, OVERSHOOT * (fixed + 8 * pixels));
    case 'png':
      return 0;
  }
}

/** Bytes beside the wasm memory: the pixels, in RGBA at first, and turned upright; of a PNG, inflated pieces too. */
export function pixelBytes(info: ImageInfo, fileBytes: number): number {
  const pixels = info.width * info.height;
  const turned = info.orientation === 1 ? 0 : 3 * pixels;
  return turned + (info.format === 'png' ? INFLATED_BYTES + fileBytes + 3 * pixels : 4 * pixels);
}

/** To the multiple of the largest block of a JPEG. */
function padded(extent: number): number {
  return Math.ceil(extent / 32) * 32;
}
