/** Cold starts, each in a process of its own. */

import { execFile } from 'node:child_process';
import { extname } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { summarize, type Summary } from './statistics.ts';

/** Wall milliseconds of the stages, in order; compiled models, which load nothing, and other runtimes tell fewer. */
export type ColdStage = (typeof coldStages)[number];

const coldStages = ['compile', 'selfTest', 'instantiate', 'load', 'firstInference'] as const;

export interface ColdTimes {
  readonly stages: Partial<Readonly<Record<ColdStage, Summary>>>;
  /** From the bytes of module and model in memory to the first result. */
  readonly total: Summary;
}

/** One start: milliseconds by stage, and `total`. */
export type ColdStart = Readonly<Record<string, number>>;

const TIMEOUT_MILLISECONDS = 60_000;
const run = promisify(execFile);

const scriptNamed = (name: string): string =>
  fileURLToPath(new URL(`./${name}${extname(import.meta.url)}`, import.meta.url));

/** The script that starts ours. */
export const ownScript = scriptNamed('cold-process');
/** The one that starts a model compiled to one module. */
export const moduleScript = scriptNamed('cold-module');

/**
 * Starts a script in a new process of this Node.
 *
 * @throws {Error} where it fails
 */
export async function startCold(script: string, args: readonly string[]): Promise<ColdStart> {
  const { stdout } = await run(process.execPath, [script, ...args], {
    encoding: 'utf8',
    timeout: TIMEOUT_MILLISECONDS,
  });
  return JSON.parse(stdout) as ColdStart;
}

export function summarizeStarts(starts: readonly ColdStart[]): ColdTimes {
  const of = (stage: string): Summary => summarize(starts.map((start) => start[stage] ?? NaN));
  const stages = coldStages.filter((stage) => starts.every((start) => Object.hasOwn(start, stage)));
  return {
    stages: Object.fromEntries(stages.map((stage) => [stage, of(stage)])),
    total: of('total'),
  };
}
