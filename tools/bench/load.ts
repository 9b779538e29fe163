/** Loading a Program into memory against running it, as the original experiment measured it. */

import { loadProgram, type FastPath } from '../../fastpath/runtime/index.ts';
import { cpuClock } from './clock.ts';
import { summarize, type Summary } from './statistics.ts';

export interface LoadTimes {
  /** `loadProgram` of compiled kernels: an instance, the check of the Program, its copy into the memory. CPU ms. */
  readonly load: Summary;
  /** One inference of a network that has been loaded and is warm. CPU ms. */
  readonly inference: Summary;
  /** Of the means: load / (load + inference). */
  readonly loadShare: number;
}

/** Loads and runs by turns, `iterations` times. `network` is `program` loaded, warm, and holds its inputs or any. */
export async function timeLoading(
  program: Uint8Array,
  kernels: WebAssembly.Module,
  network: FastPath,
  iterations: number,
): Promise<LoadTimes> {
  const load: number[] = [];
  const inference: number[] = [];
  for (let i = 0; i < iterations; i++) {
    const start = cpuClock.now();
    await loadProgram(program, kernels);
    const loaded = cpuClock.now();
    network.run();
    const refilled = cpuClock.now();
    network.run();
    load.push(loaded - start);
    inference.push(cpuClock.now() - refilled);
  }
  const times = { load: summarize(load), inference: summarize(inference) };
  return { ...times, loadShare: times.load.mean / (times.load.mean + times.inference.mean) };
}
