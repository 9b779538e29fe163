/** The suite's verdicts: a right back end passes, a wrong one is caught in its smallest form, a lack is no pass. */

import { expect, it } from 'vitest';
import right from './examples/right.ts';
import wrong from './examples/wrong.ts';
import { referenceBackend, type Backend } from '../golden/backend.ts';
import { GraphError, type Graph } from '../reference/index.ts';
import { runSuite } from './suite.ts';

it('passes the right example and says what it does not run', async () => {
  const { results } = await runSuite(right, {
    runs: 200,
    seed: 1,
    operators: ['depthwiseConv2d', 'add'],
  });
  const ran = results.filter(({ compared }) => compared > 0);
  expect(ran.map(({ kind, precision }) => `${kind} ${precision}`)).toEqual([
    'depthwiseConv2d int8',
  ]);
  expect(ran[0]).toMatchObject({ compared: 200, notRun: 0, worst: 0 });
  expect(results.filter(({ failure }) => failure !== undefined)).toEqual([]);
  const lacking = results.filter(({ compared }) => compared === 0);
  expect(lacking.length).toBeGreaterThan(5);
  for (const { notRun, refusal } of lacking) {
    expect(notRun).toBe(200);
    expect(refusal).toBe('Expected depthwiseConv2d in int8');
  }
});

/** A back end that computes as the reference does, where `refuse` does not throw. */
function backendThat(refuse: (graph: Graph) => void, more: Partial<Backend> = {}): Backend {
  return {
    name: 'refusing',
    prepare: (graph) => {
      refuse(graph);
      return referenceBackend.prepare(graph);
    },
    ...more,
  };
}

const addInt8 = { runs: 40, seed: 1, operators: ['add'], precisions: ['int8'] } as const;

it('takes an UnsupportedError of any copy of the class for a refusal, and no other error', async () => {
  class UnsupportedError extends Error {
    override readonly name = 'UnsupportedError';
  }
  const refusing = backendThat(() => {
    throw new UnsupportedError('Expected less');
  });
  const [refused] = (await runSuite(refusing, addInt8)).results;
  expect(refused).toMatchObject({ compared: 0, notRun: 40, refusal: 'Expected less' });
  expect(refused).not.toHaveProperty('failure');
  // Of the reference's own errors too: the case is valid, so that a back end has no reason for one.
  const broken = backendThat(() => {
    throw new GraphError('E1', 'add', 'Expected less');
  });
  const [differs] = (await runSuite(broken, addInt8)).results;
  expect(differs?.failure?.text).toMatch(
    /^Expected a result but the back end threw: .*Expected less/,
  );
});

it('asks for declared precisions alone', async () => {
  const asked = new Set<string>();
  const floats = backendThat(({ precision }) => asked.add(precision), { precisions: ['float32'] });
  const { results } = await runSuite(floats, { runs: 20, seed: 1, operators: ['add'] });
  expect([...asked]).toEqual(['float32']);
  expect(results.map(({ precision, compared, refusal }) => [precision, compared, refusal])).toEqual(
    [
      ['float32', 20, undefined],
      ['int8', 0, 'Expected precision float32 but found int8'],
      ['int16', 0, 'Expected precision float32 but found int16'],
    ],
  );
});

it('gives back what each case took, whether it ran or not', async () => {
  let held = 0;
  let most = 0;
  const holding: Backend = {
    name: 'holding',
    prepare: async (graph) => {
      const { run } = await referenceBackend.prepare(graph);
      most = Math.max(most, (held += 1));
      return {
        run: (inputs) => {
          if (most === held && inputs[0]?.length === 1) throw new Error('Expected more');
          return run(inputs);
        },
        release: () => {
          held -= 1;
        },
      };
    },
  };
  await runSuite(holding, addInt8);
  expect([held, most]).toEqual([0, 1]);
});

it.each([1, 2, 3])('catches the wrong example, seed %i', async (seed) => {
  const [result] = (
    await runSuite(wrong, { runs: 10_000, seed, operators: ['averagePool'], precisions: ['int8'] })
  ).results;
  const { failing, violation } = result?.failure ?? expect.unreachable();
  expect(failing.kind).toBe('averagePool');
  expect(failing.inputs[0]?.data.length).toBeLessThanOrEqual(32);
  // Halves below zero: one rounds upwards, the rule away from zero.
  expect(violation?.found).toBe((violation?.expected ?? NaN) + 1);
  expect(violation?.expected).toBeLessThan(0);
});
