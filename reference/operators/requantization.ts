/**
 * The integers an operator computes with: from its scales, or ready-made (rules A3, A6).
 */

import {
  addFactors,
  convolutionFactor,
  foldCount,
  perTensorFactor,
  quantizeMultiplier,
  softmaxDiffMin,
  softmaxInt16Factor,
  softmaxInt8Factor,
  type FixedPoint,
} from '../arithmetic/multiplier.ts';
import { quantizeValue } from '../arithmetic/quantize-value.ts';
import { clamp } from '../arithmetic/rounding.ts';
import { elementTypes } from '../graph/element-type.ts';
import type {
  Activation,
  Operator,
  OperatorKind,
  OperatorOf,
  ReadyIntegers,
} from '../graph/operator.ts';
import { zeroPointOf, type GraphTensor } from '../graph/tensor.ts';
import type { Precision } from '../precision/index.ts';
import type { Call } from './call.ts';

export interface Requantization {
  /** One per output channel (convolutions, fully connected), three (add), one (others), none (float32). */
  readonly multiplier: readonly number[];
  readonly shift: readonly number[];
  /** Headroom of an add's inputs; exponent of a softmax's differences. */
  readonly leftShift: number;
  /** Smallest difference of an int8 softmax that is not taken for zero probability. */
  readonly diffMin: number;
  /** Limits of the output element, in codes; in real numbers for float32. */
  readonly min: number;
  readonly max: number;
}

/**
 * The requantisation of an operator. `inputs` and `output` are its tensors; only their descriptions are read.
 *
 * @throws {RangeError} for scales without a finite factor, which validation refuses
 */
export function requantizationOf(
  operator: Operator,
  inputs: readonly GraphTensor[],
  output: GraphTensor,
  precision: Precision,
): Requantization {
  const [min, max] = limits(operator, output);
  const integers = integersOf(operator, inputs, output, precision);
  const fixed = { ...integers, leftShift: 0, diffMin: 0, min, max };
  if (precision.name === 'float32') return fixed;
  const [multiplier = 0] = integers.multiplier;
  const [shift = 0] = integers.shift;
  switch (operator.kind) {
    case 'add':
      return { ...fixed, leftShift: addLeftShift(operator, precision) };
    case 'mean': {
      const [, height = 1, width = 1] = inputs[0]?.shape ?? [];
      return { ...fixed, ...split([foldCount({ multiplier, shift }, height * width)]) };
    }
    case 'softmax': {
      const diffMin = operator.attributes.diffMin ?? softmaxDiffMin(shift);
      return { ...fixed, shift: [], leftShift: shift, diffMin };
    }
    default:
      return fixed;
  }
}

/** The real factors that an operator's scales give; none where it has none. */
export function factorsOf(
  operator: Operator,
  [first, second]: readonly GraphTensor[],
  output: GraphTensor,
  precision: Precision,
): readonly number[] {
  const input = scaleOf(first);
  switch (operator.kind) {
    case 'conv2d':
    case 'depthwiseConv2d':
    case 'fullyConnected': {
      const scales = second?.quantization?.scales ?? [];
      const factor =
        operator.kind === 'fullyConnected' && scales.length === 1
          ? perTensorFactor
          : convolutionFactor;
      return scales.map((scale) => factor(input, scale, scaleOf(output)));
    }
    case 'add':
      return addFactors(input, scaleOf(second), scaleOf(output), addLeftShift(operator, precision));
    case 'softmax': {
      const factor = precision.name === 'int8' ? softmaxInt8Factor : softmaxInt16Factor;
      return [factor(operator.attributes.beta, input)];
    }
    case 'mean':
    case 'clamp':
    case 'relu':
    case 'relu6':
    case 'quantize':
      return [input / scaleOf(output)];
    case 'averagePool':
    case 'pad':
    case 'reshape':
    case 'dequantize':
      return [];
  }
}

function addLeftShift({ attributes }: OperatorOf<'add'>, precision: Precision): number {
  return attributes.leftShift ?? precision.addLeftShift;
}

export type Integers = Pick<Requantization, 'multiplier' | 'shift'>;

/** Multipliers and shifts, ready-made or from the scales, before the count of a mean is folded in. */
export function integersOf(
  operator: Operator,
  inputs: readonly GraphTensor[],
  output: GraphTensor,
  precision: Precision,
): Integers {
  if (precision.name === 'float32') return { multiplier: [], shift: [] };
  const integers =
    readyIntegersOf(operator) ??
    split(factorsOf(operator, inputs, output, precision).map(quantizeMultiplier));
  switch (operator.kind) {
    case 'conv2d':
    case 'depthwiseConv2d':
    case 'fullyConnected':
      return perChannel(integers, output.shape.at(-1) ?? 0);
    default:
      return integers;
  }
}

function split(factors: readonly FixedPoint[]): Integers {
  return { multiplier: factors.map((f) => f.multiplier), shift: factors.map((f) => f.shift) };
}

function perChannel({ multiplier, shift }: Integers, channels: number): Integers {
  const each = (list: readonly number[]) =>
    list.length === 1 ? Array.from({ length: channels }, () => list[0] ?? NaN) : list;
  return { multiplier: each(multiplier), shift: each(shift) };
}

function scaleOf(tensor: GraphTensor | undefined): number {
  return tensor?.quantization?.scales[0] ?? NaN;
}

const ACTIVATION_LIMITS: Readonly<Record<Activation, readonly [number, number]>> = {
  none: [-Infinity, Infinity],
  relu: [0, Infinity],
  relu6: [0, 6],
};

/** The limits of an operator's output, in codes (float32: real numbers). */
function limits(operator: Operator, output: GraphTensor): readonly [number, number] {
  const [min, max] = realLimits(operator);
  const code = (real: number): number => {
    const type = elementTypes[output.type];
    if (output.type === 'float32') return real;
    if (Math.abs(real) === Infinity) return clamp(real, type.min, type.max);
    return quantizeValue(real, scaleOf(output), zeroPointOf(output), type.min, type.max);
  };
  const ready = readyIntegers(operator);
  return [ready.activationMin ?? code(min), ready.activationMax ?? code(max)];
}

function realLimits(operator: Operator): readonly [number, number] {
  switch (operator.kind) {
    case 'clamp':
      return [operator.attributes.min, operator.attributes.max];
    case 'relu':
    case 'relu6':
      return ACTIVATION_LIMITS[operator.kind];
    case 'conv2d':
    case 'depthwiseConv2d':
    case 'fullyConnected':
    case 'add':
    case 'averagePool':
      return ACTIVATION_LIMITS[operator.attributes.activation];
    default:
      return ACTIVATION_LIMITS.none;
  }
}

/** The finishing step of sums that are requantised per output channel. */
export function finishPerChannel<K extends OperatorKind>(
  call: Call<K>,
): (sum: number, channel: number) => number {
  const { precision, requantization } = call;
  const { multiplier, shift, min, max } = requantization;
  const zeroPoint = zeroPointOf(call.output);
  return (sum, channel) => {
    const value = precision.rescale(sum, multiplier[channel] ?? 0, shift[channel] ?? 0);
    return clamp(value + zeroPoint, min, max);
  };
}

/** The ready-made integers among an operator's attributes. */
export function readyIntegers(operator: Operator): ReadyIntegers & { readonly leftShift?: number } {
  const attributes: object = operator.attributes;
  return attributes;
}

/** The ready-made multipliers and shifts, with which an operator's tensors need no scales. */
export function readyIntegersOf(operator: Operator): Integers | undefined {
  const { multiplier, shift, leftShift } = readyIntegers(operator);
  const exponents = operator.kind === 'softmax' && leftShift !== undefined ? [leftShift] : shift;
  return multiplier === undefined || exponents === undefined
    ? undefined
    : { multiplier, shift: exponents };
}
