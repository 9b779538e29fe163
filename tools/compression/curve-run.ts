/**
 * Measures size against accuracy of the embedded models and writes table, JSON and chart.
 *
 * npm run compression -- PHOTOS [FOLDER]: PHOTOS/<model>/calibration and PHOTOS/<model>/accuracy hold a folder of photos
 * per label; FOLDER takes the results (compression-results).
 */

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { Progress, percent, print, table } from '../commands/context.ts';
import { listLabelledPhotos } from '../evaluation/photos.ts';
import { writeBytes } from '../files.ts';
import { embeddedNames, loadModel, type EmbeddedName } from '../models.ts';
import { curveChart } from './curve-chart.ts';
import { measureCurve, type CurvePoint } from './curve.ts';
import { readPixels } from './photo-pixels.ts';

const [photos, output = 'compression-results', ...rest] = process.argv.slice(2);
if (photos === undefined || rest.length > 0) {
  process.stderr.write('npm run compression -- PHOTOS [FOLDER]\n');
  process.exitCode = 2;
} else {
  await run(photos, output);
}

async function run(photos: string, output: string): Promise<void> {
  mkdirSync(output, { recursive: true });
  const points: CurvePoint[] = [];
  for (const name of embeddedNames) {
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
    (done, total) => {
      progress.update(Math.floor(done), total);
    },
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
