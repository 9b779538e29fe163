/** Whole networks on the fast path: every operator against the reference on the fast path's own inputs to it. */

import { describe, expect, it } from 'vitest';
import { compileGraph } from '../fastpath/compile/index.ts';
import { loadProgram } from '../fastpath/runtime/index.ts';
import { fastpathBackend } from '../golden/fastpath-backend.ts';
import { imageToInput } from '../reference/index.ts';
import { kernelsModule } from '../tools/kernels.ts';
import { loadModel } from '../tools/models.ts';
import { networkCase, networkOf, noiseImage } from './arbitrary-networks.ts';
import { compareNetwork } from './compare-network.ts';
import { property } from './property.ts';

property(
  'random networks equal the reference',
  { runs: 25, file: 'conformance/fastpath-networks.test.ts' },
  networkCase,
  async (drawn) => {
    const graph = networkOf(drawn);
    const input = imageToInput(graph, noiseImage(drawn.options.resolution, drawn.imageSeed));
    const network = await fastpathBackend.prepare(graph);
    const { violation } = compareNetwork(graph, [input], await network.run([input]));
    if (violation === undefined) return undefined;
    const operator = graph.operators[violation.position]?.name ?? '';
    return `Operator "${operator}": Expected ${String(violation.expected)} at element ${String(violation.index)} but found ${String(violation.found)}\n${JSON.stringify(drawn)}`;
  },
);

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
