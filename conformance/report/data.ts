/** What a conformance report tells: the results of several back ends, and what is known of the suite itself. */

import type { RunReport } from '../mutants/report.ts';
import type { OperatorCase } from '../operator-case.ts';
import type { PropertyResult } from '../suite.ts';
import type { Violation } from '../tolerances.ts';

export interface ReportData {
  /** When it was made, ISO 8601. */
  readonly created: string;
  /** Version of Plumbline. */
  readonly version: string;
  /** What computed the results: runtime, system, processor. */
  readonly platform: string;
  /** Cases drawn of each property. */
  readonly runs: number;
  readonly seed: number;
  readonly backends: readonly BackendReport[];
  /** How many bugs put into the kernels the suite finds. */
  readonly mutants?: MutationScore;
}

/** Texts that come from a back end may hold anything. */
export interface BackendReport {
  /** What it calls itself. */
  readonly name: string;
  /** What `--backend` was. */
  readonly argument: string;
  readonly results: readonly ReportResult[];
}

export interface ReportResult extends Omit<PropertyResult, 'failure' | 'coverage'> {
  /** How many of the compared cases had each category that such cases can have. */
  readonly coverage?: Readonly<Partial<Record<string, number>>>;
  readonly failure?: ReportFailure;
  /** Why there is no result: the back end did not come back. */
  readonly stopped?: string;
}

export interface ReportFailure {
  /** The smallest case found. */
  readonly failing: OperatorCase;
  /** What is wrong with it. */
  readonly text: string;
  readonly violation?: Violation;
  /** The whole output, in memory order, where the back end gives one. */
  readonly output?: {
    readonly shape: readonly number[];
    readonly expected: readonly number[];
    readonly found: readonly number[];
  };
  /** How the reference arrives at the element that differs, a line each step. */
  readonly explanation?: string;
  /** The case as a .case file, base64. */
  readonly file?: string;
}

export type MutationScore = Pick<
  RunReport,
  'variant' | 'seed' | 'sites' | 'mutations' | 'cases' | 'seconds' | 'total' | 'score' | 'kernels'
> & {
  readonly survivors: readonly {
    readonly kernels: readonly string[];
    readonly context: readonly string[];
  }[];
};

export type Verdict = 'equal' | 'differs' | 'not run' | 'no answer';

/** In the order of legends and bars. */
export const verdicts = [
  'equal',
  'differs',
  'no answer',
  'not run',
] as const satisfies readonly Verdict[];

export function verdictOf({ compared, failure, stopped }: ReportResult): Verdict {
  if (stopped !== undefined) return 'no answer';
  if (failure !== undefined) return 'differs';
  return compared > 0 ? 'equal' : 'not run';
}

/** Whether a back end holds: something was compared, and all that was is equal. */
export function isMet({ results }: BackendReport): boolean {
  const found = results.map(verdictOf);
  return found.includes('equal') && !found.includes('differs') && !found.includes('no answer');
}

/** The rows of a table: what any back end has results of, in the suite's order. */
export interface PropertyKey extends Pick<ReportResult, 'kind' | 'precision' | 'mode'> {
  /** The mode, or else the precision. */
  readonly label: string;
}

export function propertiesOf({ backends }: ReportData): readonly PropertyKey[] {
  const keys = new Map<string, PropertyKey>();
  for (const { results } of backends) {
    for (const { kind, precision, mode } of results) {
      const label = mode ?? precision;
      keys.set(`${kind} ${label}`, {
        kind,
        precision,
        label,
        ...(mode === undefined ? {} : { mode }),
      });
    }
  }
  return [...keys.values()];
}

export function resultOf(backend: BackendReport, key: PropertyKey): ReportResult | undefined {
  return backend.results.find(
    ({ kind, precision, mode }) => kind === key.kind && (mode ?? precision) === key.label,
  );
}

/** Why a property has no verdict, or what is wrong. */
export function reasonOf({ failure, stopped, refusal }: ReportResult): string {
  return stopped ?? failure?.text ?? refusal ?? '';
}

/** Error of a counterexample as a fraction of its bound; Infinity where there is no number or no bound. */
export function failureShare({ violation }: ReportFailure): number {
  if (violation === undefined) return Infinity;
  const share = Math.abs(violation.found - violation.expected) / violation.bound;
  return Number.isNaN(share) ? Infinity : share;
}

/** A back end as tables head it: also what it was asked for by, where it calls itself otherwise. */
export function titleOf({ name, argument }: BackendReport): string {
  return name === argument ? name : `${name} (${argument})`;
}

/** The command that draws a property's cases again. */
export function replayCommand(
  { runs, seed }: Pick<ReportData, 'runs' | 'seed'>,
  { argument }: Pick<BackendReport, 'argument'>,
  { kind, precision }: Pick<ReportResult, 'kind' | 'precision'>,
): string {
  return `npx plumbline conformance --backend ${quoted(argument)} --operator ${kind} --precision ${precision} --runs ${String(runs)} --seed ${String(seed)}`;
}

/** For a POSIX shell. */
export function quoted(argument: string): string {
  return /^[\w./:@+][\w./:@+-]*$/.test(argument)
    ? argument
    : `'${argument.replaceAll("'", "'\\''")}'`;
}

/** Categories that a property's cases had, and those that they can have. */
export function coverageOf({ coverage = {} }: ReportResult): {
  readonly reached: number;
  readonly possible: number;
  readonly missing: readonly string[];
} {
  const entries = Object.entries(coverage);
  const missing = entries.filter(([, count]) => count === 0).map(([name]) => name);
  return { reached: entries.length - missing.length, possible: entries.length, missing };
}

export function sum(values: readonly number[]): number {
  return values.reduce((a, b) => a + b, 0);
}

/** A share of a bound, for a table. */
export function shareText(share: number): string {
  if (share === 0) return '0';
  if (!Number.isFinite(share)) return 'no bound';
  return share < 0.001 || share >= 1000 ? share.toExponential(1) : share.toPrecision(3);
}

export function secondsText(milliseconds: number): string {
  return `${(milliseconds / 1000).toFixed(milliseconds < 9950 ? 1 : 0)} s`;
}
