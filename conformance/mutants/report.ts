/** What a run of mutants says. */

import type { Variant } from '../../fastpath/runtime/variant.ts';
import { percent, table } from '../../tools/commands/context.ts';
import type { Kill, Verdict } from './case.ts';
import type { Proven } from './equivalence.ts';
import type { MutationClass } from './mutations.ts';
import type { Key } from './sites.ts';

export interface MutantReport {
  /** The exports that reach the function. */
  readonly kernels: readonly string[];
  /** Index of the function in the module. */
  readonly function: number;
  readonly class: MutationClass;
  readonly key: Key;
  readonly verdict: Verdict;
  readonly proven?: Proven;
  /** Instructions around it, of those that survived. */
  readonly context?: readonly string[];
}

export interface Counts extends Record<Kill, number> {
  readonly mutants: number;
  /** Of the survivors: proven to be the same, and the others. */
  readonly equivalent: number;
  readonly survived: number;
}

export interface RunReport {
  /** Of the kernels. */
  readonly variant: Variant;
  readonly seed: number;
  /** Of which the mutants were drawn. */
  readonly sites: number;
  readonly mutations: number;
  /** Cases of each kernel. */
  readonly cases: number;
  readonly seconds: number;
  readonly total: Counts;
  /** Killed, of those not proven equivalent. */
  readonly score: number;
  readonly kernels: Readonly<Record<string, Counts>>;
  readonly survivors: readonly MutantReport[];
  /** Killed, although a proof says that none can be. */
  readonly refuted: readonly MutantReport[];
}

/** The name of a function: its exports, or those that call it. */
export function labelOf(kernels: readonly string[]): string {
  const [first = '', ...others] = kernels;
  return others.length === 0 ? first : `${first} and ${String(others.length)} more`;
}

export function countsOf(reports: readonly MutantReport[]): Counts {
  const of = (verdict: Verdict): number => reports.filter((r) => r.verdict === verdict).length;
  const equivalent = reports.filter(isEquivalent).length;
  return {
    mutants: reports.length,
    wrong: of('wrong'),
    trap: of('trap'),
    timeout: of('timeout'),
    guard: of('guard'),
    equivalent,
    survived: of('survived') - equivalent,
  };
}

function isEquivalent({ verdict, proven }: MutantReport): boolean {
  return verdict === 'survived' && proven !== undefined;
}

export function runReport(
  reports: readonly MutantReport[],
  run: Pick<RunReport, 'variant' | 'seed' | 'sites' | 'mutations' | 'cases' | 'seconds'>,
): RunReport {
  const total = countsOf(reports);
  const labels = [...new Set(reports.map(({ kernels }) => labelOf(kernels)))];
  const counted = total.mutants - total.equivalent;
  return {
    ...run,
    total,
    score: counted === 0 ? 1 : (counted - total.survived) / counted,
    kernels: Object.fromEntries(
      labels.map((label) => [
        label,
        countsOf(reports.filter(({ kernels }) => labelOf(kernels) === label)),
      ]),
    ),
    survivors: reports.filter(
      ({ verdict, proven }) => verdict === 'survived' && proven === undefined,
    ),
    refuted: reports.filter(
      ({ verdict, proven }) => verdict !== 'survived' && proven !== undefined,
    ),
  };
}

const COLUMNS = ['mutants', 'wrong', 'trap', 'timeout', 'guard', 'equivalent', 'survived'] as const;

/** Of the longest bar. */
const BAR_CHARACTERS = 40;

/** A kernel's mutants as a bar, of which `most` are the longest; what is not found always shows. */
export function barOf({ mutants, equivalent, survived }: Counts, most: number): string {
  const length = (count: number): number => (BAR_CHARACTERS * count) / most;
  return [
    '█'.repeat(Math.round(length(mutants - equivalent - survived))),
    '░'.repeat(Math.round(length(equivalent))),
    '×'.repeat(Math.ceil(length(survived))),
  ].join('');
}

export function formatReport(report: RunReport): string {
  const row = (label: string, counts: Counts, bar: string): readonly string[] => [
    label,
    ...COLUMNS.map((column) => String(counts[column])),
    bar,
  ];
  const kernels = Object.entries(report.kernels);
  const most = Math.max(1, ...kernels.map(([, counts]) => counts.mutants));
  const rows = kernels.map(([label, counts]) => row(label, counts, barOf(counts, most)));
  const { variant, seed, sites, mutations, cases, seconds, total, score } = report;
  return [
    table([
      ['kernel', ...COLUMNS, 'found █ equivalent ░ survived ×'],
      ...rows,
      row('all', total, ''),
    ]),
    ...report.survivors.map((survivor) => `Survived: ${formatMutant(survivor)}`),
    ...report.refuted.map((refuted) => `Killed, but proven equivalent: ${formatMutant(refuted)}`),
    `Variant ${variant}, seed ${String(seed)}: ${String(total.mutants)} mutants of ${String(mutations)} at ${String(sites)} sites, ${String(cases)} cases a kernel, ${seconds.toFixed(0)} s`,
    `Killed ${percent(score)} of the ${String(total.mutants - total.equivalent)} not proven equivalent`,
  ].join('\n\n');
}

function formatMutant({
  kernels,
  key,
  verdict,
  context = [],
  proven,
  ...rest
}: MutantReport): string {
  const where = `${labelOf(kernels)}, function ${String(rest.function)} (${verdict})`;
  const names = kernels.length > 4 ? `${kernels.slice(0, 4).join(' ')} ...` : kernels.join(' ');
  return [
    where,
    `  '${names} | ${key.pattern} #${key.place}',`,
    ...(proven === undefined ? [] : [`  ${proven.line}`]),
    ...context.map((line) => `    ${line}`),
  ].join('\n');
}
