/**
 * `regionsOf` is an upper bound of what each kernel reads and writes, for any step that the check lets pass.
 *
 * Each region in turn ends where the memory ends, so that a read or write beyond it traps; all others have bytes
 * between them that may not change. Constants and inputs are any bytes.
 */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { generator } from '../../conformance/draws.ts';
import { property } from '../../conformance/property.ts';
import { kernelsModule } from '../../tools/kernels.ts';
import { PROGRAM_BASE, roundUp, stepFields, writeWords, type Step } from '../program/format.ts';
import { kernels, regionsOf, type Kernel, type Regions } from '../program/kernels.ts';
import { checkStep } from '../program/check-steps.ts';
import { variants, type Variant } from '../runtime/variant.ts';
import { ownMemory } from './own-memory.ts';

const file = 'fastpath/test/regions.test.ts';
const fields = ['input', 'second', 'output', 'weights', 'parameters', 'scratch'] as const;

/** The kernels with a memory of their own, and what it holds before each run. */
interface Loaded {
  readonly exports: WebAssembly.Exports;
  /** Of the kernels. */
  readonly own: { readonly from: number; readonly to: number };
  readonly bytes: Uint8Array;
  readonly noise: Uint8Array;
}

function kernelsOf(variant: Variant, pages: number): Loaded {
  const { exports } = new WebAssembly.Instance(kernelsModule(variant));
  const own = ownMemory(exports);
  const memory = exports['memory'] as WebAssembly.Memory;
  memory.grow(pages - 1);
  const bytes = new Uint8Array(memory.buffer);
  const random = generator(1);
  const page = Uint8Array.from({ length: 65536 }, () => 256 * random());
  const noise = new Uint8Array(bytes.length);
  for (let at = 0; at < noise.length; at += page.length) noise.set(page, at);
  return { exports, own, bytes, noise };
}

const small = { simd: kernelsOf('simd', 16), relaxed: kernelsOf('relaxed', 16) };

const extent = fc.integer({ min: 1, max: 5 });
const channels = fc.oneof(fc.constantFrom(1, 3, 7, 8, 9, 16, 17), fc.integer({ min: 1, max: 25 }));
const margin = fc.oneof(fc.integer({ min: 0, max: 3 }), fc.constantFrom(7, 1024));
const word = fc.oneof(fc.constantFrom(0, -128, 127, 32767), fc.integer());

type Drawn = Omit<Step, 'kernel' | (typeof fields)[number]>;

const drawn: fc.Arbitrary<Drawn> = fc
  .record({
    batches: fc.integer({ min: 1, max: 3 }),
    inHeight: extent,
    inWidth: extent,
    inChannels: channels,
    inGap: fc.constantFrom(0, 0, 1, 5),
    outHeight: extent,
    outWidth: extent,
    outChannels: channels,
    outGap: fc.constantFrom(0, 0, 8),
    kernelHeight: extent,
    kernelWidth: extent,
    strideY: extent,
    strideX: extent,
    padTop: margin,
    padLeft: margin,
    inZero: word,
    outZero: word,
    min: word,
    max: word,
    tiles: fc.integer({ min: 1, max: 4 }),
    flush: extent,
  })
  .map(({ inGap, outGap, tiles, ...words }) => ({
    ...words,
    inStride: words.inChannels + inGap,
    outStride: roundUp(words.outChannels, 8) + outGap,
    block: 4 * tiles,
  }));

/** What `checkShape` asks of a family, from words that ask for nothing. */
function shaped(kernel: Kernel, words: Drawn): Drawn {
  const { outChannels, outStride } = words;
  const sameChannels = {
    ...words,
    inChannels: outChannels,
    inStride: outChannels + words.inStride - words.inChannels,
  };
  const same = { ...words, inChannels: outChannels, inStride: outStride };
  switch (kernel.family) {
    case 'conv2d':
      return words;
    case 'averagePool':
      return { ...same, ...inside(words, 'Height'), ...inside(words, 'Width') };
    case 'mean':
      return { ...same, outHeight: 1, outWidth: 1 };
    case 'pad':
      return sameChannels;
    case 'reshape': {
      const { inHeight, inWidth, inChannels } = words;
      const to = { outHeight: inWidth, outWidth: inChannels, outChannels: inHeight };
      return { ...words, ...to, outStride: roundUp(inHeight, 8) };
    }
    case 'repeatChannels': {
      const repeated = words.inChannels * words.kernelHeight;
      return {
        ...words,
        outHeight: words.inHeight,
        outWidth: words.inWidth,
        outChannels: repeated,
        outStride: roundUp(repeated, 8),
      };
    }
    case 'depthwise':
    case 'add':
    case 'softmax':
    case 'clamp':
    case 'rescale':
    case 'quantize':
    case 'dequantize':
      return { ...words, inChannels: Math.min(words.inChannels, outStride), inStride: outStride };
  }
}

/** Padding and positions of a pool whose windows all meet the image. */
function inside(words: Drawn, axis: 'Height' | 'Width'): Partial<Drawn> {
  const [pad, stride] =
    axis === 'Height' ? (['padTop', 'strideY'] as const) : (['padLeft', 'strideX'] as const);
  const padding = Math.min(words[pad], words[`kernel${axis}`] - 1);
  const most = Math.floor((words[`in${axis}`] - 1 + padding) / words[stride]) + 1;
  return { [pad]: padding, [`out${axis}`]: Math.min(words[`out${axis}`], most) };
}

/** Constants from `from`, then the arena, with gaps between them: as in a Program. */
function layOut(step: Step, regions: Regions): { readonly step: Step; readonly imageEnd: number } {
  let end = PROGRAM_BASE + 1024;
  const place = (bytesOf: number): number => {
    const address = end;
    end = roundUp(end + bytesOf + 1, 16);
    return address;
  };
  const weights = place(regions.weights);
  const parameters = place(regions.parameters);
  const imageEnd = end;
  const placed = {
    weights,
    parameters,
    input: place(regions.input),
    second: place(regions.second),
    output: place(regions.output),
    scratch: place(regions.scratch),
  };
  return { step: { ...step, ...placed }, imageEnd };
}

function problemOf(
  kernel: Kernel,
  words: Drawn,
  { exports, own, bytes, noise }: Loaded = small.simd,
): string | undefined {
  const none = { input: 0, second: 0, output: 0, weights: 0, parameters: 0, scratch: 0 };
  const draft: Step = {
    ...words,
    ...none,
    kernel: kernels.findIndex(({ name }) => name === kernel.name),
  };
  const regions = regionsOf(kernel, draft);
  const { step, imageEnd } = layOut(draft, regions);
  checkStep(step, 0, { imageEnd, arenaEnd: bytes.length });
  for (const last of fields) {
    if (regions[last] === 0) continue;
    const moved = { ...step, [last]: bytes.length - regions[last] };
    // Where a region is empty, nothing is.
    for (const field of fields) if (regions[field] === 0) moved[field] = 2 ** 31 - 1;
    bytes.set(noise);
    writeWords(new DataView(bytes.buffer), PROGRAM_BASE, stepFields, moved);
    const expected = bytes.slice();
    (exports[kernel.name] as (record: number) => void)(PROGRAM_BASE);
    expected.set(bytes.subarray(own.from, own.to), own.from);
    for (const field of ['output', 'scratch'] as const) {
      const [from, to] = [moved[field], moved[field] + regions[field]];
      if (regions[field] > 0) expected.set(bytes.subarray(from, to), from);
    }
    const stray =
      Buffer.compare(bytes, expected) === 0 ? -1 : bytes.findIndex((b, i) => b !== expected[i]);
    if (stray !== -1)
      return `Expected nothing to change at ${String(stray)}: ${JSON.stringify(moved)}`;
  }
  return undefined;
}

describe.each(variants)('%s', (variant) => {
  for (const kernel of kernels) {
    property(
      `${kernel.name} stays inside its regions, ${variant}`,
      { runs: 30, file },
      drawn.map((words) => shaped(kernel, words)),
      (words) => Promise.resolve(problemOf(kernel, words, small[variant])),
    );
  }
});

it('notices a kernel that leaves them', () => {
  const { kernel, words } = first('clamp_f32');
  const smaller: Kernel = { ...kernel, output: 'i8' };
  expect(problemOf(smaller, shaped(kernel, words))).toMatch(/^Expected nothing to change at /);
});

it('notices a kernel that reads beyond them', () => {
  const { kernel, words } = first('clamp_f32');
  const smaller: Kernel = { ...kernel, input: 'i8' };
  expect(() => problemOf(smaller, shaped(kernel, words))).toThrow(WebAssembly.RuntimeError);
});

describe.each(variants)(
  'positions as far outside the image as a step may ask for, %s',
  (variant) => {
    const large = kernelsOf(variant, 560);
    const far = { strideY: 1024, strideX: 1024, kernelHeight: 3, kernelWidth: 3 };

    it.each(
      ['conv2d_f32', 'conv2d_i8', 'depthwise_f32', 'depthwise_i16_wide', 'pad_i8'].flatMap((name) =>
        [0, 1024].flatMap((pad) => [
          { name, padTop: pad, padLeft: 0, outHeight: 2 ** 20, outWidth: 1 },
          // The rows of a window that a depthwise kernel of codes lays out would be 64 GiB.
          ...(name === 'depthwise_i16_wide'
            ? []
            : [{ name, padTop: 0, padLeft: pad, outHeight: 1, outWidth: 2 ** 20 }]),
        ]),
      ),
    )('$name, $outHeight x $outWidth, padding $padTop and $padLeft', ({ name, ...extents }) => {
      const { kernel, words } = first(name);
      const channelsOf = { outChannels: 3, outStride: 8, batches: 1 };
      const step = shaped(kernel, { ...words, ...far, ...extents, ...channelsOf });
      expect(problemOf(kernel, step, large)).toBeUndefined();
    });
  },
);

/** A kernel, and words for it. */
function first(name: string): { readonly kernel: Kernel; readonly words: Drawn } {
  const kernel = kernels.find((each) => each.name === name);
  const [words] = fc.sample(drawn, { numRuns: 1, seed: 1 });
  if (kernel === undefined || words === undefined) throw new Error('Expected a kernel and a step');
  return { kernel, words };
}
