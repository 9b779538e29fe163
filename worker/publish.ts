/**
 * A model for a store: `node worker/publish.ts MODEL --name NAME --into FOLDER [--precision P] [--calibration FILE]`.
 *
 * Compiles it, puts the Program into the folder under its digest, and adds it to the folder's catalogue. The folder is what
 * a store holds: README.md says how wrangler copies it there.
 */

import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { parseArgs } from 'node:util';
import { FileError, messageOf, UsageError } from '../tools/errors.ts';
import { writeBytes } from '../tools/files.ts';
import { checkClassifies, loadModel, precisionNames } from '../tools/models.ts';
import { buildModel, catalogueText } from './make/programs.ts';
import { MAX_MODEL_BYTES } from './src/limits.ts';
import { NAME_PATTERN, readCatalogue, type ModelEntry } from './src/models/entry.ts';
import { CATALOGUE_KEY, programName } from './src/models/tiers.ts';

const usage =
  'Usage: node worker/publish.ts MODEL --name NAME --into FOLDER [--precision NAME] [--calibration FILE]\n\nMODEL is large, small or a .plumb file.\n';

async function publish(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      name: { type: 'string' },
      into: { type: 'string' },
      precision: { type: 'string' },
      calibration: { type: 'string' },
      help: { type: 'boolean' },
    },
  });
  if (values.help === true) {
    process.stdout.write(usage);
    return;
  }
  const [model] = positionals;
  const { name, into } = values;
  if (model === undefined || name === undefined || into === undefined) throw new UsageError(usage);
  if (!NAME_PATTERN.test(name)) {
    throw new UsageError(`Expected --name to be of a-z, 0-9, ".", "_" and "-" but found "${name}"`);
  }
  const precision = precisionNames.find((each) => each === values.precision);
  if (values.precision !== undefined && precision === undefined) {
    throw new UsageError(`Expected --precision to be ${precisionNames.join(', ')}`);
  }
  const graph = loadModel({
    model,
    ...(precision === undefined ? {} : { precision }),
    ...(values.calibration === undefined ? {} : { calibration: values.calibration }),
  });
  checkClassifies(model, graph);
  const { entry, program } = await buildModel(name, graph);
  if (entry.memory > MAX_MODEL_BYTES) {
    throw new UsageError(
      `${model}: Expected to take at most ${String(MAX_MODEL_BYTES)} bytes of memory but found ${String(entry.memory)}`,
    );
  }
  mkdirSync(into, { recursive: true });
  writeBytes(join(into, programName(entry)), program);
  const catalogue = join(into, CATALOGUE_KEY);
  const others = listed(catalogue).filter(
    (each) => each.name !== entry.name || each.precision !== entry.precision,
  );
  writeBytes(catalogue, catalogueText([...others, entry]));
  process.stdout.write(`${entry.name} ${entry.precision}: ${join(into, programName(entry))}\n`);
}

function listed(path: string): readonly ModelEntry[] {
  if (!existsSync(path)) return [];
  try {
    return readCatalogue(readFileSync(path));
  } catch (error) {
    throw new FileError(path, messageOf(error), { cause: error });
  }
}

try {
  await publish();
} catch (error) {
  const mine = error instanceof UsageError || error instanceof FileError || isArgumentError(error);
  process.stderr.write(`${mine ? '' : 'Internal error: '}${messageOf(error)}\n`);
  process.exitCode = mine ? 2 : 1;
}

function isArgumentError(error: unknown): boolean {
  return (
    error instanceof TypeError && 'code' in error && String(error.code).startsWith('ERR_PARSE')
  );
}
