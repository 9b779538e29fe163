/** `plumbline compress` as a user runs it. */

import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { describe, expect, it } from 'vitest';
import { mobilenetV2, RangeObserver } from '../../reference/index.ts';
import { sha256 } from '../files.ts';
import { decodeModel } from '../formats/container.ts';
import { decodeGraph, encodeGraph } from '../formats/plumb.ts';
import { encodePng } from './png-writer.ts';
import { temporaryFolder } from './temporary.ts';

const folder = temporaryFolder();
const command = join(import.meta.dirname, '..', 'plumbline.ts');
const SIDE = 16;
const graph = mobilenetV2({ width: 0.1, resolution: SIDE, classes: 2, labels: ['cat', 'dog'] });
const model = folder.write('tiny.plumb', encodeGraph(graph));

/** A picture with a slope of its own. */
function picture(slope: number): number[][] {
  return Array.from({ length: SIDE }, (_, y) =>
    Array.from({ length: 3 * SIDE }, (_unused, i) => (slope * (y + i) + 40 * (i % 3)) % 256),
  );
}

const observer = new RangeObserver(graph);
for (const label of ['cat', 'dog']) {
  mkdirSync(join(folder.path, 'photos', label), { recursive: true });
  for (const slope of label === 'cat' ? [1, 3, 5] : [2, 7, 11]) {
    const rows = picture(slope);
    observer.observe({ width: SIDE, height: SIDE, data: Uint8Array.from(rows.flat()) });
    writeFileSync(
      join(folder.path, 'photos', label, `${String(slope)}.png`),
      encodePng({ width: SIDE, height: SIDE, depth: 8, colorType: 2, rows }),
    );
  }
}
const photos = join(folder.path, 'photos');
const record = folder.write(
  'record.json',
  JSON.stringify({
    format: 'plumbline calibration',
    version: 1,
    graph: graph.name,
    sha256: sha256(encodeGraph(graph)),
    photos: 6,
    ranges: observer.ranges(),
  }),
);

function compress(...args: readonly string[]) {
  return spawnSync(process.execPath, [command, 'compress', ...args], {
    encoding: 'utf8',
    cwd: folder.path,
  });
}

function refusal(...args: readonly string[]): string {
  const { status, stdout, stderr } = compress(...args, '-o', 'refused.plumb');
  expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
  expect(stderr).not.toContain('    at ');
  expect(existsSync(join(folder.path, 'refused.plumb'))).toBe(false);
  return stderr;
}

const outputOf = (name: string) => decodeGraph(name, readFileSync(join(folder.path, name)));

interface Report {
  readonly container: { readonly bytes: number };
  readonly float32Bytes: number;
  readonly agreement?: number;
  readonly layers: readonly { readonly layer: string; readonly largestCode: number }[];
}

/** Several passes over the network, each in the command's own process. */
const LONG = { timeout: 300_000 };

describe('plumbline compress', () => {
  it('rounds to nearest without photos, and says so', () => {
    const { status, stdout, stderr } = compress(
      ...[model, '--calibration', record, '--bits', '3', '-o', 'nearest.plumb', '--json'],
    );
    expect(status).toBe(0);
    expect(stderr).toBe('plumbline: without --photos every weight is rounded to nearest\n');
    const { layers, agreement } = JSON.parse(stdout) as Report;
    expect(layers).toHaveLength(53);
    expect(Math.max(...layers.map(({ largestCode }) => largestCode))).toBe(3);
    expect(agreement).toBeUndefined();
    expect(outputOf('nearest.plumb').precision).toBe('int8');
  });

  it('fits to photos, to a width and to a ratio, of float32 and of int8', LONG, () => {
    const fitted = compress(
      ...[model, '--calibration', record, '--bits', '4', '--photos', photos, '-o', 'fitted.plumb'],
    );
    expect(fitted.status).toBe(0);
    expect(fitted.stdout).toMatch(
      /^layer +weights +largest code +zeros +bits a weight +bytes +error\n/,
    );
    expect(fitted.stdout).toMatch(
      /fitted\.plumb: first label of int8 on [\d.]+ % of the photos\n$/,
    );
    const again = compress(
      ...['fitted.plumb', '--ratio', '8', '--photos', photos, '-o', 'again.plumb', '--json'],
    );
    expect(again.status).toBe(0);
    const { container, float32Bytes } = JSON.parse(again.stdout) as Report;
    expect(container.bytes).toBeLessThanOrEqual(float32Bytes / 8);
    expect(container.bytes).toBeGreaterThan(float32Bytes / 9);
    expect(outputOf('again.plumb').labels).toEqual(['cat', 'dog']);
  });

  it('writes a container, and says what it takes', LONG, () => {
    const args = [model, '--calibration', record, '--bits', '3'];
    const { status, stdout } = compress(...args, '-o', 'nearest.plmc');
    expect(status).toBe(0);
    expect(stdout).toMatch(
      /\ncontainer: \d+ bytes, 1\/[\d.]+ of float32\n {2}weights \d+ \(entropy of each layer's codes: \d+\), scales and biases \d+, the rest \d+\n {2}the same Program by brotli: \d+ bytes, .*\n {2}decoded in [\d.]+ ms of CPU time/,
    );
    compress(...args, '-o', 'nearest.plumb');
    const bytes = readFileSync(join(folder.path, 'nearest.plmc'));
    expect(encodeGraph(decodeModel('nearest.plmc', bytes))).toEqual(
      encodeGraph(outputOf('nearest.plumb')),
    );
  });

  it('is as small as a loss allows', LONG, () => {
    const { status, stdout } = compress(
      ...[model, '--calibration', record, '--max-loss', '100', '--photos', photos],
      ...['-o', 'lost.plumb', '--json'],
    );
    expect(status).toBe(0);
    const { container, float32Bytes } = JSON.parse(stdout) as Report;
    expect(container.bytes).toBeLessThan(float32Bytes / 20);
  });

  it('is smaller where bits cost more', LONG, () => {
    const [cheap, dear] = ['32', '20'].map((price) => {
      const { status, stdout } = compress(
        ...[model, '--calibration', record, '--price', price, '--photos', photos],
        ...['-o', `price-${price}.plumb`, '--json'],
      );
      expect(status).toBe(0);
      return (JSON.parse(stdout) as Report).container.bytes;
    });
    expect(dear).toBeLessThan((cheap ?? NaN) / 2);
  });

  it.each([
    ['no goal', [], 'Expected one of --ratio, --max-loss, --bits and --price'],
    [
      'two',
      ['--bits', '4', '--ratio', '8'],
      'Expected one of --ratio, --max-loss, --bits and --price',
    ],
    ['no photos', ['--ratio', '8'], 'Expected --photos FOLDER with --ratio, --max-loss or --price'],
    ['9 bits', ['--bits', '9'], 'Expected an integer in [2, 8].'],
    ['half', ['--ratio', '0.5'], 'Expected a number in [1, 1000].'],
    ['a bit for nothing', ['--price', '41'], 'Expected a number in [16, 40].'],
    ['a gain', ['--max-loss', '-1'], 'Expected a number in [0, 100].'],
    ['no folder', ['--bits', '4', '--photos', 'none'], 'none: Expected a folder of photos'],
    [
      'a thousandth',
      ['--ratio', '1000', '--photos', photos],
      'Expected a ratio that the model can be compressed to but found 1000',
    ],
  ])('refuses %s', LONG, (_, args, text) => {
    expect(refusal(model, '--calibration', record, ...args)).toContain(text);
  });

  it('refuses a float32 model without record', () => {
    expect(refusal(model, '--bits', '4')).toContain(
      'Expected a calibration record (--calibration FILE)',
    );
  });
});
