/**
 * What an image file says of itself before anything is decoded: format, size, orientation. Files are untrusted; every
 * read is within bounds, and whatever is missing is an `ImageError`.
 */

import { inspectJpeg } from './jpeg.ts';
import { inspectPng } from './png.ts';
import { inspectWebp } from './webp.ts';

/** Of no format that is decoded, of more pixels than allowed, or not what its format demands. */
export type ImageFault = 'unknown-format' | 'too-large' | 'damaged';

/** An image that cannot be used, and why. */
export class ImageError extends Error {
  override readonly name = 'ImageError';
  readonly reason: ImageFault;

  constructor(text: string, options: ErrorOptions & { readonly reason?: ImageFault } = {}) {
    super(text, options);
    this.reason = options.reason ?? 'damaged';
  }
}

export type ImageFormat = 'jpeg' | 'png' | 'webp';

export interface ImageInfo {
  readonly format: ImageFormat;
  /** In pixels as stored, before the orientation is applied. */
  readonly width: number;
  readonly height: number;
  /** EXIF orientation, 1 to 8; 1 is upright. */
  readonly orientation: number;
  /** Whether a decoder has to keep the whole image in another form than pixels, as with JPEGs of several scans. */
  readonly buffered: boolean;
}

/** Bytes with checked big- and little-endian reads. */
export class Bytes {
  readonly data: Uint8Array;
  readonly #view: DataView;

  constructor(data: Uint8Array) {
    this.data = data;
    this.#view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  }

  get length(): number {
    return this.data.length;
  }

  uint8(at: number): number {
    return this.#read(at, 1, () => this.#view.getUint8(at));
  }

  uint16(at: number, littleEndian = false): number {
    return this.#read(at, 2, () => this.#view.getUint16(at, littleEndian));
  }

  uint32(at: number, littleEndian = false): number {
    return this.#read(at, 4, () => this.#view.getUint32(at, littleEndian));
  }

  /** Latin-1 text. */
  text(at: number, length: number): string {
    return this.#read(at, length, () =>
      String.fromCharCode(...this.data.subarray(at, at + length)),
    );
  }

  #read<T>(at: number, size: number, read: () => T): T {
    if (at + size > this.data.length) throw new ImageError('Expected more data but the file ends');
    return read();
  }
}

/** @throws {ImageError} for anything but an intact header of a JPEG, PNG or WebP image */
export function inspectImage(data: Uint8Array): ImageInfo {
  const bytes = new Bytes(data);
  const starts = (...signature: number[]): boolean =>
    signature.every((byte, i) => data[i] === byte);
  if (starts(0xff, 0xd8, 0xff)) return inspectJpeg(bytes);
  if (starts(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a)) return inspectPng(bytes);
  if (starts(0x52, 0x49, 0x46, 0x46) && data.length >= 12 && bytes.text(8, 4) === 'WEBP') {
    return inspectWebp(bytes);
  }
  const found = Array.from(data.subarray(0, 4), (byte) => byte.toString(16).padStart(2, '0'));
  throw new ImageError(
    `Expected a JPEG, PNG or WebP image but found ${found.length === 0 ? 'an empty file' : `a file that begins with ${found.join(' ')}`}`,
    { reason: 'unknown-format' },
  );
}
