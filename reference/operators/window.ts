/** Where a sliding window lies on an image. */

import type { Pair, Padding } from '../graph/operator.ts';
import type { Shape } from '../graph/tensor.ts';

/** Extent of a kernel of `size` taps that are `dilation` pixels apart. */
export function effectiveSize(size: number, dilation: number): number {
  return (size - 1) * dilation + 1;
}

/** How many positions a window has along one axis; below 1 where the padded image is too small. */
export function outputExtent(
  extent: number,
  padding: number,
  size: number,
  stride: number,
  dilation: number,
): number {
  return Math.floor((extent + padding - effectiveSize(size, dilation)) / stride) + 1;
}

/**
 * TensorFlow's SAME padding as explicit padding (rule P1): as many positions as ceil(extent / stride), the odd pixel
 * after the image.
 */
export function samePadding(shape: Pair, size: Pair, stride: Pair, dilation: Pair): Padding {
  const [top, bottom] = sameAxis(shape[0], size[0], stride[0], dilation[0]);
  const [left, right] = sameAxis(shape[1], size[1], stride[1], dilation[1]);
  return [top, bottom, left, right];
}

function sameAxis(extent: number, size: number, stride: number, dilation: number): Pair {
  const positions = Math.ceil(extent / stride);
  const total = Math.max(0, (positions - 1) * stride + effectiveSize(size, dilation) - extent);
  return [Math.floor(total / 2), Math.ceil(total / 2)];
}

/** An NHWC or OHWI shape as its four extents. */
export function extents4(shape: Shape): readonly [number, number, number, number] {
  const [n, h, w, c] = shape;
  if (n === undefined || h === undefined || w === undefined || c === undefined) {
    throw new Error(`Expected four extents but found [${shape.join(', ')}]`);
  }
  return [n, h, w, c];
}
