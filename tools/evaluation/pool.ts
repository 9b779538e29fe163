/** Runs models on photos in worker threads, and remembers every result by digests of photo and model. */

import { appendFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { FileError, messageOf } from '../errors.ts';
import { readBytes, sha256 } from '../files.ts';
import { encodeGraph } from '../formats/plumb.ts';
import type { Graph } from '../../reference/index.ts';
import type { ModelOutput, Task, TaskResult, WorkerInput } from './worker.ts';

export interface PoolOptions {
  readonly jobs: number;
  /** Folder that keeps results, so that an interrupted run goes on where it stopped; none keeps nothing. */
  readonly cache?: string | undefined;
  readonly onProgress?: (done: number, total: number) => void;
}

/**
 * The outputs of every model on every photo: `result[model][photo]`.
 *
 * @throws {FileError} for a photo that cannot be read
 */
export async function runModels(
  models: readonly Graph[],
  photos: readonly string[],
  options: PoolOptions,
): Promise<readonly (readonly ModelOutput[])[]> {
  const encoded = models.map((graph) => {
    const bytes = encodeGraph(graph);
    return { digest: sha256(bytes), bytes };
  });
  const caches = encoded.map(({ digest }) => new ResultCache(options.cache, digest));
  const photoDigests = new Map(photos.map((path) => [path, sha256(readBytes(path))]));
  const digestOf = (path: string): string => photoDigests.get(path) ?? '';
  const tasks: Task[] = [];
  for (const path of photos) {
    const digests = encoded
      .filter((_, i) => caches[i]?.get(digestOf(path)) === undefined)
      .map(({ digest }) => digest);
    if (digests.length > 0) tasks.push({ path, digests });
  }
  let done = photos.length - tasks.length;
  options.onProgress?.(done, photos.length);
  await runTasks({ models: encoded }, tasks, options.jobs, (result) => {
    encoded.forEach(({ digest }, i) => {
      const output = result.outputs[digest];
      if (output !== undefined) caches[i]?.set(digestOf(result.path), output);
    });
    options.onProgress?.(++done, photos.length);
  });
  return caches.map((cache) =>
    photos.map((path) => {
      const output = cache.get(digestOf(path));
      if (output === undefined) throw new Error(`Expected a result for ${path}`);
      return output;
    }),
  );
}

async function runTasks(
  input: WorkerInput,
  tasks: readonly Task[],
  jobs: number,
  onResult: (result: TaskResult) => void,
): Promise<void> {
  const queue = tasks.values();
  const one = async (): Promise<void> => {
    // The same file as source and as built JavaScript.
    const file = fileURLToPath(new URL(`./worker${extname(import.meta.url)}`, import.meta.url));
    const worker = new Worker(file, { workerData: input });
    try {
      for (const task of queue) {
        const result = await ask(worker, task);
        if (result.error !== undefined) throw new FileError(result.path, result.error);
        onResult(result);
      }
    } finally {
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

/** Results of one model, a line of JSON each, appended as they come. */
class ResultCache {
  readonly #path: string | undefined;
  readonly #results = new Map<string, ModelOutput>();

  constructor(folder: string | undefined, digest: string) {
    if (folder === undefined) return;
    try {
      mkdirSync(folder, { recursive: true });
    } catch (error) {
      throw new FileError(folder, `Expected a folder for results. ${messageOf(error)}`, {
        cause: error,
      });
    }
    this.#path = join(folder, `${digest}.jsonl`);
    if (!existsSync(this.#path)) return;
    for (const line of readFileSync(this.#path, 'utf8').split('\n')) this.#load(line);
  }

  get(photo: string): ModelOutput | undefined {
    return this.#results.get(photo);
  }

  set(photo: string, output: ModelOutput): void {
    this.#results.set(photo, output);
    if (this.#path !== undefined) {
      appendFileSync(this.#path, `${JSON.stringify({ photo, ...output })}\n`);
    }
  }

  /** A line that an interrupted run left half-written counts for nothing. */
  #load(line: string): void {
    try {
      const { photo, logits, probabilities } = JSON.parse(line) as ModelOutput & { photo: string };
      this.#results.set(photo, { logits, probabilities });
    } catch {
      // Computed again.
    }
  }
}
