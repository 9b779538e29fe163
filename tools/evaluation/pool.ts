/** Runs models on photos in worker threads. */

import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { elementCount, type Graph } from '../../reference/index.ts';
import { FileError } from '../errors.ts';
import { readBytes, sha256 } from '../files.ts';
import { encodeGraph } from '../formats/plumb.ts';
import { withLogits } from './outputs.ts';
import { ResultCache, type OutputCounts } from './results.ts';
import type { ModelOutput, Task, TaskResult, WorkerInput } from './worker.ts';

export interface PoolOptions {
  readonly jobs: number;
  /** Folder that keeps results, so that an interrupted run goes on where it stopped; none keeps nothing. */
  readonly cache?: string | undefined;
  readonly onProgress?: (done: number, total: number) => void;
}

/**
 * The outputs of every model on every photo: `result[model][photo]`. The same model, or the same photo, given twice is
 * run once.
 *
 * @throws {FileError} for a photo that cannot be read, or a cache that cannot be used
 */
export async function runModels(
  models: readonly Graph[],
  photos: readonly string[],
  options: PoolOptions,
): Promise<readonly (readonly ModelOutput[])[]> {
  const encoded = models.map((graph) => {
    const bytes = encodeGraph(graph);
    return { digest: sha256(bytes), bytes, counts: outputCounts(graph) };
  });
  const distinct = new Map(encoded.map((model) => [model.digest, model]));
  const caches = new Map(
    Array.from(distinct, ([digest, { counts }]) => [
      digest,
      new ResultCache(options.cache, digest, counts),
    ]),
  );
  const photoDigests = new Map(photos.map((path) => [path, sha256(readBytes(path))]));
  const digestOf = (path: string): string => photoDigests.get(path) ?? '';
  const tasks = new Map<string, Task>();
  for (const path of photos) {
    const digests = [...caches.keys()].filter(
      (digest) => caches.get(digest)?.get(digestOf(path)) === undefined,
    );
    if (digests.length > 0) tasks.set(digestOf(path), { path, digests });
  }
  const total = new Set(photoDigests.values()).size;
  let done = total - tasks.size;
  options.onProgress?.(done, total);
  const input = { models: [...distinct.values()] };
  await runTasks(input, [...tasks.values()], options.jobs, ({ path, outputs }) => {
    for (const [digest, output] of Object.entries(outputs)) {
      caches.get(digest)?.set(digestOf(path), output);
    }
    options.onProgress?.(++done, total);
  });
  return encoded.map(({ digest }) =>
    photos.map((path) => {
      const output = caches.get(digest)?.get(digestOf(path));
      if (output === undefined) throw new Error(`Expected a result for ${path}`);
      return output;
    }),
  );
}

function outputCounts(graph: Graph): OutputCounts {
  const [probabilities = 0, logits = 0] = withLogits(graph).outputs.map((index) =>
    elementCount(graph.tensors[index]?.shape ?? []),
  );
  return { logits, probabilities };
}

async function runTasks(
  input: WorkerInput,
  tasks: readonly Task[],
  jobs: number,
  onResult: (result: TaskResult) => void,
): Promise<void> {
  const queue = [...tasks].reverse();
  const one = async (): Promise<void> => {
    // The same file as source and as built JavaScript.
    const file = fileURLToPath(new URL(`./worker${extname(import.meta.url)}`, import.meta.url));
    const worker = new Worker(file, { workerData: input });
    try {
      for (let task = queue.pop(); task !== undefined; task = queue.pop()) {
        const result = await ask(worker, task);
        if (result.error !== undefined) throw new FileError(result.path, result.error);
        onResult(result);
      }
    } finally {
      // After an error the other workers stop too.
      queue.length = 0;
      await worker.terminate();
    }
  };
  await Promise.all(Array.from({ length: Math.min(jobs, tasks.length) }, one));
}

function ask(worker: Worker, task: Task): Promise<TaskResult> {
  return new Promise((resolve, reject) => {
    worker.once('error', reject);
    worker.once('message', (result: TaskResult) => {
      worker.off('error', reject);
      resolve(result);
    });
    worker.postMessage(task);
  });
}
