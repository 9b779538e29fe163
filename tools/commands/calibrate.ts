/** `plumbline calibrate`: the activation ranges of a float32 model on photos. */

import type { Command } from 'commander';
import { RangeObserver, type CalibrationRecord } from '../../reference/index.ts';
import { FileError, UsageError } from '../errors.ts';
import { checkOutput, readBytes, sha256, writeBytes } from '../files.ts';
import { decodeGraph } from '../formats/plumb.ts';
import { listPhotos } from '../evaluation/photos.ts';
import { readImage } from '../images/decode.ts';
import { checkTakesPhotos, modelFiles } from '../models.ts';
import { print, printJson, Progress } from './context.ts';

interface CalibrateFlags {
  readonly output: string;
  readonly json?: boolean;
}

export function registerCalibrate(program: Command): void {
  program
    .command('calibrate')
    .summary('record the activation ranges of a float32 model on photos')
    .description(
      'Runs a float32 model on every photo of a folder and writes the range of each activation: the one record that\nquantize needs beside the model.',
    )
    .argument('<model>', 'large, small or a .plumb file')
    .argument('<photos>', 'folder of photos, or of folders of photos')
    .requiredOption('-o, --output <file>', 'record to write (JSON)')
    .option('--json', 'print the result as JSON')
    .action(calibrate);
}

/** Runs a model on photos, writes the record and prints a summary. */
export async function calibrate(
  model: string,
  folder: string,
  flags: CalibrateFlags,
): Promise<void> {
  const [path] = modelFiles({ model });
  const bytes = readBytes(path);
  const graph = decodeGraph(path, bytes);
  if (graph.precision !== 'float32') {
    throw new UsageError(`${path}: Expected a float32 model but found ${graph.precision}`);
  }
  checkTakesPhotos(path, graph);
  const photos = listPhotos(folder);
  checkOutput(flags.output, [path, ...photos]);
  const observer = new RangeObserver(graph);
  const progress = new Progress('Calibrating');
  for (const [done, photo] of photos.entries()) {
    progress.update(done, photos.length);
    observer.observe(await readImage(photo));
  }
  progress.end();
  const ranges = observer.ranges();
  for (const [tensor, [min, max]] of Object.entries(ranges)) {
    if (Number.isFinite(min) && Number.isFinite(max)) continue;
    throw new FileError(
      path,
      `Tensor "${tensor}": Expected finite elements on photos but found [${String(min)}, ${String(max)}]`,
    );
  }
  const record: CalibrationRecord = {
    format: 'plumbline calibration',
    version: 1,
    graph: graph.name,
    sha256: sha256(bytes),
    photos: photos.length,
    ranges,
  };
  writeBytes(flags.output, `${JSON.stringify(record, undefined, 1)}\n`);
  const tensors = Object.keys(record.ranges).length;
  if (flags.json === true) printJson({ output: flags.output, photos: photos.length, tensors });
  else
    print(
      `${flags.output}: ranges of ${String(tensors)} tensors on ${String(photos.length)} photos`,
    );
}
