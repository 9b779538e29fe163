/** `plumbline evaluate`: accuracy of a model, in every precision, on labelled photos. */

import { availableParallelism } from 'node:os';
import type { Command } from 'commander';
import type { PrecisionName } from '../../reference/index.ts';
import { listLabelledPhotos } from '../evaluation/photos.ts';
import { runModels } from '../evaluation/pool.ts';
import { evaluate } from '../evaluation/report.ts';
import { checkClassifies, isEmbedded, loadModel, precisionNames } from '../models.ts';
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

interface EvaluateFlags extends ModelOptions {
  readonly jobs: number;
  readonly cache: string | false;
  readonly json?: boolean;
}

export function registerEvaluate(program: Command): void {
  withModelOptions(
    program
      .command('evaluate')
      .summary('measure accuracy on a folder of labelled photos')
      .description(
        'Runs a model on <photos>/<label>/*.jpg and prints accuracy, agreement with float32 and SQNR of the logits, for every\nprecision it has (or the one given). Results are kept per photo and model, so that an interrupted run goes on.',
      )
      .argument('<model>', 'large, small or a .plumb file')
      .argument('<photos>', 'folder with one folder of photos per label'),
  )
    .option('--jobs <n>', 'worker threads', positiveInteger, availableParallelism())
    .option('--cache <folder>', 'where results are kept', '.cache/evaluate')
    .option('--no-cache', 'keep no results')
    .option('--json', 'print the result as JSON')
    .action(evaluateModel);
}

async function evaluateModel(model: string, folder: string, flags: EvaluateFlags): Promise<void> {
  const { jobs, cache, json, precision, ...choice } = flags;
  const master = loadModel({ model });
  checkClassifies(model, master);
  const derivable =
    master.precision === 'float32' && (isEmbedded(model) || choice.calibration !== undefined);
  const wanted: readonly PrecisionName[] =
    precision !== undefined ? [precision] : derivable ? precisionNames : [master.precision];
  const models = wanted.map((name) =>
    name === master.precision ? master : loadModel({ model, ...choice, precision: name }),
  );
  const photos = listLabelledPhotos(folder, master.labels);
  const progress = new Progress(`Evaluating ${model}`);
  const [reference = [], ...outputs] = await runModels(
    [master, ...models],
    photos.map((photo) => photo.path),
    {
      jobs,
      cache: cache === false ? undefined : cache,
      onProgress: (done, total) => {
        progress.update(done, total);
      },
    },
  );
  progress.end();
  const rows = outputs.map((output, i) => ({
    model,
    precision: wanted[i] ?? master.precision,
    ...evaluate(photos, output, reference),
  }));
  if (json === true) {
    printJson(rows);
    return;
  }
  print(
    table([
      ['model', 'precision', 'correct', 'photos', 'accuracy', 'agreement', 'SQNR dB'],
      ...rows.map((row) => [
        row.model,
        row.precision,
        String(row.correct),
        String(row.photos),
        percent(row.correct / row.photos),
        percent(row.agreeing / row.photos),
        Number.isFinite(row.sqnr) ? row.sqnr.toFixed(1) : '-',
      ]),
    ]),
  );
}
