/** What `inspect` says of a network. */

import { beforeAll, describe, expect, it } from 'vitest';
import { elementTypes, mobilenetV2, type Graph } from '../../reference/index.ts';
import { encodeGraph } from '../formats/plumb.ts';
import { inspectGraph, type Inspection } from '../inspect/index.ts';
import { inspectionText } from '../inspect/text.ts';
import { HISTOGRAM_BINS } from '../inspect/weights.ts';
import { all, int8, structureAlone, sum, weightedOf } from './inspected.ts';
import { smallFloat, smallNetwork } from './small-networks.ts';

let inspected: Inspection;

beforeAll(async () => {
  inspected = await inspectGraph(int8, { ...all, before: smallFloat });
}, 180_000);

describe('An inspection', () => {
  it('has every operator with its layers, and bytes that add up', () => {
    const { operators, total, fileBytes } = inspected;
    expect(operators.map(({ name, kind }) => [name, kind])).toEqual(
      int8.operators.map(({ name, kind }) => [name, kind]),
    );
    expect(sum(operators.map(({ bytes }) => bytes.total))).toBe(total.bytes);
    const constants = int8.tensors.filter(({ data }) => data !== undefined);
    const stored = constants.map(
      ({ data, quantization }) => (data?.byteLength ?? 0) + 4 * (quantization?.scales.length ?? 0),
    );
    expect(total.bytes).toBe(sum(stored));
    expect(fileBytes).toBe(encodeGraph(int8).length);
    expect(total.bytes).toBeLessThan(fileBytes);
    for (const { bytes } of operators) {
      expect(bytes.weights + bytes.bias + bytes.scales).toBe(bytes.total);
    }
    expect(operators[0]).toMatchObject({
      name: 'stem',
      family: 'convolution',
      inputs: [{ name: 'image', type: 'int8', shape: [1, 16, 16, 3], from: -1 }],
      output: { type: 'int8', shape: [1, 8, 8, 8] },
      bytes: { weights: 216, bias: 32, scales: 64, total: 312 },
    });
  });

  it('counts every weight in its histograms, after and before', () => {
    expect(sum(weightedOf(inspected).map(({ weights }) => weights.count))).toBe(
      inspected.total.weights,
    );
    for (const { weights } of weightedOf(inspected)) {
      expect(weights.histogram).toHaveLength(HISTOGRAM_BINS);
      expect(sum(weights.histogram)).toBe(weights.count);
      expect(sum(weights.before?.histogram ?? [])).toBe(weights.count);
      expect(weights.count).toBe(weights.shape.reduce((a, b) => a * b, 1));
      expect(weights.zeros).toBeLessThanOrEqual(weights.histogram[25] ?? 0);
      expect(weights.entropy).toBeLessThanOrEqual(8);
      expect(weights.before?.sqnr).toBeGreaterThan(35);
    }
  });

  it('has ranges within what the codes stand for, and times that add up', () => {
    for (const { observed = [NaN, NaN], output } of inspected.operators) {
      const [least = NaN, most = NaN] = output.codes ?? [];
      expect(observed[0]).toBeGreaterThanOrEqual(least);
      expect(observed[1]).toBeLessThanOrEqual(most);
      expect(observed[0]).toBeLessThanOrEqual(observed[1]);
    }
    const times = inspected.operators.map(({ milliseconds = NaN }) => milliseconds);
    expect(sum(times)).toBeCloseTo(inspected.total.milliseconds ?? NaN, 9);
    expect(times.every((time) => time >= 0)).toBe(true);
    const [stem, flatten] = [inspected.operators[0], inspected.operators.at(-3)];
    expect(stem?.kernels).toEqual(['conv2d_i8']);
    expect([flatten?.kind, flatten?.milliseconds, flatten?.kernels]).toEqual(['reshape', 0, []]);
  });

  it('has the sensitivity of every layer with weights, and none at 8 bits of int8', () => {
    for (const { layer } of weightedOf(inspected)) {
      expect(layer.sensitivity?.map(({ bits }) => bits)).toEqual([8, 6, 5, 4, 3, 2]);
      expect(layer.sensitivity?.[0]).toEqual({ bits: 8, sqnr: Infinity, changed: 0 });
    }
    const without = inspected.operators.filter(({ weights }) => weights === undefined);
    expect(without.every(({ sensitivity }) => sensitivity === undefined)).toBe(true);
    expect(inspected.notes).toEqual([]);
    expect(inspected.before).toMatchObject({ name: smallFloat.name, precision: 'float32' });
    expect(inspected.samples).toEqual({
      count: 2,
      description: '2 seeded parts of the sample photograph',
    });
  });

  it('is the same again but for times', async () => {
    const options = { ...all, time: false, count: 1, before: smallFloat };
    expect(await inspectGraph(int8, options)).toEqual(await inspectGraph(int8, options));
  }, 180_000);

  it('runs a network that takes no photos on noise', async () => {
    const { preprocessing, ...blind } = int8;
    expect(preprocessing).toBeDefined();
    const { samples, before, operators } = await inspectGraph(blind, {
      ...structureAlone,
      before: smallFloat,
    });
    expect(samples.description).toBe('1 input of seeded noise');
    expect(before?.sqnr).toBeUndefined();
    expect(operators[0]?.observed?.[1]).toBeGreaterThan(0);
    await expect(inspectGraph(blind, { ...structureAlone, photos: '.' })).rejects.toThrow(
      'Expected a model with preprocessing for photos but found none',
    );
  });

  it('refuses a form before whose layers are others', async () => {
    const inspect = (before: Graph) => inspectGraph(int8, { ...structureAlone, before });
    const fewer = { ...smallFloat, operators: smallFloat.operators.slice(1), name: 'other' };
    await expect(inspect(fewer)).rejects.toThrow(
      `Expected as many layers with weights in "other" as in "${int8.name}", 53, but found 52`,
    );
    const wider = mobilenetV2({ width: 0.1, resolution: 16, classes: 4 });
    await expect(inspect(wider)).rejects.toThrow(
      `Expected layer "classifier" of "${wider.name}" to be that of "${int8.name}", fullyConnected [3, 1280], but found fullyConnected [4, 1280]`,
    );
  });

  it('leaves out with a note what cannot be measured', async () => {
    const ready: Graph = {
      ...int8,
      operators: int8.operators.map((each, i) =>
        i === 0 && each.kind === 'conv2d'
          ? { ...each, attributes: { ...each.attributes, multiplier: [2 ** 30], shift: [-6] } }
          : each,
      ),
    };
    const { notes, operators } = await inspectGraph(ready, { ...all, count: 1, time: false });
    expect(notes).toEqual([
      'sensitivity: Expected operator "stem" with scales but found ready-made integers',
    ]);
    expect(operators.every(({ sensitivity }) => sensitivity === undefined)).toBe(true);
  });

  it('leaves out what would take hours', async () => {
    const [first, second] = smallFloat.operators;
    if (first?.kind !== 'conv2d' || second?.kind !== 'depthwiseConv2d') {
      throw new Error('Expected a stem');
    }
    // The same depthwise layer 600 times.
    const tensors = [...smallFloat.tensors];
    const operators = Array.from({ length: 600 }, (_, i) => {
      const [, ...constants] = second.inputs;
      const input = i === 0 ? second.inputs[0] : tensors.length - 1;
      const output = { ...smallFloat.tensors[second.output], name: `layer ${String(i)}` };
      tensors.push(output as (typeof tensors)[number]);
      const inputs = [input ?? -1, ...constants];
      return { ...second, name: `layer ${String(i)}`, inputs, output: tensors.length - 1 };
    });
    const deep = {
      ...smallFloat,
      tensors,
      operators: [first, ...operators],
      outputs: [tensors.length - 1],
      labels: [],
    };
    const { notes, total } = await inspectGraph(deep, { ...all, count: 1, time: false });
    expect(notes).toEqual(['sensitivity: Expected at most 500 layers with weights but found 601']);
    // Shared constants count once.
    const { operators: own } = await inspectGraph(smallFloat, structureAlone);
    expect(total.bytes).toBe(sum(own.slice(0, 2).map(({ bytes }) => bytes.total)));
  });
});

it('inspects every type that a weight may have', async () => {
  for (const graph of [smallFloat, smallNetwork('int16')]) {
    const { operators } = await inspectGraph(graph, structureAlone);
    for (const { weights } of operators) {
      if (weights === undefined) continue;
      expect(sum(weights.histogram)).toBe(weights.count);
      expect(weights.entropy === undefined).toBe(weights.type === 'float32');
      expect(weights.range[1] - weights.range[0]).toBeLessThan(elementTypes.int16.max);
    }
  }
});

describe('The text', () => {
  it('tells layers, sums, sensitivity and what was run', () => {
    const text = inspectionText(inspected);
    expect(text).toMatch(/^stem +conv2d +3x3\/2 +1x8x8x8 +0\.00 \.\. [\d.]+ +0\.0\d+ +-128 /m);
    expect(text).toMatch(new RegExp(`^total .* ${String(inspected.total.bytes)} +[\\d.]+$`, 'm'));
    expect(text).toMatch(/^classifier +3840 +3876 .* same +[\d.]+ /m);
    expect(text).toContain('on 2 seeded parts of the sample photograph, with the ');
    expect(text).toContain(`Logits against ${smallFloat.name} (float32): `);
  });

  it('leaves out what was not measured', async () => {
    const text = inspectionText(await inspectGraph(smallFloat, structureAlone));
    expect(text).not.toMatch(/bits|entropy|weights dB|sensitivity/);
    expect(text).toContain('Ranges: on 1 seeded part of the sample photograph');
  });
});
