/** Every operator but convolutions and fully connected layers, in every precision that the fast path has. */

import fc from 'fast-check';
import type {
  ElementType,
  GivenAttributes,
  GivenQuantization,
  GivenTensor,
  OperatorKind,
  PrecisionName,
  TensorData,
} from '../reference/index.ts';
import { count, seed } from './arbitrary-sums.ts';
import { drawFloats, drawIntegers, floatPatterns, patterns } from './draws.ts';
import type { OperatorCase } from './operator-case.ts';

const side = fc.integer({ min: 1, max: 9 });
const channels = fc.oneof(fc.constantFrom(1, 3, 7, 8, 9, 16, 17), fc.integer({ min: 1, max: 40 }));
const image = fc.tuple(fc.constantFrom(1, 1, 2), side, side, channels);
const anyShape = fc.oneof(image, fc.tuple(side, channels), fc.tuple(channels));
const margin = fc.integer({ min: 0, max: 3 });
const exponent = fc.integer({ min: -12, max: 2 });

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

/** A scale that is a power of two, so that ties occur, or near one; and a zero point that the type may have. */
function quantization(type: ElementType): fc.Arbitrary<GivenQuantization> {
  if (type === 'float32') return fc.constant({});
  const [min, max] = type === 'int8' ? [-128, 127] : type === 'uint8' ? [0, 255] : [0, 0];
  return fc
    .tuple(
      exponent,
      fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 1000 })),
      fc.oneof(fc.constantFrom(min, max), fc.integer({ min, max })),
    )
    .map(([e, fraction, zeroPoint]) => ({
      scale: Math.fround(2 ** e * (1 + fraction / 1000)),
      zeroPoint,
    }));
}

function tensor(
  type: ElementType,
  shape: fc.Arbitrary<readonly number[]>,
): fc.Arbitrary<GivenTensor> {
  return fc
    .record({
      shape,
      seed,
      pattern: fc.constantFrom(...patterns),
      floats: fc.constantFrom(...floatPatterns),
      quantized: quantization(type),
    })
    .map((drawn) => {
      const length = count(drawn.shape);
      if (type === 'float32') {
        return { shape: drawn.shape, data: drawFloats(drawn.floats, drawn.seed, length) };
      }
      const code = type as Code;
      const codes = drawIntegers(drawn.pattern, drawn.seed, length, ...ranges[code]);
      return { shape: drawn.shape, data: arrays[code](codes), ...drawn.quantized };
    });
}

const activation = fc.constantFrom('none', 'relu', 'relu6');

function typeOf(precision: PrecisionName): ElementType {
  return precision;
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
  add: (precision) =>
    fc
      .record({
        first: tensor(typeOf(precision), anyShape),
        other: seed,
        pattern: fc.constantFrom(...patterns),
        second: quantization(typeOf(precision)),
        output: quantization(typeOf(precision)),
        // Scales that are powers of two apart make ties.
        ratios: fc.option(fc.tuple(fc.constantFrom(0.5, 1, 2), fc.constantFrom(1, 2, 4))),
        activation,
      })
      .map(({ first, other, pattern, second, output, ratios, activation: clamp }) => {
        const length = count(first.shape);
        const data =
          precision === 'float32'
            ? drawFloats('wide', other, length)
            : arrays[precision](drawIntegers(pattern, other, length, ...ranges[precision]));
        const related = (given: GivenQuantization, ratio: number | undefined): GivenQuantization =>
          ratio === undefined || typeof first.scale !== 'number'
            ? given
            : { ...given, scale: first.scale * ratio };
        return operatorCase(
          'add',
          precision,
          { activation: clamp, output: related(output, ratios?.[1]) },
          [first, { shape: first.shape, data, ...related(second, ratios?.[0]) }],
        );
      }),
  averagePool: (precision) =>
    fc
      .record({
        input: tensor(typeOf(precision), image),
        size: fc.tuple(side, side),
        stride: fc.tuple(fc.constantFrom(1, 2), fc.constantFrom(1, 2)),
        padding: fc.tuple(margin, margin, margin, margin),
        activation,
      })
      .map(({ input, ...attributes }) =>
        operatorCase('averagePool', precision, attributes, [input]),
      ),
  mean: (precision) =>
    fc
      .record({
        input: tensor(typeOf(precision), image),
        keepDimensions: fc.boolean(),
        output: quantization(typeOf(precision)),
      })
      .map(({ input, ...attributes }) => operatorCase('mean', precision, attributes, [input])),
  softmax: (precision) =>
    fc
      .record({ input: tensor(typeOf(precision), anyShape), beta: fc.constantFrom(1, 0.5, 2) })
      .map(({ input, beta }) => operatorCase('softmax', precision, { beta }, [input])),
  clamp: (precision) =>
    fc
      .record({
        input: tensor(typeOf(precision), anyShape),
        limits: fc.tuple(fc.integer({ min: -8, max: 8 }), fc.integer({ min: 0, max: 8 })),
        output: quantization(typeOf(precision)),
      })
      .map(({ input, limits: [min, extent], output }) =>
        operatorCase('clamp', precision, { min, max: min + extent, output }, [input]),
      ),
  relu: (precision) => rectified('relu', precision),
  relu6: (precision) => rectified('relu6', precision),
  pad: (precision) =>
    fc
      .record({
        input: tensor(typeOf(precision), image),
        rows: fc.tuple(margin, margin),
        columns: fc.tuple(margin, margin),
      })
      .map(({ input, rows, columns }) =>
        operatorCase('pad', precision, { padding: [[0, 0], rows, columns, [0, 0]] }, [input]),
      ),
  reshape: (precision) =>
    fc
      .record({ input: tensor(typeOf(precision), image), split: fc.nat() })
      .map(({ input, split }) => {
        const size = count(input.shape);
        const divisors = Array.from({ length: size }, (_, i) => i + 1).filter(
          (d) => size % d === 0,
        );
        const inner = divisors[split % divisors.length] ?? 1;
        return operatorCase('reshape', precision, { shape: [size / inner, inner] }, [input]);
      }),
  quantize: (precision) =>
    precision === 'float32'
      ? fc
          .constantFrom<'int8' | 'int16' | 'uint8'>('int8', 'int16', 'uint8')
          .chain((to) => quantized('float32', to))
      : fc
          .tuple(
            // uint8 stands at the ends of int8 networks.
            fc.constantFrom<Code>(
              ...(precision === 'int8' ? ['int8' as const, 'uint8' as const] : [precision]),
            ),
            fc.constantFrom<Code>('int8', 'int16', 'uint8'),
          )
          .chain(([from, to]) => quantized(from, to)),
  dequantize: (precision) =>
    tensor(precision === 'float32' ? 'uint8' : precision, anyShape).map((input) =>
      operatorCase('dequantize', precision === 'float32' ? 'int8' : precision, {}, [input]),
    ),
} satisfies Arbitraries;

function rectified(kind: 'relu' | 'relu6', precision: PrecisionName): fc.Arbitrary<OperatorCase> {
  return fc
    .record({ input: tensor(typeOf(precision), anyShape), output: quantization(typeOf(precision)) })
    .map(({ input, output }) => operatorCase(kind, precision, { output }, [input]));
}

function quantized(from: ElementType, to: Code): fc.Arbitrary<OperatorCase> {
  return fc
    .record({ input: tensor(from, anyShape), output: quantization(to) })
    .map(({ input, output }) =>
      operatorCase('quantize', to === 'uint8' ? 'int8' : to, { output: { ...output, type: to } }, [
        input,
      ]),
    );
}
