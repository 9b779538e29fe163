/** `plumbline compress`: an int8 model with weights of few bits. */

import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { InvalidArgumentError, type Command } from 'commander';
import type { Graph } from '../../reference/index.ts';
import { compressByPhotos, type Goal } from '../compression/compress-by-photos.ts';
import type { CompressedGraph } from '../compression/compress-graph.ts';
import { exp2 } from '../compression/logarithm.ts';
import { layersOf } from '../compression/layers.ts';
import { roundGraphToNearest } from '../compression/round-to-nearest.ts';
import { float32Bytes, layerBytes } from '../compression/size.ts';
import { listLabelledPhotos, listPhotos } from '../evaluation/photos.ts';
import { UsageError } from '../errors.ts';
import { checkOutput, sha256, writeBytes } from '../files.ts';
import { containerText, reportContainer, type ContainerReport } from '../container-report.ts';
import { encodeContainerFile } from '../formats/container.ts';
import { encodeGraph } from '../formats/plumb.ts';
import { checkClassifies, loadModel, modelFiles } from '../models.ts';
import { percent, print, printJson, Progress, table } from './context.ts';

interface CompressFlags {
  readonly ratio?: number;
  readonly maxLoss?: number;
  readonly bits?: number;
  readonly price?: number;
  readonly photos?: string;
  readonly calibration?: string;
  readonly output: string;
  readonly json?: boolean;
}

export function registerCompress(program: Command): void {
  program
    .command('compress')
    .summary('give an int8 model weights of few bits')
    .description(
      'Writes an int8 model whose weights, scales and biases take few bits, so that little is left of it once it is entropy\ncoded. With photos, rounding makes up for its own errors, and bits go where the result is sensitive; without, --bits\nrounds to nearest.',
    )
    .argument('<model>', 'large, small or a float32 or int8 .plumb file')
    .option('--ratio <n>', 'so many times smaller than float32 (needs photos)', ratio)
    .option(
      '--max-loss <points>',
      'as small as costs so many points of accuracy against int8, on half the photos while the other half is fitted to\n(with a folder per label), or of photos with another first label than int8 (without)',
      points,
    )
    .option('--bits <n>', 'codes of 2 to 8 bits in every layer', bits)
    .option(
      '--price <n>',
      'a bit costs 2^-n of the error of the logits: 16 to 40, smaller for smaller models (needs photos)',
      price,
    )
    .option('--photos <folder>', 'folder of calibration photos, or of one folder of them per label')
    .option('--calibration <file>', 'record to derive int8 of a float32 file with')
    .requiredOption(
      '-o, --output <file>',
      'file to write: a container, or where its name ends in .plumb the graph alone',
    )
    .option('--json', 'print the result as JSON')
    .action(compress);
}

function ratio(value: string): number {
  const number = Number(value);
  if (!(number >= 1 && number <= 1000)) {
    throw new InvalidArgumentError('Expected a number in [1, 1000].');
  }
  return number;
}

function points(value: string): number {
  const number = Number(value);
  if (value.trim() === '' || !(number >= 0 && number <= 100)) {
    throw new InvalidArgumentError('Expected a number in [0, 100].');
  }
  return number;
}

function bits(value: string): number {
  const number = Number(value);
  if (!Number.isInteger(number) || number < 2 || number > 8) {
    throw new InvalidArgumentError('Expected an integer in [2, 8].');
  }
  return number;
}

function price(value: string): number {
  const exponent = Number(value);
  if (value.trim() === '' || !(exponent >= 16 && exponent <= 40)) {
    throw new InvalidArgumentError('Expected a number in [16, 40].');
  }
  return exp2(-exponent);
}

async function compress(model: string, flags: CompressFlags): Promise<void> {
  const goal = goalOf(flags);
  const { output, json, photos: folder } = flags;
  const choice = {
    model,
    ...(flags.calibration === undefined ? {} : { calibration: flags.calibration }),
  };
  const wanted = loadModel({ model });
  if (wanted.precision === 'int16') {
    throw new UsageError(`${model}: Expected a float32 or int8 model but found int16`);
  }
  const base = loadModel({ ...choice, precision: 'int8' });
  const files = modelFiles(choice).filter((file) => file !== undefined);
  let compressed: CompressedGraph;
  let agreement: number | undefined;
  if (folder === undefined) {
    if (goal.kind !== 'bits')
      throw new UsageError('Expected --photos FOLDER with --ratio, --max-loss or --price');
    checkOutput(output, files);
    process.stderr.write('plumbline: without --photos every weight is rounded to nearest\n');
    compressed = roundGraphToNearest(base, wanted, goal.bits);
  } else {
    checkClassifies(model, base);
    const photos = photosOf(folder, base.labels);
    checkOutput(output, [...files, ...photos.map(({ path }) => path)]);
    let progress: { readonly what: string; readonly bar: Progress } | undefined;
    const result = await compressByPhotos(wanted, base, photos, goal, (what, done, total) => {
      if (progress?.what !== what) {
        progress?.bar.end();
        progress = { what, bar: new Progress(what) };
      }
      progress.bar.update(done, total);
    });
    progress?.bar.end();
    ({ compressed, agreement } = result);
  }
  const encoded = encodeContainerFile(compressed.graph);
  const bytes = output.endsWith('.plumb') ? encodeGraph(compressed.graph) : encoded.file;
  writeBytes(output, bytes);
  const container = await reportContainer(encoded);
  report(base, compressed, agreement, container, {
    output,
    digest: sha256(bytes),
    json: json === true,
  });
}

function goalOf({ ratio, maxLoss, bits, price }: CompressFlags): Goal {
  const goals: readonly Goal[] = [
    ...(ratio === undefined ? [] : [{ kind: 'ratio' as const, ratio }]),
    ...(maxLoss === undefined ? [] : [{ kind: 'loss' as const, points: maxLoss }]),
    ...(bits === undefined ? [] : [{ kind: 'bits' as const, bits }]),
    ...(price === undefined ? [] : [{ kind: 'price' as const, price }]),
  ];
  const [goal] = goals;
  if (goal === undefined || goals.length > 1) {
    throw new UsageError('Expected one of --ratio, --max-loss, --bits and --price');
  }
  return goal;
}

/** Photos with the labels of their folders, or none where they lie in no folders. */
function photosOf(
  folder: string,
  labels: readonly string[],
): readonly { readonly path: string; readonly label?: number }[] {
  const photos = listPhotos(folder);
  const folders = readdirSync(folder).some((name) => statSync(join(folder, name)).isDirectory());
  return folders ? listLabelledPhotos(folder, labels) : photos.map((path) => ({ path }));
}

function report(
  base: Graph,
  { layers }: CompressedGraph,
  agreement: number | undefined,
  container: ContainerReport,
  {
    output,
    digest,
    json,
  }: { readonly output: string; readonly digest: string; readonly json: boolean },
): void {
  const totalError = [...layers.values()].reduce((sum, { error }) => sum + error, 0);
  const rows = layersOf(base).flatMap(({ operator, channels, fanIn }) => {
    const layer = layers.get(operator.name);
    if (layer === undefined) return [];
    const weights = channels * fanIn;
    return [
      {
        layer: operator.name,
        weights,
        largestCode: layer.codes.reduce((max, code) => Math.max(max, Math.abs(code)), 0),
        zeros: layer.codes.reduce((count, code) => count + (code === 0 ? 1 : 0), 0) / weights,
        bitsPerWeight: layer.bits.codes / weights,
        bytes: Math.ceil(layerBytes(layer)),
        errorShare: layer.error / totalError,
      },
    ];
  });
  const float32 = float32Bytes(base);
  if (json) {
    printJson({
      output,
      sha256: digest,
      float32Bytes: float32,
      container,
      ...(agreement === undefined ? {} : { agreement }),
      layers: rows,
    });
    return;
  }
  print(
    table([
      ['layer', 'weights', 'largest code', 'zeros', 'bits a weight', 'bytes', 'error'],
      ...rows.map((row) => [
        row.layer,
        String(row.weights),
        String(row.largestCode),
        percent(row.zeros),
        row.bitsPerWeight.toFixed(2),
        String(row.bytes),
        Number.isFinite(row.errorShare) ? percent(row.errorShare) : '-',
      ]),
    ]),
  );
  print(containerText(container, float32));
  if (agreement !== undefined) {
    print(`${output}: first label of int8 on ${percent(agreement)} of the photos`);
  }
}
