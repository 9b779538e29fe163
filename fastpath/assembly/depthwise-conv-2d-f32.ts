/**
 * depthwiseConv2d of float32: rule C2 of reference/SEMANTICS.md.
 *
 * Eight channels at a time. Weights lie [kh][kw][stride]; a window is cut to the image, so that positions outside are
 * skipped. Where the windows of four neighbouring pixels lie inside, they share each weight, and their sums are
 * independent, so that no addition waits for the one before.
 */

import { multiplyAdd, storeClamped } from './requantize';
import { Step } from './step';

export function depthwiseFloat32(s: Step): void {
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
      for (let ox: i32 = 0; ox < s.outWidth; ) {
        const x = ox * s.strideX - s.padLeft;
        const fourInside = x >= 0 && x + 3 * s.strideX + s.kernelWidth <= s.inWidth && ox + 3 < s.outWidth;
        if (fourInside) {
          filterFour(s, line + <usize>x * pixelBytes, firstY, endY, pixelBytes, lineBytes, out);
          ox += 4;
          out += 4 * outBytes;
          continue;
        }
        const firstX = max(0, -x);
        const endX = min(s.kernelWidth, s.inWidth - x);
        const corner = line + <usize>(x + firstX) * pixelBytes;
        filterPixel(s, corner, firstY, endY, firstX, endX, pixelBytes, lineBytes, out);
        ox++;
        out += outBytes;
      }
    }
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
    storeClamped(out, a0, a1, s);
    storeClamped(out + tapBytes, b0, b1, s);
    storeClamped(out + 2 * tapBytes, c0, c1, s);
    storeClamped(out + 3 * tapBytes, d0, d1, s);
    corner += 32;
    weights += 32;
    out += 32;
  }
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
    storeClamped(out, c0, c1, s);
    corner += 32;
    weights += 32;
    out += 32;
  }
}
