/** What bench/soak-worker.ts tells of the wasm memories of its isolate. */

import { bundleWorker } from '../make/bundle.ts';
import { exchange } from './exchange.ts';
import { startRuntime, type Runtime } from './workerd.ts';

export interface MemoriesAlive {
  /** Instances so far. */
  readonly made: number;
  /** Memories that are not collected, and their bytes. */
  readonly alive: number;
  readonly bytes: number;
}

/** The Worker with these routes, on the runtime alone. */
export async function startCounting(): Promise<Runtime> {
  return startRuntime(await bundleWorker('bench/soak-worker.ts'), '/v2/health/live', [
    '--expose-gc',
  ]);
}

/** Those that are not collected yet. */
export async function memoriesAlive({ url }: Runtime): Promise<MemoriesAlive> {
  return JSON.parse((await exchange(`${url}/alive`)).text) as MemoriesAlive;
}

/** Those that remain when all that is unreachable is collected. */
export async function collect({ url }: Runtime): Promise<MemoriesAlive> {
  return JSON.parse((await exchange(`${url}/collect`)).text) as MemoriesAlive;
}

/** What the Worker says to hold in models, decoders and work under way, in bytes. */
export async function bytesHeld({ url }: Runtime): Promise<number> {
  const { text } = await exchange(`${url}/metrics`);
  return Number(/^plumbline_work_bytes (\d+)$/m.exec(text)?.[1]);
}
