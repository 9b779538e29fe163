/** `plumbline compile`: a model as a Program of the fast path, or as one WebAssembly module. */

import { Option, type Command } from 'commander';
import { compileGraph } from '../../fastpath/compile/index.ts';
import {
  headerFields,
  PROGRAM_BASE,
  readWords,
  STEP_BYTES,
  stepFields,
} from '../../fastpath/program/format.ts';
import { kernels, regionsOf } from '../../fastpath/program/kernels.ts';
import { variants, type Variant } from '../../fastpath/runtime/variant.ts';
import type { Graph } from '../../reference/index.ts';
import { UsageError } from '../errors.ts';
import { checkOutput, readBytes, sha256, writeBytes } from '../files.ts';
import { isContainer } from '../formats/container.ts';
import { loadModel, modelFiles } from '../models.ts';
import { writeWasm } from './compile-wasm.ts';
import { print, printJson, table, withModelOptions, type ModelOptions } from './context.ts';

interface CompileFlags extends ModelOptions {
  readonly output?: string;
  readonly wasm?: string;
  readonly variant?: Variant;
  readonly packed?: boolean;
  readonly json?: boolean;
}

export function registerCompile(program: Command): void {
  withModelOptions(
    program
      .command('compile')
      .summary('compile a model to a Program of the fast path, or to one .wasm')
      .description(
        'Chooses kernels, packs weights and plans the arena. With -o, the result is a Program: one image that `loadProgram`\ncopies into the kernels’ memory. With --wasm, it is a WebAssembly module that runs without any other file: the kernels\nthat the model needs, its constants, and the exports memory, input, output, run and describe. The same model gives the\nsame bytes.',
      )
      .argument('<model>', 'large, small, a .plumb file or a container'),
  )
    .option('-o, --output <file>', 'Program to write')
    .option('--wasm <file>', 'module to write')
    .addOption(
      new Option('--variant <name>', 'instructions of the module (default: simd)').choices(
        variants,
      ),
    )
    .option(
      '--packed',
      'code the constants of an int8 module: smaller, decoded when it starts (default: of a container)',
    )
    .option('--no-packed', 'store them as they are')
    .option('--json', 'print the result as JSON')
    .action(compile);
}

function compile(model: string, flags: CompileFlags): void {
  const { output, wasm, variant, packed, json, ...choice } = flags;
  if ((output === undefined) === (wasm === undefined)) {
    throw new UsageError('Expected either -o, for a Program, or --wasm, for a module');
  }
  if (variant !== undefined && wasm === undefined) {
    throw new UsageError('Expected --variant with --wasm: a Program runs on either');
  }
  if (packed !== undefined && wasm === undefined) {
    throw new UsageError('Expected --packed with --wasm: a Program is stored as it is');
  }
  const files = modelFiles({ model, ...choice }).filter((file) => file !== undefined);
  for (const file of [output, wasm]) if (file !== undefined) checkOutput(file, files);
  const graph = loadModel({ model, ...choice });
  if (output !== undefined) writeProgram(graph, output, json === true);
  if (wasm !== undefined) {
    writeWasm(graph, wasm, {
      variant: variant ?? 'simd',
      packed: packed ?? isContainer(readBytes(files[0] ?? model)),
      json: json === true,
    });
  }
}

function writeProgram(graph: Graph, output: string, json: boolean): void {
  const program = compileGraph(graph);
  writeBytes(output, program);
  const { arenaBytes, steps } = readProgram(program);
  const digest = sha256(program);
  if (json) {
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
