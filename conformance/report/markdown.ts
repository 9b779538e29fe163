/** A report as Markdown, for a pull request or a log: the verdicts, and what differs in full. */

import { isExact } from '../tolerances.ts';
import { caseLines, outputLines } from './counterexample.ts';
import {
  coverageOf,
  propertiesOf,
  replayCommand,
  resultOf,
  secondsText,
  shareText,
  sum,
  titleOf,
  verdictOf,
  verdicts,
  type BackendReport,
  type PropertyKey,
  type ReportData,
  type ReportResult,
} from './data.ts';
import { codeBlock, codeSpan } from './text.ts';

/** The summary. Equal data give equal bytes. */
export function renderMarkdown(data: ReportData): string {
  const parts = [
    '# Conformance to the Plumbline reference',
    `${String(data.runs)} cases of each property, seed ${String(data.seed)}. Plumbline ${codeSpan(data.version)}, ${codeSpan(data.platform)}, ${data.created}.`,
    summary(data),
    '## Verdicts',
    'Cases compared; of float32 sums also the largest error as a fraction of its bound.',
    matrix(data),
    ...counterexamples(data),
    ...refusals(data),
    ...mutation(data),
  ];
  return `${parts.join('\n\n')}\n`;
}

function table(rows: readonly (readonly string[])[]): string {
  const [heading = [], ...body] = rows;
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(heading), line(heading.map(() => '---')), ...body.map(line)].join('\n');
}

function summary({ backends }: ReportData): string {
  return table([
    ['back end', ...verdicts, 'cases compared', 'cases not run', 'categories reached', 'time'],
    ...backends.map((backend) => {
      const { results } = backend;
      const total = (of: (result: ReportResult) => number): number => sum(results.map(of));
      const covered = results.filter(({ compared }) => compared > 0).map(coverageOf);
      const reached = sum(covered.map((each) => each.reached));
      const possible = sum(covered.map((each) => each.possible));
      return [
        codeSpan(titleOf(backend)),
        ...verdicts.map((verdict) =>
          String(results.filter((r) => verdictOf(r) === verdict).length),
        ),
        String(total(({ compared }) => compared)),
        String(total(({ notRun }) => notRun)),
        possible === 0 ? '' : `${String(reached)} of ${String(possible)}`,
        secondsText(total(({ milliseconds }) => milliseconds)),
      ];
    }),
  ]);
}

function matrix(data: ReportData): string {
  return table([
    ['operator', 'precision', ...data.backends.map((backend) => codeSpan(titleOf(backend)))],
    ...propertiesOf(data).map((key) => [
      key.kind,
      key.label,
      ...data.backends.map((backend) => cell(backend, key)),
    ]),
  ]);
}

function cell(backend: BackendReport, key: PropertyKey): string {
  const result = resultOf(backend, key);
  if (result === undefined) return '';
  const verdict = verdictOf(result);
  const shown = verdict === 'differs' ? '**differs**' : verdict;
  const bounded = key.precision === 'float32' && !isExact(key.kind, 'float32');
  return [
    shown,
    ...(result.compared > 0 ? [String(result.compared)] : []),
    ...(result.compared > 0 && bounded ? [shareText(result.worst)] : []),
  ].join(', ');
}

function counterexamples(data: ReportData): readonly string[] {
  const found = data.backends.flatMap((backend) =>
    propertiesOf(data).flatMap((key) => {
      const result = resultOf(backend, key);
      const { failure, stopped } = result ?? {};
      const text = failure?.text ?? stopped;
      if (text === undefined) return [];
      return [
        `### ${codeSpan(titleOf(backend))}: ${key.kind} ${key.label}`,
        codeSpan(text),
        ...(failure === undefined
          ? []
          : [codeBlock([...caseLines(failure.failing), ...outputLines(failure)].join('\n'))]),
        codeSpan(replayCommand(data, backend, key)),
      ];
    }),
  );
  return found.length === 0 ? [] : ['## Counterexamples', ...found];
}

/** Why properties were not run: each reason once. */
function refusals({ backends }: ReportData): readonly string[] {
  const items = backends.flatMap((backend) => {
    const lacking = backend.results.filter((result) => verdictOf(result) === 'not run');
    const reasons = new Map<string, string[]>();
    for (const { refusal = '', kind, precision, mode } of lacking) {
      const names = reasons.get(refusal) ?? [];
      reasons.set(refusal, [...names, `${kind} ${mode ?? precision}`]);
    }
    return Array.from(
      reasons,
      ([reason, names]) =>
        `- ${codeSpan(titleOf(backend))}: ${codeSpan(reason)} (${names.join(', ')})`,
    );
  });
  return items.length === 0 ? [] : ['## Not run', items.join('\n')];
}

function mutation({ mutants }: ReportData): readonly string[] {
  if (mutants === undefined) return [];
  const { variant, total, score, cases, seed } = mutants;
  return [
    '## Bugs that the suite finds',
    `${(100 * score).toFixed(1)} % of ${String(total.mutants - total.equivalent)} changes to the compiled kernels (${variant}, seed ${String(seed)}, ${String(cases)} cases a kernel); ${String(total.survived)} not found.`,
  ];
}
