/** The markers of a JPEG file (ITU-T T.81, annex B). */

import { exifOrientation } from './exif.ts';
import { ImageError, type Bytes, type ImageInfo } from './container.ts';

const START_OF_SCAN = 0xda;
const END_OF_IMAGE = 0xd9;
const APP1 = 0xe1;

/** Start-of-frame markers that a decoder for photographs knows: baseline, extended and progressive. */
const FRAMES = [0xc0, 0xc1, 0xc2];
const PROGRESSIVE = 0xc2;

/**
 * A decoder goes through the whole image for each scan, however small: 60 ms for 48 megapixels (measured). Encoders
 * write 1, 3 or about 10.
 */
const MAX_SCANS = 100;

/** The image as its markers describe it, up to the last one: what lacks an end was cut off. */
export function inspectJpeg(bytes: Bytes): ImageInfo {
  let frame: Frame | undefined;
  let orientation: number | undefined;
  let scans = 0;
  for (let at = nextMarker(bytes, 2); bytes.uint8(at + 1) !== END_OF_IMAGE;) {
    const marker = bytes.uint8(at + 1);
    const length = bytes.uint16(at + 2);
    const body = at + 4;
    const end = at + 2 + length;
    if (FRAMES.includes(marker)) frame ??= readFrame(bytes, marker, body);
    else if (marker === START_OF_SCAN) scans += 1;
    else if (marker === APP1 && scans === 0) orientation ??= readOrientation(bytes, body, end);
    if (scans > MAX_SCANS) {
      throw new ImageError(`Expected a JPEG of at most ${String(MAX_SCANS)} scans but found more`);
    }
    at = nextMarker(bytes, end);
  }
  if (scans === 0) throw new ImageError('Expected a JPEG scan but the image ends');
  if (frame === undefined) {
    throw new ImageError('Expected a baseline or progressive JPEG but found no such frame');
  }
  const { width, height, progressive } = frame;
  const buffered = progressive || scans > 1;
  return { format: 'jpeg', width, height, orientation: orientation ?? 1, buffered };
}

/**
 * The position of the next marker that begins a segment or ends the image, past the data of a scan, in which 0xff is
 * followed by 0 or a restart marker, and past bytes that belong to nothing, as decoders do.
 */
function nextMarker({ data }: Bytes, start: number): number {
  for (let at = data.indexOf(0xff, start); at >= 0; at = data.indexOf(0xff, at + 1)) {
    while (data[at + 1] === 0xff) at++;
    const marker = data[at + 1] ?? 0;
    const alone = marker <= 0x01 || (marker >= 0xd0 && marker <= 0xd7);
    if (!alone) return at;
  }
  throw new ImageError('Expected a complete JPEG but the file ends before its end-of-image marker');
}

/** Of an APP1 segment, which may hold other things than EXIF data. */
function readOrientation(bytes: Bytes, body: number, end: number): number | undefined {
  if (end - body < 14 || end > bytes.length || bytes.text(body, 4) !== 'Exif') return undefined;
  return exifOrientation(bytes, body + 6, end);
}

interface Frame {
  readonly width: number;
  readonly height: number;
  readonly progressive: boolean;
}

function readFrame(bytes: Bytes, marker: number, body: number): Frame {
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
  return {
    height: bytes.uint16(body + 1),
    width: bytes.uint16(body + 3),
    progressive: marker === PROGRESSIVE,
  };
}

/**
 * What libjpeg says where it makes up the rest of a scan: the warnings JWRN_HIT_MARKER and JWRN_JPEG_EOF of jerror.h.
 * It warns of much else, such as stray bytes, that leaves a photograph whole.
 */
export const MISSING_DATA = /premature end/i;
