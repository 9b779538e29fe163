/** Sums of integers in the runtimes that have them, from scales, against the reference. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { generator } from '../../../conformance/draws.ts';
import {
  GraphError,
  operatorGraph,
  validateGraph,
  type GivenAttributes,
  type GivenTensor,
} from '../../../reference/index.ts';
import { backendOf, type Peer } from '../session.ts';
import { differencesByOperator } from './differences.ts';
import { integerPeers } from './peers.ts';

const RUNS = 50;
const SEED = 1;

type Kind = 'conv2d' | 'depthwiseConv2d' | 'fullyConnected';
type Precision = 'int8' | 'int16';

interface Drawn {
  readonly seed: number;
  readonly side: number;
  readonly size: number;
  readonly stride: 1 | 2;
  readonly channels: number;
  readonly outChannels: number;
  readonly perChannel: boolean;
}

const drawn: fc.Arbitrary<Drawn> = fc.record({
  seed: fc.integer({ min: 1, max: 2 ** 31 - 1 }),
  side: fc.integer({ min: 3, max: 9 }),
  size: fc.constantFrom(1, 3),
  stride: fc.constantFrom(1, 2),
  channels: fc.integer({ min: 1, max: 40 }),
  outChannels: fc.integer({ min: 1, max: 40 }),
  perChannel: fc.boolean(),
});

/** A layer like a trained one's: scales that use the whole range of the output. */
function layerOf(
  kind: Kind,
  precision: Precision,
  { seed, side, size, stride, channels, outChannels, perChannel }: Drawn,
): { readonly attributes: GivenAttributes<Kind>; readonly inputs: readonly GivenTensor[] } {
  const random = generator(seed);
  const [min, extent] = precision === 'int8' ? [-128, 256] : [-32768, 65536];
  const integers = (length: number, from: number, count: number): number[] =>
    Array.from({ length }, () => from + Math.floor(random() * count));
  const outputs = kind === 'depthwiseConv2d' ? channels : outChannels;
  const shapes = {
    conv2d: [
      [1, side, side, channels],
      [outputs, size, size, channels],
    ],
    depthwiseConv2d: [
      [1, side, side, channels],
      [1, size, size, channels],
    ],
    fullyConnected: [
      [side, channels],
      [outputs, channels],
    ],
  }[kind];
  const [input = [], weights = []] = shapes;
  const count = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);
  const codes = integers(count(input), min, extent);
  const scale = 2 / extent;
  const weightScales = Array.from({ length: perChannel ? outputs : 1 }, () =>
    Math.fround(0.002 + 0.004 * random()),
  );
  const bias = integers(outputs, -1000, 2001);
  const terms = count(weights) / outputs;
  const spatial = kind === 'fullyConnected' ? {} : { stride: [stride, stride] as const };
  return {
    attributes: {
      ...spatial,
      activation: 'relu6',
      output: {
        scale: (0.6 * Math.sqrt(terms)) / extent,
        zeroPoint: precision === 'int8' ? -5 : 0,
      },
    },
    inputs: [
      {
        shape: input,
        data: precision === 'int8' ? Int8Array.from(codes) : Int16Array.from(codes),
        scale,
        zeroPoint: precision === 'int8' ? 3 : 0,
      },
      {
        shape: weights,
        data: Int8Array.from(integers(count(weights), -127, 255)),
        scale: weightScales,
      },
      {
        shape: [outputs],
        data: precision === 'int8' ? Int32Array.from(bias) : BigInt64Array.from(bias, BigInt),
        scale: weightScales.map((of) => Math.fround(of * Math.fround(scale))),
      },
    ],
  };
}

interface Total {
  readonly elements: number;
  readonly count: number;
  readonly largest: number;
}

async function totalOf(peer: Peer, kind: Kind, precision: Precision): Promise<Total> {
  let total: Total = { elements: 0, count: 0, largest: 0 };
  await fc.assert(
    fc.asyncProperty(drawn, async (layer) => {
      const { attributes, inputs } = layerOf(kind, precision, layer);
      const { graph, activations } = operatorGraph(kind, precision, attributes, inputs);
      try {
        validateGraph(graph);
      } catch (error) {
        if (error instanceof GraphError) fc.pre(false);
        throw error;
      }
      const network = await backendOf(peer).prepare(graph);
      const run = await network.run(activations);
      await network.release();
      for (const { elements, count, largest } of differencesByOperator(graph, activations, run)) {
        total = {
          elements: total.elements + elements,
          count: total.count + count,
          largest: Math.max(total.largest, largest),
        };
      }
    }),
    { numRuns: RUNS, seed: SEED },
  );
  return total;
}

describe.each(integerPeers)('$name', (peer) => {
  for (const kind of ['conv2d', 'depthwiseConv2d', 'fullyConnected'] as const) {
    it(`${kind} int8: within 1 code, in fewer than 2 % of elements`, async () => {
      const total = await totalOf(peer, kind, 'int8');
      console.log(peer.name, kind, 'int8', total);
      expect(total.largest).toBeLessThanOrEqual(1);
      expect(total.count / total.elements).toBeLessThan(0.02);
    });

    const exact = peer.name.startsWith('litert') && kind !== 'fullyConnected';
    it(`${kind} int16 with int8 weights: ${exact ? 'exact' : 'within 2 codes'}`, async () => {
      const total = await totalOf(peer, kind, 'int16');
      console.log(peer.name, kind, 'int16', total);
      expect(total.largest).toBeLessThanOrEqual(exact ? 0 : 2);
    });
  }
});
