/** `plumbline export`: a model as a file for other programs. */

import { extname } from 'node:path';
import type { Command } from 'commander';
import type { Graph } from '../../reference/index.ts';
import { UsageError } from '../errors.ts';
import { checkOutput, sha256, writeBytes } from '../files.ts';
import { writeOnnx } from '../formats/onnx/write.ts';
import { writeDescribedTflite } from '../formats/tflite/described.ts';
import { loadModel, modelFiles } from '../models.ts';
import { print, printJson, withModelOptions, type ModelOptions } from './context.ts';

export interface ExportFlags extends ModelOptions {
  readonly output: string;
  readonly json?: boolean;
}

const writers: Readonly<Record<string, (graph: Graph) => Uint8Array>> = {
  '.tflite': writeDescribedTflite,
  '.onnx': (graph) => writeOnnx(graph).bytes,
};

export function registerExport(program: Command): void {
  withModelOptions(
    program
      .command('export')
      .summary('write a model as TensorFlow Lite or ONNX')
      .description(
        'Writes a model for other programs: TensorFlow Lite with labels, mean, std and channels as metadata, or ONNX (integers\nas QDQ), which has no place for these.',
      )
      .argument('<model>', 'large, small or a .plumb file'),
  )
    .requiredOption('-o, --output <file>', '.tflite or .onnx file to write')
    .option('--json', 'print the result as JSON')
    .action(exportModel);
}

/** Writes a model file and prints a summary. */
export function exportModel(model: string, { output, json, ...choice }: ExportFlags): void {
  const write = writers[extname(output).toLowerCase()];
  if (write === undefined) {
    throw new UsageError(`${output}: Expected a name that ends in .tflite or .onnx`);
  }
  const files = modelFiles({ model, ...choice });
  checkOutput(
    output,
    files.filter((file) => file !== undefined),
  );
  const bytes = write(loadModel({ model, ...choice }));
  writeBytes(output, bytes);
  const digest = sha256(bytes);
  if (json === true) printJson({ output, bytes: bytes.length, sha256: digest });
  else print(`${output}: ${String(bytes.length)} bytes\nsha256 ${digest}`);
}
