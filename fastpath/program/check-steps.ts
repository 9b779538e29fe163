/**
 * What every step must obey so that its kernel reads and writes nothing but its own regions, divides by nothing and
 * ends: checked once, before the first run, so that kernels need not check.
 */

import type { Header, Step } from './format.ts';
import { PROGRAM_BASE } from './format.ts';
import {
  kernels,
  PANEL,
  productsOf,
  regionsOf,
  TILE,
  type Kernel,
  type Regions,
} from './kernels.ts';
import { refuse } from './errors.ts';

/** With these, and regions that fit the memory, no product or sum that a kernel computes leaves int32. */
const MAX_EXTENT = 2 ** 28;
const MAX_WINDOW = 2 ** 12;
/** Products of an output element; a block of rows, and k-steps between flushes. */
const MAX_PRODUCTS = 2 ** 20;
/** Of the last window's end along an axis, in pixels. */
const MAX_REACH = 2 ** 30;
/** Multiply-accumulates of one run: minutes at worst. */
export const MAX_WORK = 1e11;
/** What an element of a softmax takes, in multiply-accumulates (measured). */
const SOFTMAX_WORK = 8;

const EXTENTS = [
  'batches',
  'inHeight',
  'inWidth',
  'inChannels',
  'inStride',
  'outHeight',
  'outWidth',
  'outChannels',
  'outStride',
] as const satisfies readonly (keyof Step)[];
const WINDOWS = ['kernelHeight', 'kernelWidth', 'strideY', 'strideX'] as const;
const MARGINS = ['padTop', 'padLeft'] as const;

/** First byte after the image, and after the arena, which follows it. */
export interface Bounds {
  readonly imageEnd: number;
  readonly arenaEnd: number;
}

export function boundsOf(header: Header): Bounds {
  const imageEnd = PROGRAM_BASE + header.imageBytes;
  return { imageEnd, arenaEnd: imageEnd + header.arenaBytes };
}

export function inImage({ imageEnd }: Bounds, address: number, bytes: number): boolean {
  return address >= PROGRAM_BASE && address + bytes <= imageEnd;
}

export function inArena({ imageEnd, arenaEnd }: Bounds, address: number, bytes: number): boolean {
  return address >= imageEnd && address + bytes <= arenaEnd;
}

/** Checks a step and returns its kernel and multiply-accumulates (or elements). */
export function checkStep(
  step: Step,
  position: number,
  bounds: Bounds,
): { readonly kernel: Kernel; readonly work: number } {
  const subject = `Step ${String(position)}`;
  const kernel = kernels[step.kernel];
  if (kernel === undefined) refuse('kernel', subject, kernels.length, step.kernel);
  const named = `${subject} (${kernel.name})`;
  for (const field of EXTENTS) checkExtent(named, field, 1, MAX_EXTENT, step[field]);
  for (const field of WINDOWS) checkExtent(named, field, 1, MAX_WINDOW, step[field]);
  for (const field of MARGINS) checkExtent(named, field, 0, MAX_WINDOW, step[field]);
  checkReach(named, step);
  checkStrides(named, step);
  checkShape(named, kernel, step);
  const regions = regionsOf(kernel, step);
  checkRegions(named, step, regions, bounds);
  const rows = step.batches * step.outHeight;
  const products = rows * step.outWidth * step.outStride * workPerOutput(kernel, step);
  // A depthwise kernel lays out the rows of a window in its scratch, two bytes an element, for each row of outputs.
  const moves = kernel.family === 'depthwise' ? (rows * regions.scratch) / 2 : 0;
  return { kernel, work: products + moves };
}

function workPerOutput(kernel: Kernel, step: Step): number {
  const window = step.kernelHeight * step.kernelWidth;
  if (kernel.family === 'conv2d') return productsOf(step);
  if (kernel.family === 'mean') return step.inHeight * step.inWidth;
  if (kernel.family === 'softmax') return SOFTMAX_WORK;
  return window;
}

function checkExtent(
  subject: string,
  field: string,
  min: number,
  max: number,
  found: number,
): void {
  if (found < min || found > max) refuse('extent', subject, field, min, max, found);
}

function checkReach(subject: string, step: Step): void {
  const reach = (positions: number, stride: number, size: number): number =>
    (positions - 1) * stride + size;
  const furthest = Math.max(
    reach(step.outHeight, step.strideY, step.kernelHeight),
    reach(step.outWidth, step.strideX, step.kernelWidth),
  );
  checkExtent(subject, 'the last window’s end', 1, MAX_REACH, furthest);
}

function checkStrides(subject: string, step: Step): void {
  const { inStride, inChannels, outStride, outChannels } = step;
  if (inStride < inChannels) {
    refuse('stride', subject, 'inStride', `at least ${String(inChannels)}`, inStride);
  }
  if (outStride < outChannels || outStride % PANEL !== 0) {
    const wanted = `a multiple of ${String(PANEL)}, at least ${String(outChannels)}`;
    refuse('stride', subject, 'outStride', wanted, outStride);
  }
}

/** Rules of a family beyond the sizes of its regions. */
function checkShape(subject: string, kernel: Kernel, step: Step): void {
  switch (kernel.family) {
    case 'conv2d':
      checkConvolution(subject, kernel, step);
      return;
    case 'averagePool':
      checkWindows(subject, step);
      checkSame(subject, step, ['inChannels', 'outChannels']);
      checkSame(subject, step, ['inStride', 'outStride']);
      return;
    case 'depthwise':
    case 'add':
    case 'softmax':
    case 'clamp':
    case 'rescale':
    case 'quantize':
    case 'dequantize':
      checkSame(subject, step, ['inStride', 'outStride']);
      return;
    case 'mean':
      checkSame(subject, step, ['inChannels', 'outChannels']);
      checkSame(subject, step, ['inStride', 'outStride']);
      checkOne(subject, step, ['outHeight', 'outWidth']);
      return;
    case 'pad':
      checkSame(subject, step, ['inChannels', 'outChannels']);
      return;
    case 'reshape': {
      const from = step.inHeight * step.inWidth * step.inChannels;
      const to = step.outHeight * step.outWidth * step.outChannels;
      if (from !== to) refuse('shape', subject, `${String(from)} elements`, String(to));
      return;
    }
    case 'repeatChannels':
      checkSame(subject, step, ['inHeight', 'outHeight']);
      checkSame(subject, step, ['inWidth', 'outWidth']);
      if (step.outChannels % step.inChannels !== 0) {
        const wanted = `a multiple of ${String(step.inChannels)} channels`;
        refuse('shape', subject, wanted, String(step.outChannels));
      }
  }
}

function checkConvolution(subject: string, kernel: Kernel, step: Step): void {
  const { block, flush } = step;
  checkExtent(subject, 'products', 1, MAX_PRODUCTS, productsOf(step));
  if (block < TILE || block % TILE !== 0 || block > MAX_PRODUCTS) {
    refuse('stride', subject, 'block', `a multiple of ${String(TILE)}`, block);
  }
  if (kernel.wide === true) checkExtent(subject, 'flush', 1, MAX_PRODUCTS, flush);
}

/** Every window of a pool has a position inside the image, since sums are divided by their number. */
function checkWindows(subject: string, step: Step): void {
  const axes = [
    [step.outHeight, step.strideY, step.padTop, step.kernelHeight, step.inHeight],
    [step.outWidth, step.strideX, step.padLeft, step.kernelWidth, step.inWidth],
  ] as const;
  for (const [positions, stride, padding, size, extent] of axes) {
    if (padding >= size || (positions - 1) * stride - padding >= extent) {
      refuse('shape', subject, 'windows that meet the image', `${String(positions)} positions`);
    }
  }
}

function checkSame(subject: string, step: Step, [one, other]: [keyof Step, keyof Step]): void {
  if (step[one] !== step[other]) {
    refuse(
      'shape',
      subject,
      `${one} and ${other} to be equal`,
      `${String(step[one])} and ${String(step[other])}`,
    );
  }
}

function checkOne(subject: string, step: Step, fields: readonly (keyof Step)[]): void {
  for (const field of fields) {
    if (step[field] !== 1) refuse('shape', subject, `${field} 1`, String(step[field]));
  }
}

function checkRegions(subject: string, step: Step, regions: Regions, bounds: Bounds): void {
  for (const field of ['weights', 'parameters'] as const) {
    const bytes = regions[field];
    if (bytes > 0 && !inImage(bounds, step[field], bytes)) {
      refuse('constant-pointer', subject, field, bytes, step[field]);
    }
  }
  for (const field of ['input', 'second'] as const) {
    const bytes = regions[field];
    const found = step[field];
    if (bytes > 0 && !inArena(bounds, found, bytes) && !inImage(bounds, found, bytes)) {
      refuse('activation-pointer', subject, field, bytes, found);
    }
  }
  for (const field of ['output', 'scratch'] as const) {
    const bytes = regions[field];
    if (bytes > 0 && !inArena(bounds, step[field], bytes)) {
      refuse('arena-pointer', subject, field, bytes, step[field]);
    }
  }
}
