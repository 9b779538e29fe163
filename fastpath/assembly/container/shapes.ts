/** The extents of a step's constants: fastpath/container/shapes.ts. */

import { Step } from '../step';

/** Positions in the table of fastpath/program/kernels.ts. */
export const CONV_2D: i32 = 1;
export const DEPTHWISE: i32 = 7;

const PANEL_PARAMETERS: i32 = 112;
const ADD_BYTES: i32 = 92;
const MAX_WINDOW: u32 = 1 << 12;
const MAX_PRODUCTS: u64 = 1 << 20;
const MAX_CHANNELS: u32 = 1 << 28;

export function isLayer(step: Step): bool {
  return step.kernel === CONV_2D || step.kernel === DEPTHWISE;
}

/** Products of an output element. */
export function productsOf(step: Step): i32 {
  const window = step.kernelHeight * step.kernelWidth;
  return step.kernel === DEPTHWISE ? window : window * step.inChannels;
}

/** Rows of 8 channels' codes in a panel, filled up as the kernels want them. */
function rowsOf(step: Step): i32 {
  return step.kernel === DEPTHWISE
    ? ((step.kernelHeight + 3) & ~3) * step.kernelWidth
    : (productsOf(step) + 3) & ~3;
}

/** Bytes at `weights`. */
export function weightBytes(step: Step): u32 {
  return isLayer(step) ? step.outStride * rowsOf(step) : 0;
}

/** Bytes at `parameters`; of steps that are no layers, those of an add. */
export function parameterBytes(step: Step): u32 {
  return isLayer(step) ? (step.outStride >> 3) * PANEL_PARAMETERS : ADD_BYTES;
}

/** Whether a layer's extents are possible, and its constants take at most `limit` bytes, which is below 2^31. */
export function isLayerStep(step: Step, limit: u32): bool {
  if (
    !within(step.kernelHeight, MAX_WINDOW) ||
    !within(step.kernelWidth, MAX_WINDOW) ||
    !within(step.inChannels, MAX_CHANNELS) ||
    !within(step.outStride, MAX_CHANNELS) ||
    !within(step.outChannels, step.outStride) ||
    (step.outStride & 7) !== 0
  ) {
    return false;
  }
  const window = <u64>step.kernelHeight * <u64>step.kernelWidth;
  const products = step.kernel === DEPTHWISE ? window : window * <u64>step.inChannels;
  if (window > MAX_PRODUCTS || products > MAX_PRODUCTS) return false;
  return <u64>step.outStride * <u64>(rowsOf(step) + PANEL_PARAMETERS / 8) <= limit;
}

function within(value: u32, most: u32): bool {
  return value >= 1 && value <= most;
}
