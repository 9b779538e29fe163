/** Convolutions and fully connected layers, in every mode, at the sizes and values where kernels break. */

import fc from 'fast-check';
import {
  requantizeInt32,
  requantizeInt64,
  type GivenAttributes,
  type GivenQuantization,
  type GivenTensor,
  type PrecisionName,
  type TensorData,
} from '../reference/index.ts';
import {
  drawFloats,
  drawIntegers,
  edgeMultiplier,
  floatPatterns,
  generator,
  inverse,
  ordered,
  patterns,
  type FloatPattern,
  type Pattern,
} from './draws.ts';
import type { OperatorCase } from './operator-case.ts';

/** The types of a sum's operands, and how far its accumulator may go. */
export interface SumMode {
  readonly precision: PrecisionName;
  readonly input: readonly [min: number, max: number];
  readonly weights: readonly [min: number, max: number];
  /** Magnitude that no accumulator reaches (rules R1, R2). */
  readonly limit: number;
  readonly int32?: boolean;
  readonly arrays: readonly ((values: readonly number[]) => TensorData)[];
}

const int8 = (values: readonly number[]): TensorData => Int8Array.from(values);
const int16 = (values: readonly number[]): TensorData => Int16Array.from(values);
const int32 = (values: readonly number[]): TensorData => Int32Array.from(values);
const int64 = (values: readonly number[]): TensorData => BigInt64Array.from(values, BigInt);

const codes8 = [-128, 127] as const;
const codes16 = [-32768, 32767] as const;
const weights16 = [-32767, 32767] as const;

export const sumModes = {
  int8: {
    precision: 'int8',
    input: codes8,
    weights: codes8,
    limit: 2 ** 31,
    arrays: [int8, int8, int32],
  },
  'int16 with int8 weights that fit 32 bits': {
    precision: 'int16',
    input: codes16,
    weights: codes8,
    limit: 2 ** 31,
    arrays: [int16, int8, int64],
  },
  'int16 with int8 weights': {
    precision: 'int16',
    input: codes16,
    weights: codes8,
    limit: 2 ** 47,
    arrays: [int16, int8, int64],
  },
  'int16 with int16 weights that fit 32 bits': {
    precision: 'int16',
    input: codes16,
    weights: weights16,
    limit: 2 ** 31,
    arrays: [int16, int16, int64],
  },
  'int16 with int16 weights': {
    precision: 'int16',
    input: codes16,
    weights: weights16,
    limit: 2 ** 47,
    arrays: [int16, int16, int64],
  },
  'int16 with int32 accumulators': {
    precision: 'int16',
    input: codes16,
    weights: codes8,
    limit: 2 ** 31,
    int32: true,
    arrays: [int16, int8, int32],
  },
  'int16 with int16 weights and int32 accumulators': {
    precision: 'int16',
    input: codes16,
    weights: weights16,
    limit: 2 ** 31,
    int32: true,
    arrays: [int16, int16, int32],
  },
} as const satisfies Record<string, SumMode>;

/** Around one and two of the SIMD width, 8 channels: below, at, above, 2 * 8 + 3, and primes. */
// prettier-ignore
const channelCount = ordered(
  1, 1, 2, 3, 4, 5, 6, 7, 7, 8, 8, 9, 9, 11, 12, 13, 15, 16, 17, 19, 19, 23, 24, 25, 31, 32, 33, 37, 40,
);
/** The same around a tile of 4 rows, which are output pixels. */
const side = ordered(1, 1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 12);
const kernelSide = ordered(1, 1, 2, 3, 3, 5);
const step = ordered(1, 1, 2, 3);
const margin = fc.nat({ max: 3 });
const deepMargin = ordered(0, 0, 0, 1, 2, 4, 9);
const batchCount = ordered(1, 1, 2);
export const seed = fc.integer({ min: 1, max: 2 ** 31 - 1 });

interface Geometry {
  readonly batches: number;
  readonly image: readonly [number, number];
  readonly kernel: readonly [number, number];
  readonly stride: readonly [number, number];
  readonly padding: readonly [number, number, number, number];
  readonly channels: number;
  readonly outChannels: number;
}

const anyGeometry: fc.Arbitrary<Geometry> = fc.record({
  batches: batchCount,
  image: fc.tuple(side, side),
  kernel: fc.tuple(kernelSide, kernelSide),
  stride: fc.tuple(step, step),
  padding: fc.tuple(margin, margin, margin, margin),
  channels: channelCount,
  outChannels: channelCount,
});

/** As many rows as say something about a tile of 4: one, below, at, above, two tiles and one or three more, primes. */
const rows: fc.Arbitrary<Geometry> = fc.record({
  batches: fc.constant(1),
  image: fc.tuple(ordered(1, 3, 4, 5, 5, 8, 9, 9, 11, 13, 15, 21), fc.constant(1)),
  kernel: fc.constant([1, 1] as const),
  stride: fc.constant([1, 1] as const),
  padding: fc.constant([0, 0, 0, 0] as const),
  channels: channelCount,
  outChannels: channelCount,
});

/** Windows that reach beyond the image, or lie outside, more often than not. 72 channels are nine panels, or steps of 9. */
const edges: fc.Arbitrary<Geometry> = fc.record({
  batches: fc.constant(1),
  image: fc.tuple(ordered(1, 2, 3), ordered(1, 2, 3)),
  kernel: fc.tuple(kernelSide, kernelSide),
  stride: fc.tuple(step, step),
  padding: fc.tuple(margin, margin, margin, margin),
  channels: ordered(1, 3, 8, 9, 72),
  outChannels: ordered(1, 3, 8, 9, 72),
});

/** Windows of one to three bands of four rows, for which and of which kernels lay out padding too: also more than reaches. */
const tall: fc.Arbitrary<Geometry> = fc.record({
  batches: batchCount,
  image: fc.tuple(ordered(1, 3, 4, 5, 6, 8, 9, 12), ordered(1, 2, 3, 4, 5)),
  kernel: fc.tuple(ordered(1, 2, 3, 4, 5, 6, 7, 8, 9), ordered(1, 2, 3)),
  stride: fc.tuple(step, step),
  padding: fc.tuple(deepMargin, deepMargin, deepMargin, deepMargin),
  channels: ordered(1, 7, 8, 9, 16, 17),
  outChannels: ordered(1, 7, 8, 9, 16, 17),
});

/** More windows, or pixels, than kernels take at a time; what they take may end within a line, or leave a single one. */
const large: fc.Arbitrary<Geometry> = fc
  .record({
    outChannels: ordered(1, 3, 9),
    image: ordered<readonly [number, number]>([67, 1], [13, 5], [61, 1]),
    shape: ordered(
      { kernel: [5, 1], padding: [2, 2, 0, 0], channels: 211 },
      { kernel: [1, 1], padding: [0, 0, 0, 0], channels: 536 },
      { kernel: [1, 1], padding: [0, 0, 0, 0], channels: 2208 },
    ),
  })
  .map(({ outChannels, image, shape }) => ({
    batches: 1,
    image,
    stride: [1, 1],
    outChannels,
    ...shape,
  }));

/** Windows of more columns than a signed byte counts, or of so many lines that a block is less than a line of outputs. */
const long: fc.Arbitrary<Geometry> = fc
  .record({
    strideY: ordered(1, 2),
    channels: ordered(1, 2),
    shape: ordered(
      { image: [3, 135], kernel: [1, 129], padding: [0, 0, 0, 0] },
      { image: [3, 135], kernel: [1, 129], padding: [1, 1, 0, 0] },
      { image: [121, 20], kernel: [120, 2], padding: [0, 0, 0, 0], channels: 9 },
      { image: [121, 20], kernel: [120, 2], padding: [0, 0, 5, 0], channels: 9 },
    ),
  })
  .map(({ strideY, channels, shape }) => ({
    batches: 1,
    stride: [strideY, 1],
    channels,
    outChannels: channels,
    ...shape,
  }));

/** Of windows of 3 by 3, or nearly so: around the odd and even numbers of them that go in tiles of two. */
const squareSide = ordered(2, 3, 4, 5, 6, 7, 9, 11);
const narrow = ordered(0, 1);
const wide = fc.constant(2);
const squarePadding = fc.oneof(
  { arbitrary: fc.tuple(narrow, narrow, narrow, narrow), weight: 6 },
  { arbitrary: fc.tuple(wide, narrow, narrow, narrow), weight: 1 },
  { arbitrary: fc.tuple(narrow, wide, narrow, narrow), weight: 1 },
  { arbitrary: fc.tuple(narrow, narrow, wide, narrow), weight: 1 },
  { arbitrary: fc.tuple(narrow, narrow, narrow, wide), weight: 1 },
);
const squareChannels = ordered(1, 1, 2, 3, 4, 5, 8, 9, 12, 17);
type Sides = readonly [number, number];

/** Windows that go in tiles where they reach out of the image by a pixel at most, and some that differ in one point. */
const squares: fc.Arbitrary<Geometry> = fc.record({
  batches: ordered(1, 2),
  image: fc.tuple(squareSide, squareSide),
  kernel: ordered<Sides>([3, 3], [3, 3], [3, 3], [4, 3], [3, 4], [2, 3], [3, 2]),
  stride: ordered<Sides>([1, 1], [2, 2], [1, 1], [2, 2], [1, 1], [2, 2], [1, 2], [2, 1], [3, 3]),
  padding: squarePadding,
  channels: squareChannels,
  outChannels: squareChannels,
});

/** Lines of so many windows inside the image that tiles of four, five and six of them are read where they stand. */
const lines: fc.Arbitrary<Geometry> = fc.record({
  batches: batchCount,
  image: fc.tuple(ordered(2, 3, 5), ordered(13, 15, 18, 20, 27, 40)),
  kernel: fc.tuple(ordered(2, 3), ordered(1, 2, 3, 5, 5)),
  stride: fc.tuple(step, ordered(1, 2)),
  padding: fc.tuple(narrow, narrow, narrow, narrow),
  channels: ordered(1, 2, 3, 4, 8),
  outChannels: ordered(1, 8, 9),
});

/** How a window may be more than the pixel at its place, alone or with what keeps the image's size. */
const deviations: readonly [Partial<Geometry>, ...Partial<Geometry>[]] = [
  {},
  { kernel: [2, 1] },
  { kernel: [1, 2] },
  { kernel: [2, 1], padding: [0, 1, 0, 0] },
  { kernel: [1, 2], padding: [0, 0, 0, 1] },
  { kernel: [2, 1], padding: [0, 1, 0, 0], image: [1, 5] },
  { kernel: [1, 2], padding: [0, 0, 0, 1], image: [5, 1] },
  { stride: [2, 1] },
  { stride: [1, 2] },
  { stride: [2, 1], image: [3, 4], padding: [0, 2, 0, 0] },
  { stride: [1, 2], image: [4, 3], padding: [0, 0, 0, 2] },
  { padding: [0, 1, 0, 0] },
  { padding: [0, 0, 0, 1] },
  { padding: [0, 1, 0, 0], image: [1, 5] },
  { padding: [0, 0, 0, 1], image: [5, 1] },
  { padding: [1, 0, 1, 0] },
];

/** Pixel to pixel, for which kernels have a short cut, or nearly so. */
const nearlyPointwise: fc.Arbitrary<Geometry> = fc
  .record({
    batches: batchCount,
    image: fc.tuple(side, side),
    channels: ordered(8, 8, 12, 15, 16, 24),
    outChannels: channelCount,
    deviation: ordered(...deviations),
  })
  .map(({ deviation, ...drawn }) => ({
    kernel: [1, 1],
    stride: [1, 1],
    padding: [0, 0, 0, 0],
    ...drawn,
    ...deviation,
  }));

/** Sums that do not fit 32 bits, even of 8-bit weights. */
const deep: fc.Arbitrary<Geometry> = fc
  .record({
    batches: fc.constant(1),
    image: fc.tuple(ordered(1, 3), ordered(2, 3)),
    channels: ordered(520, 601, 1100),
    outChannels: ordered(1, 8, 9),
    deviation: ordered(...deviations),
  })
  .map(({ deviation, ...drawn }) => ({
    kernel: [1, 1],
    stride: [1, 1],
    padding: [0, 0, 0, 0],
    ...drawn,
    ...deviation,
  }));

/** Many products, or many of each row of a window. */
const heavy: fc.Arbitrary<Geometry> = fc
  .oneof({ withCrossShrink: true }, tall, deep)
  .map((drawn) => ({ ...drawn, kernel: fittingKernel(drawn) }));

const geometry: fc.Arbitrary<Geometry> = fc
  .oneof(
    { withCrossShrink: true },
    { arbitrary: rows, weight: 16 },
    { arbitrary: edges, weight: 8 },
    { arbitrary: nearlyPointwise, weight: 20 },
    { arbitrary: anyGeometry, weight: 30 },
    { arbitrary: tall, weight: 12 },
    { arbitrary: squares, weight: 20 },
    { arbitrary: lines, weight: 8 },
    { arbitrary: deep, weight: 4 },
    { arbitrary: large, weight: 2 },
    { arbitrary: long, weight: 2 },
  )
  .map((drawn) => ({ ...drawn, kernel: fittingKernel(drawn) }));

/** A kernel no larger than the padded image, so that it has a position. */
function fittingKernel({ image, kernel, padding }: Geometry): readonly [number, number] {
  return [
    Math.min(kernel[0], image[0] + padding[0] + padding[1]),
    Math.min(kernel[1], image[1] + padding[2] + padding[3]),
  ];
}

interface Values {
  readonly seed: number;
  /**
   * `limit`: all products and the bias have one sign, so that accumulators reach what rules R1 and R2 allow.
   * The others: accumulators are the biases. `tie`: they end exactly halfway between two results. `rise`: they are the
   * least that give a code, or one below it. `edge`: a unit of the last product decides between two results.
   */
  readonly aim: 'any' | 'tie' | 'limit' | 'rise' | 'edge';
  readonly input: Pattern;
  readonly weights: Pattern;
  /** The share of the weights' range that is used. */
  readonly amplitude: number;
  /** `one`: the limit in the first channel alone. With the aim `limit`, `small` aims at results of some 2^21. */
  readonly bias: 'none' | 'small' | 'limit' | 'one';
  /**
   * `slight`: those of small sums. `around`: around -2, above which kernels treat sums one by one. `fine`: around -10, below
   * which they apply no factor in float32, and -15, below which they treat sums one by one again.
   */
  readonly shifts: 'typical' | 'any' | 'equal' | 'slight' | 'around' | 'fine' | 'lowest';
  /** Powers of two make ties; `some zero`: every other channel; `rounded`: near halves of what is left of 16 bits (A5). */
  readonly multipliers: 'power' | 'any' | 'largest' | 'some zero' | 'rounded';
  readonly zeroPoint: number;
  readonly outputZeroPoint: number;
  readonly activation: 'none' | 'relu' | 'limits';
  /** What the back end is told: the integers themselves, or scales that they follow from. */
  readonly told: 'integers' | 'scales';
}

const values: fc.Arbitrary<Values> = fc.record({
  seed,
  aim: ordered('any', 'any', 'any', 'any', 'tie', 'limit', 'rise', 'edge'),
  input: ordered(...patterns),
  weights: ordered(...patterns),
  amplitude: ordered(0.005, 0.05, 0.5, 1),
  bias: ordered('none', 'small', 'limit', 'one'),
  shifts: ordered('typical', 'equal', 'slight', 'around', 'fine', 'any', 'lowest'),
  multipliers: ordered('power', 'any', 'any', 'any', 'largest', 'some zero', 'rounded'),
  zeroPoint: ordered(0, -3, -128, 127),
  outputZeroPoint: ordered(0, 5, -128, 127),
  activation: ordered('none', 'relu', 'limits'),
  told: ordered('integers', 'integers', 'scales'),
});

/** Products as large as they may be, of one sign mostly: those that kernels gather apart go beyond 32 bits. */
const largest: fc.Arbitrary<Values> = fc
  .tuple(values, ordered('highest', 'lowest'), ordered('highest', 'lowest', 'extremes'))
  .map(([drawn, input, weights]) => ({
    ...drawn,
    aim: 'any',
    input,
    weights,
    amplitude: 1,
    shifts: 'typical',
  }));

export type SumKind = 'conv2d' | 'depthwiseConv2d' | 'fullyConnected';

export function integerSum(kind: SumKind, mode: SumMode): fc.Arbitrary<OperatorCase> {
  const sums = (shapes: fc.Arbitrary<Geometry>, of: fc.Arbitrary<Values>) =>
    fc.record({
      geometry: shapes,
      values: of,
      depthMultiplier: ordered(1, 1, 1, 2, 3),
      grouped: ordered(false, false, false, false, false, false, true),
    });
  const any = sums(geometry, values);
  const drawn =
    mode.limit > 2 ** 31
      ? fc.oneof(
          { withCrossShrink: true },
          { arbitrary: any, weight: 24 },
          { arbitrary: sums(heavy, largest), weight: 1 },
        )
      : any;
  return drawn.map(({ geometry: shapes, values: of, depthMultiplier, grouped }) =>
    integerCase(mode, layoutOf(kind, shapes, depthMultiplier, grouped), of),
  );
}

export function floatSum(kind: SumKind): fc.Arbitrary<OperatorCase> {
  return fc
    .record({
      geometry,
      depthMultiplier: ordered(1, 1, 2),
      grouped: ordered(false, false, false, false, false, false, true),
      seed,
      input: ordered(...floatPatterns),
      weights: ordered('zero', 'constant', 'random', 'denormal', 'wide'),
      activation: ordered('none', 'relu', 'relu6'),
      withBias: fc.boolean(),
    })
    .map((drawn) => {
      const layout = layoutOf(kind, drawn.geometry, drawn.depthMultiplier, drawn.grouped);
      const draw = (shape: readonly number[], of: FloatPattern, offset: number): GivenTensor => ({
        shape,
        data: drawFloats(of, drawn.seed + offset, count(shape)),
      });
      return {
        kind,
        precision: 'float32',
        attributes: { ...layout.attributes, activation: drawn.activation },
        inputs: [
          draw(layout.input, drawn.input, 0),
          draw(layout.weights, drawn.weights, 1),
          ...(drawn.withBias ? [draw([layout.outputs], 'random', 2)] : []),
        ],
      };
    });
}

function integerCase(mode: SumMode, layout: Layout, values: Values): OperatorCase {
  const zeroPoint = mode.precision === 'int8' ? values.zeroPoint : 0;
  const outputZeroPoint = mode.precision === 'int8' ? values.outputZeroPoint : 0;
  const [minInput, maxInput] = mode.input;
  const radius = Math.max(zeroPoint - minInput, maxInput - zeroPoint);
  const farthest = zeroPoint - minInput === radius ? 'lowest' : 'highest';
  const input = {
    any: values.input,
    limit: farthest,
    tie: 'zero',
    rise: 'zero',
    edge: 'zero',
  } as const;
  const x = drawIntegers(
    input[values.aim],
    values.seed,
    count(layout.input),
    minInput,
    maxInput,
    zeroPoint,
  );
  const weights = fittingWeights(mode, layout, values, radius);
  const sums = weightSums(layout, weights);
  const random = generator(values.seed + 2);
  const channels = {
    any: anyChannels,
    tie: tieChannels,
    limit: limitChannels,
    rise: riseChannels,
    edge: edgeChannels,
  }[values.aim](mode, values, sums, radius, outputZeroPoint, random);
  if (values.aim === 'limit') alignWeights(layout, weights, channels, farthest);
  const bias = channels.map((channel) => channel.bias);
  const told =
    values.told === 'scales' && channels.every(({ multiplier }) => multiplier > 0)
      ? toldScales(channels, values, outputZeroPoint)
      : toldIntegers(
          channels,
          activationLimits(mode.input, outputZeroPoint, values),
          outputZeroPoint,
        );
  const tensor = (shape: readonly number[], data: readonly number[], i: number): GivenTensor => {
    const array = mode.arrays[i];
    return { shape, data: array === undefined ? data : array(data) };
  };
  return {
    kind: layout.kind,
    precision: mode.precision,
    attributes: {
      ...layout.attributes,
      ...(mode.int32 === true ? { accumulator: 'int32' as const } : {}),
      ...told.attributes,
    },
    inputs: [
      { ...tensor(layout.input, x, 0), ...told.input, zeroPoint },
      { ...tensor(layout.weights, weights, 1), ...told.weights },
      ...(values.bias === 'none' && values.aim === 'any'
        ? []
        : [{ ...tensor([layout.outputs], bias, 2), ...told.bias }]),
    ],
  };
}

/** How a case gives the factors of its channels. */
interface Told {
  readonly attributes: Partial<GivenAttributes<'conv2d'>>;
  readonly input: GivenQuantization;
  readonly weights: GivenQuantization;
  readonly bias: GivenQuantization;
}

function toldIntegers(
  channels: readonly Channel[],
  limits: ReturnType<typeof activationLimits>,
  outputZeroPoint: number,
): Told {
  return {
    attributes: {
      multiplier: channels.map((channel) => channel.multiplier),
      shift: channels.map((channel) => channel.shift),
      ...limits,
      output: { zeroPoint: outputZeroPoint },
    },
    input: {},
    weights: {},
    bias: {},
  };
}

/** Weight scales whose factors are the drawn ones to 24 bits; some go beyond the ranges, which says nothing. */
function toldScales(
  channels: readonly Channel[],
  { activation }: Values,
  outputZeroPoint: number,
): Told {
  const input = Math.fround(0.02);
  const output = Math.fround(0.05);
  const weights = channels.map(({ multiplier, shift }) =>
    Math.fround((multiplier * 2 ** (shift - 31) * output) / input),
  );
  return {
    attributes: {
      activation: activation === 'limits' ? 'relu6' : activation,
      output: { scale: output, zeroPoint: outputZeroPoint },
    },
    input: { scale: input },
    weights: { scale: weights },
    bias: { scale: weights.map((scale) => Math.fround(input * scale)) },
  };
}

/** What is drawn for an output channel. */
interface Channel {
  readonly bias: number;
  readonly multiplier: number;
  readonly shift: number;
}

/** Draws the channels, whose sums of |w| are `sums`; no |x - zeroPoint| is above `radius`. */
type Channels = (
  mode: SumMode,
  values: Values,
  sums: readonly number[],
  radius: number,
  outputZeroPoint: number,
  random: () => number,
) => readonly Channel[];

const anyChannels: Channels = (mode, values, sums, radius, outputZeroPoint, random) => {
  const bias = sums.map((sum, c) => {
    const room = mode.limit - 1 - sum * radius;
    const sign = random() < 0.5 ? -1 : 1;
    const fraction = random();
    const share = {
      none: 0,
      small: 0.001 * fraction,
      limit: 1,
      one: c === 0 ? 1 : Math.min(16 * fraction, room) / Math.max(room, 1),
    }[values.bias];
    return sign * Math.trunc(room * share) + 0;
  });
  const first = random();
  return sums.map((sum, c) => {
    const multiplier = multiplierFor(values, c, random());
    const draw = values.shifts === 'equal' ? first : random();
    const own = bias[c] ?? 0;
    const bound = sum * radius + Math.abs(own);
    const wanted = wantedShift(mode, values.shifts, bound, draw);
    return {
      bias: own,
      multiplier,
      shift: fittingShift(mode, bound, multiplier, wanted, outputZeroPoint),
    };
  });
};

/**
 * Biases that fill what the products leave of the largest accumulator, also of one that is first shifted to the left; or
 * of the largest whose result kernels take from float32 to an integer, and of some beyond.
 */
const limitChannels: Channels = (mode, values, sums, radius, outputZeroPoint, random) =>
  sums.map((sum, c) => {
    const sign = random() < 0.5 ? -1 : 1;
    const multiplier = multiplierFor(values, c, random());
    const lowest = values.shifts === 'lowest';
    const float = values.bias === 'small' && !roundsOnce(mode);
    const drawn = random();
    const wanted = float
      ? -2 - Math.floor(9 * drawn)
      : lowest
        ? -31
        : wantedShift(mode, 'any', 0, drawn);
    const lead = roundsOnce(mode) ? 0 : Math.max(wanted, 0);
    // By the lowest shift, what is a unit or two below the limit is rounded otherwise.
    const below = lowest ? Math.floor(6 * random()) : 0;
    const largest = Math.floor((mode.limit - 1 - below) / 2 ** lead);
    const result = 2 ** 21 - 12 + 16 * random();
    const wantedBound = float ? Math.floor(result / (multiplier * 2 ** (wanted - 31))) : largest;
    const bound = Math.max(Math.min(wantedBound, largest), sum * radius);
    const shift = fittingShift(mode, bound, multiplier, wanted, outputZeroPoint);
    return { bias: sign * (bound - sum * radius) + 0, multiplier, shift };
  });

/**
 * Accumulators whose product with the multiplier is halfway between two results, by the power of two in it.
 *
 * A5, and the first rounding of A4: bias * multiplier has as many factors of two as the divisor has, less one. The second
 * rounding: so has the result of the first, whether that is exact (2^30) or was itself rounded up to it (2^31 - 1).
 */
const tieChannels: Channels = (mode, _values, sums, radius, outputZeroPoint, random) => {
  // A small share of the room, so that weights and a tie fit side by side.
  const below = (n: number): number => Math.floor(random() * n);
  return sums.map((sum) => {
    const odd = (2 * below(2 ** below(9)) + 1) * (random() < 0.5 ? -1 : 1);
    const kind = roundsOnce(mode) ? 0 : below(3);
    const right = below(19);
    const low = below(9);
    // The multiplier's factors of two, and the accumulator's.
    const [multiplier, exponent, wanted] =
      kind === 0 && roundsOnce(mode)
        ? [2 ** 30 + (low === 0 ? 0 : 2 ** (30 - low)), low + right, -right]
        : kind === 0
          ? [2 ** 30 + (low === 0 ? 0 : 2 ** (30 - low)), low, -below(8)]
          : kind === 1
            ? [2 ** 30, right + 1, -right - 1]
            : [2 ** 31 - 1, right, -right - 1];
    const bias = odd * 2 ** exponent;
    const bound = sum * radius + Math.abs(bias);
    return {
      bias,
      multiplier,
      shift: fittingShift(mode, bound, multiplier, wanted, outputZeroPoint),
    };
  });
};

/** Accumulators at the steps of the output, from either side. */
const riseChannels: Channels = (mode, values, sums, radius, outputZeroPoint, random) => {
  const rescale = roundsOnce(mode) ? requantizeInt64 : requantizeInt32;
  const [min, max] = mode.input;
  return sums.map((sum, c) => {
    const multiplier = multiplierFor(values, c, random());
    const wanted = wantedShift(mode, values.shifts, 2 ** 20, random());
    // Around 0, where the sign of what is added to round changes, as often as anywhere.
    const code =
      random() < 0.5
        ? Math.floor(random() * 5) - 2
        : min + Math.floor(random() * (max - min + 1)) - outputZeroPoint;
    const room = Math.floor((mode.limit / 2 - 1) / 2 ** Math.max(wanted, 0));
    const shift = fittingShift(mode, sum * radius + room, multiplier, wanted, outputZeroPoint);
    let [below, rise] = [-room, room];
    while (rise - below > 1) {
      const middle = Math.floor((below + rise) / 2);
      if (rescale(middle, multiplier, shift) >= code) rise = middle;
      else below = middle;
    }
    return { bias: (random() < 0.5 ? rise : below) + 0, multiplier, shift };
  });
};

/** Draws of a bias until a multiplier fits it. */
const EDGE_TRIES = 100;

/** Accumulators at which a unit of the last product, with all that is added to round, decides between two results. */
const edgeChannels: Channels = (mode, _values, sums, radius, outputZeroPoint, random) => {
  const below = (n: number): number => Math.floor(random() * n);
  const drawn = roundsOnce(mode) ? edgeOfOne : edgeOfTwo;
  return sums.map((sum) => {
    const { bias, multiplier, shift: wanted } = drawn(mode, below);
    const bound = sum * radius + Math.abs(bias);
    const shift = fittingShift(mode, bound, multiplier, wanted, outputZeroPoint);
    return { bias, multiplier, shift };
  });
};

/** Of one rounding (A5): the inverse of a 15-bit multiplier gives the accumulator. */
function edgeOfOne(mode: SumMode, below: (n: number) => number): Channel {
  const shift = -below(mode.limit > 2 ** 31 ? 32 : 16);
  const divisor = 2n ** BigInt(15 - shift);
  const reduced = 2 ** 14 + 2 * below(2 ** 13) + 1;
  const product = -BigInt(below(2)) - divisor / 2n;
  const bias = Number(BigInt.asIntN(15 - shift, product * inverse(BigInt(reduced), divisor)));
  return { bias, multiplier: reduced * 2 ** 16 - below(2 ** 15), shift };
}

/** Of two (A4): the inverse of a small accumulator gives the multiplier. */
function edgeOfTwo(mode: SumMode, below: (n: number) => number): Channel {
  for (let tries = 0; tries < EDGE_TRIES; tries++) {
    const shift = -1 - below(4);
    const bits = Math.log2(mode.input[1] + 1) - shift;
    const magnitude = 2 * below(2 ** below(bits)) + 1;
    const bias = below(2) === 0 ? magnitude : -magnitude;
    const multiplier = edgeMultiplier(bias, shift, below(2) === 0);
    if (multiplier !== undefined) return { bias, multiplier, shift };
  }
  return { bias: 1, multiplier: 2 ** 30, shift: -1 };
}

function roundsOnce(mode: SumMode): boolean {
  return mode.precision === 'int16' && mode.int32 !== true;
}

function multiplierFor({ multipliers }: Values, channel: number, draw: number): number {
  switch (multipliers) {
    case 'power':
      return 2 ** 30;
    case 'largest':
      return 2 ** 31 - 1;
    case 'some zero':
      return channel % 2 === 0 ? 0 : 2 ** 30;
    case 'rounded':
      return 2 ** 30 + Math.floor(draw * 2 ** 14) * 2 ** 16 + (channel % 2 === 0 ? 0x7fff : 0x8000);
    case 'any':
      return 2 ** 30 + Math.floor(draw * 2 ** 30);
  }
}

/** Gives weights the signs with which all products of a channel have that of its bias. */
function alignWeights(
  layout: Layout,
  weights: number[],
  channels: readonly Channel[],
  farthest: 'lowest' | 'highest',
): void {
  const sign = farthest === 'lowest' ? -1 : 1;
  weights.forEach((w, i) => {
    const { bias = 0 } = channels[channelOf(layout, i, weights.length)] ?? {};
    weights[i] = Math.abs(w) * (bias < 0 ? -sign : sign) + 0;
  });
}

/** Weights of the drawn pattern, made smaller until every accumulator stays below the mode's limit. */
function fittingWeights(mode: SumMode, layout: Layout, values: Values, radius: number): number[] {
  const [min, max] = mode.weights;
  // The largest magnitude of both signs, and room for a bias that is aimed.
  const lowest = values.aim === 'limit' ? -max : min;
  const limit = values.aim === 'any' || values.aim === 'limit' ? mode.limit : mode.limit / 2;
  for (let amplitude = values.amplitude; ; amplitude /= 2) {
    const bounds = [Math.trunc(lowest * amplitude), Math.trunc(max * amplitude)] as const;
    const length = count(layout.weights);
    const weights = drawIntegers(values.weights, values.seed + 1, length, ...bounds);
    if (weightSums(layout, weights).every((sum) => sum * radius < limit)) return weights;
  }
}

/** The sum of |w| of each output channel. */
function weightSums(layout: Layout, weights: readonly number[]): number[] {
  const sums = Array.from({ length: layout.outputs }, () => 0);
  weights.forEach((w, i) => {
    const c = channelOf(layout, i, weights.length);
    sums[c] = (sums[c] ?? 0) + Math.abs(w);
  });
  return sums;
}

/** The output channel of a weight. */
function channelOf({ kind, outputs }: Layout, index: number, length: number): number {
  return kind === 'depthwiseConv2d' ? index % outputs : Math.floor((index * outputs) / length);
}

/** A shift that brings the largest sum near the limits of a code, or another. */
function wantedShift(mode: SumMode, kind: Values['shifts'], bound: number, draw: number): number {
  const codeBits = mode.precision === 'int8' ? 8 : 16;
  const typical =
    codeBits + 1 - Math.ceil(Math.log2(Math.max(bound, 2))) + Math.floor(4 * draw) - 2;
  const wanted = {
    any: Math.floor(draw * 39) - 31,
    slight: Math.floor(draw * 7) - 8,
    around: Math.floor(draw * 7) - 5,
    fine: Math.floor(draw * 9) - 17,
    lowest: -31,
    typical,
    equal: typical,
  }[kind];
  return Math.min(Math.max(wanted, -31), 7);
}

/** The wanted shift, or the next smaller one that rules R1 and R2 allow. */
function fittingShift(
  mode: SumMode,
  bound: number,
  multiplier: number,
  wanted: number,
  outputZeroPoint: number,
): number {
  const rescale = roundsOnce(mode) ? requantizeInt64 : requantizeInt32;
  const fits = (shift: number): boolean =>
    (roundsOnce(mode) || bound * 2 ** Math.max(shift, 0) < 2 ** 31) &&
    rescale(bound, multiplier, shift) + Math.abs(outputZeroPoint) < 2 ** 31;
  // Not -0, which no file keeps.
  let shift = wanted + 0;
  while (shift > -31 && !fits(shift)) shift -= 1;
  return shift;
}

function activationLimits(
  [min, max]: readonly [number, number],
  zeroPoint: number,
  { activation, seed: drawn }: Values,
): { readonly activationMin: number; readonly activationMax: number } {
  if (activation === 'none') return { activationMin: min, activationMax: max };
  if (activation === 'relu') return { activationMin: zeroPoint, activationMax: max };
  const low = min + (drawn % (max - min + 1));
  return { activationMin: low, activationMax: Math.min(max, low + ((drawn >> 8) % 100)) };
}

/** A kind's shapes, and the attributes that say how its window moves. */
interface Layout {
  readonly kind: SumKind;
  readonly input: readonly number[];
  readonly weights: readonly number[];
  readonly outputs: number;
  readonly attributes: object;
}

/** `grouped`: a conv2d of one group per channel. */
function layoutOf(
  kind: SumKind,
  { batches, image, kernel, channels, outChannels, stride, padding }: Geometry,
  depthMultiplier: number,
  grouped: boolean,
): Layout {
  const input = [batches, ...image, channels];
  switch (kind) {
    case 'conv2d': {
      const attributes = { stride, padding };
      if (!grouped) {
        const weights = [outChannels, ...kernel, channels];
        return { kind, input, weights, outputs: outChannels, attributes };
      }
      const outputs = channels * depthMultiplier;
      const weights = [outputs, ...kernel, 1];
      return { kind, input, weights, outputs, attributes: { ...attributes, groups: channels } };
    }
    case 'depthwiseConv2d': {
      const outputs = channels * depthMultiplier;
      const weights = [1, ...kernel, outputs];
      return { kind, input, weights, outputs, attributes: { stride, padding } };
    }
    case 'fullyConnected': {
      const inputs = channels * kernel[0];
      // Rows of the weights' length, or an image that is flattened to one.
      const flattened =
        depthMultiplier === 1 ? [batches * image[0], inputs] : [batches, kernel[0], channels];
      const weights = [outChannels, inputs];
      return { kind, input: flattened, weights, outputs: outChannels, attributes: {} };
    }
  }
}

export function count(shape: readonly number[]): number {
  return shape.reduce((a, b) => a * b, 1);
}
