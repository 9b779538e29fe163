/**
 * What a TensorFlow Lite file says of its input and its classes: a FlatBuffer of its own in one of the model's buffers,
 * and files in a zip archive behind the model (schema.ts names the source).
 */

import { unzipSync } from 'fflate';
import type { Preprocessing } from '../../../reference/index.ts';
import { FileError, messageOf } from '../../errors.ts';
import { linesOf } from '../../files.ts';
import { rootTable, type Table } from './flatbuffer.ts';
import { metadataSchema } from './schema.ts';

const {
  fileIdentifier,
  modelFields,
  subgraphFields,
  tensorFields,
  contentFields,
  imageFields,
  processUnitFields,
  normalizationFields,
  associatedFileFields,
  imageProperties,
  rgb,
  normalizationOptions,
  axisLabels,
} = metadataSchema;

/** Far above any archive of labels, and any list of them. */
const MAX_ARCHIVE_FILES = 1000;
const MAX_LABELS_BYTES = 4 * 2 ** 20;

/**
 * What the metadata say of an image that becomes the input: never how it is resized.
 *
 * @throws {FileError} for metadata that are none, or a normalisation that no image of three channels can have
 */
export function readInputRule(file: string, metadata: Uint8Array): Partial<Preprocessing> {
  return readMetadata(file, metadata, (subgraph) => {
    const [input] = subgraph?.tables(subgraphFields.inputs) ?? [];
    if (input === undefined) return {};
    const content = input.table(tensorFields.content);
    const image =
      content?.uint8(contentFields.propertiesType) === imageProperties
        ? content.table(contentFields.properties)
        : undefined;
    const normalization = input
      .tables(tensorFields.processUnits)
      .find((unit) => unit.uint8(processUnitFields.optionsType) === normalizationOptions)
      ?.table(processUnitFields.options);
    return {
      ...(image?.uint8(imageFields.colorSpace) === rgb ? { channels: 'rgb' } : {}),
      ...(normalization === undefined ? {} : readNormalization(normalization)),
    };
  });
}

function readNormalization(options: Table): Pick<Preprocessing, 'mean' | 'std'> {
  const mean = options.floats(normalizationFields.mean);
  const std = options.floats(normalizationFields.std);
  const [meanOfAll, stdOfAll] = [mean, std].map(ofChannels);
  if (
    meanOfAll?.every(Number.isFinite) !== true ||
    stdOfAll?.every((each) => Number.isFinite(each) && each > 0) !== true
  ) {
    throw new RangeError(
      `Expected a mean and a std greater than 0, of all or each of three channels, but found [${mean.slice(0, 4).join(', ')}] and [${std.slice(0, 4).join(', ')}]`,
    );
  }
  return { mean: meanOfAll, std: stdOfAll };
}

/** One value stands for all channels. */
function ofChannels(values: readonly number[]): [number, number, number] | undefined {
  const [first, second = first, third = first] = values;
  if (first === undefined || second === undefined || third === undefined) return undefined;
  return values.length === 1 || values.length === 3 ? [first, second, third] : undefined;
}

/**
 * The labels of the output, one a line of a file behind the model; undefined where the metadata name none.
 *
 * @throws {FileError} for metadata that are none, or an archive without that file
 */
export function readLabels(
  file: string,
  metadata: Uint8Array,
  model: Uint8Array,
): readonly string[] | undefined {
  return readMetadata(file, metadata, (subgraph) => {
    const [output] = subgraph?.tables(subgraphFields.outputs) ?? [];
    const name = output
      ?.tables(tensorFields.associatedFiles)
      .find((each) => each.uint8(associatedFileFields.type) === axisLabels)
      ?.name(associatedFileFields.name);
    if (name === undefined) return undefined;
    return linesOf(new TextDecoder('utf-8', { fatal: true }).decode(archived(model, name)));
  });
}

/** The contents of a file in the archive that ends `bytes`. */
function archived(bytes: Uint8Array, name: string): Uint8Array {
  let seen = 0;
  const files = unzipSync(bytes, {
    filter: (each) => {
      if (++seen > MAX_ARCHIVE_FILES) {
        throw new RangeError(`Expected at most ${String(MAX_ARCHIVE_FILES)} files`);
      }
      if (each.name !== name) return false;
      if (each.originalSize > MAX_LABELS_BYTES) {
        throw new RangeError(
          `Expected at most ${String(MAX_LABELS_BYTES)} bytes of labels but found ${String(each.originalSize)}`,
        );
      }
      return true;
    },
  });
  const found = Object.hasOwn(files, name) ? files[name] : undefined;
  if (found === undefined) throw new RangeError(`Expected a file "${name}" behind the model`);
  return found;
}

function readMetadata<T>(
  file: string,
  metadata: Uint8Array,
  read: (subgraph: Table | undefined) => T,
): T {
  try {
    return read(rootTable(metadata, fileIdentifier).tables(modelFields.subgraphs)[0]);
  } catch (error) {
    throw new FileError(
      file,
      `Expected metadata of TensorFlow Lite (or flags that say all). ${messageOf(error)}`,
      { cause: error },
    );
  }
}
