/** A TensorFlow Lite model in the making, before it becomes bytes. */

import { Builder, type Offset } from 'flatbuffers';
import type { ElementType, TensorData } from '../../../reference/index.ts';
import {
  bufferFields,
  builtins,
  FILE_IDENTIFIER,
  FLOAT16,
  METADATA_NAME,
  metadataFields,
  modelFields,
  operatorCodeFields,
  operatorFields,
  quantizationFields,
  SCHEMA_VERSION,
  subgraphFields,
  tensorFields,
  tensorTypes,
  type BuiltinName,
} from './schema.ts';
import {
  writeBytes,
  writeFloats,
  writeInt32s,
  writeInt64s,
  writeOffsets,
  writeTable,
  type Field,
} from './tables.ts';

export interface TfliteTensor {
  readonly name: string;
  readonly type: ElementType | 'float16';
  readonly shape: readonly number[];
  readonly quantization?: {
    readonly scales: readonly number[];
    readonly zeroPoint: number;
    /** The axis that several scales belong to. */
    readonly dimension: number;
  };
  /** Elements; those of float16 as their bits. */
  readonly data?: TensorData | Uint16Array;
}

export interface TfliteOperator {
  readonly name: BuiltinName;
  readonly version: number;
  readonly inputs: readonly number[];
  readonly output: number;
  /** The fields of its options table; vectors of integers are given as such. */
  readonly options: readonly OptionField[];
}

export type OptionField = Field | readonly [id: number, kind: 'int32s', value: readonly number[]];

/** Bytes that a buffer's first byte is aligned to. */
const BUFFER_ALIGNMENT = 16;

/** `deprecated_builtin_code` is a byte; greater codes have this one. */
const GREATER_CODES = 127;

export class TfliteModel {
  readonly tensors: TfliteTensor[] = [];
  readonly operators: TfliteOperator[] = [];
  inputs: readonly number[] = [];
  outputs: readonly number[] = [];
  /** What it says of its input and classes, as metadata.ts reads it. */
  metadata: Uint8Array | undefined;

  /** Adds a tensor and returns its index. */
  addTensor(tensor: TfliteTensor): number {
    return this.tensors.push(tensor) - 1;
  }

  addOperator(operator: TfliteOperator): void {
    this.operators.push(operator);
  }

  toBytes(description: string): Uint8Array {
    const builder = new Builder(1024);
    const codes: { readonly name: BuiltinName; readonly version: number }[] = [];
    const operators = this.operators.map((operator) => {
      const used = codes.findIndex(
        ({ name, version }) => name === operator.name && version === operator.version,
      );
      const index = used >= 0 ? used : codes.push(operator) - 1;
      return writeOperator(builder, operator, index);
    });
    // Buffer 0 is empty: tensors without elements refer to it.
    const buffers = [writeTable(builder, [])];
    const tensors = this.tensors.map((tensor) => {
      const buffer =
        tensor.data === undefined ? 0 : buffers.push(writeBuffer(builder, tensor.data)) - 1;
      return writeTensor(builder, tensor, buffer);
    });
    const subgraph = writeTable(builder, [
      [subgraphFields.tensors, 'offset', writeOffsets(builder, tensors)],
      [subgraphFields.inputs, 'offset', writeInt32s(builder, this.inputs)],
      [subgraphFields.outputs, 'offset', writeInt32s(builder, this.outputs)],
      [subgraphFields.operators, 'offset', writeOffsets(builder, operators)],
      [subgraphFields.name, 'offset', builder.createString('main')],
    ]);
    const operatorCodes = codes.map(({ name, version }) => {
      const { code } = builtins[name];
      return writeTable(builder, [
        [operatorCodeFields.deprecatedCode, 'int8', Math.min(code, GREATER_CODES)],
        [operatorCodeFields.version, 'int32', version],
        [operatorCodeFields.code, 'int32', code],
      ]);
    });
    const metadata = this.metadata && writeMetadata(builder, this.metadata, buffers);
    const model = writeTable(builder, [
      [modelFields.version, 'int32', SCHEMA_VERSION],
      [modelFields.operatorCodes, 'offset', writeOffsets(builder, operatorCodes)],
      [modelFields.subgraphs, 'offset', writeOffsets(builder, [subgraph])],
      [modelFields.description, 'offset', builder.createString(description)],
      [modelFields.buffers, 'offset', writeOffsets(builder, buffers)],
      ...(metadata === undefined ? [] : [[modelFields.metadata, 'offset', metadata] as const]),
    ]);
    builder.finish(model, FILE_IDENTIFIER);
    return builder.asUint8Array().slice();
  }
}

/** The list of metadata, whose only entry has a buffer at the end. */
function writeMetadata(builder: Builder, data: Uint8Array, buffers: Offset[]): Offset {
  const buffer = buffers.push(writeBuffer(builder, data)) - 1;
  const entry = writeTable(builder, [
    [metadataFields.name, 'offset', builder.createString(METADATA_NAME)],
    [metadataFields.buffer, 'int32', buffer],
  ]);
  return writeOffsets(builder, [entry]);
}

function writeOperator(
  builder: Builder,
  { name, inputs, output, options }: TfliteOperator,
  codeIndex: number,
): Offset {
  const { options: optionsType } = builtins[name];
  const fields = options.map((field): Field => {
    const [id, kind, value] = field;
    return kind === 'int32s' ? [id, 'offset', writeInt32s(builder, value)] : field;
  });
  const table: Field[] = [
    [operatorFields.codeIndex, 'int32', codeIndex],
    [operatorFields.inputs, 'offset', writeInt32s(builder, inputs)],
    [operatorFields.outputs, 'offset', writeInt32s(builder, [output])],
  ];
  if (optionsType !== 0) {
    table.push(
      [operatorFields.optionsType, 'int8', optionsType],
      [operatorFields.options, 'offset', writeTable(builder, fields)],
    );
  }
  return writeTable(builder, table);
}

function writeBuffer(
  builder: Builder,
  { buffer, byteOffset, byteLength }: TensorData | Uint16Array,
): Offset {
  const bytes = new Uint8Array(buffer, byteOffset, byteLength);
  return writeTable(builder, [
    [bufferFields.data, 'offset', writeBytes(builder, bytes, BUFFER_ALIGNMENT)],
  ]);
}

function writeTensor(
  builder: Builder,
  { name, type, shape, quantization }: TfliteTensor,
  buffer: number,
): Offset {
  const fields: Field[] = [
    [tensorFields.shape, 'offset', writeInt32s(builder, shape)],
    [tensorFields.type, 'int8', type === 'float16' ? FLOAT16 : tensorTypes[type]],
    [tensorFields.buffer, 'int32', buffer],
    [tensorFields.name, 'offset', builder.createString(name)],
  ];
  if (quantization !== undefined) {
    const { scales, zeroPoint, dimension } = quantization;
    const parameters = writeTable(builder, [
      [quantizationFields.scale, 'offset', writeFloats(builder, scales)],
      [
        quantizationFields.zeroPoint,
        'offset',
        writeInt64s(
          builder,
          scales.map(() => zeroPoint),
        ),
      ],
      [quantizationFields.dimension, 'int32', dimension],
    ]);
    fields.push([tensorFields.quantization, 'offset', parameters]);
  }
  return writeTable(builder, fields);
}
