/** A wrong network ends in one small operator, or in the word that no operator is wrong. */

import { describe, expect, it } from 'vitest';
import { referenceBackend, type Backend } from '../../golden/backend.ts';
import { fastpathBackend } from '../../golden/fastpath-backend.ts';
import { imageToInput, mobilenetV2, quantizeGraph, type Graph } from '../../reference/index.ts';
import { noiseImage } from '../arbitrary-networks.ts';
import { compareCase } from '../operator-case.ts';
import { bisectNetwork, operatorCase, type Bisection } from './bisect.ts';
import { decodeCase, encodeCase } from './case-file.ts';
import { explainElement } from './explain.ts';
import { failsOn, shrinkValues } from './shrink-values.ts';
import {
  backendOf,
  oneMore,
  padsWithCodeZero,
  right,
  scaled,
  secondVector,
} from './test/wrong-backends.ts';

const float = mobilenetV2({ width: 0.2, resolution: 32, classes: 3 });
const ranges = Object.fromEntries(float.operators.map(({ name }) => [name, [-2, 6] as const]));
const int8 = quantizeGraph(float, { ranges }, { precision: 'int8' });
const int16 = quantizeGraph(float, { ranges }, { precision: 'int16' });

const inputOf = (graph: Graph) => [imageToInput(graph, noiseImage(32, 1))];
const bisected = (graph: Graph, backend: Backend): Promise<Bisection> =>
  bisectNetwork(graph, inputOf(graph), backend);

/** The bisection of a kernel that is wrong on its own. */
async function wrongOperator(graph: Graph, backend: Backend) {
  const found = await bisected(graph, backend);
  expect(found.text).toMatch(
    /^Operator "[^"]+" \(\w+, \d+ of \d+\) differs first, .* but found .*\. Alone, on the same inputs, it is wrong too$/,
  );
  return found.outcome === 'operator' ? found : expect.unreachable(found.text);
}

describe('a right network', () => {
  it.each([
    ['of the reference', referenceBackend],
    ['of the fast path', fastpathBackend],
    ['of right kernels', backendOf('right', right)],
  ])('%s has no wrong operator', async (_, backend) => {
    for (const graph of [int8, float]) {
      expect((await bisected(graph, backend)).outcome).toBe('right');
    }
  });
});

describe('a wrong operator', () => {
  it.each([
    ['conv2d', int8],
    ['depthwiseConv2d', int8],
    ['add', int8],
    ['mean', int8],
    ['averagePool', int8],
    ['fullyConnected', int8],
    ['softmax', int8],
    ['conv2d', int16],
    ['depthwiseConv2d', int16],
  ] as const)('%s is found, alone and small', async (kind, graph) => {
    const position = graph.operators.findIndex((operator) => operator.kind === kind);
    if (position < 0) return;
    const backend = backendOf('odd', oneMore(kind, kind === 'softmax' ? 'even' : 'odd'));
    const found = await wrongOperator(graph, backend);
    expect(found.operator.kind).toBe(kind);
    expect(found.position).toBeGreaterThanOrEqual(position);
    const { drawn, violation, inNetwork } = found;
    // One output element with the values that it has in the network.
    expect(violation).toEqual({ ...inNetwork, index: kind === 'softmax' ? violation.index : 0 });
    expect((await compareCase(drawn, backend)).violation).toEqual({ ...violation, position: 0 });
    const explained = explainElement(drawn, violation.index, violation.found);
    expect([explained.result, explained.share]).toEqual([violation.expected, Infinity]);
    const stored = { type: 'operator', drawn, violation, backend: 'odd' } as const;
    const bytes = encodeCase(stored);
    expect(bytes.length).toBeLessThan(4000);
    expect(decodeCase('a.case', bytes)).toEqual(stored);
  });

  it('keeps the padding of its window, and shrinks to a pixel', async () => {
    const backend = backendOf('pads', padsWithCodeZero);
    const found = await wrongOperator(int8, backend);
    expect(found.drawn.inputs[0]?.shape).toEqual([1, 2, 2, 1]);
    const { smallest } = await shrinkValues(found.drawn, failsOn(backend));
    expect(smallest.inputs[0]?.data).toHaveLength(1);
  });

  it('keeps the channels that it needs to fail', async () => {
    const found = await wrongOperator(int8, backendOf('second vector', secondVector));
    expect(found.violation.index).toBe(8);
    expect(found.drawn.inputs[0]?.shape[3]).toBe(found.drawn.inputs[1]?.shape[3]);
  });

  it('B1 of float32 is found beyond its bound', async () => {
    const { violation, drawn } = await wrongOperator(float, backendOf('scaled', scaled));
    expect(violation.bound).toBeGreaterThan(0);
    const explained = explainElement(drawn, violation.index, violation.found);
    expect([explained.result, explained.bound]).toEqual([violation.expected, violation.bound]);
    expect(explained.share).toBeGreaterThan(1);
  });
});

describe('a network whose operators are right alone', () => {
  it('is told apart from a wrong operator', async () => {
    // Right wherever there is one operator, as a bug in the planning of memory shows.
    const backend: Backend = {
      name: 'overlaps',
      prepare: (graph) =>
        (graph.operators.length === 1
          ? referenceBackend
          : backendOf('odd', oneMore('depthwiseConv2d'))
        ).prepare(graph),
    };
    const found = await bisected(int8, backend);
    expect(found.outcome).toBe('network');
    expect(found.text).toMatch(
      /Alone, on the same inputs, it is right: look at memory planning, layout and fusion$/,
    );
  });

  it('is told where the operator cannot be run alone', async () => {
    const backend: Backend = {
      name: 'whole networks',
      prepare: (graph) => {
        if (graph.operators.length === 1) throw new Error('Expected MobileNetV2');
        return backendOf('odd', oneMore('depthwiseConv2d')).prepare(graph);
      },
    };
    const found = await bisected(int8, backend);
    expect(found).toMatchObject({ outcome: 'network', refusal: 'Expected MobileNetV2' });
    expect(found.text).toMatch(/Alone, it could not be run: Expected MobileNetV2$/);
  });
});

describe('a back end that does not report', () => {
  it('anything but outputs leaves layers untold', async () => {
    const backend = backendOf('silent', oneMore('conv2d'), () => false);
    const found = await bisected(int8, backend);
    if (found.outcome !== 'untold') expect.unreachable(found.text);
    else {
      expect(found.missing).toHaveLength(int8.operators.length - 1);
      expect(found.text).toBe(
        `Back end "silent" does not report tensor "stem" and ${String(int8.operators.length - 2)} more, so that layers cannot be told apart`,
      );
    }
  });

  it('one tensor is told its name', async () => {
    const backend = backendOf('fuses', right, (tensor) => tensor !== 'head');
    expect((await bisected(int8, backend)).text).toBe(
      'Back end "fuses" does not report tensor "head", so that layers cannot be told apart',
    );
  });
});

it('an operator of a network is a case with the network’s own inputs', async () => {
  const inputs = inputOf(int8);
  const run = await (await referenceBackend.prepare(int8)).run(inputs);
  for (const operator of int8.operators) {
    const drawn = operatorCase(int8, operator, inputs, run);
    expect((await compareCase(drawn, referenceBackend)).worst.share).toBe(0);
    const name = int8.tensors[operator.output]?.name ?? '';
    const wanted = run.intermediates.get(name)?.data;
    expect(explainElement(drawn, 0).result).toBe(Number(wanted?.[0]));
  }
});
