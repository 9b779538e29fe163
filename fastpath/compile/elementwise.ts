/** All operators but convolutions, as steps. */

import { EXP_TABLE, RECIPROCAL_TABLE } from '../../reference/arithmetic/softmax-tables.ts';
import type { OperatorOf } from '../../reference/graph/operator.ts';
import { zeroPointOf } from '../../reference/graph/tensor.ts';
import type { Buffer } from './buffers.ts';
import { floatAdd } from './float-add.ts';
import { outputWords, refuseOperator, type Lowering } from './operator.ts';
import { Writer } from './pack.ts';
import { defaultWords, kernelNamed, type DraftStep } from './steps.ts';

type StepBody = Omit<DraftStep, 'operator' | 'input' | 'second' | 'output'>;

function body(
  name: string,
  lowering: Lowering,
  input: Buffer,
  output: Buffer,
  parameters?: Uint8Array,
): StepBody {
  return {
    kernel: kernelNamed(name),
    words: { ...defaultWords(input, output), ...outputWords(lowering) },
    ...(parameters === undefined ? {} : { parameters }),
  };
}

export function lowerAdd(
  lowering: Lowering<OperatorOf<'add'>>,
  input: Buffer,
  output: Buffer,
): StepBody {
  const name = `add_${lowering.inputType}`;
  if (lowering.inputType === 'f32') return body(name, lowering, input, output);
  const { multiplier, shift, leftShift, min, max } = lowering.requantization;
  const [first, second] = lowering.inputs;
  const zeros = [
    first === undefined ? 0 : zeroPointOf(first),
    second === undefined ? 0 : zeroPointOf(second),
    zeroPointOf(lowering.output),
  ] as const;
  const float = lowering.inputType === 'i8' ? floatAdd(lowering.requantization, zeros) : undefined;
  const writer = new Writer(92);
  writer.int32(float === undefined ? exactAdd(lowering, zeros) : ADD.float);
  writer.int32(zeros[1]);
  [leftShift, leftShift, 0].forEach((headroom, i) => {
    const exponent = shift[i] ?? 0;
    writer.int32(headroom + Math.max(exponent, 0));
    writer.int32(multiplier[i] ?? 0);
    writer.int32(31 - Math.min(exponent, 0));
    writer.int32(exponent < 0 ? 2 ** 30 : 0);
    writer.int32(exponent < 0 ? -(2 ** 31) : 0);
  });
  // In float32 codes count from -128.
  for (const code of [float === undefined ? zeros[2] : -128, min, max]) writer.int16Pair(code);
  for (const each of [float?.first, float?.second, float?.offset]) writer.element('f32', each ?? 0);
  return body(name, lowering, input, output, writer.bytes);
}

/** The kinds of fastpath/assembly/add.ts. */
const ADD = { exact: 0, float: 1, firstHalf: 2, secondHalf: 3 } as const;

/**
 * How codes are added where float32 is not exact. The factor of the input with the larger scale is 1 / 2 (rule E1): int16
 * has no zero points, so that half of a shifted code is the code shifted less.
 */
function exactAdd(
  { inputType, requantization: { multiplier, shift, leftShift } }: Lowering,
  zeros: readonly number[],
): number {
  const isHalf = (i: number): boolean => multiplier[i] === 2 ** 30 && shift[i] === 0;
  const [first = 0, second = 0, output = 0] = shift;
  if (inputType !== 'i16' || zeros.some((zero) => zero !== 0) || output > -2) return ADD.exact;
  // Without headroom, half of a code is rounded.
  if (leftShift < 1) return ADD.exact;
  if (isHalf(0) && second <= -1) return ADD.firstHalf;
  return isHalf(1) && first <= -1 ? ADD.secondHalf : ADD.exact;
}

export function lowerPool(
  lowering: Lowering<OperatorOf<'averagePool'>>,
  input: Buffer,
  output: Buffer,
): StepBody {
  const { size, stride, padding } = lowering.operator.attributes;
  const step = body(`averagePool_${lowering.inputType}`, lowering, input, output);
  const [kernelHeight, kernelWidth] = size;
  const [strideY, strideX] = stride;
  const [padTop, , padLeft] = padding;
  return {
    ...step,
    words: { ...step.words, kernelHeight, kernelWidth, strideY, strideX, padTop, padLeft },
  };
}

export function lowerMean(
  lowering: Lowering<OperatorOf<'mean'>>,
  input: Buffer,
  output: Buffer,
): StepBody {
  const pooled = { ...output, batches: input.batches, height: 1, width: 1 };
  const parameters = lowering.inputType === 'f32' ? undefined : firstFactor(lowering);
  return body(`mean_${lowering.inputType}`, lowering, input, pooled, parameters);
}

export function lowerSoftmax(
  lowering: Lowering<OperatorOf<'softmax'>>,
  input: Buffer,
  output: Buffer,
): StepBody {
  const { inputType, outputType, operator, requantization } = lowering;
  if (inputType !== outputType) {
    refuseOperator(operator, 'input and output of one type', `${inputType} and ${outputType}`);
  }
  return body(`softmax_${inputType}`, lowering, input, output, parametersOf());

  function parametersOf(): Uint8Array {
    const { multiplier, leftShift, diffMin } = requantization;
    if (inputType === 'f32') {
      const writer = new Writer(8);
      writer.float64(operator.attributes.beta);
      return writer.bytes;
    }
    const writer = new Writer(
      inputType === 'i8' ? 12 : 8 + 2 * (EXP_TABLE.length + RECIPROCAL_TABLE.length),
    );
    writer.int32(multiplier[0] ?? 0);
    writer.int32(leftShift);
    if (inputType === 'i8') writer.int32(diffMin);
    else for (const anchor of [...EXP_TABLE, ...RECIPROCAL_TABLE]) writer.element('i16', anchor);
    return writer.bytes;
  }
}

/** clamp, relu, relu6, and quantize from codes to codes. */
export function lowerRescale(lowering: Lowering, input: Buffer, output: Buffer): StepBody {
  const { inputType, outputType } = lowering;
  if (inputType === 'f32') return body('clamp_f32', lowering, input, output);
  const name = `rescale_${inputType}_${outputType}`;
  return body(name, lowering, input, output, firstFactor(lowering));
}

export function lowerQuantize(
  lowering: Lowering<OperatorOf<'quantize'>>,
  input: Buffer,
  output: Buffer,
): StepBody {
  if (lowering.inputType !== 'f32') return lowerRescale(lowering, input, output);
  const scale = scaleParameter(lowering.output.quantization?.scales[0]);
  return body(`quantize_${lowering.outputType}`, lowering, input, output, scale);
}

export function lowerDequantize(
  lowering: Lowering<OperatorOf<'dequantize'>>,
  input: Buffer,
  output: Buffer,
): StepBody {
  const scale = scaleParameter(lowering.inputs[0]?.quantization?.scales[0]);
  return body(`dequantize_${lowering.inputType}`, lowering, input, output, scale);
}

export function lowerPad(
  lowering: Lowering<OperatorOf<'pad'>>,
  input: Buffer,
  output: Buffer,
): StepBody {
  const { padding } = lowering.operator.attributes;
  const [batch, rows, columns, channels] = padding;
  const moves = [batch, channels].some((pair) => pair?.[0] !== 0 || pair[1] !== 0);
  if (padding.length !== 4 || moves) {
    const found = padding.map((pair) => `[${pair.join(', ')}]`).join(', ');
    refuseOperator(lowering.operator, 'padding of height and width', found);
  }
  const step = body(`pad_${lowering.inputType}`, lowering, input, output);
  return { ...step, words: { ...step.words, padTop: rows?.[0] ?? 0, padLeft: columns?.[0] ?? 0 } };
}

/** The same elements in pixels of other channels, or of another stride. */
export function reshapeStep(input: Buffer, output: Buffer): StepBody {
  return {
    kernel: kernelNamed(`reshape_${input.type === 'u8' ? 'i8' : input.type}`),
    words: {
      ...defaultWords(input, output),
      batches: 1,
      inHeight: 1,
      inWidth: pixelsOf(input),
      outHeight: 1,
      outWidth: pixelsOf(output),
    },
  };
}

/** Each channel as often as a depthwise convolution's depth multiplier says. */
export function repeatStep(input: Buffer, output: Buffer): StepBody {
  return {
    kernel: kernelNamed(`repeatChannels_${input.type}`),
    words: defaultWords(input, output),
  };
}

function pixelsOf({ batches, height, width }: Buffer): number {
  return batches * height * width;
}

function firstFactor({ requantization: { multiplier, shift } }: Lowering): Uint8Array {
  const writer = new Writer(8);
  writer.int32(multiplier[0] ?? 0);
  writer.int32(shift[0] ?? 0);
  return writer.bytes;
}

function scaleParameter(scale: number | undefined): Uint8Array {
  const writer = new Writer(4);
  writer.element('f32', scale ?? NaN);
  return writer.bytes;
}
