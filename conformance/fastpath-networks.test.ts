/** Whole networks on the fast path: every operator against the reference on the fast path's own inputs to it. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compileGraph } from '../fastpath/compile/index.ts';
import { loadProgram } from '../fastpath/runtime/index.ts';
import type { Backend, Prepared } from '../golden/backend.ts';
import { fastpathBackend, fastpathRelaxedBackend } from '../golden/fastpath-backend.ts';
import { GraphError, imageToInput, type Graph } from '../reference/index.ts';
import { kernelsModule } from '../tools/kernels.ts';
import { loadModel } from '../tools/models.ts';
import { networkCase, networkOf, noiseImage } from './arbitrary-networks.ts';
import { compareNetwork } from './compare-network.ts';
import { compareCase } from './operator-case.ts';
import { property } from './property.ts';

const backends = [fastpathBackend, fastpathRelaxedBackend];

for (const backend of backends) {
  property(
    `random networks equal the reference, ${backend.name}`,
    { runs: 25, file: 'conformance/fastpath-networks.test.ts' },
    networkCase,
    async (drawn) => {
      const graph = networkOf(drawn);
      const input = imageToInput(graph, noiseImage(drawn.options.resolution, drawn.imageSeed));
      const network = await prepared(backend, graph);
      const { violation } = compareNetwork(graph, [input], await network.run([input]));
      if (violation === undefined) return undefined;
      const operator = graph.operators[violation.position]?.name ?? '';
      return `Operator "${operator}": Expected ${String(violation.expected)} at element ${String(violation.index)} but found ${String(violation.found)}\n${JSON.stringify(drawn)}`;
    },
  );
}

async function prepared(backend: Backend, graph: Graph): Promise<Prepared> {
  try {
    return await backend.prepare(graph);
  } catch (error) {
    if (error instanceof GraphError) fc.pre(false);
    throw error;
  }
}

describe.each(backends)('graphs that no MobileNetV2 is, $name', (backend) => {
  it.each([2, 8])('groups of one of %i channels with two outputs each', async (channels) => {
    const data = (length: number): Float32Array => Float32Array.from({ length }, (_, i) => i - 3);
    const { violation } = await compareCase(
      {
        kind: 'conv2d',
        precision: 'float32',
        attributes: { groups: channels },
        inputs: [
          { shape: [1, 2, 2, channels], data: data(4 * channels) },
          { shape: [2 * channels, 1, 1, 1], data: data(2 * channels) },
        ],
      },
      backend,
    );
    expect(violation).toBeUndefined();
  });

  it('a reshape that nothing reads, a constant output', async () => {
    const tensor = (name: string, shape: readonly number[] = [1, 8]) =>
      ({ name, type: 'float32', shape }) as const;
    const relu = (input: number, output: number) =>
      ({
        kind: 'relu',
        name: `relu ${String(output)}`,
        inputs: [input],
        output,
        attributes: {},
      }) as const;
    const graph: Graph = {
      name: 'branches',
      precision: 'float32',
      tensors: [
        tensor('in'),
        tensor('a'),
        tensor('b'),
        tensor('c'),
        tensor('view', [8]),
        { ...tensor('constant'), data: new Float32Array(8).fill(2) },
      ],
      operators: [
        relu(0, 1),
        relu(1, 2),
        relu(2, 3),
        { kind: 'reshape', name: 'view', inputs: [1], output: 4, attributes: { shape: [8] } },
      ],
      inputs: [0],
      outputs: [3, 5],
      labels: [],
      provenance: {},
    };
    const input = Float32Array.from({ length: 8 }, (_, i) => i - 4);
    const network = await backend.prepare(graph);
    const run = await network.run([input]);
    expect(compareNetwork(graph, [input], run).violation).toBeUndefined();
    expect(run.outputs[1]?.data).toEqual(new Float32Array(8).fill(2));
  });
});

describe('a loaded Program', () => {
  const graph = loadModel({ model: 'small', precision: 'int8' });
  const program = compileGraph(graph);

  it('takes images of any size, as the reference does, and its memory does not grow', async () => {
    const loaded = await loadProgram(program, kernelsModule());
    for (const side of [1, 95, 96, 300]) {
      const image = noiseImage(side, side);
      const [fromImage] = loaded.runImage(image);
      const [fromInput] = loaded.run(imageToInput(graph, image) as Int8Array);
      expect(fromImage).toEqual(fromInput);
    }
    expect(loaded.bytes.memory).toBeLessThan(800_000);
  });

  it('does not modify its inputs, and repeats itself', async () => {
    const loaded = await loadProgram(program, kernelsModule());
    const input = imageToInput(graph, noiseImage(96, 5)) as Int8Array;
    const copy = input.slice();
    const first = loaded.run(input);
    expect(loaded.run(input)).toEqual(first);
    expect(loaded.runSteps([input], () => undefined)).toEqual(first);
    expect(input).toEqual(copy);
  });

  it('refuses inputs of another type, number or length', async () => {
    const loaded = await loadProgram(program, kernelsModule());
    expect(() => loaded.run(new Uint8Array(27648))).toThrow(
      new TypeError('Expected input "image" as Int8Array but found Uint8Array'),
    );
    expect(() => loaded.run(new Int8Array(3))).toThrow(
      new RangeError('Expected 27648 elements of input "image" but found 3'),
    );
    expect(() => loaded.run(new Int8Array(27648), new Int8Array(1))).toThrow(
      new RangeError('Expected 1 inputs but found 2'),
    );
  });

  it('drops an image under way when it runs', async () => {
    const loaded = await loadProgram(program, kernelsModule());
    loaded.image?.begin(4, 2);
    loaded.image?.writeRow(new Uint8Array(12));
    loaded.run(imageToInput(graph, noiseImage(96, 5)) as Int8Array);
    expect(() => loaded.image?.writeRow(new Uint8Array(12))).toThrow(
      new RangeError('Expected 0 rows but found 1'),
    );
  });

  it('drops an image begun while it runs', async () => {
    const loaded = await loadProgram(program, kernelsModule());
    const input = imageToInput(graph, noiseImage(96, 5)) as Int8Array;
    let begun = false;
    loaded.runSteps([input], () => {
      if (begun) return;
      loaded.image?.begin(4, 2);
      begun = true;
    });
    expect(() => loaded.image?.writeRow(new Uint8Array(12))).toThrow(
      new RangeError('Expected 0 rows but found 1'),
    );
  });

  it('tells what its inputs hold', async () => {
    const loaded = await loadProgram(program, kernelsModule());
    const image = noiseImage(120, 5);
    loaded.image?.write(image);
    expect(loaded.inputs()).toEqual([imageToInput(graph, image)]);
  });

  it('tells a network without image input', async () => {
    const { preprocessing, ...bare } = graph;
    expect(preprocessing).toBeDefined();
    const loaded = await loadProgram(compileGraph(bare), kernelsModule());
    expect(loaded.image).toBeUndefined();
    expect(() => loaded.runImage(noiseImage(4, 1))).toThrow(
      new RangeError(`Expected "${graph.name}" to take images but it does not`),
    );
  });
});
