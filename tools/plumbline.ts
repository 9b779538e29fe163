#!/usr/bin/env node
/**
 * The `plumbline` command.
 *
 * Exit status: 0 for success; 2 for input that cannot be used, with a text that says why; 1 for an error of ours.
 */

import { readFileSync } from 'node:fs';
import process from 'node:process';
import { Command, CommanderError } from 'commander';
import { UnsupportedError } from '../fastpath/compile/index.ts';
import { GraphError } from '../reference/index.ts';
import { registerBench } from './commands/bench.ts';
import { registerCalibrate } from './commands/calibrate.ts';
import { registerClassify } from './commands/classify.ts';
import { registerCompile } from './commands/compile.ts';
import { registerCompress } from './commands/compress.ts';
import { registerConformance } from './commands/conformance.ts';
import { registerCurve } from './commands/curve.ts';
import { registerEvaluate } from './commands/evaluate.ts';
import { registerExport } from './commands/export.ts';
import { registerGolden } from './commands/golden.ts';
import { registerImport } from './commands/import.ts';
import { registerInspect } from './commands/inspect.ts';
import { registerKernel } from './commands/kernel.ts';
import { registerQuantize } from './commands/quantize.ts';
import { FileError, messageOf, UsageError } from './errors.ts';
import { packagePath } from './models.ts';

function createProgram(): Command {
  const { version } = JSON.parse(readFileSync(packagePath('package.json'), 'utf8')) as {
    version: string;
  };
  const program = new Command('plumbline')
    .description('Ground truth for MobileNetV2 at float32, int16 and int8.')
    .version(version)
    .option('--debug', 'print the stack of an error')
    // An option after `conformance report` is the report's, although `conformance` has it too.
    .enablePositionalOptions()
    .showHelpAfterError('(plumbline --help, or plumbline COMMAND --help, says more)')
    .exitOverride();
  registerClassify(program);
  registerImport(program);
  registerExport(program);
  registerCalibrate(program);
  registerQuantize(program);
  registerEvaluate(program);
  registerCompile(program);
  registerCompress(program);
  registerCurve(program);
  registerInspect(program);
  registerGolden(program);
  registerConformance(program);
  registerKernel(program);
  registerBench(program);
  // Commands inherit neither, so that each is told.
  for (const command of program.commands.flatMap((each) => [each, ...each.commands])) {
    command.exitOverride().option('--debug', 'print the stack of an error');
  }
  return program;
}

async function main(): Promise<number> {
  const debug = process.argv.includes('--debug');
  try {
    await createProgram().parseAsync();
    return Number(process.exitCode ?? 0);
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    const expected = [FileError, UsageError, GraphError, UnsupportedError].some(
      (kind) => error instanceof kind,
    );
    const stack = debug && error instanceof Error ? error.stack : undefined;
    const text = expected ? messageOf(error) : `Internal error: ${messageOf(error)}`;
    process.stderr.write(`plumbline: ${stack ?? text}\n`);
    if (!expected && !debug) {
      process.stderr.write('This is a bug of plumbline; --debug prints where it happened.\n');
    }
    return expected ? 2 : 1;
  }
}

/** A reader that has seen enough, such as `head`, closes the pipe: an end, not an error. */
function onOutputError(error: NodeJS.ErrnoException): void {
  if (error.code === 'EPIPE') process.exit();
  process.stderr.write(`plumbline: Expected a writable standard output. ${error.message}\n`);
  process.exit(2);
}

process.stdout.on('error', onOutputError);
process.exitCode = await main();
