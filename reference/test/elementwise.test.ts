import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { quantizeMultiplier } from '../arithmetic/multiplier.ts';
import { interpreter, runOperator, type PrecisionName } from '../index.ts';
import { codes, int8ZeroPoint, seed } from './arbitraries.ts';
import { multiplyInt32, softmaxInt8 } from './oracle.ts';

const scale = fc.double({ min: 0.001, max: 10, noNaN: true });
const clampTo = (x: number, min: number, max: number): number => Math.min(Math.max(x, min), max);
const fround = Math.fround;

describe('add', () => {
  it.each([
    ['int8', 20, -128, 127],
    ['int16', 15, -32768, 32767],
  ] as const)('E1 is three double roundings, %s', (precision, left, min, max) => {
    const zeroPoint = precision === 'int8' ? int8ZeroPoint : fc.constant(0);
    fc.assert(
      fc.property(
        fc.record({
          seed,
          s1: scale,
          s2: scale,
          so: scale,
          z1: zeroPoint,
          z2: zeroPoint,
          zo: zeroPoint,
        }),
        ({ seed: from, z1, z2, zo, ...scales }) => {
          const [s1, s2, so] = [scales.s1, scales.s2, scales.so].map(fround) as [
            number,
            number,
            number,
          ];
          const a = codes(from, 20, min, max);
          const b = codes(from + 1, 20, min, max);
          const { data } = runOperator('add', precision, { output: { scale: so, zeroPoint: zo } }, [
            { shape: [20], data: a, scale: s1, zeroPoint: z1 },
            { shape: [20], data: b, scale: s2, zeroPoint: z2 },
          ]);
          const twice = 2 * Math.max(s1, s2);
          const [m1, m2, mo] = [s1 / twice, s2 / twice, twice / (2 ** left * so)].map(
            quantizeMultiplier,
          );
          const expected = a.map((x, i) => {
            const first = multiplyInt32((x - z1) * 2 ** left, m1?.multiplier ?? 0, m1?.shift ?? 0);
            const other = ((b[i] ?? 0) - z2) * 2 ** left;
            const second = multiplyInt32(other, m2?.multiplier ?? 0, m2?.shift ?? 0);
            const sum = multiplyInt32(first + second, mo?.multiplier ?? 0, mo?.shift ?? 0);
            return clampTo(sum + zo, min, max);
          });
          expect(Array.from(data, Number)).toEqual(expected);
        },
      ),
    );
  });

  it('T4 adds a constant with a zero point of its own', () => {
    const one = { type: 'int8', shape: [1], quantization: { scales: [1], zeroPoint: 3 } } as const;
    const network = interpreter({
      name: 'add a constant',
      precision: 'int8',
      tensors: [
        { ...one, name: 'input' },
        { ...one, name: 'constant', data: Int8Array.of(5) },
        { ...one, name: 'output' },
      ],
      operators: [
        { kind: 'add', name: 'add', inputs: [0, 1], output: 2, attributes: { activation: 'none' } },
      ],
      inputs: [0],
      outputs: [2],
      labels: [],
      provenance: {},
    });
    // (4 - 3) + (5 - 3) = 6 - 3
    expect(network.run([Int8Array.of(4)]).outputs[0]?.data).toEqual(Int8Array.of(6));
  });

  it('E1 is one float32 addition', () => {
    const { data } = runOperator('add', 'float32', { activation: 'relu6' }, [
      { shape: [4], data: [0.1, -1, 5, NaN] },
      { shape: [4], data: [0.2, -1, 5, 1] },
    ]);
    expect(Array.from(data, Number)).toEqual([fround(fround(0.1) + fround(0.2)), 0, 6, NaN]);
  });

  it('E1 refuses other arithmetic by name', () => {
    const attributes = { potScaleInt16: true } as object;
    const input = { shape: [1], data: [1], scale: 1 };
    expect(() => runOperator('add', 'int16', attributes, [input, input])).toThrow(
      'Operator "add": Expected an add with the general int16 arithmetic but found pot_scale_int16',
    );
  });
});

describe('clamps', () => {
  it.each(['int8', 'int16'] as const)('E2 rescales in the int32 form, %s', (precision) => {
    const [min, max] = precision === 'int8' ? [-128, 127] : [-32768, 32767];
    const zeroPoint = precision === 'int8' ? int8ZeroPoint : fc.constant(0);
    fc.assert(
      fc.property(
        fc.record({ seed, si: scale, so: scale, zi: zeroPoint, zo: zeroPoint }),
        ({ seed: from, zi, zo, ...scales }) => {
          const [si, so] = [fround(scales.si), fround(scales.so)];
          const x = codes(from, 30, min, max);
          const { data } = runOperator(
            'relu6',
            precision,
            { output: { scale: so, zeroPoint: zo } },
            [{ shape: [30], data: x, scale: si, zeroPoint: zi }],
          );
          const { multiplier, shift } = quantizeMultiplier(si / so);
          const top = Math.min(max, zo + Math.round(fround(6 / so)));
          const expected = x.map((q) =>
            clampTo(multiplyInt32(q - zi, multiplier, shift) + zo, Math.max(min, zo), top),
          );
          expect(Array.from(data, Number)).toEqual(expected);
        },
      ),
    );
  });

  it('E2 clamps real numbers to any limits and keeps NaN', () => {
    const { data } = runOperator('clamp', 'float32', { min: -1, max: 0.5 }, [
      { shape: [5], data: [-2, -0.5, 0, Infinity, NaN] },
    ]);
    expect(Array.from(data, Number)).toEqual([-1, -0.5, 0, 0.5, NaN]);
  });

  it('A6 a fused relu6 ends at the codes of 0 and 6', () => {
    const run = (output: { scale: number; zeroPoint: number }): number[] =>
      Array.from(
        runOperator('fullyConnected', 'int8', { activation: 'relu6', output }, [
          { shape: [2, 1], data: [-128, 127], scale: 1 },
          { shape: [1, 1], data: [127], scale: 1 },
        ]).data,
        Number,
      );
    expect(run({ scale: 0.1, zeroPoint: -20 })).toEqual([-20, 40]);
    expect(run({ scale: 0.01, zeroPoint: 100 })).toEqual([100, 127]);
  });

  it('A6 ready-made limits need no scale', () => {
    const { data } = runOperator(
      'relu',
      'int8',
      { multiplier: [2 ** 30], shift: [1], activationMin: -3, activationMax: 4 },
      [{ shape: [3], data: [-100, 0, 100] }],
    );
    expect(Array.from(data, Number)).toEqual([-3, 0, 4]);
  });
});

describe('pad and reshape', () => {
  it('E3 pads with the zero point', () => {
    const { data, shape } = runOperator(
      'pad',
      'int8',
      {
        padding: [
          [1, 0],
          [0, 2],
        ],
      },
      [{ shape: [1, 2], data: [5, 6], scale: 1, zeroPoint: -7 }],
    );
    expect(shape).toEqual([2, 4]);
    expect(Array.from(data, Number)).toEqual([-7, -7, -7, -7, 5, 6, -7, -7]);
  });

  it('E3 padding before a convolution is padding of the convolution', () => {
    fc.assert(
      fc.property(seed, int8ZeroPoint, (from, zeroPoint) => {
        const input = { shape: [1, 3, 3, 2], data: codes(from, 18, -128, 127), zeroPoint };
        const weights = { shape: [2, 3, 3, 2], data: codes(from + 1, 36, -127, 127) };
        const integers = { multiplier: [2 ** 30], shift: [-8] };
        const padded = runOperator(
          'pad',
          'int8',
          {
            padding: [
              [0, 0],
              [1, 2],
              [2, 1],
              [0, 0],
            ],
          },
          [input],
        );
        const apart = runOperator('conv2d', 'int8', integers, [
          { shape: padded.shape, data: padded.data, zeroPoint },
          weights,
        ]);
        const fused = runOperator('conv2d', 'int8', { ...integers, padding: [1, 2, 2, 1] }, [
          input,
          weights,
        ]);
        expect(apart.data).toEqual(fused.data);
      }),
    );
  });

  it('E4 keeps the elements of every type', () => {
    for (const data of [Uint8Array.of(1, 255), Int8Array.of(-1, 2), Float32Array.of(0.5, -0)]) {
      const result = runOperator('reshape', 'int8', { shape: [2, 1] }, [{ shape: [1, 2], data }]);
      expect(result.data).toEqual(data);
      expect(result.shape).toEqual([2, 1]);
    }
  });
});

describe('softmax', () => {
  const softmax = (precision: PrecisionName, data: number[], inputScale?: number): number[] =>
    Array.from(
      runOperator('softmax', precision, {}, [
        {
          shape: [1, data.length],
          data,
          ...(inputScale === undefined ? {} : { scale: inputScale }),
        },
      ]).data,
      Number,
    );

  it('S1 sums to 1 within a rounding each, and follows the largest', () => {
    fc.assert(
      fc.property(fc.array(fc.float({ min: -50, max: 50, noNaN: true }), { minLength: 1 }), (x) => {
        const p = softmax('float32', x);
        expect(Math.abs(p.reduce((a, b) => a + b, 0) - 1)).toBeLessThan(1e-6);
        expect(p[x.indexOf(Math.max(...x))]).toBe(Math.max(...p));
      }),
    );
  });

  it('S1 takes beta times the input', () => {
    const run = (beta: number, data: number[]): unknown =>
      runOperator('softmax', 'float32', { beta }, [{ shape: [3], data }]).data;
    expect(run(2, [0.5, 1, -1])).toEqual(run(1, [1, 2, -2]));
  });

  it.each([
    ['int8', -128, 127, 1 / 256],
    ['int16', -32768, 32767, 1 / 32768],
  ] as const)('S2 and S3 are close to real probabilities, %s', (precision, min, max, step) => {
    fc.assert(
      fc.property(
        seed,
        fc.integer({ min: 1, max: 40 }),
        fc.double({ min: 0.01, max: 1, noNaN: true }),
        (from, length, spread) => {
          const inputScale = fround((spread * 255) / (max - min));
          const x = codes(from, length, min, max);
          const exponentials = x.map((q) => Math.exp((q - Math.max(...x)) * inputScale));
          const sum = exponentials.reduce((a, b) => a + b, 0);
          softmax(precision, x, inputScale).forEach((q, i) => {
            const p = (q - (precision === 'int8' ? -128 : 0)) * step;
            const wanted = Math.min((exponentials[i] ?? 0) / sum, 1 - step);
            // int8: half a step and the fixed-point errors. int16: two steps for each exponential of the sum (the
            // table ends at exp(-10), 1.5 steps), and the domain's rounding (10 / 65535 of the exponent).
            const bound = precision === 'int8' ? 0.0025 : 2e-4 + (length + 1) * 2 * step;
            expect(Math.abs(p - wanted)).toBeLessThan(bound);
          });
        },
      ),
    );
  });

  it('S2 int8 codes have probabilities of 16 bits on request', () => {
    const scale = fround(0.05);
    fc.assert(
      fc.property(seed, fc.integer({ min: 1, max: 300 }), (from, length) => {
        const input = { shape: [length], data: codes(from, length, -128, 127), scale };
        const { data, quantization } = runOperator(
          'softmax',
          'int8',
          { output: { type: 'int16' } },
          [input],
        );
        expect(quantization).toEqual({ scales: [1 / 65536], zeroPoint: -32768 });
        const { multiplier, shift } = quantizeMultiplier(scale * 2 ** 26);
        expect(Array.from(data, Number)).toEqual(softmaxInt8(input.data, multiplier, shift, 16));
        expect(softmax('int8', input.data, scale)).toEqual(
          softmaxInt8(input.data, multiplier, shift, 8),
        );
      }),
    );
  });

  it('S2 refuses any other zero point, and T5 what reads it', () => {
    const input = { shape: [1], data: Int8Array.of(1), scale: 0.1 };
    expect(() =>
      runOperator('softmax', 'int8', { output: { type: 'int16', zeroPoint: 0 } }, [input]),
    ).toThrow(
      'Tensor "output": Expected an output scale of 0.0000152587890625 and zero point -32768',
    );
    expect(() =>
      runOperator('relu', 'int16', { output: { scale: 1 } }, [
        { shape: [1], data: [1], scale: 1 / 65536, zeroPoint: -32768 },
      ]),
    ).toThrow(
      'Tensor "input": Expected a zero point that is an integer in [0, 0] but found -32768',
    );
  });

  it('S2 gives the zero point where no difference reaches diffMin', () => {
    const integers = { multiplier: [1077952640], leftShift: 19 };
    const input = { shape: [3], data: [1, 2, 3] };
    for (const diffMin of [1, 2 ** 31 - 1]) {
      const { data } = runOperator('softmax', 'int8', { ...integers, diffMin }, [input]);
      expect(data).toEqual(Int8Array.of(-128, -128, -128));
    }
  });

  it('S2 divides by more than 2^31 where a row of many equals needs it', () => {
    expect(
      softmax(
        'int8',
        Array.from({ length: 511 }, () => 5),
        0.1,
      )[0],
    ).toBe(-127);
    expect(
      softmax(
        'int8',
        Array.from({ length: 4095 }, () => 5),
        0.1,
      )[0],
    ).toBe(-128);
  });

  it('S2 a row of equals and a row of one', () => {
    expect(softmax('int8', [5], 0.1)).toEqual([127]);
    expect(softmax('int8', [5, 5, 5, 5], 0.1)).toEqual([-64, -64, -64, -64]);
    expect(softmax('int16', [5, 5], 0.001)).toEqual([16384, 16384]);
  });
});

describe('quantize and dequantize', () => {
  it('Q1 of a tensor', () => {
    const { data } = runOperator('quantize', 'int16', { output: { scale: 0.5 } }, [
      { shape: [3], data: Float32Array.of(0.25, -1e9, NaN) },
    ]);
    expect(data).toEqual(Int16Array.of(1, -32768, 0));
  });

  it('Q2 of a tensor', () => {
    const { data } = runOperator('dequantize', 'int8', {}, [
      { shape: [2], data: Uint8Array.of(0, 255), scale: 0.5, zeroPoint: 128 },
    ]);
    expect(data).toEqual(Float32Array.of(-64, 63.5));
  });

  it('T5 int16 codes have a zero point where they are only converted', () => {
    const real = Float32Array.of(-63.5, -63, 62, 62.5, 64);
    const shape = [real.length];
    const codes = runOperator('quantize', 'int16', { output: { scale: 0.5, zeroPoint: -1 } }, [
      { shape, data: real },
    ]);
    expect(codes.data).toEqual(Int16Array.of(-128, -127, 123, 124, 127));
    const own = { shape, data: codes.data, scale: 0.5, zeroPoint: -1 };
    expect(runOperator('dequantize', 'int16', {}, [own]).data).toEqual(real);
    const moved = { scale: 0.25, zeroPoint: 32767 };
    expect(runOperator('quantize', 'int16', { output: moved }, [own]).data).toEqual(
      Int16Array.of(32513, 32515, 32767, 32767, 32767),
    );
  });

  it('R5 the largest code of 16 bits, rescaled, has room for any zero point', () => {
    const from = { shape: [1], data: Int16Array.of(32767), zeroPoint: -32768 };
    const integers = { multiplier: [2 ** 31 - 1], shift: [15] };
    const output = { scale: 1, zeroPoint: 32767 };
    expect(runOperator('quantize', 'int16', { ...integers, output }, [from]).data).toEqual(
      Int16Array.of(32767),
    );
    expect(() =>
      runOperator('quantize', 'int16', { ...integers, shift: [16], output }, [from]),
    ).toThrow(
      'Operator "quantize": Expected the rescaled input to stay below 2^31 but found a bound of 4294901760',
    );
  });

  it('T7 uint8 to int8 with the same scale moves the codes by 128, and back', () => {
    const all = Uint8Array.from({ length: 256 }, (_, i) => i);
    const signed = runOperator('quantize', 'int8', { output: { scale: 0.1, zeroPoint: -128 } }, [
      { shape: [256], data: all, scale: 0.1, zeroPoint: 0 },
    ]);
    expect(Array.from(signed.data, Number)).toEqual(Array.from(all, (q) => q - 128));
    const back = runOperator(
      'quantize',
      'int8',
      { output: { type: 'uint8', scale: 0.1, zeroPoint: 0 } },
      [{ shape: [256], data: signed.data, scale: 0.1, zeroPoint: -128 }],
    );
    expect(back.data).toEqual(all);
  });

  it('T7 no other operator takes uint8', () => {
    expect(() =>
      runOperator('relu', 'int8', {}, [{ shape: [1], data: Uint8Array.of(1), scale: 1 }]),
    ).toThrow('Expected an input of type float32 or int8 or int16 but found uint8');
  });

  it('Q3 rescales codes with two roundings', () => {
    fc.assert(
      fc.property(
        fc.record({ seed, si: scale, so: scale, zi: int8ZeroPoint, zo: int8ZeroPoint }),
        ({ seed: from, zi, zo, ...scales }) => {
          const [si, so] = [fround(scales.si), fround(scales.so)];
          const x = codes(from, 30, -128, 127);
          const { data } = runOperator(
            'quantize',
            'int8',
            { output: { scale: so, zeroPoint: zo } },
            [{ shape: [30], data: Int8Array.from(x), scale: si, zeroPoint: zi }],
          );
          const { multiplier, shift } = quantizeMultiplier(si / so);
          expect(Array.from(data, Number)).toEqual(
            x.map((q) => clampTo(multiplyInt32(q - zi, multiplier, shift) + zo, -128, 127)),
          );
        },
      ),
    );
  });
});
