/** `plumbline import`: a model file of another format as a `.plumb` graph. */

import { basename, extname } from 'node:path';
import { Option, type Command } from 'commander';
import type { Preprocessing } from '../../reference/index.ts';
import { FileError, UsageError } from '../errors.ts';
import { checkOutput, readBytes, readText, sha256, writeBytes } from '../files.ts';
import { onnxToGraph } from '../formats/onnx/to-graph.ts';
import { decodeOnnx, type OnnxModel } from '../formats/onnx/wire.ts';
import { encodeGraph } from '../formats/plumb.ts';
import { print, printJson } from './context.ts';

interface ImportFlags {
  readonly output: string;
  readonly name?: string;
  readonly labels?: string;
  readonly mean?: string;
  readonly std?: string;
  readonly channels: 'rgb' | 'bgr';
  readonly json?: boolean;
}

export function registerImport(program: Command): void {
  program
    .command('import')
    .summary('read an ONNX float model into a .plumb graph')
    .description(
      'Reads a float32 MobileNetV2 classifier from an ONNX file: batch normalisation folded, NHWC, explicit padding.\n\n' +
        'Labels and preprocessing come from the file\'s metadata ("labels": a JSON list, "input": the rule) or from flags.',
    )
    .argument('<model.onnx>', 'file to read')
    .requiredOption('-o, --output <file>', 'file to write')
    .option('--name <name>', 'name of the graph (default: name of the file)')
    .option('--labels <file>', 'text file with one label a line')
    .option('--mean <R,G,B>', 'pixel value that becomes 0, per channel')
    .option('--std <R,G,B>', 'pixel values that become a step of 1, per channel')
    .addOption(
      new Option('--channels <order>', 'order of the channels')
        .choices(['rgb', 'bgr'])
        .default('rgb'),
    )
    .option('--json', 'print the result as JSON')
    .action((path: string, flags: ImportFlags) => {
      importModel(path, flags);
    });
}

/** Reads a model file, writes its graph and prints a summary. */
export function importModel(path: string, flags: ImportFlags): void {
  checkOutput(flags.output, flags.labels === undefined ? [path] : [path, flags.labels]);
  const bytes = readBytes(path);
  const model = decodeOnnx(path, bytes);
  const graph = onnxToGraph(path, model, {
    name: flags.name ?? basename(path, extname(path)),
    labels: readLabels(path, model, flags),
    preprocessing: readPreprocessing(path, model, flags),
    provenance: { source: basename(path), sha256: sha256(bytes), producer: model.producer },
  });
  const encoded = encodeGraph(graph);
  writeBytes(flags.output, encoded);
  const summary = {
    output: flags.output,
    operators: graph.operators.length,
    classes: graph.labels.length,
    bytes: encoded.length,
    sha256: sha256(encoded),
  };
  if (flags.json === true) printJson(summary);
  else {
    print(
      `${flags.output}: ${String(summary.operators)} operators, ${String(summary.classes)} classes, ${String(summary.bytes)} bytes`,
    );
  }
}

function readLabels(path: string, model: OnnxModel, flags: ImportFlags): readonly string[] {
  if (flags.labels !== undefined) {
    return readText(flags.labels)
      .split(/\r?\n/)
      .filter((line) => line !== '');
  }
  const metadata = model.metadata.get('labels');
  if (metadata === undefined) {
    throw new UsageError(`${path}: Expected labels in the file or --labels FILE but found neither`);
  }
  const labels = parseJson(metadata);
  if (!Array.isArray(labels) || !labels.every((label) => typeof label === 'string')) {
    throw new FileError(
      path,
      'Expected its labels to be a JSON list of names (or give --labels FILE)',
    );
  }
  return labels;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The one rule that a file's own words tell; anything else has to be said with flags, never guessed. */
const CENTRED_RULE = /^RGB, squashed .* resize, x\/127\.5 - 1$/;

function readPreprocessing(path: string, model: OnnxModel, flags: ImportFlags): Preprocessing {
  const { channels } = flags;
  if (flags.mean !== undefined && flags.std !== undefined) {
    return {
      resize: 'squash',
      channels,
      mean: triple('--mean', flags.mean),
      std: triple('--std', flags.std),
    };
  }
  const rule = model.metadata.get('input') ?? '';
  if (flags.mean === undefined && flags.std === undefined && CENTRED_RULE.test(rule)) {
    const centre: [number, number, number] = [127.5, 127.5, 127.5];
    return { resize: 'squash', channels, mean: centre, std: centre };
  }
  throw new UsageError(
    `${path}: Expected preprocessing as --mean R,G,B and --std R,G,B, since the file does not say it`,
  );
}

function triple(flag: string, text: string): [number, number, number] {
  const [r, g, b, ...rest] = text
    .split(',')
    .map((part) => (part.trim() === '' ? NaN : Number(part)));
  if (r === undefined || g === undefined || b === undefined || rest.length > 0) {
    throw new UsageError(`Expected ${flag} with three numbers but found ${text}`);
  }
  if (![r, g, b].every(Number.isFinite)) {
    throw new UsageError(`Expected ${flag} with three numbers but found ${text}`);
  }
  return [r, g, b];
}
