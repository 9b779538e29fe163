/**
 * ONNX files (onnx/onnx.proto of github onnx/onnx): the fields that a float network of constants needs.
 *
 * A file is untrusted: whatever does not decode is a `FileError`, and memory is bounded by the limits here and in
 * `protobuf.ts`.
 */

import { FileError, messageOf } from '../../errors.ts';
import { ProtobufReader } from './protobuf.ts';
import { readTensor, type OnnxTensor } from './tensor.ts';

/** The values that a file gives, of which the type of the attribute tells one. */
export interface OnnxAttribute {
  readonly name: string;
  readonly type: number;
  readonly float?: number;
  readonly int?: number;
  readonly string?: string;
  readonly ints: readonly number[];
  readonly tensor?: OnnxTensor;
}

export interface OnnxNode {
  /** Its index in the file. */
  readonly source: number;
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

/** Limits of a file; a MobileNetV2 has 14 MB and up to a few hundred operators. */
const MAX_ONNX_BYTES = 128 * 2 ** 20;
const MAX_NODES = 10_000;

/**
 * The model in a file's bytes. `file` names it in errors.
 *
 * @throws {FileError} for bytes that are no ONNX model
 */
export function decodeOnnx(file: string, bytes: Uint8Array): OnnxModel {
  if (bytes.length > MAX_ONNX_BYTES) {
    throw new FileError(
      file,
      `Expected an ONNX model of at most ${String(MAX_ONNX_BYTES)} bytes but found ${String(bytes.length)}`,
    );
  }
  let model: OnnxModel;
  try {
    model = readModel(new ProtobufReader(bytes));
  } catch (error) {
    throw new FileError(file, `Expected an ONNX model. ${messageOf(error)}`, { cause: error });
  }
  if (model.nodes.length === 0) {
    throw new FileError(file, 'Expected an ONNX model but found no operator in it');
  }
  return model;
}

function readModel(reader: ProtobufReader): OnnxModel {
  let producer = '';
  let opset = 0;
  let graph: ReturnType<typeof readGraph> | undefined;
  const metadata = new Map<string, string>();
  reader.fields((field) => {
    if (field === 2) producer = reader.name();
    else if (field === 7) {
      if (graph !== undefined) throw new RangeError('Expected one graph but found more');
      graph = reader.message(readGraph);
    } else if (field === 8) {
      const { domain, version } = reader.message(readOpset);
      if (isStandard(domain)) opset = version;
    } else if (field === 14) {
      const [key, value] = reader.message(readEntry);
      metadata.set(key, value);
    } else if (field === 25) {
      throw new RangeError("Expected standard operators but found functions of the model's own");
    }
  });
  if (graph === undefined) throw new RangeError('Expected a graph but found none');
  return { producer, opset, metadata, ...graph };
}

/** Both are names of the domain of standard operators. */
export const isStandard = (domain: string): boolean => domain === '' || domain === 'ai.onnx';

function readOpset(reader: ProtobufReader): { domain: string; version: number } {
  const opset = { domain: '', version: 0 };
  reader.fields((field) => {
    if (field === 1) opset.domain = reader.name();
    else if (field === 2) opset.version = reader.integer();
  });
  return opset;
}

function readEntry(reader: ProtobufReader): [string, string] {
  const entry: [string, string] = ['', ''];
  reader.fields((field) => {
    if (field === 1) entry[0] = reader.name();
    else if (field === 2) entry[1] = reader.text();
  });
  return entry;
}

function readGraph(
  reader: ProtobufReader,
): Pick<OnnxModel, 'graphName' | 'nodes' | 'constants' | 'inputs' | 'outputs'> {
  let graphName = '';
  const nodes: OnnxNode[] = [];
  const constants = new Map<string, OnnxTensor>();
  const inputs: OnnxValue[] = [];
  const outputs: OnnxValue[] = [];
  reader.fields((field) => {
    if (field === 1) {
      nodes.push({ ...reader.message(readNode), source: nodes.length });
      if (nodes.length > MAX_NODES) {
        throw new RangeError(`Expected at most ${String(MAX_NODES)} operators but found more`);
      }
    } else if (field === 2) graphName = reader.name();
    else if (field === 5) {
      const tensor = reader.message(readTensor);
      if (constants.has(tensor.name)) {
        throw new RangeError(`Tensor "${tensor.name}": Expected one such constant but found two`);
      }
      constants.set(tensor.name, tensor);
    } else if (field === 11) inputs.push(reader.message(readValue));
    else if (field === 12) outputs.push(reader.message(readValue));
  });
  return { graphName, nodes, constants, inputs, outputs };
}

function readNode(reader: ProtobufReader): Omit<OnnxNode, 'source'> {
  const node = { name: '', type: '', domain: '' };
  const inputs: string[] = [];
  const outputs: string[] = [];
  const attributes = new Map<string, OnnxAttribute>();
  reader.fields((field) => {
    if (field === 1) inputs.push(reader.name());
    else if (field === 2) outputs.push(reader.name());
    else if (field === 3) node.name = reader.name();
    else if (field === 4) node.type = reader.name();
    else if (field === 5) {
      const attribute = reader.message(readAttribute);
      if (attributes.has(attribute.name)) {
        throw new RangeError(
          `Operator "${node.name}": Expected one attribute ${attribute.name} but found two`,
        );
      }
      attributes.set(attribute.name, attribute);
    } else if (field === 7) node.domain = reader.name();
  });
  return { ...node, name: node.name || (outputs[0] ?? ''), inputs, outputs, attributes };
}

function readAttribute(reader: ProtobufReader): OnnxAttribute {
  const attribute: { -readonly [K in keyof OnnxAttribute]: OnnxAttribute[K] } = {
    name: '',
    type: 0,
    ints: [],
  };
  const ints: number[] = [];
  reader.fields((field) => {
    if (field === 1) attribute.name = reader.name();
    else if (field === 2) attribute.float = reader.float();
    else if (field === 3) attribute.int = reader.integer();
    else if (field === 4) attribute.string = reader.name();
    else if (field === 5) attribute.tensor = reader.message(readTensor);
    else if (field === 8) reader.integers(ints);
    else if (field === 20) attribute.type = reader.integer();
  });
  return { ...attribute, ints };
}

function readValue(reader: ProtobufReader): OnnxValue {
  let name = '';
  let type: Pick<OnnxValue, 'elementType' | 'shape'> = { elementType: 0, shape: [] };
  reader.fields((field) => {
    if (field === 1) name = reader.name();
    else if (field === 2) type = reader.message(readType);
  });
  return { name, ...type };
}

/** The only kind of type that matters here is that of a tensor. */
function readType(reader: ProtobufReader): Pick<OnnxValue, 'elementType' | 'shape'> {
  let elementType = 0;
  let shape: readonly (number | string)[] = [];
  reader.fields((field) => {
    if (field !== 1) return;
    reader.message(() => {
      reader.fields((tensorField) => {
        if (tensorField === 1) elementType = reader.integer();
        else if (tensorField === 2) shape = reader.message(readShape);
      });
    });
  });
  return { elementType, shape };
}

function readShape(reader: ProtobufReader): readonly (number | string)[] {
  const shape: (number | string)[] = [];
  reader.fields((field) => {
    if (field === 1) shape.push(reader.message(readExtent));
  });
  return shape;
}

function readExtent(reader: ProtobufReader): number | string {
  let extent: number | string = '?';
  reader.fields((field) => {
    if (field === 1) extent = reader.integer();
    else if (field === 2) extent = reader.name();
  });
  return extent;
}
