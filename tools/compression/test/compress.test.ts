/** Whole networks: what compression promises of the graph that it gives. */

import { describe, expect, it } from 'vitest';
import { elementCount, interpreter, validateGraph, type Graph } from '../../../reference/index.ts';
import { encodeGraph } from '../../formats/plumb.ts';
import { inputOf, load, type Pixels } from '../activations.ts';
import { correctedBias, roundBias } from '../bias-correction.ts';
import { compressGraph, observe, type CompressedGraph } from '../compress-graph.ts';
import { groupOf } from '../layer-task.ts';
import { layersOf, tensorOf } from '../layers.ts';
import { logitsOf } from '../sensitivity.ts';
import { roundGraphToNearest } from '../round-to-nearest.ts';
import { compressToSize, priceForLoss } from '../search.ts';
import { deployedBytes, float32Bytes, plainBytes } from '../size.ts';
import type { Rule } from '../steps.ts';
import { random } from './cases.ts';
import { float32, inputFor, int8Of, randomImages } from './networks.ts';

const images = randomImages(16, 1);
const int8 = int8Of(float32, images.slice(0, 6));
const ignore = (): void => undefined;
const observation = await observe(float32, images, ignore);
const made = new Map<string, Promise<CompressedGraph>>();
const compress = (rule: Rule): Promise<CompressedGraph> => {
  const key = JSON.stringify(rule);
  const result = made.get(key) ?? compressGraph(int8, observation, rule, ignore);
  made.set(key, result);
  return result;
};

/** Mean squared difference of the logits to those of float32, as real numbers. */
async function logitError(graph: Graph, some: readonly Pixels[]): Promise<number> {
  const logits = async (each: Graph): Promise<readonly number[]> => {
    const index = logitsOf(each);
    const network = await load({ ...each, outputs: [index], labels: [] });
    const { quantization } = tensorOf(each, index);
    const [scale = 1] = quantization?.scales ?? [];
    const zeroPoint = quantization?.zeroPoint ?? 0;
    return some.flatMap((image) =>
      Array.from(network.run(inputOf(each, image))[0] ?? [], (code) => (code - zeroPoint) * scale),
    );
  };
  const [wanted, found] = [await logits(float32), await logits(graph)];
  return (
    wanted.reduce((sum, value, i) => sum + (value - (found[i] ?? NaN)) ** 2, 0) / wanted.length
  );
}

function codesOf(graph: Graph): readonly number[] {
  return layersOf(graph).flatMap(({ operator }) =>
    Array.from(tensorOf(graph, operator.inputs[1]).data as Int8Array),
  );
}

function largestOf(codes: readonly number[]): number {
  return codes.reduce((largest, code) => Math.max(largest, Math.abs(code)), 0);
}

const rules: readonly Rule[] = [
  { kind: 'bits', bits: 2 },
  { kind: 'bits', bits: 4 },
  { kind: 'price', price: 1e-9 },
  { kind: 'price', price: 1e-5 },
];

describe('a compressed graph', () => {
  it.each(rules.map((rule) => [JSON.stringify(rule), rule] as const))(
    'by %s is valid, and the same in reference and fast path',
    async (_, rule) => {
      const { graph } = await compress(rule);
      validateGraph(graph);
      expect(graph.operators.map(({ name }) => name)).toEqual(
        int8.operators.map(({ name }) => name),
      );
      const network = await load(graph);
      for (const image of images.slice(0, 2)) {
        const [wanted] = interpreter(graph).run([inputFor(graph, image)]).outputs;
        expect(network.run(inputOf(graph, image))[0]).toEqual(wanted?.data);
      }
    },
  );

  it.each([2, 4])('of %i bits has codes of no more', async (bits) => {
    const { graph } = await compress({ kind: 'bits', bits });
    expect(largestOf(codesOf(graph))).toBe(2 ** (bits - 1) - 1);
  });

  it('is the same each time', async () => {
    const rule: Rule = { kind: 'price', price: 1e-7 };
    const again = await compressGraph(int8, await observe(float32, images, ignore), rule, ignore);
    expect(encodeGraph(again.graph)).toEqual(encodeGraph((await compress(rule)).graph));
  });

  it('leaves what it is made from as it was', async () => {
    const before = encodeGraph(int8);
    await compressGraph(int8, observation, { kind: 'bits', bits: 3 }, ignore);
    expect(encodeGraph(int8)).toEqual(before);
  });

  it('is nearer to float32 than rounding to nearest', async () => {
    const fitted = await compress({ kind: 'bits', bits: 4 });
    const nearest = roundGraphToNearest(int8, float32, 4);
    expect(await logitError(fitted.graph, images)).toBeLessThan(
      0.5 * (await logitError(nearest.graph, images)),
    );
  });

  it('is the smaller, and the worse, the more a bit costs', async () => {
    const graphs = [];
    for (const price of [1e-9, 1e-7, 1e-5]) graphs.push(await compress({ kind: 'price', price }));
    const sizes = graphs.map(({ graph }) => deployedBytes(graph));
    expect(sizes).toEqual(sizes.toSorted((a, b) => b - a));
    const errors = [];
    for (const { graph } of graphs) errors.push(await logitError(graph, images));
    expect(errors).toEqual(errors.toSorted((a, b) => a - b));
  });

  it('of an int8 graph without another to imitate imitates that', async () => {
    const own = await observe(int8, images, ignore);
    const { graph } = await compressGraph(int8, own, { kind: 'bits', bits: 6 }, ignore);
    const index = logitsOf(int8);
    expect(elementCount(tensorOf(graph, index).shape)).toBe(3);
    expect(await logitError(graph, images)).toBeLessThan(
      2 * (await logitError(int8, images)) + 1e-3,
    );
  });
});

describe('rounding to nearest', () => {
  it('keeps a scale of every channel on the grid, and the largest weight at the largest code', () => {
    const { graph } = roundGraphToNearest(int8, float32, 4);
    validateGraph(graph);
    expect(largestOf(codesOf(graph))).toBe(7);
    for (const { operator } of layersOf(graph)) {
      for (const scale of tensorOf(graph, operator.inputs[1]).quantization?.scales ?? []) {
        const index = 8 * Math.log2(scale);
        expect(Math.abs(index - Math.round(index))).toBeLessThan(1e-5);
      }
    }
  });
});

describe('biases', () => {
  const next = random(3);
  const draw = (length: number): Float64Array => Float64Array.from({ length }, () => next() - 0.5);
  const [channels, fanIn, groups] = [6, 4, 2];
  const moments = Array.from({ length: groups }, () => ({
    wantedMean: draw(fanIn),
    ownMean: draw(fanIn),
    own: new Float64Array(fanIn ** 2),
    cross: new Float64Array(fanIn ** 2),
  }));
  const task = {
    channels,
    fanIn,
    weights: draw(channels * fanIn),
    bias: draw(channels),
    moments,
    sensitivity: new Float64Array(channels).fill(1),
    scales: new Float64Array(channels).fill(2 ** -10),
    inputScale: 0.02,
    outputScale: 0.05,
  };
  const codes = draw(channels * fanIn).map((value) => Math.round(20 * value));
  const scales = new Float64Array(channels).fill(0.03);
  const corrected = correctedBias(task, codes, scales);

  it('make the mean error of every channel zero', () => {
    for (let c = 0; c < channels; c++) {
      const { wantedMean, ownMean } = moments[groupOf(task, c)] ??
        task.moments[0] ?? { wantedMean: [], ownMean: [] };
      let error = (task.bias[c] ?? NaN) - (corrected[c] ?? NaN);
      for (let k = 0; k < fanIn; k++) {
        error += (task.weights[c * fanIn + k] ?? NaN) * (wantedMean[k] ?? NaN);
        error -= (codes[c * fanIn + k] ?? NaN) * (scales[c] ?? NaN) * (ownMean[k] ?? NaN);
      }
      expect(Math.abs(error)).toBeLessThan(1e-12);
    }
  });

  it('are rounded to a power of two that is a part of an output code, or worth its bits', () => {
    const tolerance = (rule: Rule): number => {
      const { bias, multiples } = roundBias(corrected, scales, task.sensitivity, task, rule);
      const errors = Array.from(bias, (code, c) => {
        const unit = task.inputScale * (scales[c] ?? NaN);
        const multiple = multiples[c] ?? NaN;
        const power = multiple === 0 ? 1 : code / multiple;
        expect(Number.isInteger(Math.log2(power))).toBe(true);
        return Math.abs(code * unit - (corrected[c] ?? NaN));
      });
      return Math.max(...errors);
    };
    expect(tolerance({ kind: 'bits', bits: 4 })).toBeLessThanOrEqual(task.outputScale / 32);
    expect(tolerance({ kind: 'price', price: 1e-12 })).toBeLessThanOrEqual(task.outputScale / 32);
    expect(tolerance({ kind: 'price', price: 1 })).toBeGreaterThan(task.outputScale / 4);
  });
});

describe('sizes', () => {
  it('of float32 are four bytes a weight and bias', () => {
    expect(float32Bytes(int8)).toBe(plainBytes(float32));
  });
});

describe('the search for a size', () => {
  const fake = (size: (price: number) => number) => {
    const prices: number[] = [];
    const find = (bytes: number) =>
      compressToSize(
        (price) => {
          prices.push(price);
          return Promise.resolve({ graph: int8, layers: new Map() });
        },
        () => size(prices.at(-1) ?? NaN),
        bytes,
      );
    return { find, prices };
  };

  it.each([1e3, 1e5, 3e6])('ends within 1.5 % below %d bytes', async (bytes) => {
    const { find, prices } = fake((price) => 1e4 * (1e-8 / price) ** 0.3);
    const found = await find(bytes);
    const size = 1e4 * (1e-8 / (found?.price ?? NaN)) ** 0.3;
    expect(size).toBeLessThanOrEqual(bytes);
    expect(size).toBeGreaterThanOrEqual(0.985 * bytes);
    expect(prices.length).toBeLessThanOrEqual(8);
  });

  it('takes the largest that fits where sizes jump', async () => {
    const { find } = fake((price) => (price < 1e-9 ? 1000 : 500));
    const found = await find(900);
    expect(found?.price).toBeGreaterThanOrEqual(1e-9);
  });

  it('finds nothing where nothing is that small', async () => {
    const { find, prices } = fake(() => 1000);
    expect(await find(900)).toBeUndefined();
    expect(prices).toHaveLength(2);
  });
});

describe('the search for a loss', () => {
  it.each([0, 0.5, 3, 1e9])('finds the largest price that loses at most %d', async (most) => {
    const loss = (price: number): number => Math.max(0, 30 + Math.log2(price));
    const price = await priceForLoss((each) => Promise.resolve(loss(each)), most);
    expect(loss(price)).toBeLessThanOrEqual(most);
    expect(loss(price * 2) > most || price === 2 ** -18).toBe(true);
  });

  it('takes the smallest where none is good enough', async () => {
    expect(await priceForLoss(() => Promise.resolve(9), 1)).toBe(2 ** -34);
  });
});
