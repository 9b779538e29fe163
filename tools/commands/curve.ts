/** `plumbline curve`: size against accuracy of the embedded models. */

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { Option, type Command } from 'commander';
import { curveChart } from '../compression/curve-chart.ts';
import { measureCurve, type CurvePoint } from '../compression/curve.ts';
import { readPixels } from '../compression/photo-pixels.ts';
import { listLabelledPhotos } from '../evaluation/photos.ts';
import { writeBytes } from '../files.ts';
import { embeddedNames, loadModel, type EmbeddedName } from '../models.ts';
import { percent, print, Progress, table } from './context.ts';

interface CurveFlags {
  readonly models: readonly EmbeddedName[];
  readonly output: string;
}

export function registerCurve(program: Command): void {
  program
    .command('curve')
    .summary('measure what compression costs')
    .description(
      'Measures size against accuracy of the embedded models from 32 bits to 2 and writes curve.json and a chart, curve.svg.\nTakes minutes a model.',
    )
    .argument(
      '<photos>',
      'folder with <model>/calibration and <model>/accuracy, each with a folder of photos per label',
    )
    .addOption(
      new Option('--models <names...>', 'models to measure')
        .choices(embeddedNames)
        .default([...embeddedNames]),
    )
    .option('-o, --output <folder>', 'folder for results and chart', 'compression-results')
    .action(curve);
}

async function curve(photos: string, { models, output }: CurveFlags): Promise<void> {
  mkdirSync(output, { recursive: true });
  const points: CurvePoint[] = [];
  for (const name of models) {
    await curveOf(name, photos, (point) => {
      points.push(point);
      // After each: a larger model takes minutes.
      writeBytes(join(output, 'curve.json'), `${JSON.stringify(points, undefined, 1)}\n`);
    });
  }
  writeBytes(join(output, 'curve.svg'), curveChart(points));
  print(rows(points));
}

async function curveOf(
  name: EmbeddedName,
  photos: string,
  onPoint: (point: CurvePoint) => void,
): Promise<void> {
  const graph = (precision: 'float32' | 'int16' | 'int8') => loadModel({ model: name, precision });
  const int8 = graph('int8');
  const listed = (use: string) => listLabelledPhotos(join(photos, name, use), int8.labels);
  const read = async (use: string) => {
    const progress = new Progress(`${name}: reading ${use} photos`);
    const paths = listed(use).map(({ path }) => path);
    const pixels = await readPixels(int8, paths, progress.update.bind(progress));
    progress.end();
    return pixels;
  };
  const calibration = await read('calibration');
  const judged = await read('accuracy');
  const labels = listed('accuracy').map(({ label }) => label);
  const progress = new Progress(`${name}: passes`);
  await measureCurve(
    { name, float32: graph('float32'), int16: graph('int16'), int8, calibration, judged, labels },
    progress.update.bind(progress),
    onPoint,
  );
  progress.end();
}

function rows(points: readonly CurvePoint[]): string {
  return table([
    ['model', 'weights', 'asked for', 'bytes', 'ratio', 'correct', 'accuracy', 'float32', 'int8'],
    ...points.map((point) => [
      point.model,
      point.manner,
      point.name,
      String(point.bytes),
      point.ratio.toFixed(1),
      String(point.correct),
      percent(point.correct / point.photos),
      percent(point.likeFloat32 / point.photos),
      percent(point.likeInt8 / point.photos),
    ]),
  ]);
}
