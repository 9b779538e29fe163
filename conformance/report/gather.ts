/** Runs the suite on several back ends, each in a thread of its own. */

import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { OperatorKind, PrecisionName } from '../../reference/index.ts';
import { FileError } from '../../tools/errors.ts';
import { operatorProperties } from '../properties.ts';
import type { BackendReport, ReportResult } from './data.ts';
import type { Message, Work } from './worker.ts';

export interface GatherOptions {
  /** Cases of each property, and what they follow from. */
  readonly runs: number;
  readonly seed: number;
  /** Absent: all. */
  readonly operators?: readonly OperatorKind[];
  readonly precisions?: readonly PrecisionName[];
  /** How long a property may take, after which the back end is ended and goes on with the next. */
  readonly limitMilliseconds: number;
  /** Called before each property, and with `done` equal to `total` at the end. */
  readonly onProgress?: (done: number, total: number) => void;
}

/**
 * What the suite finds of a back end.
 *
 * @throws {FileError} for a back end that cannot be used
 */
export async function gather(argument: string, options: GatherOptions): Promise<BackendReport> {
  const { operators, precisions, onProgress } = options;
  let left = operatorProperties.flatMap(({ kind, precision }, position) =>
    (operators?.includes(kind) ?? true) && (precisions?.includes(precision) ?? true)
      ? [position]
      : [],
  );
  const total = left.length;
  const results: ReportResult[] = [];
  let name = argument;
  while (left.length > 0) {
    const found = await runThread({ argument, properties: left, ...options }, options, (done) => {
      onProgress?.(results.length + done, total);
    });
    name = found.name ?? name;
    results.push(...found.results);
    left = left.slice(found.results.length);
  }
  onProgress?.(total, total);
  return { name, argument, results };
}

interface ThreadResult {
  readonly name?: string;
  /** Of the first properties; the last of them may be the one that ended the thread. */
  readonly results: readonly ReportResult[];
}

function runThread(
  { argument, properties, runs, seed }: Work,
  { limitMilliseconds }: Pick<GatherOptions, 'limitMilliseconds'>,
  onDone: (done: number) => void,
): Promise<ThreadResult> {
  const work: Work = { argument, properties, runs, seed };
  const worker = new Worker(new URL(`./worker${extname(import.meta.url)}`, import.meta.url), {
    workerData: work,
  });
  return new Promise((resolve, reject) => {
    const results: ReportResult[] = [];
    let name: string | undefined;
    let started = performance.now();
    let timer: NodeJS.Timeout | undefined;
    const end = (): void => {
      clearTimeout(timer);
      void worker.terminate();
      resolve(name === undefined ? { results } : { name, results });
    };
    const stop = (text: string): void => {
      const property = properties[results.length];
      if (property === undefined) return;
      results.push(stoppedResult(property, text, performance.now() - started));
      end();
    };
    const allow = (): void => {
      started = performance.now();
      clearTimeout(timer);
      timer = setTimeout(() => {
        stop(`Expected results within ${String(limitMilliseconds / 1000)} s but found none`);
      }, limitMilliseconds);
    };
    allow();
    worker.on('message', (message: Message) => {
      switch (message.type) {
        case 'unusable':
          clearTimeout(timer);
          void worker.terminate();
          reject(new FileError(argument, message.text));
          return;
        case 'loaded':
          ({ name } = message);
          return;
        case 'started':
          onDone(results.length);
          allow();
          return;
        case 'result':
          results.push(message.result);
          if (results.length === properties.length) end();
      }
    });
    worker.on('error', (error) => {
      stop(`Expected the back end to go on but it broke off: ${String(error)}`);
    });
    worker.on('exit', () => {
      stop('Expected the back end to go on but its thread ended');
    });
  });
}

function stoppedResult(position: number, stopped: string, milliseconds: number): ReportResult {
  const property = operatorProperties[position];
  if (property === undefined) throw new Error(`Expected property ${String(position)}`);
  const { kind, precision, mode } = property;
  return {
    kind,
    precision,
    ...(mode === undefined ? {} : { mode }),
    compared: 0,
    notRun: 0,
    uncompared: 0,
    worst: 0,
    milliseconds,
    stopped,
  };
}
