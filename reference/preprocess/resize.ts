/**
 * Pillow's bilinear resize of 8-bit RGB images, bit for bit (rule X2).
 *
 * A triangle filter, widened when shrinking so that every source pixel counts (antialias); coefficients as integers of
 * 22 fractional bits; first the rows, then the columns, each rounded to 8 bits.
 *
 * Source: Pillow src/libImaging/Resample.c (precompute_coeffs, normalize_coeffs_8bpc, ImagingResampleHorizontal_8bpc,
 * ImagingResampleVertical_8bpc).
 */

/** Interleaved 8-bit RGB pixels, row by row from the top. */
export interface RgbImage {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
}

const PRECISION_BITS = 22;

/** For each output position: the first input position, and the integer weights of it and those after it. */
interface Taps {
  readonly first: Int32Array;
  readonly weights: readonly Int32Array[];
}

/**
 * A part of a resized image: `extent` of the `of` positions along an axis, from `first` on. The others are not computed:
 * what an output position is depends on no other.
 */
export interface Cut {
  readonly of: number;
  readonly first: number;
  readonly extent: number;
}

/**
 * `image` resized to `width` x `height`, without regard to its proportions. The input is not modified.
 *
 * @throws {RangeError} for a size that is not positive, or data that does not fit the image's size
 */
export function resize(image: RgbImage, width: number, height: number): RgbImage {
  const whole = (extent: number): Cut => ({ of: extent, first: 0, extent });
  return resizeAndCut(image, whole(width), whole(height));
}

/**
 * `image` resized to `columns.of` x `rows.of`, of which the result is the part that is asked for.
 *
 * @throws {RangeError} as `resize`
 */
export function resizeAndCut(image: RgbImage, columns: Cut, rows: Cut): RgbImage {
  const { extent: width } = columns;
  const { extent: height } = rows;
  for (const extent of [image.width, image.height, width, height]) {
    if (!Number.isInteger(extent) || extent < 1) {
      throw new RangeError(`Expected image sizes greater than 0 but found ${String(extent)}`);
    }
  }
  if (image.data.length !== image.width * image.height * 3) {
    throw new RangeError(
      `Expected ${String(image.width * image.height * 3)} bytes of RGB but found ${String(image.data.length)}`,
    );
  }
  return resizeColumns(resizeRows(image, columns), rows);
}

function resizeRows(image: RgbImage, cut: Cut): RgbImage {
  const { extent: width } = cut;
  const taps = triangleTaps(image.width, cut);
  const data = new Uint8Array(width * image.height * 3);
  let index = 0;
  for (let y = 0; y < image.height; y++) {
    for (let ox = 0; ox < width; ox++) {
      const start = (y * image.width + (taps.first[ox] ?? 0)) * 3;
      for (let c = 0; c < 3; c++) {
        data[index++] = weightedSum(image.data, start + c, 3, taps.weights[ox]);
      }
    }
  }
  return { width, height: image.height, data };
}

function resizeColumns(image: RgbImage, cut: Cut): RgbImage {
  const { extent: height } = cut;
  const taps = triangleTaps(image.height, cut);
  const stride = image.width * 3;
  const data = new Uint8Array(stride * height);
  let index = 0;
  for (let oy = 0; oy < height; oy++) {
    const start = (taps.first[oy] ?? 0) * stride;
    for (let at = 0; at < stride; at++) {
      data[index++] = weightedSum(image.data, start + at, stride, taps.weights[oy]);
    }
  }
  return { width: image.width, height, data };
}

/** The sum of products, rounded and saturated to 8 bits; it stays below 2^31, since the weights add up to about 2^22. */
function weightedSum(
  data: Uint8Array,
  start: number,
  step: number,
  weights: Int32Array = new Int32Array(0),
): number {
  let sum = 1 << (PRECISION_BITS - 1);
  for (let i = 0; i < weights.length; i++) {
    sum += (data[start + i * step] ?? 0) * (weights[i] ?? 0);
  }
  return Math.min(Math.max(sum >> PRECISION_BITS, 0), 255);
}

/** The triangle filter of each output position along one axis. One that keeps the size is the identity. */
function triangleTaps(inExtent: number, cut: Cut): Taps {
  const scale = inExtent / cut.of;
  const filterScale = Math.max(scale, 1);
  const support = filterScale;
  const first = new Int32Array(cut.extent);
  const weights: Int32Array[] = [];
  for (let o = 0; o < cut.extent; o++) {
    const centre = (cut.first + o + 0.5) * scale;
    const begin = Math.max(0, Math.trunc(centre - support + 0.5));
    const end = Math.min(inExtent, Math.trunc(centre + support + 0.5));
    const real: number[] = [];
    for (let i = begin; i < end; i++) {
      const distance = Math.abs((i - centre + 0.5) * (1 / filterScale));
      real.push(distance < 1 ? 1 - distance : 0);
    }
    const total = real.reduce((a, b) => a + b, 0);
    first[o] = begin;
    weights.push(Int32Array.from(real, (w) => fixedPoint(total === 0 ? w : w / total)));
  }
  return { first, weights };
}

/** Rounded half away from zero to 22 fractional bits; a triangle has no negative weights. */
function fixedPoint(weight: number): number {
  return Math.trunc(0.5 + weight * 2 ** PRECISION_BITS);
}
