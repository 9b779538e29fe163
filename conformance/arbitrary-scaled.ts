/** Integer operators given by scales alone, small, for comparison with float32. */

import fc from 'fast-check';
import type {
  GivenQuantization,
  GivenTensor,
  OperatorKind,
  TensorData,
} from '../reference/index.ts';
import { count, seed } from './arbitrary-sums.ts';
import { drawIntegers, generator, ordered, patterns, type Pattern } from './draws.ts';
import type { OperatorCase } from './operator-case.ts';

/** The types of an integer operator's tensors. */
export interface ScaledMode {
  readonly precision: 'int8' | 'int16';
  readonly weights: 'int8' | 'int16';
  readonly int32?: boolean;
}

export const scaledModes = {
  int8: { precision: 'int8', weights: 'int8' },
  'int16 with int8 weights': { precision: 'int16', weights: 'int8' },
  'int16 with int16 weights': { precision: 'int16', weights: 'int16' },
  'int16 with int32 accumulators': { precision: 'int16', weights: 'int8', int32: true },
} as const satisfies Record<string, ScaledMode>;

const highest = { int8: 127, int16: 32767 } as const;
const array = {
  int8: (values: readonly number[]): TensorData => Int8Array.from(values),
  int16: (values: readonly number[]): TensorData => Int16Array.from(values),
};

const side = ordered(1, 2, 3, 4, 5);
const channels = ordered(1, 2, 3, 5, 8);
const image = fc.tuple(ordered(1, 2), side, side, channels);
const margin = fc.nat({ max: 3 });
const activation = ordered('none', 'relu', 'relu6');
/** Mantissas, also those next to a power of two. */
const fraction = fc.oneof(
  fc.constantFrom(1, 1.5, 1 + 2 ** -23, 2 - 2 ** -23),
  fc.double({ min: 1, max: 2, noNaN: true }),
);
/** A scale's ratio to the one with which the output just fits its type: finer saturates, coarser rounds more. */
const gain = fc
  .tuple(ordered(0, 0, 0, 0, 1, -1, -2, 2, 4, -4, 8, -8, -16, 33), fraction)
  .map(([exponent, mantissa]) => 2 ** exponent * mantissa);

interface DrawnScale {
  readonly scale: number;
  readonly share: number;
}

const drawnScale: fc.Arbitrary<DrawnScale> = fc
  .record({ exponent: ordered(-6, -4, -7, -8, -10, -3, 0), mantissa: fraction, share: fc.nat(255) })
  .map(({ exponent, mantissa, share }) => ({ scale: 2 ** exponent * mantissa, share }));

/** `share` of 255 is where the zero point lies in its type. */
function quantizationOf(precision: 'int8' | 'int16', { scale, share }: DrawnScale) {
  return { scale: Math.fround(scale), zeroPoint: precision === 'int8' ? share - 128 : 0 };
}

interface DrawnCodes {
  readonly seed: number;
  readonly pattern: Pattern;
}

const drawnCodes: fc.Arbitrary<DrawnCodes> = fc.record({
  seed,
  pattern: ordered(...patterns, 'random', 'random', 'random', 'random', 'random'),
});

function codes(
  type: 'int8' | 'int16',
  shape: readonly number[],
  drawn: DrawnCodes,
  zeroPoint: number,
): TensorData {
  const max = highest[type];
  const values = drawIntegers(drawn.pattern, drawn.seed, count(shape), -max - 1, max, zeroPoint);
  return array[type](values);
}

/** Codes of either sign alike: int16 has no -32768 (rule T5). */
function weightCodes(
  type: 'int8' | 'int16',
  shape: readonly number[],
  drawn: DrawnCodes,
): TensorData {
  const max = highest[type];
  return array[type](drawIntegers(drawn.pattern, drawn.seed, count(shape), -max, max));
}

function tensor(
  precision: 'int8' | 'int16',
  shape: readonly number[],
  drawn: DrawnCodes,
  scale: DrawnScale,
): GivenTensor {
  const quantization = quantizationOf(precision, scale);
  return { shape, data: codes(precision, shape, drawn, quantization.zeroPoint), ...quantization };
}

type SumKind = 'conv2d' | 'depthwiseConv2d' | 'fullyConnected';

/** Sums with weights of one scale or one per channel, and a bias or none. */
export function scaledSum(kind: SumKind, mode: ScaledMode): fc.Arbitrary<OperatorCase> {
  const { precision, weights: weightType } = mode;
  return fc
    .record({
      image,
      outputs: channels,
      kernel: fc.tuple(ordered(1, 2, 3), ordered(1, 2, 3)),
      stride: fc.tuple(ordered(1, 2), ordered(1, 2)),
      dilation: fc.tuple(ordered(1, 2), ordered(1, 2)),
      padding: fc.tuple(margin, margin, margin, margin),
      input: drawnScale,
      x: drawnCodes,
      w: drawnCodes,
      output: fc.record({ gain, share: fc.nat(255) }),
      perChannel: fc.boolean(),
      bias: ordered('none', 'small', 'large'),
      activation,
    })
    .map((drawn) => {
      const { stride, dilation, padding } = drawn;
      const [batches, height, width, depth] = drawn.image;
      // No larger than the padded image, so that it has a position.
      const kernel = [
        fittingKernel(drawn.kernel[0], height + padding[0] + padding[1], dilation[0]),
        fittingKernel(drawn.kernel[1], width + padding[2] + padding[3], dilation[1]),
      ];
      const lanes =
        kind === 'depthwiseConv2d' ? depth * Math.ceil(drawn.outputs / 4) : drawn.outputs;
      const dense = kind === 'fullyConnected';
      const shape = dense ? [batches, height * depth] : [batches, height, width, depth];
      const weights = {
        conv2d: [lanes, ...kernel, depth],
        depthwiseConv2d: [1, ...kernel, lanes],
        fullyConnected: [lanes, height * depth],
      }[kind];
      const random = generator(drawn.w.seed);
      const scales = Array.from({ length: drawn.perChannel ? lanes : 1 }, () =>
        Math.fround(((1 + random()) * 0.5) / highest[weightType]),
      );
      const input = quantizationOf(precision, drawn.input);
      const terms = count(weights) / lanes;
      // Random terms sum up to about the square root of their number.
      const typical = Math.sqrt(terms) * input.scale * highest[precision];
      const output = quantizationOf(precision, {
        scale: (typical * drawn.output.gain) / highest[precision],
        share: drawn.output.share,
      });
      const amount = { none: 0, small: 1, large: 100 }[drawn.bias] * highest[weightType];
      const bias = Array.from({ length: lanes }, () =>
        Math.round((2 * random() - 1) * amount * highest[precision]),
      );
      const wide = precision === 'int16' && mode.int32 !== true;
      const inputs: GivenTensor[] = [
        tensor(precision, shape, drawn.x, drawn.input),
        { shape: weights, data: weightCodes(weightType, weights, drawn.w), scale: scales },
      ];
      if (drawn.bias !== 'none') {
        const data = wide ? BigInt64Array.from(bias, BigInt) : Int32Array.from(bias);
        inputs.push({ shape: [lanes], data });
      }
      const attributes = {
        ...(dense ? {} : { stride, dilation, padding }),
        ...(mode.int32 === true ? { accumulator: 'int32' as const } : {}),
        activation: drawn.activation,
        output,
      };
      return { kind, precision, attributes, inputs };
    });
}

function fittingKernel(wanted: number, extent: number, dilation: number): number {
  return Math.min(wanted, Math.floor((extent - 1) / dilation) + 1);
}

export type ScaledKind = Exclude<OperatorKind, SumKind>;

/** Every other operator. */
export function scaledElementwise(
  kind: ScaledKind,
  precision: 'int8' | 'int16',
): fc.Arbitrary<OperatorCase> {
  return fc
    .record({
      image,
      x: drawnCodes,
      second: drawnCodes,
      input: drawnScale,
      other: drawnScale,
      output: fc.record({ gain, share: fc.nat(255) }),
      activation,
      limits: fc.tuple(fc.double({ min: -4, max: 4, noNaN: true }), fc.integer({ min: 0, max: 6 })),
      size: fc.tuple(side, side),
      beta: ordered(1, 0.5, 2),
      row: ordered(1, 2, 3, 5, 8, 2, 3, 5, 40, 300),
      variant: fc.boolean(),
    })
    .map((drawn) => {
      const shape = drawn.image;
      const [, height, width] = shape;
      const given = quantizationOf(precision, drawn.input);
      const input = tensor(precision, shape, drawn.x, drawn.input);
      const output: GivenQuantization = quantizationOf(precision, {
        scale: given.scale * drawn.output.gain,
        share: drawn.output.share,
      });
      const [min, extent] = drawn.limits;
      const size = [Math.min(drawn.size[0], height), Math.min(drawn.size[1], width)] as const;
      const { activation: fused, beta } = drawn;
      const one = (attributes: object, inputs: readonly GivenTensor[] = [input]): OperatorCase => ({
        kind,
        precision,
        attributes,
        inputs,
      });
      switch (kind) {
        case 'add': {
          const second = tensor(precision, shape, drawn.second, drawn.other);
          return one({ activation: fused, output }, [input, second]);
        }
        case 'averagePool':
          return one({
            size,
            padding: [size[0] > 1 ? 1 : 0, 0, 0, size[1] > 1 ? 1 : 0],
            activation: fused,
          });
        case 'clamp':
          return one({ min, max: min + extent, output });
        case 'softmax': {
          const given = tensor(precision, [1, drawn.row], drawn.x, drawn.input);
          // Of int8 input also to 16 bits.
          const wide = drawn.variant && precision === 'int8';
          return one(wide ? { beta, output: { type: 'int16' } } : { beta }, [given]);
        }
        case 'pad':
          return one({
            padding: [
              [0, 0],
              [1, 0],
              [0, 2],
              [0, 0],
            ],
          });
        case 'reshape':
          return one({ shape: [count(shape)] });
        case 'quantize': {
          if (!drawn.variant) return one({ output });
          const random = generator(drawn.x.seed);
          const reach = 1.1 * given.scale * highest[precision];
          const data = Float32Array.from(
            { length: count(shape) },
            () => (2 * random() - 1) * reach,
          );
          return one({ output }, [{ shape, data }]);
        }
        case 'dequantize':
          return one({});
        case 'mean':
        case 'relu':
        case 'relu6':
          return one({ output });
      }
    });
}
