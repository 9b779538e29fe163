/** `plumbline golden` as a user runs it: output, exit status, texts and files. */

import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { describe, expect, it } from 'vitest';
import { decodeGolden, encodeGolden } from '../../golden/file.ts';
import { goldenInputs } from '../../golden/inputs.ts';
import { mobilenetV2, type Graph } from '../../reference/index.ts';
import { encodeGraph } from '../formats/plumb.ts';
import { temporaryFolder } from './temporary.ts';

const folder = temporaryFolder();
const command = join(import.meta.dirname, '..', 'plumbline.ts');
const outputs = join(folder.path, 'outputs');
mkdirSync(outputs);

function tiny(seed: number): Graph {
  return mobilenetV2({ width: 0.1, resolution: 16, classes: 2, labels: ['a', 'b'], seed });
}

const model = folder.write('tiny.plumb', encodeGraph(tiny(1)));
const file = join(outputs, 'tiny.float32.golden');

function golden(...args: readonly string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [command, 'golden', ...args], {
    encoding: 'utf8',
    cwd: folder.path,
  });
  return { status, stdout, stderr };
}

const regenerate = (...args: readonly string[]) =>
  golden('regenerate', model, '--folder', outputs, ...args);
const check = (...args: readonly string[]) => golden('check', model, '--folder', outputs, ...args);

describe('golden regenerate', () => {
  it('writes new files, says that they are identical, and asks before they change', () => {
    expect(regenerate()).toEqual({ status: 0, stdout: `${file}: new, written\n`, stderr: '' });
    const bytes = readFileSync(file);
    expect(regenerate().stdout).toBe(`${file}: identical\n`);

    folder.write('tiny.plumb', encodeGraph(tiny(2)));
    const refused = regenerate();
    expect([refused.status, refused.stderr]).toEqual([
      2,
      'plumbline: Expected no golden file to change but found 1 changed; --yes writes changed files\n',
    ]);
    const [heading, graph, first, ...rest] = refused.stdout.trim().split('\n');
    expect(heading).toBe(`${file}: changed`);
    expect(graph).toMatch(/^ {2}graph: [0-9a-f]{64} becomes [0-9a-f]{64}$/);
    expect(first).toMatch(
      /^ {2}input "noise": \d+ layers change, the first is "stem"; output "probabilities" \[0, 0\]: [\d.]+ becomes [\d.]+$/,
    );
    expect(rest).toHaveLength(goldenInputs.length - 1);
    expect(readFileSync(file)).toEqual(bytes);

    const [row] = JSON.parse(regenerate('--json').stdout) as [
      { status: string; written: boolean; difference: { entries: unknown[] } },
    ];
    expect([row.status, row.written]).toEqual(['changed', false]);
    expect(row.difference.entries).toHaveLength(goldenInputs.length);
    expect(readFileSync(file)).toEqual(bytes);

    const accepted = regenerate('--yes');
    expect([accepted.status, accepted.stdout.split('\n')[0]]).toEqual([
      0,
      `${file}: changed, written`,
    ]);
    expect(readFileSync(file)).not.toEqual(bytes);

    folder.write('tiny.plumb', encodeGraph(tiny(1)));
    expect(regenerate('--yes').status).toBe(0);
    expect(readFileSync(file)).toEqual(bytes);
    expect(readdirSync(outputs)).toEqual(['tiny.float32.golden']);
  });

  it('says what it would replace where a file is damaged', () => {
    const bytes = readFileSync(file);
    folder.write('outputs/tiny.float32.golden', bytes.subarray(0, 99));
    const { status, stdout } = regenerate();
    expect(status).toBe(2);
    expect(stdout).toContain(`${file}: changed\n  ${file}: Expected a golden file. Expected`);
    expect(regenerate('--yes').status).toBe(0);
    expect(readFileSync(file)).toEqual(bytes);
  });

  it('leaves the committed files of the small model as they are', () => {
    const { status, stdout } = golden('regenerate', 'small', '--precision', 'int8');
    expect(status).toBe(0);
    expect(stdout).toMatch(/small\.int8\.golden: identical\n$/);
  });
});

describe('golden check', () => {
  it('says that all inputs are equal', () => {
    const { status, stdout } = check();
    expect(status).toBe(0);
    expect(stdout.trim().split('\n').at(-1)).toMatch(/tiny\.plumb +float32 +15 +15$/);
  });

  it('names what does not hold, with status 2', () => {
    const bytes = readFileSync(file);
    const record = decodeGolden(file, bytes);
    const entries = record.entries.map((entry) =>
      entry.input === 'grey' ? { ...entry, outputs: [new Float32Array([0.25, 0.75])] } : entry,
    );
    folder.write('outputs/tiny.float32.golden', encodeGolden({ ...record, entries }));
    const text =
      /Input "grey": Output "probabilities" of the reference differs at element 0 \[0, 0\]: Expected 0\.25 but found [\d.]+/;
    const { status, stdout, stderr } = check();
    expect(status).toBe(2);
    expect(stdout).toMatch(/tiny\.plumb +float32 +15 +14\n/);
    expect(stdout).toMatch(text);
    expect(stderr).toBe(
      'plumbline: Expected every golden file to hold for the reference but found 1 of 1 different\n',
    );
    const machine = check('--json');
    expect(machine.status).toBe(2);
    const [row] = JSON.parse(machine.stdout) as [
      { equal: number; findings: { text: string; input: string; layer: string; index: number }[] },
    ];
    expect(row.equal).toBe(14);
    expect(row.findings).toHaveLength(1);
    expect(row.findings[0]).toMatchObject({ input: 'grey', layer: 'probabilities', index: 0 });
    expect(row.findings[0]?.text).toMatch(text);

    folder.write('outputs/tiny.float32.golden', bytes.subarray(0, 99));
    expect(check().stderr).toContain(`plumbline: ${file}: Expected a golden file. Expected`);
    folder.write('outputs/tiny.float32.golden', bytes);
    expect(check().status).toBe(0);
  });

  it('refuses what it cannot check', () => {
    expect(golden('check', model)).toEqual({
      status: 2,
      stdout: '',
      stderr: `plumbline: ${model}: Expected the folder of its golden files (--folder FOLDER)\n`,
    });
    expect(golden('check', 'small', '--folder', folder.path).stderr).toContain(
      'small.float32.golden: Expected a readable file.',
    );
    expect(golden('check', 'small', '--backend', 'none').stderr).toContain(
      "argument 'none' is invalid. Allowed choices are reference",
    );
    expect(check('--precision', 'int8').stderr).toContain(
      'Expected a calibration record (--calibration FILE) to derive int8 from a float32 model',
    );
    const { preprocessing, ...graph } = tiny(1);
    expect(preprocessing).toBeDefined();
    const bare = folder.write('bare.plumb', encodeGraph(graph));
    expect(golden('check', bare, '--folder', outputs).stderr).toBe(
      `plumbline: ${bare}: Expected a classifier with preprocessing but found none\n`,
    );
  });

  it('helps', () => {
    for (const args of [['--help'], ['check', '--help'], ['regenerate', '--help']]) {
      const { status, stdout } = golden(...args);
      expect(status).toBe(0);
      expect(stdout).toContain('Usage: plumbline golden');
    }
  });

  it('shows the stack with --debug alone', () => {
    const args = ['check', 'nowhere.plumb', '--folder', '.'];
    expect(golden(...args).stderr).not.toContain('    at ');
    const { status, stderr } = golden(...args, '--debug');
    expect(status).toBe(2);
    expect(stderr).toContain('    at ');
  });
});
