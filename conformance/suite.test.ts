/** The suite's verdicts: a right back end passes, a wrong one is caught in its smallest form, a lack is no pass. */

import { expect, it } from 'vitest';
import right from './examples/right.ts';
import wrong from './examples/wrong.ts';
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
