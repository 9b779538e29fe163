/** Images to input tensors: the AssemblyScript resize against the reference's. */

import { instantiateSync } from '@assemblyscript/loader';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PROGRAM_BASE } from '../fastpath/program/format.ts';
import {
  MAX_SOURCE_HEIGHT,
  MAX_SOURCE_WIDTH,
  resizeWorkspaceBytes,
} from '../fastpath/program/resize-workspace.ts';
import { ImageStream, type ResizeKernels } from '../fastpath/runtime/image-stream.ts';
import { variants } from '../fastpath/runtime/variant.ts';
import {
  elementTypes,
  imageToInput,
  pixelTable,
  type Graph,
  type GraphTensor,
  type Preprocessing,
  type RgbImage,
} from '../reference/index.ts';
import { kernelsModule } from '../tools/kernels.ts';

interface Module extends ResizeKernels, Record<string, unknown> {
  readonly memory: WebAssembly.Memory;
}

const instances: readonly Module[] = variants.map(
  (variant) => instantiateSync<Module>(kernelsModule(variant)).exports,
);

/** Marked bytes between the regions. */
const GAP = 256;
const MARK = 0xa5;
const TABLES = 3 * 256;

type InputType = 'float32' | 'int16' | 'int8';
const inputTypes: readonly InputType[] = ['float32', 'int16', 'int8'];
const elementBytes = { float32: 4, int16: 2, int8: 1 } as const;
const quantization = {
  float32: {},
  int16: { quantization: { scales: [2 ** -13], zeroPoint: 0 } },
  int8: { quantization: { scales: [2 ** -5], zeroPoint: 3 } },
};

/** A model's input: what an image becomes. */
interface Input {
  readonly tensor: GraphTensor & { readonly type: InputType };
  readonly width: number;
  readonly height: number;
  readonly preprocessing: Preprocessing;
}

/** int8 codes x - 128, unless given otherwise. */
function inputOf(
  width: number,
  height: number,
  type: InputType = 'int8',
  preprocessing: Partial<Preprocessing> = { integer: { multiplier: 1, offset: -128 } },
): Input {
  const half = [127.5, 127.5, 127.5] as const;
  return {
    tensor: { name: 'image', type, shape: [1, height, width, 3], ...quantization[type] },
    width,
    height,
    preprocessing: { resize: 'squash', channels: 'rgb', mean: half, std: half, ...preprocessing },
  };
}

function graphOf({ tensor, preprocessing }: Input): Graph {
  const parts = { tensors: [tensor], operators: [], inputs: [0], outputs: [0], labels: [] };
  return { name: 'image', precision: tensor.type, ...parts, preprocessing, provenance: {} };
}

interface Region {
  readonly start: number;
  readonly end: number;
}

/** Workspace, tables and tensor in the wasm memory, which is marked around and within them. */
class Placement {
  readonly stream: ImageStream;
  readonly #bytes: Uint8Array;
  readonly #regions: readonly Region[];

  constructor(kernels: Module, { tensor, width, height, preprocessing }: Input) {
    const unit = elementBytes[tensor.type];
    let end = PROGRAM_BASE;
    this.#regions = [resizeWorkspaceBytes(width), TABLES * unit, width * height * 3 * unit].map(
      (size) => {
        const start = Math.ceil((end + GAP) / 16) * 16;
        end = start + size;
        return { start, end };
      },
    );
    const missing = end + GAP - kernels.memory.buffer.byteLength;
    if (missing > 0) kernels.memory.grow(Math.ceil(missing / 65536));
    this.#bytes = new Uint8Array(kernels.memory.buffer, 0, end + GAP).fill(MARK, PROGRAM_BASE);
    const [workspace = 0, tables = 0, output = 0] = this.#regions.map(({ start }) => start);
    const elements = elementTypes[tensor.type].view(kernels.memory.buffer, tables, TABLES);
    [0, 1, 2]
      .flatMap((channel) => pixelTable(preprocessing, tensor, channel))
      .forEach((element, i) => {
        elements[i] = element;
      });
    const { channels, crop } = preprocessing;
    const target = { workspace, tables, output, width, height, elementBytes: unit, channels };
    this.stream = new ImageStream(
      kernels,
      kernels.memory,
      crop === undefined ? target : { ...target, crop },
    );
  }

  /** The bytes of the input tensor. */
  tensor(): Uint8Array {
    const output = this.#regions.at(-1);
    return this.#bytes.slice(output?.start, output?.end);
  }

  /** Whether the marks around the regions are still there. */
  isIntact(): boolean {
    const bytes = this.#bytes.slice();
    bytes.fill(MARK, 0, PROGRAM_BASE);
    for (const { start, end } of this.#regions) bytes.fill(MARK, start, end);
    return Buffer.compare(bytes, Buffer.alloc(bytes.length, MARK)) === 0;
  }
}

function expectSame(image: RgbImage, input: Input): void {
  const wanted = imageToInput(graphOf(input), image);
  for (const kernels of instances) {
    const placement = new Placement(kernels, input);
    placement.stream.write(image);
    expect(Buffer.compare(placement.tensor(), new Uint8Array(wanted.buffer))).toBe(0);
    expect(placement.isIntact()).toBe(true);
    expect(placement.stream.complete).toBe(true);
  }
}

/** Noise of a linear congruential generator. */
function noise(width: number, height: number, seed = 1): RgbImage {
  const data = new Uint8Array(width * height * 3);
  let state = seed;
  for (let i = 0; i < data.length; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    data[i] = state >>> 24;
  }
  return { width, height, data };
}

const constant = (width: number, height: number, value: number): RgbImage => ({
  width,
  height,
  data: new Uint8Array(width * height * 3).fill(value),
});

const upTo = (max: number): fc.Arbitrary<number> => fc.integer({ min: 1, max });
const seed = fc.integer();

const covering = (width: number, height: number, crop: number): Input =>
  inputOf(width, height, 'int8', {
    integer: { multiplier: 1, offset: -128 },
    resize: 'cover',
    crop,
  });
const crop = fc.oneof(fc.constantFrom(0.1, 0.875, 1), fc.double({ min: 0.1, max: 1, noNaN: true }));

describe('resize', () => {
  it('X5 is the same in WebAssembly', () => {
    fc.assert(
      fc.property(upTo(200), upTo(200), upTo(40), upTo(40), crop, seed, (w, h, ow, oh, c, s) => {
        expectSame(noise(w, h, s), covering(ow, oh, c));
      }),
      { numRuns: 500 },
    );
  });

  it.each([
    [500, 375, 224, 224, 0.875],
    [MAX_SOURCE_WIDTH, 1, 224, 224, 0.875],
    [2, MAX_SOURCE_HEIGHT, 5, 3, 1],
    [1, 1, 224, 224, 0.1],
    [300, 200, 1, 60, 0.3],
  ])('X5 is the same in WebAssembly for %i x %i to %i x %i, crop %f', (w, h, ow, oh, c) => {
    expectSame(noise(w, h), covering(ow, oh, c));
  });

  it('X5 an image without 31 bits of height once it covers the input is refused', () => {
    for (const kernels of instances) {
      const { stream } = new Placement(kernels, covering(4000, 1, 0.1));
      expect(() => {
        stream.begin(1, MAX_SOURCE_HEIGHT);
      }).toThrow(
        'Expected image height once it covers the input to be an integer in [1, 2147483647] but found 2621400000',
      );
    }
  });

  it('X2 is the same in WebAssembly', () => {
    fc.assert(
      fc.property(upTo(400), upTo(400), upTo(64), upTo(64), seed, (w, h, ow, oh, s) => {
        expectSame(noise(w, h, s), inputOf(ow, oh));
      }),
      { numRuns: 1000 },
    );
  });

  it.each([96, 224])('X2 is the same in WebAssembly for models of %i', (size) => {
    fc.assert(
      fc.property(upTo(400), upTo(400), seed, (w, h, s) => {
        expectSame(noise(w, h, s), inputOf(size, size));
      }),
      { numRuns: 50 },
    );
  });

  it('X2 is the same in WebAssembly where an axis keeps its size or nearly so', () => {
    const near = fc.integer({ min: -2, max: 2 });
    fc.assert(
      fc.property(upTo(64), upTo(64), near, near, seed, (w, h, dx, dy, s) => {
        expectSame(noise(w, h, s), inputOf(Math.max(w + dx, 1), Math.max(h + dy, 1)));
      }),
    );
  });

  it.each([
    [1, 1, 224, 224],
    [1, 1, 1, 1],
    [224, 224, 224, 224],
    [MAX_SOURCE_WIDTH, 3, 224, 224],
    [MAX_SOURCE_WIDTH, 1, 1, 1],
    [MAX_SOURCE_WIDTH, 1, 500, 2],
    [3, 5000, 224, 224],
    [2, MAX_SOURCE_HEIGHT, 5, 3],
    [1, MAX_SOURCE_HEIGHT, 1, 1],
    [448, 112, 224, 224],
    [20, 10, 1000, 3],
  ])('X2 is the same in WebAssembly for %i x %i to %i x %i', (w, h, ow, oh) => {
    expectSame(noise(w, h), inputOf(ow, oh));
    expectSame(constant(w, h, 255), inputOf(ow, oh));
  });

  it('X2 has room for the widest image, whatever the output', () => {
    const width = fc.integer({ min: MAX_SOURCE_WIDTH - 50, max: MAX_SOURCE_WIDTH });
    fc.assert(
      fc.property(width, upTo(600), seed, (w, ow, s) => {
        expectSame(noise(w, 1, s), inputOf(ow, 1));
      }),
    );
  });

  // Columns with as many weights as there may be, where a power of two is the width.
  it.each([1, 2, 4, 64, 128, 256, 2048, 8192, 16383, 16384, 16385, 40000])(
    'X2 has room for the widest image, and for one of its own width, with an output of %i',
    (ow) => {
      for (const w of [MAX_SOURCE_WIDTH, MAX_SOURCE_WIDTH - 1, Math.min(ow, MAX_SOURCE_WIDTH)]) {
        expectSame(noise(w, 1), inputOf(ow, 1));
      }
    },
  );

  it('X2 saturates', () => {
    fc.assert(
      fc.property(upTo(400), upTo(400), upTo(64), upTo(64), (w, h, ow, oh) => {
        expectSame(constant(w, h, 255), inputOf(ow, oh));
      }),
    );
  });
});

describe('pixels to elements', () => {
  it.each(inputTypes)('X4 is the same in WebAssembly for %s', (type) => {
    const channel = (of: fc.Arbitrary<number>): fc.Arbitrary<[number, number, number]> =>
      fc.tuple(of, of, of);
    const mean = channel(fc.integer({ min: 0, max: 255 }));
    const std = channel(fc.integer({ min: 10, max: 300 }));
    const channels = fc.constantFrom('rgb' as const, 'bgr' as const);
    fc.assert(
      fc.property(upTo(60), upTo(60), mean, std, channels, seed, (w, h, m, d, order, s) => {
        const preprocessing = { channels: order, mean: m, std: d };
        expectSame(noise(w, h, s), inputOf(17, 9, type, preprocessing));
      }),
    );
  });

  it('X3 is the same in WebAssembly', () => {
    const image = noise(64, 48);
    expectSame(image, inputOf(32, 32, 'float32', {}));
    expectSame(image, inputOf(32, 32, 'int16', { integer: { multiplier: 256, offset: -32640 } }));
    expectSame(image, inputOf(32, 32, 'int8', { integer: { multiplier: 1, offset: -128 } }));
  });
});

describe('workspace', () => {
  it('takes at most 160 KB for an output of 224 pixels', () => {
    expect(resizeWorkspaceBytes(224)).toBe(159_968);
  });
});

describe('stream', () => {
  const image = noise(30, 20);
  const row = (y: number): Uint8Array => image.data.subarray(y * 90, y * 90 + 90);

  it('takes rows, drops an unfinished image and keeps the source as it was', () => {
    const { stream, tensor } = placed();
    const before = image.data.slice();
    stream.begin(100, 100);
    stream.writeRow(new Uint8Array(300));
    stream.begin(30, 20);
    for (let y = 0; y < 20; y++) {
      expect(stream.complete).toBe(false);
      stream.writeRow(row(y));
    }
    expect(stream.complete).toBe(true);
    expect(tensor()).toEqual(new Uint8Array(imageToInput(graphOf(inputOf(8, 8)), image).buffer));
    expect(image.data).toEqual(before);
  });

  it('writes one image after another', () => {
    const { stream, tensor } = placed();
    stream.write(noise(300, 7, 5));
    stream.write({ ...image, data: new Uint8ClampedArray(image.data) });
    expect(tensor()).toEqual(new Uint8Array(imageToInput(graphOf(inputOf(8, 8)), image).buffer));
  });

  it('refuses sizes it has no room for', () => {
    const { stream } = placed();
    for (const width of [0, 1.5, NaN, MAX_SOURCE_WIDTH + 1]) {
      expect(() => {
        stream.begin(width, 1);
      }).toThrow(
        new RangeError(
          `Expected image width to be an integer in [1, 16384] but found ${String(width)}`,
        ),
      );
    }
    expect(() => {
      stream.write({ width: 1, height: 65536, data: new Uint8Array(3 * 65536) });
    }).toThrow(
      new RangeError('Expected image height to be an integer in [1, 65535] but found 65536'),
    );
  });

  it('refuses data that does not fit', () => {
    const { stream } = placed();
    expect(() => {
      stream.write({ ...image, height: 21 });
    }).toThrow(new RangeError('Expected 1890 bytes of RGB but found 1800'));
    stream.begin(30, 1);
    expect(() => {
      stream.writeRow(row(0).subarray(1));
    }).toThrow(new RangeError('Expected 90 bytes of RGB but found 89'));
    stream.writeRow(row(0));
    expect(() => {
      stream.writeRow(row(1));
    }).toThrow(new RangeError('Expected 1 rows but found 2'));
  });

  function placed(): { stream: ImageStream; tensor: () => Uint8Array } {
    const [kernels] = instances;
    if (kernels === undefined) throw new Error('Expected a variant of the kernels');
    const placement = new Placement(kernels, inputOf(8, 8));
    return { stream: placement.stream, tensor: () => placement.tensor() };
  }
});
