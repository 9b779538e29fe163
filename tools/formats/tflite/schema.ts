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
/** The type of constants alone: a DEQUANTIZE makes float32 of it. */
export const FLOAT16 = 1;

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
  metadata: 6,
} as const;
export const metadataFields = { name: 0, buffer: 1 } as const;
/** The entry whose buffer holds what metadata.ts reads. */
export const METADATA_NAME = 'TFLITE_METADATA';
export const operatorCodeFields = { deprecatedCode: 0, custom: 1, version: 2, code: 3 } as const;
export const subgraphFields = { tensors: 0, inputs: 1, outputs: 2, operators: 3, name: 4 } as const;
export const operatorFields = {
  codeIndex: 0,
  inputs: 1,
  outputs: 2,
  optionsType: 3,
  options: 4,
} as const;
export const tensorFields = {
  shape: 0,
  type: 1,
  buffer: 2,
  name: 3,
  quantization: 4,
  sparsity: 6,
  externalBuffer: 10,
} as const;
export const quantizationFields = {
  scale: 2,
  zeroPoint: 3,
  detailsType: 4,
  dimension: 6,
} as const;
export const bufferFields = { data: 0, offset: 1, size: 2 } as const;

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
export const fullyConnectedFields = {
  activation: 0,
  weightsFormat: 1,
  keepDimensions: 2,
  biasType: 4,
} as const;
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

/** Names of enum BuiltinOperator, for errors: those above, and what classifiers have besides. */
export const builtinNames: Readonly<Record<number, string>> = {
  0: 'ADD',
  1: 'AVERAGE_POOL_2D',
  2: 'CONCATENATION',
  3: 'CONV_2D',
  4: 'DEPTHWISE_CONV_2D',
  6: 'DEQUANTIZE',
  9: 'FULLY_CONNECTED',
  14: 'LOGISTIC',
  17: 'MAX_POOL_2D',
  18: 'MUL',
  19: 'RELU',
  20: 'RELU_N1_TO_1',
  21: 'RELU6',
  22: 'RESHAPE',
  25: 'SOFTMAX',
  32: 'CUSTOM',
  34: 'PAD',
  39: 'TRANSPOSE',
  40: 'MEAN',
  41: 'SUB',
  42: 'DIV',
  43: 'SQUEEZE',
  45: 'STRIDED_SLICE',
  50: 'LOG_SOFTMAX',
  53: 'CAST',
  55: 'MAXIMUM',
  56: 'ARG_MAX',
  57: 'MINIMUM',
  60: 'PADV2',
  77: 'SHAPE',
  83: 'PACK',
  97: 'RESIZE_NEAREST_NEIGHBOR',
  98: 'LEAKY_RELU',
  114: 'QUANTIZE',
  117: 'HARD_SWISH',
};

/**
 * Of the schema of metadata, which has a file of its own (github tensorflow/tflite-support,
 * tensorflow_lite_support/metadata/metadata_schema.fbs, version 1.1.0).
 */
export const metadataSchema = {
  fileIdentifier: 'M001',
  modelFields: { subgraphs: 3 },
  subgraphFields: { inputs: 2, outputs: 3 },
  tensorFields: { content: 3, processUnits: 4, associatedFiles: 6 },
  contentFields: { propertiesType: 0, properties: 1 },
  imageFields: { colorSpace: 0 },
  processUnitFields: { optionsType: 0, options: 1 },
  normalizationFields: { mean: 0, std: 1 },
  associatedFileFields: { name: 0, type: 2 },
  /** Member of union ContentProperties. */
  imageProperties: 2,
  /** enum ColorSpaceType. */
  rgb: 1,
  /** Member of union ProcessUnitOptions. */
  normalizationOptions: 1,
  /** enum AssociatedFileType. */
  axisLabels: 2,
} as const;
