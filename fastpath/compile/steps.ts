/** A step before addresses are known. */

import type { Operator } from '../../reference/graph/operator.ts';
import type { Step } from '../program/format.ts';
import { kernels, type Kernel } from '../program/kernels.ts';
import type { Buffer } from './buffers.ts';

/** What a kernel reads from its step besides addresses. */
export type Words = Omit<
  Step,
  'kernel' | 'input' | 'second' | 'output' | 'weights' | 'parameters' | 'scratch'
>;

/** `input`, `second` and `output` are numbers of buffers, of which a step may begin some bytes further in. */
export interface DraftStep {
  /** What it computes, or moves for. */
  readonly operator: Operator;
  readonly kernel: Kernel;
  readonly input: number;
  readonly inputOffset?: number;
  readonly second?: number;
  readonly output: number;
  readonly outputOffset?: number;
  readonly words: Words;
  readonly weights?: Uint8Array;
  readonly parameters?: Uint8Array;
}

export function kernelNamed(name: string): Kernel {
  const kernel = kernels.find((each) => each.name === name);
  if (kernel === undefined) throw new Error(`Expected a kernel but found "${name}"`);
  return kernel;
}

/** The extents of both buffers, a 1x1 window, and no limits; a kind of operator overrides what differs. */
export function defaultWords(input: Buffer, output: Buffer): Words {
  return {
    batches: output.batches,
    inHeight: input.height,
    inWidth: input.width,
    inChannels: input.channels,
    inStride: input.stride,
    outHeight: output.height,
    outWidth: output.width,
    outChannels: output.channels,
    outStride: output.stride,
    kernelHeight: 1,
    kernelWidth: 1,
    strideY: 1,
    strideX: 1,
    padTop: 0,
    padLeft: 0,
    inZero: 0,
    outZero: 0,
    min: 0,
    max: 0,
    block: 0,
    flush: 0,
  };
}
