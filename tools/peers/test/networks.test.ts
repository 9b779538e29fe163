/** Both embedded models in every runtime, against the reference, on golden inputs. */

import { describe, expect, it } from 'vitest';
import { compareNetwork } from '../../../conformance/compare-network.ts';
import { referenceBackend } from '../../../golden/backend.ts';
import { goldenInputs } from '../../../golden/inputs.ts';
import type { Graph, Tensor, TensorData } from '../../../reference/index.ts';
import { loadModel } from '../../models.ts';
import { backendOf, type Peer } from '../session.ts';
import { differencesByOperator, type Difference } from './differences.ts';
import { integerPeers, peers } from './peers.ts';

const models = ['small', 'large'] as const;
const RELATIVE = 1e-4;

async function goldenInput(graph: Graph): Promise<TensorData> {
  const input = goldenInputs.find(({ name }) => name === 'alpine landscape');
  if (input === undefined) throw new Error('Expected the golden input "alpine landscape"');
  return input.make(graph);
}

interface Runs {
  readonly input: TensorData;
  readonly expected: Tensor;
  readonly found: Tensor;
}

/** The first output of the reference and of a runtime that is free to join operators. */
async function run(peer: Peer, graph: Graph): Promise<Runs> {
  const input = await goldenInput(graph);
  const reference = await referenceBackend.prepare(graph);
  const network = await backendOf(peer, {}).prepare(graph);
  const [expected] = (await reference.run([input])).outputs;
  const [found] = (await network.run([input])).outputs;
  await network.release();
  if (expected === undefined || found === undefined) throw new Error('Expected an output');
  return { input, expected, found };
}

function largestDifference({ expected, found }: Runs): number {
  let largest = 0;
  for (let i = 0; i < expected.data.length; i++) {
    largest = Math.max(largest, Math.abs(Number(expected.data[i]) - Number(found.data[i])));
  }
  return largest;
}

/** Operator by operator, each on the runtime's own inputs to it. */
async function layerwise(peer: Peer, graph: Graph): Promise<readonly Difference[]> {
  const input = await goldenInput(graph);
  const network = await backendOf(peer).prepare(graph);
  const result = await network.run([input]);
  await network.release();
  return differencesByOperator(graph, [input], result);
}

describe.each(peers)('$name, float32', (peer) => {
  it.each(models)('%s: every output within 1e-4 of the reference', async (model) => {
    const runs = await run(peer, loadModel({ model, precision: 'float32' }));
    runs.expected.data.forEach((value, i) => {
      const found = Number(runs.found.data[i]);
      expect(Math.abs(found - Number(value))).toBeLessThanOrEqual(RELATIVE * Number(value));
    });
  });

  it.each(models)('%s: every operator within its bound', async (model) => {
    const graph = loadModel({ model, precision: 'float32' });
    const input = await goldenInput(graph);
    const network = await backendOf(peer).prepare(graph);
    const { violation, worst, uncompared } = compareNetwork(
      graph,
      [input],
      await network.run([input]),
    );
    await network.release();
    expect(violation).toBeUndefined();
    expect(uncompared).toBe(0);
    expect(worst.share).toBeLessThan(0.5);
  });
});

describe.each(integerPeers)('$name, int8', (peer) => {
  it.each(models)('%s: outputs within 2 codes', async (model) => {
    const runs = await run(peer, loadModel({ model, precision: 'int8' }));
    expect(largestDifference(runs)).toBeLessThanOrEqual(2);
  });

  it.each(models)('%s: every operator within 1 code of its inputs’ exact result', async (model) => {
    const layers = await layerwise(peer, loadModel({ model, precision: 'int8' }));
    expect(layers.filter(({ largest }) => largest > 1)).toEqual([]);
  });
});

describe.each(integerPeers)('$name, int16', (peer) => {
  it.each(models)('%s: outputs within 2 codes', async (model) => {
    const graph = loadModel({ model, precision: 'int16', int16Weights: 'int8' });
    expect(largestDifference(await run(peer, graph))).toBeLessThanOrEqual(2);
  });

  it.each(models)('%s: which operators are exact', async (model) => {
    const graph = loadModel({ model, precision: 'int16', int16Weights: 'int8' });
    const layers = await layerwise(peer, graph);
    const inexact = [...new Set(layers.filter(({ count }) => count > 0).map(({ kind }) => kind))];
    // LiteRT's int16 is the reference's but for fully connected layers, which come out as with 32-bit multipliers (A4)
    // instead of 16-bit ones (A5).
    if (peer.name.startsWith('litert'))
      expect(inexact.filter((kind) => kind !== 'fullyConnected')).toEqual([]);
    else expect(inexact).toContain('conv2d');
  });
});
