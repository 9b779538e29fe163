/**
 * ONNX files (onnx/onnx.proto of github onnx/onnx): the fields that a float network of constants needs.
 *
 * The wire format is read by pbf; what this file adds is the numbers of the fields. A file is untrusted: pbf allocates
 * no more than the file holds, and whatever does not decode is a `FileError`.
 */

import { PbfReader } from 'pbf';
import { FileError, messageOf } from '../../errors.ts';

export interface OnnxTensor {
  readonly name: string;
  readonly shape: readonly number[];
  readonly data: Float32Array | readonly number[];
}

export interface OnnxAttribute {
  readonly name: string;
  readonly float?: number;
  readonly int?: number;
  readonly string?: string;
  readonly ints: readonly number[];
  readonly tensor?: OnnxTensor;
}

export interface OnnxNode {
  readonly name: string;
  readonly type: string;
  readonly domain: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: ReadonlyMap<string, OnnxAttribute>;
}

/** A dimension is a number, or the name of one that is open. */
export interface OnnxValue {
  readonly name: string;
  readonly elementType: number;
  readonly shape: readonly (number | string)[];
}

export interface OnnxModel {
  readonly producer: string;
  readonly opset: number;
  readonly graphName: string;
  readonly nodes: readonly OnnxNode[];
  readonly constants: ReadonlyMap<string, OnnxTensor>;
  readonly inputs: readonly OnnxValue[];
  readonly outputs: readonly OnnxValue[];
  readonly metadata: ReadonlyMap<string, string>;
}

export const ONNX_FLOAT = 1;
const ONNX_INT32 = 6;
const ONNX_INT64 = 7;

/**
 * The model in a file's bytes. `file` names it in errors.
 *
 * @throws {FileError} for bytes that are no ONNX model
 */
export function decodeOnnx(file: string, bytes: Uint8Array): OnnxModel {
  let model: OnnxModel;
  try {
    model = readModel(new PbfReader(bytes));
  } catch (error) {
    if (error instanceof FileError) throw error;
    throw new FileError(file, `Expected an ONNX model. ${messageOf(error)}`, { cause: error });
  }
  if (model.nodes.length === 0) {
    throw new FileError(file, 'Expected an ONNX model but found no operator in it');
  }
  return model;
}

/**
 * Reads the fields of a message up to `end`. A length is checked before it is read: pbf itself reads beyond the end of
 * a truncated file as if there were zeros.
 */
function fields(pbf: PbfReader, end: number, read: (field: number) => void): void {
  while (pbf.pos < end) {
    const field = pbf.nextField(end);
    if (field === 0) break;
    if (pbf.type === LENGTH_DELIMITED) {
      const start = pbf.pos;
      const length = pbf.readVarint();
      if (!(pbf.pos + length <= end)) {
        throw new RangeError(`Expected ${String(length)} bytes of a field but found the end`);
      }
      pbf.pos = start;
    }
    read(field);
    if (!(pbf.pos <= end)) throw new RangeError('Expected a field to end with its message');
  }
}

const LENGTH_DELIMITED = 2;

/** Reads an embedded message, whose length `fields` has checked. */
function message<T>(pbf: PbfReader, read: (pbf: PbfReader, end: number) => T): T {
  const length = pbf.readVarint();
  const end = pbf.pos + length;
  const value = read(pbf, end);
  pbf.pos = end;
  return value;
}

function readModel(pbf: PbfReader): OnnxModel {
  let producer = '';
  let opset = 0;
  let graph: ReturnType<typeof readGraph> | undefined;
  const metadata = new Map<string, string>();
  fields(pbf, pbf.length, (field) => {
    if (field === 2) producer = pbf.readString();
    else if (field === 7) graph = message(pbf, readGraph);
    else if (field === 8) {
      const { domain, version } = message(pbf, readOpset);
      if (domain === '' || domain === 'ai.onnx') opset = version;
    } else if (field === 14) {
      const [key, value] = message(pbf, readEntry);
      metadata.set(key, value);
    }
  });
  if (graph === undefined) throw new RangeError('Expected a graph but found none');
  return { producer, opset, metadata, ...graph };
}

function readOpset(pbf: PbfReader, end: number): { domain: string; version: number } {
  const opset = { domain: '', version: 0 };
  fields(pbf, end, (field) => {
    if (field === 1) opset.domain = pbf.readString();
    else if (field === 2) opset.version = pbf.readVarint(true);
  });
  return opset;
}

function readEntry(pbf: PbfReader, end: number): [string, string] {
  const entry: [string, string] = ['', ''];
  fields(pbf, end, (field) => {
    if (field === 1) entry[0] = pbf.readString();
    else if (field === 2) entry[1] = pbf.readString();
  });
  return entry;
}

function readGraph(
  pbf: PbfReader,
  end: number,
): Pick<OnnxModel, 'graphName' | 'nodes' | 'constants' | 'inputs' | 'outputs'> {
  let graphName = '';
  const nodes: OnnxNode[] = [];
  const constants = new Map<string, OnnxTensor>();
  const inputs: OnnxValue[] = [];
  const outputs: OnnxValue[] = [];
  fields(pbf, end, (field) => {
    if (field === 1) nodes.push(message(pbf, readNode));
    else if (field === 2) graphName = pbf.readString();
    else if (field === 5) {
      const tensor = message(pbf, readTensor);
      constants.set(tensor.name, tensor);
    } else if (field === 11) inputs.push(message(pbf, readValue));
    else if (field === 12) outputs.push(message(pbf, readValue));
  });
  return { graphName, nodes, constants, inputs, outputs };
}

function readNode(pbf: PbfReader, end: number): OnnxNode {
  const node = { name: '', type: '', domain: '' };
  const inputs: string[] = [];
  const outputs: string[] = [];
  const attributes = new Map<string, OnnxAttribute>();
  fields(pbf, end, (field) => {
    if (field === 1) inputs.push(pbf.readString());
    else if (field === 2) outputs.push(pbf.readString());
    else if (field === 3) node.name = pbf.readString();
    else if (field === 4) node.type = pbf.readString();
    else if (field === 5) {
      const attribute = message(pbf, readAttribute);
      attributes.set(attribute.name, attribute);
    } else if (field === 7) node.domain = pbf.readString();
  });
  return { ...node, name: node.name || (outputs[0] ?? ''), inputs, outputs, attributes };
}

function readAttribute(pbf: PbfReader, end: number): OnnxAttribute {
  const attribute: { -readonly [K in keyof OnnxAttribute]: OnnxAttribute[K] } = {
    name: '',
    ints: [],
  };
  const ints: number[] = [];
  fields(pbf, end, (field) => {
    if (field === 1) attribute.name = pbf.readString();
    else if (field === 2) attribute.float = pbf.readFloat();
    else if (field === 3) attribute.int = pbf.readVarint(true);
    else if (field === 4) attribute.string = pbf.readString();
    else if (field === 5) attribute.tensor = message(pbf, readTensor);
    else if (field === 8) pbf.readPackedVarint(ints, true);
  });
  return { ...attribute, ints };
}

function readTensor(pbf: PbfReader, end: number): OnnxTensor {
  const tensor = { name: '', type: 0, external: false };
  const shape: number[] = [];
  const raw: Uint8Array[] = [];
  const values: number[] = [];
  fields(pbf, end, (field) => {
    if (field === 1) pbf.readPackedVarint(shape, true);
    else if (field === 2) tensor.type = pbf.readVarint();
    else if (field === 4) pbf.readPackedFloat(values);
    else if (field === 5 || field === 7) pbf.readPackedVarint(values, true);
    else if (field === 8) tensor.name = pbf.readString();
    else if (field === 9) raw.push(pbf.readBytes());
    else if (field === 14) tensor.external = pbf.readVarint() !== 0;
  });
  const { name, type } = tensor;
  if (tensor.external) {
    throw new RangeError(`Tensor "${name}": Expected data in the file, not outside it`);
  }
  const [rawBytes] = raw;
  const data = rawBytes === undefined ? values : rawElements(name, type, rawBytes);
  const wanted = shape.reduce((product, extent) => product * extent, 1);
  if (data.length !== wanted) {
    throw new RangeError(
      `Tensor "${name}": Expected ${String(wanted)} elements for shape [${shape.join(', ')}] but found ${String(data.length)}`,
    );
  }
  return { name, shape, data: type === ONNX_FLOAT ? Float32Array.from(data) : Array.from(data) };
}

function rawElements(name: string, type: number, raw: Uint8Array): Float32Array | number[] {
  const view = new DataView(raw.buffer, raw.byteOffset, raw.byteLength);
  const count = (size: number): number => Math.floor(raw.length / size);
  switch (type) {
    case ONNX_FLOAT:
      return Float32Array.from({ length: count(4) }, (_, i) => view.getFloat32(i * 4, true));
    case ONNX_INT32:
      return Array.from({ length: count(4) }, (_, i) => view.getInt32(i * 4, true));
    case ONNX_INT64:
      return Array.from({ length: count(8) }, (_, i) => Number(view.getBigInt64(i * 8, true)));
    default:
      throw new RangeError(
        `Tensor "${name}": Expected float32, int32 or int64 elements but found ONNX type ${String(type)}`,
      );
  }
}

function readValue(pbf: PbfReader, end: number): OnnxValue {
  let name = '';
  let elementType = 0;
  const shape: (number | string)[] = [];
  fields(pbf, end, (field) => {
    if (field === 1) name = pbf.readString();
    else if (field === 2) {
      message(pbf, (type, typeEnd) => {
        fields(type, typeEnd, (typeField) => {
          if (typeField !== 1) return;
          message(type, (tensor, tensorEnd) => {
            fields(tensor, tensorEnd, (tensorField) => {
              if (tensorField === 1) elementType = tensor.readVarint();
              else if (tensorField === 2) shape.push(...message(tensor, readShape));
            });
          });
        });
      });
    }
  });
  return { name, elementType, shape };
}

function readShape(pbf: PbfReader, end: number): (number | string)[] {
  const shape: (number | string)[] = [];
  fields(pbf, end, (field) => {
    if (field !== 1) return;
    let extent: number | string = '?';
    message(pbf, (dimension, dimensionEnd) => {
      fields(dimension, dimensionEnd, (dimensionField) => {
        if (dimensionField === 1) extent = dimension.readVarint(true);
        else if (dimensionField === 2) extent = dimension.readString();
      });
    });
    shape.push(extent);
  });
  return shape;
}
