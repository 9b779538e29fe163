/**
 * The published golden cases of CMSIS-NN (github ARM-software/CMSIS-NN, Tests/UnitTest/TestCases/TestData), whose
 * outputs TensorFlow Lite (Micro) interpreters produced, as operator cases.
 */

import { readFileSync } from 'node:fs';
import { sharedPath } from './folder.ts';
import type {
  GivenAttributes,
  GivenTensor,
  OperatorKind,
  PrecisionName,
  TensorData,
} from '../../reference/index.ts';
import type { OperatorCase } from '../operator-case.ts';

interface StoredArray {
  readonly type: 'int8_t' | 'int16_t' | 'int32_t' | 'int64_t';
  readonly data: readonly number[];
}

export interface VectorCase {
  readonly name: string;
  readonly config: Readonly<Record<string, number | string>>;
  readonly arrays: Readonly<Record<string, StoredArray>>;
}

export const vectorFiles = [
  'add_s16',
  'add_s8',
  'avgpool_s16',
  'avgpool_s8',
  'conv_s16',
  'conv_s8',
  'depthwise_s16',
  'depthwise_s8',
  'fully_connected_s16',
  'fully_connected_s8',
  'grouped_conv_s8',
  'softmax_s16',
  'softmax_s8',
] as const;

export type VectorFile = (typeof vectorFiles)[number];

export function readVectors(file: VectorFile): readonly VectorCase[] {
  return JSON.parse(readFileSync(sharedPath('vectors', `${file}.json`), 'utf8')) as VectorCase[];
}

/** What a published case computes, and its published output. */
export function operatorCaseOf(
  file: VectorFile,
  vector: VectorCase,
): { readonly operatorCase: OperatorCase; readonly expected: TensorData } {
  const reader = new CaseReader(vector);
  const precision = file.endsWith('_s16') ? 'int16' : 'int8';
  return { operatorCase: read(file, precision, reader), expected: reader.expected() };
}

const caseOf = <K extends OperatorKind>(
  kind: K,
  precision: PrecisionName,
  attributes: GivenAttributes<K>,
  inputs: readonly GivenTensor[],
): OperatorCase => ({ kind, precision, attributes, inputs });

function read(file: VectorFile, precision: PrecisionName, reader: CaseReader): OperatorCase {
  switch (file) {
    case 'add_s8':
    case 'add_s16':
      return readAdd(precision, reader);
    case 'avgpool_s8':
    case 'avgpool_s16':
      return readPool(precision, reader);
    case 'conv_s8':
    case 'conv_s16':
    case 'grouped_conv_s8':
      return readConv(precision, reader);
    case 'depthwise_s8':
    case 'depthwise_s16':
      return readDepthwise(precision, reader);
    case 'fully_connected_s8':
    case 'fully_connected_s16':
      return readFullyConnected(precision, reader);
    case 'softmax_s8':
    case 'softmax_s16':
      return readSoftmax(precision, reader);
  }
}

function readAdd(precision: PrecisionName, reader: CaseReader): OperatorCase {
  const shape = [reader.number('DST_SIZE')];
  const sides = ['INPUT1', 'INPUT2', 'OUTPUT'];
  return caseOf(
    'add',
    precision,
    {
      leftShift: reader.number('LEFT_SHIFT'),
      multiplier: sides.map((side) => reader.number(`${side}_MULT`)),
      shift: sides.map((side) => reader.number(`${side}_SHIFT`)),
      ...reader.limits(),
      output: { zeroPoint: reader.number('OUTPUT_OFFSET') },
    },
    [
      { ...reader.tensor(shape, 'input1'), zeroPoint: -reader.number('INPUT1_OFFSET') },
      { ...reader.tensor(shape, 'input2'), zeroPoint: -reader.number('INPUT2_OFFSET') },
    ],
  );
}

function readPool(precision: PrecisionName, reader: CaseReader): OperatorCase {
  const size = reader.pair('FILTER_H', 'FILTER_W');
  const stride = reader.pair('STRIDE_H', 'STRIDE_W');
  const input = reader.pair('INPUT_H', 'INPUT_W');
  const output = reader.pair('OUTPUT_H', 'OUTPUT_W');
  const before = reader.pair('PADDING_H', 'PADDING_W');
  return caseOf(
    'averagePool',
    precision,
    {
      size,
      stride,
      padding: explicitPadding(input, output, size, stride, [1, 1], before),
      activationMin: reader.number('ACTIVATION_MIN'),
      activationMax: reader.number('ACTIVATION_MAX'),
    },
    [
      reader.tensor(
        [reader.number('BATCH_SIZE'), ...input, reader.number('INPUT_C')],
        'input_tensor',
      ),
    ],
  );
}

function readConv(precision: PrecisionName, reader: CaseReader): OperatorCase {
  const channels = reader.number('IN_CH');
  const outChannels = reader.number('OUT_CH');
  const groupChannels = reader.number('FILTER_CH', channels);
  const kernel = reader.pair('FILTER_Y', 'FILTER_X');
  return caseOf(
    'conv2d',
    precision,
    {
      ...reader.window(kernel),
      ...reader.accumulator(precision),
      ...reader.perChannel(),
      groups: channels / groupChannels,
      ...reader.limits(),
      output: { zeroPoint: reader.number('OUTPUT_OFFSET') },
    },
    [
      reader.image(channels),
      reader.tensor([outChannels, ...kernel, groupChannels], 'weights'),
      reader.tensor([outChannels], 'bias', 'biases'),
    ],
  );
}

function readDepthwise(precision: PrecisionName, reader: CaseReader): OperatorCase {
  const outChannels = reader.number('OUT_CH');
  const kernel = reader.pair('FILTER_Y', 'FILTER_X');
  return caseOf(
    'depthwiseConv2d',
    precision,
    {
      ...reader.window(kernel),
      ...reader.accumulator(precision),
      ...reader.perChannel(),
      ...reader.limits(),
      output: { zeroPoint: reader.number('OUTPUT_OFFSET') },
    },
    [
      reader.image(reader.number('IN_CH')),
      reader.tensor([1, ...kernel, outChannels], 'weights'),
      reader.tensor([outChannels], 'bias', 'biases'),
    ],
  );
}

function readFullyConnected(precision: PrecisionName, reader: CaseReader): OperatorCase {
  const depth = reader.number('ACCUMULATION_DEPTH');
  const outChannels = reader.number('OUT_CH');
  return caseOf(
    'fullyConnected',
    precision,
    {
      ...reader.accumulator(precision),
      ...reader.perChannel(),
      ...reader.limits(),
      output: { zeroPoint: reader.number('OUTPUT_OFFSET') },
    },
    [
      {
        ...reader.tensor([reader.number('INPUT_BATCHES'), depth], 'input'),
        zeroPoint: -reader.number('INPUT_OFFSET'),
      },
      reader.tensor([outChannels, depth], 'weights'),
      reader.tensor([outChannels], 'bias', 'biases'),
    ],
  );
}

function readSoftmax(precision: PrecisionName, reader: CaseReader): OperatorCase {
  const shape = [reader.number('NUM_ROWS'), reader.number('ROW_SIZE')];
  return caseOf(
    'softmax',
    precision,
    {
      multiplier: [reader.number('INPUT_MULT')],
      leftShift: reader.number('INPUT_LEFT_SHIFT'),
      ...(precision === 'int8' ? { diffMin: reader.number('DIFF_MIN') } : {}),
    },
    [reader.tensor(shape, 'input')],
  );
}

/** The padding after the image follows from the number of positions. */
function explicitPadding(
  input: readonly [number, number],
  output: readonly [number, number],
  kernel: readonly [number, number],
  stride: readonly [number, number],
  dilation: readonly [number, number],
  before: readonly [number, number],
): [number, number, number, number] {
  const after = (axis: 0 | 1): number =>
    Math.max(
      0,
      (output[axis] - 1) * stride[axis] +
        (kernel[axis] - 1) * dilation[axis] +
        1 -
        input[axis] -
        before[axis],
    );
  return [before[0], after(0), before[1], after(1)];
}

class CaseReader {
  readonly #case: VectorCase;

  constructor(vector: VectorCase) {
    this.#case = vector;
  }

  number(key: string, otherwise?: number): number {
    const value = this.#case.config[key] ?? otherwise;
    if (typeof value !== 'number') throw new Error(`Expected ${this.#case.name} to have ${key}`);
    return value;
  }

  pair(y: string, x: string): [number, number] {
    return [this.number(y), this.number(x)];
  }

  limits(): { activationMin: number; activationMax: number } {
    return {
      activationMin: this.number('OUT_ACTIVATION_MIN'),
      activationMax: this.number('OUT_ACTIVATION_MAX'),
    };
  }

  window(kernel: [number, number]): {
    stride: [number, number];
    dilation: [number, number];
    padding: [number, number, number, number];
  } {
    const stride = this.pair('STRIDE_Y', 'STRIDE_X');
    const dilation = this.pair('DILATION_Y', 'DILATION_X');
    const input = this.pair('INPUT_H', 'INPUT_W');
    const output = this.pair('OUTPUT_H', 'OUTPUT_W');
    const before = this.pair('PAD_Y', 'PAD_X');
    return {
      stride,
      dilation,
      padding: explicitPadding(input, output, kernel, stride, dilation, before),
    };
  }

  perChannel(): { multiplier: readonly number[]; shift: readonly number[] } {
    const multiplier = this.#array('output_multiplier', 'output_mult')?.data;
    const shift = this.#array('output_shift')?.data;
    return {
      multiplier: multiplier ?? [this.number('OUTPUT_MULTIPLIER')],
      shift: shift ?? [this.number('OUTPUT_SHIFT')],
    };
  }

  /** The int32-bias mode of int16 is told by the type of the bias. */
  accumulator(precision: PrecisionName): { accumulator?: 'int32' } {
    const bias = this.#array('bias', 'biases');
    return precision === 'int16' && bias?.type === 'int32_t' ? { accumulator: 'int32' } : {};
  }

  image(channels: number): GivenTensor {
    const shape = [this.number('INPUT_BATCHES'), ...this.pair('INPUT_H', 'INPUT_W'), channels];
    return { ...this.tensor(shape, 'input'), zeroPoint: -this.number('INPUT_OFFSET') };
  }

  tensor(shape: readonly number[], ...names: string[]): GivenTensor {
    const array = this.#array(...names);
    if (array === undefined) throw new Error(`Expected ${this.#case.name} to have ${names.join()}`);
    return { shape, data: typed(array) };
  }

  expected(): TensorData {
    const array = this.#array('output', 'output_ref');
    if (array === undefined) throw new Error(`Expected ${this.#case.name} to have an output`);
    return typed(array);
  }

  #array(...names: string[]): StoredArray | undefined {
    for (const name of names) {
      const array = this.#case.arrays[name];
      if (array !== undefined) return array;
    }
    return undefined;
  }
}

function typed({ type, data }: StoredArray): TensorData {
  switch (type) {
    case 'int8_t':
      return Int8Array.from(data);
    case 'int16_t':
      return Int16Array.from(data);
    case 'int32_t':
      return Int32Array.from(data);
    case 'int64_t':
      return BigInt64Array.from(data, BigInt);
  }
}
