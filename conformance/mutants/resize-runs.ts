/** Images resized by `resizeBegin` and `resizeRow`, as `resize.test.ts` draws them, against the reference. */

import fc from 'fast-check';
import { PROGRAM_BASE, roundUp } from '../../fastpath/program/format.ts';
import { MAX_SOURCE_WIDTH, resizeWorkspaceBytes } from '../../fastpath/program/resize-workspace.ts';
import { ImageStream } from '../../fastpath/runtime/image-stream.ts';
import {
  elementTypes,
  imageToInput,
  pixelTable,
  type Graph,
  type GraphTensor,
  type Preprocessing,
  type RgbImage,
} from '../../reference/index.ts';
import { generator } from '../draws.ts';
import type { Bench, PreparedCase, Region } from './case.ts';

interface ResizeCase {
  readonly source: readonly [width: number, height: number];
  readonly target: readonly [width: number, height: number];
  readonly type: 'float32' | 'int16' | 'int8';
  readonly channels: 'rgb' | 'bgr';
  /** Where the image covers the input and is cut; undefined where it is squashed. */
  readonly crop: number | undefined;
  readonly pixels: 'noise' | 'extremes' | 'white';
  readonly seed: number;
}

const upTo = (max: number): fc.Arbitrary<number> => fc.integer({ min: 1, max });
const near = fc.integer({ min: -2, max: 2 });

const sides = fc.oneof(
  fc.tuple(upTo(300), upTo(64)),
  fc.tuple(upTo(32), upTo(64)),
  fc.tuple(upTo(64), near).map(([from, by]) => [from, Math.max(from + by, 1)] as const),
);

const resizeCase: fc.Arbitrary<ResizeCase> = fc
  .record({
    width: sides,
    height: sides,
    type: fc.constantFrom('float32', 'int16', 'int8'),
    channels: fc.constantFrom('rgb', 'bgr'),
    crop: fc.constantFrom(undefined, undefined, 0.5, 0.875, 1),
    pixels: fc.constantFrom('noise', 'extremes', 'white'),
    seed: upTo(2 ** 31 - 1),
  })
  .map(({ width, height, ...rest }) => ({
    source: [width[0], height[0]] as const,
    target: [width[1], height[1]] as const,
    ...rest,
  }));

/** Source images that are as large as they may be, and outputs wider than any source. */
const extremes: readonly ResizeCase[] = (
  [
    [1, 1, 224, 224],
    [MAX_SOURCE_WIDTH, 1, 500, 2],
    [MAX_SOURCE_WIDTH - 1, 2, 3, 1],
    [2, 5000, 5, 3],
    [20, 10, 700, 3],
  ] as const
).map(([width, height, outWidth, outHeight]) => ({
  source: [width, height],
  target: [outWidth, outHeight],
  type: 'int8',
  channels: 'rgb',
  crop: undefined,
  pixels: 'noise',
  seed: 1,
}));

/** The same `count` cases each time. @throws {Error} where the kernels as built are not what the reference says */
export function prepareResize(count: number, bench: Bench): readonly PreparedCase[] {
  const drawn = fc.sample(resizeCase, { numRuns: Math.max(count - extremes.length, 1), seed: 1 });
  return [...drawn, ...extremes].slice(0, count).map((each) => {
    const prepared = resizeRun(each);
    const verdict = bench.judge(prepared);
    if (verdict !== 'survived') {
      throw new Error(`Expected resize to be right but found: ${verdict}\n${JSON.stringify(each)}`);
    }
    return prepared;
  });
}

const TABLES = 3 * 256;
const elementBytes = { float32: 4, int16: 2, int8: 1 } as const;
const GAP = 256;

function resizeRun({
  source,
  target,
  type,
  channels,
  crop,
  pixels,
  seed,
}: ResizeCase): PreparedCase {
  const [width, height] = target;
  const cover = crop === undefined ? {} : { crop };
  const preprocessing: Preprocessing = {
    resize: crop === undefined ? 'squash' : 'cover',
    ...cover,
    channels,
    mean: [128, 127.5, 140],
    std: [128, 127.5, 135],
  };
  // Of the first channel, every byte has an int8 code of its own.
  const quantization = { scales: [2 ** (type === 'int16' ? -13 : -7)], zeroPoint: 0 };
  const tensor: GraphTensor = {
    name: 'image',
    type,
    shape: [1, height, width, 3],
    ...(type === 'float32' ? {} : { quantization }),
  };
  const image = imageOf(source, pixels, seed);
  const unit = elementBytes[type];
  const tables = elementTypes[type].allocate(TABLES);
  [0, 1, 2]
    .flatMap((channel) => pixelTable(preprocessing, tensor, channel))
    .forEach((element, i) => {
      tables[i] = element;
    });
  const graph: Graph = {
    name: 'image',
    precision: type,
    tensors: [tensor],
    operators: [],
    inputs: [0],
    outputs: [0],
    labels: [],
    preprocessing,
    provenance: {},
  };
  const wanted = Buffer.from(imageToInput(graph, image).buffer);
  let end = PROGRAM_BASE;
  const place = (bytes: number): Region => {
    const start = roundUp(end + GAP, 16);
    end = start + bytes;
    return { start, end };
  };
  const workspace = place(resizeWorkspaceBytes(width));
  const table = place(TABLES * unit);
  const output = place(wanted.length);
  const placed = { workspace: workspace.start, tables: table.start, output: output.start };
  return {
    end,
    contents: [{ at: table.start, bytes: new Uint8Array(tables.buffer) }],
    writes: [workspace, output],
    run: ({ call, memory }) => {
      const kernels = {
        resizeBegin: (...args: readonly number[]) => call('resizeBegin', ...args),
        resizeRow: (at: number) => call('resizeRow', at),
      };
      new ImageStream(kernels, memory, {
        ...placed,
        width,
        height,
        elementBytes: unit,
        channels,
        ...cover,
      }).write(image);
    },
    isRight: ({ memory }) =>
      wanted.equals(new Uint8Array(memory.buffer, output.start, wanted.length)),
  };
}

function imageOf(
  [width, height]: ResizeCase['source'],
  pixels: ResizeCase['pixels'],
  seed: number,
): RgbImage {
  const random = generator(seed);
  const pixel = {
    noise: () => Math.floor(256 * random()),
    extremes: () => (random() < 0.5 ? 0 : 255),
    white: () => 255,
  }[pixels];
  return { width, height, data: Uint8Array.from({ length: 3 * width * height }, pixel) };
}
