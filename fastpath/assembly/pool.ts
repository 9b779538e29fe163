/** averagePool and mean: rules M1 and M2 of reference/SEMANTICS.md. */

import { INT16, INT8, loadCode, storeCode } from './elementwise';
import { requantizeInt32 } from './requantize';
import { Step } from './step';

/** The type of elements where they are not codes. */
const FLOAT32: i32 = -1;

export function averagePoolFloat32(s: Step): void {
  averagePool(s, FLOAT32);
}

export function averagePoolInt8(s: Step): void {
  averagePool(s, INT8);
}

export function averagePoolInt16(s: Step): void {
  averagePool(s, INT16);
}

/** Every window has a position inside the image. */
function averagePool(s: Step, type: i32): void {
  let pixel: i32 = 0;
  for (let n: i32 = 0; n < s.batches; n++) {
    for (let oy: i32 = 0; oy < s.outHeight; oy++) {
      const y = oy * s.strideY - s.padTop;
      const firstY = max(y, 0);
      const endY = min(y + s.kernelHeight, s.inHeight);
      for (let ox: i32 = 0; ox < s.outWidth; ox++) {
        const x = ox * s.strideX - s.padLeft;
        const firstX = max(x, 0);
        const endX = min(x + s.kernelWidth, s.inWidth);
        const count = (endY - firstY) * (endX - firstX);
        const to = pixel * s.outStride;
        for (let c: i32 = 0; c < s.outChannels; c++) {
          const sum = sumWindow(s, n, c, firstY, endY, firstX, endX, type);
          if (type == FLOAT32) {
            storeFloat(s, to + c, clampFloat(<f32>(sum / count), s));
          } else {
            // Sums of codes are integers below 2^53.
            const half = <f64>(count >> 1);
            const average = <i32>(<i64>(sum >= 0 ? sum + half : sum - half) / count);
            storeCode(s.output, to + c, clampCode(average, s), type);
          }
        }
        pixel++;
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

export function meanFloat32(s: Step): void {
  mean(s, FLOAT32);
}

export function meanInt8(s: Step): void {
  mean(s, INT8);
}

export function meanInt16(s: Step): void {
  mean(s, INT16);
}

/** Over height and width. */
function mean(s: Step, type: i32): void {
  const count = s.inHeight * s.inWidth;
  for (let n: i32 = 0; n < s.batches; n++) {
    const to = n * s.outStride;
    for (let c: i32 = 0; c < s.outChannels; c++) {
      const sum = sumWindow(s, n, c, 0, s.inHeight, 0, s.inWidth, type);
      if (type == FLOAT32) {
        storeFloat(s, to + c, <f32>(sum / count));
      } else {
        const p = changetype<MeanParameters>(s.parameters);
        const centred = <i32>(<i64>sum - <i64>s.inZero * count);
        const value = requantizeInt32(centred, p.multiplier, p.shift) + s.outZero;
        storeCode(s.output, to + c, clampCode(value, s), type);
      }
    }
  }
}

/** The sum of channel `c` over rows and columns of image `n`, in their order: exact for codes. */
function sumWindow(
  s: Step, n: i32, c: i32, firstY: i32, endY: i32, firstX: i32, endX: i32, type: i32,
): f64 {
  let sum: f64 = 0;
  for (let y = firstY; y < endY; y++) {
    let at = ((n * s.inHeight + y) * s.inWidth + firstX) * s.inStride + c;
    for (let x = firstX; x < endX; x++) {
      if (type == FLOAT32) sum += load<f32>(s.input + 4 * <usize>at);
      else sum += loadCode(s.input, at, type);
      at += s.inStride;
    }
  }
  return sum;
}

@inline
function storeFloat(s: Step, i: i32, value: f32): void {
  store<f32>(s.output + 4 * <usize>i, value);
}

@inline
function clampCode(value: i32, s: Step): i32 {
  return min(max(value, s.min), s.max);
}

@inline
function clampFloat(value: f32, s: Step): f32 {
  return min(max(value, reinterpret<f32>(s.min)), reinterpret<f32>(s.max));
}
