/** Whose turn it is, and how often: never how long it takes. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hasTurn, measure } from '../measure.ts';

const limits = { batch: 0, warmUp: 0, total: 1000 };
const options = { cpuTime: () => performance.now(), limits };

describe('hasTurn', () => {
  it('gives as many turns as wanted, none two more than another stretch of rounds', () => {
    const counts = fc
      .integer({ min: 1, max: 200 })
      .chain((rounds) => fc.tuple(fc.constant(rounds), fc.integer({ min: 1, max: rounds })));
    fc.assert(
      fc.property(counts, ([rounds, samples]) => {
        const turns = Array.from({ length: rounds }, (_, i) => hasTurn(i, samples, rounds));
        expect(turns.filter(Boolean)).toHaveLength(samples);
        const half = Math.floor(rounds / 2);
        const early = turns.slice(0, half).filter(Boolean).length;
        const late = turns.slice(rounds - half).filter(Boolean).length;
        expect(Math.abs(early - late)).toBeLessThanOrEqual(1);
      }),
    );
  });
});

describe('measure', () => {
  it('takes turns: every contestant in every round, in order', async () => {
    const calls: string[] = [];
    const contestant = (name: string) => ({
      name,
      compute: () => {
        calls.push(name);
      },
    });
    const timings = await measure([contestant('a'), contestant('b')], {
      ...options,
      iterations: 5,
    });
    // Warm-up of three each, then per round one inference that fills the caches and a batch of one.
    expect(calls.join('')).toBe(`aaabbb${'aabb'.repeat(5)}`);
    expect(timings.map(({ name, cpu, wall }) => [name, cpu.samples, wall.samples])).toEqual([
      ['a', 5, 5],
      ['b', 5, 5],
    ]);
  });

  it('waits for those that promise', async () => {
    let running = 0;
    let most = 0;
    const compute = async (): Promise<void> => {
      most = Math.max(most, ++running);
      await Promise.resolve();
      running--;
    };
    await measure(
      [
        { name: 'a', compute },
        { name: 'b', compute },
      ],
      { ...options, iterations: 3 },
    );
    expect(most).toBe(1);
    expect(running).toBe(0);
  });

  it('gives slow ones fewer turns, but five', async () => {
    let runs = 0;
    const slow = (): void => {
      runs++;
      const end = performance.now() + 3;
      while (performance.now() < end);
    };
    const [timing] = await measure([{ name: 'slow', compute: slow }], {
      ...options,
      iterations: 40,
      limits: { batch: 0, warmUp: 0, total: 1 },
    });
    expect(timing?.cpu.samples).toBe(5);
    expect(runs).toBe(3 + 2 * 5);
  });

  it('tells every warm-up and round', async () => {
    const rounds: string[] = [];
    await measure([{ name: 'a', compute: () => undefined }], {
      ...options,
      iterations: 3,
      onProgress: (done, all) => rounds.push(`${String(done)}/${String(all)}`),
    });
    expect(rounds).toEqual(['1/4', '2/4', '3/4', '4/4']);
  });
});
