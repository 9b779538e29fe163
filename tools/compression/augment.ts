/** More images from few: mirrored ones and cuttings, so that a network is not fitted to the photos alone. */

import { resize } from '../../reference/index.ts';
import type { Pixels } from './activations.ts';

/** Fractions of the golden and the silver ratio: multiples of them, modulo 1, lie evenly. */
const GOLDEN = 0.618_033_988_749_894_9;
const SILVER = 0.414_213_562_373_095_1;

/** What of the height and width a cutting keeps. */
const CUTTINGS = [0.85, 0.75] as const;

/**
 * Each image, mirrored, and two cuttings of it, resized to the same height and width, the second mirrored.
 *
 * @param width of all images in pixels
 */
export function augment(images: readonly Pixels[], width: number): readonly Pixels[] {
  return images.flatMap((image, i) => [
    image,
    mirror(image, width),
    cutting(image, width, CUTTINGS[0], 2 * i),
    mirror(cutting(image, width, CUTTINGS[1], 2 * i + 1), width),
  ]);
}

function mirror(image: Pixels, width: number): Pixels {
  return image.map((_, at) => {
    const pixel = Math.floor(at / 3);
    const x = pixel % width;
    return image[3 * (pixel - x + width - 1 - x) + (at % 3)] ?? 0;
  });
}

/** A cutting at a place that follows from `number`. */
function cutting(image: Pixels, width: number, share: number, number: number): Pixels {
  const height = image.length / (3 * width);
  const [cutWidth, cutHeight] = [Math.ceil(width * share), Math.ceil(height * share)];
  const left = Math.floor(((number * GOLDEN) % 1) * (width - cutWidth + 1));
  const top = Math.floor(((number * SILVER) % 1) * (height - cutHeight + 1));
  const data = new Uint8Array(3 * cutWidth * cutHeight);
  for (let y = 0; y < cutHeight; y++) {
    const from = 3 * ((top + y) * width + left);
    data.set(image.subarray(from, from + 3 * cutWidth), 3 * y * cutWidth);
  }
  return resize({ width: cutWidth, height: cutHeight, data }, width, height).data;
}
