/** One operator on given tensors: what kernel authors and outside test suites drive. */

import {
  elementTypeOf,
  elementTypes,
  type ElementType,
  type TensorData,
} from './graph/element-type.ts';
import type { PrecisionName } from './graph/graph.ts';
import type { OperatorAttributes, OperatorKind } from './graph/operator.ts';
import { elementCount, type GraphTensor, type Tensor } from './graph/tensor.ts';
import { runOnce } from './interpreter.ts';
import { precisions } from './precision/index.ts';
import { int16WithInt32Accumulator } from './precision/int16.ts';
import { isOperatorKind } from './validate/attributes.ts';
import type { UncheckedGraph } from './validate/structure.ts';
import { inferShape } from './validate/shapes.ts';

/** How codes stand for real numbers. Scales are rounded to float32; leave `scale` out where only integers are known. */
export interface GivenQuantization {
  /** One scale, or one per output channel for weights. */
  readonly scale?: number | readonly number[];
  /** Default 0. */
  readonly zeroPoint?: number;
}

/** A tensor as an argument. */
export interface GivenTensor extends GivenQuantization {
  readonly shape: readonly number[];
  /** A typed array, which tells the element type, or numbers, which take the type usual at that place. */
  readonly data: TensorData | readonly (number | bigint)[];
}

/** The attributes of a kind, all with their defaults, and the output's quantisation. */
export type GivenAttributes<K extends OperatorKind> = Partial<OperatorAttributes[K]> & {
  readonly output?: GivenQuantization & { readonly type?: ElementType };
};

export interface OperatorResult extends Tensor {
  /** Sum of |x * w| + |bias| of each output element, for operators that are sums. */
  readonly magnitudes?: Float64Array;
}

const window = { stride: [1, 1], padding: [0, 0, 0, 0], activation: 'none' } as const;

const defaults = {
  conv2d: { ...window, dilation: [1, 1], groups: 1 },
  depthwiseConv2d: { ...window, dilation: [1, 1] },
  fullyConnected: { activation: 'none' },
  add: { activation: 'none' },
  averagePool: window,
  mean: { keepDimensions: false },
  softmax: { beta: 1 },
  clamp: { min: -Infinity, max: Infinity },
  relu: {},
  relu6: {},
  pad: {},
  reshape: {},
  quantize: {},
  dequantize: {},
} as const satisfies { readonly [K in OperatorKind]: Partial<OperatorAttributes[K]> };

/**
 * Computes one operator.
 *
 * `kind` names it, `precision` its arithmetic (for quantize that of the output, for dequantize that of the input).
 * `inputs` are in the order input, weights, bias (add: first, second). Attributes that are left out have the defaults
 * stride and dilation 1, padding 0, groups 1, activation none, beta 1, no limits; an attribute or a bias that is
 * undefined is left out. The same rules hold as for a whole graph: weights and bias are constants, ranges are proven;
 * those of int16 with int32 accumulators are measured where weights prove nothing (R1). Inputs are not modified.
 *
 * @throws {TypeError} for a kind or precision that does not exist, or data of a wrong type
 * @throws {GraphError} for whatever breaks a rule, naming it
 *
 * @example conv2d, int8, from scales
 * runOperator('conv2d', 'int8',
 *   { stride: [2, 2], padding: [0, 1, 0, 1], activation: 'relu6', output: { scale: 6 / 255, zeroPoint: -128 } },
 *   [{ shape: [1, 4, 4, 3], data: new Int8Array(48), scale: 1 / 127.5, zeroPoint: -1 },
 *    { shape: [8, 3, 3, 3], data: new Int8Array(216), scale: 0.01 },
 *    { shape: [8], data: new Int32Array(8) }])
 *
 * @example depthwiseConv2d, int8, from ready-made integers, one multiplier and shift per channel
 * runOperator('depthwiseConv2d', 'int8',
 *   { multiplier: [1073741824, 1342177280], shift: [-5, -6], activationMin: -128, activationMax: 127,
 *     output: { zeroPoint: 4 } },
 *   [{ shape: [1, 3, 3, 2], data: new Int8Array(18), zeroPoint: -3 },
 *    { shape: [1, 3, 3, 2], data: new Int8Array(18).fill(1) },
 *    { shape: [2], data: [10, -10] }])
 *
 * @example fullyConnected, int16 with int8 weights and int64 bias; `accumulator: 'int32'` for the other int16 mode
 * runOperator('fullyConnected', 'int16', { output: { scale: 0.001 } },
 *   [{ shape: [1, 2], data: new Int16Array([100, -7]), scale: 0.002 },
 *    { shape: [1, 2], data: new Int8Array([3, 4]), scale: 0.1 },
 *    { shape: [1], data: [5n] }])
 *
 * @example add, int8, ready-made: the multipliers and shifts of first input, second input and output
 * runOperator('add', 'int8',
 *   { leftShift: 20, multiplier: [1073741824, 1073741824, 1073741824], shift: [0, 0, -19],
 *     output: { zeroPoint: -128 } },
 *   [{ shape: [2], data: [1, 2], zeroPoint: -128 }, { shape: [2], data: [3, 4], zeroPoint: -128 }])
 *
 * @example averagePool and mean, float32
 * runOperator('averagePool', 'float32', { size: [2, 2], stride: [2, 2] }, [{ shape: [1, 2, 2, 1], data: [1, 2, 3, 4] }])
 * runOperator('mean', 'float32', { keepDimensions: true }, [{ shape: [1, 2, 2, 1], data: [1, 2, 3, 4] }])
 *
 * @example softmax, int8, ready-made, with int8 and int16 output
 * runOperator('softmax', 'int8', { multiplier: [1077952640], leftShift: 19, diffMin: -3968 },
 *   [{ shape: [1, 5], data: [1, 2, 3, 4, 5] }])
 * runOperator('softmax', 'int8', { multiplier: [1077952640], leftShift: 19, diffMin: -3968, output: { type: 'int16' } },
 *   [{ shape: [1, 5], data: [1, 2, 3, 4, 5] }])
 *
 * @example clamp, relu and relu6
 * runOperator('clamp', 'float32', { min: -1, max: 1 }, [{ shape: [3], data: [-2, 0, 2] }])
 * runOperator('relu6', 'int16', { output: { scale: 0.001 } }, [{ shape: [1], data: [-5], scale: 0.001 }])
 *
 * @example pad and reshape
 * runOperator('pad', 'float32', { padding: [[1, 0]] }, [{ shape: [2], data: [5, 6] }])
 * runOperator('reshape', 'int8', { shape: [4] }, [{ shape: [2, 2], data: [1, 2, 3, 4] }])
 *
 * @example quantize (float32 to int8, uint8 to int8) and dequantize
 * runOperator('quantize', 'int8', { output: { scale: 0.5, zeroPoint: 3 } },
 *   [{ shape: [2], data: new Float32Array([0.25, -1]) }])
 * runOperator('quantize', 'int8', { output: { scale: 0.5, zeroPoint: -128 } },
 *   [{ shape: [1], data: new Uint8Array([255]), scale: 0.5, zeroPoint: 0 }])
 * runOperator('dequantize', 'int8', {}, [{ shape: [1], data: [7], scale: 0.5, zeroPoint: 3 }])
 */
export function runOperator<K extends OperatorKind>(
  kind: K,
  precision: PrecisionName,
  attributes: GivenAttributes<K>,
  inputs: readonly (GivenTensor | undefined)[],
): OperatorResult {
  const { graph, activations } = operatorGraph(kind, precision, attributes, inputs);
  const result = runOnce(graph, activations, { magnitudes: true });
  const [computed] = result.outputs;
  if (computed === undefined) throw new Error('Expected an output');
  const magnitudes = result.magnitudes.get(computed.name);
  return magnitudes === undefined ? computed : { ...computed, magnitudes };
}

/** The graph of one operator, not yet validated, and the arrays that it runs on. */
export interface OperatorGraph {
  readonly graph: UncheckedGraph;
  readonly activations: readonly TensorData[];
}

/**
 * What `runOperator` runs: the graph whose inputs are the operator's activations and whose constants are its weights.
 *
 * @throws {TypeError} for a kind or precision that does not exist, or data of a wrong type
 */
export function operatorGraph<K extends OperatorKind>(
  kind: K,
  precision: PrecisionName,
  attributes: GivenAttributes<K>,
  inputs: readonly (GivenTensor | undefined)[],
): OperatorGraph {
  if (!isOperatorKind(kind)) {
    throw new TypeError(`Expected an operator kind but found ${String(kind)}`);
  }
  if (!Object.hasOwn(precisions, precision)) {
    throw new TypeError(
      `Expected precision float32, int8 or int16 but found ${precision as string}`,
    );
  }
  const { output: given = {}, ...rest } = dropUndefined(attributes);
  const { accumulator } = rest as { readonly accumulator?: unknown };
  const tensors = inputs
    .filter((tensor) => tensor !== undefined)
    .map((tensor, position) => givenTensor(tensor, position, kind, precision, accumulator));
  const operator = {
    kind,
    name: kind,
    inputs: tensors.map((_, position) => position),
    output: tensors.length,
    attributes: { ...defaults[kind], ...rest },
  };
  const type = given.type ?? outputType(kind, precision, tensors[0]);
  // A shape that cannot be inferred is replaced by the input's: validation then says what is wrong.
  const shape = inferredShape(operator, tensors) ?? tensors[0]?.shape ?? [1];
  const output: GraphTensor = {
    name: 'output',
    type,
    shape,
    ...outputQuantization(kind, type, given, tensors[0]),
  };
  const activations = kind === 'add' ? tensors.length : 1;
  const graph = {
    name: kind,
    precision,
    tensors: [
      ...tensors.map((tensor, position) =>
        position < activations ? { ...tensor, data: undefined } : tensor,
      ),
      output,
    ].map(dropUndefinedData),
    operators: [operator],
    inputs: tensors.slice(0, activations).map((_, position) => position),
    outputs: [tensors.length],
    labels: [],
    provenance: {},
  };
  return { graph, activations: tensors.slice(0, activations).map((tensor) => tensor.data) };
}

const NAMES = ['input', 'weights', 'bias'];

function givenTensor(
  given: GivenTensor,
  position: number,
  kind: OperatorKind,
  precision: PrecisionName,
  accumulator: unknown,
): Tensor {
  const type = elementTypeOf(given.data) ?? usualType(position, kind, precision, accumulator);
  const name = kind === 'add' ? ['first', 'second'][position] : NAMES[position];
  return {
    name: name ?? `input ${String(position)}`,
    type,
    shape: given.shape,
    ...quantizationOf(given),
    data: elements(given, type),
  };
}

/** The type that plain numbers take: activations, weights and bias of the precision. */
function usualType(
  position: number,
  kind: OperatorKind,
  precision: PrecisionName,
  accumulator: unknown,
): ElementType {
  const record =
    precision === 'int16' && accumulator === 'int32'
      ? int16WithInt32Accumulator
      : precisions[precision];
  if (kind === 'quantize') return 'float32';
  if (position === 0 || kind === 'add') return record.activation;
  return position === 1 ? (record.weights[0] ?? record.activation) : record.bias;
}

function elements({ data, shape }: GivenTensor, type: ElementType): TensorData {
  if (elementTypeOf(data) !== undefined) return data as TensorData;
  const array = elementTypes[type].allocate(data.length);
  const { min, max } = elementTypes[type];
  data.forEach((value, i) => {
    const number = Number(value);
    if (type !== 'float32' && !(Number.isInteger(number) && number >= min && number <= max)) {
      throw new RangeError(`Expected ${type} elements but found ${String(value)}`);
    }
    array[i] = type === 'int64' ? BigInt(value) : number;
  });
  if (data.length !== elementCount(shape)) {
    throw new RangeError(
      `Expected ${String(elementCount(shape))} elements for shape [${shape.join(', ')}] but found ${String(data.length)}`,
    );
  }
  return array;
}

function quantizationOf({
  scale,
  zeroPoint = 0,
}: GivenQuantization): Pick<GraphTensor, 'quantization'> {
  if (scale === undefined && zeroPoint === 0) return {};
  const scales = scale === undefined ? [] : typeof scale === 'number' ? [scale] : scale;
  return { quantization: { scales: scales.map(Math.fround), zeroPoint } };
}

/** What the output has where nothing is given: the fixed form of softmax, the input's where it may not differ. */
function outputQuantization(
  kind: OperatorKind,
  type: ElementType,
  given: GivenQuantization,
  input: GraphTensor | undefined,
): Pick<GraphTensor, 'quantization'> {
  if (given.scale !== undefined || given.zeroPoint !== undefined) return quantizationOf(given);
  if (kind === 'softmax' && (input?.type === 'int8' || input?.type === 'int16')) {
    return quantizationOf(precisions[input.type].softmaxOutputs[type] ?? {});
  }
  const inherits = kind === 'averagePool' || kind === 'pad' || kind === 'reshape';
  if (inherits && input?.quantization !== undefined) return { quantization: input.quantization };
  return {};
}

function outputType(
  kind: OperatorKind,
  precision: PrecisionName,
  input: Tensor | undefined,
): ElementType {
  if (kind === 'dequantize') return 'float32';
  if (kind === 'quantize') return precisions[precision].activation;
  return input?.type ?? precisions[precision].activation;
}

function inferredShape(
  operator: { readonly kind: OperatorKind },
  tensors: readonly Tensor[],
): readonly number[] | undefined {
  try {
    return inferShape(
      operator as Parameters<typeof inferShape>[0],
      tensors.map((tensor) => tensor.shape),
    );
  } catch {
    return undefined;
  }
}

/** Without the properties that are undefined. */
function dropUndefined<T extends object>(properties: T): T {
  const given = Object.entries(properties).filter(([, value]) => value !== undefined);
  return Object.fromEntries(given) as T;
}

function dropUndefinedData({
  data,
  ...tensor
}: GraphTensor | (Omit<GraphTensor, 'data'> & { data: undefined })): GraphTensor {
  return data === undefined ? tensor : { ...tensor, data };
}
