/** What is deployed: its size, what it may contain, and what is published to stores. */

import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../../tools/test/temporary.ts';
import { packagePath } from '../../tools/models.ts';
import { bundleWorker } from '../make/bundle.ts';
import { assetsPath } from '../make/places.ts';
import { compatibilityDate } from './service.ts';
import { COMPATIBILITY_DATE } from '../bench/workerd.ts';
import { readCatalogue } from '../src/models/entry.ts';

describe('the script and its modules', () => {
  // Bytes as wrangler counts them: all modules in one, compressed. KB and MB are 1024 and 1024 * 1024 bytes.
  it.each([
    ['src/index.ts', 5 * 2 ** 20],
    ['src/small.ts', 650 * 2 ** 10],
  ])('%s takes at most %i bytes', async (entry, limit) => {
    const modules = await bundleWorker(entry);
    const whole = Buffer.concat(modules.map(({ contents }) => contents));
    expect(gzipSync(whole).length).toBeLessThanOrEqual(limit);
  });

  it('has neither compiler nor interpreter nor eval', async () => {
    const [script] = await bundleWorker('src/index.ts');
    const text = new TextDecoder().decode(script?.contents);
    expect(text).not.toMatch(/\bnew Function\b|\beval\(/);
    expect(text).not.toContain('compileGraph');
    expect(text).not.toContain('validateGraph');
  });

  it('has one date of compatibility everywhere', () => {
    const config = readFileSync(packagePath('worker', 'wrangler.jsonc'), 'utf8');
    const date = /"compatibility_date": "([\d-]+)"/.exec(config)?.[1];
    expect([compatibilityDate, COMPATIBILITY_DATE]).toEqual([date, date]);
  });
});

describe('static assets', () => {
  it('name no other host and evaluate nothing', () => {
    for (const file of ['index.html', 'style.css', 'page.js', 'docs.html']) {
      const text = readFileSync(assetsPath(file), 'utf8');
      expect(text.replaceAll('http://www.w3.org/2000/svg', '')).not.toMatch(
        /(src|href)="https?:|@import|url\(https?:/,
      );
      expect(text).not.toMatch(/\bnew Function\b|\beval\(/);
    }
  });
});

describe('publish', () => {
  const folder = temporaryFolder();
  const run = (...args: readonly string[]) =>
    spawnSync(process.execPath, [packagePath('worker', 'publish.ts'), ...args], {
      encoding: 'utf8',
    });

  it('puts Programs and their catalogue into a folder', () => {
    const into = join(folder.path, 'store');
    const first = run('small', '--precision', 'int8', '--name', 'people', '--into', into);
    expect([first.status, first.stderr]).toEqual([0, '']);
    expect(run('small', '--precision', 'int8', '--name', 'people', '--into', into).status).toBe(0);
    const models = readCatalogue(readFileSync(join(into, 'catalogue.json')));
    expect(models.map(({ name, precision }) => `${name} ${precision}`)).toEqual(['people int8']);
    const program = readFileSync(join(into, `${models[0]?.sha256 ?? ''}.program`));
    expect(program.length).toBe(models[0]?.bytes);
  });

  it.each([
    [['small'], 'Usage: '],
    [['small', '--name', '../x', '--into', 'y'], 'Expected --name to be of a-z'],
    [['small', '--name', 'x', '--into', 'y', '--precision', 'int4'], 'Expected --precision to be'],
    [['nowhere.plumb', '--name', 'x', '--into', 'y'], 'nowhere.plumb: Expected a readable file'],
    [['--wrong'], "Unknown option '--wrong'"],
  ])('refuses %j', (args, text) => {
    const { status, stderr } = run(...args);
    expect(stderr).toContain(text);
    expect(status).toBe(2);
  });
});
