import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { coveringCuts } from '../preprocess/cover.ts';
import { resizeAndCut } from '../preprocess/resize.ts';
import {
  imageToInput,
  mobilenetV2,
  pixelTable,
  quantizeGraph,
  quantizeValue,
  resize,
  type Graph,
  type RgbImage,
} from '../index.ts';

const grey = (width: number, height: number, values: readonly number[]): RgbImage => ({
  width,
  height,
  data: Uint8Array.from(values.flatMap((v) => [v, v, v])),
});
const firstChannel = (image: RgbImage): number[] =>
  Array.from(image.data).filter((_, i) => i % 3 === 0);

describe('resize', () => {
  it('X2 equals hand-computed values of the triangle filter', () => {
    // Twice as small: weights 1, 3, 3, 1 of 8, cut off and normalised at the edges (3, 3, 1 of 7).
    const half = resize(grey(4, 1, [0, 100, 200, 50]), 2, 1);
    expect(firstChannel(half)).toEqual([
      Math.round((0 * 3 + 100 * 3 + 200) / 7),
      Math.round((100 + 200 * 3 + 50 * 3) / 7),
    ]);
    // Twice as large: weights 3/4 and 1/4, the edge alone outside.
    expect(firstChannel(resize(grey(2, 1, [0, 200]), 4, 1))).toEqual([0, 50, 150, 200]);
  });

  it('X2 rounds after each pass, rows first', () => {
    // Rows: (0 + 1) / 2 rounds to 1 and (0 + 0) to 0; columns: (1 + 0) / 2 rounds to 1. At once it would be 0.25, so 0.
    expect(firstChannel(resize(grey(2, 2, [0, 1, 0, 0]), 1, 1))).toEqual([1]);
  });

  it('X2 keeps constants, the range and the identity', () => {
    const size = fc.integer({ min: 1, max: 40 });
    fc.assert(
      fc.property(size, size, size, size, fc.nat(255), (w, h, ow, oh, value) => {
        const constant = resize(
          grey(
            w,
            h,
            Array.from({ length: w * h }, () => value),
          ),
          ow,
          oh,
        );
        expect(new Set(constant.data)).toEqual(new Set([value]));
        expect([constant.width, constant.height]).toEqual([ow, oh]);
        const noise = grey(
          w,
          h,
          Array.from({ length: w * h }, (_, i) => (i * 97 + value) % 256),
        );
        expect(resize(noise, w, h).data).toEqual(noise.data);
      }),
    );
  });

  it('X5 keeps the proportions and cuts out the centre', () => {
    // torchvision's Resize(256) makes 341 x 256 of it, and CenterCrop(224) begins at round(58.5) = 58 and 16.
    expect(coveringCuts({ width: 500, height: 375 }, 224, 224, 0.875)).toEqual({
      columns: { of: 341, first: 58, extent: 224 },
      rows: { of: 256, first: 16, extent: 224 },
    });
    expect(coveringCuts({ width: 375, height: 503 }, 224, 224, 0.875)).toEqual({
      columns: { of: 256, first: 16, extent: 224 },
      rows: { of: 343, first: 60, extent: 224 },
    });
    // An input that is not square: the image is less wide than it.
    expect(coveringCuts({ width: 100, height: 100 }, 60, 20, 0.5)).toEqual({
      columns: { of: 120, first: 30, extent: 60 },
      rows: { of: 120, first: 50, extent: 20 },
    });
  });

  it('X5 is a part of the whole resized image', () => {
    const extent = fc.integer({ min: 1, max: 40 });
    const crop = fc.double({ min: 0.1, max: 1, noNaN: true });
    fc.assert(
      fc.property(extent, extent, extent, extent, crop, (w, h, width, height, c) => {
        const image = grey(
          w,
          h,
          Array.from({ length: w * h }, (_, i) => (i * 97) % 256),
        );
        const { columns, rows } = coveringCuts(image, width, height, c);
        const whole = resize(image, columns.of, rows.of);
        const cut = Array.from({ length: height }, (_, y) => {
          const start = ((rows.first + y) * columns.of + columns.first) * 3;
          return Array.from(whole.data.subarray(start, start + width * 3));
        });
        expect(Array.from(resizeAndCut(image, columns, rows).data)).toEqual(cut.flat());
      }),
    );
  });

  it('refuses sizes and data that do not fit', () => {
    const image = grey(2, 1, [1, 2]);
    expect(() => resize(image, 0, 1)).toThrow(
      new RangeError('Expected image sizes greater than 0 but found 0'),
    );
    expect(() => resize({ ...image, height: 2 }, 1, 1)).toThrow(
      new RangeError('Expected 12 bytes of RGB but found 6'),
    );
  });
});

describe('pixels to codes', () => {
  const graph = mobilenetV2({ width: 0.1, resolution: 4, classes: 2 });
  const ranges = Object.fromEntries(graph.operators.map(({ name }) => [name, [-1, 6] as const]));
  const table = (of: Graph): readonly number[] => {
    const [input] = of.tensors;
    if (of.preprocessing === undefined || input === undefined) throw new Error('no preprocessing');
    return pixelTable(of.preprocessing, input, 0);
  };

  it('X3 float32 is x / 127.5 - 1', () => {
    table(graph).forEach((value, x) => {
      expect(value).toBe(Math.fround(x / 127.5 - 1));
    });
  });

  it('X3 int8 is x - 128 and int16 256 x - 32640', () => {
    const int8 = quantizeGraph(graph, { ranges }, { precision: 'int8' });
    const int16 = quantizeGraph(graph, { ranges }, { precision: 'int16' });
    expect(table(int8)).toEqual(Array.from({ length: 256 }, (_, x) => x - 128));
    expect(table(int16)).toEqual(Array.from({ length: 256 }, (_, x) => (2 * x - 255) * 128));
    expect(int8.tensors[0]?.quantization).toEqual({
      scales: [Math.fround(1 / 127.5)],
      zeroPoint: -1,
    });
    expect(int16.tensors[0]?.quantization?.scales).toEqual([Math.fround(1 / 32640)]);
  });

  it('X4 other rules quantise the real input, and BGR swaps the channels', () => {
    const preprocessing = {
      resize: 'squash',
      channels: 'bgr',
      mean: [100, 110, 120],
      std: [50, 60, 70],
    } as const;
    const other = quantizeGraph({ ...graph, preprocessing }, { ranges }, { precision: 'int8' });
    const { scales = [], zeroPoint = 0 } = other.tensors[0]?.quantization ?? {};
    expect(table(other)).toEqual(
      Array.from({ length: 256 }, (_, x) =>
        quantizeValue(Math.fround((x - 100) / 50), scales[0] ?? NaN, zeroPoint, -128, 127),
      ),
    );
    const blue: RgbImage = { width: 1, height: 1, data: Uint8Array.of(1, 2, 200) };
    const input = imageToInput({ ...graph, preprocessing }, blue);
    expect(Array.from(input.slice(0, 3), Number)).toEqual(
      [(200 - 100) / 50, (2 - 110) / 60, (1 - 120) / 70].map(Math.fround),
    );
  });

  it('refuses a graph that does not say its rule', () => {
    const silent = { ...graph };
    delete (silent as { preprocessing?: unknown }).preprocessing;
    const image = grey(1, 1, [0]);
    expect(() => imageToInput(silent, image)).toThrow('to have preprocessing but found none');
  });
});
