/**
 * Rules that keep every integer of an operator in its type, for any input (rules R1 to R6).
 *
 * Overflow is undefined in C, absent in JavaScript and wraps in WebAssembly: a graph in which it could happen has no
 * common meaning, so it is refused from its weights alone.
 */

import { reduceMultiplier } from '../arithmetic/requantize.ts';
import { elementTypes } from '../graph/element-type.ts';
import type { Operator } from '../graph/operator.ts';
import { numbersOf, zeroPointOf, type GraphTensor } from '../graph/tensor.ts';
import { requantizationOf, type Requantization } from '../operators/requantization.ts';
import type { Precision } from '../precision/index.ts';
import { refuse } from './rules.ts';
import { operatorSubject, tensorSubject } from './structure.ts';

const INT32_LIMIT = 2 ** 31;
/** Q12.19 holds 4095 exponentials of at most 1. */
const MAX_SOFTMAX_INT8 = 4095;
const MAX_SOFTMAX_INT16 = 65535;

export function checkRanges(
  operator: Operator,
  inputs: readonly GraphTensor[],
  output: GraphTensor,
  precision: Precision,
): void {
  const requantization = requantizationOf(operator, inputs, output, precision);
  checkLimits(operator, output, requantization);
  const [first, second, third] = inputs;
  if (first === undefined || first.type === 'float32') return;
  const subject = operatorSubject(operator);
  switch (operator.kind) {
    case 'conv2d':
    case 'depthwiseConv2d':
    case 'fullyConnected': {
      const channels = output.shape.at(-1) ?? 0;
      checkFactors(operator, requantization, channels, [-31, 7]);
      if (second === undefined) return;
      const bounds = accumulatorBounds(operator, first, second, third);
      checkAccumulators(subject, bounds, requantization, precision);
      return;
    }
    case 'add':
      checkFactors(operator, requantization, 3, [-31, 7]);
      if (second !== undefined) checkAdd(subject, first, second, requantization);
      return;
    case 'mean': {
      checkFactors(operator, requantization, 1, [-31, 30]);
      const [, height = 1, width = 1] = first.shape;
      checkRescale(subject, 'the sum', radius(first) * height * width, requantization.shift[0]);
      return;
    }
    case 'averagePool': {
      const [height, width] = operator.attributes.size;
      checkRescale(subject, 'the sum', 32768 * height * width, 0);
      return;
    }
    case 'softmax':
      checkSoftmax(subject, first, requantization, precision);
      return;
    case 'clamp':
    case 'relu':
    case 'relu6':
    case 'quantize':
      checkFactors(operator, requantization, 1, [-31, 30]);
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

function checkAccumulators(
  subject: string,
  bounds: Float64Array,
  { multiplier, shift }: Requantization,
  precision: Precision,
): void {
  bounds.forEach((bound, channel) => {
    const s = shift[channel] ?? 0;
    if (precision.accumulatorLimit === INT32_LIMIT) {
      const shifted = bound * 2 ** Math.max(s, 0);
      if (shifted >= INT32_LIMIT) refuse('range-int32', subject, channel, shifted);
      return;
    }
    if (bound >= precision.accumulatorLimit) refuse('range-int64', subject, channel, bound);
    const rescaled = (bound * reduceMultiplier(multiplier[channel] ?? 0)) / 2 ** (15 - s);
    if (rescaled >= INT32_LIMIT) refuse('range-int64-result', subject, channel, rescaled);
  });
}

function checkAdd(
  subject: string,
  first: GraphTensor,
  second: GraphTensor,
  { multiplier, shift, leftShift }: Requantization,
): void {
  let sum = 0;
  [first, second].forEach((tensor, i) => {
    const shifted = radius(tensor) * 2 ** leftShift;
    checkRescale(subject, 'an input with its headroom', shifted, shift[i]);
    sum += Math.ceil(shifted * (multiplier[i] ?? 0) * 2 ** ((shift[i] ?? 0) - 31)) + 1;
  });
  const outputShift = shift[2] ?? 0;
  if (outputShift > 0) refuse('add-factor', subject, outputShift);
  checkRescale(subject, 'the sum', sum, 0);
}

function checkSoftmax(
  subject: string,
  input: GraphTensor,
  { multiplier, leftShift, diffMin }: Requantization,
  precision: Precision,
): void {
  const [m] = multiplier;
  if (m === undefined || !Number.isInteger(m) || m < 0 || m >= INT32_LIMIT) {
    refuse('multiplier-range', subject, m);
  }
  const [minShift, maxShift] = precision.name === 'int8' ? [0, 31] : [-31, 15];
  if (!Number.isInteger(leftShift) || leftShift < minShift || leftShift > maxShift) {
    refuse('shift-range', subject, minShift, maxShift, leftShift);
  }
  const length = input.shape.at(-1) ?? 1;
  if (precision.name === 'int8') {
    if (length > MAX_SOFTMAX_INT8) refuse('range-softmax', subject, MAX_SOFTMAX_INT8, length);
    const largest = Math.min(-diffMin, 255);
    checkRescale(subject, 'the shifted difference', largest, leftShift);
    // Below -32 the fixed-point exponential has no bits left to represent the difference.
    if (diffMin > 0) refuse('range-rescale', subject, 'diffMin', diffMin);
    return;
  }
  if (length > MAX_SOFTMAX_INT16) refuse('range-softmax', subject, MAX_SOFTMAX_INT16, length);
  checkRescale(subject, 'the shifted difference', 65535, leftShift);
}

function checkRescale(subject: string, what: string, bound: number, shift = 0): void {
  const shifted = bound * 2 ** Math.max(shift, 0);
  if (shifted >= INT32_LIMIT) refuse('range-rescale', subject, what, shifted);
}

function checkFactors(
  operator: Operator,
  { multiplier, shift }: Requantization,
  count: number,
  [minShift, maxShift]: readonly [number, number],
): void {
  const subject = operatorSubject(operator);
  if (multiplier.length !== count || shift.length !== count) {
    const wanted =
      count === 1 || count === 3 ? `${String(count)} of each` : `1 or ${String(count)} of each`;
    refuse('integers-count', subject, wanted, multiplier.length, shift.length);
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

function checkLimits(operator: Operator, output: GraphTensor, { min, max }: Requantization): void {
  const type = elementTypes[output.type];
  const integers = output.type === 'float32' || (Number.isInteger(min) && Number.isInteger(max));
  if (!integers || !(min <= max) || min < type.min || max > type.max) {
    refuse('activation-limits', tensorSubject(output), min, max, output.type);
  }
  const { attributes } = operator;
  const one = 'multiplier' in attributes && !('shift' in attributes) && operator.kind !== 'softmax';
  const other = !('multiplier' in attributes) && 'shift' in attributes;
  if (one || other) {
    refuse(
      'integers-count',
      operatorSubject(operator),
      'multiplier and shift together',
      one ? 1 : 0,
      other ? 1 : 0,
    );
  }
}
