/**
 * Models by name or file: wherever the command expects one, `large` and `small` name the embedded ones.
 *
 * Of those, the float32 master and its calibration record lie under golden/models; int16 and int8 are derived from the
 * two, which gives the same bytes everywhere.
 */

import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as z from 'zod';
import {
  quantizeGraph,
  type CalibrationRecord,
  type Graph,
  type Int16Weights,
  type PrecisionName,
} from '../reference/index.ts';
import { FileError, messageOf, UsageError } from './errors.ts';
import { MAX_MODEL_BYTES, readBytes, sha256 } from './files.ts';
import { decodeGraph } from './formats/plumb.ts';

export const embeddedNames = ['large', 'small'] as const;
export type EmbeddedName = (typeof embeddedNames)[number];
export const precisionNames = [
  'float32',
  'int16',
  'int8',
] as const satisfies readonly PrecisionName[];

/** A path inside the package, whose root is above this file in the sources and further up in the build. */
export function packagePath(...parts: string[]): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, 'package.json'))) folder = dirname(folder);
  return join(folder, ...parts);
}

export function embeddedPath(
  name: EmbeddedName,
  extension: 'plumb' | 'calibration.json' | 'digests.json',
): string {
  return packagePath('golden', 'models', `${name}.${extension}`);
}

export function isEmbedded(model: string): model is EmbeddedName {
  return model === 'large' || model === 'small';
}

export interface ModelChoice {
  /** `large`, `small` or the path of a `.plumb` file. */
  readonly model: string;
  /** Wanted precision; a file that has it already is used as it is. */
  readonly precision?: PrecisionName;
  /** Record to derive an integer model of a float32 file with. */
  readonly calibration?: string;
  readonly int16Weights?: Int16Weights;
}

/**
 * The validated graph of a choice.
 *
 * @throws {FileError} for a file that is no valid graph or record
 * @throws {UsageError} for a precision that the choice cannot give
 */
export function loadModel(choice: ModelChoice): Graph {
  const { model, int16Weights } = choice;
  const path = isEmbedded(model) ? embeddedPath(model, 'plumb') : model;
  const bytes = readBytes(path);
  const graph = decodeGraph(path, bytes);
  const precision = choice.precision ?? graph.precision;
  if (precision === graph.precision) return graph;
  if (graph.precision !== 'float32' || precision === 'float32') {
    throw new UsageError(
      `${path}: Expected a float32 model to derive ${precision} from but found ${graph.precision}`,
    );
  }
  const recordPath =
    choice.calibration ?? (isEmbedded(model) ? embeddedPath(model, 'calibration.json') : undefined);
  if (recordPath === undefined) {
    throw new UsageError(
      `${path}: Expected a calibration record (--calibration FILE) to derive ${precision} from a float32 model`,
    );
  }
  const record = readCalibration(recordPath);
  if (record.sha256 !== sha256(bytes)) {
    throw new FileError(
      recordPath,
      `Expected the calibration record of ${path} but found that of another model ("${record.graph}")`,
    );
  }
  try {
    return quantizeGraph(graph, record, {
      precision,
      ...(int16Weights === undefined ? {} : { int16Weights }),
    });
  } catch (error) {
    if (error instanceof RangeError)
      throw new FileError(recordPath, error.message, { cause: error });
    throw error;
  }
}

const calibrationRecord = z.strictObject({
  format: z.literal('plumbline calibration'),
  version: z.literal(1),
  graph: z.string(),
  sha256: z.string(),
  photos: z.number(),
  ranges: z.record(z.string(), z.tuple([z.number(), z.number()])),
});

/** @throws {FileError} for a file that is no calibration record */
export function readCalibration(path: string): CalibrationRecord {
  const text = Buffer.from(readBytes(path, MAX_MODEL_BYTES)).toString('utf8');
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new FileError(path, `Expected a calibration record. ${messageOf(error)}`, {
      cause: error,
    });
  }
  const result = calibrationRecord.safeParse(value);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw new FileError(
    path,
    `Expected a calibration record. ${issue?.path.map(String).join('.') ?? ''}: ${issue?.message ?? 'Invalid'}`,
  );
}
