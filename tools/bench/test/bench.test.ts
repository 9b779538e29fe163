/** The command from end to end, on the small network alone: what it writes, never how long anything took. */

import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { beforeAll, describe, expect, it } from 'vitest';
import { skippedWithoutChromium } from '../../../conformance/test/chromium.ts';
import { packagePath } from '../../models.ts';
import { temporaryFolder } from '../../test/temporary.ts';
import type { BarResult } from '../bars.ts';
import type { BenchResults } from '../results.ts';

const skipped = skippedWithoutChromium('a test in a browser');

const folder = temporaryFolder();
const output = join(folder.path, 'results');

function bench(...args: readonly string[]) {
  const command = packagePath('tools', 'plumbline.ts');
  return spawnSync(process.execPath, [command, 'bench', ...args], { encoding: 'utf8' });
}

describe('plumbline bench', () => {
  let results: BenchResults & { readonly bars: readonly BarResult[] };

  beforeAll(() => {
    const chosen = ['--models', 'small', '--precisions', 'int8', '--variants', 'simd'];
    const { status, stdout, stderr } = bench(
      ...chosen,
      '--no-peers',
      '--no-cold',
      '--browser',
      '--iterations',
      '2',
      '--output',
      output,
      '--json',
    );
    expect({ status, stderr: stderr.replace(/^.*: \d+ of \d+, \d+ s left\n/gm, '') }).toEqual({
      status: 0,
      stderr: '',
    });
    results = JSON.parse(stdout) as typeof results;
  }, 120_000);

  it('writes what it prints, as text too, and charts', () => {
    expect(readdirSync(output).sort()).toEqual([
      'bench.json',
      'bench.txt',
      'layers.txt',
      'load.svg',
      'roofline-small.svg',
      'runtimes.svg',
    ]);
    expect(JSON.parse(readFileSync(join(output, 'bench.json'), 'utf8'))).toEqual(results);
    expect(readFileSync(join(output, 'bench.txt'), 'utf8')).toContain(
      'small int8: ms an inference',
    );
  });

  it('times the chosen network', () => {
    const [network] = results.networks;
    expect(results.networks).toHaveLength(1);
    expect(network).toMatchObject({ model: 'small', form: 'int8', differences: {} });
    expect(network?.timings.map(({ name }) => name)).toEqual(['plumbline-simd']);
    expect(network?.timings[0]?.cpu.samples).toBe(2);
    expect(results.loads).toMatchObject([{ model: 'small', form: 'int8', variant: 'simd' }]);
    expect(results.cold).toEqual([]);
  });

  it('times every layer: their multiply-accumulates are the network’s', () => {
    const [{ layers, macs } = { layers: [], macs: 0 }] = results.layers;
    expect(layers.filter(({ kind }) => kind === 'pointwise')).toHaveLength(34);
    expect(layers.filter(({ kind }) => kind === 'depthwise')).toHaveLength(17);
    expect(layers.reduce((sum, layer) => sum + layer.macs, 0)).toBe(macs);
    expect(macs / 1e6).toBeCloseTo(10.7, 1);
  });

  it('finds positive rates and bytes', () => {
    const { peaks, kernels, programs } = results;
    expect(Object.values(peaks).every((rate) => typeof rate === 'number' && rate > 0)).toBe(true);
    expect(kernels).toMatchObject([{ variant: 'simd' }]);
    expect(programs).toMatchObject([{ model: 'small', form: 'int8' }]);
    for (const { raw, brotli } of [...kernels, ...programs]) expect(brotli).toBeLessThan(raw);
  });

  it.skipIf(skipped)('times it in the browser too', () => {
    const { browser } = results;
    expect(browser?.version).toMatch(/^Chromium \d/);
    expect(browser?.networks).toMatchObject([
      { model: 'small', form: 'int8', timings: [{ name: 'plumbline-simd' }] },
    ]);
    expect(browser?.networks[0]?.timings[0]?.wall.samples).toBe(2);
    expect(results.notes).toEqual([]);
  });

  it('leaves bars open that need what was not measured', () => {
    const open = results.bars.filter(({ met }) => met === undefined).map(({ text }) => text);
    expect(open).toContain('small int8 / LiteRT.js int8');
    expect(open).not.toContain('kernels simd, raw');
  });
});

describe('plumbline bench, refused', () => {
  it.each([
    [['--models', 'huge'], "argument 'huge' is invalid. Allowed choices are large, small."],
    [['--peers', 'other'], "argument 'other' is invalid."],
    [['--iterations', '0'], 'Expected an integer greater than 0.'],
  ])('%j', (args, text) => {
    const { status, stderr } = bench(...args);
    expect(status).toBe(2);
    expect(stderr).toContain(text);
  });

  it('where its folder is a file', () => {
    const file = join(folder.path, 'file');
    writeFileSync(file, '');
    const { status, stderr } = bench('--output', file);
    expect(status).toBe(2);
    expect(stderr).toContain(`${file}: Expected a folder for the results.`);
  });
});
