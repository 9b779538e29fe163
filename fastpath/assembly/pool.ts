/**
 * averagePool and mean: rules M1 and M2 of reference/SEMANTICS.md. Four channels at a time; those that only pad a pixel
 * are carried along.
 */

import { clamp, requantizeInt32 } from './requantize';
import { Step } from './step';

/** What `Step.parameters` of an integer mean points at: the factor with 1 / count folded in. */
@unmanaged
class MeanParameters {
  multiplier: i32;
  shift: i32;
}

export function poolFloat32(s: Step, mean: bool): void {
  pool<f32>(s, mean, 4);
}

/** Codes of `size` bytes. One function for both sizes: networks have a single pool. */
export function poolCodes(s: Step, mean: bool, size: usize): void {
  pool<i32>(s, mean, size);
}

/** T: f32, or else codes of `size` bytes. Every window has a position inside the image; that of a mean is the image. */
@inline
function pool<T>(s: Step, mean: bool, size: usize): void {
  let to = s.output;
  for (let n: i32 = 0; n < s.batches; n++) {
    for (let oy: i32 = 0; oy < s.outHeight; oy++) {
      const y = oy * s.strideY - s.padTop;
      const firstY = mean ? 0 : max(y, 0);
      const endY = mean ? s.inHeight : min(y + s.kernelHeight, s.inHeight);
      for (let ox: i32 = 0; ox < s.outWidth; ox++) {
        const x = ox * s.strideX - s.padLeft;
        const firstX = mean ? 0 : max(x, 0);
        const endX = mean ? s.inWidth : min(x + s.kernelWidth, s.inWidth);
        const corner = s.input + <usize>(((n * s.inHeight + firstY) * s.inWidth + firstX) * s.inStride) * size;
        for (let c: i32 = 0; c < s.outStride; c += 4) {
          poolFour<T>(s, corner + <usize>c * size, endY - firstY, endX - firstX, mean, size, to);
          to += 4 * size;
        }
      }
    }
  }
}

/** Four channels of a window of `height` by `width` pixels, the first at `corner`. */
@inline
function poolFour<T>(s: Step, corner: usize, height: i32, width: i32, mean: bool, size: usize, to: usize): void {
  const pixelBytes = <usize>s.inStride * size;
  const lineBytes = <usize>s.inWidth * pixelBytes;
  // In the order of rows and columns: exact for codes.
  let low = f64x2.splat(0);
  let high = low;
  for (let y = 0; y < height; y++) {
    let at = corner;
    for (let x = 0; x < width; x++) {
      low = f64x2.add(low, loadTwo<T>(at, size));
      high = f64x2.add(high, loadTwo<T>(at + 2 * size, size));
      at += pixelBytes;
    }
    corner += lineBytes;
  }
  const count = height * width;
  if (isFloat<T>()) {
    const counts = f64x2.splat(count);
    const means = v128.shuffle<i64>(
      f32x4.demote_f64x2_zero(f64x2.div(low, counts)), f32x4.demote_f64x2_zero(f64x2.div(high, counts)), 0, 2,
    );
    v128.store(to, mean ? means : clamp(means, i32x4.splat(s.min), i32x4.splat(s.max)));
  } else {
    finish(s, to, f64x2.extract_lane(low, 0), count, mean, size);
    finish(s, to + size, f64x2.extract_lane(low, 1), count, mean, size);
    finish(s, to + 2 * size, f64x2.extract_lane(high, 0), count, mean, size);
    finish(s, to + 3 * size, f64x2.extract_lane(high, 1), count, mean, size);
  }
}

@inline
function loadTwo<T>(at: usize, size: usize): v128 {
  if (isFloat<T>()) return f64x2.promote_low_f32x4(v128.load64_zero(at));
  const codes = size == 2 ? v128.load32_zero(at) : i16x8.extend_low_i8x16_s(v128.load16_splat(at));
  return f64x2.convert_low_i32x4_s(i32x4.extend_low_i16x8_s(codes));
}

function finish(s: Step, at: usize, sum: f64, count: i32, mean: bool, size: usize): void {
  let code: i32;
  if (mean) {
    const p = changetype<MeanParameters>(s.parameters);
    const centred = <i32>(<i64>sum - <i64>s.inZero * count);
    code = requantizeInt32(centred, p.multiplier, p.shift) + s.outZero;
  } else {
    // Integers below 2^52, whose rounded quotient no whole number lies below: truncated it is the quotient of integers.
    const half = <f64>(count >> 1);
    code = <i32>((sum >= 0 ? sum + half : sum - half) / <f64>count);
  }
  code = min(max(code, s.min), s.max);
  if (size == 2) store<i16>(at, <i16>code);
  else store<i8>(at, <i8>code);
}
