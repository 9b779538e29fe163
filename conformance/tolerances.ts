/**
 * How far a kernel may be from the reference, operator by operator: the one place where tolerances are stated.
 *
 * Integer outputs, and float32 outputs of operators that round at most once (add, clamp, relu, relu6, pad, reshape,
 * dequantize), are exact. The others have a bound derived from the arithmetic that a correct float32 kernel may choose
 * (any order of summation, with or without fused multiply-add; Higham, Accuracy and Stability of Numerical Algorithms,
 * chapter 3). u = 2^-24 is the unit roundoff, gamma(n) = n u / (1 - n u) bounds the relative effect of n roundings.
 *
 * - Sums of n products and a bias: no term goes through more than n + 1 roundings, hence gamma(n + 1) (sum |x w| +
 *   |bias|); a product that underflows loses at most 2^-149; one ulp covers the reference's own rounding (half an ulp),
 *   and gamma's second-order term covers that its float64 sum is not exact. A fused clamp never widens a difference.
 * - Pools of n values: n - 1 additions and a division are n roundings, hence gamma(n) sum |x| / n; one ulp covers the
 *   reference's rounding and a product with a rounded 1 / n. Inside padding fewer values are summed; n = the window's
 *   area then is the larger bound, by a factor below 1 + 2 n u.
 * - Softmax of n values, p = result, d = beta (x - max): p (gamma(n + 8) + u (|d| + sum p |d|)): a float32 d is off by
 *   u |d|, which exp turns into a relative error, in the numerator and, weighted by p, in the sum; n + 8 roundings allow
 *   the sum, an exp within 2 ulp above and below, and the division. Results that underflow lose at most n 2^-149.
 *
 * Overflow and the values that are no numbers (per element of a sum or pool, per row of a softmax):
 * - all terms finite, but their magnitudes sum to 2^127 or more: not compared, since partial sums may overflow
 * - a term is not finite, and the finite ones stay below 2^127: sums and pools give the reference's NaN, infinity or
 *   clamp limit; a softmax gives NaN where the reference does, and a number where it does
 * - any other: not compared
 */

import {
  runOperator,
  type ElementType,
  type GivenQuantization,
  type GraphTensor,
  type Operator,
  type OperatorKind,
  type OperatorResult,
  type PrecisionName,
  type Tensor,
} from '../reference/index.ts';

export interface OperatorComparison {
  /**
   * The largest error as a fraction of its bound, at most 1 where all is well; 0 where all elements are equal, Infinity
   * where an element that has to be equal is not.
   */
  readonly worst: number;
  readonly compared: number;
  /** Elements that no rule compares, since correct kernels may overflow in them. */
  readonly uncompared: number;
  /** The first element beyond its bound. */
  readonly violation?: Violation;
}

export interface Violation {
  /** In memory order. */
  readonly index: number;
  readonly expected: number;
  readonly found: number;
  /** Largest |found - expected|; 0 where the element has to be equal. */
  readonly bound: number;
}

/** Largest difference of an element, or that it has to be NaN or not as the reference's is, or that it is not compared. */
export type Tolerance = number | 'class' | 'none';

const UNIT_ROUNDOFF = 2 ** -24;
const SMALLEST = 2 ** -149;
const OVERFLOW = 2 ** 127;

/** Bound of the relative effect of n roundings to float32. */
export function gamma(n: number): number {
  return (n * UNIT_ROUNDOFF) / (1 - n * UNIT_ROUNDOFF);
}

/** Distance from a finite float32 number to the next one away from zero. */
export function ulp(value: number): number {
  scratch[0] = value;
  const exponent = ((scratchBits[0] ?? 0) >>> 23) & 0xff;
  return 2 ** (Math.max(exponent, 1) - 150);
}

const scratch = new Float32Array(1);
const scratchBits = new Uint32Array(scratch.buffer);

/** Bound of a sum of n products and a bias (rule B1); `magnitude` is sum |x w| + |bias|. */
export function sumBound(n: number, magnitude: number, expected: number): number {
  return gamma(n + 1) * magnitude + n * SMALLEST + ulp(expected);
}

/** Bound of an average of n values; `magnitude` is sum |x|. */
export function poolBound(n: number, magnitude: number, expected: number): number {
  return (gamma(n) * magnitude) / n + ulp(expected);
}

/**
 * Bound of one of a softmax's n values. `distance` is |d| of this value, `meanDistance` the sum of p |d| over the row.
 */
export function softmaxBound(
  n: number,
  expected: number,
  distance: number,
  meanDistance: number,
): number {
  const relative = gamma(n + 8) + UNIT_ROUNDOFF * (distance + meanDistance);
  return expected * relative + ulp(expected) + n * SMALLEST;
}

/** Whether an operator's output of a type is the reference's, bit for bit (-0 and 0 being equal, rule A2). */
export function isExact(kind: OperatorKind, output: ElementType): boolean {
  if (output !== 'float32') return true;
  switch (kind) {
    case 'conv2d':
    case 'depthwiseConv2d':
    case 'fullyConnected':
    case 'averagePool':
    case 'mean':
    case 'softmax':
      return false;
    case 'add':
    case 'clamp':
    case 'relu':
    case 'relu6':
    case 'pad':
    case 'reshape':
    case 'quantize':
    case 'dequantize':
      return true;
  }
}

/**
 * Compares what a kernel made of `inputs` with what the reference makes of them.
 *
 * `inputs` are the operator's, in its order; `found` is what it wrote, with the description that the graph gives it.
 *
 * @throws {RangeError} where `found` has another type or number of elements than the operator's output
 * @throws {GraphError} for an operator that breaks a rule
 */
export function compareOperator(
  operator: Operator,
  inputs: readonly Tensor[],
  found: Tensor,
): OperatorComparison {
  const expected = compute(operator, inputs, found);
  if (found.data.constructor !== expected.data.constructor) {
    throw new RangeError(
      `Expected ${expected.data.constructor.name} from operator "${operator.name}" but found ${found.data.constructor.name}`,
    );
  }
  if (found.data.length !== expected.data.length) {
    throw new RangeError(
      `Expected ${String(expected.data.length)} elements from operator "${operator.name}" but found ${String(found.data.length)}`,
    );
  }
  const tolerance = toleranceOf(operator, inputs, expected);
  let worst = 0;
  let uncompared = 0;
  let violation: Violation | undefined;
  for (let index = 0; index < found.data.length; index++) {
    const a = Number(expected.data[index]);
    const b = Number(found.data[index]);
    const allowed = tolerance(index);
    if (allowed === 'none') {
      uncompared += 1;
      continue;
    }
    const share = allowed === 'class' ? classShare(a, b) : errorShare(a, b, allowed);
    worst = Math.max(worst, share);
    if (share > 1) {
      const bound = allowed === 'class' ? 0 : allowed;
      violation ??= { index, expected: a, found: b, bound };
    }
  }
  const compared = found.data.length - uncompared;
  return { worst, compared, uncompared, ...(violation === undefined ? {} : { violation }) };
}

function errorShare(expected: number, found: number, bound: number): number {
  if (expected === found || (Number.isNaN(expected) && Number.isNaN(found))) return 0;
  const share = Math.abs(found - expected) / bound;
  return Number.isNaN(share) ? Infinity : share;
}

function classShare(expected: number, found: number): number {
  const same = Number.isFinite(expected) ? Number.isFinite(found) : Object.is(expected, found);
  return same ? 0 : Infinity;
}

/** Of each element of what the reference `computed` of an operator's inputs. */
export function toleranceOf(
  operator: Operator,
  inputs: readonly Tensor[],
  expected: OperatorResult,
): (index: number) => Tolerance {
  if (isExact(operator.kind, expected.type)) return () => 0;
  const [input, weights] = inputs.map((tensor) => tensor.shape);
  const area = ([height = 1, width = 1]: readonly number[]): number => height * width;
  const sum = (n: number, bound: typeof sumBound) =>
    sumTolerance(operator, inputs, expected, (magnitude, value) => bound(n, magnitude, value));
  switch (operator.kind) {
    case 'conv2d':
    case 'depthwiseConv2d':
    case 'fullyConnected': {
      const [, ...terms] = weights ?? [];
      if (operator.kind === 'depthwiseConv2d') terms.pop();
      return sum(
        terms.reduce((a, b) => a * b, 1),
        sumBound,
      );
    }
    case 'averagePool':
      return sum(area(operator.attributes.size), poolBound);
    case 'mean':
      return sum(area(input?.slice(1) ?? []), poolBound);
    case 'softmax':
      return softmaxTolerance(operator.attributes.beta, inputs, expected);
    default:
      throw new Error(`Expected a bound for operator ${operator.kind}`);
  }
}

function sumTolerance(
  operator: Operator,
  inputs: readonly Tensor[],
  expected: OperatorResult,
  bound: (magnitude: number, expected: number) => number,
): (index: number) => Tolerance {
  const magnitudes = magnitudesOf(expected);
  const finite = magnitudes.every(Number.isFinite)
    ? magnitudes
    : magnitudesOf(compute(operator, inputs.map(finiteOnly), expected));
  return (index) => {
    const magnitude = magnitudes[index] ?? NaN;
    if (!((finite[index] ?? NaN) < OVERFLOW)) return 'none';
    return Number.isFinite(magnitude) ? bound(magnitude, Number(expected.data[index])) : 0;
  };
}

function softmaxTolerance(
  beta: number,
  inputs: readonly Tensor[],
  { data: results, shape }: OperatorResult,
): (index: number) => Tolerance {
  const values = inputs[0]?.data ?? results;
  const n = shape.at(-1) ?? 1;
  const tolerances: Tolerance[] = [];
  for (let start = 0; start < results.length; start += n) {
    const row = Array.from(values.subarray(start, start + n), Number);
    const probabilities = Array.from(results.subarray(start, start + n), Number);
    if (!row.every(Number.isFinite)) {
      tolerances.push(...row.map(() => 'class' as const));
      continue;
    }
    const max = row.reduce((a, b) => Math.max(a, b), -Infinity);
    const distances = row.map((x) => Math.abs(beta * (x - max)));
    const mean = distances.reduce((total, d, i) => total + d * (probabilities[i] ?? 0), 0);
    tolerances.push(...probabilities.map((p, i) => softmaxBound(n, p, distances[i] ?? 0, mean)));
  }
  return (index) => tolerances[index] ?? 'none';
}

/** What the reference makes of an operator's inputs; `output` describes what it writes. */
export function compute(
  { kind, attributes }: Operator,
  inputs: readonly Tensor[],
  output: GraphTensor,
): OperatorResult {
  const given = { ...attributes, output: { type: output.type, ...givenQuantization(output) } };
  return runOperator<OperatorKind>(
    kind,
    precisionOf(kind === 'quantize' ? output : (inputs[0] ?? output)),
    given,
    inputs.map((tensor) => ({
      shape: tensor.shape,
      data: tensor.data,
      ...givenQuantization(tensor),
    })),
  );
}

function givenQuantization({ quantization }: GraphTensor): GivenQuantization {
  if (quantization === undefined) return {};
  const { scales, zeroPoint } = quantization;
  return scales.length === 0 ? { zeroPoint } : { scale: scales, zeroPoint };
}

/** The precision whose arithmetic a tensor of a type takes part in; uint8 stands at the ends of int8 networks. */
function precisionOf({ type }: GraphTensor): PrecisionName {
  return type === 'float32' || type === 'int16' ? type : 'int8';
}

function magnitudesOf({ name, magnitudes }: OperatorResult): Float64Array {
  if (magnitudes === undefined) throw new Error(`Expected magnitudes of "${name}"`);
  return magnitudes;
}

function finiteOnly(tensor: Tensor): Tensor {
  if (!(tensor.data instanceof Float32Array)) return tensor;
  return { ...tensor, data: tensor.data.map((x) => (Number.isFinite(x) ? x : 0)) };
}
