/** Writes small ONNX files for tests. */

import { PbfWriter } from 'pbf';

export interface NodeSpec {
  readonly type: string;
  readonly inputs: readonly string[];
  readonly output: string;
  readonly ints?: Readonly<Record<string, readonly number[]>>;
  readonly int?: Readonly<Record<string, number>>;
  readonly float?: Readonly<Record<string, number>>;
  /** Appends fields of NodeProto. */
  readonly more?: (pbf: PbfWriter) => void;
}

export interface ConstantSpec {
  readonly shape: readonly number[];
  readonly data: readonly number[];
  /** ONNX type of the elements: 1 for float32 (the default), 2 for uint8, 3 for int8, 6 for int32, 7 for int64. */
  readonly type?: number;
  /** Appends fields of TensorProto. */
  readonly more?: (pbf: PbfWriter) => void;
}

export interface ModelSpec {
  readonly input: readonly number[];
  readonly constants: Readonly<Record<string, ConstantSpec>>;
  readonly nodes: readonly NodeSpec[];
  readonly output: string;
  readonly metadata?: Readonly<Record<string, string>>;
  readonly opset?: number;
}

const ATTRIBUTE_FLOAT = 1;
const ATTRIBUTE_INT = 2;
const ATTRIBUTE_INTS = 7;

export function encodeOnnx(model: ModelSpec): Uint8Array {
  const pbf = new PbfWriter();
  pbf.writeStringField(2, 'test');
  pbf.writeMessage(
    8,
    (_unused, opset) => {
      opset.writeVarintField(2, model.opset ?? 17);
    },
    undefined,
  );
  pbf.writeMessage(7, writeGraph, model);
  for (const [key, value] of Object.entries(model.metadata ?? {})) {
    pbf.writeMessage(
      14,
      (_unused, entry) => {
        entry.writeStringField(1, key);
        entry.writeStringField(2, value);
      },
      undefined,
    );
  }
  return pbf.finish();
}

function writeGraph(model: ModelSpec, pbf: PbfWriter): void {
  for (const node of model.nodes) pbf.writeMessage(1, writeNode, node);
  for (const [name, constant] of Object.entries(model.constants)) {
    pbf.writeMessage(5, writeConstant, { name, ...constant });
  }
  pbf.writeMessage(11, writeValue, { name: 'image', shape: model.input });
  pbf.writeMessage(12, writeValue, { name: model.output, shape: [] });
}

function writeConstant(
  { name, shape, data, type = 1, more }: ConstantSpec & { readonly name: string },
  pbf: PbfWriter,
): void {
  pbf.writePackedVarint(1, [...shape]);
  pbf.writeVarintField(2, type);
  pbf.writeStringField(8, name);
  if (type === 7) pbf.writePackedVarint(7, [...data]);
  else if ([2, 3, 6].includes(type)) pbf.writePackedVarint(5, [...data]);
  else pbf.writeBytesField(9, new Uint8Array(Float32Array.from(data).buffer));
  more?.(pbf);
}

function writeNode(node: NodeSpec, pbf: PbfWriter): void {
  for (const input of node.inputs) pbf.writeStringField(1, input);
  pbf.writeStringField(2, node.output);
  pbf.writeStringField(3, node.output);
  pbf.writeStringField(4, node.type);
  for (const [name, ints] of Object.entries(node.ints ?? {})) {
    pbf.writeMessage(
      5,
      (_unused, attribute) => {
        attribute.writeStringField(1, name);
        attribute.writePackedVarint(8, [...ints]);
        attribute.writeVarintField(20, ATTRIBUTE_INTS);
      },
      undefined,
    );
  }
  for (const [name, int] of Object.entries(node.int ?? {})) {
    pbf.writeMessage(
      5,
      (_unused, attribute) => {
        attribute.writeStringField(1, name);
        attribute.writeVarintField(3, int);
        attribute.writeVarintField(20, ATTRIBUTE_INT);
      },
      undefined,
    );
  }
  for (const [name, float] of Object.entries(node.float ?? {})) {
    pbf.writeMessage(
      5,
      (_unused, attribute) => {
        attribute.writeStringField(1, name);
        attribute.writeFloatField(2, float);
        attribute.writeVarintField(20, ATTRIBUTE_FLOAT);
      },
      undefined,
    );
  }
  node.more?.(pbf);
}

function writeValue(
  { name, shape }: { name: string; shape: readonly number[] },
  pbf: PbfWriter,
): void {
  pbf.writeStringField(1, name);
  pbf.writeMessage(
    2,
    (_type, type) => {
      type.writeMessage(
        1,
        (_tensor, tensor) => {
          tensor.writeVarintField(1, 1);
          tensor.writeMessage(
            2,
            (_shape, dimensions) => {
              for (const extent of shape) {
                dimensions.writeMessage(
                  1,
                  (_dimension, dimension) => {
                    dimension.writeVarintField(1, extent);
                  },
                  undefined,
                );
              }
            },
            undefined,
          );
        },
        undefined,
      );
    },
    undefined,
  );
}
