/** Convolutions and fully connected layers, in every mode, at the sizes and values where kernels break. */

import fc from 'fast-check';
import type { GivenTensor, PrecisionName, TensorData } from '../reference/index.ts';
import {
  drawFloats,
  drawIntegers,
  floatPatterns,
  generator,
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

/** Around the SIMD width and the tiles of 4 pixels and 8 channels. */
const channelCount = fc.oneof(
  fc.constantFrom(1, 3, 7, 8, 9, 15, 16, 17, 24, 31, 33),
  fc.integer({ min: 1, max: 40 }),
);
const side = fc.oneof(fc.constantFrom(1, 2, 3, 4, 5, 7, 9), fc.integer({ min: 1, max: 12 }));
const kernelSide = fc.constantFrom(1, 1, 2, 3, 3, 5);
const step = fc.constantFrom(1, 1, 2, 3);
const margin = fc.integer({ min: 0, max: 3 });
export const seed = fc.integer({ min: 1, max: 2 ** 31 - 1 });
const pattern = fc.constantFrom(...patterns);

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
  batches: fc.constantFrom(1, 1, 2),
  image: fc.tuple(side, side),
  kernel: fc.tuple(kernelSide, kernelSide),
  stride: fc.tuple(step, step),
  padding: fc.tuple(margin, margin, margin, margin),
  channels: channelCount,
  outChannels: channelCount,
});

/** How a window may be more than the pixel at its place, alone or with what keeps the image's size. */
const deviations: readonly Partial<Geometry>[] = [
  {},
  { kernel: [2, 1] },
  { kernel: [1, 2] },
  { kernel: [2, 1], padding: [0, 1, 0, 0] },
  { kernel: [1, 2], padding: [0, 0, 0, 1] },
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
    batches: fc.constantFrom(1, 1, 2),
    image: fc.tuple(side, side),
    channels: fc.constantFrom(8, 16, 24, 12, 15),
    outChannels: channelCount,
    deviation: fc.constantFrom(...deviations),
  })
  .map(({ deviation, ...drawn }) => ({
    kernel: [1, 1],
    stride: [1, 1],
    padding: [0, 0, 0, 0],
    ...drawn,
    ...deviation,
  }));

/** Sums that do not fit 32 bits, even of 8-bit weights. */
const deep: fc.Arbitrary<Geometry> = fc.record({
  batches: fc.constant(1),
  image: fc.tuple(fc.constantFrom(1, 3), fc.constantFrom(2, 3)),
  kernel: fc.constantFrom([1, 1], [1, 2]),
  stride: fc.constant([1, 1]),
  padding: fc.constant([0, 0, 0, 0]),
  channels: fc.constantFrom(520, 601, 1100),
  outChannels: fc.constantFrom(1, 8, 9),
});

const geometry: fc.Arbitrary<Geometry> = fc
  .oneof(
    { arbitrary: anyGeometry, weight: 9 },
    { arbitrary: nearlyPointwise, weight: 4 },
    { arbitrary: deep, weight: 1 },
  )
  .filter(
    ({ image, kernel, padding }) =>
      image[0] + padding[0] + padding[1] >= kernel[0] &&
      image[1] + padding[2] + padding[3] >= kernel[1],
  );

interface Values {
  readonly seed: number;
  readonly input: Pattern;
  readonly weights: Pattern;
  /** The share of the weights' range that is used. */
  readonly amplitude: number;
  /** `one`: the limit in the first channel alone. */
  readonly bias: 'none' | 'small' | 'limit' | 'one';
  /** `slight` and `around`: those of small sums, around those that kernels treat one by one. */
  readonly shifts: 'typical' | 'any' | 'equal' | 'slight' | 'around' | 'lowest';
  /** Powers of two make ties. */
  readonly multipliers: 'any' | 'power';
  readonly zeroPoint: number;
  readonly outputZeroPoint: number;
  readonly activation: 'none' | 'relu' | 'limits';
}

const values: fc.Arbitrary<Values> = fc.record({
  seed,
  input: pattern,
  weights: pattern,
  amplitude: fc.constantFrom(1, 0.5, 0.05, 0.005),
  bias: fc.constantFrom('none', 'small', 'limit', 'one'),
  shifts: fc.constantFrom('typical', 'any', 'equal', 'slight', 'around', 'lowest'),
  multipliers: fc.constantFrom('any', 'any', 'power'),
  zeroPoint: fc.constantFrom(-128, -3, 0, 1, 127),
  outputZeroPoint: fc.constantFrom(-128, 5, 0, 127),
  activation: fc.constantFrom('none', 'relu', 'limits'),
});

export type SumKind = 'conv2d' | 'depthwiseConv2d' | 'fullyConnected';

export function integerSum(kind: SumKind, mode: SumMode): fc.Arbitrary<OperatorCase> {
  return fc
    .record({ geometry, values, depthMultiplier: fc.constantFrom(1, 1, 1, 2, 3) })
    .map((drawn) => integerCase(kind, mode, drawn.geometry, drawn.values, drawn.depthMultiplier));
}

export function floatSum(kind: SumKind): fc.Arbitrary<OperatorCase> {
  const floats = fc.constantFrom(...floatPatterns);
  return fc
    .record({
      geometry,
      depthMultiplier: fc.constantFrom(1, 1, 2),
      seed,
      input: floats,
      weights: fc.constantFrom('random', 'constant', 'zero', 'denormal', 'wide'),
      activation: fc.constantFrom('none', 'relu', 'relu6'),
      withBias: fc.boolean(),
    })
    .map((drawn) => {
      const shapes = shapesOf(kind, drawn.geometry, drawn.depthMultiplier);
      const draw = (shape: readonly number[], of: FloatPattern, offset: number): GivenTensor => ({
        shape,
        data: drawFloats(of, drawn.seed + offset, count(shape)),
      });
      return {
        kind,
        precision: 'float32',
        attributes: { ...windowOf(kind, drawn.geometry), activation: drawn.activation },
        inputs: [
          draw(shapes.input, drawn.input, 0),
          draw(shapes.weights, drawn.weights, 1),
          ...(drawn.withBias ? [draw([shapes.outputs], 'random', 2)] : []),
        ],
      };
    });
}

function integerCase(
  kind: SumKind,
  mode: SumMode,
  drawn: Geometry,
  values: Values,
  depthMultiplier: number,
): OperatorCase {
  const shapes = shapesOf(kind, drawn, depthMultiplier);
  const zeroPoint = mode.precision === 'int8' ? values.zeroPoint : 0;
  const outputZeroPoint = mode.precision === 'int8' ? values.outputZeroPoint : 0;
  const [minInput, maxInput] = mode.input;
  const radius = Math.max(zeroPoint - minInput, maxInput - zeroPoint);
  const x = drawIntegers(
    values.input,
    values.seed,
    count(shapes.input),
    minInput,
    maxInput,
    zeroPoint,
  );
  const weights = fittingWeights(kind, mode, shapes, values, radius);
  const sums = weightSums(kind, shapes, weights);
  const random = generator(values.seed + 2);
  const bias = sums.map((sum, c) => {
    const room =
      Math.min(mode.limit, mode.arrays[2] === int32 ? 2 ** 31 : 2 ** 45) - 1 - sum * radius;
    const sign = random() < 0.5 ? -1 : 1;
    const fraction = random();
    const share = {
      none: 0,
      small: 0.001 * fraction,
      limit: 1,
      one: c === 0 ? 1 : Math.min(16 * fraction, room) / room,
    }[values.bias];
    return sign * Math.trunc(room * share) + 0;
  });
  const bounds = sums.map((sum, c) => sum * radius + Math.abs(bias[c] ?? 0));
  const first = random();
  const factors = bounds.map((bound) => {
    const mantissa = random();
    const multiplier =
      2 ** 30 + (values.multipliers === 'any' ? Math.floor(mantissa * 2 ** 30) : 0);
    const draw = values.shifts === 'equal' ? first : random();
    return { multiplier, shift: shiftFor(mode, values.shifts, bound, multiplier, draw) };
  });
  const limits = activationLimits(mode.input, outputZeroPoint, values);
  const tensor = (shape: readonly number[], data: readonly number[], i: number): GivenTensor => {
    const array = mode.arrays[i];
    return { shape, data: array === undefined ? data : array(data) };
  };
  return {
    kind,
    precision: mode.precision,
    attributes: {
      ...windowOf(kind, drawn),
      ...(mode.int32 === true ? { accumulator: 'int32' as const } : {}),
      multiplier: factors.map((f) => f.multiplier),
      shift: factors.map((f) => f.shift),
      ...limits,
      output: { zeroPoint: outputZeroPoint },
    },
    inputs: [
      { ...tensor(shapes.input, x, 0), zeroPoint },
      tensor(shapes.weights, weights, 1),
      ...(values.bias === 'none' ? [] : [tensor([shapes.outputs], bias, 2)]),
    ],
  };
}

/** Weights of the drawn pattern, made smaller until every accumulator stays below the mode's limit. */
function fittingWeights(
  kind: SumKind,
  mode: SumMode,
  shapes: Shapes,
  values: Values,
  radius: number,
): readonly number[] {
  const [min, max] = mode.weights;
  for (let amplitude = values.amplitude; ; amplitude /= 2) {
    const bounds = [Math.trunc(min * amplitude), Math.trunc(max * amplitude)] as const;
    const length = count(shapes.weights);
    const weights = drawIntegers(values.weights, values.seed + 1, length, ...bounds);
    if (weightSums(kind, shapes, weights).every((sum) => sum * radius < mode.limit)) return weights;
  }
}

/** The sum of |w| of each output channel. */
function weightSums(kind: SumKind, shapes: Shapes, weights: readonly number[]): number[] {
  const sums = Array.from({ length: shapes.outputs }, () => 0);
  const products = weights.length / shapes.outputs;
  weights.forEach((w, i) => {
    const c = kind === 'depthwiseConv2d' ? i % shapes.outputs : Math.floor(i / products);
    sums[c] = (sums[c] ?? 0) + Math.abs(w);
  });
  return sums;
}

/** A shift that the ranges allow: one that brings the largest sum near the limits of a code, or any. */
function shiftFor(
  mode: SumMode,
  kind: Values['shifts'],
  bound: number,
  multiplier: number,
  draw: number,
): number {
  const codeBits = mode.precision === 'int8' ? 8 : 16;
  const typical =
    codeBits + 1 - Math.ceil(Math.log2(Math.max(bound, 2))) + Math.floor(4 * draw) - 2;
  const wanted = {
    any: Math.floor(draw * 39) - 31,
    slight: Math.floor(draw * 7) - 8,
    around: Math.floor(draw * 7) - 5,
    lowest: -31,
    typical,
    equal: typical,
  }[kind];
  const largest = mode.int32 === true || mode.precision === 'int8' ? 2 ** 31 : Infinity;
  let shift = Math.min(Math.max(wanted, -31), 7);
  const result = (): number => bound * (multiplier / 2 ** 31) * 2 ** shift;
  while (
    shift > -31 &&
    (bound * 2 ** Math.max(shift, 0) >= largest || result() >= 2 ** 31 - 2 ** 17)
  ) {
    shift -= 1;
  }
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

interface Shapes {
  readonly input: readonly number[];
  readonly weights: readonly number[];
  readonly outputs: number;
}

function shapesOf(kind: SumKind, drawn: Geometry, depthMultiplier: number): Shapes {
  const { batches, image, kernel, channels, outChannels } = drawn;
  switch (kind) {
    case 'conv2d':
      return {
        input: [batches, ...image, channels],
        weights: [outChannels, ...kernel, channels],
        outputs: outChannels,
      };
    case 'depthwiseConv2d': {
      const outputs = channels * depthMultiplier;
      return { input: [batches, ...image, channels], weights: [1, ...kernel, outputs], outputs };
    }
    case 'fullyConnected': {
      const inputs = channels * kernel[0];
      // Rows of the weights' length, or an image that is flattened to one.
      const input =
        depthMultiplier === 1 ? [batches * image[0], inputs] : [batches, kernel[0], channels];
      return { input, weights: [outChannels, inputs], outputs: outChannels };
    }
  }
}

function windowOf(kind: SumKind, { stride, padding }: Geometry): object {
  return kind === 'fullyConnected' ? {} : { stride, padding };
}

export function count(shape: readonly number[]): number {
  return shape.reduce((a, b) => a * b, 1);
}
