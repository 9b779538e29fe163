/**
 * Rules that keep every integer of an operator in its type, for any input (rules R1 to R6).
 *
 * Overflow is undefined in C, absent in JavaScript and wraps in WebAssembly: a graph in which it could happen has no
 * common meaning, so it is refused from its weights alone.
 */

import { requantizeInt32 } from '../arithmetic/requantize.ts';
import { elementTypes } from '../graph/element-type.ts';
import type { Operator, OperatorOf } from '../graph/operator.ts';
import { numbersOf, zeroPointOf, type GraphTensor } from '../graph/tensor.ts';
import {
  integersOf,
  requantizationOf,
  type Integers,
  type Requantization,
} from '../operators/requantization.ts';
import { extents4 } from '../operators/window.ts';
import type { Precision } from '../precision/index.ts';
import { refuse } from './rules.ts';
import { operatorSubject, tensorSubject } from './structure.ts';

const INT32_LIMIT = 2 ** 31;
/** Below it every sum of integers is exact in float64. */
const EXACT_LIMIT = 2 ** 53;
/** Q12.19 holds 4095 exponentials of at most 1. */
const MAX_SOFTMAX_INT8 = 4095;
const MAX_SOFTMAX_INT16 = 65535;

/**
 * `measure` is asked where accumulators could overflow on some input: per output channel, their largest magnitude on
 * the inputs that are known, or undefined where none are.
 */
export function checkRanges(
  operator: Operator,
  inputs: readonly GraphTensor[],
  output: GraphTensor,
  precision: Precision,
  measure: () => Float64Array | undefined,
): void {
  if (precision.name !== 'float32') {
    checkIntegers(operator, integersOf(operator, inputs, output, precision), output, precision);
  }
  const requantization = requantizationOf(operator, inputs, output, precision);
  checkLimits(output, requantization);
  const [first, second, third] = inputs;
  if (first === undefined || first.type === 'float32') return;
  const subject = operatorSubject(operator);
  switch (operator.kind) {
    case 'conv2d':
    case 'depthwiseConv2d':
    case 'fullyConnected': {
      if (second === undefined) return;
      const bounds = accumulatorBounds(operator, first, second, third);
      let overflow = overflowOf(bounds, output, requantization, precision);
      if (overflow !== undefined && mayMeasure(bounds, precision)) {
        const measured = measure();
        if (measured !== undefined) {
          overflow = overflowOf(measured, output, requantization, precision);
        }
      }
      if (overflow !== undefined) refuse(overflow.rule, subject, overflow.channel, overflow.found);
      return;
    }
    case 'add':
      if (second !== undefined) checkAdd(subject, first, second, output, requantization);
      return;
    case 'mean': {
      const [, height = 1, width = 1] = first.shape;
      checkRescale(subject, 'the sum', radius(first) * height * width, requantization.shift[0]);
      return;
    }
    case 'averagePool':
      checkPool(subject, operator, first);
      return;
    case 'softmax':
      checkSoftmax(subject, first, requantization, precision);
      return;
    case 'clamp':
    case 'relu':
    case 'relu6':
    case 'quantize':
      checkRescale(subject, 'the rescaled input', radius(first), requantization.shift[0]);
      return;
    case 'pad':
    case 'reshape':
    case 'dequantize':
  }
}

/** The largest |x - zeroPoint| of a tensor. */
function radius(tensor: GraphTensor): number {
  const { min, max } = elementTypes[tensor.type];
  const zeroPoint = zeroPointOf(tensor);
  return Math.max(zeroPoint - min, max - zeroPoint);
}

/** Per output channel: sum of |w| times the largest |x - zeroPoint|, plus |bias|. */
function accumulatorBounds(
  operator: Operator,
  input: GraphTensor,
  weights: GraphTensor,
  bias: GraphTensor | undefined,
): Float64Array {
  const channelsLast = operator.kind === 'depthwiseConv2d';
  const channels = (channelsLast ? weights.shape.at(-1) : weights.shape[0]) ?? 0;
  const values = numbersOf(weights.data ?? new Int8Array(0));
  const perChannel = values.length / channels;
  const sums = new Float64Array(channels);
  values.forEach((w, i) => {
    const channel = channelsLast ? i % channels : Math.floor(i / perChannel);
    sums[channel] = (sums[channel] ?? 0) + Math.abs(w);
  });
  const largest = radius(input);
  return sums.map((sum, c) => sum * largest + Math.abs(Number(bias?.data?.[c] ?? 0)));
}

/**
 * int16 in 32 bits (rule T6) alone: full-scale inputs overflow from 517 weights of 127 on, which published vectors have
 * (CMSIS-NN's int16xint8xint32), though nothing overflows on their inputs. The sums have to be exact in float64.
 */
function mayMeasure(bounds: Float64Array, precision: Precision): boolean {
  const narrow = precision.name === 'int16' && precision.accumulatorLimit === INT32_LIMIT;
  return narrow && bounds.every((bound) => bound < EXACT_LIMIT);
}

interface Overflow {
  readonly rule: 'range-int32' | 'range-int64' | 'range-result';
  readonly channel: number;
  readonly found: number;
}

/** The first channel whose accumulators, of the given magnitudes at most, leave their range (rules R1, R2). */
function overflowOf(
  bounds: Float64Array,
  output: GraphTensor,
  { multiplier, shift }: Requantization,
  precision: Precision,
): Overflow | undefined {
  const zeroPoint = Math.abs(zeroPointOf(output));
  for (const [channel, bound] of bounds.entries()) {
    const s = shift[channel] ?? 0;
    if (precision.accumulatorLimit === INT32_LIMIT) {
      const shifted = bound * 2 ** Math.max(s, 0);
      if (shifted >= INT32_LIMIT) return { rule: 'range-int32', channel, found: shifted };
    } else if (bound >= precision.accumulatorLimit) {
      return { rule: 'range-int64', channel, found: bound };
    }
    const result = precision.rescale(bound, multiplier[channel] ?? 0, s) + zeroPoint;
    if (result >= INT32_LIMIT) return { rule: 'range-result', channel, found: result };
  }
  return undefined;
}

function checkAdd(
  subject: string,
  first: GraphTensor,
  second: GraphTensor,
  output: GraphTensor,
  { multiplier, shift, leftShift }: Requantization,
): void {
  let sum = 0;
  [first, second].forEach((tensor, i) => {
    const headroom = radius(tensor) * 2 ** leftShift;
    checkRescale(subject, 'an input with its headroom', headroom, shift[i]);
    sum += requantizeInt32(headroom, multiplier[i] ?? 0, shift[i] ?? 0);
  });
  const outputShift = shift[2] ?? 0;
  if (outputShift > 0) refuse('add-factor', subject, outputShift);
  checkRescale(subject, 'the sum', sum);
  const result = requantizeInt32(sum, multiplier[2] ?? 0, outputShift);
  checkRescale(subject, 'the result and its zero point', result + Math.abs(zeroPointOf(output)));
}

/** The sum, and the half of the count that C adds before it divides. */
function checkPool(subject: string, operator: OperatorOf<'averagePool'>, input: GraphTensor): void {
  const [, height, width] = extents4(input.shape);
  const { size } = operator.attributes;
  const count = Math.min(size[0], height) * Math.min(size[1], width);
  const largest = -elementTypes[input.type].min;
  checkRescale(subject, 'the sum', largest * count + Math.floor(count / 2));
}

function checkSoftmax(
  subject: string,
  input: GraphTensor,
  { leftShift, diffMin }: Requantization,
  precision: Precision,
): void {
  const length = input.shape.at(-1) ?? 1;
  const [limit, largest] =
    precision.name === 'int8'
      ? [MAX_SOFTMAX_INT8, Math.min(Math.max(-diffMin, 0), 255)]
      : [MAX_SOFTMAX_INT16, 65535];
  if (length > limit) refuse('range-softmax', subject, limit, length);
  checkRescale(subject, 'the shifted difference', largest, leftShift);
}

function checkRescale(subject: string, what: string, bound: number, shift = 0): void {
  const shifted = bound * 2 ** Math.max(shift, 0);
  if (shifted >= INT32_LIMIT) refuse('range-rescale', subject, what, shifted);
}

/** How many multipliers an operator has, and the range of its shifts (rule R3); undefined where it has none. */
function wantedIntegers(
  operator: Operator,
  output: GraphTensor,
  precision: Precision,
): readonly [count: number, minShift: number, maxShift: number] | undefined {
  switch (operator.kind) {
    case 'conv2d':
    case 'depthwiseConv2d':
    case 'fullyConnected':
      return [output.shape.at(-1) ?? 0, -31, 7];
    case 'add':
      return [3, -31, 7];
    case 'softmax':
      return precision.name === 'int8' ? [1, 0, 31] : [1, -31, 15];
    case 'mean':
    case 'clamp':
    case 'relu':
    case 'relu6':
    case 'quantize':
      return [1, -31, 30];
    case 'averagePool':
    case 'pad':
    case 'reshape':
    case 'dequantize':
      return undefined;
  }
}

function checkIntegers(
  operator: Operator,
  { multiplier, shift }: Integers,
  output: GraphTensor,
  precision: Precision,
): void {
  const wanted = wantedIntegers(operator, output, precision);
  if (wanted === undefined) return;
  const [count, minShift, maxShift] = wanted;
  const subject = operatorSubject(operator);
  if (multiplier.length !== count || shift.length !== count) {
    const text =
      count === 1 || count === 3 ? `${String(count)} of each` : `1 or ${String(count)} of each`;
    refuse('integers-count', subject, text, multiplier.length, shift.length);
  }
  for (const m of multiplier) {
    if (!Number.isInteger(m) || m < 0 || m >= INT32_LIMIT) refuse('multiplier-range', subject, m);
  }
  for (const s of shift) {
    if (!Number.isInteger(s) || s < minShift || s > maxShift) {
      refuse('shift-range', subject, minShift, maxShift, s);
    }
  }
}

function checkLimits(output: GraphTensor, { min, max }: Requantization): void {
  const type = elementTypes[output.type];
  const integers = output.type === 'float32' || (Number.isInteger(min) && Number.isInteger(max));
  if (!integers || !(min <= max) || min < type.min || max > type.max) {
    refuse('activation-limits', tensorSubject(output), min, max, output.type);
  }
}
