/** averagePool and mean: rules M1 and M2 of reference/SEMANTICS.md. */

import { requantizeInt32 } from './requantize';
import { Step } from './step';

/** T: f32, i8 or i16. Every window has a position inside the image. */
export function averagePool<T>(s: Step): void {
  const pixelBytes = <usize>s.inStride * sizeof<T>();
  let out = s.output;
  for (let n: i32 = 0; n < s.batches; n++) {
    const image = s.input + <usize>(n * s.inHeight * s.inWidth) * pixelBytes;
    for (let oy: i32 = 0; oy < s.outHeight; oy++) {
      const y = oy * s.strideY - s.padTop;
      const firstY = max(y, 0);
      const endY = min(y + s.kernelHeight, s.inHeight);
      for (let ox: i32 = 0; ox < s.outWidth; ox++) {
        const x = ox * s.strideX - s.padLeft;
        const firstX = max(x, 0);
        const endX = min(x + s.kernelWidth, s.inWidth);
        const count = (endY - firstY) * (endX - firstX);
        for (let c: i32 = 0; c < s.outChannels; c++) {
          const at = image + <usize>c * sizeof<T>();
          if (isFloat<T>()) {
            const sum = sumWindow<T, f64>(s, at, firstY, endY, firstX, endX, pixelBytes);
            store<f32>(out + 4 * c, clampFloat(<f32>(sum / count), s));
          } else {
            const sum = sumWindow<T, i64>(s, at, firstY, endY, firstX, endX, pixelBytes);
            const half = count >> 1;
            const average = <i32>((sum >= 0 ? sum + half : sum - half) / count);
            store<T>(out + <usize>c * sizeof<T>(), <T>clampCode(average, s));
          }
        }
        out += <usize>s.outStride * sizeof<T>();
      }
    }
  }
}

/** What `Step.parameters` of an integer mean points at: the factor with 1 / count folded in. */
@unmanaged
class MeanParameters {
  multiplier: i32;
  shift: i32;
}

/** T: f32, i8 or i16. Over height and width. */
export function mean<T>(s: Step): void {
  const pixelBytes = <usize>s.inStride * sizeof<T>();
  const count = s.inHeight * s.inWidth;
  for (let n: i32 = 0; n < s.batches; n++) {
    const image = s.input + <usize>(n * count) * pixelBytes;
    const out = s.output + <usize>(n * s.outStride) * sizeof<T>();
    for (let c: i32 = 0; c < s.outChannels; c++) {
      const at = image + <usize>c * sizeof<T>();
      if (isFloat<T>()) {
        const sum = sumWindow<T, f64>(s, at, 0, s.inHeight, 0, s.inWidth, pixelBytes);
        store<f32>(out + 4 * c, <f32>(sum / count));
      } else {
        const p = changetype<MeanParameters>(s.parameters);
        const sum = sumWindow<T, i64>(s, at, 0, s.inHeight, 0, s.inWidth, pixelBytes);
        const centred = <i32>(sum - <i64>s.inZero * count);
        const value = requantizeInt32(centred, p.multiplier, p.shift) + s.outZero;
        store<T>(out + <usize>c * sizeof<T>(), <T>clampCode(value, s));
      }
    }
  }
}

/** The sum of one channel over rows and columns of an image, in their order. A: f64 or i64. */
@inline
function sumWindow<T, A>(
  s: Step, image: usize, firstY: i32, endY: i32, firstX: i32, endX: i32, pixelBytes: usize,
): A {
  let sum: A = 0;
  for (let y = firstY; y < endY; y++) {
    let at = image + <usize>(y * s.inWidth + firstX) * pixelBytes;
    for (let x = firstX; x < endX; x++) {
      sum += <A>load<T>(at);
      at += pixelBytes;
    }
  }
  return sum;
}

@inline
function clampCode(value: i32, s: Step): i32 {
  return min(max(value, s.min), s.max);
}

@inline
function clampFloat(value: f32, s: Step): f32 {
  return min(max(value, reinterpret<f32>(s.min)), reinterpret<f32>(s.max));
}
