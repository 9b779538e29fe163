/** Metadata for TensorFlow Lite files of tests, and the archive of labels behind them. */

import { Builder } from 'flatbuffers';
import { zipSync } from 'fflate';
import { metadataSchema } from '../formats/tflite/schema.ts';
import { writeFloats, writeOffsets, writeTable, type Field } from '../formats/tflite/tables.ts';

export interface MetadataSpec {
  readonly colorSpace?: number;
  readonly mean?: readonly number[];
  readonly std?: readonly number[];
  /** Name of the file of labels. */
  readonly labels?: string;
}

/** The FlatBuffer that says so. */
export function metadataOf({ colorSpace, mean = [], std = [], labels }: MetadataSpec): Uint8Array {
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

const END_BYTES = 22;

/** A model with an archive of one file behind it, whose offsets count from the beginning of the model. */
export function withFile(
  model: Uint8Array,
  name: string,
  text: string,
  level: 0 | 9 = 0,
): Uint8Array {
  const archive = zipSync({ [name]: [new TextEncoder().encode(text), { level }] });
  const view = new DataView(archive.buffer, archive.byteOffset, archive.length);
  const end = archive.length - END_BYTES;
  const directory = view.getUint32(end + 16, true);
  view.setUint32(directory + 42, model.length, true);
  view.setUint32(end + 16, directory + model.length, true);
  const whole = new Uint8Array(model.length + archive.length);
  whole.set(model);
  whole.set(archive, model.length);
  return whole;
}
