/** Every operator but convolutions and fully connected layers, in every precision that the fast path has. */

import fc from 'fast-check';
import {
  requantizeInt32,
  type ElementType,
  type GivenAttributes,
  type GivenQuantization,
  type GivenTensor,
  type OperatorKind,
  type PrecisionName,
  type TensorData,
} from '../reference/index.ts';
import { count, seed } from './arbitrary-sums.ts';
import {
  drawFloats,
  drawIntegers,
  edgeMultiplier,
  floatPatterns,
  generator,
  ordered,
  patterns,
  type FloatPattern,
  type Pattern,
} from './draws.ts';
import type { OperatorCase } from './operator-case.ts';

const side = ordered(1, 1, 2, 3, 4, 5, 6, 7, 9);
/** Around one and two of the SIMD width, 8 channels: below, at, above, 2 * 8 + 3, and primes. */
const channels = ordered(1, 2, 3, 5, 7, 7, 8, 8, 9, 9, 11, 13, 16, 17, 19, 19, 24, 31, 37, 40);
const batches = ordered(1, 1, 2);
const image = fc.tuple(batches, side, side, channels);
/** Rows as a tile of 4 has them: one, below, at, above, 2 * 4 + 3, primes. */
const rows = fc.tuple(ordered(1, 3, 4, 5, 7, 11, 13), channels);
const anyShape = fc.oneof({ withCrossShrink: true }, fc.tuple(channels), rows, image);
const imageOfRows = rows.map(([height, depth]) => [1, height, 1, depth] as const);
const anyImage = fc.oneof({ withCrossShrink: true }, imageOfRows, image, image);
const margin = fc.nat({ max: 3 });
const exponent = ordered(0, 1, 2, -1, -2, -3, -4, -5, -6, -8, -10, -12);

type Code = 'int8' | 'int16' | 'uint8';

const ranges: Readonly<Record<Code, readonly [number, number]>> = {
  int8: [-128, 127],
  int16: [-32768, 32767],
  uint8: [0, 255],
};

const arrays: Readonly<Record<Code, (values: readonly number[]) => TensorData>> = {
  int8: (values) => Int8Array.from(values),
  int16: (values) => Int16Array.from(values),
  uint8: (values) => Uint8Array.from(values),
};

/** The largest |code - zero point| of a type, whatever the zero point. */
const radius: Readonly<Record<Code, number>> = { int8: 255, int16: 32768, uint8: 255 };

/** A scale and a zero point, of whichever type they are for. */
interface DrawnScale {
  /** A power of two, so that ties occur, times a fraction in [1, 2]. */
  readonly exponent: number;
  readonly fraction: number;
  readonly zero: 'zero' | 'any' | 'lowest' | 'highest';
  readonly share: number;
}

const drawnScale: fc.Arbitrary<DrawnScale> = fc.record({
  exponent,
  fraction: ordered(0, 0, 0, 0.25, 0.5, 0.333, 0.7, 0.999),
  zero: ordered('zero', 'any', 'lowest', 'highest'),
  share: fc.nat({ max: 255 }),
});

function quantizationOf(type: ElementType, drawn: DrawnScale): GivenQuantization {
  if (type === 'float32') return {};
  const [min, max] = type === 'int8' ? [-128, 127] : type === 'uint8' ? [0, 255] : [0, 0];
  const near = Math.max(min, 0);
  const zeroPoint = {
    zero: near,
    any: min + Math.floor((drawn.share * (max - min)) / 255),
    lowest: min,
    highest: max,
  }[drawn.zero];
  return { scale: Math.fround(2 ** drawn.exponent * (1 + drawn.fraction)), zeroPoint };
}

/** A tensor, of whichever type it is to have. */
interface DrawnTensor extends DrawnScale {
  readonly shape: readonly number[];
  readonly seed: number;
  readonly pattern: Pattern;
  readonly floats: FloatPattern;
}

function drawnTensor(shape: fc.Arbitrary<readonly number[]>): fc.Arbitrary<DrawnTensor> {
  return fc
    .tuple(
      fc.record({
        shape,
        seed,
        pattern: ordered(...patterns),
        floats: ordered(...floatPatterns),
      }),
      drawnScale,
    )
    .map(([elements, scale]) => ({ ...elements, ...scale }));
}

function tensorOf(type: ElementType, drawn: DrawnTensor): GivenTensor {
  const { shape } = drawn;
  if (type === 'float32') {
    return { shape, data: drawFloats(drawn.floats, drawn.seed, count(shape)) };
  }
  const code = type as Code;
  const quantized = quantizationOf(code, drawn);
  const { zeroPoint } = quantized;
  const codes = drawIntegers(drawn.pattern, drawn.seed, count(shape), ...ranges[code], zeroPoint);
  return { shape, data: arrays[code](codes), ...quantized };
}

function tensor(
  type: ElementType,
  shape: fc.Arbitrary<readonly number[]>,
): fc.Arbitrary<GivenTensor> {
  return drawnTensor(shape).map((drawn) => tensorOf(type, drawn));
}

function quantization(type: ElementType): fc.Arbitrary<GivenQuantization> {
  return drawnScale.map((drawn) => quantizationOf(type, drawn));
}

const activation = ordered('none', 'relu', 'relu6');

/** A multiplier and a shift, which scales give too but seldom at their ends. */
interface Factor {
  readonly multiplier: number;
  readonly shift: number;
}

const multiplier = fc.oneof(
  { withCrossShrink: true },
  ordered(2 ** 30, 2 ** 30 + 2 ** 29, 2 ** 30 + 1, 2 ** 31 - 1, 0),
  fc.integer({ min: 2 ** 30, max: 2 ** 31 - 1 }),
);
const shift = ordered(0, -1, -2, -3, -4, -5, -6, -7, -8, -12, -20, -30, -31, 1, 2, 7, 15, 23, 30);

/** With which a unit of the last product decides what an odd code, or difference of codes, becomes. */
const edgeFactor: fc.Arbitrary<Factor> = fc
  .tuple(ordered(-1, 1, -3, 3, -5, 5, -7, 7, 51, -51, 101, -101, -127, 127), fc.boolean())
  .map(([code, under]) => ({ multiplier: edgeMultiplier(code, -1, under) ?? 2 ** 30, shift: -1 }));

const factor: fc.Arbitrary<Factor> = fc.oneof(
  { withCrossShrink: true },
  { arbitrary: fc.record({ multiplier, shift }), weight: 7 },
  { arbitrary: edgeFactor, weight: 1 },
);

/** A factor of its own, or undefined where scales are to give it. */
const ready = fc.option(factor, { nil: undefined, freq: 2 });

/** The wanted shift, or the largest with which a value stays below 2^31 (rules R4, R5). */
function fittingShift(bound: number, wanted: number): number {
  return Math.min(wanted, Math.floor(Math.log2((2 ** 31 - 1) / bound)));
}

/** Ready-made integers of an operator that rescales single values; none where scales are to give them. */
function readyOf(type: ElementType, drawn: Factor | undefined): object {
  if (drawn === undefined || type === 'float32') return {};
  const { multiplier: m, shift: s } = drawn;
  return { multiplier: [m], shift: [fittingShift(radius[type as Code], s)] };
}

type Arbitraries = Readonly<
  Partial<Record<OperatorKind, (precision: PrecisionName) => fc.Arbitrary<OperatorCase>>>
>;

const operatorCase = <K extends OperatorKind>(
  kind: K,
  precision: PrecisionName,
  attributes: GivenAttributes<K>,
  inputs: readonly GivenTensor[],
): OperatorCase => ({ kind, precision, attributes, inputs });

/** Cases of a kind of operator in a precision. Some break a rule, such as a factor too large: those are skipped. */
export const elementwise = {
  add: (precision) => (precision === 'float32' ? floatAdd() : integerAdd(precision)),
  averagePool: (precision) =>
    fc
      .record({
        input: tensor(precision, anyImage),
        size: fc.tuple(side, side),
        stride: fc.tuple(ordered(1, 2, 3), ordered(1, 2, 3)),
        padding: fc.tuple(margin, margin, margin, margin),
        activation,
      })
      .map(({ input, size, padding, ...attributes }) => {
        const [top, bottom, left, right] = padding;
        const [, height = 1, width = 1] = input.shape;
        const fitting: readonly [number, number] = [
          poolExtent(size[0], height, top, bottom),
          poolExtent(size[1], width, left, right),
        ];
        return operatorCase('averagePool', precision, { ...attributes, padding, size: fitting }, [
          input,
        ]);
      }),
  mean: (precision) =>
    fc
      .record({
        input: tensor(precision, anyImage),
        keepDimensions: fc.boolean(),
        output: quantization(precision),
        ready,
      })
      .map(({ input, keepDimensions, output, ready: own }) => {
        const [, height = 1, width = 1] = input.shape;
        const pixels = height * width;
        const attributes = { keepDimensions, output };
        if (precision === 'float32' || own === undefined) {
          return operatorCase('mean', precision, attributes, [input]);
        }
        // The count is folded into the shift before the sum is shifted.
        const folded = Math.floor(Math.log2(pixels));
        const fits = folded + fittingShift(radius[precision] * pixels, own.shift);
        const shift = [Math.max(Math.min(own.shift, fits), -31)];
        const integers = { multiplier: [own.multiplier], shift };
        return operatorCase('mean', precision, { ...attributes, ...integers }, [input]);
      }),
  softmax: (precision) =>
    fc
      .record({
        input: drawnTensor(
          fc.oneof(
            { withCrossShrink: true },
            { arbitrary: anyShape, weight: 60 },
            { arbitrary: longRow(precision), weight: 2 },
          ),
        ),
        beta: ordered(1, 0.5, 2),
        ready,
      })
      .map(({ input, beta, ready: own }) => {
        const given = [tensorOf(precision, input)];
        if (precision === 'float32' || own === undefined) {
          return operatorCase('softmax', precision, { beta }, given);
        }
        const leftShift = precision === 'int8' ? Math.abs(own.shift) : Math.min(own.shift, 15);
        const integers = { multiplier: [own.multiplier], leftShift };
        return operatorCase('softmax', precision, integers, given);
      }),
  clamp: (precision) =>
    fc
      .record({
        input: tensor(precision, anyShape),
        limits: fc.tuple(fc.integer({ min: -8, max: 8 }), fc.nat({ max: 8 })),
        output: quantization(precision),
        ready,
      })
      .map(({ input, limits: [min, extent], output, ready: own }) =>
        operatorCase(
          'clamp',
          precision,
          { min, max: min + extent, output, ...readyOf(precision, own) },
          [input],
        ),
      ),
  relu: (precision) => rectified('relu', precision),
  relu6: (precision) => rectified('relu6', precision),
  pad: (precision) =>
    fc
      .record({
        input: tensor(precision, anyImage),
        rows: fc.tuple(margin, margin),
        columns: fc.tuple(margin, margin),
      })
      .map(({ input, rows: vertical, columns }) =>
        operatorCase('pad', precision, { padding: [[0, 0], vertical, columns, [0, 0]] }, [input]),
      ),
  reshape: (precision) =>
    fc.record({ input: tensor(precision, anyImage), split: fc.nat() }).map(({ input, split }) => {
      const size = count(input.shape);
      const divisors = Array.from({ length: size }, (_, i) => i + 1).filter((d) => size % d === 0);
      const inner = divisors[split % divisors.length] ?? 1;
      return operatorCase('reshape', precision, { shape: [size / inner, inner] }, [input]);
    }),
  quantize: (precision) => (precision === 'float32' ? fromFloats() : fromCodes(precision)),
  dequantize: (precision) =>
    fc.record({ drawn: drawnTensor(anyShape), scale: extremeScale }).map(({ drawn, scale }) => {
      const input = tensorOf(precision === 'float32' ? 'uint8' : precision, drawn);
      const given = scale === undefined ? input : { ...input, scale };
      return operatorCase('dequantize', precision === 'float32' ? 'int8' : precision, {}, [given]);
    }),
} satisfies Arbitraries;

/** Rows of up to the most elements that rule R6 allows. */
function longRow(precision: PrecisionName): fc.Arbitrary<readonly number[]> {
  const longest = precision === 'int16' ? 65535 : 4095;
  return ordered(100, 1000, longest - 1, longest).map((length) => [length]);
}

/** A window's extent, or the nearest with which every window has a position inside the image. */
function poolExtent(wanted: number, extent: number, before: number, after: number): number {
  return Math.min(Math.max(wanted, before + 1, after + 1), extent + before + after);
}

/** Elements that are tried until one has an odd sum and a multiplier. */
const EDGE_TRIES = 64;

/** The integers of an add that scales are not to give. */
interface ReadyAdd {
  readonly leftShift: number;
  readonly factors: readonly [Factor, Factor, Factor];
  /** Whether a unit of the last product decides the code of an element: it is at a step of the output, or under it. */
  readonly edge?: 'none' | 'at' | 'under';
}

const anyAdd: fc.Arbitrary<ReadyAdd> = fc.record({
  leftShift: ordered(0, 1, 7, 15, 20),
  factors: fc.tuple(factor, factor, factor),
});

/** Without headroom, so that every unit of every rounding shows in the output. */
const plainAdd: fc.Arbitrary<ReadyAdd> = fc.record({
  leftShift: fc.constant(0),
  factors: fc.tuple(
    fc.record({ multiplier, shift: ordered(-1, -2, 0, 1) }),
    fc.record({ multiplier, shift: ordered(-1, -2, 0, 1) }),
    fc.record({ multiplier, shift: ordered(0, -1) }),
  ),
});

/**
 * Of which one input is halved, for which kernels have a short cut, or nearly so; with little headroom, or none. The other's
 * multiplier is often one whose products with codes lie at the steps of the first rounding.
 */
const halfAdd: fc.Arbitrary<ReadyAdd> = fc
  .record({
    leftShift: ordered(1, 1, 1, 2, 3, 15, 0),
    other: fc.record({
      multiplier: fc.oneof({ withCrossShrink: true }, fc.constant(2 ** 30 + 2 ** 29), multiplier),
      shift: ordered(-1, -2, -1, -2, -3, 0),
    }),
    output: fc.record({ multiplier, shift: ordered(-2, -2, -2, -3, -4, -1) }),
    second: fc.boolean(),
    edge: ordered('none', 'at', 'under'),
  })
  .map(({ other, output, second, ...drawn }) => {
    const half = { multiplier: 2 ** 30, shift: 0 };
    return { ...drawn, factors: second ? [other, half, output] : [half, other, output] };
  });

function integerAdd(precision: 'int8' | 'int16'): fc.Arbitrary<OperatorCase> {
  return fc
    .record({
      first: tensor(precision, anyShape),
      other: seed,
      pattern: ordered(...patterns, 'random', 'random', 'random'),
      second: quantization(precision),
      output: quantization(precision),
      // Scales that are powers of two apart make ties.
      ratios: fc.option(fc.tuple(ordered(1, 2, 0.5), ordered(1, 2, 4))),
      activation,
      // Limits of their own in place of those of the activation.
      least: ordered(0, 0, 0, 1, 77),
      own: fc.option(fc.oneof({ withCrossShrink: true }, anyAdd, plainAdd, halfAdd, halfAdd), {
        nil: undefined,
        freq: 2,
      }),
    })
    .map(({ first, other, pattern, second, output, ratios, activation: clamp, least, own }) => {
      const related = (given: GivenQuantization, ratio: number | undefined): GivenQuantization =>
        ratio === undefined || typeof first.scale !== 'number'
          ? given
          : { ...given, scale: first.scale * ratio };
      const given = related(second, ratios?.[0]);
      const length = count(first.shape);
      const codes = drawIntegers(pattern, other, length, ...ranges[precision], given.zeroPoint);
      const inputs = [first, { shape: first.shape, data: arrays[precision](codes), ...given }];
      const ready = own === undefined ? undefined : readyAdd(radius[precision], own);
      const integers =
        ready === undefined || own?.edge === undefined || own.edge === 'none'
          ? ready
          : atEdge(ready, inputs, other, own.edge === 'under');
      const [lowest, highest] = ranges[precision];
      const limits = least === 0 ? {} : { activationMin: lowest + least, activationMax: highest };
      return operatorCase(
        'add',
        precision,
        { activation: clamp, output: related(output, ratios?.[1]), ...integers, ...limits },
        inputs,
      );
    });
}

/** The factors of both inputs and the output. */
interface AddIntegers {
  readonly leftShift: number;
  readonly multiplier: readonly number[];
  readonly shift: readonly number[];
}

/** Ready-made integers of an add, made smaller until each input stays below 2^30 and their sum below 2^31 (rule R4). */
function readyAdd(
  bound: number,
  { leftShift: wantedLead, factors: [first, second, output] }: ReadyAdd,
): AddIntegers {
  const leftShift = fittingShift(bound, wantedLead);
  const headroom = bound * 2 ** leftShift;
  const inputShift = (drawn: Factor): number => {
    let fitting = Math.min(fittingShift(headroom, drawn.shift), 7);
    while (requantizeInt32(headroom, drawn.multiplier, fitting) >= 2 ** 30) fitting -= 1;
    return fitting;
  };
  return {
    leftShift,
    multiplier: [first.multiplier, second.multiplier, output.multiplier],
    shift: [inputShift(first), inputShift(second), Math.min(output.shift, 0)],
  };
}

/** With the output's multiplier that puts the sum of an element at a step of the output, or under it, if one has any. */
function atEdge(
  integers: AddIntegers,
  inputs: readonly GivenTensor[],
  drawn: number,
  under: boolean,
): AddIntegers {
  const { leftShift, multiplier: multipliers, shift: shifts } = integers;
  const rescaled = inputs.map(({ data, zeroPoint }, i) =>
    Array.from(data, (code) => {
      const centred = Number(code) - (zeroPoint ?? 0);
      return requantizeInt32(centred * 2 ** leftShift, multipliers[i] ?? 0, shifts[i] ?? 0);
    }),
  );
  const [left = [], right = []] = rescaled;
  const [shift = 0] = shifts.slice(-1);
  for (let i = 0; i < Math.min(left.length, EDGE_TRIES); i++) {
    const element = (drawn + i) % left.length;
    const sum = (left[element] ?? 0) + (right[element] ?? 0);
    const edge = sum % 2 === 0 || shift >= 0 ? undefined : edgeMultiplier(sum, shift, under);
    if (edge !== undefined) return { ...integers, multiplier: [...multipliers.slice(0, 2), edge] };
  }
  return integers;
}

function floatAdd(): fc.Arbitrary<OperatorCase> {
  return fc
    .record({
      first: drawnTensor(anyShape),
      other: seed,
      floats: ordered('ties', ...floatPatterns),
      activation,
    })
    .map(({ first, other, floats, activation: clamp }) => {
      const { shape } = first;
      const length = count(shape);
      const second =
        floats === 'ties' ? halfUnits(other, length) : drawFloats(floats, other, length);
      const given = floats === 'ties' ? ({ ...first, floats: 'units' } as const) : first;
      return operatorCase('add', 'float32', { activation: clamp }, [
        tensorOf('float32', given),
        { shape, data: second },
      ]);
    });
}

/** Odd multiples of 2^-24: added to a number between 1 and 2, they end halfway between two float32 numbers. */
function halfUnits(drawn: number, length: number): Float32Array {
  const random = generator(drawn);
  return Float32Array.from({ length }, () => (2 * Math.floor(random() * 64) - 63) * 2 ** -24);
}

function rectified(kind: 'relu' | 'relu6', precision: PrecisionName): fc.Arbitrary<OperatorCase> {
  return fc
    .record({ input: tensor(precision, anyShape), output: quantization(precision), ready })
    .map(({ input, output, ready: own }) =>
      operatorCase(kind, precision, { output, ...readyOf(precision, own) }, [input]),
    );
}

/** Scales at the ends of float32: products and quotients underflow and overflow. */
const extremeScale = fc.option(ordered(2 ** -126, 2 ** -140, 2 ** -149, 2 ** 120, 2 ** 127), {
  nil: undefined,
  freq: 6,
});

const anyCode = ordered('int8', 'int16', 'uint8');

function fromFloats(): fc.Arbitrary<OperatorCase> {
  return fc
    .record({
      input: drawnTensor(anyShape),
      to: anyCode,
      output: drawnScale,
      scale: extremeScale,
      onThresholds: fc.boolean(),
    })
    .map(({ input, to, output, scale, onThresholds }) => {
      const given = quantizationOf(to, output);
      const quantized = scale === undefined ? given : { ...given, scale };
      const drawn = tensorOf('float32', input);
      const data = onThresholds
        ? thresholds(input.seed, count(input.shape), Number(quantized.scale), ranges[to])
        : drawn.data;
      return conversion(to, quantized, { ...drawn, data });
    });
}

/** Numbers halfway between two codes, and the float32 numbers next to them. */
function thresholds(
  drawn: number,
  length: number,
  scale: number,
  [min, max]: readonly [number, number],
): Float32Array {
  const random = generator(drawn);
  const one = (): number => {
    const code = Math.floor(random() * (max - min + 1)) + 0.5;
    const halfway = Math.fround((random() < 0.5 ? -code : code) * scale);
    // Three quarters to one and a half of the distance to the next number, so rounded to it.
    const neighbour = [0, 1.5, -1.5][Math.floor(random() * 3)] ?? 0;
    return halfway * (1 + neighbour * 2 ** -24);
  };
  return Float32Array.from({ length }, one);
}

function fromCodes(precision: 'int8' | 'int16'): fc.Arbitrary<OperatorCase> {
  return fc
    .record({
      input: drawnTensor(anyShape),
      // uint8 stands at the ends of int8 networks.
      from: precision === 'int8' ? ordered('int8', 'uint8') : fc.constant(precision),
      to: anyCode,
      output: drawnScale,
      ready,
    })
    .map(({ input, from, to, output, ready: own }) =>
      conversion(to, quantizationOf(to, output), tensorOf(from, input), readyOf(from, own)),
    );
}

function conversion(
  to: Code,
  output: GivenQuantization,
  input: GivenTensor,
  integers: object = {},
): OperatorCase {
  const precision = to === 'uint8' ? 'int8' : to;
  const attributes = { output: { ...output, type: to }, ...integers };
  return operatorCase('quantize', precision, attributes, [input]);
}
