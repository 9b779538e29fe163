/** What `plumbline kernel` checks, and what it tells of a kernel that is wrong. */

import { expect, it } from 'vitest';
import { kernels } from '../fastpath/program/kernels.ts';
import type { Backend } from '../golden/backend.ts';
import { fastpathBackend, fastpathRelaxedBackend } from '../golden/fastpath-backend.ts';
import { checkKernel } from './check-kernel.ts';

const [kernel = expect.unreachable()] = kernels.filter(({ name }) => name === 'add_i8');

/** The fast path, one off in the last element of outputs of more than three. */
const wrong: Backend = {
  name: 'wrong',
  prepare: async (graph) => {
    const network = await fastpathBackend.prepare(graph);
    return {
      run: async (inputs) => {
        const found = await network.run(inputs);
        const data = found.outputs[0]?.data;
        if (data instanceof Int8Array && data.length > 3) {
          data[data.length - 1] = (data.at(-1) ?? 0) ^ 1;
        }
        return found;
      },
    };
  },
};

it.each([fastpathBackend, fastpathRelaxedBackend])('$name holds', async (backend) => {
  const { cases, worst, problem } = await checkKernel(kernel, backend, { runs: 20, seed: 1 });
  expect([cases, worst, problem]).toEqual([20, 0, undefined]);
});

it('tells the smallest case of a wrong kernel, and how to see it again', async () => {
  const { problem = '' } = await checkKernel(kernel, wrong, { runs: 50, seed: 7 });
  expect(problem).toMatch(/^Expected what the reference computes but found a difference\./);
  expect(problem).toContain('\nadd int8 ');
  expect(problem).toContain('Int8Array [0, 0, 0, 0]');
  expect(problem).toMatch(/\nReplay: plumbline kernel add_i8 --runs 50 --seed 7$/);
  expect(await checkKernel(kernel, wrong, { runs: 50, seed: 7 })).toMatchObject({ problem });
});
