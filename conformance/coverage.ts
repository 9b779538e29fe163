/**
 * What drawn cases exercise: the categories of sizes and values in which kernels break.
 *
 * A category counts only where the case reaches it: a tie is an accumulator whose product ends exactly halfway, not a
 * multiplier that allows one. To see what an operator rounds, its definition in the reference runs once more, on a
 * precision that records every rescaling.
 */

import {
  operatorGraph,
  validateGraph,
  zeroPointOf,
  type Graph,
  type Operator,
  type OperatorKind,
  type PrecisionName,
  type Tensor,
  type TensorData,
} from '../reference/index.ts';
import { reduceMultiplier, requantizeInt32 } from '../reference/arithmetic/requantize.ts';
import { elementTypes } from '../reference/graph/element-type.ts';
import { allocate } from '../reference/graph/tensor.ts';
import type { Call, OperatorDefinition } from '../reference/operators/call.ts';
import { operators } from '../reference/operators/index.ts';
import { requantizationOf } from '../reference/operators/requantization.ts';
import { computedPrecision, type Precision } from '../reference/precision/index.ts';
import type { OperatorCase } from './operator-case.ts';

type Applies = (kind: OperatorKind, precision: PrecisionName) => boolean;

const among =
  (...kinds: readonly OperatorKind[]): Applies =>
  (kind) =>
    kinds.includes(kind);
const sums = among('conv2d', 'depthwiseConv2d', 'fullyConnected');
const windows = among('conv2d', 'depthwiseConv2d', 'averagePool');
const convolutions = among('conv2d', 'depthwiseConv2d');
const depthwise = among('depthwiseConv2d');
const matrices = among('conv2d', 'fullyConnected');
const values = among('add', 'mean', 'clamp', 'relu', 'relu6', 'quantize');
const always: Applies = () => true;
const either =
  (...conditions: readonly Applies[]): Applies =>
  (kind, precision) =>
    conditions.some((applies) => applies(kind, precision));
const both =
  (...conditions: readonly Applies[]): Applies =>
  (kind, precision) =>
    conditions.every((applies) => applies(kind, precision));
const float32: Applies = (_kind, precision) => precision === 'float32';
const int8: Applies = (_kind, precision) => precision === 'int8';
const int16: Applies = (_kind, precision) => precision === 'int16';
const integers: Applies = (_kind, precision) => precision !== 'float32';
const rescaled = both(either(sums, values), integers);
const fixedPoint = either(rescaled, both(among('softmax'), integers));
const fromFloat = both(among('quantize'), float32);
const averages = both(among('averagePool'), integers);
const limited = among(
  'conv2d',
  'depthwiseConv2d',
  'fullyConnected',
  'add',
  'averagePool',
  'clamp',
  'relu',
  'relu6',
);
const sums8 = both(sums, int8);

/** Every category: what it means, and the operators and precisions that have it. */
const described = {
  // Sizes, around a tile of 4 rows and one of 8 channels. Rows are output pixels of sums and pools, input pixels of others: all axes but the last.
  'rows: 1': ['one row', always],
  'rows: tile - 1': ['3 rows, one less than a tile', always],
  'rows: tile': ['4 rows, a tile', always],
  'rows: tile + 1': ['5 rows, one more than a tile', always],
  'rows: 2 tiles + 3': ['11 rows', always],
  'rows: prime': ['a prime number of rows above 11', always],
  'channels: 1': ['one output channel', always],
  'channels: tile - 1': ['7 output channels, one less than a vector', always],
  'channels: tile': ['8 output channels, a vector', always],
  'channels: tile + 1': ['9 output channels, one more than a vector', always],
  'channels: 2 tiles + 3': ['19 output channels', always],
  'channels: prime': ['a prime number of output channels above 19', always],
  'terms: 1': ['one product in a sum', matrices],
  'terms: tile - 1': ['7 products in a sum', matrices],
  'terms: tile': ['8 products in a sum', matrices],
  'terms: tile + 1': ['9 products in a sum', matrices],
  'terms: 2 tiles + 3': ['19 products in a sum', matrices],
  'terms: prime': ['a prime number of products above 19', matrices],
  'terms: no fours': ['products that do not fill up groups of four', matrices],
  'terms: odd fours': ['an odd number of groups of four products', matrices],
  'windows beyond 128 KiB': ['more than 128 KiB of windows as int16 or float32', matrices],
  'several images': ['a batch of more than one', either(windows, among('mean', 'pad'))],
  'longest row': ['the most elements that R6 allows', both(among('softmax'), integers)],

  // Windows.
  'image of one pixel': ['a 1x1 image', either(windows, among('mean', 'pad'))],
  'kernel beyond image': ['a kernel larger than the image along an axis', windows],
  'one output row': ['one row of outputs', windows],
  'one output column': ['one column of outputs', windows],
  'output rows: odd': ['three rows of outputs, or another odd number above one', windows],
  'output rows: even': ['an even number of rows of outputs', windows],
  'output columns: odd': ['three columns of outputs, or another odd number above one', windows],
  'output columns: even': ['an even number of columns of outputs', windows],
  'kernel rows: 1': ['a window of one row', depthwise],
  'kernel rows: tile - 1': ['a window of 3 rows', depthwise],
  'kernel rows: tile': ['a window of 4 rows', depthwise],
  'kernel rows: tile + 1': ['a window of 5 rows', depthwise],
  'kernel rows: 2 tiles': ['a window of 8 rows', depthwise],
  'kernel rows: 2 tiles + 1': ['a window of 9 rows', depthwise],
  'shared rows, odd': [
    'windows of up to 3 rows with stride 1, and 3 rows of outputs or another odd number',
    depthwise,
  ],
  'shared rows, even': ['the same with an even number', depthwise],
  'stride 3': ['a stride of three along an axis, and two windows there', windows],
  'padding beyond kernel': ['more padding before or after than the window is long', convolutions],
  'window in padding': ['a window without a position inside the image', convolutions],
  'window over both edges': ['a window that reaches beyond opposite edges', windows],
  'unequal padding': ['other padding before than after', either(windows, among('pad'))],
  'unequal strides': ['other strides along the two axes', windows],
  'stride beyond kernel': ['pixels between windows that none reads', windows],
  'pixels after the last window': ['a padded image that strides do not fill', windows],
  pointwise: ['1x1, stride 1, no padding, whole vectors of channels', among('conv2d')],
  'one group per channel': ['groups as many as input channels', among('conv2d')],
  'depth multiplier': ['several output channels for each input channel', among('depthwiseConv2d')],
  'flattened image': ['an input of more than two axes', among('fullyConnected')],

  // Zero points and factors.
  'input zero point lowest': ['the lowest code', int8],
  'input zero point highest': ['the highest code', int8],
  'output zero point lowest': ['the lowest code', either(both(rescaled, int8), fromFloat)],
  'output zero point highest': ['the highest code', either(both(rescaled, int8), fromFloat)],
  'multiplier 2^30': ['the smallest multiplier that A3 gives', fixedPoint],
  'multiplier 2^31 - 1': ['the largest multiplier', fixedPoint],
  'multiplier 0': ['what a factor below 2^-32 becomes', fixedPoint],
  'shift -31': ['the lowest shift', rescaled],
  'shift -11': ['a finer factor than kernels apply in float32', sums8],
  'shift -10': ['the lowest shift that they apply in float32', sums8],
  'shift -16': ['a finer factor than they round in vectors', sums8],
  'shift -15': ['the lowest shift that they do', sums8],
  'shifts around -15': ['shifts of -15 and above, and below, in eight channels', sums8],
  'shifts around -10': ['shifts of -10 and above, and below, in eight channels', sums8],
  'shifts around -2': ['shifts of -2 and below, and above, in eight channels', sums8],
  'shift -2': ['the highest of which both roundings are right shifts of a whole word', rescaled],
  'shift -1': ['a second rounding of one bit', rescaled],
  'shift 0': ['no second rounding', rescaled],
  'shift above 0': ['a shift to the left, before the product', rescaled],

  // Accumulators, and roundings (A4, A5; averagePool and quantize from float32 have one).
  'accumulator 2^31 - 1': ['the most that R1 allows', both(sums, integers)],
  'accumulator 1 - 2^31': ['the least that R1 allows', both(sums, integers)],
  'accumulator 2^47 - 1': ['the most that R2 allows', both(sums, int16)],
  'accumulator 1 - 2^47': ['the least that R2 allows', both(sums, int16)],
  'shifted to 31 bits': ['a magnitude of 2^30 or more, once shifted to the left', rescaled],
  'first tie, positive': [
    'exactly halfway in the first rounding',
    either(rescaled, averages, fromFloat),
  ],
  'first tie, negative': ['the same below zero', either(rescaled, averages, fromFloat)],
  'second tie, positive': ['exactly halfway in the second rounding', rescaled],
  'second tie, negative': ['the same below zero', rescaled],
  'double rounding': ['a result that one rounding would not give', rescaled],
  'tie to even': ['a sum halfway between two float32 numbers', both(among('add'), float32)],

  // Limits.
  'saturated low': ['below the lowest code', either(rescaled, fromFloat)],
  'saturated high': ['above the highest code', either(rescaled, fromFloat)],
  'far beyond the codes': ['beyond 256 times the range of codes', rescaled],
  'result of 2^21': ['within 16 of 2^21, beyond which kernels round one by one', sums8],
  'result of -2^21': ['the same below zero', sums8],
  'clamped low': ['below the lower limit of the activation', limited],
  'clamped high': [
    'above the upper limit of the activation',
    both(limited, (kind) => kind !== 'relu'),
  ],
  'differences cut off': [
    'differences below diffMin (int8) or the table (int16)',
    both(among('softmax'), integers),
  ],

  // Elements of the first input.
  'all lowest': ['all elements at the lowest code', integers],
  'all highest': ['all elements at the highest code', integers],
  'all zero': ['all elements real zero', always],
  'alternating extremes': ['the lowest and the highest code in turn', integers],
  'all equal': ['all elements equal, and not zero', float32],
  denormal: ['a number below 2^-126', float32],
  infinity: ['an infinite element', float32],
  'not a number': ['a NaN', float32],
  'minus zero': ['-0', float32],
  'denormal result': [
    'a result below 2^-126',
    either(
      both(either(sums, among('add', 'averagePool', 'mean')), float32),
      both(among('dequantize'), integers),
    ),
  ],
  'infinite result': [
    'finite elements whose result overflows',
    either(both(among('add'), float32), both(among('dequantize'), integers)),
  ],
} as const satisfies Record<string, readonly [text: string, applies: Applies]>;

export type Category = keyof typeof described;

/** Every category and what it means. */
export const categories = Object.fromEntries(
  Object.entries(described).map(([name, [text]]) => [name, text]),
) as Readonly<Record<Category, string>>;

const names = Object.keys(described) as readonly Category[];

/** The categories that cases of a kind and precision can have; of conversions, `precision` is the input's. */
export function applicable(kind: OperatorKind, precision: PrecisionName): readonly Category[] {
  if (kind === 'dequantize' && precision === 'float32') return [];
  return names.filter((name) => described[name][1](kind, precision));
}

/** What an operator computed; `runOperator`'s result is one. */
export interface Computed {
  readonly data: TensorData;
}

/**
 * The categories that a case has.
 *
 * @throws {GraphError} for a case that breaks a rule
 */
export function categoriesOf(
  drawn: OperatorCase,
  { data: results }: Computed,
): readonly Category[] {
  const { graph, activations } = operatorGraph(
    drawn.kind,
    drawn.precision,
    drawn.attributes,
    drawn.inputs,
  );
  validateGraph(graph);
  const call = callOf(graph, activations);
  const found = new Set<Category>();
  const add = (category: Category, holds = true): void => {
    if (holds) found.add(category);
  };
  sizes(call, add);
  elements(call, results, add);
  if (call.operator.kind === 'softmax') softmaxValues(call, add);
  else if (call.operator.kind === 'quantize' && call.first.type === 'float32')
    fromFloats(call, add);
  else rescalings(call, add);
  const possible = applicable(call.operator.kind, drawnPrecision(drawn));
  return possible.filter((category) => found.has(category));
}

/** The precision that a case counts for: that of its first input, where uint8 stands at the ends of int8 networks. */
export function drawnPrecision({ kind, precision, inputs: [first] }: OperatorCase): PrecisionName {
  if (kind !== 'quantize' && kind !== 'dequantize') return precision;
  if (first?.data instanceof Int16Array) return 'int16';
  return first?.data instanceof Float32Array ? 'float32' : 'int8';
}

/** How many cases of each kind and precision had each category. */
export class Coverage {
  readonly #counts = new Map<string, Map<Category, number>>();
  readonly #cases = new Map<string, number>();

  /** Counts a case. */
  count(drawn: OperatorCase, result: Computed): void {
    const key = `${drawn.kind} ${drawnPrecision(drawn)}`;
    this.#cases.set(key, (this.#cases.get(key) ?? 0) + 1);
    const counts = this.#counts.get(key) ?? new Map<Category, number>();
    this.#counts.set(key, counts);
    for (const category of categoriesOf(drawn, result)) {
      counts.set(category, (counts.get(category) ?? 0) + 1);
    }
  }

  cases(kind: OperatorKind, precision: PrecisionName): number {
    return this.#cases.get(`${kind} ${precision}`) ?? 0;
  }

  /** Cases of a kind and precision that had a category. */
  of(kind: OperatorKind, precision: PrecisionName, category: Category): number {
    return this.#counts.get(`${kind} ${precision}`)?.get(category) ?? 0;
  }

  /** The applicable categories that fewer than `least` cases had. */
  missing(kind: OperatorKind, precision: PrecisionName, least = 1): readonly Category[] {
    return applicable(kind, precision).filter((name) => this.of(kind, precision, name) < least);
  }
}

type Add = (category: Category, holds?: boolean) => void;

interface CaseCall extends Call<OperatorKind> {
  readonly operator: Operator;
  readonly first: Tensor;
}

function callOf(graph: Graph, activations: readonly TensorData[]): CaseCall {
  const [operator] = graph.operators;
  if (operator === undefined) throw new Error('Expected an operator');
  const inputs = operator.inputs.map((index): Tensor => {
    const tensor = graph.tensors[index];
    const data = tensor?.data ?? activations[graph.inputs.indexOf(index)];
    if (tensor === undefined || data === undefined) throw new Error('Expected an input');
    return { ...tensor, data };
  });
  const described = graph.tensors[operator.output];
  const [first] = inputs;
  if (first === undefined || described === undefined) throw new Error('Expected tensors');
  const output = allocate(described);
  const precision = computedPrecision(operator, first.type);
  const requantization = requantizationOf(operator, inputs, output, precision);
  return {
    operator,
    attributes: operator.attributes,
    inputs,
    first,
    output,
    precision,
    requantization,
  };
}

function product(extents: readonly number[]): number {
  return extents.reduce((a, b) => a * b, 1);
}

function sizes(call: CaseCall, add: Add): void {
  const { operator, inputs, first, output } = call;
  const { kind } = operator;
  const ofOutput = sums(kind, 'int8') || kind === 'averagePool';
  const pixels = (ofOutput ? output : first).shape.slice(0, -1);
  const rowCount = product(pixels);
  addSize('rows', rowCount, 4, add);
  addSize('channels', output.shape.at(-1) ?? 1, 8, add);
  const [, weights] = inputs;
  if (matrices(kind, 'int8') && weights !== undefined) {
    const terms = product(weights.shape.slice(1));
    addSize('terms', terms, 8, add);
    add('terms: no fours', terms % 4 !== 0);
    add('terms: odd fours', Math.ceil(terms / 4) % 2 === 1);
    const bytes = first.type === 'float32' ? 4 : 2;
    add('windows beyond 128 KiB', rowCount * terms * bytes > 2 ** 17);
  }
  const longest = { int8: 4095, int16: 65535, float32: NaN }[call.precision.name];
  add('longest row', first.shape.at(-1) === longest);
  add('flattened image', first.shape.length > 2);
  const [images = 1, height = 1, width = 1, channels = 1] = first.shape;
  if (first.shape.length !== 4) return;
  add('several images', images > 1);
  add('image of one pixel', height * width === 1);
  add('depth multiplier', output.shape[3] !== channels);
  windowSizes(operator, [height, width, channels], output.shape, weights?.shape ?? [], add);
}

function addSize(axis: 'rows' | 'channels' | 'terms', size: number, tile: number, add: Add): void {
  add(`${axis}: 1`, size === 1);
  add(`${axis}: tile - 1`, size === tile - 1);
  add(`${axis}: tile`, size === tile);
  add(`${axis}: tile + 1`, size === tile + 1);
  add(`${axis}: 2 tiles + 3`, size === 2 * tile + 3);
  add(`${axis}: prime`, size > 2 * tile + 3 && isPrime(size));
}

function isPrime(n: number): boolean {
  for (let d = 2; d * d <= n; d++) if (n % d === 0) return false;
  return n > 1;
}

function windowSizes(
  { kind, attributes }: Operator,
  [height, width, channels]: readonly [number, number, number],
  output: readonly number[],
  weights: readonly number[],
  add: Add,
): void {
  if (kind === 'pad') {
    add(
      'unequal padding',
      attributes.padding.some(([before, after]) => before !== after),
    );
    return;
  }
  if (kind !== 'conv2d' && kind !== 'depthwiseConv2d' && kind !== 'averagePool') return;
  const { stride, padding } = attributes;
  const size =
    kind === 'averagePool' ? attributes.size : ([weights[1] ?? 1, weights[2] ?? 1] as const);
  const groups = kind === 'conv2d' ? attributes.groups : 1;
  add('unequal strides', stride[0] !== stride[1]);
  add('one group per channel', groups > 1 && groups === channels);
  const still = [size, stride].every((pair) => pair[0] === 1 && pair[1] === 1);
  add('pointwise', still && groups === 1 && channels % 8 === 0 && padding.every((p) => p === 0));
  const [, rows = 1, columns = 1] = output;
  extents(rows, columns, add);
  if (kind === 'depthwiseConv2d') kernelRows(size[0], rows, stride[0] === 1, add);
  for (const axis of [0, 1] as const) {
    const extent = axis === 0 ? height : width;
    const before = padding[2 * axis] ?? 0;
    const after = padding[2 * axis + 1] ?? 0;
    add('unequal padding', before !== after);
    add('kernel beyond image', size[axis] > extent);
    add('padding beyond kernel', Math.max(before, after) > size[axis]);
    add('stride 3', stride[axis] === 3 && (output[axis + 1] ?? 1) > 1);
    add('stride beyond kernel', stride[axis] > size[axis] && (output[axis + 1] ?? 1) > 1);
    add(
      'pixels after the last window',
      (extent + before + after - size[axis]) % stride[axis] !== 0,
    );
    for (let o = 0; o < (output[axis + 1] ?? 0); o++) {
      const start = o * stride[axis] - before;
      add('window in padding', start >= extent || start + size[axis] <= 0);
      add('window over both edges', start < 0 && start + size[axis] > extent);
    }
  }
}

function extents(rows: number, columns: number, add: Add): void {
  add('one output row', rows === 1);
  add('one output column', columns === 1);
  add('output rows: odd', rows > 1 && rows % 2 === 1);
  add('output rows: even', rows % 2 === 0);
  add('output columns: odd', columns > 1 && columns % 2 === 1);
  add('output columns: even', columns % 2 === 0);
}

/** `consecutive`: windows begin in one row after the other. */
function kernelRows(height: number, rows: number, consecutive: boolean, add: Add): void {
  add('kernel rows: 1', height === 1);
  add('kernel rows: tile - 1', height === 3);
  add('kernel rows: tile', height === 4);
  add('kernel rows: tile + 1', height === 5);
  add('kernel rows: 2 tiles', height === 8);
  add('kernel rows: 2 tiles + 1', height === 9);
  const shared = consecutive && height <= 3;
  add('shared rows, odd', shared && rows > 1 && rows % 2 === 1);
  add('shared rows, even', shared && rows % 2 === 0);
}

const SMALLEST_NORMAL = 2 ** -126;

const isDenormal = (x: number): boolean => x !== 0 && Math.abs(x) < SMALLEST_NORMAL;

function elements({ first, output }: CaseCall, results: TensorData, add: Add): void {
  const [head] = first.data;
  const zero = zeroPointOf(first);
  const { min, max } = elementTypes[first.type];
  const every = (holds: (x: number, i: number) => boolean): boolean => {
    for (let i = 0; i < first.data.length; i++) if (!holds(Number(first.data[i]), i)) return false;
    return true;
  };
  add(
    'all zero',
    every((x) => x === zero),
  );
  if (output.type === 'float32') {
    const finite = every(Number.isFinite);
    for (const result of results) {
      const x = Number(result);
      add('denormal result', isDenormal(x));
      add('infinite result', finite && Math.abs(x) === Infinity);
    }
  }
  if (first.data instanceof Float32Array) {
    add('all equal', Number(head) !== 0 && every((x) => x === Number(head)));
    for (const x of first.data) {
      add('denormal', isDenormal(x));
      add('infinity', Math.abs(x) === Infinity);
      add('not a number', Number.isNaN(x));
      add('minus zero', Object.is(x, -0));
    }
    return;
  }
  const several = first.data.length > 1;
  add('all lowest', several && every((x) => x === min));
  add('all highest', several && every((x) => x === max));
  add('alternating extremes', several && every((x, i) => x === (i % 2 === 0 ? min : max)));
  if (first.type !== 'int16') {
    add('input zero point lowest', zero === min);
    add('input zero point highest', zero === max);
  }
}

/** Runs the operator's definition with a precision that records what is rescaled, and to what. */
function rescalings(call: CaseCall, add: Add): void {
  const { operator, output, precision, requantization } = call;
  const integer = precision.name !== 'float32';
  const { min: low, max: high } = elementTypes[output.type];
  const zero = zeroPointOf(output);
  const wide = precision.accumulatorLimit > 2 ** 31;
  const limitLow = Math.max(requantization.min, integer ? low : -Infinity);
  const limitHigh = Math.min(requantization.max, integer ? high : Infinity);
  const finish = (value: number): number => {
    const code = value + zero;
    if (integer) {
      add('saturated low', code < low);
      add('saturated high', code > high);
      add('far beyond the codes', Math.abs(value) > 256 * (high - low));
      add('result of 2^21', Math.abs(value - 2 ** 21) <= 16);
      add('result of -2^21', Math.abs(value + 2 ** 21) <= 16);
    }
    add('clamped low', limitLow > low && code < limitLow);
    add('clamped high', limitHigh < high && code > limitHigh);
    return value;
  };
  let rescaledValues = 0;
  const spy: Precision = {
    ...precision,
    rescale: (accumulator, multiplier, shift) => {
      if (integer) {
        add('accumulator 2^31 - 1', accumulator === 2 ** 31 - 1);
        add('accumulator 1 - 2^31', accumulator === 1 - 2 ** 31);
        add('accumulator 2^47 - 1', accumulator === 2 ** 47 - 1);
        add('accumulator 1 - 2^47', accumulator === 1 - 2 ** 47);
        if (wide) roundedOnce(accumulator, multiplier, shift, add);
        else roundedTwice(accumulator, multiplier, shift, add);
      }
      return finish(precision.rescale(accumulator, multiplier, shift));
    },
    rescaleValue: (value, multiplier, shift) => {
      const result = precision.rescaleValue(value, multiplier, shift);
      if (integer) roundedTwice(value, multiplier, shift, add);
      else if (operator.kind === 'add') add('tie to even', isFloatTie(value));
      rescaledValues += 1;
      // An add rescales both inputs before their sum.
      const last = operator.kind !== 'add' || rescaledValues % 3 === 0;
      return last ? finish(result) : result;
    },
    mean: (sum, count, multiplier, shift) => {
      if (integer) roundedTwice(sum, multiplier, shift, add);
      return finish(precision.mean(sum, count, multiplier, shift));
    },
    average: (sum, count) => {
      const tie = integer && Math.abs(2 * sum) % (2 * count) === count;
      add('first tie, positive', tie && sum > 0);
      add('first tie, negative', tie && sum < 0);
      // Codes are averaged as they are: their zero point is the output's.
      return finish(precision.average(sum, count) - zero) + zero;
    },
  };
  if (integer) factorCategories(call, add);
  const definition = operators[operator.kind] as OperatorDefinition<OperatorKind>;
  definition.evaluate({ ...call, precision: spy });
}

function factorCategories({ output, requantization }: CaseCall, add: Add): void {
  const { multiplier, shift } = requantization;
  multiplier.forEach((m, i) => {
    add('multiplier 2^30', m === 2 ** 30);
    add('multiplier 2^31 - 1', m === 2 ** 31 - 1);
    add('multiplier 0', m === 0);
    if (m === 0) return;
    const s = shift[i] ?? 0;
    add('shift -31', s === -31);
    add('shift -16', s === -16);
    add('shift -15', s === -15);
    add('shift -11', s === -11);
    add('shift -10', s === -10);
    add('shift -2', s === -2);
    add('shift -1', s === -1);
    add('shift 0', s === 0);
    add('shift above 0', s > 0);
  });
  for (let first = 0; first < shift.length; first += 8) {
    const panel = shift.slice(first, first + 8).filter((_, i) => multiplier[first + i] !== 0);
    const around = (limit: number): boolean =>
      panel.some((s) => s < limit) && panel.some((s) => s >= limit);
    add('shifts around -15', around(-15));
    add('shifts around -10', around(-10));
    add('shifts around -2', around(-1));
  }
  if (output.type === 'int16') return;
  const { min, max } = elementTypes[output.type];
  add('output zero point lowest', zeroPointOf(output) === min);
  add('output zero point highest', zeroPointOf(output) === max);
}

/** A5: a tie where the product has one factor of two less than the divisor. */
function roundedOnce(accumulator: number, multiplier: number, shift: number, add: Add): void {
  const twos = factorsOfTwo(accumulator) + factorsOfTwo(reduceMultiplier(multiplier));
  const tie = twos === 14 - shift;
  add('first tie, positive', tie && accumulator > 0);
  add('first tie, negative', tie && accumulator < 0);
}

/** A4: a tie of the first rounding, as above, and one of its result in the second. */
function roundedTwice(value: number, multiplier: number, shift: number, add: Add): void {
  const lead = Math.max(shift, 0);
  add('shifted to 31 bits', Math.abs(value) * 2 ** lead >= 2 ** 30);
  const firstTie = factorsOfTwo(value) + factorsOfTwo(multiplier) === 30 - lead;
  add('first tie, positive', firstTie && value > 0);
  add('first tie, negative', firstTie && value < 0);
  if (shift >= 0) return;
  const rounded = requantizeInt32(value, multiplier, 0);
  const secondTie = factorsOfTwo(rounded) === -shift - 1;
  if (!secondTie) return;
  add('second tie, positive', rounded > 0);
  add('second tie, negative', rounded < 0);
  // The lower 31 bits of the product: the first rounding came to the tie from its other side.
  const rest = Math.imul(value, multiplier) & 0x7fffffff;
  add('double rounding', rounded > 0 ? rest >= 2 ** 30 : rest > 0 && rest < 2 ** 30);
}

/** How often 2 divides an integer; never a tie for 0. */
function factorsOfTwo(value: number): number {
  if (value === 0) return Infinity;
  const low = (value % 2 ** 32) | 0;
  if (low !== 0) return 31 - Math.clz32(low & -low);
  return 32 + factorsOfTwo(value / 2 ** 32);
}

const rounding = new Float32Array(1);
const roundingBits = new Int32Array(rounding.buffer);

/** Whether a float64 number lies halfway between two float32 numbers. */
function isFloatTie(value: number): boolean {
  rounding[0] = value;
  const near = rounding[0];
  if (near === value || !Number.isFinite(near)) return false;
  roundingBits[0] = (roundingBits[0] ?? 0) + (Math.abs(near) < Math.abs(value) ? 1 : -1);
  return value - near === rounding[0] - value;
}

/** Q1: the quotient of float32 numbers is itself float32. */
function fromFloats({ first, output, requantization }: CaseCall, add: Add): void {
  const scale = output.quantization?.scales[0] ?? NaN;
  const zero = zeroPointOf(output);
  const { min, max } = requantization;
  if (output.type !== 'int16') {
    add('output zero point lowest', zero === min);
    add('output zero point highest', zero === max);
  }
  for (const element of first.data) {
    const quotient = Math.fround(Number(element) / scale);
    const tie = Math.abs(quotient) % 1 === 0.5;
    add('first tie, positive', tie && quotient > 0);
    add('first tie, negative', tie && quotient < 0);
    add('saturated low', quotient + zero < min - 0.5);
    add('saturated high', quotient + zero > max + 0.5);
  }
}

function softmaxValues(call: CaseCall, add: Add): void {
  const { first, precision, requantization } = call;
  if (precision.name === 'float32') return;
  factorCategories(call, add);
  const [multiplier = 0] = requantization.multiplier;
  const { leftShift, diffMin } = requantization;
  const length = first.shape.at(-1) ?? 1;
  for (let start = 0; start < first.data.length; start += length) {
    const row = Array.from(first.data.subarray(start, start + length), Number);
    const difference = row.reduce((a, b) => Math.min(a, b)) - row.reduce((a, b) => Math.max(a, b));
    const cut =
      precision.name === 'int8'
        ? difference < diffMin
        : requantizeInt32(difference, multiplier, leftShift) < -65535;
    add('differences cut off', cut);
  }
}
