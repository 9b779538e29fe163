/** What layers see, how they are written back, what is computed again, how much the result changes with them. */

import { describe, expect, it } from 'vitest';
import { interpreter, validateGraph } from '../../../reference/index.ts';
import { numbersOf } from '../../../reference/graph/tensor.ts';
import { activations, load, Prefix } from '../activations.ts';
import { augment } from '../augment.ts';
import { withConstants } from '../compress-graph.ts';
import { fromRows, layersOf, realBias, realWeights, tensorOf, toRows } from '../layers.ts';
import { momentsOf } from '../moments.ts';
import { addSamples, allocateSamples, samplePositions } from '../patches.ts';
import { sensitivities } from '../sensitivity.ts';
import { float32, inputFor, int8Of, randomImages, SIDE } from './networks.ts';

const images = randomImages(3, 5);
const int8 = int8Of(float32, images);
const [image = new Uint8Array(0)] = images;

describe('layers', () => {
  it('are all operators with weights, and rows of them go back to where they were', () => {
    const layers = layersOf(float32);
    expect(layers).toHaveLength(53);
    for (const layer of layers) {
      const values = Float64Array.from({ length: layer.channels * layer.fanIn }, (_, i) => i);
      expect(fromRows(toRows(values, layer), layer)).toEqual(values);
    }
  });

  it('give their outputs from samples of their inputs', async () => {
    const values = activations(float32, await load(float32, true), image);
    for (const layer of layersOf(float32)) {
      const { operator, channels, groups, fanIn } = layer;
      const positions = samplePositions(float32, layer, 1);
      const samples = allocateSamples(layer, positions);
      addSamples(
        float32,
        layer,
        samples,
        0,
        values.get(operator.inputs[0] ?? -1) ?? new Float32Array(),
      );
      const weights = realWeights(float32, layer);
      const bias = realBias(float32, layer);
      const output = values.get(operator.output) ?? new Float32Array();
      const limits = operator.attributes.activation === 'relu6' ? [0, 6] : [-Infinity, Infinity];
      const [at = new Int32Array()] = positions;
      expect(samples.values).toHaveLength(groups * fanIn * at.length);
      at.forEach((position, p) => {
        for (let c = 0; c < channels; c++) {
          const first = Math.floor((c * groups) / channels) * fanIn;
          let sum = bias[c] ?? NaN;
          for (let k = 0; k < fanIn; k++) {
            sum +=
              (weights[c * fanIn + k] ?? NaN) *
              (samples.values[(first + k) * at.length + p] ?? NaN);
          }
          const wanted = Math.min(Math.max(sum, limits[0] ?? 0), limits[1] ?? 0);
          expect(Math.abs(wanted - (output[position * channels + c] ?? NaN))).toBeLessThan(1e-3);
        }
      });
    }
  });

  it('with their own constants written back are the same graph', () => {
    const names = (graph: typeof int8) => graph.tensors.map(({ name }) => name);
    for (const layer of layersOf(int8)) {
      const [, weights, bias] = layer.operator.inputs.map((index) => tensorOf(int8, index));
      const written = withConstants(int8, layer, {
        codes: toRows(Float64Array.from(weights?.data as Int8Array), layer),
        scales: Float64Array.from(weights?.quantization?.scales ?? []),
        bias: Float64Array.from(bias?.data as Int32Array),
      });
      validateGraph(written);
      expect(names(written)).toEqual(names(int8));
      expect(written).toEqual(int8);
    }
  });

  it('get tensors of their own where another operator has the same', () => {
    const [first, second] = layersOf(int8).filter(
      ({ fanIn, channels }) => fanIn * channels === 432,
    );
    if (first === undefined || second === undefined) throw new Error('Expected two layers');
    const shared = {
      ...int8,
      operators: int8.operators.map((operator) =>
        operator.name === second.operator.name
          ? {
              ...second.operator,
              inputs: [second.operator.inputs[0] ?? -1, ...first.operator.inputs.slice(1)],
            }
          : operator,
      ),
    };
    const [layer = first] = layersOf(shared).filter(
      ({ operator }) => operator.name === first.operator.name,
    );
    const constants = {
      codes: new Float64Array(432).fill(1),
      scales: new Float64Array(layer.channels).fill(0.5),
      bias: new Float64Array(layer.channels),
    };
    const written = withConstants(shared, layer, constants);
    const other = written.operators.find(({ name }) => name === second.operator.name);
    expect(tensorOf(written, other?.inputs[1]).data).toEqual(
      tensorOf(int8, first.operator.inputs[1]).data,
    );
    expect(written.tensors).toHaveLength(int8.tensors.length + 2);
  });
});

describe('Prefix', () => {
  it('hands out what the whole network computes', async () => {
    const prefix = new Prefix(int8, images);
    const network = interpreter(int8);
    const wanted = images.map((each) => {
      const input = inputFor(int8, each);
      const { intermediates } = network.run([input], { intermediates: true });
      return (name: string) => intermediates.get(name)?.data ?? input;
    });
    for (const { operator } of layersOf(int8)) {
      const [tensor = -1] = operator.inputs;
      const seen: number[] = [];
      await prefix.forEach(int8, tensor, (data, i) => {
        seen.push(i);
        expect(data).toEqual(wanted[i]?.(tensorOf(int8, tensor).name));
      });
      expect(seen).toEqual([0, 1, 2]);
    }
  });
});

describe('moments', () => {
  it('are those of their definition, by kernels and by loops', async () => {
    for (const fanIn of [3, 70]) {
      const count = 90;
      const samples = (seed: number): Float32Array =>
        Float32Array.from({ length: fanIn * count }, (_, i) => Math.sin(seed + i * i) + 2);
      const [wanted, own] = [samples(1), samples(2)];
      const moments = await momentsOf(wanted, own, fanIn);
      const at = (rows: Float32Array, r: number, k: number): number => rows[r * count + k] ?? NaN;
      const mean = (rows: Float32Array, r: number): number => {
        let sum = 0;
        for (let k = 0; k < count; k++) sum += at(rows, r, k);
        return sum / count;
      };
      for (let i = 0; i < fanIn; i++) {
        expect(moments.wantedMean[i]).toBeCloseTo(mean(wanted, i), 9);
        expect(moments.ownMean[i]).toBeCloseTo(mean(own, i), 9);
        for (let j = 0; j < fanIn; j++) {
          let [square, cross] = [0, 0];
          for (let k = 0; k < count; k++) {
            const deviation = at(own, j, k) - mean(own, j);
            square += (at(own, i, k) - mean(own, i)) * deviation;
            cross += (at(wanted, i, k) - mean(wanted, i)) * deviation;
          }
          expect(moments.own[i * fanIn + j]).toBeCloseTo(square / count, 5);
          expect(moments.cross[i * fanIn + j]).toBeCloseTo(cross / count, 5);
        }
      }
    }
  });
});

describe('sensitivities', () => {
  it('are squares of derivatives, as differences between runs estimate them', async () => {
    const found = await sensitivities(float32, [image]);
    const of = (name: string): Float64Array => found.get(name) ?? new Float64Array();
    // The classifier's are those of the direction itself: one sign against two, less their mean.
    const own = of('classifier');
    expect(Array.from(own, (value) => Math.round(9 * value)).toSorted((x, y) => x - y)).toEqual([
      4, 4, 16,
    ]);
    const direction = own.map((value) => (value > 1 ? Math.sqrt(value) : -Math.sqrt(value)));
    // Layers of one output position, where a change of the bias is one of the sum.
    for (const name of ['block_14/expand', 'block_15/depthwise', 'block_16/project', 'head']) {
      const squares = of(name);
      const along = (slopes: readonly number[]): number =>
        direction.reduce((sum, value, i) => sum + value * (slopes[i] ?? NaN), 0);
      const largest = Math.max(...squares);
      expect(largest).toBeGreaterThan(0);
      for (let c = 0; c < squares.length; c += 97) {
        const slope = along(await slopesOf(name, c));
        expect(Math.abs(slope ** 2 - (squares[c] ?? NaN))).toBeLessThan(0.03 * largest);
      }
    }
  });
});

/** Derivatives of the logits with respect to a layer's bias. */
async function slopesOf(name: string, channel: number): Promise<readonly number[]> {
  const step = 2 ** -10;
  const logits = float32.operators.at(-1)?.inputs[0] ?? -1;
  const run = async (change: number): Promise<Float32Array> => {
    const operator = float32.operators.find((each) => each.name === name);
    const tensors = float32.tensors.map((tensor, i) =>
      i === operator?.inputs[2]
        ? {
            ...tensor,
            data: Float32Array.from(numbersOf(tensor.data ?? new Float32Array()), (b, c) =>
              c === channel ? b + change : b,
            ),
          }
        : tensor,
    );
    const operators = float32.operators.slice(0, -1);
    const graph = { ...float32, tensors, operators, outputs: [logits], labels: [] };
    const network = await load(graph);
    const [values] = network.run(inputFor(graph, image) as Float32Array);
    return values as Float32Array;
  };
  const [above, below] = [await run(step), await run(-step)];
  return Array.from(above, (value, i) => (value - (below[i] ?? NaN)) / (2 * step));
}

describe('augment', () => {
  it('gives four images for each, the first itself, the second its mirror image', () => {
    const more = augment(images, SIDE);
    expect(more).toHaveLength(4 * images.length);
    images.forEach((each, i) => {
      expect(more[4 * i]).toBe(each);
      const mirrored = more[4 * i + 1] ?? new Uint8Array();
      for (let y = 0; y < SIDE; y++) {
        for (let x = 0; x < SIDE; x++) {
          for (let c = 0; c < 3; c++) {
            expect(mirrored[3 * (y * SIDE + x) + c]).toBe(each[3 * (y * SIDE + SIDE - 1 - x) + c]);
          }
        }
      }
      for (const cutting of more.slice(4 * i + 2, 4 * i + 4)) {
        expect(cutting).toHaveLength(each.length);
      }
    });
  });

  it('keeps an image of one colour', () => {
    const plain = new Uint8Array(3 * SIDE * SIDE).fill(77);
    for (const each of augment([plain], SIDE)) expect(each).toEqual(plain);
  });
});
