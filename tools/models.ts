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
  elementCount,
  GraphError,
  quantizeGraph,
  validateGraph,
  type CalibrationRecord,
  type Graph,
  type Int16Weights,
  type PrecisionName,
  type QuantizeOptions,
} from '../reference/index.ts';
import { FileError, issueOf, messageOf, UsageError } from './errors.ts';
import { readBytes, readText, sha256 } from './files.ts';
import { decodeModel } from './formats/container.ts';

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

/** The files that a choice reads: the model, and the record, if any is to derive an integer model with. */
export function modelFiles({ model, calibration }: ModelChoice): readonly [string, string?] {
  if (isEmbedded(model)) {
    return [embeddedPath(model, 'plumb'), calibration ?? embeddedPath(model, 'calibration.json')];
  }
  return calibration === undefined ? [model] : [model, calibration];
}

/**
 * The validated graph of a choice.
 *
 * @throws {FileError} for a file that is no valid graph or record
 * @throws {UsageError} for a precision that the choice cannot give
 */
export function loadModel(choice: ModelChoice): Graph {
  const [path, recordPath] = modelFiles(choice);
  const bytes = readBytes(path);
  const graph = decodeModel(path, bytes);
  const precision = choice.precision ?? graph.precision;
  if (precision === graph.precision) return graph;
  if (graph.precision !== 'float32' || precision === 'float32') {
    throw new UsageError(
      `${path}: Expected a float32 model to derive ${precision} from but found ${graph.precision}`,
    );
  }
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
  return derive(`${path} with ${recordPath}`, graph, record, {
    precision,
    ...(choice.int16Weights === undefined ? {} : { int16Weights: choice.int16Weights }),
  });
}

/** The integer graph of a record, validated: ranges decide scales, and not every scale gives a valid graph. */
function derive(
  /** Names model and record in errors. */
  files: string,
  graph: Graph,
  record: CalibrationRecord,
  options: QuantizeOptions,
): Graph {
  try {
    const derived = quantizeGraph(graph, record, options);
    validateGraph(derived);
    return derived;
  } catch (error) {
    if (error instanceof GraphError) {
      const text = `${error.message}${causeOf(error, graph, record)}`;
      throw new FileError(files, text, { cause: error });
    }
    if (error instanceof RangeError) throw new FileError(files, error.message, { cause: error });
    throw error;
  }
}

/** The calibrated ranges behind an invalid tensor, or around an invalid operator or constant, as the end of a text. */
function causeOf({ subject }: GraphError, graph: Graph, { ranges }: CalibrationRecord): string {
  const index = graph.tensors.findIndex(({ name }) => subject === `Tensor "${name}"`);
  const operator = graph.operators.find(
    ({ name, inputs }) => subject === `Operator "${name}"` || inputs.includes(index),
  );
  const nameOf = (each: number): string => graph.tensors[each]?.name ?? '';
  const around = [...(operator?.inputs ?? []), operator?.output ?? -1].map(nameOf);
  const names = (Object.hasOwn(ranges, nameOf(index)) ? [nameOf(index)] : around).filter((name) =>
    Object.hasOwn(ranges, name),
  );
  if (names.length === 0) return '';
  const texts = names.map((name) => `[${(ranges[name] ?? []).join(', ')}] of tensor "${name}"`);
  return `, as follows from the range ${texts.join(' and ')}`;
}

/**
 * Checks that a graph takes one photo.
 *
 * @throws {UsageError} for a graph of several inputs, or without preprocessing
 */
export function checkTakesPhotos(model: string, graph: Graph): void {
  if (graph.inputs.length !== 1) {
    throw new UsageError(
      `${model}: Expected a model of one input, a photo, but found ${String(graph.inputs.length)} inputs`,
    );
  }
  if (graph.preprocessing === undefined) {
    throw new UsageError(`${model}: Expected a model with preprocessing for photos but found none`);
  }
}

/**
 * Checks that a graph takes one photo and gives its class.
 *
 * @throws {UsageError} as `checkTakesPhotos`, and for a graph without a label for each element of its first output
 */
export function checkClassifies(model: string, graph: Graph): void {
  checkTakesPhotos(model, graph);
  const classes = elementCount(graph.tensors[graph.outputs[0] ?? -1]?.shape ?? []);
  if (graph.labels.length !== classes) {
    throw new UsageError(
      `${model}: Expected a classifier with a label for each of its ${String(classes)} outputs but found ${String(graph.labels.length)} labels`,
    );
  }
}

/** The largest float32 number: no activation is beyond it. */
const MAX_FLOAT32 = (2 - 2 ** -23) * 2 ** 127;

const range = z.custom<readonly [number, number]>(
  (value) => {
    if (!Array.isArray(value) || value.length !== 2) return false;
    const [min, max] = value as unknown[];
    if (typeof min !== 'number' || typeof max !== 'number') return false;
    return min <= max && min >= -MAX_FLOAT32 && max <= MAX_FLOAT32;
  },
  {
    error: ({ input }) =>
      `expected a smallest and a largest float32 number, in this order, but found ${textOf(input)}`,
  },
);

const count = z.custom<number>((value) => Number.isSafeInteger(value) && Number(value) >= 0, {
  error: ({ input }) => `expected an integer of at least 0 but found ${textOf(input)}`,
});

/** Numbers as they are; of anything else, which may be endless or deep, its kind. */
function textOf(value: unknown): string {
  if (typeof value === 'number') return String(value);
  if (!Array.isArray(value)) return value === null ? 'null' : typeof value;
  return value.every((item) => typeof item === 'number') ? `[${value.join(', ')}]` : 'other items';
}

const MAX_RANGES = 10_000;
const MAX_NAME = 1000;

const calibrationRecord = z.strictObject({
  format: z.literal('plumbline calibration'),
  version: z.literal(1),
  graph: z.string().max(MAX_NAME, `expected at most ${String(MAX_NAME)} characters`),
  sha256: z.string(),
  photos: count,
  // The number of ranges is checked before each of them, which may give an error.
  ranges: z
    .record(z.string(), z.unknown())
    .refine((ranges) => Object.keys(ranges).length <= MAX_RANGES, {
      error: `expected at most ${String(MAX_RANGES)} ranges`,
    })
    .pipe(z.record(z.string(), range)),
});

/** @throws {FileError} for a file that is no calibration record */
export function readCalibration(path: string): CalibrationRecord {
  let value: unknown;
  try {
    value = JSON.parse(readText(path));
  } catch (error) {
    if (error instanceof FileError) throw error;
    throw new FileError(path, `Expected a calibration record. ${messageOf(error)}`, {
      cause: error,
    });
  }
  const result = calibrationRecord.safeParse(value);
  if (result.success) return result.data;
  throw new FileError(path, `Expected a calibration record. ${issueOf(result.error)}`);
}
