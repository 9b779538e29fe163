/**
 * Whether kernels compute what the reference does, on this engine and processor: a tiny network in every precision on
 * one image, compared bit for bit (its float32 sums are exact in whatever order they are taken, so that fused
 * multiply-adds change nothing). And the choice of the kernels' variant, which goes by it.
 */

import { loadProgram, type Kernels } from './index.ts';
import type { SourceImage } from './image-stream.ts';
import { selfTestData } from './self-test-data.ts';
import type { Variant } from './variant.ts';

/** The image of the self-test: 12 x 12 pixels, so that it is resized to the network's 8 x 8. */
export function selfTestImage(): SourceImage & { readonly data: Uint8Array } {
  const side = 12;
  const data = Uint8Array.from(
    { length: 3 * side * side },
    (_, i) => (i * 37 + (i >> 3) * 11) % 256,
  );
  return { width: side, height: side, data };
}

/** A Program, and all its outputs one after the other. */
type Case = readonly [program: Uint8Array, answer: Uint8Array];

/** What a self-test found wrong: undefined where nothing is. Does not throw for kernels that trap or lack an export. */
export async function selfTest(kernels: Kernels): Promise<string | undefined> {
  for (const [program, answer] of cases()) {
    let precision = '';
    try {
      const network = await loadProgram(program, kernels);
      precision = `${network.description.precision}: `;
      let at = 0;
      for (const output of network.runImage(selfTestImage())) {
        const found = new Uint8Array(output.buffer, output.byteOffset, output.byteLength);
        for (const [i, byte] of found.entries()) {
          if (byte === answer[at + i]) continue;
          return `${precision}Expected byte ${String(at + i)} to be ${String(answer[at + i])} but found ${String(byte)}`;
        }
        at += found.length;
      }
    } catch (error) {
      return `${precision}${error instanceof Error ? error.message : String(error)}`;
    }
  }
  return undefined;
}

/** The cases as tools/self-test.ts wrote them: parts of a length of 32 bits and as many bytes, in base64. */
function cases(): readonly Case[] {
  const text = atob(selfTestData);
  const data = new Uint8Array(text.length);
  for (let i = 0; i < data.length; i++) data[i] = text.charCodeAt(i);
  const view = new DataView(data.buffer);
  const parts: Uint8Array[] = [];
  for (let at = 0; at < data.byteLength;) {
    const length = view.getUint32(at, true);
    parts.push(data.subarray(at + 4, at + 4 + length));
    at += 4 + length;
  }
  return parts.flatMap((program, i) => {
    const answer = parts[i + 1];
    return i % 2 === 0 && answer !== undefined ? [[program, answer] as const] : [];
  });
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
 * The first variant of a list, best first, that this engine takes and whose self-test is right. Takes about a
 * millisecond; the caller keeps the result for the life of its process.
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
