/** An imported network computes what its file says, or is refused. */

import { describe, expect, it } from 'vitest';
import { interpreter } from '../../reference/index.ts';
import { base, conv, flat, pool, ramp, readOnnx, withNodes } from './onnx-models.ts';
import { encodeOnnx, type ConstantSpec, type ModelSpec, type NodeSpec } from './onnx-writer.ts';

const relu = (input: string): NodeSpec => ({ type: 'Relu', inputs: [input], output: 'relu' });
const identity: NodeSpec = { type: 'Identity', inputs: ['conv'], output: 'same' };
const add = (...inputs: readonly string[]): NodeSpec => ({ type: 'Add', inputs, output: 'sum' });
const normalise = (input: string): NodeSpec => ({
  type: 'BatchNormalization',
  inputs: [input, 'scale', 'offset', 'mean', 'variance'],
  output: 'normal',
});
const statistics = {
  scale: { shape: [2], data: [-2, -3] },
  offset: { shape: [2], data: [5, 5] },
  mean: { shape: [2], data: [0, 0] },
  variance: { shape: [2], data: [1, 1] },
};
const product: NodeSpec = { type: 'MatMul', inputs: ['flat', 'matrix'], output: 'product' };
const matrix = { matrix: { shape: [2, 3], data: ramp(6) }, three: { shape: [3], data: [1, 2, 3] } };
const head = [conv, pool, flat];

/** The output on an image of ones. */
function run(model: ModelSpec): readonly number[] {
  const [output] = interpreter(readOnnx(encodeOnnx(model))).run([
    new Float32Array(48).fill(1),
  ]).outputs;
  return Array.from(output?.data ?? [], Number);
}
const kinds = (model: ModelSpec): readonly string[] =>
  readOnnx(encodeOnnx(model)).operators.map((operator) => operator.kind);

describe('folding', () => {
  it('sees through identities', () => {
    expect(kinds(withNodes([conv, identity, normalise('same')], statistics))).toEqual(['conv2d']);
    const dropout: NodeSpec = { ...identity, type: 'Dropout' };
    expect(kinds(withNodes([conv, dropout, relu('same')]))).toEqual(['conv2d']);
  });

  it('takes a constant by another name', () => {
    const bias: NodeSpec = { type: 'Identity', inputs: ['b'], output: 'other' };
    const model = withNodes([bias, { ...conv, inputs: ['image', 'w', 'other'] }]);
    expect(run(model)).toEqual(run(base));
  });

  it('leaves a clamp apart from a value that something else reads by another name', () => {
    const model = withNodes([conv, identity, relu('same'), add('conv', 'relu')]);
    expect(kinds(model)).toEqual(['conv2d', 'clamp', 'add']);
    const plain = run(base);
    expect(run(model)).toEqual(plain.map((value) => Math.fround(value + Math.max(value, 0))));
  });

  it('leaves a clamp apart from a value that is the output', () => {
    expect(kinds({ ...withNodes([conv, relu('conv')]), output: 'conv' })).toEqual([
      'conv2d',
      'clamp',
    ]);
  });

  it('adds a bias once, before an activation', () => {
    const plain = run(withNodes([...head, product], matrix));
    for (const inputs of [
      ['product', 'three'],
      ['three', 'product'],
    ]) {
      const sum = add(...inputs);
      const model = withNodes([...head, product, sum, relu('sum')], matrix);
      expect(kinds(model).slice(3)).toEqual(['fullyConnected']);
      run(model).forEach((value, i) => {
        expect(value).toBeCloseTo(Math.max(0, (plain[i] ?? NaN) + i + 1), 5);
      });
    }
  });

  it.each<readonly [string, ModelSpec, string]>([
    [
      'batch normalisation after an activation',
      withNodes([conv, relu('conv'), normalise('relu')], statistics),
      'Operator "normal" (BatchNormalization): Expected conv2d or depthwiseConv2d before it, without activation and used by nothing else, but found conv2d "conv" with relu',
    ],
    [
      'batch normalisation of a value that something else reads',
      withNodes([conv, identity, normalise('same'), add('conv', 'normal')], statistics),
      'but found conv2d "conv", whose output is used 2 times',
    ],
    [
      'batch normalisation of the input',
      withNodes([{ ...normalise('image') }], statistics),
      'but found the input of the network',
    ],
    [
      'a bias after an activation',
      withNodes([...head, product, relu('product'), add('relu', 'three')], matrix),
      'Operator "sum" (Add): Expected fullyConnected before it, without activation and used by nothing else, but found fullyConnected "product" with relu',
    ],
    [
      'a bias of a product that something else reads',
      withNodes(
        [
          ...head,
          product,
          add('product', 'three'),
          { type: 'Add', inputs: ['product', 'sum'], output: 'twice' },
        ],
        matrix,
      ),
      'but found fullyConnected "product", whose output is used 2 times',
    ],
    [
      'a constant added to an image',
      withNodes([conv, add('conv', 'b')]),
      'but found conv2d "conv"',
    ],
  ])('refuses %s', (_name, model, text) => {
    expect(() => readOnnx(encodeOnnx(model))).toThrow(text);
  });
});

const integers = (...data: readonly number[]): ConstantSpec => ({
  shape: [data.length],
  data,
  type: 7,
});
const reshape = (...target: readonly number[]): ModelSpec =>
  withNodes([conv, pool, { type: 'Reshape', inputs: ['pool', 'target'], output: 'row' }], {
    target: integers(...target),
  });
const withInts = (ints: Readonly<Record<string, readonly number[]>>): ModelSpec =>
  withNodes([{ ...conv, ints: { ...conv.ints, ...ints } }]);
const squeeze = (...axes: readonly number[]): ModelSpec =>
  withNodes([conv, pool, { type: 'Squeeze', inputs: ['pool'], output: 'row', ints: { axes } }]);

describe('contradictions', () => {
  it.each([
    [1, 2],
    [1, -1],
    [-1, 2],
    [0, -1],
    [0, 0],
  ])('reads a reshape to [%i, %i]', (...target) => {
    expect(run(reshape(...target))).toEqual(run(withNodes(head)));
  });

  it('reads an attribute whose value of 0 is left out', () => {
    const mean: NodeSpec = {
      type: 'ReduceMean',
      inputs: ['conv'],
      output: 'mean',
      ints: { axes: [-1, -2] },
      more: (pbf) => {
        pbf.writeMessage(
          5,
          (_unused, attribute) => {
            attribute.writeStringField(1, 'keepdims');
            attribute.writeVarintField(20, 2);
          },
          undefined,
        );
      },
    };
    const graph = readOnnx(encodeOnnx(withNodes([conv, mean])));
    expect(graph.tensors.at(-1)?.shape).toEqual([1, 2]);
  });

  it.each<readonly [string, ModelSpec, string]>([
    [
      'a kernel_shape that is not that of the weights',
      withInts({ kernel_shape: [1, 1] }),
      'Operator "conv" (Conv): Expected kernel_shape [3, 3], as the weights have, but found [1, 1]',
    ],
    [
      'six pads',
      withInts({ pads: [0, 0, 0, 0, 1, 1] }),
      'Operator "conv" (Conv): Expected four pads of at least 0 but found [0, 0, 0, 0, 1, 1]',
    ],
    [
      'negative pads',
      withInts({ pads: [0, -1, 0, 0] }),
      'Expected four pads of at least 0 but found [0, -1, 0, 0]',
    ],
    [
      'a stride of 0',
      withInts({ strides: [0, 1] }),
      'Expected two strides greater than 0 but found [0, 1]',
    ],
    [
      'no groups',
      withNodes([{ ...conv, int: { group: 0 } }]),
      'Operator "conv" (Conv): Expected group greater than 0 but found 0',
    ],
    [
      'an attribute of another type',
      withNodes([{ ...conv, ints: { group: [1] } }]),
      'Operator "conv" (Conv): Expected group to be an integer but found a list of integers',
    ],
    [
      'an attribute that the operator does not have',
      withNodes([conv, { ...relu('conv'), float: { alpha: 0.1 } }]),
      'Operator "relu" (Relu): Expected no attribute but found attribute "alpha"',
    ],
    [
      'an input that the operator does not have',
      withNodes([conv, { ...relu('conv'), inputs: ['conv', 'b'] }]),
      'Operator "relu" (Relu): Expected 1 as number of inputs but found 2',
    ],
    [
      'integer weights',
      withNodes([conv], { b: integers(1, 2) }),
      'Operator "conv" (Conv): Expected input "b" to be of float32 but found integers',
    ],
    [
      'a bias of another length',
      withNodes([conv], { b: { shape: [3], data: [1, 2, 3] } }),
      'Operator "conv" (Conv): Expected input "b" of shape [2] but found [3]',
    ],
    [
      'statistics of more channels',
      withNodes([conv, normalise('conv')], {
        ...statistics,
        mean: { shape: [3], data: [0, 0, 0] },
      }),
      'Operator "normal" (BatchNormalization): Expected input "mean" of shape [2] but found [3]',
    ],
    [
      'a limit for each channel',
      withNodes([conv, { type: 'Clip', inputs: ['conv', 'b'], output: 'clip' }]),
      'Operator "clip" (Clip): Expected input "b" to be one number but found shape [2]',
    ],
    [
      'a matrix of three axes',
      withNodes([...head, product], { matrix: { shape: [2, 3, 1], data: ramp(6) } }),
      'Operator "product" (MatMul): Expected a matrix of 2 axes but found [2, 3, 1]',
    ],
    [
      'a matrix product over the columns of an image',
      withNodes([conv, { ...product, inputs: ['conv', 'matrix'] }], matrix),
      'Operator "product" (MatMul): Expected an input of shape [1, 2] for its matrix but found [1, 2, 2, 2]',
    ],
    [
      'a matrix of fewer rows than there are features',
      withNodes([...head, product], { matrix: { shape: [1, 3], data: ramp(3) } }),
      'Operator "product" (MatMul): Expected an input of shape [1, 1] for its matrix but found [1, 2]',
    ],
    [
      'a reshape to a column',
      reshape(2, 1),
      'Operator "row" (Reshape): Expected target [1, 2] for one pixel but found [2, 1]',
    ],
    ['a reshape of two open extents', reshape(-1, -1), 'but found [-1, -1]'],
    ['a reshape to an image', reshape(1, 2, 1, 1), 'but found [1, 2, 1, 1]'],
    [
      'a flattening to a column',
      withNodes([conv, pool, { ...flat, int: { axis: 2 } }]),
      'Operator "flat" (Flatten): Expected axis 1 to flatten from but found 2',
    ],
    [
      'a squeeze of the batch',
      squeeze(0, 2, 3),
      'Operator "row" (Squeeze): Expected to squeeze height and width but found axes [0, 2, 3] of 4',
    ],
    [
      'a dropout in training',
      withNodes([conv, { type: 'Dropout', inputs: ['conv', '', 'b'], output: 'dropped' }]),
      'Operator "dropped" (Dropout): Expected an operator of a MobileNetV2 classifier',
    ],
    [
      'a name that is given twice',
      withNodes([conv, { ...relu('conv'), output: 'conv' }]),
      'Operator "conv" (Relu): Expected a new name for its output but found "conv" again',
    ],
    [
      'operators of an old version',
      { ...base, opset: 6 },
      'net.onnx: Expected opset 7 or newer but found 6',
    ],
  ])('refuses %s', (_name, model, text) => {
    expect(() => readOnnx(encodeOnnx(model))).toThrow(text);
  });
});
