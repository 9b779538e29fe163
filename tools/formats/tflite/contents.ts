/** What a TensorFlow Lite file holds, before any of it is taken for a network (schema.ts names the source). */

import { FileError, messageOf } from '../../errors.ts';
import { rootTable, type Table } from './flatbuffer.ts';
import {
  bufferFields,
  FILE_IDENTIFIER,
  METADATA_NAME,
  metadataFields,
  modelFields,
  operatorCodeFields,
  operatorFields,
  quantizationFields,
  SCHEMA_VERSION,
  subgraphFields,
  tensorFields,
} from './schema.ts';

export interface StoredTensor {
  readonly name: string;
  /** Of enum TensorType. */
  readonly type: number;
  readonly shape: readonly number[];
  readonly scales: readonly number[];
  readonly zeroPoints: readonly number[];
  /** The axis that several scales belong to. */
  readonly dimension: number;
  /** The elements of a constant; empty for others. */
  readonly data: Uint8Array;
}

export interface StoredOperator {
  /** Of enum BuiltinOperator. */
  readonly code: number;
  /** The name of a custom operator. */
  readonly custom: string;
  /** Indices of tensors; -1 where an optional input is left out. */
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
  /** Member of union BuiltinOptions, and its table. */
  readonly optionsType: number;
  readonly options: Table | undefined;
}

export interface TfliteContents {
  readonly description: string;
  /** What the file says of its input and classes, still as bytes (metadata.ts). */
  readonly metadata: Uint8Array | undefined;
  readonly tensors: readonly StoredTensor[];
  /** In the order of execution. */
  readonly operators: readonly StoredOperator[];
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
}

export function isTflite(bytes: Uint8Array): boolean {
  return String.fromCharCode(...bytes.subarray(4, 8)) === FILE_IDENTIFIER;
}

/**
 * The contents of a file's bytes. `file` names it in errors.
 *
 * @throws {FileError} for bytes that are no TensorFlow Lite model of one graph
 */
export function decodeTflite(file: string, bytes: Uint8Array): TfliteContents {
  try {
    return readModel(rootTable(bytes, FILE_IDENTIFIER));
  } catch (error) {
    throw new FileError(file, `Expected a TensorFlow Lite model. ${messageOf(error)}`, {
      cause: error,
    });
  }
}

function readModel(model: Table): TfliteContents {
  const version = model.uint32(modelFields.version);
  if (version !== SCHEMA_VERSION) {
    throw new RangeError(
      `Expected schema version ${String(SCHEMA_VERSION)} but found ${String(version)}`,
    );
  }
  const codes = model.tables(modelFields.operatorCodes).map(readCode);
  const buffers = model.tables(modelFields.buffers).map(readBuffer);
  const subgraphs = model.tables(modelFields.subgraphs);
  const [subgraph] = subgraphs;
  if (subgraph === undefined || subgraphs.length > 1) {
    throw new RangeError(`Expected one graph but found ${String(subgraphs.length)}`);
  }
  return {
    description: model.name(modelFields.description),
    metadata: readMetadata(model, buffers),
    tensors: subgraph.tables(subgraphFields.tensors).map((tensor) => readTensor(tensor, buffers)),
    operators: subgraph.tables(subgraphFields.operators).map((each) => readOperator(each, codes)),
    inputs: subgraph.int32s(subgraphFields.inputs),
    outputs: subgraph.int32s(subgraphFields.outputs),
  };
}

function readMetadata(model: Table, buffers: readonly Uint8Array[]): Uint8Array | undefined {
  const entry = model
    .tables(modelFields.metadata)
    .find((each) => each.name(metadataFields.name) === METADATA_NAME);
  return entry && buffers[entry.uint32(metadataFields.buffer)];
}

type Code = Pick<StoredOperator, 'code' | 'custom'>;

/** Files of older writers have the byte alone. */
function readCode(table: Table): Code {
  const { deprecatedCode, custom, code } = operatorCodeFields;
  return {
    code: Math.max(table.int8(deprecatedCode), table.int32(code)),
    custom: table.name(custom),
  };
}

function readBuffer(table: Table): Uint8Array {
  for (const field of [bufferFields.offset, bufferFields.size]) {
    if (table.has(field)) {
      throw new RangeError('Expected constants in their buffers, not behind the model');
    }
  }
  return table.bytes(bufferFields.data);
}

function readTensor(table: Table, buffers: readonly Uint8Array[]): StoredTensor {
  const name = table.name(tensorFields.name);
  const quantization = table.table(tensorFields.quantization);
  const buffer = table.uint32(tensorFields.buffer);
  const data = buffers[buffer];
  if (data === undefined) {
    throw new RangeError(
      `Tensor "${name}": Expected one of ${String(buffers.length)} buffers but found ${String(buffer)}`,
    );
  }
  for (const field of [tensorFields.sparsity, tensorFields.externalBuffer]) {
    if (table.has(field)) {
      throw new RangeError(`Tensor "${name}": Expected all of its elements in the file`);
    }
  }
  if ((quantization?.uint8(quantizationFields.detailsType) ?? 0) !== 0) {
    throw new RangeError(`Tensor "${name}": Expected scales but found another quantisation`);
  }
  return {
    name,
    type: table.int8(tensorFields.type),
    shape: table.int32s(tensorFields.shape),
    scales: quantization?.floats(quantizationFields.scale) ?? [],
    zeroPoints: quantization?.int64s(quantizationFields.zeroPoint) ?? [],
    dimension: quantization?.int32(quantizationFields.dimension) ?? 0,
    data,
  };
}

function readOperator(table: Table, codes: readonly Code[]): StoredOperator {
  const index = table.uint32(operatorFields.codeIndex);
  const code = codes[index];
  if (code === undefined) {
    throw new RangeError(
      `Expected one of ${String(codes.length)} operator codes but found ${String(index)}`,
    );
  }
  return {
    ...code,
    inputs: table.int32s(operatorFields.inputs),
    outputs: table.int32s(operatorFields.outputs),
    optionsType: table.uint8(operatorFields.optionsType),
    options: table.table(operatorFields.options),
  };
}
