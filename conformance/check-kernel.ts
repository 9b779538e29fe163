/** Random cases of one kernel against the reference, outside of the test runner. */

import fc from 'fast-check';
import type { Kernel } from '../fastpath/program/kernels.ts';
import type { Backend } from '../golden/backend.ts';
import { GraphError } from '../reference/index.ts';
import { casesOf } from './kernel-cases.ts';
import { compareCase, describeCase } from './operator-case.ts';

export interface KernelCheck {
  /** Cases compared; those that broke a rule of the reference are not counted. */
  readonly cases: number;
  /** Largest error as a fraction of its bound. */
  readonly worst: number;
  /** The first difference, of the smallest case found. */
  readonly problem?: string;
}

export interface KernelDraws {
  /** Random cases of each kind that reaches the kernel. */
  readonly runs: number;
  /** What they follow from. */
  readonly seed: number;
}

export async function checkKernel(
  kernel: Kernel,
  backend: Backend,
  { runs, seed }: KernelDraws,
): Promise<KernelCheck> {
  let cases = 0;
  let worst = 0;
  for (const arbitrary of casesOf(kernel)) {
    const result = await fc.check(
      fc.asyncProperty(arbitrary, async (drawn) => {
        try {
          const comparison = await compareCase(drawn, backend);
          cases += 1;
          worst = Math.max(worst, comparison.worst.share);
          return comparison.violation === undefined;
        } catch (error) {
          if (error instanceof GraphError) fc.pre(false);
          throw error;
        }
      }),
      { numRuns: runs, seed },
    );
    if (result.failed) {
      const [smallest] = result.counterexample ?? [];
      const shown = smallest === undefined ? '' : describeCase(smallest);
      const cause = result.errorInstance instanceof Error ? result.errorInstance.message : '';
      const replay = `plumbline kernel ${kernel.name} --runs ${String(runs)} --seed ${String(seed)}`;
      const problem = `Expected what the reference computes but found a difference. ${cause}\n${shown}\nReplay: ${replay}`;
      return { cases, worst, problem };
    }
  }
  return { cases, worst };
}
