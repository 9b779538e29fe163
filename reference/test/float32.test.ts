import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { interpreter, mobilenetV2, runOperator } from '../index.ts';
import { windowCase } from './arbitraries.ts';

const finite = fc.float({ min: -100, max: 100, noNaN: true });

/** A float32 number as a multiple of 2^-149, exactly. */
function exact(value: number): bigint {
  let mantissa = value;
  let exponent = 0;
  while (!Number.isInteger(mantissa)) {
    mantissa *= 2;
    exponent -= 1;
  }
  return BigInt(mantissa) << BigInt(298 + exponent);
}

describe('sums in float32', () => {
  it('F1 a sum is the exact one, rounded once', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(finite, finite), { minLength: 1, maxLength: 40 }),
        finite,
        (pairs, bias) => {
          const n = pairs.length;
          const { data } = runOperator('fullyConnected', 'float32', {}, [
            { shape: [1, n], data: pairs.map(([x]) => x) },
            { shape: [1, n], data: pairs.map(([, w]) => w) },
            { shape: [1], data: [bias] },
          ]);
          // In units of 2^-298 the sum has no rounding; float64 keeps far more than float32 needs here.
          const sum = pairs.reduce(
            (total, [x, w]) => total + ((exact(x) * exact(w)) >> 298n),
            exact(bias),
          );
          const wanted = Number(sum) / 2 ** 298;
          const ulp = Math.max(2 ** -149, Math.abs(wanted) * 2 ** -23);
          expect(Math.abs(Number(data[0]) - wanted)).toBeLessThanOrEqual(
            ulp / 2 + Math.abs(wanted) * 1e-12 + 1e-13,
          );
        },
      ),
    );
  });

  it('F1 does not round on the way', () => {
    // In float32 the small terms would vanish one by one.
    const n = 1001;
    const { data } = runOperator('fullyConnected', 'float32', {}, [
      { shape: [1, n], data: [2 ** 24, ...Array.from({ length: n - 1 }, () => 1)] },
      { shape: [1, n], data: Array.from({ length: n }, () => 1) },
    ]);
    expect(Number(data[0])).toBe(2 ** 24 + 1000);
  });

  it('T3 a float32 tensor has no scale', () => {
    expect(() =>
      runOperator('relu', 'float32', {}, [{ shape: [1], data: [1], scale: 0.5 }]),
    ).toThrow('Tensor "input": Expected no scale on a float32 tensor but found 1 scales');
  });

  it('A2 NaN and infinities pass through a network', () => {
    const run = (x: number): unknown =>
      runOperator('conv2d', 'float32', { activation: 'relu6' }, [
        { shape: [1, 1, 1, 1], data: Float32Array.of(x) },
        { shape: [1, 1, 1, 1], data: [1] },
      ]).data[0];
    expect([NaN, Infinity, -Infinity].map(run)).toEqual([NaN, 6, 0]);
  });

  it('B1 magnitudes are the sums of absolute products and bias', () => {
    fc.assert(
      fc.property(
        windowCase(fc.constant(2)),
        fc.array(finite, { minLength: 12, maxLength: 12 }),
        (window, noise) => {
          const [height, width, channels] = window.shape;
          const [kh, kw] = window.kernel;
          const draw = (length: number, from: number): number[] =>
            Array.from({ length }, (_, i) => noise[(i * 7 + from) % 12] ?? 0);
          const x = draw(height * width * channels, 1);
          const w = draw(kh * kw * channels * 3, 5);
          const bias = draw(3, 9);
          const run = (sign: (v: number) => number) =>
            runOperator(
              'conv2d',
              'float32',
              { stride: window.stride, dilation: window.dilation, padding: window.padding },
              [
                { shape: [1, ...window.shape], data: x.map(sign) },
                { shape: [3, kh, kw, channels], data: w.map(sign) },
                { shape: [3], data: bias.map(sign) },
              ],
            );
          const { magnitudes } = run((v) => v);
          const absolute = run(Math.abs).data;
          expect(magnitudes).toHaveLength(absolute.length);
          expect(Array.from(magnitudes ?? [], Math.fround)).toEqual(Array.from(absolute, Number));
        },
      ),
    );
  });

  it('B1 the interpreter reports magnitudes and intermediates by name', () => {
    const graph = mobilenetV2({ width: 0.1, resolution: 16, classes: 3 });
    const input = Float32Array.from({ length: 768 }, (_, i) => Math.sin(i));
    const { outputs, intermediates, magnitudes } = interpreter(graph).run([input], {
      intermediates: true,
      magnitudes: true,
    });
    expect([...intermediates.keys()]).toEqual(graph.operators.map((operator) => operator.name));
    expect(intermediates.get('probabilities')?.data).toEqual(outputs[0]?.data);
    expect([...magnitudes.keys()]).toContain('block_3/depthwise');
    expect([...magnitudes.keys()]).not.toContain('probabilities');
    const plain = interpreter(graph).run([input]);
    expect(plain.intermediates.size + plain.magnitudes.size).toBe(0);
    expect(plain.outputs[0]?.data).toEqual(outputs[0]?.data);
  });
});
