/**
 * Whether kernels compute what the reference does, on this engine and processor: a tiny network in every precision on
 * one image, compared bit for bit (its float32 sums are exact in whatever order they are taken, so that fused
 * multiply-adds change nothing). And the choice of the kernels' variant, which goes by it.
 */

import { PROGRAM_BASE } from '../program/format.ts';
import type { Kernels } from './index.ts';
import {
  ImageStream,
  type ImageTarget,
  type ResizeKernels,
  type SourceImage,
} from './image-stream.ts';
import { selfTestData } from './self-test-data.ts';
import type { Variant } from './variant.ts';

/** The image of the self-test: 12 x 12 pixels, so that it is resized to the network's 8 x 8. */
export function selfTestImage(): SourceImage & { readonly data: Uint8Array } {
  const side = 12;
  const data = new Uint8Array(3 * side * side);
  for (let i = 0; i < data.length; i++) data[i] = (i * 37 + (i >> 3) * 11) % 256;
  return { width: side, height: side, data };
}

/** The tiny network in one precision: what the kernels need of a Program. Addresses are those of the wasm memory. */
export interface SelfTestCase {
  readonly precision: string;
  /** The Program from `PROGRAM_BASE` on, up to its description, which kernels do not read. */
  readonly words: readonly number[];
  /** First byte that it does not use. */
  readonly end: number;
  readonly target: ImageTarget;
  readonly steps: readonly (readonly [kernel: string, record: number])[];
  readonly outputs: readonly { readonly address: number; readonly bytes: readonly number[] }[];
}

interface Exports extends ResizeKernels {
  readonly memory: WebAssembly.Memory;
}

const PAGE_BYTES = 65536;

/**
 * What a self-test found wrong: undefined where nothing is. Does not throw for kernels that trap or lack an export.
 *
 * One instance runs the networks of all precisions, without the check of Programs from outside: 1.7 ms in a new process,
 * a third of it the engine's compiling of what runs (measured). That is why it has the kernels of MobileNetV2 alone:
 * compiling all takes more than twice as long.
 */
export async function selfTest(kernels: Kernels): Promise<string | undefined> {
  let precision = 'Kernels';
  try {
    const module =
      kernels instanceof WebAssembly.Module ? kernels : await WebAssembly.compile(kernels);
    const { exports } = new WebAssembly.Instance(module);
    for (const name of ['memory', 'resizeBegin', 'resizeRow']) requireExport(exports, name);
    const image = selfTestImage();
    for (const each of JSON.parse(selfTestData) as readonly SelfTestCase[]) {
      ({ precision } = each);
      runCase(each, image, exports as WebAssembly.Exports & Exports);
    }
  } catch (error) {
    return `${precision}: ${error instanceof Error ? error.message : String(error)}`;
  }
  return undefined;
}

/** @throws {Error} for the first byte that differs */
function runCase(
  { words, end, target, steps, outputs }: SelfTestCase,
  image: SourceImage,
  exports: WebAssembly.Exports & Exports,
): void {
  const { memory } = exports;
  const pages = Math.ceil(end / PAGE_BYTES) - memory.buffer.byteLength / PAGE_BYTES;
  if (pages > 0) memory.grow(pages);
  new Int32Array(memory.buffer, PROGRAM_BASE, words.length).set(words);
  new ImageStream(exports, memory, target).write(image);
  for (const [kernel, record] of steps) {
    (requireExport(exports, kernel) as (record: number) => void)(record);
  }
  let position = 0;
  for (const { address, bytes } of outputs) {
    const found = new Uint8Array(memory.buffer, address, bytes.length);
    bytes.forEach((byte, i) => {
      if (found[i] === byte) return;
      throw new Error(
        `Expected byte ${String(position + i)} to be ${String(byte)} but found ${String(found[i])}`,
      );
    });
    position += bytes.length;
  }
}

/** @throws {Error} for an export that is not there */
function requireExport(exports: WebAssembly.Exports, name: string): WebAssembly.ExportValue {
  const found = exports[name];
  if (found === undefined) throw new Error(`Expected the kernels to export "${name}"`);
  return found;
}

/** Where a variant's kernels come from. What it throws, such as an engine without relaxed SIMD does, passes it over. */
export interface KernelsSource {
  readonly variant: Variant;
  readonly kernels: () => Kernels | Promise<Kernels>;
}

export interface ChosenKernels {
  readonly variant: Variant;
  readonly kernels: Kernels;
  /** Why the variants before it in the list were passed over. */
  readonly refused: readonly { readonly variant: Variant; readonly reason: string }[];
}

/**
 * The first variant of a list, best first, that this engine takes and whose self-test is right. Takes 1.7 ms
 * (measured); the caller keeps the result for the life of its process.
 *
 * @throws {Error} where none is right: nothing that these kernels compute may then be used
 */
export async function chooseKernels(sources: readonly KernelsSource[]): Promise<ChosenKernels> {
  const refused: { variant: Variant; reason: string }[] = [];
  for (const { variant, kernels: load } of sources) {
    let reason: string | undefined;
    try {
      const kernels = await load();
      reason = await selfTest(kernels);
      if (reason === undefined) return { variant, kernels, refused };
    } catch (error) {
      reason = error instanceof Error ? error.message : String(error);
    }
    refused.push({ variant, reason });
  }
  const reasons = refused.map(({ variant, reason }) => `${variant}: ${reason}`).join('; ');
  throw new Error(`Expected kernels that pass their self-test but found none. ${reasons}`);
}
