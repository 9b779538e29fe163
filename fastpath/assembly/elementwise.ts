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

/** The types of codes. These kernels take them as arguments: they are rare, and small is better than fast. */
export const INT8: i32 = 0;
export const UINT8: i32 = 1;
export const INT16: i32 = 2;

/** Element `i` from `base` on. */
@inline
export function loadCode(base: usize, i: i32, type: i32): i32 {
  if (type == INT16) return load<i16>(base + 2 * <usize>i);
  return type == INT8 ? <i32>load<i8>(base + <usize>i) : <i32>load<u8>(base + <usize>i);
}

@inline
export function storeCode(base: usize, i: i32, code: i32, type: i32): void {
  if (type == INT16) store<i16>(base + 2 * <usize>i, <i16>code);
  else store<i8>(base + <usize>i, <i8>code);
}

/** Codes of one type, scale and zero point to another. */
export function rescale(s: Step, from: i32, to: i32): void {
  const p = changetype<RescaleParameters>(s.parameters);
  const count = elements(s);
  for (let i: i32 = 0; i < count; i++) {
    const code = loadCode(s.input, i, from) - s.inZero;
    const value = requantizeInt32(code, p.multiplier, p.shift) + s.outZero;
    storeCode(s.output, i, min(max(value, s.min), s.max), to);
  }
}

/** float32 to codes. `Step.parameters` points at the float32 scale. */
export function quantize(s: Step, to: i32): void {
  const scale = load<f32>(s.parameters);
  const count = elements(s);
  for (let i: i32 = 0; i < count; i++) {
    const value = load<f32>(s.input + <usize>i * 4);
    let code: f64 = s.outZero;
    if (value == value) {
      code += roundHalfAwayFromZero(value / scale);
      code = min(max(code, <f64>s.min), <f64>s.max);
    }
    storeCode(s.output, i, <i32>code, to);
  }
}

@inline
function roundHalfAwayFromZero(value: f64): f64 {
  const integer = Math.trunc(value);
  return Math.abs(value - integer) >= 0.5 ? integer + (value > 0 ? 1 : -1) : integer;
}

/** Codes to float32. `Step.parameters` points at the float32 scale. */
export function dequantize(s: Step, from: i32): void {
  const scale: f64 = load<f32>(s.parameters);
  const count = elements(s);
  for (let i: i32 = 0; i < count; i++) {
    const code = loadCode(s.input, i, from) - s.inZero;
    store<f32>(s.output + <usize>i * 4, <f32>(scale * <f64>code));
  }
}
