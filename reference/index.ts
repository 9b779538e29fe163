/** What MobileNetV2 means at float32, int16 and int8. */

export { GraphError } from './errors.ts';
export {
  elementTypes,
  elementTypeOf,
  type ElementType,
  type TensorData,
} from './graph/element-type.ts';
export type { Graph, PrecisionName, Preprocessing } from './graph/graph.ts';
export {
  operatorKinds,
  type Activation,
  type Operator,
  type OperatorAttributes,
  type OperatorKind,
  type OperatorOf,
  type Padding,
  type Pair,
  type ReadyIntegers,
} from './graph/operator.ts';
export {
  elementCount,
  zeroPointOf,
  type GraphTensor,
  type Quantization,
  type Shape,
  type Tensor,
} from './graph/tensor.ts';
export { makeDivisible, mobilenetV2, type MobileNetV2Options } from './graph/mobilenet-v2.ts';
export { quantizeMultiplier, type FixedPoint } from './arithmetic/multiplier.ts';
export { requantizeInt32, requantizeInt64 } from './arithmetic/requantize.ts';
export { dequantizeValue, quantizeValue } from './arithmetic/quantize-value.ts';
export { samePadding } from './operators/window.ts';
export {
  inferShape,
  multiplyAccumulates,
  rules,
  validateGraph,
  type Rule,
  type UncheckedGraph,
} from './validate/index.ts';
export { interpreter, type Interpreter, type RunOptions, type RunResult } from './interpreter.ts';
export {
  operatorGraph,
  runOperator,
  type GivenAttributes,
  type GivenQuantization,
  type GivenTensor,
  type OperatorGraph,
  type OperatorResult,
} from './run-operator.ts';
export { resize, type RgbImage } from './preprocess/resize.ts';
export {
  imageToInput,
  pixelsToInput,
  pixelTable,
  resizeToInput,
} from './preprocess/image-to-input.ts';
export { RangeObserver, type CalibrationRecord } from './quantization/calibration.ts';
export { quantizeGraph, type QuantizeOptions } from './quantization/quantize-graph.ts';
export type { Int16Weights } from './quantization/weights.ts';
