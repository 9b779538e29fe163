/**
 * Where the bound of the page comes from, by which it holds float32 of different kernels to each other.
 *
 * Each kernel may be off by the bounds of conformance/tolerances.ts, operator by operator. Carried through a network as
 * magnitudes, they grow beyond any use; so they are carried as errors: every element of every operator is moved by all of
 * its bound, up or down at random (Monte Carlo arithmetic: Parker, 1997), and the outputs are compared.
 */

import { expect, it } from 'vitest';
import { compute, toleranceOf } from '../../conformance/tolerances.ts';
import { imageToInput, type Graph, type Operator, type Tensor } from '../../reference/index.ts';
import { decodeImage } from '../../tools/images/decode.ts';
import { loadModel, type EmbeddedName } from '../../tools/models.ts';
import { floatBound } from '../page/comparison.ts';
import { photos, scoresInNode } from './node.ts';

/** The output of a network, each element of each operator moved by its bound. */
function outputOf(graph: Graph, image: Tensor['data'], random: () => number): Tensor['data'] {
  const tensors = new Map<number, Tensor>();
  graph.tensors.forEach((tensor, index) => {
    if (tensor.data !== undefined) tensors.set(index, { ...tensor, data: tensor.data });
  });
  const at = (index: number): Tensor => {
    const tensor = tensors.get(index);
    if (tensor === undefined) throw new Error('Expected a tensor');
    return tensor;
  };
  const [input = 0] = graph.inputs;
  const described = graph.tensors[input];
  if (described === undefined) throw new Error('Expected an input');
  tensors.set(input, { ...described, data: image });
  for (const operator of graph.operators) {
    const inputs = operator.inputs.map(at);
    const output = graph.tensors[operator.output];
    if (output === undefined) throw new Error('Expected an output');
    const expected = compute(operator, inputs, output);
    const tolerance = toleranceOf(operator, inputs, expected);
    const data = (expected.data as Float32Array).map((value, i) => {
      const allowed = tolerance(i);
      if (typeof allowed !== 'number') throw new Error('Expected a bound');
      return clamped(operator, value + (random() < 0.5 ? -allowed : allowed));
    });
    tensors.set(operator.output, { ...output, data });
  }
  return at(graph.outputs[0] ?? 0).data;
}

/** As a fused activation leaves it. */
function clamped({ attributes }: Operator, value: number): number {
  const relu6 = 'activation' in attributes && attributes.activation === 'relu6';
  return relu6 ? Math.min(6, Math.max(0, value)) : value;
}

/** Reproducible numbers in [0, 1). */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

const [photo = new Uint8Array(0), plane = new Uint8Array(0)] = photos;

it.each<readonly [EmbeddedName, Uint8Array, number]>([
  ['small', photo, 3],
  ['small', plane, 3],
  ['large', photo, 1],
])('holds for %s, with every operator as far off as it may be', async (model, file, runs) => {
  const graph = loadModel({ model, precision: 'float32' });
  const input = imageToInput(graph, await decodeImage(file));
  const scores = await scoresInNode(model, 'float32', file);
  for (let run = 0; run < runs; run++) {
    const found = outputOf(graph, input, generator(run + 1));
    for (const [i, value] of found.entries()) {
      const score = scores.find(({ label }) => label === graph.labels[i])?.score ?? NaN;
      // Two kernels, each as far off.
      expect(2 * Math.abs(Number(value) - score)).toBeLessThanOrEqual(floatBound(score));
    }
  }
});
