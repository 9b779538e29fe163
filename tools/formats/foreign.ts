/** Model files of other programs: which format one has, what it says of itself, and how it becomes a graph. */

import { dirname, extname, join } from 'node:path';
import type { Graph, Preprocessing } from '../../reference/index.ts';
import { FileError } from '../errors.ts';
import { readBytes, sha256 } from '../files.ts';
import { onnxToGraph } from './onnx/to-graph.ts';
import { decodeOnnx } from './onnx/wire.ts';
import type { ImportOptions } from './options.ts';
import { decodeTfjs } from './tfjs/contents.ts';
import { tfjsToGraph } from './tfjs/to-graph.ts';
import { decodeTflite, isTflite } from './tflite/contents.ts';
import { readInputRule, readLabels } from './tflite/metadata.ts';
import { tfliteToGraph } from './tflite/to-graph.ts';

export interface ForeignModel {
  /** The digest of all that was read, and who wrote it. */
  readonly provenance: Readonly<Record<string, string>>;
  /**
   * The classes' names; undefined where the file has none.
   *
   * @throws {FileError} for what should be names and is not
   */
  readonly labels: () => readonly string[] | undefined;
  /**
   * What the file says of how an image becomes the input: all, some or nothing.
   *
   * @throws {FileError} for what should say it and does not
   */
  readonly rule: () => Partial<Preprocessing>;
  /** @throws {FileError} for a model that is none of a MobileNetV2 classifier, naming what is not */
  readonly toGraph: (options: ImportOptions) => Graph;
}

/**
 * A model file that has been read and decoded.
 *
 * @throws {FileError} for a file of no known format, or one that does not decode
 */
export function openForeign(path: string): ForeignModel {
  const bytes = readBytes(path);
  refuseKeras(path, bytes);
  if (isTflite(bytes)) return openTflite(path, bytes);
  return extname(path) === '.json' ? openTfjs(path, bytes) : openOnnx(path, bytes);
}

/** The digest is of `model.json` and the weights files, in their order. */
function openTfjs(path: string, bytes: Uint8Array): ForeignModel {
  const all = [bytes];
  const contents = decodeTfjs(path, bytes, (name) => {
    const part = readBytes(join(dirname(path), name));
    all.push(part);
    return part;
  });
  return {
    provenance: { sha256: sha256(Buffer.concat(all)), producer: 'TensorFlow.js graph model' },
    labels: () => undefined,
    rule: () => ({}),
    toGraph: (options) => tfjsToGraph(path, contents, options),
  };
}

/** The one rule that the metadata of our own ONNX sources tell. */
const CENTRED_RULE = /^RGB, squashed .* resize, x\/127\.5 - 1$/;
const centre = [127.5, 127.5, 127.5] as const;

function openOnnx(path: string, bytes: Uint8Array): ForeignModel {
  const model = decodeOnnx(path, bytes);
  return {
    provenance: { sha256: sha256(bytes), producer: model.producer },
    labels: () => {
      const text = model.metadata.get('labels');
      return text === undefined ? undefined : parseLabels(path, text);
    },
    rule: () =>
      CENTRED_RULE.test(model.metadata.get('input') ?? '')
        ? { mean: centre, std: centre, channels: 'rgb', resize: 'squash' }
        : {},
    toGraph: (options) => onnxToGraph(path, model, options),
  };
}

function parseLabels(path: string, text: string): readonly string[] {
  const labels = parseJson(text);
  if (!Array.isArray(labels) || !labels.every((label) => typeof label === 'string')) {
    throw new FileError(
      path,
      'Expected its labels to be a JSON list of names (or give --labels FILE)',
    );
  }
  return labels;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function openTflite(path: string, bytes: Uint8Array): ForeignModel {
  const contents = decodeTflite(path, bytes);
  const { description, metadata } = contents;
  return {
    provenance: { sha256: sha256(bytes), producer: description },
    labels: () => metadata && readLabels(path, metadata, bytes),
    rule: () => (metadata === undefined ? {} : readInputRule(path, metadata)),
    toGraph: (options) => tfliteToGraph(path, contents, options),
  };
}

/** HDF5, and the archives of Keras 3, which are zip files. */
const KERAS_STARTS = [
  [0x89, 0x48, 0x44, 0x46],
  [0x50, 0x4b, 0x03, 0x04],
];

function refuseKeras(path: string, bytes: Uint8Array): void {
  const keras = KERAS_STARTS.some((start) => start.every((byte, i) => bytes[i] === byte));
  if (keras || ['.h5', '.hdf5', '.keras'].includes(extname(path))) {
    throw new FileError(
      path,
      'Expected ONNX, TensorFlow Lite or TensorFlow.js but found a Keras file: convert it to one of these first, for instance with tf.lite.TFLiteConverter.from_keras_model',
    );
  }
}
