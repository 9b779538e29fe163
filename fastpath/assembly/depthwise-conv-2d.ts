/**
 * depthwiseConv2d of float32, and of int16 with int64 sums: rule C2 of reference/SEMANTICS.md.
 *
 * Eight channels at a time. Weights lie [kh][kw][stride]; a window is cut to the image, so that positions outside are
 * skipped. float32: where the windows of four neighbouring pixels lie inside, they share each weight, and their sums
 * are independent, so that no addition waits for the one before.
 */

import { finishWide, multiplyAdd, storeClamped } from './requantize';
import { Step } from './step';

/** T: element of input, output and weights; A: f32 or i64 accumulators. */
export function depthwiseConv2d<T, A>(s: Step): void {
  const pixelBytes = <usize>s.inStride * sizeof<T>();
  const lineBytes = <usize>s.inWidth * pixelBytes;
  const outBytes = <usize>s.outStride * sizeof<T>();
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
        if (isFloat<T>() && fourInside) {
          filterFour(s, line + <usize>x * pixelBytes, firstY, endY, pixelBytes, lineBytes, out);
          ox += 4;
          out += 4 * outBytes;
          continue;
        }
        const firstX = max(0, -x);
        const endX = min(s.kernelWidth, s.inWidth - x);
        const corner = line + <usize>(x + firstX) * pixelBytes;
        filterPixel<T, A>(s, corner, firstY, endY, firstX, endX, pixelBytes, lineBytes, out);
        ox++;
        out += outBytes;
      }
    }
  }
}

/** All channels of four output pixels, whose windows lie inside a line and begin at `corner`; float32. */
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
function filterPixel<T, A>(
  s: Step, corner: usize, firstY: i32, endY: i32, firstX: i32, endX: i32,
  pixelBytes: usize, lineBytes: usize, out: usize,
): void {
  const tapBytes = <usize>s.outStride * sizeof<T>();
  let parameters = s.parameters;
  let input = corner;
  let weights = s.weights + <usize>(firstY * s.kernelWidth + firstX) * tapBytes;
  const wide = sizeof<A>() == 8;
  for (let channel: i32 = 0; channel < s.outStride; channel += 8) {
    let c0 = wide ? i64x2.splat(0) : v128.load(parameters);
    let c1 = wide ? i64x2.splat(0) : v128.load(parameters, 16);
    let c2 = i64x2.splat(0);
    let c3 = c2;
    let line = input;
    let taps = weights;
    for (let ky = firstY; ky < endY; ky++) {
      let x = line;
      let w = taps;
      for (let kx = firstX; kx < endX; kx++) {
        if (isFloat<T>()) {
          c0 = multiplyAdd(v128.load(x), v128.load(w), c0);
          c1 = multiplyAdd(v128.load(x, 16), v128.load(w, 16), c1);
        } else {
          const codes = v128.load(x);
          const factors = v128.load(w);
          const low = i32x4.extmul_low_i16x8_s(codes, factors);
          const high = i32x4.extmul_high_i16x8_s(codes, factors);
          c0 = i64x2.add(c0, i64x2.extend_low_i32x4_s(low));
          c1 = i64x2.add(c1, i64x2.extend_high_i32x4_s(low));
          c2 = i64x2.add(c2, i64x2.extend_low_i32x4_s(high));
          c3 = i64x2.add(c3, i64x2.extend_high_i32x4_s(high));
        }
        x += pixelBytes;
        w += tapBytes;
      }
      line += lineBytes;
      taps += <usize>s.kernelWidth * tapBytes;
    }
    if (wide) {
      v128.store(s.scratch, c0);
      v128.store(s.scratch, c1, 16);
      v128.store(s.scratch, c2, 32);
      v128.store(s.scratch, c3, 48);
      finishWide(out, s.scratch, parameters, s);
    } else {
      storeClamped(out, c0, c1, s);
    }
    input += 8 * sizeof<T>();
    weights += 8 * sizeof<T>();
    out += 8 * sizeof<T>();
    parameters += isFloat<T>() ? 32 : 128;
  }
}
