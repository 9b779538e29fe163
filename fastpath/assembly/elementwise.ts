/** clamp, relu, relu6, quantize and dequantize: rules E2, Q1, Q2 and Q3 of reference/SEMANTICS.md. */

import { requantizeInt32 } from './requantize';
import { Step } from './step';

/** What `Step.parameters` points at for `rescale`. */
@unmanaged
class RescaleParameters {
  multiplier: i32;
  shift: i32;
}

@inline
function elements(s: Step): i32 {
  return s.batches * s.outHeight * s.outWidth * s.outStride;
}

export function clampFloat32(s: Step): void {
  const min = v128.load32_splat(changetype<usize>(s), offsetof<Step>('min'));
  const max = v128.load32_splat(changetype<usize>(s), offsetof<Step>('max'));
  const bytes = <usize>elements(s) * 4;
  for (let at: usize = 0; at < bytes; at += 16) {
    v128.store(s.output + at, f32x4.pmin(f32x4.pmax(v128.load(s.input + at), min), max));
  }
}

/** Codes of one type, scale and zero point to another: I to O, of i8, i16 and u8. */
export function rescale<I, O>(s: Step): void {
  const p = changetype<RescaleParameters>(s.parameters);
  const count = elements(s);
  for (let i: i32 = 0; i < count; i++) {
    const code = <i32>load<I>(s.input + <usize>i * sizeof<I>()) - s.inZero;
    const value = requantizeInt32(code, p.multiplier, p.shift) + s.outZero;
    store<O>(s.output + <usize>i * sizeof<O>(), <O>min(max(value, s.min), s.max));
  }
}

/** float32 to codes O. `Step.parameters` points at the float32 scale. */
export function quantize<O>(s: Step): void {
  const scale = load<f32>(s.parameters);
  const count = elements(s);
  for (let i: i32 = 0; i < count; i++) {
    const value = load<f32>(s.input + <usize>i * 4);
    let code: f64 = s.outZero;
    if (value == value) {
      code += roundHalfAwayFromZero(value / scale);
      code = min(max(code, <f64>s.min), <f64>s.max);
    }
    store<O>(s.output + <usize>i * sizeof<O>(), <O>(<i32>code));
  }
}

@inline
function roundHalfAwayFromZero(value: f64): f64 {
  const integer = Math.trunc(value);
  return Math.abs(value - integer) >= 0.5 ? integer + (value > 0 ? 1 : -1) : integer;
}

/** Codes I to float32. `Step.parameters` points at the float32 scale. */
export function dequantize<I>(s: Step): void {
  const scale: f64 = load<f32>(s.parameters);
  const count = elements(s);
  for (let i: i32 = 0; i < count; i++) {
    const code = <i32>load<I>(s.input + <usize>i * sizeof<I>()) - s.inZero;
    store<f32>(s.output + <usize>i * 4, <f32>(scale * <f64>code));
  }
}
