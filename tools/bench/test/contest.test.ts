/** Which runtimes are timed: those that take the network and compute what ours does. */

import { describe, expect, it } from 'vitest';
import { UnsupportedError } from '../../../fastpath/compile/index.ts';
import type { Graph, TensorData } from '../../../reference/index.ts';
import { loadModel } from '../../models.ts';
import { contest, type ContestResult } from '../contest.ts';
import type { Peer } from '../session.ts';

const input = Int8Array.of(1);

/** A runtime that answers `data`, and counts how many of its sessions are open. */
function runtime(name: string, data: TensorData, open: { count: number }): Peer {
  return {
    name,
    open: (graph) => {
      open.count++;
      return Promise.resolve({
        load: () => undefined,
        compute: () => undefined,
        read: () => new Map([[graph.outputs[0] ?? -1, data]]),
        release: () => {
          open.count--;
        },
      });
    },
  };
}

const refusing: Peer = {
  name: 'refusing',
  open: () => Promise.reject(new UnsupportedError('Expected another graph')),
};

async function run(
  graph: Graph,
  runtimes: readonly Peer[],
  notes: string[],
): Promise<ContestResult> {
  return contest(graph, input, runtimes, {
    cpuTime: () => performance.now(),
    iterations: 2,
    limits: { batch: 0, warmUp: 0, total: 1000 },
    notes,
  });
}

describe('contest', () => {
  const int8 = loadModel({ model: 'small', precision: 'int8' });
  const float32 = loadModel({ model: 'small', precision: 'float32' });

  it('leaves out who refuses, and notes whose codes differ', async () => {
    const open = { count: 0 };
    const notes: string[] = [];
    const { timings, differences } = await run(
      int8,
      [
        runtime('ours', Int8Array.of(7, 3), open),
        refusing,
        runtime('wrong', Int8Array.of(7, 30), open),
        runtime('right', Int8Array.of(6, 3), open),
      ],
      notes,
    );
    expect(timings.map(({ name }) => name)).toEqual(['ours', 'right']);
    expect(differences).toEqual({ right: 1 });
    expect(notes).toEqual([
      `wrong: Expected the outputs of "${int8.name}" (int8) within 2 of the fast path's but found a difference of 27`,
    ]);
    expect(open.count).toBe(0);
  });

  it('ends where float32 outputs differ, with all sessions released', async () => {
    const open = { count: 0 };
    const notes: string[] = [];
    const runtimes = [
      runtime('ours', Float32Array.of(0.25), open),
      runtime('wrong', Float32Array.of(0.5), open),
    ];
    await expect(run(float32, runtimes, notes)).rejects.toThrow(
      `wrong: Expected the outputs of "${float32.name}" (float32) within 0.0001 of the fast path's but found a difference of 0.25`,
    );
    expect(notes).toEqual([]);
    expect(open.count).toBe(0);
  });
});
