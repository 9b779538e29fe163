/** ONNX round trips of float32 and int8, and what quantised networks of others have. */

import fc from 'fast-check';
import type { PbfWriter } from 'pbf';
import { describe, expect, it } from 'vitest';
import { elementwise } from '../../conformance/arbitrary-elementwise.ts';
import {
  networkCase,
  networkOf,
  noiseImage,
  validNetworkOf,
} from '../../conformance/arbitrary-networks.ts';
import { scaledElementwise, scaledModes, scaledSum } from '../../conformance/arbitrary-scaled.ts';
import { floatSum } from '../../conformance/arbitrary-sums.ts';
import type { OperatorCase } from '../../conformance/operator-case.ts';
import { UnsupportedError } from '../../fastpath/compile/errors.ts';
import {
  GraphError,
  imageToInput,
  operatorGraph,
  validateGraph,
  type Graph,
} from '../../reference/index.ts';
import { FileError } from '../errors.ts';
import { onnxToGraph } from '../formats/onnx/to-graph.ts';
import { decodeOnnx } from '../formats/onnx/wire.ts';
import { writeOnnx } from '../formats/onnx/write.ts';
import { encodeOnnx, type ConstantSpec, type ModelSpec, type NodeSpec } from './onnx-writer.ts';
import { outputsOf } from './outputs.ts';

function readOnnx(bytes: Uint8Array): Graph {
  const options = { name: 'net', labels: [], provenance: {} };
  return onnxToGraph('net.onnx', decodeOnnx('net.onnx', bytes), options);
}

/** Cases that break a rule, or that the format or an image's shape cannot say, count as not drawn. */
function holds(drawn: OperatorCase): void {
  const { kind, precision, attributes, inputs } = drawn;
  const { graph, activations } = operatorGraph(kind, precision, attributes, inputs);
  const shape = graph.tensors[graph.inputs[0] ?? -1]?.shape ?? [];
  fc.pre(graph.inputs.length === 1 && shape.length === 4 && shape[0] === 1 && shape[3] === 3);
  let bytes: Uint8Array;
  try {
    validateGraph(graph);
    ({ bytes } = writeOnnx(graph));
  } catch (error) {
    if (error instanceof GraphError || error instanceof UnsupportedError) fc.pre(false);
    throw error;
  }
  expect(outputsOf(readOnnx(bytes), activations)).toEqual(outputsOf(graph, activations));
}

describe('round trips', () => {
  it.each([
    ['conv2d float32', floatSum('conv2d')],
    ['depthwiseConv2d float32', floatSum('depthwiseConv2d')],
    ['averagePool float32', elementwise.averagePool('float32')],
    ['mean float32', elementwise.mean('float32')],
    ['clamp float32', elementwise.clamp('float32')],
    ['conv2d int8', scaledSum('conv2d', scaledModes.int8)],
    ['depthwiseConv2d int8', scaledSum('depthwiseConv2d', scaledModes.int8)],
    ['averagePool int8', scaledElementwise('averagePool', 'int8')],
    ['mean int8', scaledElementwise('mean', 'int8')],
  ] as const)('%s gives equal outputs', (_kind, arbitrary) => {
    fc.assert(fc.property(arbitrary, holds), { numRuns: 25, maxSkipsPerRun: 5000 });
  });

  it('networks give equal outputs, every bit', () => {
    fc.assert(
      fc.property(networkCase, (drawn) => {
        const precision = drawn.precision === 'int16' ? 'int8' : drawn.precision;
        const graph = validNetworkOf({ ...drawn, precision });
        const read = readOnnx(writeOnnx(graph).bytes);
        const input = imageToInput(graph, noiseImage(drawn.options.resolution, drawn.imageSeed));
        expect(outputsOf(read, [input])).toEqual(outputsOf(graph, [input]));
        expect(read.precision).toBe(graph.precision);
      }),
      { numRuns: 8 },
    );
  });

  it('int16, whose biases the format rounds, is refused', () => {
    const graph = networkOf({
      options: { width: 0.1, resolution: 4, classes: 2, padding: 'same', seed: 1 },
      precision: 'int16',
      int16Weights: 'int8',
      imageSeed: 1,
    });
    expect(() => readOnnx(writeOnnx(graph).bytes)).toThrow(FileError);
  });
});

const INT8 = 3;
const UINT8 = 2;
const INT32 = 6;
const scalar = (value: number, type?: number): ConstantSpec => ({
  shape: [],
  data: [value],
  ...(type === undefined ? {} : { type }),
});
const node = (type: string, inputs: readonly string[], output: string): NodeSpec => ({
  type,
  inputs,
  output,
});

/** A float32 image in uint8, a 1x1 convolution with uint8 weights, ReLU, and a float32 output. */
const constants: Readonly<Record<string, ConstantSpec>> = {
  s: scalar(0.5),
  z: scalar(10, UINT8),
  w: { shape: [2, 3, 1, 1], data: [0, 128, 255, 129, 130, 131], type: UINT8 },
  ws: scalar(0.25),
  wz: scalar(128, UINT8),
  b: { shape: [2], data: [8, -8], type: INT32 },
  bs: scalar(0.125),
  os: scalar(1),
  oz: scalar(0, UINT8),
};
const nodes: readonly NodeSpec[] = [
  node('QuantizeLinear', ['image', 's', 'z'], 'codes'),
  node('DequantizeLinear', ['codes', 's', 'z'], 'real'),
  node('DequantizeLinear', ['w', 'ws', 'wz'], 'weights'),
  node('DequantizeLinear', ['b', 'bs'], 'bias'),
  node('Conv', ['real', 'weights', 'bias'], 'conv'),
  node('Relu', ['conv'], 'relu'),
  node('QuantizeLinear', ['relu', 'os', 'oz'], 'quantised'),
  node('DequantizeLinear', ['quantised', 'os', 'oz'], 'out'),
];
const base: ModelSpec = { input: [1, 3, 1, 1], constants, nodes, output: 'out' };
const withConstants = (more: Readonly<Record<string, ConstantSpec>>): ModelSpec => ({
  ...base,
  constants: { ...constants, ...more },
});
const withNode = (index: number, change: Partial<NodeSpec>): ModelSpec => ({
  ...base,
  nodes: nodes.map((each, i) => (i === index ? { ...each, ...change } : each)),
});
const read = (model: ModelSpec): Graph => readOnnx(encodeOnnx(model));
const run = (model: ModelSpec): readonly number[] =>
  outputsOf(read(model), [Float32Array.of(1, 2, 3)]).flatMap((data) => Array.from(data, Number));

describe('quantised networks', () => {
  it('have codes of uint8 as int8, clamps where they saturate, and say where operators come from', () => {
    const graph = read(base);
    expect(graph.operators.map(({ kind, source }) => [kind, source])).toEqual([
      ['quantize', 0],
      ['conv2d', 4],
      ['dequantize', 7],
    ]);
    expect(graph.tensors[graph.operators[0]?.output ?? -1]).toMatchObject({
      type: 'int8',
      quantization: { scales: [0.5], zeroPoint: -118 },
    });
    // -128 * 2 + 127 * 6 + 8 = 514 and 1 * 2 + 2 * 4 + 3 * 6 - 8 = 20 eighths, rounded twice.
    expect(run(base)).toEqual([64, 3]);
  });

  it('are the same as QLinearConv', () => {
    const model: ModelSpec = {
      ...base,
      nodes: [
        ...nodes.slice(0, 1),
        node('QLinearConv', ['codes', 's', 'z', 'w', 'ws', 'wz', 'os', 'oz', 'b'], 'quantised'),
        ...nodes.slice(7),
      ],
    };
    expect(run(model)).toEqual(run(base));
  });

  it('are the same in QLinear operators, to the last class', () => {
    const more: Readonly<Record<string, ConstantSpec>> = {
      as: scalar(2),
      az: scalar(3, UINT8),
      ps: scalar(1.5),
      pz: scalar(100, UINT8),
      g: { shape: [2, 2], data: [1, -2, 3, 127], type: INT8 },
      gs: scalar(0.5),
      gz: scalar(0, INT8),
      gb: { shape: [2], data: [10, -20], type: INT32 },
      gbs: scalar(0.75),
      ys: scalar(40),
      yz: scalar(120, UINT8),
    };
    const ends = (middle: readonly NodeSpec[]): ModelSpec => ({
      input: [1, 3, 2, 2],
      constants: { ...constants, ...more },
      nodes: [...nodes.slice(0, 7), ...middle, node('DequantizeLinear', ['y', 'ys', 'yz'], 'out')],
      output: 'out',
    });
    const qdq = ends([
      node('DequantizeLinear', ['quantised', 'os', 'oz'], 'first'),
      node('Add', ['first', 'first'], 'sum'),
      node('QuantizeLinear', ['sum', 'as', 'az'], 'added'),
      node('DequantizeLinear', ['added', 'as', 'az'], 'second'),
      node('GlobalAveragePool', ['second'], 'pool'),
      node('QuantizeLinear', ['pool', 'ps', 'pz'], 'pooled'),
      node('DequantizeLinear', ['pooled', 'ps', 'pz'], 'third'),
      node('Flatten', ['third'], 'row'),
      node('DequantizeLinear', ['g', 'gs', 'gz'], 'matrix'),
      node('DequantizeLinear', ['gb', 'gbs'], 'offset'),
      { ...node('Gemm', ['row', 'matrix', 'offset'], 'product'), int: { transB: 1 } },
      node('QuantizeLinear', ['product', 'ys', 'yz'], 'y'),
    ]);
    const microsoft = {
      more: (pbf: PbfWriter): void => {
        pbf.writeStringField(7, 'com.microsoft');
      },
    };
    const qlinear = ends([
      {
        ...node(
          'QLinearAdd',
          ['quantised', 'os', 'oz', 'quantised', 'os', 'oz', 'as', 'az'],
          'added',
        ),
        ...microsoft,
      },
      {
        ...node('QLinearGlobalAveragePool', ['added', 'as', 'az', 'ps', 'pz'], 'pooled'),
        ...microsoft,
      },
      node('Flatten', ['pooled'], 'row'),
      {
        ...node('QGemm', ['row', 'ps', 'pz', 'g', 'gs', 'gz', 'gb', 'ys', 'yz'], 'y'),
        int: { transB: 1 },
        ...microsoft,
      },
    ]);
    const pixels = Float32Array.from({ length: 12 }, (_, i) => i - 3);
    const kinds = ['quantize', 'conv2d', 'add', 'mean', 'reshape', 'fullyConnected', 'dequantize'];
    for (const model of [qdq, qlinear]) {
      expect(read(model).operators.map(({ kind }) => kind)).toEqual(kinds);
    }
    const [outputs] = [qdq, qlinear].map((model) => outputsOf(read(model), [pixels]));
    expect(outputsOf(read(qlinear), [pixels])).toEqual(outputs);
    expect(Array.from(outputs?.[0] ?? [], Number).every((value) => value !== 0)).toBe(true);
  });

  it('end in uint8 through an operator', () => {
    const graph = read({ ...base, nodes: nodes.slice(0, 7), output: 'quantised' });
    const last = graph.operators.at(-1);
    expect([last?.kind, graph.tensors[last?.output ?? -1]?.type]).toEqual(['quantize', 'uint8']);
    expect(Array.from(outputsOf(graph, [Float32Array.of(1, 2, 3)])[0] ?? [], Number)).toEqual([
      64, 3,
    ]);
  });

  it.each<readonly [string, ModelSpec, string]>([
    [
      'zero points of weights',
      withConstants({ wz: scalar(120, UINT8) }),
      'Operator "conv" (Conv): Expected weights of int8 with zero point 0 or of uint8 with 128 but found zero point 120',
    ],
    [
      'a bias in other units',
      withConstants({ bs: scalar(0.5) }),
      'Tensor "conv/bias": Expected the bias scale to be input scale times weight scale, 0.125, but found 0.5',
    ],
    [
      'a scale that is no number',
      withConstants({ os: scalar(NaN) }),
      'Operator "quantised" (QuantizeLinear): Expected a scale greater than 0 but found NaN',
    ],
    [
      'a float operator in between',
      withNode(6, { type: 'Sigmoid' }),
      'Operator "conv" (Conv): Expected QuantizeLinear after it but found Sigmoid "quantised"',
    ],
    [
      'a value that is read in float32 too',
      withNode(7, { type: 'Add', inputs: ['conv', 'conv'] }),
      'Operator "conv" (Conv): Expected one QuantizeLinear after it, of its output or that clamped',
    ],
    [
      'weights that are not quantised',
      withNode(4, { inputs: ['real', 'w', 'bias'] }),
      'Operator "conv" (Conv): Expected input "w" to be constant codes through DequantizeLinear',
    ],
    [
      'an input that is not quantised',
      withNode(4, { inputs: ['image', 'weights', 'bias'] }),
      'Operator "conv" (Conv): Expected input "image" to be dequantised codes but found float32',
    ],
    [
      'int32 codes as zero point',
      withConstants({ oz: scalar(0, INT32) }),
      'Operator "quantised" (QuantizeLinear): Expected one zero point, of int8 or uint8 (int16 has biases that are rounded)',
    ],
    [
      'attributes that nothing reads',
      withNode(1, { int: { block_size: 2 } }),
      'Operator "real" (DequantizeLinear): Expected axis but found attribute "block_size"',
    ],
    [
      'an operator that no classifier has',
      withNode(0, { type: 'DynamicQuantizeLinear' }),
      'Operator "codes" (DynamicQuantizeLinear): Expected an operator of a quantised MobileNetV2 classifier (Constant, QuantizeLinear,',
    ],
  ])('refuse %s', (_name, model, text) => {
    expect(() => read(model)).toThrow(FileError);
    expect(() => read(model)).toThrow(`net.onnx: ${text}`);
  });

  it('refuse a second scale of the same codes', () => {
    const model = withNode(7, { inputs: ['quantised', 's', 'oz'] });
    expect(() => read(model)).toThrow(
      'Operator "out" (DequantizeLinear): Expected scale 1 and zero point 0 of its input, with which that is quantised, but found 0.5 and 0',
    );
  });

  it('take weights of int8 with a scale for each channel', () => {
    const model = withConstants({
      w: { shape: [2, 3, 1, 1], data: [-128, 0, 127, 1, 2, 3], type: INT8 },
      ws: { shape: [2], data: [0.25, 0.25] },
      wz: { shape: [2], data: [0, 0], type: INT8 },
      bs: { shape: [2], data: [0.125, 0.125] },
    });
    const axis = {
      ...model,
      nodes: model.nodes.map((each) =>
        each.output === 'weights' ? { ...each, int: { axis: 0 } } : each,
      ),
    };
    expect(run(axis)).toEqual(run(base));
    expect(() => read(model)).toThrow(
      'Operator "conv" (Conv): Expected one scale of its weights, or one along axis 0, but found 2 along axis 1',
    );
  });

  it('refuse scales that many operators copy', () => {
    const many: ModelSpec = {
      ...base,
      constants: {
        ...constants,
        ws: { shape: [2 ** 16], data: new Array<number>(2 ** 16).fill(1) },
      },
      nodes: Array.from({ length: 100 }, (_, i) =>
        node('DequantizeLinear', ['w', 'ws', 'wz'], `w${String(i)}`),
      ),
    };
    expect(() => read(many)).toThrow(
      'Operator "w63" (DequantizeLinear): Expected at most 67108864 elements in the constants up to here but found more',
    );
  });

  it('survive damage or are refused', () => {
    const bytes = encodeOnnx(base);
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(bytes.length - 1), fc.nat(255)), { maxLength: 4 }),
        fc.nat(bytes.length),
        (changes, length) => {
          const damaged = bytes.slice(0, length % 2 === 0 ? bytes.length : length);
          for (const [at, value] of changes) if (at < damaged.length) damaged[at] = value;
          try {
            readOnnx(damaged);
          } catch (error) {
            if (!(error instanceof FileError)) throw error;
          }
        },
      ),
      { numRuns: 3000 },
    );
  });
});
