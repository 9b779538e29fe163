/** Convolutions, fully connected layers, pools and means against BigInt arithmetic over padded images. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { runOperator, type GivenTensor } from '../index.ts';
import { codes, fullMultiplier, int8ZeroPoint, seed, windowCase } from './arbitraries.ts';
import { convolve, multiplyInt32, multiplyInt64 } from './oracle.ts';

/** The integer modes, with everything in which they differ. */
const modes = {
  'T4 int8': {
    precision: 'int8',
    min: -128,
    max: 127,
    minWeight: -128,
    maxWeight: 127,
    array: (x: readonly number[]) => Int8Array.from(x),
    weightArray: (x: readonly number[]) => Int8Array.from(x),
    bias: (x: readonly number[]) => Int32Array.from(x),
    attributes: {},
    rescale: (x: bigint, m: number, s: number) => multiplyInt32(Number(x), m, s),
  },
  'T5 int16 with int16 weights': {
    precision: 'int16',
    min: -32768,
    max: 32767,
    minWeight: -32767,
    maxWeight: 32767,
    array: (x: readonly number[]) => Int16Array.from(x),
    weightArray: (x: readonly number[]) => Int16Array.from(x),
    bias: (x: readonly number[]) => BigInt64Array.from(x, BigInt),
    attributes: {},
    rescale: multiplyInt64,
  },
  'T5 int16 with int8 weights': {
    precision: 'int16',
    min: -32768,
    max: 32767,
    minWeight: -128,
    maxWeight: 127,
    array: (x: readonly number[]) => Int16Array.from(x),
    weightArray: (x: readonly number[]) => Int8Array.from(x),
    bias: (x: readonly number[]) => BigInt64Array.from(x, BigInt),
    attributes: {},
    rescale: multiplyInt64,
  },
  'T6 int16 with int32 accumulators': {
    precision: 'int16',
    min: -32768,
    max: 32767,
    minWeight: -128,
    maxWeight: 127,
    array: (x: readonly number[]) => Int16Array.from(x),
    weightArray: (x: readonly number[]) => Int8Array.from(x),
    bias: (x: readonly number[]) => Int32Array.from(x),
    attributes: { accumulator: 'int32' },
    rescale: (x: bigint, m: number, s: number) => multiplyInt32(Number(x), m, s),
  },
} as const;

const clampTo = (x: number, min: number, max: number): number => Math.min(Math.max(x, min), max);
const RUNS = { numRuns: 150 };

for (const [name, mode] of Object.entries(modes)) {
  const zeroPoint = mode.precision === 'int8' ? int8ZeroPoint : fc.constant(0);
  const shared = {
    seed,
    zeroPoint,
    outputZeroPoint: zeroPoint,
    multiplier: fullMultiplier,
    shift: fc.integer({ min: -20, max: -8 }),
  };
  const finish = (
    sums: readonly bigint[],
    {
      multiplier,
      shift,
      outputZeroPoint,
    }: { multiplier: number; shift: number; outputZeroPoint: number },
  ): number[] =>
    sums.map((sum) =>
      clampTo(mode.rescale(sum, multiplier, shift) + outputZeroPoint, mode.min, mode.max),
    );

  describe(name, () => {
    it('C1 conv2d', () => {
      fc.assert(
        fc.property(
          fc.record({
            ...shared,
            window: windowCase(fc.constantFrom(2, 4)),
            groups: fc.constantFrom(1, 2),
            outChannels: fc.constantFrom(2, 4),
          }),
          ({ window, groups, outChannels, ...given }) => {
            const [height, width, channels] = window.shape;
            const [kh, kw] = window.kernel;
            const perGroup = channels / groups;
            const x = codes(given.seed, height * width * channels, mode.min, mode.max);
            const w = codes(
              given.seed + 1,
              outChannels * kh * kw * perGroup,
              mode.minWeight,
              mode.maxWeight,
            );
            const bias = codes(given.seed + 2, outChannels, -100_000, 100_000);
            const expected = convolve({
              ...window,
              x,
              bias,
              outChannels,
              zeroPoint: given.zeroPoint,
              weight: (oc, ky, kx, ic) => {
                const group = Math.floor(oc / (outChannels / groups));
                const inGroup = ic - group * perGroup;
                if (inGroup < 0 || inGroup >= perGroup) return 0;
                return w[((oc * kh + ky) * kw + kx) * perGroup + inGroup] ?? NaN;
              },
            });
            const inputs: GivenTensor[] = [
              { shape: [1, ...window.shape], data: mode.array(x), zeroPoint: given.zeroPoint },
              { shape: [outChannels, kh, kw, perGroup], data: mode.weightArray(w) },
              { shape: [outChannels], data: mode.bias(bias) },
            ];
            const { data } = runOperator(
              'conv2d',
              mode.precision,
              {
                ...mode.attributes,
                stride: window.stride,
                dilation: window.dilation,
                padding: window.padding,
                groups,
                multiplier: [given.multiplier],
                shift: [given.shift],
                output: { zeroPoint: given.outputZeroPoint },
              },
              inputs,
            );
            expect(Array.from(data, Number)).toEqual(finish(expected, given));
          },
        ),
        RUNS,
      );
    });

    it('C2 depthwiseConv2d', () => {
      fc.assert(
        fc.property(
          fc.record({
            ...shared,
            window: windowCase(fc.integer({ min: 1, max: 5 })),
            depthMultiplier: fc.integer({ min: 1, max: 3 }),
          }),
          ({ window, depthMultiplier, ...given }) => {
            const [height, width, channels] = window.shape;
            const [kh, kw] = window.kernel;
            const outChannels = channels * depthMultiplier;
            const x = codes(given.seed, height * width * channels, mode.min, mode.max);
            const w = codes(given.seed + 1, kh * kw * outChannels, mode.minWeight, mode.maxWeight);
            const bias = codes(given.seed + 2, outChannels, -100_000, 100_000);
            const expected = convolve({
              ...window,
              x,
              bias,
              outChannels,
              zeroPoint: given.zeroPoint,
              weight: (oc, ky, kx, ic) =>
                ic === Math.floor(oc / depthMultiplier)
                  ? (w[(ky * kw + kx) * outChannels + oc] ?? NaN)
                  : 0,
            });
            const { data } = runOperator(
              'depthwiseConv2d',
              mode.precision,
              {
                ...mode.attributes,
                stride: window.stride,
                dilation: window.dilation,
                padding: window.padding,
                multiplier: Array.from({ length: outChannels }, () => given.multiplier),
                shift: Array.from({ length: outChannels }, () => given.shift),
                output: { zeroPoint: given.outputZeroPoint },
              },
              [
                { shape: [1, ...window.shape], data: mode.array(x), zeroPoint: given.zeroPoint },
                { shape: [1, kh, kw, outChannels], data: mode.weightArray(w) },
                { shape: [outChannels], data: mode.bias(bias) },
              ],
            );
            expect(Array.from(data, Number)).toEqual(finish(expected, given));
          },
        ),
        RUNS,
      );
    });

    it('C3 fullyConnected, as a 1x1 convolution of each batch', () => {
      fc.assert(
        fc.property(
          fc.record({
            ...shared,
            batches: fc.integer({ min: 1, max: 3 }),
            inputs: fc.integer({ min: 1, max: 20 }),
            outputs: fc.integer({ min: 1, max: 7 }),
          }),
          ({ batches, inputs, outputs, ...given }) => {
            const x = codes(given.seed, batches * inputs, mode.min, mode.max);
            const w = codes(given.seed + 1, inputs * outputs, mode.minWeight, mode.maxWeight);
            const bias = codes(given.seed + 2, outputs, -100_000, 100_000);
            const expected = convolve({
              x,
              bias,
              shape: [batches, 1, inputs],
              zeroPoint: given.zeroPoint,
              padding: [0, 0, 0, 0],
              stride: [1, 1],
              dilation: [1, 1],
              kernel: [1, 1],
              outChannels: outputs,
              weight: (oc, _ky, _kx, ic) => w[oc * inputs + ic] ?? NaN,
            });
            const { data, shape } = runOperator(
              'fullyConnected',
              mode.precision,
              {
                ...mode.attributes,
                multiplier: [given.multiplier],
                shift: [given.shift],
                output: { zeroPoint: given.outputZeroPoint },
              },
              [
                { shape: [batches, inputs], data: mode.array(x), zeroPoint: given.zeroPoint },
                { shape: [outputs, inputs], data: mode.weightArray(w) },
                { shape: [outputs], data: mode.bias(bias) },
              ],
            );
            expect(shape).toEqual([batches, outputs]);
            expect(Array.from(data, Number)).toEqual(finish(expected, given));
          },
        ),
        RUNS,
      );
    });
  });
}

describe('batches and edges', () => {
  it('T1 a batch is computed as each image alone', () => {
    const image = (value: number): number[] => codes(value, 18, -128, 127);
    const run = (images: readonly number[]): number[] =>
      Array.from(
        runOperator(
          'conv2d',
          'int8',
          { padding: [1, 0, 0, 1], multiplier: [2 ** 30], shift: [-7], output: { zeroPoint: 3 } },
          [
            { shape: [images.length / 18, 3, 3, 2], data: images, zeroPoint: -5 },
            { shape: [3, 2, 2, 2], data: codes(9, 24, -127, 127) },
          ],
        ).data,
        Number,
      );
    expect(run([...image(1), ...image(2)])).toEqual([...run(image(1)), ...run(image(2))]);
  });

  it('C1 a window entirely outside the image gives the bias', () => {
    const { data } = runOperator('conv2d', 'float32', { padding: [2, 0, 0, 0] }, [
      { shape: [1, 1, 1, 1], data: [5] },
      { shape: [1, 1, 1, 1], data: [7] },
      { shape: [1], data: [0.5] },
    ]);
    expect(Array.from(data, Number)).toEqual([0.5, 0.5, 35.5]);
  });

  it('C1 inputs are not modified', () => {
    const x = Int8Array.of(1, 2, 3, 4);
    const w = Int8Array.of(5, 6, 7, 8);
    runOperator('conv2d', 'int8', { multiplier: [2 ** 30], shift: [-3] }, [
      { shape: [1, 2, 2, 1], data: x },
      { shape: [1, 2, 2, 1], data: w },
    ]);
    expect([Array.from(x), Array.from(w)]).toEqual([
      [1, 2, 3, 4],
      [5, 6, 7, 8],
    ]);
  });
});

describe('pools and means', () => {
  it('M1 averages codes half away from zero, by the pixels inside', () => {
    fc.assert(
      fc.property(
        fc.record({ seed, zeroPoint: int8ZeroPoint, size: fc.integer({ min: 1, max: 4 }) }),
        ({ seed: from, zeroPoint, size }) => {
          const x = codes(from, 5 * 4, -128, 127);
          const { data } = runOperator(
            'averagePool',
            'int8',
            { size: [size, size], padding: [size - 1, 0, 0, size - 1] },
            [{ shape: [1, 5, 4, 1], data: x, zeroPoint }],
          );
          const expected: number[] = [];
          for (let oy = 0; oy < 5; oy++) {
            for (let ox = 0; ox < 4; ox++) {
              const inside = x.filter((_, i) => {
                const [y, c] = [Math.floor(i / 4), i % 4];
                return y > oy - size && y <= oy && c >= ox && c < ox + size;
              });
              const sum = BigInt(inside.reduce((a, b) => a + b, 0));
              const n = BigInt(inside.length);
              // TensorFlow Lite: truncating division after half the count is added away from zero.
              expected.push(Number((sum > 0n ? sum + n / 2n : sum - n / 2n) / n));
            }
          }
          expect(Array.from(data, Number)).toEqual(expected);
        },
      ),
      RUNS,
    );
  });

  it('M1 does not subtract the zero point, which would round halves the other way', () => {
    const pool = (data: number[], zeroPoint: number): number =>
      Number(
        runOperator('averagePool', 'int8', { size: [1, 2] }, [
          { shape: [1, 1, 2, 1], data, zeroPoint },
        ]).data[0],
      );
    expect(pool([-3, -2], -128)).toBe(-3);
    expect(pool([3, 2], 127)).toBe(3);
  });

  it('M1 clamps to the fused activation', () => {
    const { data } = runOperator('averagePool', 'float32', { size: [1, 1], activation: 'relu6' }, [
      { shape: [1, 1, 3, 1], data: [-1, 3, 7] },
    ]);
    expect(Array.from(data, Number)).toEqual([0, 3, 6]);
  });

  it.each(['int8', 'int16'] as const)('M2 folds the count into the multiplier, %s', (precision) => {
    fc.assert(
      fc.property(
        fc.record({
          seed,
          height: fc.integer({ min: 1, max: 9 }),
          width: fc.integer({ min: 1, max: 9 }),
          zeroPoint: precision === 'int8' ? int8ZeroPoint : fc.constant(0),
          multiplier: fullMultiplier,
          shift: fc.integer({ min: -3, max: 3 }),
        }),
        ({ seed: from, height, width, zeroPoint, multiplier, shift }) => {
          const [min, max] = precision === 'int8' ? [-128, 127] : [-32768, 32767];
          const n = height * width;
          const x = codes(from, n, min, max);
          const { data } = runOperator(
            'mean',
            precision,
            { multiplier: [multiplier], shift: [shift], output: { zeroPoint } },
            [{ shape: [1, height, width, 1], data: x, zeroPoint }],
          );
          const bits = Math.floor(Math.log2(n));
          const folded = Number((BigInt(multiplier) << BigInt(bits)) / BigInt(n));
          const sum = x.reduce((a, b) => a + b, 0) - zeroPoint * n;
          const value = multiplyInt32(sum, folded, shift - bits) + zeroPoint;
          expect(Number(data[0])).toBe(clampTo(value, min, max));
        },
      ),
      RUNS,
    );
  });

  it('M2 keeps dimensions on request', () => {
    const input = [{ shape: [2, 1, 2, 3], data: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12] }];
    const kept = runOperator('mean', 'float32', { keepDimensions: true }, input);
    const dropped = runOperator('mean', 'float32', {}, input);
    expect(kept.shape).toEqual([2, 1, 1, 3]);
    expect(dropped.shape).toEqual([2, 3]);
    expect(Array.from(kept.data, Number)).toEqual([2.5, 3.5, 4.5, 8.5, 9.5, 10.5]);
    expect(kept.data).toEqual(dropped.data);
  });
});
