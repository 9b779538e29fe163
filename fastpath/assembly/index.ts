/**
 * What the kernels' module exports: one function a kernel, named by operator and types, that takes the address of a
 * step. fastpath/program/kernels.ts lists them. w8 and w16 are 8- and 16-bit weights; wide ones sum in int64.
 */

import { addCodes, addFloat32 } from './add';
import { conv2d } from './conv-2d';
import { conv2dInt8 } from './conv-2d-i8';
import { conv2dWide } from './conv-2d-wide';
import { depthwiseCodes, depthwiseWide } from './depthwise-conv-2d-codes';
import { depthwiseFloat32 } from './depthwise-conv-2d-f32';
import { unsignedDot } from './dot';
import { clampFloat32, dequantize, INT16, INT8, quantize, rescale, UINT8 } from './elementwise';
import { pad, repeatChannels, reshape } from './layout';
import { poolCodes, poolFloat32 } from './pool';
import { softmaxFloat32, softmaxInt16, softmaxInt8 } from './softmax';
import { Step } from './step';

export { requantizeInt32, requantizeInt64 } from './requantize';
export { resizeBegin, resizeRow } from './resize';

/** Where the module's own data ends; Programs lie above. */
export function dataEnd(): usize {
  return __heap_base;
}

export function conv2d_f32(s: Step): void {
  conv2d<f32, f32>(s);
}
export function conv2d_i8(s: Step): void {
  if (ASC_FEATURE_RELAXED_SIMD && unsignedDot) conv2dInt8<u8>(s);
  else conv2dInt8<i16>(s);
}
export function conv2d_i16_w8(s: Step): void {
  conv2d<i16, i8>(s);
}
export function conv2d_i16_w16(s: Step): void {
  conv2d<i16, i16>(s);
}
export function conv2d_i16_w8_wide(s: Step): void {
  conv2dWide(s, true);
}
export function conv2d_i16_w16_wide(s: Step): void {
  conv2dWide(s, false);
}

export function depthwise_f32(s: Step): void {
  depthwiseFloat32(s);
}
export function depthwise_i8(s: Step): void {
  if (ASC_FEATURE_RELAXED_SIMD && unsignedDot) depthwiseCodes<i8, u8, i8>(s);
  else depthwiseCodes<i8, i16, i8>(s);
}
export function depthwise_i16(s: Step): void {
  depthwiseCodes<i16, i16, i16>(s);
}
export function depthwise_i16_wide(s: Step): void {
  depthwiseWide(s);
}

export function add_f32(s: Step): void {
  addFloat32(s);
}
export function add_i8(s: Step): void {
  addCodes<i8>(s);
}
export function add_i16(s: Step): void {
  addCodes<i16>(s);
}

export function averagePool_f32(s: Step): void {
  poolFloat32(s, false);
}
export function averagePool_i8(s: Step): void {
  poolCodes(s, false, 1);
}
export function averagePool_i16(s: Step): void {
  poolCodes(s, false, 2);
}
export function mean_f32(s: Step): void {
  poolFloat32(s, true);
}
export function mean_i8(s: Step): void {
  poolCodes(s, true, 1);
}
export function mean_i16(s: Step): void {
  poolCodes(s, true, 2);
}

export function softmax_f32(s: Step): void {
  softmaxFloat32(s);
}
export function softmax_i8(s: Step): void {
  softmaxInt8(s);
}
export function softmax_i16(s: Step): void {
  softmaxInt16(s);
}

export function clamp_f32(s: Step): void {
  clampFloat32(s);
}
export function rescale_i8_i8(s: Step): void {
  rescale(s, INT8, INT8);
}
export function rescale_i8_i16(s: Step): void {
  rescale(s, INT8, INT16);
}
export function rescale_i8_u8(s: Step): void {
  rescale(s, INT8, UINT8);
}
export function rescale_i16_i8(s: Step): void {
  rescale(s, INT16, INT8);
}
export function rescale_i16_i16(s: Step): void {
  rescale(s, INT16, INT16);
}
export function rescale_i16_u8(s: Step): void {
  rescale(s, INT16, UINT8);
}
export function rescale_u8_i8(s: Step): void {
  rescale(s, UINT8, INT8);
}
export function rescale_u8_i16(s: Step): void {
  rescale(s, UINT8, INT16);
}
export function rescale_u8_u8(s: Step): void {
  rescale(s, UINT8, UINT8);
}
export function quantize_i8(s: Step): void {
  quantize(s, INT8);
}
export function quantize_i16(s: Step): void {
  quantize(s, INT16);
}
export function quantize_u8(s: Step): void {
  quantize(s, UINT8);
}
export function dequantize_i8(s: Step): void {
  dequantize(s, INT8);
}
export function dequantize_i16(s: Step): void {
  dequantize(s, INT16);
}
export function dequantize_u8(s: Step): void {
  dequantize(s, UINT8);
}

export function pad_f32(s: Step): void {
  pad(s, 4);
}
export function pad_i8(s: Step): void {
  pad(s, 1);
}
export function pad_i16(s: Step): void {
  pad(s, 2);
}
export function reshape_f32(s: Step): void {
  reshape(s, 4);
}
export function reshape_i8(s: Step): void {
  reshape(s, 1);
}
export function reshape_i16(s: Step): void {
  reshape(s, 2);
}
export function repeatChannels_f32(s: Step): void {
  repeatChannels(s, 4);
}
export function repeatChannels_i8(s: Step): void {
  repeatChannels(s, 1);
}
export function repeatChannels_i16(s: Step): void {
  repeatChannels(s, 2);
}
