/** Times runtimes against each other, by turns. */

import { summarize, type Summary } from './statistics.ts';

/** What is timed: one inference of a runtime. */
export interface Contestant {
  readonly name: string;
  readonly compute: () => void | Promise<void>;
}

/** Milliseconds an inference. */
export interface Timing {
  readonly name: string;
  /** Inferences between two readings of the clocks; a sample is their mean. */
  readonly batch: number;
  readonly cpu: Summary;
  readonly wall: Summary;
}

export interface MeasureOptions {
  /** CPU time in ms; wall time where there is no other. */
  readonly cpuTime: () => number;
  /** Samples of each contestant; of slow ones, fewer. */
  readonly iterations: number;
  /** Told after the warm-up of each contestant, and after each round. */
  readonly onProgress?: (done: number, total: number) => void;
  /** Milliseconds of CPU: shortest batch, warm-up, and how long the samples of a slow contestant may take. */
  readonly limits?: Limits;
}

export interface Limits {
  readonly batch: number;
  readonly warmUp: number;
  readonly total: number;
}

/** A batch is 5000 steps of the CPU clock. */
const DEFAULT_LIMITS: Limits = { batch: 5, warmUp: 1500, total: 8000 };
const MIN_WARM_UP_RUNS = 3;
const MIN_SAMPLES = 5;
/** Inferences shorter than this (ms) are run once, not timed, at the beginning of a turn: others had the caches. */
const REFILL_LIMIT = 100;

interface Entry extends Contestant {
  readonly batch: number;
  readonly refill: boolean;
  readonly samples: number;
  readonly cpu: number[];
  readonly wall: number[];
}

/**
 * Warm-up: each contestant until it has run three times and used 1.5 s of CPU. Then rounds, in each of which every
 * contestant has a turn; slow ones in some rounds only, evenly spread. A turn is one inference that fills the caches
 * and a batch of at least 5 ms that is timed.
 */
export async function measure(
  contestants: readonly Contestant[],
  { cpuTime, iterations, onProgress, limits = DEFAULT_LIMITS }: MeasureOptions,
): Promise<readonly Timing[]> {
  const entries: Entry[] = [];
  const total = contestants.length + iterations;
  for (const contestant of contestants) {
    const estimate = await warmUp(contestant, limits.warmUp, cpuTime);
    const batch = Math.max(1, Math.ceil(limits.batch / estimate));
    const affordable = Math.floor(limits.total / (batch * estimate));
    entries.push({
      ...contestant,
      batch,
      refill: estimate < REFILL_LIMIT,
      samples: Math.min(iterations, Math.max(MIN_SAMPLES, affordable)),
      cpu: [],
      wall: [],
    });
    onProgress?.(entries.length, total);
  }
  for (let round = 0; round < iterations; round++) {
    for (const entry of entries) {
      if (hasTurn(round, entry.samples, iterations)) await takeTurn(entry, cpuTime);
    }
    onProgress?.(contestants.length + round + 1, total);
  }
  return entries.map(({ name, batch, cpu, wall }) => ({
    name,
    batch,
    cpu: summarize(cpu),
    wall: summarize(wall),
  }));
}

/** Whether a contestant that takes part in `samples` of `rounds` rounds, evenly spread, does so in this one. */
export function hasTurn(round: number, samples: number, rounds: number): boolean {
  return Math.floor(((round + 1) * samples) / rounds) > Math.floor((round * samples) / rounds);
}

/** Returns the CPU time of an inference at the end, in ms. */
async function warmUp(
  { compute }: Contestant,
  milliseconds: number,
  cpuTime: () => number,
): Promise<number> {
  const start = cpuTime();
  let last = start;
  let duration = Infinity;
  for (let run = 0; run < MIN_WARM_UP_RUNS || last - start < milliseconds; run++) {
    await compute();
    const now = cpuTime();
    duration = Math.min(duration, now - last);
    last = now;
  }
  return Math.max(duration, 0.001);
}

async function takeTurn(
  { compute, batch, refill, cpu, wall }: Entry,
  cpuTime: () => number,
): Promise<void> {
  if (refill) await compute();
  const wallStart = performance.now();
  const cpuStart = cpuTime();
  for (let run = 0; run < batch; run++) await compute();
  cpu.push((cpuTime() - cpuStart) / batch);
  wall.push((performance.now() - wallStart) / batch);
}
