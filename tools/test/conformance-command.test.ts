/** `plumbline conformance` as the author of a back end runs it: verdicts, exit status, texts and files. */

import { spawnSync } from 'node:child_process';

import { join } from 'node:path';
import process from 'node:process';
import { describe, expect, it } from 'vitest';
import { backends } from '../../golden/backends.ts';
import { backendNames, reportedBackends } from '../backends.ts';
import { packagePath } from '../models.ts';
import { temporaryFolder } from './temporary.ts';

const folder = temporaryFolder();
const wrong = packagePath('conformance', 'examples', 'wrong.ts');
const right = packagePath('conformance', 'examples', 'right.ts');

function conformance(...args: readonly string[]) {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [packagePath('tools', 'plumbline.ts'), 'conformance', ...args],
    { encoding: 'utf8', cwd: folder.path },
  );
  return { status, stdout, stderr };
}

/** A back end of which `prepare` is the text of a function. */
function backend(name: string, prepare: string): string {
  return folder.write(`${name}.mjs`, `export default { name: '${name}', prepare: ${prepare} };`);
}

describe('verdicts', () => {
  it('writes a case of what differs, which --replay and --explain read', () => {
    const path = join('conformance-cases', 'averagePool-int8-7.case');
    const some = ['--operator', 'averagePool', '--precision', 'int8', '--seed', '7'];
    const found = conformance('--backend', wrong, ...some);
    expect(found.status).toBe(2);
    expect(found.stdout).toMatch(/averagePool +int8 +DIFFERS/);
    expect(found.stdout).toContain(path);
    const again = conformance('--backend', wrong, '--replay', path);
    expect(again.status).toBe(2);
    expect(again.stdout).toMatch(/ on pooling example: different: Expected element \d+ to be -\d+/);
    const mended = conformance('--backend', 'fastpath-relaxed', '--replay', path);
    expect([mended.status, mended.stdout]).toEqual([0, `${path} on fastpath-relaxed: equal\n`]);
    expect(conformance('--explain', path).stdout).toMatch(/ {2}M1 .* half away from zero/);
  });

  it('says what is not run and why, and does not call it success', () => {
    const some = ['--precision', 'int8', '--runs', '20'];
    const partly = conformance('--backend', right, '--operator', 'depthwiseConv2d', 'add', ...some);
    expect(partly.status).toBe(0);
    expect(partly.stdout).toMatch(/depthwiseConv2d +int8 +equal +20 +0/);
    expect(partly.stdout).toMatch(/add +int8 +not run +0 +20/);
    expect(partly.stdout).toContain('not run (1): Expected depthwiseConv2d in int8');
    const nothing = conformance('--backend', right, '--operator', 'add', ...some);
    expect(nothing.status).toBe(2);
    expect(nothing.stdout).toContain('Nothing was compared.');
  });

  it('ends a back end that does not come back', () => {
    const silent = backend('silent', '() => { for (;;); }');
    const args = ['--operator', 'add', '--precision', 'int8', '--limit', '1', '--seed', '1'];
    const { status, stdout } = conformance('--backend', silent, ...args);
    expect(status).toBe(2);
    expect(stdout).toMatch(/add +int8 +no answer/);
    expect(stdout).toContain('add int8: Expected results within 1 s but found none');
  });

  it('tells how near to its bound float32 comes, of a network too', () => {
    const share = String.raw`largest error 0\.\d+ of its bound`;
    const { status, stdout } = conformance('--model', 'small', '--precision', 'float32', 'int8');
    expect(status).toBe(0);
    const [first, second] = stdout.split('\n');
    expect(first).toMatch(
      new RegExp(`^small-float32 on fastpath: equal on \\d+ inputs, ${share}$`),
    );
    expect(second).toMatch(/^small-int8 on fastpath: equal on \d+ inputs$/);
  });

  it('does not run a network that the back end refuses', () => {
    const { status, stdout } = conformance(
      '--backend',
      right,
      '--model',
      'small',
      '--precision',
      'int8',
    );
    expect(status).toBe(2);
    expect(stdout).toMatch(
      /^small-int8 on depthwise example: input "noise": not run: Expected a graph/,
    );
  });
});

describe('back ends', () => {
  it('are the variants of the fast path, and outside runtimes where they are', () => {
    const { stdout } = conformance('--help');
    for (const name of backendNames()) expect(stdout).toContain(name);
    expect(Object.keys(backends)).toEqual([
      'reference',
      'fastpath',
      'fastpath-relaxed',
      'module',
      'module-relaxed',
    ]);
    expect(reportedBackends().slice(0, 2)).toEqual(['fastpath', 'fastpath-relaxed']);
    expect(reportedBackends()).not.toContain('module');
  });

  it.each([
    ['nosuch', 'or a module but found nosuch'],
    ['./none.mjs', 'Expected an export default: { name, prepare } but found none'],
    [
      './common.js',
      'Cannot use import statement outside a module ("type": "module" in package.json makes it one, and so does a name in .mts or .mjs)',
    ],
  ])('says what is wrong with %s', (name, text) => {
    folder.write('none.mjs', '');
    folder.write('package.json', '{ "type": "commonjs" }');
    folder.write(
      'common.js',
      "import { join } from 'node:path';\nexport default { name: join('a') };",
    );
    const { status, stderr } = conformance('--backend', name, '--runs', '1');
    expect(status).toBe(2);
    expect(stderr.trim()).toMatch(/^(\(node[^]*)?plumbline: /);
    expect(stderr).toContain(text);
    expect(stderr).not.toContain(`${name}: ${name}:`);
  });
});
