/**
 * depthwiseConv2d of float32, and of int16 with int64 sums: rule C2 of reference/SEMANTICS.md.
 *
 * Eight channels of an output pixel at a time. Weights lie [kh][kw][stride]; a window is cut to the image, so that
 * positions outside are skipped.
 */

import { finishWide, storeClamped } from './requantize';
import { Step } from './step';

/** T: element of input, output and weights; A: f32 or i64 accumulators. */
export function depthwiseConv2d<T, A>(s: Step): void {
  const pixelBytes = <usize>s.inStride * sizeof<T>();
  const lineBytes = <usize>s.inWidth * pixelBytes;
  let out = s.output;
  for (let n: i32 = 0; n < s.batches; n++) {
    const image = s.input + <usize>(n * s.inHeight) * lineBytes;
    for (let oy: i32 = 0; oy < s.outHeight; oy++) {
      const y = oy * s.strideY - s.padTop;
      const firstY = max(0, -y);
      const endY = min(s.kernelHeight, s.inHeight - y);
      for (let ox: i32 = 0; ox < s.outWidth; ox++) {
        const x = ox * s.strideX - s.padLeft;
        const firstX = max(0, -x);
        const endX = min(s.kernelWidth, s.inWidth - x);
        const corner = image + <usize>(y + firstY) * lineBytes + <usize>(x + firstX) * pixelBytes;
        filterPixel<T, A>(s, corner, firstY, endY, firstX, endX, pixelBytes, lineBytes, out);
        out += <usize>s.outStride * sizeof<T>();
      }
    }
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
          c0 = f32x4.add(c0, f32x4.mul(v128.load(x), v128.load(w)));
          c1 = f32x4.add(c1, f32x4.mul(v128.load(x, 16), v128.load(w, 16)));
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
