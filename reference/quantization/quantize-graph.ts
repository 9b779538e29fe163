/**
 * A float32 graph as int8 or int16, from its weights and a calibration record alone (rules W1 to W7). The same two
 * give the same graph, on every engine: nothing here uses a function that engines may round differently.
 */

import { numbersOf, type GraphTensor, type Quantization } from '../graph/tensor.ts';
import { elementTypes } from '../graph/element-type.ts';
import type { Graph, Preprocessing } from '../graph/graph.ts';
import type { Operator } from '../graph/operator.ts';
import { roundHalfAwayFromZero } from '../arithmetic/rounding.ts';
import { precisions } from '../precision/index.ts';
import { pixelTable } from '../preprocess/image-to-input.ts';
import { tensorAt } from '../validate/index.ts';
import type { CalibrationRecord } from './calibration.ts';
import { quantizeChannel, type Int16Weights, type WeightRules } from './weights.ts';

export interface QuantizeOptions {
  readonly precision: 'int8' | 'int16';
  /**
   * For int16: `bounded` (default) keeps every 32-bit accumulator provably exact, `full` uses all 16 bits, `int8` is
   * TensorFlow Lite's 16x8.
   */
  readonly int16Weights?: Int16Weights;
}

/**
 * The integer graph. Operators and tensor names stay; a constant of several operators becomes one for each, and a first
 * convolution without a bias may gain one (rule X3).
 *
 * @throws {RangeError} for a graph that is not float32, an operator without an integer form, or a tensor that the
 *   record lacks
 */
export function quantizeGraph(
  graph: Graph,
  record: Pick<CalibrationRecord, 'ranges'>,
  options: QuantizeOptions,
): Graph {
  if (graph.precision !== 'float32') {
    throw new RangeError(`Expected a float32 graph to quantise but found ${graph.precision}`);
  }
  return new Quantizer(graph, record, options).quantize();
}

const INT16_HEADROOM = 2;

class Quantizer {
  readonly #graph: Graph;
  readonly #record: Pick<CalibrationRecord, 'ranges'>;
  readonly #precision: 'int8' | 'int16';
  readonly #weights: Int16Weights;
  readonly #tensors: GraphTensor[];
  /** Activations whose codes are those of the image. */
  readonly #images = new Set<number>();
  /** Constants that an operator has in integers. */
  readonly #quantized = new Set<number>();
  readonly #preprocessing: Preprocessing | undefined;

  constructor(
    graph: Graph,
    record: Pick<CalibrationRecord, 'ranges'>,
    { precision, int16Weights = 'bounded' }: QuantizeOptions,
  ) {
    this.#graph = graph;
    this.#record = record;
    this.#precision = precision;
    this.#weights = int16Weights;
    this.#tensors = [...graph.tensors];
    this.#preprocessing = integerPreprocessing(graph.preprocessing, precision);
  }

  quantize(): Graph {
    for (const index of this.#graph.inputs) this.#quantizeInput(index);
    for (const operator of this.#graph.operators) this.#quantizeActivation(operator);
    // Weights come second: their scales depend on those of input and output.
    const operators = this.#graph.operators.map((operator) => this.#quantizeConstants(operator));
    const kind = this.#precision === 'int16' ? ` (${this.#weights} weights)` : '';
    return {
      ...this.#graph,
      precision: this.#precision,
      tensors: this.#tensors,
      operators,
      ...(this.#preprocessing === undefined ? {} : { preprocessing: this.#preprocessing }),
      provenance: { ...this.#graph.provenance, quantised: `${this.#precision}${kind}` },
    };
  }

  #tensor(index: number | undefined): GraphTensor {
    const tensor = this.#tensors[index ?? -1];
    if (tensor === undefined) throw new Error(`Expected a tensor at index ${String(index)}`);
    return tensor;
  }

  #setActivation(index: number, quantization: Quantization): void {
    const tensor = this.#tensor(index);
    this.#tensors[index] = { ...tensor, type: this.#precision, quantization };
  }

  #quantizeInput(index: number): void {
    const preprocessing = this.#preprocessing;
    if (preprocessing?.integer !== undefined) {
      this.#setActivation(index, CENTRED_INPUT[this.#precision].quantization);
      this.#images.add(index);
      return;
    }
    this.#setActivation(
      index,
      this.#quantizationOf(
        preprocessing === undefined
          ? this.#range(this.#tensor(index))
          : pixelRange(preprocessing, this.#tensor(index)),
      ),
    );
  }

  #quantizeActivation(operator: Operator): void {
    const { output } = operator;
    switch (operator.kind) {
      case 'averagePool':
      case 'reshape':
      case 'pad': {
        const [input = -1] = operator.inputs;
        const { quantization } = this.#tensor(input);
        if (quantization !== undefined) this.#setActivation(output, quantization);
        if (operator.kind !== 'averagePool' && this.#images.has(input)) this.#images.add(output);
        return;
      }
      case 'softmax': {
        const outputs = precisions[this.#precision].softmaxOutputs;
        const { scale = 1, zeroPoint = 0 } = outputs[this.#precision] ?? {};
        this.#setActivation(output, { scales: [scale], zeroPoint });
        return;
      }
      case 'quantize':
      case 'dequantize':
        throw new RangeError(
          `Expected a float32 graph without ${operator.kind} but found operator "${operator.name}"`,
        );
      default:
        this.#setActivation(output, this.#quantizationOf(this.#outputRange(operator)));
    }
  }

  /**
   * The calibrated range; twice that for int16, up to what the fused activation lets through. A photo beyond the
   * calibrated range saturates, which costs 16 bits far more than the one bit of headroom does.
   */
  #outputRange(operator: Operator): readonly [number, number] {
    const [min, max] = this.#range(this.#tensor(operator.output));
    if (this.#precision === 'int8') return [min, max];
    const limit =
      'activation' in operator.attributes && operator.attributes.activation === 'relu6'
        ? 6
        : Infinity;
    return [min * INT16_HEADROOM, Math.min(max * INT16_HEADROOM, Math.max(max, limit))];
  }

  #range(tensor: GraphTensor): readonly [number, number] {
    const { ranges } = this.#record;
    const range = Object.hasOwn(ranges, tensor.name) ? ranges[tensor.name] : undefined;
    if (range === undefined) {
      throw new RangeError(`Expected the calibration record to have tensor "${tensor.name}"`);
    }
    return range;
  }

  /** Scale and zero point of a range, which is widened to contain 0. int16 is symmetric. */
  #quantizationOf([low, high]: readonly [number, number]): Quantization {
    const min = Math.min(low, 0);
    const max = Math.max(high, 0);
    const type = elementTypes[this.#precision];
    if (this.#precision === 'int16') {
      const largest = Math.max(-min, max);
      return { scales: [positiveScale(largest / type.max)], zeroPoint: 0 };
    }
    const scale = positiveScale((max - min) / (type.max - type.min));
    const zeroPoint = roundHalfAwayFromZero(type.min - min / scale);
    return { scales: [scale], zeroPoint: Math.min(Math.max(zeroPoint, type.min), type.max) };
  }

  /** The operator with integer weights and bias, from those of the float32 graph: it may share them with others. */
  #quantizeConstants(operator: Operator): Operator {
    if (
      operator.kind !== 'conv2d' &&
      operator.kind !== 'depthwiseConv2d' &&
      operator.kind !== 'fullyConnected'
    ) {
      return operator;
    }
    const [inputIndex = -1, weightsIndex = -1, biasIndex] = operator.inputs;
    const input = this.#tensor(inputIndex);
    const weights = tensorAt(this.#graph, weightsIndex);
    const bias = biasIndex === undefined ? undefined : tensorAt(this.#graph, biasIndex);
    const outputScale = scaleOf(this.#tensor(operator.output));
    const inputScale = scaleOf(input);
    const channelsLast = operator.kind === 'depthwiseConv2d';
    const channels = (channelsLast ? weights.shape.at(-1) : weights.shape[0]) ?? 0;
    const real = splitChannels(
      numbersOf(weights.data ?? new Float32Array(0)),
      channels,
      channelsLast,
    );
    const excess = this.#images.has(inputIndex) ? CENTRED_INPUT[this.#precision].excess : 0;
    const rules = this.#weightRules(input);
    const quantized = real.map((channel, c) => {
      const wanted = Number(bias?.data?.[c] ?? 0);
      const correction = excess * channel.reduce((total, w) => total + w, 0);
      return quantizeChannel(
        channel,
        wanted - correction,
        inputScale,
        outputScale,
        rules,
        weights.name,
      );
    });
    const scales = quantized.map((channel) => channel.scale);
    const type =
      this.#precision === 'int8' || this.#weights === 'int8'
        ? ('int8' as const)
        : ('int16' as const);
    const codes = mergeChannels(
      quantized.map((channel) => channel.weights),
      channelsLast,
    );
    const inputs = [
      inputIndex,
      this.#setConstant(weightsIndex, `${operator.name}/weights`, {
        ...weights,
        type,
        quantization: { scales, zeroPoint: 0 },
        data: type === 'int8' ? Int8Array.from(codes) : Int16Array.from(codes),
      }),
    ];
    if (bias === undefined && excess === 0) return { ...operator, inputs };
    const name = `${operator.name}/bias`;
    const biasCodes = quantized.map((channel) => channel.bias);
    const integerBias = this.#setConstant(biasIndex, name, {
      name: bias?.name ?? name,
      shape: [channels],
      quantization: {
        scales: scales.map((scale) => Math.fround(inputScale * scale)),
        zeroPoint: 0,
      },
      ...(this.#precision === 'int8'
        ? { type: 'int32', data: Int32Array.from(biasCodes) }
        : { type: 'int64', data: BigInt64Array.from(biasCodes, BigInt) }),
    });
    return { ...operator, inputs: [...inputs, integerBias] };
  }

  /** Puts a constant in its place or, where there is none or another operator has it, at the end by a new name. */
  #setConstant(index: number | undefined, newName: string, tensor: GraphTensor): number {
    if (index !== undefined && !this.#quantized.has(index)) {
      this.#tensors[index] = tensor;
      this.#quantized.add(index);
      return index;
    }
    let name = newName;
    while (this.#tensors.some((other) => other.name === name)) name += "'";
    return this.#tensors.push({ ...tensor, name }) - 1;
  }

  #weightRules(input: GraphTensor): WeightRules {
    const { min, max } = elementTypes[this.#precision];
    const zeroPoint = input.quantization?.zeroPoint ?? 0;
    const inputRadius = Math.max(zeroPoint - min, max - zeroPoint);
    const eightBit = this.#precision === 'int8' || this.#weights === 'int8';
    return {
      maxCode: eightBit ? 127 : 32767,
      inputRadius,
      accumulatorLimit:
        this.#precision === 'int8' || this.#weights === 'bounded' ? 2 ** 31 : 2 ** 46,
    };
  }
}

/**
 * The integer forms of an input in [-1, 1] (rule X3), in which no real number stands between pixel and code.
 * `excess` is how much more than the real input a code stands for: a first bias makes up for it, with the sum of its
 * channel's weights.
 */
const CENTRED_INPUT = {
  int8: {
    integer: { multiplier: 1, offset: -128 },
    quantization: { scales: [Math.fround(1 / 127.5)], zeroPoint: -1 },
    excess: 0.5 * Math.fround(1 / 127.5),
  },
  int16: {
    integer: { multiplier: 256, offset: -32640 },
    quantization: { scales: [Math.fround(1 / 32640)], zeroPoint: 0 },
    excess: 0,
  },
} as const;

function integerPreprocessing(
  preprocessing: Preprocessing | undefined,
  precision: 'int8' | 'int16',
): Preprocessing | undefined {
  if (preprocessing === undefined) return undefined;
  const { mean, std } = preprocessing;
  const centred = [...mean, ...std].every((value) => value === 127.5);
  return centred ? { ...preprocessing, integer: CENTRED_INPUT[precision].integer } : preprocessing;
}

/** Smallest and largest real input that a pixel can give. */
function pixelRange(preprocessing: Preprocessing, input: GraphTensor): readonly [number, number] {
  const values = [0, 1, 2].flatMap((channel) => pixelTable(preprocessing, input, channel));
  return [Math.min(...values), Math.max(...values)];
}

/** A positive float32: a range that is only 0 gets the scale 1. */
function positiveScale(value: number): number {
  const scale = Math.fround(value);
  return scale > 0 ? scale : 1;
}

function scaleOf(tensor: GraphTensor): number {
  return tensor.quantization?.scales[0] ?? NaN;
}

/** The weights of each output channel: consecutive, or (depthwise) interleaved. */
function splitChannels(
  values: Float64Array,
  channels: number,
  channelsLast: boolean,
): readonly Float64Array[] {
  const length = values.length / channels;
  return Array.from({ length: channels }, (_, c) =>
    channelsLast
      ? Float64Array.from({ length }, (_unused, i) => values[i * channels + c] ?? NaN)
      : values.slice(c * length, (c + 1) * length),
  );
}

function mergeChannels(
  channels: readonly (readonly number[])[],
  channelsLast: boolean,
): readonly number[] {
  if (!channelsLast) return channels.flat();
  const [first = []] = channels;
  return first.flatMap((_, i) => channels.map((channel) => channel[i] ?? NaN));
}
