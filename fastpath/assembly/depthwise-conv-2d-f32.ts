/**
 * depthwiseConv2d of float32: rule C2 of reference/SEMANTICS.md.
 *
 * Eight channels at a time. Weights lie [kh][kw][stride]; a window is cut to the image, so that positions outside are
 * skipped. Four neighbouring pixels share each weight, and their sums are independent, so that no addition waits for the
 * one before. Where windows are 3 wide and a pixel apart, they share the pixels too.
 */

import { multiplyAdd, storeClamped } from './requantize';
import { limitsOf, Step } from './step';

/** Pixels of a tile. */
const TILE: i32 = 4;

export function depthwiseFloat32(s: Step): void {
  const pixelBytes = <usize>s.inStride * 4;
  const lineBytes = <usize>s.inWidth * pixelBytes;
  const outBytes = <usize>s.outStride * 4;
  const shared = s.kernelWidth == 3 && s.strideX == 1 && s.outWidth > TILE && s.padLeft <= 1 && s.outWidth - s.padLeft < s.inWidth;
  let out = s.output;
  for (let n: i32 = 0; n < s.batches; n++) {
    const image = s.input + <usize>(n * s.inHeight) * lineBytes;
    for (let oy: i32 = 0; oy < s.outHeight; oy++) {
      const y = oy * s.strideY - s.padTop;
      const firstY = max(0, -y);
      const endY = min(s.kernelHeight, s.inHeight - y);
      const line = image + <usize>(y + firstY) * lineBytes;
      for (let ox: i32 = 0; ox < s.outWidth; ) {
        // The last of the tiles that share pixels begins where four are left, and repeats some.
        const from = shared ? min(ox, s.outWidth - TILE) : ox;
        const to = out + <usize>from * outBytes;
        const x = from * s.strideX - s.padLeft;
        const end = x + (TILE - 1) * s.strideX + s.kernelWidth;
        if (shared) {
          filterShared(s, line + <usize>x * pixelBytes, firstY, endY, x < 0, end > s.inWidth, to);
          ox = from + TILE;
        } else if (x >= 0 && end <= s.inWidth && ox + TILE <= s.outWidth) {
          filterFour(s, line + <usize>x * pixelBytes, firstY, endY, pixelBytes, lineBytes, to);
          ox += TILE;
        } else {
          const firstX = max(0, -x);
          const endX = min(s.kernelWidth, s.inWidth - x);
          const corner = line + <usize>(x + firstX) * pixelBytes;
          filterPixel(s, corner, firstY, endY, firstX, endX, pixelBytes, lineBytes, to);
          ox++;
        }
      }
      out += <usize>s.outWidth * outBytes;
    }
  }
}

/**
 * All channels of four output pixels, whose windows are 3 wide, a pixel apart and begin at `corner`. The first column of
 * the first, and the last of the last, may lie outside the image.
 */
@inline
function filterShared(
  s: Step, corner: usize, firstY: i32, endY: i32, leftOutside: bool, rightOutside: bool, out: usize,
): void {
  const pixelBytes = <usize>s.inStride * 4;
  const lineBytes = <usize>s.inWidth * pixelBytes;
  const tapBytes = <usize>s.outStride * 4;
  const end = s.parameters + tapBytes;
  let weights = s.weights + <usize>(firstY * 3) * tapBytes;
  for (let bias = s.parameters; bias < end; bias += 32) {
    let a0 = v128.load(bias), a1 = v128.load(bias, 16);
    let b0 = a0, b1 = a1, c0 = a0, c1 = a1, d0 = a0, d1 = a1;
    let x0 = corner;
    let u = weights;
    for (let ky = firstY; ky < endY; ky++) {
      if (!leftOutside) {
        a0 = multiplyAdd(v128.load(x0), v128.load(u), a0);
        a1 = multiplyAdd(v128.load(x0, 16), v128.load(u, 16), a1);
      }
      const x1 = x0 + pixelBytes, x2 = x0 + 2 * pixelBytes, x3 = x0 + 3 * pixelBytes, x4 = x0 + 4 * pixelBytes;
      const x5 = x0 + 5 * pixelBytes;
      const u0 = v128.load(u), v0 = v128.load(u + tapBytes), w0 = v128.load(u + 2 * tapBytes);
      let x = v128.load(x1);
      a0 = multiplyAdd(x, v0, a0);
      b0 = multiplyAdd(x, u0, b0);
      x = v128.load(x2);
      a0 = multiplyAdd(x, w0, a0);
      b0 = multiplyAdd(x, v0, b0);
      c0 = multiplyAdd(x, u0, c0);
      x = v128.load(x3);
      b0 = multiplyAdd(x, w0, b0);
      c0 = multiplyAdd(x, v0, c0);
      d0 = multiplyAdd(x, u0, d0);
      x = v128.load(x4);
      c0 = multiplyAdd(x, w0, c0);
      d0 = multiplyAdd(x, v0, d0);
      const u1 = v128.load(u, 16), v1 = v128.load(u + tapBytes, 16), w1 = v128.load(u + 2 * tapBytes, 16);
      x = v128.load(x1, 16);
      a1 = multiplyAdd(x, v1, a1);
      b1 = multiplyAdd(x, u1, b1);
      x = v128.load(x2, 16);
      a1 = multiplyAdd(x, w1, a1);
      b1 = multiplyAdd(x, v1, b1);
      c1 = multiplyAdd(x, u1, c1);
      x = v128.load(x3, 16);
      b1 = multiplyAdd(x, w1, b1);
      c1 = multiplyAdd(x, v1, c1);
      d1 = multiplyAdd(x, u1, d1);
      x = v128.load(x4, 16);
      c1 = multiplyAdd(x, w1, c1);
      d1 = multiplyAdd(x, v1, d1);
      if (!rightOutside) {
        d0 = multiplyAdd(v128.load(x5), v128.load(u + 2 * tapBytes), d0);
        d1 = multiplyAdd(v128.load(x5, 16), v128.load(u + 2 * tapBytes, 16), d1);
      }
      u += 3 * tapBytes;
      x0 += lineBytes;
    }
    storeFour(s, out, a0, a1, b0, b1, c0, c1, d0, d1);
    corner += 32;
    weights += 32;
    out += 32;
  }
}

/** All channels of four output pixels, whose windows lie inside the lines and begin at `corner`. */
function filterFour(
  s: Step, corner: usize, firstY: i32, endY: i32, pixelBytes: usize, lineBytes: usize, out: usize,
): void {
  const next = <usize>s.strideX * pixelBytes;
  const tapBytes = <usize>s.outStride * 4;
  const end = s.parameters + tapBytes;
  let weights = s.weights + <usize>(firstY * s.kernelWidth) * tapBytes;
  for (let bias = s.parameters; bias < end; bias += 32) {
    let a0 = v128.load(bias);
    let a1 = v128.load(bias, 16);
    let b0 = a0, b1 = a1, c0 = a0, c1 = a1, d0 = a0, d1 = a1;
    let line = corner;
    let w = weights;
    for (let ky = firstY; ky < endY; ky++) {
      let x = line;
      for (let kx: i32 = 0; kx < s.kernelWidth; kx++) {
        const w0 = v128.load(w);
        const w1 = v128.load(w, 16);
        a0 = multiplyAdd(v128.load(x), w0, a0);
        a1 = multiplyAdd(v128.load(x, 16), w1, a1);
        b0 = multiplyAdd(v128.load(x + next), w0, b0);
        b1 = multiplyAdd(v128.load(x + next, 16), w1, b1);
        c0 = multiplyAdd(v128.load(x + 2 * next), w0, c0);
        c1 = multiplyAdd(v128.load(x + 2 * next, 16), w1, c1);
        d0 = multiplyAdd(v128.load(x + 3 * next), w0, d0);
        d1 = multiplyAdd(v128.load(x + 3 * next, 16), w1, d1);
        x += pixelBytes;
        w += tapBytes;
      }
      line += lineBytes;
    }
    storeFour(s, out, a0, a1, b0, b1, c0, c1, d0, d1);
    corner += 32;
    weights += 32;
    out += 32;
  }
}

/** Stores eight channels of four neighbouring pixels. */
@inline
function storeFour(
  s: Step, out: usize, a0: v128, a1: v128, b0: v128, b1: v128, c0: v128, c1: v128, d0: v128, d1: v128,
): void {
  const outBytes = <usize>s.outStride * 4;
  const limits = limitsOf(s);
  storeClamped(out, a0, a1, limits);
  storeClamped(out + outBytes, b0, b1, limits);
  storeClamped(out + 2 * outBytes, c0, c1, limits);
  storeClamped(out + 3 * outBytes, d0, d1, limits);
}

/** All channels of an output pixel whose window, cut to the image, begins at `corner`. */
@inline
function filterPixel(
  s: Step, corner: usize, firstY: i32, endY: i32, firstX: i32, endX: i32,
  pixelBytes: usize, lineBytes: usize, out: usize,
): void {
  const tapBytes = <usize>s.outStride * 4;
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
    storeClamped(out, c0, c1, limitsOf(s));
    corner += 32;
    weights += 32;
    out += 32;
  }
}
