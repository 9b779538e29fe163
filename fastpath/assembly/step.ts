/** The record of one step of a Program: 28 words, in the order of `stepFields` in fastpath/program/format.ts. */

@unmanaged
export class Step {
  kernel: i32;
  /** Addresses: activations and scratch in the arena, weights and parameters in the image. */
  input: usize;
  second: usize;
  output: usize;
  weights: usize;
  parameters: usize;
  scratch: usize;
  batches: i32;
  inHeight: i32;
  inWidth: i32;
  inChannels: i32;
  /** Elements from one pixel to the next. */
  inStride: i32;
  outHeight: i32;
  outWidth: i32;
  outChannels: i32;
  outStride: i32;
  kernelHeight: i32;
  kernelWidth: i32;
  strideY: i32;
  strideX: i32;
  padTop: i32;
  padLeft: i32;
  inZero: i32;
  outZero: i32;
  /** Limits of the output: codes, or the bits of float32 numbers. */
  min: i32;
  max: i32;
  /** Output pixels whose windows are packed at a time, a multiple of 4. */
  block: i32;
  /** k-steps after which an int32 sum is moved to an int64 one. */
  flush: i32;
}
