/** TensorFlow Lite files that lie about themselves or have what no classifier has: a `FileError` each. */

import { existsSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sharedDataPresent, sharedPath } from '../../conformance/shared/folder.ts';
import { interpreter, mobilenetV2 } from '../../reference/index.ts';
import { FileError } from '../errors.ts';
import type { TfliteTensor } from '../formats/tflite/model.ts';
import {
  addFields,
  conv2dFields,
  fullyConnectedFields,
  reducerFields,
  softmaxFields,
} from '../formats/tflite/schema.ts';
import { writeTflite } from '../formats/tflite/write.ts';
import {
  conv,
  fileOf,
  operator,
  readTflite,
  tensors,
  withOptions,
  withTensor,
} from './tflite-models.ts';

const { float32, int8, int16 } = tensors;
const scaled = (zeroPoint: number, ...scales: readonly number[]) => ({
  quantization: { scales, zeroPoint, dimension: 0 },
});
const numbers = (name: string, ...values: readonly number[]): TfliteTensor => ({
  name,
  type: 'int32',
  shape: [values.length],
  data: Int32Array.from(values),
});
const power: TfliteTensor = { ...int16[0], ...scaled(0, 0.25) };

describe('meaning', () => {
  it('takes weights of -128', () => {
    const [output] = interpreter(readTflite(fileOf(int8))).run([
      Int8Array.from({ length: 12 }, (_, i) => i),
    ]).outputs;
    // -128 * (0 + 1) + 127 * (1 + 1) + 3 * (2 + 1) + 100 = 235, an eighth of which is rounded twice: 118, then 30; + 3.
    expect(output?.data[0]).toBe(33);
  });

  it('reads float16 weights through DEQUANTIZE', () => {
    const half = {
      name: 'half',
      type: 'float16',
      shape: [2],
      data: Uint16Array.of(0x3800, 0xbc00),
    };
    const all = [
      float32[0],
      float32[1],
      half,
      float32[3],
      { ...float32[3], name: 'bias', shape: [2] },
    ];
    const operators = [operator('dequantize', [2], 4), { ...conv, inputs: [0, 1, 4] }];
    const graph = readTflite(fileOf(all as readonly TfliteTensor[], operators, 3));
    expect(graph.tensors.find(({ name }) => name === 'bias')?.data).toEqual(
      Float32Array.of(0.5, -1),
    );
    expect(graph.operators.map(({ kind, source }) => [kind, source])).toEqual([['conv2d', 1]]);
  });

  it('pads SAME with the odd pixel after', () => {
    const all = withTensor(
      withTensor(float32, 1, { shape: [2, 2, 2, 3], data: new Float32Array(24).fill(1) }),
      0,
      {},
    );
    const [read] = readTflite(fileOf(all)).operators;
    expect(read?.attributes).toMatchObject({ padding: [0, 1, 0, 1] });
  });
});

describe('refusals', () => {
  it.each<readonly [string, Uint8Array, string]>([
    [
      'dynamic range quantisation',
      fileOf(withTensor(float32, 1, { ...int8[1] })),
      'Operator 0 (CONV_2D): Expected float32 weights for a float32 input but found int8 (dynamic range quantisation)',
    ],
    [
      'zero points of weights',
      fileOf(withTensor(int8, 1, scaled(5, 0.5))),
      'Operator 0 (CONV_2D): Expected weights with zero point 0 but found 5',
    ],
    [
      'scales along another axis',
      fileOf(
        withTensor(int8, 1, {
          quantization: { scales: [1, 1], zeroPoint: 0, dimension: 3 },
        }),
      ),
      'Operator 0 (CONV_2D): Expected scales of weights along axis 0 but found axis 3',
    ],
    [
      'a scale that is no number',
      fileOf(withTensor(int8, 3, scaled(0, NaN))),
      'Tensor "out": Expected every scale to be positive and finite but found NaN',
    ],
    [
      'a negative scale',
      fileOf(withTensor(int8, 0, scaled(0, -1))),
      'Tensor "image": Expected every scale to be positive and finite but found -1',
    ],
    [
      'float16 weights without DEQUANTIZE',
      fileOf(withTensor(int8, 1, { type: 'float16', shape: [1], data: Uint16Array.of(1) })),
      'Operator "out": Expected weights of type int8 but found float32',
    ],
    [
      'float16 activations',
      fileOf(withTensor(float32, 0, { type: 'float16' })),
      'Tensor 0 "image": Expected type float32, int32, uint8, int64, int16, int8 but found computed float16',
    ],
    [
      'integers without scale',
      fileOf(withTensor(int8, 3, scaled(0))),
      'Tensor "out": Expected a scale, or ready-made integers on the operator, but found none',
    ],
    [
      'a zero point beyond its type',
      fileOf(withTensor(int8, 0, scaled(1000, 0.5))),
      'Tensor 0 "image": Expected a zero point within int8 but found 1000',
    ],
    [
      'weights that are no number',
      fileOf(withTensor(float32, 1, { data: Float32Array.of(1, NaN, 1, 1, 1, 1) })),
      'Tensor "w": Expected finite constants but found NaN at element 1',
    ],
    [
      'an output of another shape',
      fileOf(withTensor(float32, 3, { shape: [1, 1, 1, 2] })),
      'Operator "out": Expected an output of shape [1, 2, 2, 2] but found [1, 1, 1, 2]',
    ],
    [
      'more elements than the file has',
      fileOf(withTensor(float32, 1, { shape: [1000000, 1, 1, 1000000] })),
      'Tensor 1 "w": Expected 4000000000000 bytes for shape [1000000, 1, 1, 1000000] but found 24',
    ],
    [
      'negative extents',
      fileOf(withTensor(float32, 0, { shape: [-1, 2, 2, 3] })),
      'Tensor "image": Expected every extent to be an integer greater than 0 but found [-1, 2, 2, 3]',
    ],
    [
      'a stride of 0',
      fileOf(float32, [withOptions([conv2dFields.strideW, 'int32', 0])]),
      'Operator 0 (CONV_2D): Expected a window greater than 0 but found 0',
    ],
    [
      'an unknown padding',
      fileOf(float32, [withOptions([conv2dFields.padding, 'int8', 2])]),
      'Operator 0 (CONV_2D): Expected padding SAME or VALID but found 2',
    ],
    [
      'a fused activation that no graph has',
      fileOf(float32, [withOptions([conv2dFields.activation, 'int8', 2])]),
      'Operator 0 (CONV_2D): Expected activation NONE, RELU or RELU6 but found RELU_N1_TO_1',
    ],
    [
      'options of a newer schema',
      fileOf(float32, [withOptions([9, 'int32', 1])]),
      'Operator 0 (CONV_2D): Expected options of fields below 7 but found field 9',
    ],
    [
      'a bias that its options do not announce',
      fileOf(int16, [withOptions([conv2dFields.biasType, 'int8', 2])]),
      'Operator 0 (CONV_2D): Expected a bias of int32, as its options say, but found int64',
    ],
    [
      'operators in a circle',
      fileOf(
        [...float32, { ...float32[3], name: 'a' }, { ...float32[3], name: 'b' }],
        [operator('relu', [5], 4), operator('relu', [4], 5), conv],
        3,
      ),
      'Operator "a": Expected tensor "b" to be computed before it is used',
    ],
    [
      'an output written twice',
      fileOf(float32, [conv, conv]),
      'Operator "out": Expected operator names to be unique',
    ],
    [
      'a tensor that is not there',
      fileOf(float32, [{ ...conv, inputs: [0, 99, 2] }]),
      'Expected the index of one of 4 tensors but found 99',
    ],
    [
      'weights left out',
      fileOf(float32, [{ ...conv, inputs: [0, -1, 2] }]),
      'Expected the index of one of 4 tensors but found -1',
    ],
    [
      'too few inputs',
      fileOf(float32, [{ ...conv, inputs: [0] }]),
      'Operator 0 (CONV_2D): Expected 2 to 3 as number of inputs but found 1',
    ],
    [
      'a mean over channels',
      fileOf(
        [float32[0], numbers('axes', 3), { name: 'out', type: 'float32', shape: [1, 2, 2] }],
        [operator('mean', [0, 1], 2, [[reducerFields.keepDimensions, 'bool', false]])],
      ),
      'Operator 0 (MEAN): Expected a mean over height and width but found axes [3] of 4',
    ],
    [
      'a mean over computed axes',
      fileOf(
        [float32[0], { name: 'axes', type: 'int32', shape: [2] }, float32[3]],
        [operator('mean', [0, 1], 2)],
      ),
      'Operator 0 (MEAN): Expected its axes to be constant but found a computed tensor',
    ],
    [
      'an int16 add with scales that are powers of two',
      fileOf(
        [power, { ...power, name: 'out' }],
        [operator('add', [0, 0], 1, [[addFields.activation, 'int8', 0]])],
      ),
      'Operator 0 (ADD): Expected the general int16 arithmetic but found pot_scale_int16 with scales that are powers of two',
    ],
    [
      'a softmax of beta 0',
      fileOf(
        [float32[0], { ...float32[0], name: 'out' }],
        [operator('softmax', [0], 1, [[softmaxFields.beta, 'float32', 0]])],
      ),
      'Operator "out": Expected beta to be a finite number greater than 0 but found 0',
    ],
    [
      'shuffled weights',
      fileOf(
        [
          float32[0],
          { name: 'w', type: 'float32', shape: [2, 12], data: new Float32Array(24) },
          { name: 'out', type: 'float32', shape: [1, 2] },
        ],
        [operator('fullyConnected', [0, 1], 2, [[fullyConnectedFields.weightsFormat, 'int8', 1]])],
      ),
      'Operator 0 (FULLY_CONNECTED): Expected weights in their usual order but found shuffled ones',
    ],
    [
      'a reshape to another shape than that of its output',
      fileOf(
        [float32[0], numbers('shape', 3, -1), { name: 'out', type: 'float32', shape: [4, 3] }],
        [operator('reshape', [0, 1], 2)],
      ),
      'Operator 0 (RESHAPE): Expected an output of shape [3, 4] but found [4, 3]',
    ],
    [
      'a reshape with two open extents',
      fileOf(
        [float32[0], numbers('shape', -1, -1), { name: 'out', type: 'float32', shape: [4, 3] }],
        [operator('reshape', [0, 1], 2)],
      ),
      'Operator 0 (RESHAPE): Expected one open extent at most but found shape [-1, -1]',
    ],
    [
      'negative padding',
      fileOf(
        [float32[0], { ...numbers('p', 0, 0, -1, 0, 0, 0, 0, 0), shape: [4, 2] }, float32[3]],
        [operator('pad', [0, 1], 2)],
      ),
      'Operator "out": Expected padding to be a list of two integers of at least 0 for each axis',
    ],
    ['no operator', fileOf(float32, []), 'Tensor 3 "out": Expected an output that is computed'],
  ])('of %s', (_name, bytes, text) => {
    expect(() => readTflite(bytes)).toThrow(FileError);
    expect(() => readTflite(bytes)).toThrow(`net.tflite: ${text}`);
  });

  it('of an operator that no classifier has, whose name it tells', () => {
    const file = fileOf(float32, [conv, operator('minimum', [3, 3], 3)]);
    const pattern = Buffer.from(file).indexOf(Buffer.of(57, 0, 0, 0));
    expect(pattern).toBeGreaterThan(0);
    const changed = file.slice();
    changed[pattern] = 117;
    expect(() => readTflite(changed)).toThrow(
      'Operator 1 (HARD_SWISH): Expected an operator of a MobileNetV2 classifier (SQUEEZE, ADD, AVERAGE_POOL_2D,',
    );
  });

  it('of files that are none', () => {
    expect(() => readTflite(new Uint8Array(0))).toThrow(
      'net.tflite: Expected a TensorFlow Lite model. Expected 8 bytes at 0 but found a file of 0',
    );
    expect(() => readTflite(Buffer.from('\u0010\0\0\0TFL4'))).toThrow(
      'Expected identifier TFL3 but found another',
    );
    expect(() => readTflite(Buffer.from('\u0010\0\0\0TFL3'))).toThrow(
      'Expected 4 bytes at 16 but found a file of 8',
    );
  });

  it('of a small file whose tensors all share one large constant', () => {
    const side = 2 ** 20;
    const shared: readonly TfliteTensor[] = Array.from({ length: 70 }, (_, i) => ({
      name: `w${String(i)}`,
      type: 'int8',
      shape: [side],
      ...(i === 0 ? { data: new Int8Array(side) } : {}),
    }));
    const file = fileOf(
      [float32[0], ...shared],
      Array.from({ length: 70 }, () => operator('relu', [1], 2)),
    );
    expect(() => readTflite(file)).toThrow(FileError);
  });
});

/** A file of a small network of each type: offsets, lengths and numbers all in a few kilobytes. */
const small = mobilenetV2({ width: 0.05, resolution: 4, classes: 2 });
const files = [
  writeTflite(small).bytes,
  ...[float32, int8, int16].map((each) => fileOf(each)),
] as const;

function survives(bytes: Uint8Array): void {
  try {
    readTflite(bytes);
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
  }
}

describe('damage gives a graph or a FileError', () => {
  const file = fc.constantFrom(...files);

  it('of bits and length', () => {
    const flips = fc.array(fc.tuple(fc.double({ min: 0, max: 1, noNaN: true }), fc.nat(7)), {
      maxLength: 6,
    });
    const part = fc.oneof(fc.constant(1), fc.double({ min: 0, max: 1, noNaN: true }));
    fc.assert(
      fc.property(file, flips, part, (whole, changes, kept) => {
        const bytes = whole.slice(0, Math.ceil(kept * whole.length));
        for (const [at, bit] of changes) {
          const place = Math.floor(at * (bytes.length - 1));
          bytes[place] = (bytes[place] ?? 0) ^ (1 << bit);
        }
        survives(bytes);
      }),
      { numRuns: 3000 },
    );
  });

  it('of offsets, lengths and counts', () => {
    const word = fc.oneof(
      fc.constantFrom(0, 1, 2, 3, 4, 8, -1, -4, 0x7fffffff, -0x80000000, 0x10000, 0xffff),
      fc.integer({ min: -3000, max: 3000 }),
    );
    fc.assert(
      fc.property(file, fc.array(fc.tuple(fc.nat(), word), { maxLength: 3 }), (whole, changes) => {
        const bytes = whole.slice();
        const view = new DataView(bytes.buffer);
        for (const [at, value] of changes) {
          view.setInt32(4 * (at % Math.floor(bytes.length / 4)), value, true);
        }
        survives(bytes);
      }),
      { numRuns: 3000 },
    );
  });

  const present =
    sharedDataPresent('models', 'damage to a real TensorFlow Lite model') &&
    existsSync(sharedPath('models', 'others'));

  it.skipIf(!present)('to a real model', () => {
    const bytes = readFileSync(
      sharedPath('models', 'others', 'tf2_mobilenet_v2_1.0_224_ptq.tflite'),
    );
    // Tables lie around megabytes of weights: at both ends of the file.
    const near = fc.nat(40_000);
    const place = fc.oneof(
      near,
      near.map((back) => bytes.length - 1 - back),
      fc.nat(bytes.length - 1),
    );
    fc.assert(
      fc.property(fc.array(fc.tuple(place, fc.nat(7)), { maxLength: 4 }), (flips) => {
        const damaged = Uint8Array.from(bytes);
        for (const [at, bit] of flips) damaged[at] = (damaged[at] ?? 0) ^ (1 << bit);
        survives(damaged);
      }),
      { numRuns: 20 },
    );
  });
});
