/**
 * The numbers of TensorFlow Lite's FlatBuffers schema that MobileNetV2 needs
 * (github tensorflow/tensorflow, tensorflow/compiler/mlir/lite/schema/schema.fbs, version 3).
 *
 * Fields of a table are counted from 0 in the order of the schema; a union takes two.
 */

import type { Activation, ElementType, OperatorKind } from '../../../reference/index.ts';

export const SCHEMA_VERSION = 3;
export const FILE_IDENTIFIER = 'TFL3';

/** enum TensorType. */
export const tensorTypes: Readonly<Record<ElementType, number>> = {
  float32: 0,
  int32: 2,
  uint8: 3,
  int64: 4,
  int16: 7,
  int8: 9,
};

/** enum ActivationFunctionType. */
export const activations: Readonly<Record<Activation, number>> = { none: 0, relu: 1, relu6: 3 };

/** enum Padding. */
export const paddings = { same: 0, valid: 1 } as const;

export type BuiltinName = Exclude<OperatorKind, 'clamp'> | 'maximum' | 'minimum';

export interface Builtin {
  /** enum BuiltinOperator. */
  readonly code: number;
  /** Member of union BuiltinOptions; 0 where an operator has no options. */
  readonly options: number;
  /**
   * Version of the operator by the type it computes on (lite/tools/versioning/op_version.cc): the first that knows the
   * type.
   */
  readonly versions: { readonly float32: number; readonly int8: number; readonly int16: number };
}

export const builtins: Readonly<Record<BuiltinName, Builtin>> = {
  add: { code: 0, options: 11, versions: { float32: 1, int8: 2, int16: 3 } },
  averagePool: { code: 1, options: 5, versions: { float32: 1, int8: 2, int16: 3 } },
  conv2d: { code: 3, options: 1, versions: { float32: 1, int8: 3, int16: 4 } },
  depthwiseConv2d: { code: 4, options: 2, versions: { float32: 1, int8: 3, int16: 5 } },
  dequantize: { code: 6, options: 0, versions: { float32: 1, int8: 2, int16: 3 } },
  fullyConnected: { code: 9, options: 8, versions: { float32: 1, int8: 4, int16: 7 } },
  relu: { code: 19, options: 0, versions: { float32: 1, int8: 2, int16: 3 } },
  relu6: { code: 21, options: 0, versions: { float32: 1, int8: 2, int16: 3 } },
  reshape: { code: 22, options: 17, versions: { float32: 1, int8: 1, int16: 1 } },
  softmax: { code: 25, options: 9, versions: { float32: 1, int8: 2, int16: 3 } },
  pad: { code: 34, options: 22, versions: { float32: 1, int8: 2, int16: 3 } },
  mean: { code: 40, options: 27, versions: { float32: 1, int8: 2, int16: 3 } },
  maximum: { code: 55, options: 39, versions: { float32: 1, int8: 2, int16: 4 } },
  minimum: { code: 57, options: 39, versions: { float32: 1, int8: 2, int16: 4 } },
  quantize: { code: 114, options: 0, versions: { float32: 1, int8: 1, int16: 2 } },
};

export const modelFields = {
  version: 0,
  operatorCodes: 1,
  subgraphs: 2,
  description: 3,
  buffers: 4,
} as const;
export const operatorCodeFields = { deprecatedCode: 0, version: 2, code: 3 } as const;
export const subgraphFields = { tensors: 0, inputs: 1, outputs: 2, operators: 3, name: 4 } as const;
export const operatorFields = {
  codeIndex: 0,
  inputs: 1,
  outputs: 2,
  optionsType: 3,
  options: 4,
} as const;
export const tensorFields = { shape: 0, type: 1, buffer: 2, name: 3, quantization: 4 } as const;
export const quantizationFields = { scale: 2, zeroPoint: 3, dimension: 6 } as const;
export const bufferFields = { data: 0 } as const;

export const conv2dFields = {
  padding: 0,
  strideW: 1,
  strideH: 2,
  activation: 3,
  dilationW: 4,
  dilationH: 5,
  biasType: 6,
} as const;
export const depthwiseFields = {
  padding: 0,
  strideW: 1,
  strideH: 2,
  depthMultiplier: 3,
  activation: 4,
  dilationW: 5,
  dilationH: 6,
} as const;
export const fullyConnectedFields = { activation: 0, biasType: 4 } as const;
export const poolFields = {
  padding: 0,
  strideW: 1,
  strideH: 2,
  filterW: 3,
  filterH: 4,
  activation: 5,
} as const;
export const softmaxFields = { beta: 0 } as const;
export const addFields = { activation: 0, potScaleInt16: 1 } as const;
export const reshapeFields = { newShape: 0 } as const;
export const reducerFields = { keepDimensions: 0 } as const;
