/**
 * Image files as upright RGB pixels (rule X1): the same code in Node, browsers and workerd.
 *
 * Decoders of JPEG and WebP differ by one step here and there; these (mozjpeg and libwebp as WebAssembly, in the jSquash
 * packages) are the project's, for calibration, evaluation and use alike. The host gives their compiled modules.
 */

import { ImageError, inspectImage, type ImageFormat, type ImageInfo } from './container.ts';
import { loadCodec, type Codec, type CodecFormat, type RgbaImage } from './codecs.ts';
import { onWhite } from './png-pixels.ts';

/** Interleaved 8-bit RGB pixels, row by row from the top. */
export interface RgbImage {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
}

/** The compiled module of each decoder; asked for when the first image of its format comes. */
export type DecoderModules = Readonly<
  Record<CodecFormat, () => WebAssembly.Module | Promise<WebAssembly.Module>>
>;

/** A decoder that has grown past this is dropped afterwards. */
export const KEPT_DECODER_BYTES = 16 * 2 ** 20;

/**
 * Decodes images, at most `maxPixels` each.
 *
 * A failed decode can spoil a decoder's instance, and a large one leaves it with hundreds of megabytes. After a failure
 * the instance is tried, and dropped unless it is sound; one that has grown is dropped too. Not every failure costs an
 * instance, since what is dropped holds its memory until the engine collects it.
 */
export class ImageDecoder {
  readonly #modules: DecoderModules;
  readonly #maxPixels: number;
  readonly #codecs = new Map<CodecFormat, Codec>();

  constructor(modules: DecoderModules, maxPixels: number) {
    this.#modules = modules;
    this.#maxPixels = maxPixels;
  }

  /** Bytes of wasm memory of the decoders at hand. */
  get bytes(): number {
    let sum = 0;
    for (const { bytes } of this.#codecs.values()) sum += bytes;
    return sum;
  }

  /** Bytes of wasm memory of a format's decoder: 0 where none is at hand. */
  bytesOf(format: ImageFormat): number {
    return format === 'png' ? 0 : (this.#codecs.get(format)?.bytes ?? 0);
  }

  /** Drops the decoders at hand. */
  drop(): void {
    this.#codecs.clear();
  }

  /**
   * What an image's bytes say of it, before anything is decoded.
   *
   * @throws {ImageError} for bytes that are no image within the limits
   */
  inspect(data: Uint8Array): ImageInfo {
    const info = inspectImage(data);
    const pixels = info.width * info.height;
    if (pixels === 0 || pixels > this.#maxPixels) {
      throw new ImageError(
        `Expected an image of 1 to ${String(this.#maxPixels)} pixels but found ${String(info.width)} x ${String(info.height)}`,
        { reason: pixels === 0 ? 'damaged' : 'too-large' },
      );
    }
    return info;
  }

  /**
   * The pixels of an image's bytes, upright, composited on white. Nothing else of this isolate runs between the start
   * of a decode and its end.
   *
   * @throws {ImageError} for bytes that are no readable image within the limits
   */
  async decode(data: Uint8Array): Promise<RgbImage> {
    const info = this.inspect(data);
    if (info.format === 'png') {
      // Its tables take milliseconds to make, which those who bring no PNG need not wait for (measured).
      const { decodePng } = await import('./decode-png.ts');
      return upright(decodePng(data), info.orientation);
    }
    let codec = await this.#codec(info.format);
    // Another image may have spoilt it in the meantime.
    while (this.#codecs.get(info.format) !== codec) codec = await this.#codec(info.format);
    const rgba = await this.#decode(codec, info.format, data);
    if (rgba.width !== info.width || rgba.height !== info.height) {
      throw new ImageError(
        `Expected an image of ${String(info.width)} x ${String(info.height)} but it decodes to ${String(rgba.width)} x ${String(rgba.height)}`,
      );
    }
    const rgb = info.format === 'jpeg' ? withoutAlpha(rgba) : compositeOnWhite(rgba);
    return upright(rgb, info.orientation);
  }

  /** The one at hand, or a new one; of several that are made at once, the last is kept. */
  async #codec(format: CodecFormat): Promise<Codec> {
    const known = this.#codecs.get(format);
    if (known !== undefined) return known;
    const module = await this.#modules[format]();
    const codec = await loadCodec(format, module);
    this.#codecs.set(format, codec);
    return codec;
  }

  async #decode(
    codec: Codec,
    format: CodecFormat,
    data: Uint8Array,
    again = true,
  ): Promise<RgbaImage> {
    try {
      return codec.decode(data);
    } catch (error) {
      if (!codec.sound()) {
        this.#codecs.delete(format);
        // The instance may have been spoilt before: a new one tells whether it is the image.
        if (again) return await this.#decode(await this.#codec(format), format, data, false);
      }
      if (error instanceof ImageError) throw error;
      throw new ImageError(`Expected an intact image but decoding the ${format} data failed`, {
        cause: error,
      });
    } finally {
      const large = codec.bytes > Math.max(KEPT_DECODER_BYTES, codec.firstBytes);
      if (large && this.#codecs.get(format) === codec) this.#codecs.delete(format);
    }
  }
}

/**
 * The first three of four bytes, in the memory of the pixels themselves, which may be tens of megabytes. Four pixels at a
 * time: an engine that has not compiled the loop yet takes a third of the time so (measured).
 */
export function withoutAlpha({ width, height, data }: RgbaImage): RgbImage {
  const pixels = width * height;
  const rgb = new Uint8Array(data.buffer, data.byteOffset, 3 * pixels);
  const fours = data.byteOffset % 4 === 0 ? Math.floor(pixels / 4) : 0;
  // Little-endian, as WebAssembly and all engines that have it are.
  const words = new Int32Array(data.buffer, fours === 0 ? 0 : data.byteOffset, 4 * fours);
  for (let i = 0, from = 0, to = 0; i < fours; i++, from += 4, to += 3) {
    const first = words[from] ?? 0;
    const second = words[from + 1] ?? 0;
    const third = words[from + 2] ?? 0;
    const fourth = words[from + 3] ?? 0;
    words[to] = (first & 0xffffff) | (second << 24);
    words[to + 1] = ((second >>> 8) & 0xffff) | (third << 16);
    words[to + 2] = ((third >>> 16) & 0xff) | (fourth << 8);
  }
  for (let from = 16 * fours, to = 12 * fours; to < rgb.length; from += 4, to += 3) {
    rgb[to] = data[from] ?? 0;
    rgb[to + 1] = data[from + 1] ?? 0;
    rgb[to + 2] = data[from + 2] ?? 0;
  }
  return { width, height, data: rgb };
}

/** In the memory of the pixels themselves: three bytes never overtake four. */
function compositeOnWhite({ width, height, data }: RgbaImage): RgbImage {
  const rgb = new Uint8Array(data.buffer, data.byteOffset, width * height * 3);
  for (let from = 0, to = 0; to < rgb.length; from += 4, to += 3) {
    const alpha = data[from + 3] ?? 255;
    rgb[to] = onWhite(data[from] ?? 0, alpha);
    rgb[to + 1] = onWhite(data[from + 1] ?? 0, alpha);
    rgb[to + 2] = onWhite(data[from + 2] ?? 0, alpha);
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
