/** TensorFlow Lite files: what our graphs are written as reads as the same graphs, bit for bit. */

import { existsSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { elementwise } from '../../conformance/arbitrary-elementwise.ts';
import { networkCase, noiseImage, validNetworkOf } from '../../conformance/arbitrary-networks.ts';
import {
  scaledElementwise,
  scaledModes,
  scaledSum,
  type ScaledKind,
} from '../../conformance/arbitrary-scaled.ts';
import { floatSum, type SumKind } from '../../conformance/arbitrary-sums.ts';
import type { OperatorCase } from '../../conformance/operator-case.ts';
import { sharedDataPresent, sharedPath } from '../../conformance/shared/folder.ts';
import { UnsupportedError } from '../../fastpath/compile/errors.ts';
import {
  GraphError,
  imageToInput,
  operatorGraph,
  validateGraph,
  type Graph,
} from '../../reference/index.ts';
import { float16 } from '../formats/float16.ts';
import { writeTflite } from '../formats/tflite/write.ts';
import { outputsOf } from './outputs.ts';
import { readTflite } from './tflite-models.ts';

/** Cases that break a rule, or that the format cannot say, count as not drawn. */
function holds(drawn: OperatorCase): void {
  const { kind, precision, attributes, inputs } = drawn;
  let graph: Graph;
  let bytes: Uint8Array;
  const drawnGraph = operatorGraph(kind, precision, attributes, inputs);
  try {
    validateGraph(drawnGraph.graph);
    ({ graph } = drawnGraph);
    ({ bytes } = writeTflite(graph));
  } catch (error) {
    if (error instanceof GraphError || error instanceof UnsupportedError) fc.pre(false);
    throw error;
  }
  const read = readTflite(bytes);
  expect(outputsOf(read, drawnGraph.activations)).toEqual(outputsOf(graph, drawnGraph.activations));
  expect(read.operators.map(({ source = -1 }) => source)).toEqual(
    read.operators.map((_, index) => index),
  );
}

const RUNS = { numRuns: 150, maxSkipsPerRun: 1000 };
const sumKinds: readonly SumKind[] = ['conv2d', 'depthwiseConv2d', 'fullyConnected'];
const otherKinds: readonly ScaledKind[] = [
  'add',
  'averagePool',
  'mean',
  'softmax',
  'relu',
  'relu6',
  'pad',
  'reshape',
  'quantize',
  'dequantize',
];

describe('round trips of operators', () => {
  it.each(sumKinds)('%s float32', (kind) => {
    fc.assert(fc.property(floatSum(kind), holds), RUNS);
  });

  it.each(
    sumKinds.flatMap((kind) =>
      (['int8', 'int16 with int8 weights'] as const).map((mode) => [kind, mode] as const),
    ),
  )('%s %s', (kind, mode) => {
    fc.assert(fc.property(scaledSum(kind, scaledModes[mode]), holds), RUNS);
  });

  it.each(['conv2d', 'fullyConnected'] as const)('%s int16 with int32 accumulators', (kind) => {
    const drawn = scaledSum(kind, scaledModes['int16 with int32 accumulators']);
    fc.assert(fc.property(drawn, holds), RUNS);
  });

  it.each(
    otherKinds.flatMap((kind) => (['int8', 'int16'] as const).map((type) => [kind, type] as const)),
  )('%s %s', (kind, precision) => {
    fc.assert(fc.property(scaledElementwise(kind, precision), holds), RUNS);
  });

  it.each(['add', 'averagePool', 'mean', 'softmax', 'clamp', 'relu', 'pad', 'reshape'] as const)(
    '%s float32',
    (kind) => {
      fc.assert(fc.property(elementwise[kind]('float32'), holds), RUNS);
    },
  );
});

describe('round trips of networks', () => {
  it('give the same outputs, every bit', () => {
    fc.assert(
      fc.property(networkCase, (drawn) => {
        const graph = validNetworkOf({ ...drawn, int16Weights: 'int8' });
        const read = readTflite(writeTflite(graph).bytes);
        const input = imageToInput(graph, noiseImage(drawn.options.resolution, drawn.imageSeed));
        expect(outputsOf(read, [input])).toEqual(outputsOf(graph, [input]));
        expect(read.precision).toBe(graph.precision);
      }),
      { numRuns: 8 },
    );
  });
});

describe('float16', () => {
  it('reads every number', () => {
    const float16Array = (globalThis as { Float16Array?: new (b: ArrayBuffer) => Iterable<number> })
      .Float16Array;
    const codes = Uint16Array.from({ length: 65536 }, (_, i) => i);
    expect(float16(0x3c00)).toBe(1);
    expect(float16(0x0001)).toBe(2 ** -24);
    expect(float16(0xfbff)).toBe(-65504);
    expect(float16(0x7c00)).toBe(Infinity);
    if (float16Array === undefined) return;
    expect(Array.from(codes, float16)).toEqual([...new float16Array(codes.buffer)]);
  });
});

describe('files of others', () => {
  const present =
    sharedDataPresent('models', '2 TensorFlow Lite files of others') &&
    existsSync(sharedPath('models', 'others'));

  it.skipIf(!present)('are read operator by operator, ends and all', () => {
    const bytes = readFileSync(
      sharedPath('models', 'others', 'tf2_mobilenet_v2_1.0_224_ptq.tflite'),
    );
    const graph = readTflite(bytes);
    expect(graph.precision).toBe('int8');
    expect(graph.operators).toHaveLength(68);
    expect(graph.operators.map(({ source }) => source)).toEqual(graph.operators.map((_, i) => i));
    const ends = [graph.inputs[0] ?? -1, graph.outputs[0] ?? -1].map((i) => graph.tensors[i]?.type);
    expect(ends).toEqual(['uint8', 'uint8']);
  });

  it.skipIf(!present)('with zero points of weights are refused, and why', () => {
    const bytes = readFileSync(sharedPath('models', 'others', 'mobilenet_v2_1.0_224_quant.tflite'));
    expect(() => readTflite(bytes)).toThrow(
      'net.tflite: Operator 0 (CONV_2D): Expected int8 weights with zero point 0 but found the legacy uint8 scheme (weights of uint8 with zero point 122), which is other arithmetic',
    );
  });
});
