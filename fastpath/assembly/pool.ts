/**
 * averagePool and mean: rules M1 and M2 of reference/SEMANTICS.md. Two channels at a time; those that only pad a pixel
 * are carried along.
 */

import { requantizeInt32 } from './requantize';
import { Step } from './step';

/** What `Step.parameters` of an integer mean points at: the factor with 1 / count folded in. */
@unmanaged
class MeanParameters {
  multiplier: i32;
  shift: i32;
}

/**
 * T: element of input and output, f32, i8 or i16. Every window has a position inside the image; that of a mean is the
 * image.
 */
export function pool<T>(s: Step, mean: bool): void {
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
        const count = (endY - firstY) * (endX - firstX);
        for (let c: i32 = 0; c < s.outStride; c += 2) {
          const sums = sumWindow<T>(s, n, c, firstY, endY, firstX, endX);
          finish<T>(s, to, f64x2.extract_lane(sums, 0), count, mean);
          finish<T>(s, to + sizeof<T>(), f64x2.extract_lane(sums, 1), count, mean);
          to += 2 * sizeof<T>();
        }
      }
    }
  }
}

/** The sums of channels `c` and c + 1 over rows and columns of image `n`, in their order: exact for codes. */
@inline
function sumWindow<T>(
  s: Step, n: i32, c: i32, firstY: i32, endY: i32, firstX: i32, endX: i32,
): v128 {
  const pixelBytes = <usize>s.inStride * sizeof<T>();
  let sums = f64x2.splat(0);
  for (let y = firstY; y < endY; y++) {
    const row = <usize>((n * s.inHeight + y) * s.inWidth);
    let at = s.input + (row + <usize>firstX) * pixelBytes + <usize>c * sizeof<T>();
    for (let x = firstX; x < endX; x++) {
      sums = f64x2.add(sums, loadTwo<T>(at));
      at += pixelBytes;
    }
  }
  return sums;
}

@inline
function loadTwo<T>(at: usize): v128 {
  if (isFloat<T>()) return f64x2.promote_low_f32x4(v128.load64_zero(at));
  if (sizeof<T>() == 2) return f64x2.convert_low_i32x4_s(i32x4.extend_low_i16x8_s(v128.load32_zero(at)));
  const codes = i16x8.extend_low_i8x16_s(v128.load16_splat(at));
  return f64x2.convert_low_i32x4_s(i32x4.extend_low_i16x8_s(codes));
}

function finish<T>(s: Step, at: usize, sum: f64, count: i32, mean: bool): void {
  if (isFloat<T>()) {
    const average = <f32>(sum / count);
    store<f32>(at, mean ? average : min(max(average, reinterpret<f32>(s.min)), reinterpret<f32>(s.max)));
    return;
  }
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
  store<T>(at, <T>min(max(code, s.min), s.max));
}
