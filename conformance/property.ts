/**
 * fast-check properties whose failures say how to see them again.
 *
 * PLUMBLINE_RUNS multiplies the runs of every property; PLUMBLINE_SEED and PLUMBLINE_PATH replay one case of one.
 */

import process from 'node:process';
import fc from 'fast-check';
import { it } from 'vitest';

export interface PropertyOptions {
  readonly runs: number;
  /** Of the test file, for the replay command. */
  readonly file: string;
}

/** A test that a predicate holds for drawn values: it returns what is wrong, or undefined. */
export function property<T>(
  name: string,
  { runs, file }: PropertyOptions,
  arbitrary: fc.Arbitrary<T>,
  problemOf: (value: T) => Promise<string | undefined>,
): void {
  const times = Number(process.env['PLUMBLINE_RUNS'] ?? 1);
  const seed = process.env['PLUMBLINE_SEED'];
  const path = process.env['PLUMBLINE_PATH'];
  it(name, { timeout: 60_000 * Math.max(times, 1) }, async () => {
    const result = await fc.check(
      fc.asyncProperty(arbitrary, async (value) => {
        const problem = await problemOf(value);
        if (problem !== undefined) throw new Error(problem);
      }),
      {
        numRuns: Math.max(Math.round(runs * times), 1),
        ...(seed === undefined ? {} : { seed: Number(seed) }),
        ...(path === undefined ? {} : { path }),
      },
    );
    if (!result.failed) return;
    const { counterexamplePath, numRuns, numShrinks, errorInstance } = result;
    const cause = errorInstance instanceof Error ? errorInstance.message : String(errorInstance);
    const replay = `PLUMBLINE_SEED=${String(result.seed)} PLUMBLINE_PATH=${String(counterexamplePath)} npx vitest run ${file} -t '${namePattern(name)}'`;
    throw new Error(
      `${cause}\nFound in run ${String(numRuns)}, shrunk ${String(numShrinks)} times. Replay:\n  ${replay}`,
      { cause: errorInstance },
    );
  });
}

/** What vitest's -t, a regular expression, finds this test by alone: names begin others, and groups go before them. */
export function namePattern(name: string): string {
  return `(^| )${name.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}$`;
}
