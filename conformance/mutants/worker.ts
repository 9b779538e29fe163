/** Judges mutants in a thread of its own, which may be ended where a mutant does not. */

import { parentPort, workerData } from 'node:worker_threads';
import type { Verdict } from './case.ts';
import { Judge } from './judge.ts';
import type { Mutant } from './sites.ts';

export interface WorkerInput {
  readonly kernels: Uint8Array;
  readonly cases: number;
}

/** `prepared`: the cases of the mutant that comes next are ready. */
export type WorkerMessage =
  | { readonly kind: 'ready' }
  | { readonly kind: 'prepared' }
  | { readonly kind: 'verdict'; readonly verdict: Verdict };

const { kernels, cases } = workerData as WorkerInput;
const judge = new Judge(kernels, cases);

function post(message: WorkerMessage): void {
  parentPort?.postMessage(message);
}

parentPort?.on('message', (mutant: Mutant) => {
  for (const name of mutant.kernels) judge.casesOf(name);
  post({ kind: 'prepared' });
  post({ kind: 'verdict', verdict: judge.judge(mutant) });
});
post({ kind: 'ready' });
