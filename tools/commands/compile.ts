/** `plumbline compile`: a model as a Program of the fast path. */

import type { Command } from 'commander';
import { compileGraph } from '../../fastpath/compile/index.ts';
import {
  headerFields,
  PROGRAM_BASE,
  readWords,
  STEP_BYTES,
  stepFields,
} from '../../fastpath/program/format.ts';
import { kernels, regionsOf } from '../../fastpath/program/kernels.ts';
import { checkOutput, sha256, writeBytes } from '../files.ts';
import { loadModel, modelFiles } from '../models.ts';
import { print, printJson, table, withModelOptions, type ModelOptions } from './context.ts';

interface CompileFlags extends ModelOptions {
  readonly output: string;
  readonly json?: boolean;
}

export function registerCompile(program: Command): void {
  withModelOptions(
    program
      .command('compile')
      .summary('compile a model to a Program of the fast path')
      .description(
        'Chooses kernels, packs weights and plans the arena. The Program is one image that `loadProgram` copies into the\nkernels’ memory; the same model gives the same bytes.',
      )
      .argument('<model>', 'large, small or a .plumb file'),
  )
    .requiredOption('-o, --output <file>', 'file to write')
    .option('--json', 'print the result as JSON')
    .action(compile);
}

function compile(model: string, { output, json, ...choice }: CompileFlags): void {
  const files = modelFiles({ model, ...choice });
  checkOutput(
    output,
    files.filter((file) => file !== undefined),
  );
  const program = compileGraph(loadModel({ model, ...choice }));
  writeBytes(output, program);
  const { arenaBytes, steps } = readProgram(program);
  const digest = sha256(program);
  if (json === true) {
    printJson({ output, bytes: program.length, arenaBytes, sha256: digest, steps });
    return;
  }
  print(
    table([
      ['step', 'kernel', 'output', 'constant bytes', 'scratch bytes'],
      ...steps.map((step, i) => [
        String(i),
        step.kernel,
        step.output.join('x'),
        String(step.constantBytes),
        String(step.scratchBytes),
      ]),
    ]),
  );
  print(`${output}: ${String(program.length)} bytes, arena of ${String(arenaBytes)} bytes`);
  print(`sha256 ${digest}`);
}

function readProgram(program: Uint8Array) {
  const view = new DataView(program.buffer, program.byteOffset, program.length);
  const header = readWords(view, 0, headerFields);
  const steps = Array.from({ length: header.stepCount }, (_, i) => {
    const step = readWords(view, header.steps - PROGRAM_BASE + i * STEP_BYTES, stepFields);
    const kernel = kernels[step.kernel];
    if (kernel === undefined) throw new Error(`Expected a kernel ${String(step.kernel)}`);
    const { weights, parameters, scratch } = regionsOf(kernel, step);
    return {
      kernel: kernel.name,
      output: [step.batches, step.outHeight, step.outWidth, step.outChannels],
      constantBytes: weights + parameters,
      scratchBytes: scratch,
    };
  });
  return { arenaBytes: header.arenaBytes, steps };
}
