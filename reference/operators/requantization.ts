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
import type { Activation, Operator, OperatorKind, ReadyIntegers } from '../graph/operator.ts';
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
 * A scale that is needed and absent yields NaN, which validation refuses.
 */
export function requantizationOf(
  operator: Operator,
  inputs: readonly GraphTensor[],
  output: GraphTensor,
  precision: Precision,
): Requantization {
  const [min, max] = limits(operator, output);
  const fixed = { multiplier: [], shift: [], leftShift: 0, diffMin: 0, min, max };
  const [first, second] = inputs;
  if (precision.name === 'float32' || first === undefined) return fixed;
  const input = scaleOf(first);
  switch (operator.kind) {
    case 'conv2d':
    case 'depthwiseConv2d':
    case 'fullyConnected': {
      const channels = output.shape.at(-1) ?? 0;
      const scales = second?.quantization?.scales ?? [];
      const factor =
        operator.kind === 'fullyConnected' && scales.length === 1
          ? perTensorFactor
          : convolutionFactor;
      const factors = () =>
        scales.map((scale) => quantizeMultiplier(factor(input, scale, scaleOf(output))));
      return { ...fixed, ...perChannel(integers(operator.attributes, factors), channels) };
    }
    case 'add': {
      const leftShift = operator.attributes.leftShift ?? precision.addLeftShift;
      const factors = () =>
        addFactors(input, scaleOf(second), scaleOf(output), leftShift).map(quantizeMultiplier);
      return { ...fixed, ...integers(operator.attributes, factors), leftShift };
    }
    case 'mean': {
      const { multiplier, shift } = integers(operator.attributes, () => [
        quantizeMultiplier(input / scaleOf(output)),
      ]);
      const [, height = 1, width = 1] = first.shape;
      const folded = foldCount(
        { multiplier: multiplier[0] ?? NaN, shift: shift[0] ?? NaN },
        height * width,
      );
      return { ...fixed, ...split([folded]) };
    }
    case 'softmax': {
      const { multiplier, leftShift, diffMin, beta } = operator.attributes;
      const factor = precision.name === 'int8' ? softmaxInt8Factor : softmaxInt16Factor;
      const derived =
        multiplier?.[0] === undefined || leftShift === undefined
          ? quantizeMultiplier(factor(beta, input))
          : { multiplier: multiplier[0], shift: leftShift };
      return {
        ...fixed,
        multiplier: [derived.multiplier],
        leftShift: derived.shift,
        diffMin: diffMin ?? softmaxDiffMin(derived.shift),
      };
    }
    case 'clamp':
    case 'relu':
    case 'relu6':
    case 'quantize': {
      const factors = () => [quantizeMultiplier(input / scaleOf(output))];
      return { ...fixed, ...integers(operator.attributes, factors) };
    }
    case 'averagePool':
    case 'pad':
    case 'reshape':
    case 'dequantize':
      return fixed;
  }
}

type Integers = Pick<Requantization, 'multiplier' | 'shift'>;

function integers(ready: ReadyIntegers, derive: () => readonly FixedPoint[]): Integers {
  const { multiplier, shift } = ready;
  return multiplier !== undefined && shift !== undefined ? { multiplier, shift } : split(derive());
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
function readyIntegers(operator: Operator): ReadyIntegers & { readonly leftShift?: number } {
  const attributes: object = operator.attributes;
  return attributes;
}

/** Whether an operator has all integers ready-made, so that its tensors need no scales. */
export function hasReadyIntegers(operator: Operator): boolean {
  const ready = readyIntegers(operator);
  return operator.kind === 'softmax'
    ? ready.multiplier !== undefined && ready.leftShift !== undefined
    : ready.multiplier !== undefined && ready.shift !== undefined;
}
