/**
 * depthwiseConv2d of float32: rule C2 of reference/SEMANTICS.md.
 *
 * Eight channels at a time. Weights lie [kh][kw][stride]; a window is cut to the image, so that positions outside are
 * skipped. Where windows are 3 wide, and one or two pixels apart, four neighbours share weights and pixels, and their sums
 * are independent, so that no addition waits for the one before. Other windows go one by one.
 */

import { multiplyAdd, storeClamped } from './requantize';
import { Step } from './step';

/** Output pixels of a tile. */
const TILE: i32 = 4;

export function depthwiseFloat32(s: Step): void {
  const outside = (s.outWidth - 1) * s.strideX - s.padLeft + 3 - s.inWidth;
  const inTiles = s.kernelWidth == 3 && s.outWidth >= TILE && s.padLeft <= 1 && outside <= 1;
  if (inTiles && s.strideX == 1) filterAdjacent(s);
  else if (inTiles && s.strideX == 2) filterApart(s);
  else filterPixels(s);
}

function filterAdjacent(s: Step): void {
  filterTiles(s, 1);
}

function filterApart(s: Step): void {
  filterTiles(s, 2);
}

/** Windows that are 3 wide and `stride` pixels apart, of which the first and the last of a line reach out by one at most. */
@inline
function filterTiles(s: Step, stride: i32): void {
  const pixelBytes = <usize>s.inStride * 4;
  const lineBytes = <usize>s.inWidth * pixelBytes;
  const outBytes = <usize>s.outStride * 4;
  let out = s.output;
  for (let n: i32 = 0; n < s.batches; n++) {
    const image = s.input + <usize>(n * s.inHeight) * lineBytes;
    for (let oy: i32 = 0; oy < s.outHeight; oy++) {
      const y = oy * s.strideY - s.padTop;
      const firstY = max(0, -y);
      const endY = min(s.kernelHeight, s.inHeight - y);
      const line = image + <usize>(y + firstY) * lineBytes;
      for (let ox: i32 = 0; ox < s.outWidth; ox += TILE) {
        // The last tile begins where four are left, and repeats some.
        const from = min(ox, s.outWidth - TILE);
        const x = from * stride - s.padLeft;
        const inside = x + (TILE - 1) * stride + 3 <= s.inWidth;
        filterTile(s, stride, line + <usize>x * pixelBytes, firstY, endY, x >= 0, inside, out + <usize>from * outBytes);
      }
      out += <usize>s.outWidth * outBytes;
    }
  }
}

/**
 * All channels of four output pixels, whose windows begin at `corner`. Whether the first column of the first, and the last
 * of the last, lie inside the image.
 */
@inline
function filterTile(
  s: Step, stride: i32, corner: usize, firstY: i32, endY: i32, firstInside: bool, lastInside: bool, out: usize,
): void {
  const pixelBytes = <usize>s.inStride * 4;
  const lineBytes = <usize>s.inWidth * pixelBytes;
  const outBytes = <usize>s.outStride * 4;
  const lowest = i32x4.splat(s.min);
  const highest = i32x4.splat(s.max);
  const end = s.parameters + outBytes;
  let weights = s.weights + <usize>(firstY * 3) * outBytes;
  for (let bias = s.parameters; bias < end; bias += 32) {
    let a0 = v128.load(bias), a1 = v128.load(bias, 16);
    let b0 = a0, b1 = a1, c0 = a0, c1 = a1, d0 = a0, d1 = a1;
    let x0 = corner;
    let w0 = weights;
    for (let ky = firstY; ky < endY; ky++) {
      const x1 = x0 + pixelBytes, x2 = x1 + pixelBytes, x3 = x2 + pixelBytes, x4 = x3 + pixelBytes, x5 = x4 + pixelBytes;
      const x6 = x5 + pixelBytes, x7 = x6 + pixelBytes;
      const last = stride == 1 ? x5 : x7 + pixelBytes;
      const w1 = w0 + outBytes, w2 = w1 + outBytes;
      let u: v128, v: v128, z: v128, x: v128;
      u = v128.load(w0), v = v128.load(w1), z = v128.load(w2);
      if (firstInside) a0 = multiplyAdd(v128.load(x0), u, a0);
      x = v128.load(x1);
      a0 = tap(a0, x, 1, u, v, z), b0 = tap(b0, x, 1 - stride, u, v, z);
      x = v128.load(x2);
      a0 = tap(a0, x, 2, u, v, z), b0 = tap(b0, x, 2 - stride, u, v, z), c0 = tap(c0, x, 2 - 2 * stride, u, v, z);
      x = v128.load(x3);
      b0 = tap(b0, x, 3 - stride, u, v, z), c0 = tap(c0, x, 3 - 2 * stride, u, v, z), d0 = tap(d0, x, 3 - 3 * stride, u, v, z);
      x = v128.load(x4);
      b0 = tap(b0, x, 4 - stride, u, v, z), c0 = tap(c0, x, 4 - 2 * stride, u, v, z), d0 = tap(d0, x, 4 - 3 * stride, u, v, z);
      if (stride == 2) {
        x = v128.load(x5);
        c0 = multiplyAdd(x, v, c0);
        x = v128.load(x6);
        c0 = multiplyAdd(x, z, c0), d0 = multiplyAdd(x, u, d0);
        d0 = multiplyAdd(v128.load(x7), v, d0);
      }
      if (lastInside) d0 = multiplyAdd(v128.load(last), z, d0);
      u = v128.load(w0, 16), v = v128.load(w1, 16), z = v128.load(w2, 16);
      if (firstInside) a1 = multiplyAdd(v128.load(x0, 16), u, a1);
      x = v128.load(x1, 16);
      a1 = tap(a1, x, 1, u, v, z), b1 = tap(b1, x, 1 - stride, u, v, z);
      x = v128.load(x2, 16);
      a1 = tap(a1, x, 2, u, v, z), b1 = tap(b1, x, 2 - stride, u, v, z), c1 = tap(c1, x, 2 - 2 * stride, u, v, z);
      x = v128.load(x3, 16);
      b1 = tap(b1, x, 3 - stride, u, v, z), c1 = tap(c1, x, 3 - 2 * stride, u, v, z), d1 = tap(d1, x, 3 - 3 * stride, u, v, z);
      x = v128.load(x4, 16);
      b1 = tap(b1, x, 4 - stride, u, v, z), c1 = tap(c1, x, 4 - 2 * stride, u, v, z), d1 = tap(d1, x, 4 - 3 * stride, u, v, z);
      if (stride == 2) {
        x = v128.load(x5, 16);
        c1 = multiplyAdd(x, v, c1);
        x = v128.load(x6, 16);
        c1 = multiplyAdd(x, z, c1), d1 = multiplyAdd(x, u, d1);
        d1 = multiplyAdd(v128.load(x7, 16), v, d1);
      }
      if (lastInside) d1 = multiplyAdd(v128.load(last, 16), z, d1);
      x0 += lineBytes;
      w0 = w2 + outBytes;
    }
    storeClamped(out, a0, a1, lowest, highest);
    storeClamped(out + outBytes, b0, b1, lowest, highest);
    storeClamped(out + 2 * outBytes, c0, c1, lowest, highest);
    storeClamped(out + 3 * outBytes, d0, d1, lowest, highest);
    corner += 32;
    weights += 32;
    out += 32;
  }
}

/** A pixel times the weight that it has in a window's line: the first, second or third, or none outside. */
@inline
function tap(sum: v128, pixel: v128, place: i32, first: v128, second: v128, third: v128): v128 {
  if (place == 0) return multiplyAdd(pixel, first, sum);
  if (place == 1) return multiplyAdd(pixel, second, sum);
  if (place == 2) return multiplyAdd(pixel, third, sum);
  return sum;
}

/** Windows of any kind, one by one. */
function filterPixels(s: Step): void {
  const pixelBytes = <usize>s.inStride * 4;
  const lineBytes = <usize>s.inWidth * pixelBytes;
  let out = s.output;
  for (let n: i32 = 0; n < s.batches; n++) {
    const image = s.input + <usize>(n * s.inHeight) * lineBytes;
    for (let oy: i32 = 0; oy < s.outHeight; oy++) {
      const y = oy * s.strideY - s.padTop;
      const firstY = max(0, -y);
      const endY = min(s.kernelHeight, s.inHeight - y);
      const line = image + <usize>(y + firstY) * lineBytes;
      for (let ox: i32 = 0; ox < s.outWidth; ox++) {
        const x = ox * s.strideX - s.padLeft;
        const firstX = max(0, -x);
        const endX = min(s.kernelWidth, s.inWidth - x);
        filterPixel(s, line + <usize>(x + firstX) * pixelBytes, firstY, endY, firstX, endX, out);
        out += <usize>s.outStride * 4;
      }
    }
  }
}

/** All channels of an output pixel whose window, cut to the image, begins at `corner`. */
@inline
function filterPixel(
  s: Step, corner: usize, firstY: i32, endY: i32, firstX: i32, endX: i32, out: usize,
): void {
  const pixelBytes = <usize>s.inStride * 4;
  const lineBytes = <usize>s.inWidth * pixelBytes;
  const tapBytes = <usize>s.outStride * 4;
  const lowest = i32x4.splat(s.min);
  const highest = i32x4.splat(s.max);
  const end = s.parameters + tapBytes;
  let weights = s.weights + <usize>(firstY * s.kernelWidth + firstX) * tapBytes;
  for (let bias = s.parameters; bias < end; bias += 32) {
    let c0 = v128.load(bias);
    let c1 = v128.load(bias, 16);
    let line = corner;
    let taps = weights;
    for (let ky = firstY; ky < endY; ky++) {
      let x = line;
      let w = taps;
      for (let kx = firstX; kx < endX; kx++) {
        c0 = multiplyAdd(v128.load(x), v128.load(w), c0);
        c1 = multiplyAdd(v128.load(x, 16), v128.load(w, 16), c1);
        x += pixelBytes;
        w += tapBytes;
      }
      line += lineBytes;
      taps += <usize>s.kernelWidth * tapBytes;
    }
    storeClamped(out, c0, c1, lowest, highest);
    corner += 32;
    weights += 32;
    out += 32;
  }
}
