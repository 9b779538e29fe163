/** The results as text and charts. */

import { describe, expect, it } from 'vitest';
import { barResults } from '../bars.ts';
import { charts } from '../charts/index.ts';
import { linearScale, logScale, roundStep } from '../charts/svg.ts';
import { inUnit, layersText, reportText } from '../report.ts';
import { results } from './results.ts';

describe('reportText', () => {
  const text = reportText(results, barResults(results));

  it('gives medians, percentiles and ratios', () => {
    expect(text).toContain('large float32: ms an inference');
    expect(text).toMatch(/^litert-relaxed +3\.000 +2\.760 +3\.420 +4\.500 .* 0\.500$/m);
    expect(text).toMatch(/^plumbline-simd +2\.000 .* 0\.750$/m);
  });

  it('tells peaks per cycle', () => {
    expect(text).toContain('4.00 GHz, float32 mul + add GFLOP/s 64.0 (16.0 a cycle)');
    expect(text).toContain('int16 dot and add GMAC/s 64.0 (16.0 a cycle)');
  });

  it('tells layers, loading, cold starts and bytes', () => {
    expect(text).toMatch(/^large float32 +relaxed +1\.500 +1\.000 +1\.50 +80\.0 % +-$/m);
    expect(text).toMatch(
      /^large float32 +relaxed +1\.020 +3\.060 +25\.0 % +48 % falling to 26 %$/m,
    );
    expect(text).toMatch(
      /^large int8 +plumbline-relaxed +1\.000 +1\.500 +2\.000 +3\.000 +14\.00 +20\.00 /m,
    );
    expect(text).toMatch(/^large int8 +onnxruntime-web +- +- +- +500\.0 +100\.0 +600\.0 /m);
    expect(text).toMatch(/^Program large int8 +2000000 +1900000 +1500000 +4200000$/m);
  });

  it('tells the bars, and what was left out', () => {
    expect(text).toMatch(/^large float32 relaxed \/ LiteRT\.js relaxed +0\.500 +<= 0\.670 +met$/m);
    expect(text).toMatch(/^large float32 relaxed, pointwise .* 80\.00 % +>= 88\.00 % +NOT MET$/m);
    expect(text).toMatch(/^large int8 \/ LiteRT\.js int8 +- +<= 0\.700 +not measured$/m);
    expect(text).toContain('Left out: tfjs-cpu: not installed');
  });
});

describe('layersText', () => {
  it('gives time, work, bytes and the share of the peak', () => {
    const text = layersText(results);
    expect(text).toContain('large float32 simd\n');
    expect(text).toMatch(
      /^expand +pointwise +1x14x14x96 +conv2d_f32 +1\.2500 +32\.00 +1000000 +25\.6 +80\.0 %$/m,
    );
    expect(text).toMatch(/^sum <&> +other .* -$/m);
  });
});

describe('inUnit', () => {
  it.each([
    [0.6666, 'ratio', '0.667'],
    [12.34, 'ratio', '12.3'],
    [0.87964, 'fraction', '87.96 %'],
    [4.2, 'MB', '4.20 MB'],
    [40.042, 'KB', '40.04 KB'],
    [39.96, 'ms', '39.96 ms'],
  ] as const)('%d as %s', (value, unit, text) => {
    expect(inUnit(value, unit)).toBe(text);
  });
});

describe('scales', () => {
  it('begin at 0 and end at a round number', () => {
    const { ticks, at } = linearScale(17, 100, 300);
    expect(ticks).toEqual([0, 5, 10, 15, 20]);
    expect([0, 10, 20].map(at)).toEqual([100, 200, 300]);
  });

  it('step by 1, 2 or 5', () => {
    expect([0.11, 0.2, 0.3, 3.4, 7, 100].map(roundStep)).toEqual([0.2, 0.2, 0.5, 5, 10, 100]);
  });

  it('keep equal factors equally far apart, if logarithmic', () => {
    const { at, ticks } = logScale(0.5, 50, 0, 1000);
    expect(ticks).toEqual([0.5, 1, 2, 5, 10, 20, 50]);
    expect(at(10) - at(1)).toBeCloseTo(at(50) - at(5), 0);
    expect(at(0.5)).toBeGreaterThan(0);
    expect(at(50)).toBeLessThan(1000);
  });
});

describe('charts', () => {
  const files = charts(results);

  it('are of what was measured', () => {
    expect([...files.keys()]).toEqual(['load.svg', 'runtimes.svg', 'roofline-large.svg']);
    const without = charts({ ...results, loads: [], layers: [], networks: [] });
    expect(without.size).toBe(0);
  });

  it.each([...files])('%s holds no number that is none', (_name, svg) => {
    expect(svg).not.toMatch(/NaN|Infinity|undefined/);
    expect(svg.startsWith('<svg xmlns="http://www.w3.org/2000/svg"')).toBe(true);
  });

  it('put marks where the values are', () => {
    const svg = files.get('runtimes.svg') ?? '';
    const at = (name: string): number =>
      Number(
        new RegExp(`translate\\(([\\d.]+) [\\d.]+\\)" d="[^"]*"><title>${name}:`).exec(svg)?.[1],
      );
    const [simd, relaxed, peer] = ['plumbline-simd', 'plumbline-relaxed', 'litert-relaxed'].map(at);
    // Logarithmic: 3 / 1.5 is as far as two steps of their root, 2 / 1.5 less than 3 / 2.
    expect(relaxed).toBeLessThan(simd ?? NaN);
    expect((simd ?? NaN) - (relaxed ?? NaN)).toBeLessThan((peer ?? NaN) - (simd ?? NaN));
    const roofline = files.get('roofline-large.svg') ?? '';
    expect(roofline).toContain('expand, relaxed: 25.6 G/s, 80 % of the peak');
    expect(roofline).not.toContain('sum &lt;');
  });
});
