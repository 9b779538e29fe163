/** Resizing with the proportions kept, and cutting out the centre (rule X5). */

import type { Cut } from './resize.ts';

/** What `crop` may be: the scaled image has at most ten times the input's extents to either side of an axis. */
export const MIN_CROP = 0.1;

/**
 * The columns and rows that become the input.
 *
 * The image is scaled to cover `floor(extent / crop)` pixels on both axes, the other axis by the same factor, rounded
 * down; of that the middle is taken, a half rounded to even. For a square input that is a resize of the shorter side
 * and a centre crop, as torchvision computes them of Pillow images.
 *
 * Source: pytorch/vision torchvision/transforms/functional.py (_compute_resized_output_size, center_crop).
 */
export function coveringCuts(
  image: { readonly width: number; readonly height: number },
  width: number,
  height: number,
  crop: number,
): { readonly columns: Cut; readonly rows: Cut } {
  const wide = Math.floor(width / crop);
  const high = Math.floor(height / crop);
  const wider = image.width * high >= image.height * wide;
  return {
    columns: centre(wider ? Math.floor((image.width * high) / image.height) : wide, width),
    rows: centre(wider ? high : Math.floor((image.height * wide) / image.width), height),
  };
}

function centre(of: number, extent: number): Cut {
  const before = (of - extent) / 2;
  const down = Math.floor(before);
  return { of, first: before === down || down % 2 === 0 ? down : down + 1, extent };
}
