/** Rounding of one layer's weights, and what it does to the logits. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { interpreter, validateGraph, type Graph } from '../../reference/index.ts';
import { dequantizedOutputs, withLogits } from '../evaluation/outputs.ts';
import { drawSamples } from '../samples.ts';
import {
  channelLayout,
  compareLogits,
  isWeighted,
  measureSensitivity,
  roundOperatorToNearest,
  type Constants,
  type WeightedOperator,
} from '../sensitivity/index.ts';
import { smallNetwork } from './small-networks.ts';

const precisions = ['float32', 'int8', 'int16'] as const;
const networks = Object.fromEntries(
  precisions.map((precision) => [precision, smallNetwork(precision)]),
) as Record<(typeof precisions)[number], Graph>;

function layersOf(graph: Graph): readonly WeightedOperator[] {
  return graph.operators.filter(isWeighted);
}

function replaced(graph: Graph, operator: WeightedOperator, constants: Constants): Graph {
  const [, weights, bias] = operator.inputs;
  return {
    ...graph,
    tensors: graph.tensors.map((tensor, i) =>
      i === weights ? constants.weights : i === bias ? (constants.bias ?? tensor) : tensor,
    ),
  };
}

/** Real weights and biases of an operator. */
function realConstants(operator: WeightedOperator, { weights, bias }: Constants) {
  const { channels, length, at } = channelLayout(operator, weights);
  const real = ({ data, quantization }: Constants['weights'], place: number, channel: number) =>
    Number(data?.[place]) * (quantization?.scales[channel] ?? 1);
  return Array.from({ length: channels }, (_, c) => ({
    weights: Array.from({ length }, (_unused, i) => real(weights, at(c, i), c)),
    bias: bias === undefined ? 0 : real(bias, c, c),
    step: bias?.quantization?.scales[c] ?? 0,
  }));
}

function constantsOf(graph: Graph, { inputs: [, weights = -1, bias = -1] }: WeightedOperator) {
  const [own, ownBias] = [graph.tensors[weights], graph.tensors[bias]];
  if (own === undefined) throw new Error('Expected weights');
  return { weights: own, ...(ownBias === undefined ? {} : { bias: ownBias }) };
}

describe('Rounding to nearest', () => {
  it.each(precisions)('moves no %s weight further than half a step, and no bias', (precision) => {
    const graph = networks[precision];
    const cases = fc.tuple(fc.constantFrom(...layersOf(graph)), fc.integer({ min: 2, max: 7 }));
    fc.assert(
      fc.property(cases, ([operator, bits]) => {
        const before = constantsOf(graph, operator);
        const copy = structuredClone(before);
        const after = roundOperatorToNearest(graph, operator, bits);
        expect(before).toEqual(copy);
        if (after === undefined) throw new Error('Expected fewer bits to change something');
        validateGraph(replaced(graph, operator, after));
        const levels = 2 ** (bits - 1) - 1;
        const rounded = realConstants(operator, after);
        realConstants(operator, before).forEach((channel, c) => {
          const step = Math.max(...channel.weights.map(Math.abs)) / levels;
          const other = rounded[c];
          channel.weights.forEach((w, i) => {
            expect(Math.abs(w - (other?.weights[i] ?? NaN))).toBeLessThanOrEqual(step * 0.50001);
          });
          expect(new Set(other?.weights).size).toBeLessThanOrEqual(2 * levels + 1);
          if (after.bias !== undefined) {
            expect(Math.abs(channel.bias - (other?.bias ?? NaN))).toBeLessThanOrEqual(
              0.50001 * (other?.step ?? NaN),
            );
          }
        });
      }),
      { seed: 1 },
    );
  });

  it('leaves what fits already', () => {
    for (const operator of layersOf(networks.int8)) {
      expect(roundOperatorToNearest(networks.int8, operator, 8)).toBeUndefined();
      const four = roundOperatorToNearest(networks.int8, operator, 4);
      if (four === undefined) throw new Error('Expected 4 bits to change something');
      expect(
        roundOperatorToNearest(replaced(networks.int8, operator, four), operator, 4),
      ).toBeUndefined();
    }
  });

  it('refuses a layer whose scales are not known', () => {
    const [operator] = layersOf(networks.int8);
    if (operator === undefined) throw new Error('Expected a layer');
    const ready = {
      ...operator,
      attributes: { ...operator.attributes, multiplier: [1], shift: [0] },
    } as WeightedOperator;
    expect(() => roundOperatorToNearest(networks.int8, ready, 4)).toThrow(
      new RangeError('Expected operator "stem" with scales but found ready-made integers'),
    );
  });
});

describe('Sensitivity', () => {
  it.each(['int8', 'int16'] as const)(
    'of %s layers is that of the whole network with a layer’s weights replaced',
    async (precision) => {
      const graph = networks[precision];
      const { inputs } = await drawSamples([graph], { count: 2 });
      const samples = inputs[0] ?? [];
      const layers = layersOf(graph);
      const widths = [8, 4, 2];
      const found = await measureSensitivity(graph, samples, { widths });
      expect(found.map(({ operator }) => graph.operators[operator])).toEqual(layers);
      const logits = (of: Graph) => {
        const network = interpreter(withLogits(of));
        return samples.map((sample) => dequantizedOutputs(network.run(sample).outputs)[1] ?? []);
      };
      const truth = logits(graph);
      for (const [i, operator] of layers.entries()) {
        if (i % 4 !== 0) continue;
        for (const [w, bits] of widths.entries()) {
          const constants = roundOperatorToNearest(graph, operator, bits);
          const expected =
            constants === undefined
              ? { sqnr: Infinity, changed: 0 }
              : compareLogits(truth, logits(replaced(graph, operator, constants)));
          expect(found[i]?.effects[w]).toEqual({ bits, ...expected });
        }
      }
    },
  );

  it('of int8 layers at 8 bits is none, and grows with fewer', async () => {
    const { inputs } = await drawSamples([networks.int8], { count: 2 });
    const found = await measureSensitivity(networks.int8, inputs[0] ?? [], { widths: [8, 2] });
    for (const { effects } of found) {
      expect(effects[0]).toEqual({ bits: 8, sqnr: Infinity, changed: 0 });
      expect(effects[1]?.sqnr).toBeLessThan(60);
    }
  });

  it('measures the rounding that it is given, and tells how far it is', async () => {
    const { inputs } = await drawSamples([networks.float32], { count: 1 });
    const progress: [number, number][] = [];
    const found = await measureSensitivity(networks.float32, inputs[0] ?? [], {
      widths: [3],
      round: (graph, operator) =>
        operator.name === 'head' ? roundOperatorToNearest(graph, operator, 2) : undefined,
      onProgress: (done, total) => progress.push([done, total]),
    });
    const changed = found.filter(({ effects }) => effects[0]?.sqnr !== Infinity);
    expect(changed.map(({ operator }) => networks.float32.operators[operator]?.name)).toEqual([
      'head',
    ]);
    expect(progress.at(0)).toEqual([1, 53]);
    expect(progress.at(-1)).toEqual([53, 53]);
  });

  it('is of the logits behind outputs in other codes', async () => {
    const graph = networks.int8;
    const [output = -1] = graph.outputs;
    const tensors = [
      ...graph.tensors,
      {
        name: 'codes',
        type: 'uint8',
        shape: [1, 3],
        quantization: { scales: [1 / 256], zeroPoint: 0 },
      },
      { name: 'real', type: 'float32', shape: [1, 3] },
    ] as const;
    const [codes, real] = [graph.tensors.length, graph.tensors.length + 1];
    const ended: Graph = {
      ...graph,
      tensors,
      operators: [
        ...graph.operators,
        { kind: 'quantize', name: 'codes', inputs: [output], output: codes, attributes: {} },
        { kind: 'dequantize', name: 'real', inputs: [codes], output: real, attributes: {} },
      ],
      outputs: [real],
    };
    const { inputs } = await drawSamples([graph], { count: 1 });
    const options = { widths: [2] };
    expect(await measureSensitivity(ended, inputs[0] ?? [], options)).toEqual(
      await measureSensitivity(graph, inputs[0] ?? [], options),
    );
  });

  it('tells logits apart', () => {
    expect(compareLogits([[1, 2]], [[1, 2]])).toEqual({ sqnr: Infinity, changed: 0 });
    expect(compareLogits([[0, 10]], [[1, 10]])).toEqual({ sqnr: 20, changed: 0 });
    expect(
      compareLogits(
        [
          [0, 1],
          [3, 0],
        ],
        [
          [1, 0],
          [3, 0],
        ],
      ),
    ).toEqual({
      sqnr: 10 * Math.log10(10 / 2),
      changed: 1,
    });
  });
});
