/** The orientation in EXIF data (CIPA DC-008, section 4.6.4): a TIFF header and its first directory. */

import type { Bytes } from './container.ts';

const ORIENTATION_TAG = 0x0112;
const SHORT = 3;

/** The orientation, 1 to 8, in the TIFF data at `start`; 1 where there is none or the data is damaged. */
export function exifOrientation(bytes: Bytes, start: number, end: number): number {
  try {
    const order = bytes.text(start, 2);
    if (order !== 'II' && order !== 'MM') return 1;
    const little = order === 'II';
    const directory = start + bytes.uint32(start + 4, little);
    const entries = bytes.uint16(directory, little);
    for (let i = 0; i < entries; i++) {
      const entry = directory + 2 + i * 12;
      if (entry + 12 > end) return 1;
      if (bytes.uint16(entry, little) !== ORIENTATION_TAG) continue;
      const value = bytes.uint16(entry + 8, little);
      return bytes.uint16(entry + 2, little) === SHORT && value >= 1 && value <= 8 ? value : 1;
    }
  } catch {
    // Damaged metadata says nothing about the pixels; the image is taken as upright.
  }
  return 1;
}
