/** How tensors lie in the arena: pixels of channels, each pixel in whole vectors. */

import type { ElementType } from '../../reference/graph/element-type.ts';
import type { Shape } from '../../reference/graph/tensor.ts';
import { channelStride } from '../program/format.ts';
import { typeBytes, type KernelType } from '../program/kernels.ts';
import { UnsupportedError } from './errors.ts';

/** A tensor as a batch of images. Tensors of other ranks are one row of pixels: all axes but the last. */
export interface Extents {
  readonly batches: number;
  readonly height: number;
  readonly width: number;
  readonly channels: number;
}

export interface Buffer extends Extents {
  readonly type: KernelType;
  /** Elements from one pixel to the next. */
  readonly stride: number;
}

export function extentsOf(shape: Shape): Extents {
  const channels = shape.at(-1) ?? 1;
  const leading = shape.slice(0, -1);
  if (leading.length === 3) {
    const [batches = 1, height = 1, width = 1] = leading;
    return { batches, height, width, channels };
  }
  return { batches: 1, height: 1, width: leading.reduce((a, b) => a * b, 1), channels };
}

/** A buffer that a kernel writes. */
export function kernelBuffer(type: KernelType, extents: Extents): Buffer {
  return { ...extents, type, stride: channelStride(extents.channels) };
}

/** A buffer that the host writes: without gaps. */
export function denseBuffer(type: KernelType, extents: Extents): Buffer {
  return { ...extents, type, stride: extents.channels };
}

export function bufferBytes({ batches, height, width, stride, type }: Buffer): number {
  return batches * height * width * stride * typeBytes[type];
}

const KERNEL_TYPES: Readonly<Partial<Record<ElementType, KernelType>>> = {
  float32: 'f32',
  int16: 'i16',
  int8: 'i8',
  uint8: 'u8',
};

/** @throws {UnsupportedError} for a type that no activation has */
export function kernelTypeOf(type: ElementType, name: string): KernelType {
  const found = KERNEL_TYPES[type];
  if (found === undefined) {
    throw new UnsupportedError(
      `Tensor "${name}": Expected float32, int16, int8 or uint8 activations but found ${type}`,
    );
  }
  return found;
}
