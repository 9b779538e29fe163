/** `plumbline compile` as a user runs it: files, tables, texts. */

import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { describe, expect, it } from 'vitest';
import { compileModule, moduleDescription } from '../../fastpath/module/index.ts';
import { mobilenetV2, quantizeGraph } from '../../reference/index.ts';
import { sha256 } from '../files.ts';
import { encodeContainerFile } from '../formats/container.ts';
import { encodeGraph } from '../formats/plumb.ts';
import { decoderPath, kernelsPath } from '../kernels.ts';
import { temporaryFolder } from './temporary.ts';

const folder = temporaryFolder();
const command = join(import.meta.dirname, '..', 'plumbline.ts');
const graph = mobilenetV2({ width: 0.1, resolution: 16, classes: 2, labels: ['cat', 'dog'] });
const model = folder.write('tiny.plumb', encodeGraph(graph));

function compile(...args: readonly string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [command, 'compile', ...args], {
    encoding: 'utf8',
    cwd: folder.path,
  });
  return { status, stdout, stderr };
}

/** Standard error of a call that is refused as bad input. */
function refusal(...args: readonly string[]): string {
  const { status, stdout, stderr } = compile(...args);
  expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
  expect(stderr).not.toContain('    at ');
  return stderr;
}

describe('compile -o', () => {
  it('writes a Program', () => {
    const { status, stdout } = compile(model, '-o', 'tiny.program');
    expect(status).toBe(0);
    expect(stdout).toMatch(/^step +kernel +output/);
    expect(readFileSync(join(folder.path, 'tiny.program')).toString('latin1', 0, 4)).toBe('PLMB');
  });
});

describe('compile --wasm', () => {
  it('writes a module, and says what it consists of', () => {
    const { status, stdout, stderr } = compile(model, '--wasm', 'tiny.wasm');
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    const written = readFileSync(join(folder.path, 'tiny.wasm'));
    const { bytes, description } = compileModule(graph, readFileSync(kernelsPath()));
    expect(Buffer.compare(written, bytes)).toBe(0);
    expect(stdout).toMatch(/^part +bytes\n(code: .*\n)+data: steps +\d+\n/);
    expect(stdout).toContain('exports: memory, input, output, describe, run; no imports\n');
    const memory = String(description.bytes.memory);
    expect(stdout).toContain(`needs bulk-memory, simd128; memory of ${memory} bytes\n`);
    expect(stdout).toMatch(
      new RegExp(`tiny.wasm: ${String(written.length)} bytes, \\d+ with brotli\n`),
    );
    expect(stdout).toContain(`sha256 ${sha256(written)}\n`);
    const parts = [...stdout.matchAll(/^(?:code|data|types).* (\d+)$/gm)].map(([, n]) => Number(n));
    expect(parts.reduce((a, b) => a + b)).toBe(written.length);
  });

  it('tells machines the same, of the other variant', () => {
    const { status, stdout } = compile(
      model,
      '--wasm',
      'relaxed.wasm',
      '--variant',
      'relaxed',
      '--json',
    );
    expect(status).toBe(0);
    const told = JSON.parse(stdout) as Record<string, unknown>;
    const written = readFileSync(join(folder.path, 'relaxed.wasm'));
    const { bytes, sizes } = compileModule(graph, readFileSync(kernelsPath('relaxed')));
    expect(Buffer.compare(written, bytes)).toBe(0);
    expect(told).toMatchObject({
      output: 'relaxed.wasm',
      variant: 'relaxed',
      bytes: written.length,
      sha256: sha256(written),
      sizes,
    });
    expect(told['brotliBytes']).toBeLessThan(written.length);
    expect(moduleDescription.parse(told['description']).features).toContain('relaxed-simd');
    expect(
      (told['exports'] as readonly { readonly name: string }[]).map(({ name }) => name),
    ).toEqual(['memory', 'input', 'output', 'describe', 'run']);
  });

  it('packs an int8 module', () => {
    const ranges = Object.fromEntries(graph.operators.map(({ name }) => [name, [-2, 6] as const]));
    const int8 = quantizeGraph(graph, { ranges }, { precision: 'int8' });
    const file = folder.write('int8.plumb', encodeGraph(int8));
    const { status, stdout } = compile(file, '--wasm', 'packed.wasm', '--packed');
    expect(status).toBe(0);
    const written = readFileSync(join(folder.path, 'packed.wasm'));
    const options = { decoder: readFileSync(decoderPath()) };
    const { bytes } = compileModule(int8, readFileSync(kernelsPath()), options);
    expect(Buffer.compare(written, bytes)).toBe(0);
    expect(stdout).toMatch(/^code: decoder +\d+$/m);
    const parts = [...stdout.matchAll(/^(?:code|data|types).* (\d+)$/gm)].map(([, n]) => Number(n));
    expect(parts.reduce((a, b) => a + b)).toBe(written.length);
    const container = folder.write('int8.container', encodeContainerFile(int8).file);
    expect(compile(container, '--wasm', 'from-container.wasm').status).toBe(0);
    expect(readFileSync(join(folder.path, 'from-container.wasm')).equals(written)).toBe(true);
    expect(compile(container, '--wasm', 'plain.wasm', '--no-packed').status).toBe(0);
    const plain = readFileSync(join(folder.path, 'plain.wasm'));
    expect(plain.equals(compileModule(int8, readFileSync(kernelsPath())).bytes)).toBe(true);
    expect(refusal(model, '--wasm', 'a.wasm', '--packed')).toBe(
      'plumbline: Expected an int8 graph for a container but found float32\n',
    );
  });

  it('takes one output, and a variant of a module alone', () => {
    const either = 'plumbline: Expected either -o, for a Program, or --wasm, for a module\n';
    expect(refusal(model)).toBe(either);
    expect(refusal(model, '-o', 'a.program', '--wasm', 'a.wasm')).toBe(either);
    expect(refusal(model, '-o', 'a.program', '--variant', 'relaxed')).toBe(
      'plumbline: Expected --variant with --wasm: a Program runs on either\n',
    );
    expect(refusal(model, '-o', 'a.program', '--packed')).toBe(
      'plumbline: Expected --packed with --wasm: a Program is stored as it is\n',
    );
    expect(refusal(model, '--wasm', 'a.wasm', '--variant', 'fast')).toContain(
      'Allowed choices are simd, relaxed',
    );
  });

  it('writes nothing of what it refuses, and leaves nothing beside a file', () => {
    const damaged = folder.write('damaged.plumb', encodeGraph(graph).subarray(0, 9999));
    expect(refusal(damaged, '--wasm', 'a.wasm')).toContain(
      `${damaged}: Expected a Plumbline graph.`,
    );
    const { preprocessing, ...rest } = graph;
    expect(preprocessing).toBeDefined();
    const outputs = graph.operators.slice(-2).map(({ output }) => output);
    const two = folder.write('two.plumb', encodeGraph({ ...rest, labels: [], outputs }));
    expect(refusal(two, '--wasm', 'a.wasm')).toBe('plumbline: Expected one output but found 2\n');
    expect(refusal(model, '--wasm', 'no/such/a.wasm')).toContain(
      'no/such/a.wasm: Expected a writable place.',
    );
    expect(refusal(model, '--wasm', model)).toBe(
      `plumbline: ${model}: Expected a file to write other than the input ${model}\n`,
    );
    expect(existsSync(join(folder.path, 'a.wasm'))).toBe(false);
    expect(readdirSync(folder.path).filter((name) => name.endsWith('.tmp'))).toEqual([]);
    expect(readFileSync(model)).toEqual(Buffer.from(encodeGraph(graph)));
  });
});
