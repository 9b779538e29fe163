/** What TensorFlow Lite files say of their input and classes: metadata, and an archive of labels behind the model. */

import { Builder } from 'flatbuffers';
import { zipSync } from 'fflate';
import { metadataSchema } from './schema.ts';
import { writeFloats, writeOffsets, writeTable, type Field } from './tables.ts';

export interface Metadata {
  /** Of enum ColorSpaceType. */
  readonly colorSpace?: number;
  /** One for all channels, or one for each. */
  readonly mean?: readonly number[];
  readonly std?: readonly number[];
  /** Name of the file of labels. */
  readonly labels?: string;
}

/** The FlatBuffer that says so. */
export function writeMetadata({ colorSpace, mean = [], std = [], labels }: Metadata): Uint8Array {
  const schema = metadataSchema;
  const builder = new Builder(256);
  const input: Field[] = [];
  if (colorSpace !== undefined) {
    const image = writeTable(builder, [[schema.imageFields.colorSpace, 'int8', colorSpace]]);
    const content = writeTable(builder, [
      [schema.contentFields.propertiesType, 'int8', schema.imageProperties],
      [schema.contentFields.properties, 'offset', image],
    ]);
    input.push([schema.tensorFields.content, 'offset', content]);
  }
  if (mean.length + std.length > 0) {
    const options = writeTable(builder, [
      [schema.normalizationFields.mean, 'offset', writeFloats(builder, mean)],
      [schema.normalizationFields.std, 'offset', writeFloats(builder, std)],
    ]);
    const unit = writeTable(builder, [
      [schema.processUnitFields.optionsType, 'int8', schema.normalizationOptions],
      [schema.processUnitFields.options, 'offset', options],
    ]);
    input.push([schema.tensorFields.processUnits, 'offset', writeOffsets(builder, [unit])]);
  }
  const output: Field[] = [];
  if (labels !== undefined) {
    const file = writeTable(builder, [
      [schema.associatedFileFields.name, 'offset', builder.createString(labels)],
      [schema.associatedFileFields.type, 'int8', schema.axisLabels],
    ]);
    output.push([schema.tensorFields.associatedFiles, 'offset', writeOffsets(builder, [file])]);
  }
  const [inputs, outputs] = [input, output].map((fields) =>
    writeOffsets(builder, [writeTable(builder, fields)]),
  );
  const subgraph = writeTable(builder, [
    [schema.subgraphFields.inputs, 'offset', inputs ?? 0],
    [schema.subgraphFields.outputs, 'offset', outputs ?? 0],
  ]);
  const model = writeTable(builder, [
    [schema.modelFields.subgraphs, 'offset', writeOffsets(builder, [subgraph])],
  ]);
  builder.finish(model, schema.fileIdentifier);
  return builder.asUint8Array().slice();
}

/** Of the record that ends an archive, and where it and an entry tell their offsets (PKWARE's APPNOTE, 4.3). */
const END_BYTES = 22;
const DIRECTORY_OFFSET = 16;
const ENTRY_OFFSET = 42;

/**
 * A model with an archive of one file behind it, whose offsets count from the beginning of the model, as those of
 * Python's `zipfile` do in mode 'a'. `level`: 0 for contents as they are, 9 for compressed ones.
 */
export function withFile(
  model: Uint8Array,
  name: string,
  text: string,
  level: 0 | 9 = 0,
): Uint8Array {
  // The time of day is none: the same file gives the same bytes.
  const mtime = new Date(1980, 0, 1);
  const archive = zipSync({ [name]: [new TextEncoder().encode(text), { level, mtime }] });
  const view = new DataView(archive.buffer, archive.byteOffset, archive.length);
  const end = archive.length - END_BYTES;
  const directory = view.getUint32(end + DIRECTORY_OFFSET, true);
  view.setUint32(directory + ENTRY_OFFSET, model.length, true);
  view.setUint32(end + DIRECTORY_OFFSET, directory + model.length, true);
  const whole = new Uint8Array(model.length + archive.length);
  whole.set(model);
  whole.set(archive, model.length);
  return whole;
}
