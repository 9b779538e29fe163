/** TensorFlow.js graph models: what our graphs are written as reads as the same graphs; others are folded or refused. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { elementwise } from '../../conformance/arbitrary-elementwise.ts';
import { floatSum } from '../../conformance/arbitrary-sums.ts';
import type { OperatorCase } from '../../conformance/operator-case.ts';
import { UnsupportedError } from '../../fastpath/compile/errors.ts';
import { GraphError, mobilenetV2, operatorGraph, validateGraph } from '../../reference/index.ts';
import { FileError } from '../errors.ts';
import { writeTfjs } from '../formats/tfjs/write.ts';
import { outputsOf } from './outputs.ts';
import {
  conv,
  constant,
  files,
  filesOf,
  image,
  network,
  node,
  readTfjs,
  type Files,
  type Spec,
} from './tfjs-models.ts';

/** Cases that break a rule, or that the format or an image's shape cannot say, count as not drawn. */
function holds(drawn: OperatorCase): void {
  const { kind, precision, attributes, inputs } = drawn;
  const { graph, activations } = operatorGraph(kind, precision, attributes, inputs);
  let written: Files;
  try {
    validateGraph(graph);
    written = filesOf(writeTfjs(graph).model);
  } catch (error) {
    if (error instanceof GraphError || error instanceof UnsupportedError) fc.pre(false);
    throw error;
  }
  const [input] = graph.inputs;
  const shape = graph.tensors[input ?? -1]?.shape ?? [];
  fc.pre(graph.inputs.length === 1 && shape.length === 4 && shape[0] === 1 && shape[3] === 3);
  expect(outputsOf(readTfjs(written), activations)).toEqual(outputsOf(graph, activations));
}

describe('round trips', () => {
  it.each([
    ['conv2d', floatSum('conv2d')],
    ['depthwiseConv2d', floatSum('depthwiseConv2d')],
    ['averagePool', elementwise.averagePool('float32')],
    ['mean', elementwise.mean('float32')],
    ['clamp', elementwise.clamp('float32')],
    ['relu', elementwise.relu('float32')],
    ['relu6', elementwise.relu6('float32')],
    ['pad', elementwise.pad('float32')],
    ['reshape', elementwise.reshape('float32')],
  ] as const)('%s gives equal outputs', (_kind, arbitrary) => {
    fc.assert(fc.property(arbitrary, holds), { numRuns: 15, maxSkipsPerRun: 5000 });
  });

  it.each(['same', 'symmetric'] as const)(
    'networks with padding %s give equal outputs',
    (padding) => {
      const graph = mobilenetV2({ width: 0.1, resolution: 32, classes: 3, padding });
      const read = readTfjs(filesOf(writeTfjs(graph).model, 1000));
      const input = Float32Array.from(
        { length: 32 * 32 * 3 },
        (_, i) => ((i * 37) % 255) / 127.5 - 1,
      );
      expect(outputsOf(read, [input])).toEqual(outputsOf(graph, [input]));
      expect(read.operators.map(({ kind }) => kind)).toEqual(
        graph.operators.map(({ kind }) => kind),
      );
      const stored = writeTfjs(graph).model.modelTopology.node;
      expect(read.operators.map(({ source = -1 }) => stored[source]?.name)).toEqual(
        read.operators.map(({ name }) => name),
      );
    },
  );
});

/** The network's output on pixels of real value 1. */
const run = (model: Files): readonly number[] =>
  outputsOf(readTfjs(model), [new Float32Array(12).fill(1)]).flatMap((data) =>
    Array.from(data, Number),
  );
const kinds = (model: Files): readonly string[] =>
  readTfjs(model).operators.map(({ kind }) => kind);
const numbers = (...data: readonly number[]) => ({ shape: [data.length], data });

describe('folding', () => {
  it('takes biases, batch normalisation and factors into the sum before', () => {
    const plain = run(network([conv])).slice(0, 2);
    expect(plain).toEqual([9, 12]);
    const statistics = {
      scale: numbers(2, 3),
      offset: numbers(1, -1),
      mean: numbers(9, 10),
      variance: numbers(4, 1),
      three: numbers(3, 4),
    };
    const normal = node('FusedBatchNormV3', ['conv', 'scale', 'offset', 'mean', 'variance'], {
      is_training: { b: false },
    });
    const epsilon = { ...normal, attr: { ...normal.attr, epsilon: { f: 0 } as never } };
    const model = network(
      [conv, epsilon, node('Mul', ['three', epsilon.name]), node('BiasAdd', ['mul', 'three'])],
      statistics,
    );
    // ((9 - 9) * 2 / 2 + 1) * 3 + 3, ((12 - 10) * 3 / 1 - 1) * 4 + 4.
    expect(run(model).slice(0, 2)).toEqual([6, 24]);
    expect(kinds(model)).toEqual(['conv2d']);
    const sub = network([conv, node('Sub', ['conv', 'three']), node('Relu6', ['sub'])], statistics);
    expect(run(sub).slice(0, 2)).toEqual([6, 6]);
    expect(kinds(sub)).toEqual(['conv2d']);
  });

  it('takes what a model does to its input into the preprocessing', () => {
    const scale = [node('Mul', ['two', 'image']), node('Sub', ['mul', 'one'])];
    const constants = { two: { shape: [], data: [2] }, one: numbers(1, 1, 1) };
    const model = network([...scale, { ...conv, input: ['sub', 'w'] }], constants);
    const { preprocessing } = readTfjs(model);
    // x / 255 * 2 - 1
    expect(preprocessing?.mean).toEqual([127.5, 127.5, 127.5]);
    expect(preprocessing?.std).toEqual([127.5, 127.5, 127.5]);
    expect(kinds(model)).toEqual(['conv2d']);
  });

  it('sees through identities and names of outputs, whatever the order of nodes', () => {
    const same = node('Identity', ['conv:0']);
    expect(run(network([node('Relu', ['identity', '^conv']), same, conv]))).toEqual(
      run(network([conv])),
    );
  });

  it('reads quantised weights as TensorFlow.js does', () => {
    const spec = (dtype: string, scale?: number, min?: number): Spec => ({
      name: 'w',
      shape: [1, 1, 3, 2],
      dtype: 'float32',
      quantization: { dtype, ...(scale === undefined ? {} : { scale, min }) },
    });
    const read = (weight: Spec, data: Uint8Array): unknown =>
      readTfjs(files([image, constant('w'), conv], [weight], data, 3)).tensors.find(
        ({ name }) => name === 'conv/weights',
      )?.data;
    const codes = [0, 255, 3, 4, 5, 6];
    const real = (i: number): number => (codes[i] ?? NaN) * 0.1 - 2;
    const ohwi = Float32Array.from([0, 2, 4, 1, 3, 5], real);
    expect(read(spec('uint8', 0.1, -2), Uint8Array.from(codes))).toEqual(ohwi);
    expect(read(spec('uint16', 0.1, -2), new Uint8Array(Uint16Array.from(codes).buffer))).toEqual(
      ohwi,
    );
    const halves = Uint16Array.of(0x3c00, 0xbc00, 0, 0x4000, 0x3800, 0x3c00);
    expect(read(spec('float16'), new Uint8Array(halves.buffer))).toEqual(
      Float32Array.of(1, 0, 0.5, -1, 2, 1),
    );
  });
});

const base = network([conv]);
const spec: Spec = { name: 'w', shape: [1, 1, 3, 2], dtype: 'float32' };
const data = new Uint8Array(24);
const withSpec = (change: Partial<Spec>, bytes = data): Files =>
  files([image, constant('w'), conv], [{ ...spec, ...change }], bytes);
const json = (value: unknown): Files =>
  new Map([['model.json', Buffer.from(typeof value === 'string' ? value : JSON.stringify(value))]]);

describe('refusals', () => {
  it.each<readonly [string, Files, string]>([
    [
      'weights that claim more than the files have',
      withSpec({ shape: [1000, 1000, 3, 2] }),
      'Expected 24000000 bytes in its weights files but found 24',
    ],
    [
      'weights that claim more than any model has',
      withSpec({ shape: [2 ** 30, 2 ** 30] }),
      'Weight "w": Expected at most 67108864 elements in all up to here but found more',
    ],
    [
      'files that have more',
      withSpec({ shape: [1, 1, 1, 2] }),
      'Expected 8 bytes in its weights files but found more',
    ],
    [
      'another type',
      withSpec({ dtype: 'string' }),
      'Weight "w": Expected float32 or int32 but found string',
    ],
    [
      'another quantisation',
      withSpec({ quantization: { dtype: 'int4', scale: 1, min: 0 } }),
      'Weight "w": Expected to be stored as uint8, uint16, float16 but found int4',
    ],
    [
      'a quantisation without scale',
      withSpec({ quantization: { dtype: 'uint8' } }),
      'Weight "w": Expected a scale and a smallest value for uint8 but found none',
    ],
    [
      'a scale that makes weights infinite',
      withSpec({ quantization: { dtype: 'uint8', scale: 1e300, min: 1e300 } }, new Uint8Array(6)),
      'Tensor "conv/weights": Expected finite constants but found Infinity at element 0',
    ],
    [
      'a weights file elsewhere',
      json(
        JSON.stringify(JSON.parse(Buffer.from(base.get('model.json') ?? []).toString())).replace(
          'group1-shard1.bin',
          '../secret',
        ),
      ),
      'Expected weights files beside it but found path "../secret"',
    ],
    [
      'a circle',
      network([
        conv,
        node('Add', ['conv', 'relu']),
        node('Relu', ['add']),
        node('Relu6', ['relu']),
      ]),
      'Operator "add" (Add): Expected no circle but found one by "relu"',
    ],
    [
      'a node that is not there',
      network([conv, node('Add', ['conv', 'nothing'])]),
      'Expected a node "nothing" but found none',
    ],
    [
      'two nodes of a name',
      network([conv, conv]),
      'Operator "conv" (Conv2D): Expected names of nodes to be unique',
    ],
    [
      'two outputs',
      network([conv, node('Relu', ['conv']), node('Relu6', ['conv'])]),
      'Expected one output but found 2',
    ],
    [
      'an operator that no classifier has',
      network([conv, node('MaxPool', ['conv'])]),
      'Operator "maxpool" (MaxPool): Expected an operator of a MobileNetV2 classifier (Conv2D, _FusedConv2D,',
    ],
    [
      'NCHW',
      network([{ ...conv, attr: { ...conv.attr, data_format: { s: 'TkNIVw==' } } }]),
      'Operator "conv" (Conv2D): Expected data_format NHWC but found NCHW',
    ],
    [
      'a stride of channels',
      network([{ ...conv, attr: { ...conv.attr, strides: { list: { i: [1, 1, 1, 2] } } } }]),
      'Operator "conv" (Conv2D): Expected strides [1, height, width, 1] but found [1, 1, 1, 2]',
    ],
    [
      'a factor of 0 for the input',
      network([node('Mul', ['image', 'zero']), { ...conv, input: ['mul', 'w'] }], {
        zero: numbers(0),
      }),
      'Operator "mul" (Mul): Expected a factor greater than 0 and an offset for the input but found 0 and 0',
    ],
    [
      'deep JSON',
      json(`${'['.repeat(1e6)}${']'.repeat(1e6)}`),
      'Expected a TensorFlow.js model. Expected at most 64 nested levels but found more',
    ],
    [
      'endless JSON',
      json(`[${'1,'.repeat(2e6)}1]`),
      'Expected a TensorFlow.js model. Expected at most 1000000 values but found more',
    ],
    ['no JSON', json('{"modelTopology"'), 'Expected a TensorFlow.js model. '],
    ['another JSON', json({ a: 1 }), 'Expected a TensorFlow.js model. modelTopology: '],
  ])('of %s', (_name, model, text) => {
    expect(() => readTfjs(model)).toThrow(FileError);
    expect(() => readTfjs(model)).toThrow(`model.json: ${text}`);
  });
});

describe('damage gives a graph or a FileError', () => {
  const survives = (model: Files): void => {
    try {
      readTfjs(model);
    } catch (error) {
      if (!(error instanceof FileError)) throw error;
    }
  };
  const whole = filesOf(
    writeTfjs(mobilenetV2({ width: 0.05, resolution: 4, classes: 2 })).model,
    5000,
  );
  const text = Buffer.from(whole.get('model.json') ?? []).toString();

  it('of bytes', () => {
    const change = fc.tuple(
      fc.nat(text.length - 1),
      fc.constantFrom(...Array.from('0123456789-[]{},:"ex\u0000')),
    );
    fc.assert(
      fc.property(fc.array(change, { maxLength: 4 }), fc.nat(text.length), (changes, length) => {
        const characters = Array.from(text.slice(0, length % 3 === 0 ? length : text.length));
        for (const [at, character] of changes) characters[at] = character;
        survives(new Map([...whole, ['model.json', Buffer.from(characters.join(''))]]));
      }),
      { numRuns: 300 },
    );
  });

  it('of any value in any place', () => {
    const paths: (readonly (string | number)[])[] = [];
    const collect = (value: unknown, path: readonly (string | number)[]): void => {
      if (path.length > 0) paths.push(path);
      if (Array.isArray(value))
        value.slice(0, 40).forEach((item, i) => {
          collect(item, [...path, i]);
        });
      else if (typeof value === 'object' && value !== null) {
        for (const [key, item] of Object.entries(value)) collect(item, [...path, key]);
      }
    };
    collect(JSON.parse(text), []);
    const value = fc.oneof(
      fc.constantFrom<unknown>(
        null,
        '',
        0,
        -1,
        1e308,
        2 ** 31,
        2 ** 53,
        '1e9',
        '-1',
        '9'.repeat(15),
        [],
        {},
        true,
        'image',
        'tensor_0',
      ),
      fc.integer(),
      fc.string({ maxLength: 8 }),
      fc.array(fc.integer(), { maxLength: 9 }),
    );
    fc.assert(
      fc.property(fc.constantFrom(...paths), value, (path, replacement) => {
        const model: unknown = JSON.parse(text);
        let place = model as Record<string | number, unknown>;
        for (const key of path.slice(0, -1)) place = place[key] as typeof place;
        place[path.at(-1) ?? 0] = replacement;
        survives(new Map([...whole, ...json(model)]));
      }),
      { numRuns: 500 },
    );
  });
});
