/** `plumbline import`: a model file of another format as a `.plumb` graph. */

import { basename, extname } from 'node:path';
import { Option, type Command } from 'commander';
import { FileError, UsageError } from '../errors.ts';
import { checkOutput, linesOf, readText, sha256, writeBytes } from '../files.ts';
import { openForeign, type ForeignModel } from '../formats/foreign.ts';
import { decodeGraph, encodeGraph } from '../formats/plumb.ts';
import { print, printJson } from './context.ts';
import { readPreprocessing, type PreprocessingFlags } from './preprocessing.ts';

export interface ImportFlags extends PreprocessingFlags {
  readonly output: string;
  readonly name?: string;
  readonly labels?: string;
  readonly json?: boolean;
}

export function registerImport(program: Command): void {
  program
    .command('import')
    .summary('read an ONNX, TensorFlow Lite or TensorFlow.js model into a .plumb graph')
    .description(
      'Reads a classifier of the MobileNetV2 family: ONNX (float32, int8), TensorFlow Lite (float32, float16 weights, int8\nper channel, int16 with int8 weights) or the model.json of a TensorFlow.js graph model. What a file does not say of\nits labels and its input has to be said with flags: wrong preprocessing is the commonest way to a wrong class.',
    )
    .argument('<model>', 'file to read')
    .requiredOption('-o, --output <file>', 'file to write')
    .option('--name <name>', 'name of the graph (default: name of the file)')
    .option('--labels <file>', 'text file with one label a line')
    .option('--mean <R,G,B>', 'pixel value that becomes 0, per channel of the input')
    .option('--std <R,G,B>', 'pixel values that become a step of 1, per channel of the input')
    .addOption(new Option('--channels <order>', 'order of the channels').choices(['rgb', 'bgr']))
    .addOption(
      new Option(
        '--resize <manner>',
        'squash: the whole image; cover: proportions kept, the centre cut out',
      ).choices(['squash', 'cover']),
    )
    .option('--crop <part>', 'with cover: part of the covered extent that is kept (default: 1)')
    .option('--json', 'print the result as JSON')
    .action((path: string, flags: ImportFlags) => {
      importModel(path, flags);
    });
}

/** Reads a model file, writes its graph and prints a summary. */
export function importModel(path: string, flags: ImportFlags): void {
  checkOutput(flags.output, flags.labels === undefined ? [path] : [path, flags.labels]);
  const model = openForeign(path);
  const graph = model.toGraph({
    name: flags.name ?? basename(path, extname(path)),
    labels: readLabels(path, model, flags),
    preprocessing: readPreprocessing(path, model.rule, flags),
    provenance: { source: basename(path), ...model.provenance },
  });
  for (const [what, found] of [
    ['input', graph.inputs.length],
    ['output', graph.outputs.length],
  ] as const) {
    if (found !== 1) throw new FileError(path, `Expected one ${what} but found ${String(found)}`);
  }
  const encoded = encodeGraph(graph);
  // A graph file has limits of its own: what is written can be read.
  decodeGraph(path, encoded);
  writeBytes(flags.output, encoded);
  const summary = {
    output: flags.output,
    precision: graph.precision,
    operators: graph.operators.length,
    classes: graph.labels.length,
    bytes: encoded.length,
    sha256: sha256(encoded),
  };
  if (flags.json === true) printJson(summary);
  else {
    print(
      `${flags.output}: ${summary.precision}, ${String(summary.operators)} operators, ${String(summary.classes)} classes, ${String(summary.bytes)} bytes`,
    );
  }
}

function readLabels(path: string, model: ForeignModel, flags: ImportFlags): readonly string[] {
  if (flags.labels !== undefined) return linesOf(readText(flags.labels));
  const labels = model.labels();
  if (labels !== undefined) return labels;
  throw new UsageError(`${path}: Expected labels in the file or --labels FILE but found neither`);
}
