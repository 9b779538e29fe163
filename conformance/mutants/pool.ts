/** Runs mutants on worker threads that stay warm; one that takes too long is ended and replaced. */

import { Worker } from 'node:worker_threads';
import type { Verdict } from './case.ts';
import type { Mutant } from './sites.ts';
import type { WorkerInput, WorkerMessage } from './worker.ts';

/**
 * By the clock. A mutant ends by itself before it (`judge.ts`), on a machine that others use too, unless a single case
 * copies memory without end.
 */
const TIMEOUT_MS = 60_000;

export interface Judged {
  readonly mutant: Mutant;
  readonly verdict: Verdict;
}

/**
 * Judges mutants on `threads` threads, in any order; returns them in theirs.
 *
 * @throws {Error} where the kernels as built fail a case
 */
export async function judgeAll(
  mutants: readonly Mutant[],
  input: WorkerInput,
  threads: number,
  onVerdict: (done: number) => void,
): Promise<readonly Judged[]> {
  // Neighbours share kernels, whose cases a thread prepares once.
  const queues = shares(mutants, threads);
  const verdicts = new Map<Mutant, Verdict>();
  await Promise.all(
    queues.map(async (queue) => {
      let seat = new Seat(input);
      for (const mutant of queue) {
        const verdict = await seat.judge(mutant);
        if (verdict === undefined) seat = new Seat(input);
        verdicts.set(mutant, verdict ?? 'timeout');
        onVerdict(verdicts.size);
      }
      await seat.end();
    }),
  );
  return mutants.map((mutant) => {
    const verdict = verdicts.get(mutant);
    if (verdict === undefined) throw new Error('Expected a verdict');
    return { mutant, verdict };
  });
}

/** Mutants by function, in as many parts of about the same size. */
function shares(mutants: readonly Mutant[], parts: number): readonly (readonly Mutant[])[] {
  const sorted = mutants.toSorted((a, b) => a.function - b.function);
  const queues: Mutant[][] = Array.from({ length: parts }, () => []);
  let previous: Mutant | undefined;
  let queue = 0;
  for (const mutant of sorted) {
    if (mutant.function !== previous?.function) {
      const lengths = queues.map(({ length }) => length);
      queue = lengths.indexOf(Math.min(...lengths));
    }
    queues[queue]?.push(mutant);
    previous = mutant;
  }
  return queues;
}

/** A worker and the one mutant that it is at. */
class Seat {
  readonly #worker: Worker;
  #resolve: (verdict: Verdict | undefined) => void = () => undefined;
  #reject: (error: unknown) => void = () => undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(workerData: WorkerInput) {
    this.#worker = new Worker(new URL('./worker.ts', import.meta.url), { workerData });
    this.#worker.on('message', (message: WorkerMessage) => {
      this.#receive(message);
    });
    this.#worker.on('error', (error) => {
      this.#reject(error);
    });
  }

  /** The verdict, or undefined where the worker had to be ended. */
  judge(mutant: Mutant): Promise<Verdict | undefined> {
    return new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
      this.#worker.postMessage(mutant);
    });
  }

  #receive(message: WorkerMessage): void {
    switch (message.kind) {
      case 'ready':
        return;
      case 'prepared':
        this.#timer = setTimeout(() => {
          void this.end();
          this.#resolve(undefined);
        }, TIMEOUT_MS);
        return;
      case 'verdict':
        clearTimeout(this.#timer);
        this.#resolve(message.verdict);
    }
  }

  async end(): Promise<void> {
    clearTimeout(this.#timer);
    await this.#worker.terminate();
  }
}
