/** The runtime, as built, without Node, without eval and without compiling: what a Worker has. */

import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import process from 'node:process';
import { expect, it } from 'vitest';
import { imageToInput, interpreter } from '../../reference/index.ts';
import { kernelsPath } from '../../tools/kernels.ts';
import { loadModel } from '../../tools/models.ts';
import { temporaryFolder } from '../../tools/test/temporary.ts';
import { compileGraph } from '../compile/index.ts';
import { variants } from '../runtime/index.ts';

const folder = temporaryFolder();
const graph = loadModel({ model: 'small', precision: 'int8' });
const program = folder.write('small.program', compileGraph(graph, { intermediates: true }));
const side = 96;
const pixels = Uint8Array.from({ length: 3 * side * side }, (_, i) => (i * 31) % 256);
const input = imageToInput(graph, { width: side, height: side, data: pixels });
const [wanted] = interpreter(graph).run([input]).outputs;

it.each(variants)('%s kernels, compiled before, run a Program', (variant) => {
  const script = join(import.meta.dirname, 'isolate.ts');
  const args = [
    '--no-warnings',
    '--experimental-vm-modules',
    script,
    program,
    kernelsPath(variant),
  ];
  expect(JSON.parse(execFileSync(process.execPath, args, { encoding: 'utf8' }))).toEqual({
    output: Array.from(wanted?.data ?? [], Number),
    layers: graph.operators.length,
    refused: expect.stringContaining(
      'Program: Expected a Program, which begins with "PLMB"',
    ) as string,
    compiled: 'CompileError',
    // The runtime's, and with one of the test itself.
    attempts: [0, 1],
    imported: ['@assemblyscript/loader', 'zod/mini'],
  });
});
