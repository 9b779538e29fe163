/** `plumbline classify`: a photo to a class. */

import process from 'node:process';
import { Option, type Command } from 'commander';
import type { Graph, PrecisionName, RgbImage } from '../../reference/index.ts';
import {
  classifierNames,
  classifiers,
  type Classifier,
  type ClassifierName,
} from '../classifiers.ts';
import { FileError } from '../errors.ts';
import { equalsGroundTruth } from '../ground-truth.ts';
import { bestKernels } from '../kernels.ts';
import { ImageError } from '../../images/container.ts';
import { readImage } from '../images/decode.ts';
import { samplePhoto } from '../images/sample-photo.ts';
import {
  checkClassifies,
  embeddedNames,
  isEmbedded,
  loadModel,
  precisionNames,
} from '../models.ts';
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
  readonly backend: ClassifierName;
  readonly verify?: boolean;
  readonly json?: boolean;
}

interface Classification {
  readonly model: string;
  readonly precision: PrecisionName;
  /** The most probable classes, best first. */
  readonly classes: readonly { readonly label: string; readonly probability: number }[];
  readonly loadMilliseconds: number;
  readonly inferenceMilliseconds: number;
  /** Of what is loaded. */
  readonly bytes: number;
  /** Whether the input tensor is the reference's, and every layer what the reference makes of its inputs. */
  readonly equalsGroundTruth?: boolean;
}

export function registerClassify(program: Command): void {
  withModelOptions(
    program
      .command('classify')
      .summary('classify photos')
      .description(
        'Classifies photos (JPEG, PNG, WebP) with the six embedded models, or those chosen. Without a photo, a sample is\ntaken and verified: mountains and firs, with nobody to be seen.',
      )
      .argument('[photos...]', 'image files')
      .option('--model <model>', 'large, small or a .plumb file (default: large and small)'),
  )
    .option('--top <n>', 'classes to print', positiveInteger, 1)
    .addOption(
      new Option('--backend <name>', 'what computes').choices(classifierNames).default('fastpath'),
    )
    .option('--verify', 'hold every layer of the fast path to the reference')
    .option('--json', 'print the result as JSON')
    .action(classify);
}

async function classify(photos: readonly string[], flags: ClassifyFlags): Promise<void> {
  const paths = photos.length > 0 ? photos : [samplePhoto()];
  const verify = flags.verify ?? photos.length === 0;
  // The first photo comes first: a wrong file is told before six models are derived.
  let image = await readImage(paths[0] ?? '');
  const models = await chosenModels(flags);
  const kernels = flags.backend === 'fastpath' ? await bestKernels() : undefined;
  for (const each of kernels?.refused ?? []) {
    process.stderr.write(`Kernels "${each.variant}" are passed over: ${each.reason}\n`);
  }
  const results: { readonly photo: string; readonly results: readonly Classification[] }[] = [];
  const progress = new Progress('Classifying');
  for (const [position, photo] of paths.entries()) {
    if (position > 0) image = await readImage(photo);
    const rows: Classification[] = [];
    for (const [done, { name, graph, classifier }] of models.entries()) {
      progress.update(position * models.length + done, paths.length * models.length);
      const found = classifyPhoto(classifier, photo, image);
      const equals =
        verify && kernels !== undefined
          ? await equalsGroundTruth(graph, image, kernels.variant, found)
          : undefined;
      // A difference is an error of ours.
      if (equals === false) process.exitCode = 1;
      rows.push({
        model: name,
        precision: graph.precision,
        classes: ranked(graph.labels, found.probabilities, flags.top),
        loadMilliseconds: classifier.loadMilliseconds,
        inferenceMilliseconds: found.milliseconds,
        bytes: classifier.bytes,
        ...(equals === undefined ? {} : { equalsGroundTruth: equals }),
      });
    }
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

/** @throws {FileError} for an image that the classifier does not take */
function classifyPhoto(
  classifier: Classifier,
  photo: string,
  image: RgbImage,
): ReturnType<Classifier['classify']> {
  try {
    return classifier.classify(image);
  } catch (error) {
    if (error instanceof ImageError) throw new FileError(photo, error.message, { cause: error });
    throw error;
  }
}

interface LoadedModel {
  readonly name: string;
  readonly graph: Graph;
  readonly classifier: Classifier;
}

async function chosenModels(flags: ClassifyFlags): Promise<readonly LoadedModel[]> {
  const { model, precision, calibration, int16Weights } = flags;
  const choice = {
    ...(calibration === undefined ? {} : { calibration }),
    ...(int16Weights === undefined ? {} : { int16Weights }),
  };
  const loaded: LoadedModel[] = [];
  for (const name of model === undefined ? embeddedNames : [model]) {
    const derivable = isEmbedded(name) || calibration !== undefined;
    const wanted = precision !== undefined ? [precision] : derivable ? precisionNames : [undefined];
    for (const each of wanted) {
      const graph = loadModel({
        model: name,
        ...choice,
        ...(each === undefined ? {} : { precision: each }),
      });
      checkClassifies(name, graph);
      loaded.push({ name, graph, classifier: await classifiers[flags.backend](graph) });
    }
  }
  return loaded;
}

function ranked(
  labels: readonly string[],
  probabilities: readonly number[],
  top: number,
): Classification['classes'] {
  return labels
    .map((label, i) => ({ label, probability: probabilities[i] ?? NaN }))
    .sort((a, b) => b.probability - a.probability)
    .slice(0, top);
}

function format(rows: readonly Classification[]): string {
  const verified = rows.some((row) => row.equalsGroundTruth !== undefined);
  const heading = [
    'model',
    'precision',
    'label',
    'probability',
    'load ms',
    'inference ms',
    'bytes',
  ];
  return table([
    [...heading, ...(verified ? ['equals ground truth'] : [])],
    ...rows.flatMap((row) =>
      row.classes.map(({ label, probability }, rank) =>
        rank === 0
          ? [
              row.model,
              row.precision,
              label,
              percent(probability),
              row.loadMilliseconds.toFixed(1),
              row.inferenceMilliseconds.toFixed(2),
              String(row.bytes),
              row.equalsGroundTruth === undefined ? '' : row.equalsGroundTruth ? 'yes' : 'no',
            ]
          : ['', '', label, percent(probability), '', '', ''],
      ),
    ),
  ]);
}
