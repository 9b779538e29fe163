/**
 * Makes golden/models from their sources: float masters from ONNX, calibration records from photos, digests of the six
 * models. `--check` makes them elsewhere and says which differ.
 *
 * npm run models -- FOLDER [--check], where FOLDER has models/NAME.onnx and images/NAME/calibration.
 */

import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import process from 'node:process';
import { calibrate } from './commands/calibrate.ts';
import { importModel } from './commands/import.ts';
import { sha256, writeBytes } from './files.ts';
import { decodeGraph, encodeGraph, withoutSources } from './formats/plumb.ts';
import {
  embeddedNames,
  embeddedPath,
  loadModel,
  precisionNames,
  type EmbeddedName,
} from './models.ts';

async function make(
  name: EmbeddedName,
  sources: string,
  target: string,
): Promise<readonly string[]> {
  const graph = join(target, `${name}.plumb`);
  const record = join(target, `${name}.calibration.json`);
  const digests = join(target, `${name}.digests.json`);
  importModel(join(sources, 'models', `${name}.onnx`), { output: graph });
  // A master is a source itself: which operator of the file before it was which is of no use to anyone.
  writeBytes(graph, encodeGraph(withoutSources(decodeGraph(graph, readFileSync(graph)))));
  await calibrate(graph, join(sources, 'images', name, 'calibration'), { output: record });
  const entries = precisionNames.map((precision) => {
    const model = loadModel({ model: graph, precision, calibration: record });
    return [precision, sha256(encodeGraph(model))];
  });
  writeBytes(digests, `${JSON.stringify(Object.fromEntries(entries), undefined, 2)}\n`);
  return [graph, record, digests];
}

const [sources] = process.argv.slice(2).filter((argument) => argument !== '--check');
if (sources === undefined) {
  process.stderr.write('Usage: npm run models -- FOLDER [--check]\n');
  process.exit(2);
}
const check = process.argv.includes('--check');
const target = mkdtempSync(join(tmpdir(), 'plumbline-models-'));
for (const name of embeddedNames) {
  for (const file of await make(name, sources, target)) {
    const committed = join(embeddedPath(name, 'plumb'), '..', basename(file));
    if (!check) writeBytes(committed, readFileSync(file));
    else if (!readFileSync(file).equals(readFileSync(committed))) {
      process.stdout.write(`differs: ${committed}\n`);
      process.exitCode = 1;
    }
  }
}
rmSync(target, { recursive: true });
