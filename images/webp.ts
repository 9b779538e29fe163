/** The chunks of a WebP file (RFC 9649). */

import { exifOrientation } from './exif.ts';
import { ImageError, type Bytes, type ImageInfo } from './container.ts';

const ANIMATION_FLAG = 0x02;

export function inspectWebp(bytes: Bytes): ImageInfo {
  const fileLength = bytes.uint32(4, true) + 8;
  if (fileLength > bytes.length) {
    throw new ImageError(
      `Expected a WebP file of ${String(fileLength)} bytes but found ${String(bytes.length)}`,
    );
  }
  const size = readSize(bytes);
  let orientation = 1;
  for (let at = 12; at + 8 <= fileLength;) {
    const length = bytes.uint32(at + 4, true);
    if (bytes.text(at, 4) === 'EXIF') {
      // Some writers repeat the marker of JPEG before the TIFF header.
      const start = bytes.text(at + 8, 4) === 'Exif' ? at + 14 : at + 8;
      orientation = exifOrientation(bytes, start, at + 8 + length);
    }
    at += 8 + length + (length % 2);
  }
  return { format: 'webp', ...size, orientation, buffered: false };
}

function readSize(bytes: Bytes): { width: number; height: number } {
  const type = bytes.text(12, 4);
  const body = 20;
  switch (type) {
    case 'VP8 ':
      if (bytes.text(body + 3, 3) !== '\x9d\x01\x2a') break;
      return {
        width: bytes.uint16(body + 6, true) & 0x3fff,
        height: bytes.uint16(body + 8, true) & 0x3fff,
      };
    case 'VP8L': {
      if (bytes.uint8(body) !== 0x2f) break;
      const bits = bytes.uint32(body + 1, true);
      return { width: (bits & 0x3fff) + 1, height: ((bits >>> 14) & 0x3fff) + 1 };
    }
    case 'VP8X': {
      if ((bytes.uint8(body) & ANIMATION_FLAG) !== 0) {
        throw new ImageError('Expected a still WebP image but found an animation');
      }
      const uint24 = (at: number): number => bytes.uint16(at, true) + bytes.uint8(at + 2) * 65536;
      return { width: uint24(body + 4) + 1, height: uint24(body + 7) + 1 };
    }
    default:
  }
  throw new ImageError(
    `Expected a WebP image but found a damaged chunk ${type.replace(/[^!-~]/g, '')}`,
  );
}
