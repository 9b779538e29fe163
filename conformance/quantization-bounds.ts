/**
 * How far an integer operator may be from float32, operator by operator: what rounding to codes costs, and nothing more.
 *
 * An integer operator that is given by scales stands for real numbers (rule T2). Its output, as such numbers, is held to
 * the float32 reference operator on the numbers that its input, weights and bias stand for. All bounds follow from the
 * scales, the weights and the inputs; none reads the multipliers, tables or codes that the operator computes with.
 * u = 2^-24 is float32's unit roundoff, s the output's scale, y the expected number.
 *
 * - A factor F = f 2^shift, f in [1/2, 1), becomes a multiplier of 31 bits (A3): off by half a unit, relatively by
 *   2^-32 / f, and 2^-51 for F itself in float64. Below 2^-32 it becomes 0, off by all of y.
 *   A4 rounds to 31 fractional bits, where it errs by half a unit of 2^shift, and then to codes: 1/2 + 2^(shift - 1)
 *   steps where shift < 0, else 1/2.
 *   A5 leaves 15 bits of the multiplier: off by half a unit of 2^-15, relatively by (2^-16 + 2^-32) / f; a fraction above
 *   0x7FFF / 2^15 becomes that, off by the difference. It rounds once: 1/2 step.
 * - Limits (A6, E2, saturation): a limit outside the type, like the type's own ends, is met exactly, so is 0. Any other
 *   is rounded to a code, after a float32 division: 1/2 + u |limit| / s steps. Since a clamp widens no difference, the
 *   bound is the larger of that and the rounding, not their sum; and y is the clamped number: an error of y relative to it
 *   becomes one relative to the limit.
 * - conv2d, depthwiseConv2d, fullyConnected: s (rounding) + |y| (relative error of the factor; with one weight scale a
 *   fully connected layer's is rounded to float32, by u) + the float32 side: inputs, weights and bias are rounded to
 *   float32, so that no product is off by more than gamma(3) with what a float64 sum loses: gamma(3) (sum |x w| +
 *   |bias|), and an ulp of y.
 * - add: each input is rescaled to the unit 2 max(s1, s2) / 2^left with factors s_i / (2 max(s1, s2)), their sum by
 *   unit / s. Before the last rescaling: unit (rounding1 + rounding2) + relative1 |x1| + relative2 |x2|; that passes it with
 *   1 + relative, which adds s (rounding) + relative |y|. float32: u (|x1| + |x2|) and an ulp of y.
 * - averagePool: s / 2. float32: u max |x| and an ulp of y.
 * - mean of n: as one A4 whose multiplier m 2^b / n, b = min(floor(log2 n), 31 + shift), is truncated: off by less than one
 *   unit, relatively by n / (m 2^b), 2^-29 for factors that are not tiny; its shift is b lower, which makes the first
 *   rounding finer. float32: as averagePool.
 * - clamp, relu, relu6, quantize from integers: one A4 of s_in / s. float32: u |y| and an ulp of y.
 * - quantize from float32: s / 2, u |y| for the float32 quotient, and an ulp of y.
 * - dequantize, pad, reshape: u |y|, the rounding of scale * (q - zeroPoint) to float32; the codes are exact.
 * - softmax: interval arithmetic. Every exponential has an interval [e-, e+] that holds it whatever its roundings; with R
 *   the sum of the others', p lies between e- / (e- + R+) and e+ / (e+ + R-), widened by the division's errors, and is
 *   rounded to a code, half a step. float32: 4 u beta max |x| p for inputs rounded to float32, and an ulp of p.
 *   int8 (S2): a difference d is rescaled by A4 to units of 2^-26 (no rounding of 0), and exp(d) has an absolute error
 *   below EXP_FIXED_POINT. Differences beyond 31 * 2^26 / 2^left codes count as 0: their e is [0, 0]. Each term of the sum
 *   is rounded to 2^-19, half a unit. The reciprocal errs by RECIPROCAL_FIXED_POINT, relatively by up to twice that, its
 *   product with e by 2^-32.
 *   int16 (S3): d is rescaled by A4 to units of 10 / 65535, whereas the table's are 10 / 65536: it is read at
 *   d - (d + 10) / 65536, and at -10 for all below. Between anchors h = 10 / 512 apart a chord is off by at most
 *   h^2 / 8 max |exp''|; the correction at the middle halves that: h^2 / 16 e, plus EXP_TABLE_ROUNDING for the roundings
 *   of anchors and result. The sum is exact; taken as 2^k (1 + x) it is rounded to 16 bits, relatively by 2^-17;
 *   1 / (1 + x) from the table errs by RECIPROCAL_TABLE_ERROR, relatively by 1 + x times that.
 *
 * Scales are such that nothing underflows in float32: above 2^-100. Values are finite.
 */

import {
  elementTypes,
  operatorGraph,
  runOperator,
  validateGraph,
  zeroPointOf,
  type Activation,
  type GraphTensor,
  type Operator,
  type OperatorKind,
  type Tensor,
  type TensorData,
} from '../reference/index.ts';
import { givenIntegers } from '../reference/graph/ready-integers.ts';
import type { OperatorCase } from './operator-case.ts';
import { gamma, ulp, type Violation } from './tolerances.ts';

/** Largest |found - exp(a)| of the int8 softmax's exponential: 492.3 units of 2^-31, by trying all of [-1/4, 0). */
export const EXP_FIXED_POINT = 2 ** -22;

/**
 * Largest error of the int8 softmax's reciprocal, in units of 2^-31: 4 for the rounding of the third Newton-Raphson
 * step, 2 for that of its error term, 1 for the halved denominator, 1 for the saturation at 1, and 2^31 / 17^8 < 1 for
 * what three steps leave of the first guess's error of 1/17.
 */
export const RECIPROCAL_FIXED_POINT = 9 * 2 ** -31;

/** Half a chord's error between anchors of the int16 softmax's exponential, relative to it. */
export const EXP_TABLE_CHORD = (10 / 512) ** 2 / 16;

/** What the roundings of anchors and interpolation add: 1.587 units of 2^-15, by trying all 65536 codes. */
export const EXP_TABLE_ROUNDING = 1.6 * 2 ** -15;

/** Largest error of the int16 softmax's reciprocal: 1.420 units of 2^-15, by trying all 65536 codes. */
export const RECIPROCAL_TABLE_ERROR = 1.43 * 2 ** -15;

const UNIT_ROUNDOFF = 2 ** -24;

export interface Float32Comparison {
  /** The largest difference as a fraction of its bound, at most 1 where all is well. */
  readonly worst: number;
  /** The first element beyond its bound, in real numbers. */
  readonly violation?: Violation;
}

/**
 * Compares an integer operator with the float32 operator on the same real numbers.
 *
 * `found` is the integer operator's output, the reference's where none is given.
 *
 * @throws {GraphError} for a case that breaks a rule
 * @throws {RangeError} for a case that is not given by scales, or `found` of another length
 */
export function compareWithFloat32(drawn: OperatorCase, found?: TensorData): Float32Comparison {
  const { operator, inputs, output } = describedCase(drawn);
  const expected = expectedReal(operator, inputs, output);
  const bounds = quantizationBound(operator, inputs, output, expected);
  const codes =
    found ??
    runOperator<OperatorKind>(drawn.kind, drawn.precision, drawn.attributes, drawn.inputs).data;
  if (codes.length !== bounds.length) {
    throw new RangeError(
      `Expected ${String(bounds.length)} elements from operator "${operator.name}" but found ${String(codes.length)}`,
    );
  }
  const reals = exactReals({ ...output, data: codes });
  let worst = 0;
  let violation: Violation | undefined;
  bounds.forEach((bound, index) => {
    const real = reals[index] ?? NaN;
    const wanted = expected.data[index] ?? NaN;
    const difference = Math.abs(real - wanted);
    const share = difference === 0 ? 0 : difference / bound;
    worst = Math.max(worst, Number.isNaN(share) ? Infinity : share);
    if (!(share <= 1)) violation ??= { index, expected: wanted, found: real, bound };
  });
  return { worst, ...(violation === undefined ? {} : { violation }) };
}

/** What float32 makes of an integer operator's real numbers. */
export interface ExpectedReal {
  /** Within the output's range, or its type's: what a code can stand for. */
  readonly data: Float64Array;
  /** Sum of |x * w| + |bias| of each output element, for sums. */
  readonly magnitudes?: Float64Array;
}

/**
 * The largest difference to `expected` of each element of an integer operator's output, in real numbers.
 *
 * `inputs` are the operator's, with their scales; `output` describes what it writes; `expected` is what float32 makes of
 * them, clamped to what the output's codes can stand for.
 */
export function quantizationBound(
  operator: Operator,
  inputs: readonly Tensor[],
  output: GraphTensor,
  expected: ExpectedReal,
): Float64Array {
  const { data } = expected;
  const [input, second] = inputs;
  if (input === undefined) throw new Error('Expected an input');
  const scale = scaleOf(output);
  const first = scaleOf(input);
  const limits = limitRounding(operator, output);
  /** Of an output that is rounded, in steps, and clamped. */
  const step = (rounding: number): number => scale * Math.max(rounding, limits);
  switch (operator.kind) {
    case 'conv2d':
    case 'depthwiseConv2d':
    case 'fullyConnected': {
      const rescalings = channelRescalings(operator, input, second, output);
      return data.map((y, i) => {
        const { rounding, relative } = rescalings[i % rescalings.length] ?? UNKNOWN;
        const float = gamma(3) * (expected.magnitudes?.[i] ?? NaN) + ulp(y);
        return step(rounding) + relative * Math.abs(y) + float;
      });
    }
    case 'add': {
      const other = second ?? input;
      const twice = 2 * Math.max(first, scaleOf(other));
      const unit = twice / 2 ** (input.type === 'int8' ? 20 : 15);
      const terms = [input, other].map((tensor) => {
        const { rounding, relative } = rescaledTwice(scaleOf(tensor) / twice);
        const reals = exactReals(tensor).map(Math.abs);
        return reals.map((x) => unit * rounding + (relative + UNIT_ROUNDOFF) * x);
      });
      const { rounding, relative } = rescaledTwice(unit / scale);
      return data.map((y, i) => {
        const before = (terms[0]?.[i] ?? NaN) + (terms[1]?.[i] ?? NaN);
        return step(rounding) + relative * Math.abs(y) + (1 + relative) * before + ulp(y);
      });
    }
    case 'averagePool':
    case 'mean': {
      const [, height = 1, width = 1] = input.shape;
      const { rounding, relative } =
        operator.kind === 'mean' ? rescaledMean(first / scale, height * width) : ROUNDED;
      const largest = largestMagnitude(input);
      return data.map(
        (y) => step(rounding) + relative * Math.abs(y) + UNIT_ROUNDOFF * largest + ulp(y),
      );
    }
    case 'clamp':
    case 'relu':
    case 'relu6':
    case 'quantize': {
      const { rounding, relative } =
        input.type === 'float32' ? ROUNDED : rescaledTwice(first / scale);
      return data.map((y) => step(rounding) + (relative + UNIT_ROUNDOFF) * Math.abs(y) + ulp(y));
    }
    case 'softmax':
      return softmaxBounds(operator.attributes.beta, input, output, data);
    case 'pad':
    case 'reshape':
    case 'dequantize':
      return data.map((y) => UNIT_ROUNDOFF * Math.abs(y));
  }
}

/** What rescaling by a factor costs: a rounding of the result, in its units, and an error of the factor. */
interface Rescaling {
  readonly rounding: number;
  readonly relative: number;
}

const ROUNDED: Rescaling = { rounding: 0.5, relative: 0 };
const VANISHED: Rescaling = { rounding: 0, relative: 1 };
const UNKNOWN: Rescaling = { rounding: NaN, relative: NaN };

/** What a factor loses in float64, of which it is the quotient or product of few float32 numbers. */
const FLOAT64_FACTOR = 2 ** -51;

/** `fraction * 2^shift`, fraction in [1/2, 1); one that 31 bits round up to 1 is 1/2 of the next shift. */
function fractionAndShift(factor: number): readonly [fraction: number, shift: number] {
  let fraction = factor;
  let shift = 0;
  for (; fraction >= 1 - 2 ** -32; shift++) fraction /= 2;
  for (; fraction < 0.5 - 2 ** -33 && fraction > 0; shift--) fraction *= 2;
  return [Math.max(fraction, 0.5), shift];
}

/** Of A4: 31 bits of the factor, two roundings. */
function rescaledTwice(factor: number): Rescaling {
  const [fraction, shift] = fractionAndShift(factor);
  if (shift < -31) return VANISHED;
  return { rounding: twoRoundings(shift), relative: 2 ** -32 / fraction + FLOAT64_FACTOR };
}

function twoRoundings(shift: number): number {
  return 0.5 + (shift < 0 ? 2 ** (shift - 1) : 0);
}

/** Of A5: 15 bits of the factor, one rounding. */
function rescaledOnce(factor: number): Rescaling {
  const [fraction, shift] = fractionAndShift(factor);
  if (shift < -31) return VANISHED;
  const largest = 0x7fff / 2 ** 15;
  const error = Math.max(2 ** -16, fraction - largest) + 2 ** -32;
  return { rounding: 0.5, relative: error / fraction + FLOAT64_FACTOR };
}

/** Of M2: A4 with a multiplier into which 1 / count is folded, truncated. */
function rescaledMean(factor: number, count: number): Rescaling {
  const [fraction, shift] = fractionAndShift(factor);
  if (shift < -31) return VANISHED;
  const bits = Math.min(Math.floor(Math.log2(count)), 31 + shift);
  const truncation = count / ((fraction * 2 ** 31 - 0.5) * 2 ** bits);
  return {
    rounding: twoRoundings(shift - bits),
    relative: 2 ** -32 / fraction + truncation + FLOAT64_FACTOR,
  };
}

/** One for each output channel, or one for all. */
function channelRescalings(
  operator: Operator,
  input: GraphTensor,
  weights: GraphTensor | undefined,
  output: GraphTensor,
): readonly Rescaling[] {
  const scales = weights?.quantization?.scales ?? [];
  const once = input.type === 'int16' && !('accumulator' in operator.attributes);
  const rounded = operator.kind === 'fullyConnected' && scales.length === 1;
  return scales.map((scale) => {
    const factor = (scaleOf(input) * scale) / scaleOf(output);
    const { rounding, relative } = once ? rescaledOnce(factor) : rescaledTwice(factor);
    return { rounding, relative: relative + (rounded ? UNIT_ROUNDOFF : 0) };
  });
}

const ACTIVATION_LIMITS: Readonly<Record<Activation, readonly number[]>> = {
  none: [],
  relu: [0],
  relu6: [0, 6],
};

/** Largest difference of a limit's code to the limit, in steps. */
function limitRounding({ kind, attributes }: Operator, output: GraphTensor): number {
  const [lowest, highest] = rangeOf(output);
  const rounding = realLimits(kind, attributes)
    .filter((limit) => limit !== 0 && limit > lowest && limit < highest)
    .map((limit) => 0.5 + (UNIT_ROUNDOFF * Math.abs(limit)) / scaleOf(output));
  return Math.max(0, ...rounding);
}

function realLimits(kind: OperatorKind, attributes: Operator['attributes']): readonly number[] {
  if (kind === 'relu' || kind === 'relu6') return ACTIVATION_LIMITS[kind];
  if ('activation' in attributes) return ACTIVATION_LIMITS[attributes.activation];
  return 'min' in attributes ? [attributes.min, attributes.max] : [];
}

/** Two numbers between which a third lies. */
interface Interval {
  readonly low: number;
  readonly high: number;
}

/** What the two integer softmaxes differ in. */
interface SoftmaxArithmetic {
  /** The exponential of a difference of so many codes to the row's maximum, 0 or less. */
  readonly exponential: (codes: number) => Interval;
  /** What each term of the sum is rounded by. */
  readonly termRounding: number;
  /** Relative error of the division by a sum that lies in an interval. */
  readonly division: (sum: Interval) => number;
  /** Absolute error of the quotient, before it is rounded to a code. */
  readonly product: number;
}

function softmaxBounds(
  beta: number,
  input: Tensor,
  output: GraphTensor,
  expected: Float64Array,
): Float64Array {
  const step = scaleOf(input) * beta;
  const arithmetic = input.type === 'int8' ? fixedPointSoftmax(step) : tableSoftmax(step);
  const codes = Array.from(input.data, Number);
  const length = input.shape.at(-1) ?? 1;
  const inputs = 4 * UNIT_ROUNDOFF * beta * largestMagnitude(input);
  const half = scaleOf(output) / 2;
  const [, highest] = rangeOf(output);
  const bounds = new Float64Array(codes.length);
  for (let start = 0; start < codes.length; start += length) {
    const row = codes.slice(start, start + length);
    probabilities(row, arithmetic).forEach(({ low, high }, i) => {
      const p = expected[start + i] ?? NaN;
      const farthest = Math.max(Math.min(high, highest) - p, p - Math.min(low, highest), 0);
      bounds[start + i] = half + farthest + inputs * p + ulp(p);
    });
  }
  return bounds;
}

function probabilities(row: readonly number[], arithmetic: SoftmaxArithmetic): Interval[] {
  const { termRounding, division, product } = arithmetic;
  const max = row.reduce((a, b) => Math.max(a, b), -Infinity);
  const exponentials = row.map((code) => arithmetic.exponential(code - max));
  const rounding = termRounding * row.length;
  const sum = {
    low: exponentials.reduce((total, { low }) => total + low, -rounding),
    high: exponentials.reduce((total, { high }) => total + high, rounding),
  };
  const relative = division(sum);
  return exponentials.map(({ low, high }) => ({
    low: low === 0 ? 0 : (low / (low + sum.high - high)) * (1 - relative) - product,
    high: high === 0 ? 0 : (high / (high + sum.low - low)) * (1 + relative) + product,
  }));
}

/** `step` is what one code of difference is in the exponent. */
function fixedPointSoftmax(step: number): SoftmaxArithmetic {
  // The largest factor stands for all above: their differences are beyond the last that counts.
  const factor = Math.min(step * 2 ** 26, 2 ** 31 - 1);
  const { rounding, relative } = rescaledTwice(factor);
  const [, shift] = fractionAndShift(factor);
  const farthest = Math.floor((31 * 2 ** 26) / 2 ** shift);
  return {
    exponential: (codes) => {
      if (-codes > farthest) return { low: 0, high: 0 };
      const d = codes * step;
      const error = codes === 0 ? 0 : rounding * 2 ** -26 - relative * d;
      return {
        low: Math.max(Math.exp(d - error) - EXP_FIXED_POINT, 0),
        high: Math.min(Math.exp(d + error) + EXP_FIXED_POINT, 1),
      };
    },
    termRounding: 2 ** -20,
    division: () => 2 * RECIPROCAL_FIXED_POINT,
    product: 2 ** -32,
  };
}

/** `step` is what one code of difference is in the exponent. */
function tableSoftmax(step: number): SoftmaxArithmetic {
  const unit = 10 / 65535;
  const { rounding, relative } = rescaledTwice(step / unit);
  const read = (d: number): number => {
    const inside = Math.max(d, -10);
    return Math.exp(inside - (inside + 10) / 65536);
  };
  return {
    exponential: (codes) => {
      const d = codes * step;
      const error = codes === 0 ? 0 : rounding * unit - relative * d;
      const low = read(d - error);
      const high = read(Math.min(d + error, 0));
      return {
        low: low * (1 - EXP_TABLE_CHORD) - EXP_TABLE_ROUNDING,
        high: high * (1 + EXP_TABLE_CHORD) + EXP_TABLE_ROUNDING,
      };
    },
    termRounding: 0,
    division: ({ low, high }) => {
      const power = Math.floor(Math.log2(low));
      const mantissa = high < 2 ** (power + 1) ? high / 2 ** power : 2;
      return 2 ** -17 + mantissa * RECIPROCAL_TABLE_ERROR;
    },
    product: 0,
  };
}

/** A case's operator and tensors, as the graph describes them. */
export interface DescribedCase {
  readonly operator: Operator;
  readonly inputs: readonly Tensor[];
  readonly output: GraphTensor;
}

/**
 * @throws {GraphError} for a case that breaks a rule
 * @throws {RangeError} for a case that is not given by scales
 */
export function describedCase(drawn: OperatorCase): DescribedCase {
  const { kind, precision, attributes, inputs } = drawn;
  const { graph, activations } = operatorGraph<OperatorKind>(kind, precision, attributes, inputs);
  validateGraph(graph);
  const [operator] = graph.operators;
  const output = graph.tensors.at(-1);
  if (operator === undefined || output === undefined) throw new Error('Expected an operator');
  const ready = givenIntegers(operator);
  if (ready.length > 0) {
    throw new RangeError(`Expected an operator given by scales but found ${ready.join(', ')}`);
  }
  const tensors = graph.tensors.slice(0, -1).map((tensor, i): Tensor => {
    const data = tensor.data ?? activations[i];
    if (data === undefined) throw new Error(`Expected elements of tensor "${tensor.name}"`);
    return { ...tensor, data };
  });
  return { operator, inputs: tensors, output };
}

/** What float32 makes of an integer operator's inputs. */
export function expectedReal(
  operator: Operator,
  inputs: readonly Tensor[],
  output: GraphTensor,
): ExpectedReal {
  const [lowest, highest] = rangeOf(output);
  const { data, magnitudes } = float32Result(operator, inputs);
  const numbers = Float64Array.from(data, (y) => Math.min(Math.max(y, lowest), highest));
  return { data: numbers, ...(magnitudes === undefined ? {} : { magnitudes }) };
}

interface Reals {
  readonly data: ArrayLike<number>;
  readonly magnitudes?: Float64Array;
}

function float32Result({ kind, attributes }: Operator, inputs: readonly Tensor[]): Reals {
  const [input, weights, bias] = inputs;
  if (input === undefined) throw new Error('Expected an input');
  // The same numbers, which no operator has to compute.
  if (kind === 'quantize' || kind === 'dequantize') return { data: exactReals(input) };
  const reals = [
    exactReals(input),
    ...(weights === undefined ? [] : [exactReals(weights, kind)]),
    ...(weights === undefined || bias === undefined ? [] : [biasReals(bias, input, weights)]),
  ];
  const given = { ...attributes, accumulator: undefined } as object;
  const { data, magnitudes } = runOperator<OperatorKind>(
    kind,
    'float32',
    given,
    reals.map((real, i) => ({ shape: inputs[i]?.shape ?? [], data: Float32Array.from(real) })),
  );
  const numbers = Float64Array.from(data, Number);
  return { data: numbers, ...(magnitudes === undefined ? {} : { magnitudes }) };
}

/** The numbers that a tensor's codes stand for, not rounded to float32; float32 elements themselves. */
function exactReals(tensor: Tensor, kind?: OperatorKind): Float64Array {
  const numbers = Float64Array.from(tensor.data, Number);
  if (tensor.type === 'float32') return numbers;
  const scales = tensor.quantization?.scales ?? [];
  const zeroPoint = zeroPointOf(tensor);
  const block = numbers.length / scales.length;
  return numbers.map((code, i) => {
    const channel = kind === 'depthwiseConv2d' ? i % scales.length : Math.floor(i / block);
    return (scales[channel] ?? NaN) * (code - zeroPoint);
  });
}

/** A bias counts in units of input scale times weight scale. */
function biasReals(bias: Tensor, input: Tensor, weights: Tensor): Float64Array {
  const scales = weights.quantization?.scales ?? [];
  return Float64Array.from(bias.data, Number).map((code, channel) => {
    const scale = scales[channel % scales.length] ?? NaN;
    return code * scale * scaleOf(input);
  });
}

function largestMagnitude(tensor: Tensor): number {
  return exactReals(tensor).reduce((largest, x) => Math.max(largest, Math.abs(x)), 0);
}

/** 1 where there is none: of float32, which has no steps. */
function scaleOf(tensor: GraphTensor): number {
  return tensor.quantization?.scales[0] ?? 1;
}

/** The numbers that a type's ends stand for. */
function rangeOf(tensor: GraphTensor): readonly [lowest: number, highest: number] {
  const { min, max } = elementTypes[tensor.type];
  const zeroPoint = zeroPointOf(tensor);
  return [scaleOf(tensor) * (min - zeroPoint), scaleOf(tensor) * (max - zeroPoint)];
}
