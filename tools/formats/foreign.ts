/** Model files of other programs: which format one has, what it says of itself, and how it becomes a graph. */

import { dirname, extname, join } from 'node:path';
import type { Graph } from '../../reference/index.ts';
import { FileError } from '../errors.ts';
import { readBytes, sha256 } from '../files.ts';
import { onnxToGraph } from './onnx/to-graph.ts';
import { decodeOnnx } from './onnx/wire.ts';
import type { ImportOptions } from './options.ts';
import { decodeTfjs } from './tfjs/contents.ts';
import { tfjsToGraph } from './tfjs/to-graph.ts';
import { decodeTflite, isTflite } from './tflite/contents.ts';
import { tfliteToGraph } from './tflite/to-graph.ts';

export interface ForeignModel {
  /** The digest of all that was read, and who wrote it. */
  readonly provenance: Readonly<Record<string, string>>;
  /** A JSON list of the classes' names, where the file has one. */
  readonly labels?: string;
  /** How an image becomes the input, in the file's own words. */
  readonly rule?: string;
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
    toGraph: (options) => tfjsToGraph(path, contents, options),
  };
}

function openOnnx(path: string, bytes: Uint8Array): ForeignModel {
  const model = decodeOnnx(path, bytes);
  const labels = model.metadata.get('labels');
  const rule = model.metadata.get('input');
  return {
    provenance: { sha256: sha256(bytes), producer: model.producer },
    ...(labels === undefined ? {} : { labels }),
    ...(rule === undefined ? {} : { rule }),
    toGraph: (options) => onnxToGraph(path, model, options),
  };
}

function openTflite(path: string, bytes: Uint8Array): ForeignModel {
  const contents = decodeTflite(path, bytes);
  return {
    provenance: { sha256: sha256(bytes), producer: contents.description },
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
