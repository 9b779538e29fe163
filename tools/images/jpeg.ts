/** The markers of a JPEG file (ITU-T T.81, annex B). */

import { exifOrientation } from './exif.ts';
import { ImageError, type Bytes, type ImageInfo } from './container.ts';

const START_OF_SCAN = 0xda;
const END_OF_IMAGE = 0xd9;
const APP1 = 0xe1;

/** Start-of-frame markers that a decoder for photographs knows: baseline, extended and progressive. */
const FRAMES = [0xc0, 0xc1, 0xc2];

export function inspectJpeg(bytes: Bytes): ImageInfo {
  let frame: { readonly width: number; readonly height: number } | undefined;
  let orientation: number | undefined;
  let at = 2;
  for (;;) {
    if (bytes.uint8(at) !== 0xff) throw new ImageError('Expected a JPEG marker but found data');
    const marker = bytes.uint8(at + 1);
    if (marker === 0xff) {
      at += 1;
      continue;
    }
    if (marker === END_OF_IMAGE) throw new ImageError('Expected a JPEG scan but the image ends');
    const length = bytes.uint16(at + 2);
    const body = at + 4;
    const end = at + 2 + length;
    if (FRAMES.includes(marker)) frame = readFrame(bytes, body);
    else if (
      marker === APP1 &&
      end <= bytes.length &&
      length >= 16 &&
      bytes.text(body, 4) === 'Exif'
    ) {
      orientation ??= exifOrientation(bytes, body + 6, end);
    } else if (marker === START_OF_SCAN) break;
    at = end;
  }
  if (frame === undefined) {
    throw new ImageError('Expected a baseline or progressive JPEG but found no such frame');
  }
  requireEnd(bytes, at);
  return { format: 'jpeg', ...frame, orientation: orientation ?? 1 };
}

function readFrame(bytes: Bytes, body: number): { width: number; height: number } {
  const precision = bytes.uint8(body);
  const components = bytes.uint8(body + 5);
  if (precision !== 8) {
    throw new ImageError(`Expected a JPEG of 8 bits a sample but found ${String(precision)}`);
  }
  if (components !== 1 && components !== 3) {
    throw new ImageError(
      `Expected a grey or colour JPEG but found ${String(components)} components (CMYK is not converted)`,
    );
  }
  return { height: bytes.uint16(body + 1), width: bytes.uint16(body + 3) };
}

/** A decoder fills what a truncated file lacks with grey; the end-of-image marker tells. */
function requireEnd(bytes: Bytes, scan: number): void {
  const { data } = bytes;
  for (let i = data.length - 2; i > scan; i--) {
    if (data[i] === 0xff && data[i + 1] === END_OF_IMAGE) return;
  }
  throw new ImageError('Expected a complete JPEG but the file ends before its end-of-image marker');
}
