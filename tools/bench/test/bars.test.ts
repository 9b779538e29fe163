/** Bars from made-up results. */

import { describe, expect, it } from 'vitest';
import { barResults, type BarResult } from '../bars.ts';
import type { BenchResults } from '../results.ts';
import { around, results, timing } from './results.ts';

function bar(text: string, from: BenchResults = results): BarResult {
  const found = barResults(from).find((each) => each.text === text);
  if (found === undefined) throw new Error(`Expected a bar "${text}"`);
  return found;
}

function withTimings(form: 'int8' | 'int16', ...times: readonly [string, number][]) {
  return {
    model: 'large' as const,
    form,
    timings: times.map(([name, milliseconds]) => timing(name, milliseconds)),
    differences: {},
  };
}

describe('barResults', () => {
  it('divides ours by theirs', () => {
    expect(bar('large float32 relaxed / LiteRT.js relaxed')).toEqual({
      text: 'large float32 relaxed / LiteRT.js relaxed',
      unit: 'ratio',
      goal: 0.67,
      limit: 'most',
      value: 0.5,
      met: true,
    });
  });

  it('leaves out what was not measured', () => {
    const found = bar('large float32 simd / LiteRT.js plain SIMD');
    expect(found).not.toHaveProperty('value');
    expect(found).not.toHaveProperty('met');
  });

  it('holds to the faster build, and wants both', () => {
    const text = 'large int8 / LiteRT.js int8';
    const own = ['plumbline-relaxed', 6] as const;
    const both = withTimings('int8', [...own], ['litert-simd', 12], ['litert-relaxed', 8]);
    expect(bar(text, { ...results, networks: [both] })).toMatchObject({ value: 0.75, met: false });
    const one = withTimings('int8', [...own], ['litert-simd', 12]);
    expect(bar(text, { ...results, networks: [one] }).met).toBeUndefined();
  });

  it('takes the faster form of 16 bits', () => {
    const int16 = withTimings('int16', ['plumbline-relaxed', 10], ['onnxruntime-web', 40]);
    const weights8 = {
      ...withTimings('int16', ['onnxruntime-web', 25]),
      form: 'int16-int8' as const,
    };
    const text = 'large int16 / ONNX Runtime Web 16-bit (16- or 8-bit weights)';
    expect(bar(text, { ...results, networks: [int16] }).value).toBe(0.25);
    expect(bar(text, { ...results, networks: [int16, weights8] }).value).toBe(0.4);
  });

  it('holds layers to the peak, and networks to the bound', () => {
    const layers = 'large float32 relaxed, pointwise convolutions of the SIMD128 peak';
    expect(bar(layers)).toMatchObject({ value: 0.8, limit: 'least', met: false });
    expect(bar('large float32 / arithmetic lower bound')).toMatchObject({ value: 1.5, met: false });
  });

  it('compares cold starts over the same interval', () => {
    expect(bar('large int8 cold: bytes to first result')).toMatchObject({ value: 20, met: true });
    expect(bar('large int8 cold: ONNX Runtime Web / ours')).toMatchObject({ value: 30, met: true });
  });

  it('counts bytes in thousands and millions', () => {
    expect(bar('kernels relaxed, raw')).toMatchObject({ value: 41, met: false });
    expect(bar('kernels relaxed, brotli')).toMatchObject({ value: 9, met: true });
    expect(bar('large int8, wasm memory after loading')).toMatchObject({ value: 4.2, met: true });
  });

  it('takes what is just the goal for met', () => {
    const cold = results.cold.map((each) => ({ ...each, total: around(40) }));
    expect(bar('large int8 cold: bytes to first result', { ...results, cold }).met).toBe(true);
  });
});
