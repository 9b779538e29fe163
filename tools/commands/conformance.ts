/** `plumbline conformance`: holds a back end to the reference, operator by operator. */

import { mkdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import process from 'node:process';
import type { Command } from 'commander';
import { bisectNetwork, type Bisection } from '../../conformance/counterexample/bisect.ts';
import {
  decodeCase,
  encodeCase,
  type StoredCase,
} from '../../conformance/counterexample/case-file.ts';
import { explainElement, explanationText } from '../../conformance/counterexample/explain.ts';
import { shrinkValues } from '../../conformance/counterexample/shrink-values.ts';
import {
  coverageOf,
  failureShare,
  isMet,
  shareText,
  sum,
  verdictOf,
  type BackendReport,
  type ReportResult,
} from '../../conformance/report/data.ts';
import { gather } from '../../conformance/report/gather.ts';
import { judge, judgeNetwork, type Judgement } from '../../conformance/suite.ts';
import type { Backend } from '../../golden/backend.ts';
import { goldenInputs } from '../../golden/inputs.ts';
import type { Graph } from '../../reference/index.ts';
import { backendNames, loadBackend } from '../backends.ts';
import { UsageError } from '../errors.ts';
import { readBytes, writeBytes } from '../files.ts';
import { checkTakesPhotos, isEmbedded, loadModel, precisionNames } from '../models.ts';
import {
  nonNegativeInteger,
  positiveInteger,
  print,
  printJson,
  Progress,
  table,
  withSuiteOptions,
  type SuiteFlags,
} from './context.ts';
import { registerConformanceReport } from './conformance-report.ts';

interface ConformanceFlags extends SuiteFlags {
  readonly backend: string;
  readonly limit: number;
  readonly cases: string;
  readonly replay?: string;
  readonly explain?: string;
  readonly element?: number;
  readonly model?: string;
  readonly json?: boolean;
}

export function registerConformance(program: Command): void {
  const command = program.command('conformance');
  withSuiteOptions(
    command
      .summary('hold a back end to the reference')
      .description(
        'Draws cases of every operator and precision, runs them on a back end and on the reference, and compares: every bit of\nintegers, derived bounds of float32. What differs is made small and written as a .case file. The status is 2 where a\ncase differs, a property has no answer, or nothing was compared.',
      )
      .option(
        '--backend <name>',
        `${backendNames().join(', ')}, or a module (./mine.ts)`,
        'fastpath',
      ),
  )
    .option(
      '--limit <s>',
      'seconds that the back end may take for a property',
      positiveInteger,
      600,
    )
    .option('--cases <folder>', 'where .case files are written', 'conformance-cases')
    .option('--replay <file>', 'run one .case file again')
    .option('--explain <file>', 'say step by step how one element of a .case file comes about')
    .option(
      '--element <n>',
      'which one, in memory order (default: the first that differs)',
      nonNegativeInteger,
    )
    .option(
      '--model <model>',
      'hold a whole network to the reference: large, small or a .plumb file',
    )
    .option('--json', 'print the result as JSON')
    .action(conformance);
  registerConformanceReport(command);
}

async function conformance(flags: ConformanceFlags): Promise<void> {
  if (flags.explain !== undefined) {
    explain(flags.explain, flags);
    return;
  }
  if (flags.replay !== undefined) {
    await replay(flags.replay, await loadBackend(flags.backend), flags.json === true);
    return;
  }
  if (flags.model !== undefined) {
    await checkModel(flags.model, await loadBackend(flags.backend), flags);
    return;
  }
  await checkOperators(flags);
}

/** Holds a back end to the reference operator by operator, in a thread that is ended where it does not come back. */
async function checkOperators(flags: ConformanceFlags): Promise<void> {
  const { backend, runs, seed, limit, operator, precision, cases, json } = flags;
  const progress = new Progress(`Checking ${backend}`);
  const report = await gather(backend, {
    runs,
    seed,
    limitMilliseconds: limit * 1000,
    ...(operator === undefined ? {} : { operators: operator }),
    ...(precision === undefined ? {} : { precisions: precision }),
    onProgress: (done, total) => {
      progress.update(done, total);
    },
  });
  progress.end();
  const files = report.results.map((result) => writeCase(result, seed, cases));
  if (!isMet(report)) process.exitCode = 2;
  if (json === true) printJson(summaryOf(report, { runs, seed }, files));
  else print(format(report, { runs, seed }, files));
}

/** Writes the case of a failure and returns its path. */
function writeCase(
  { kind, precision, mode = precision, failure }: ReportResult,
  seed: number,
  folder: string,
): string | undefined {
  if (failure?.file === undefined) return undefined;
  const path = join(folder, `${kind}-${mode.replaceAll(' ', '-')}-${String(seed)}.case`);
  mkdirSync(folder, { recursive: true });
  writeBytes(path, Buffer.from(failure.file, 'base64'));
  return path;
}

async function replay(path: string, backend: Backend, json: boolean): Promise<void> {
  const stored = decodeCase(path, readBytes(path));
  const judged =
    stored.type === 'operator'
      ? await judge(stored.drawn, backend)
      : await judgeNetwork(stored.graph, stored.inputs, backend);
  if (judged.verdict === 'different') process.exitCode = 2;
  const text = textOf(judged);
  if (json) printJson({ file: path, backend: backend.name, ...judged });
  else print(`${path} on ${backend.name}: ${text}`);
}

function textOf(judged: Judgement): string {
  if ('text' in judged) return `${judged.verdict}: ${judged.text}`;
  return judged.verdict === 'equal' ? `equal${errorText(judged.worst)}` : judged.verdict;
}

function errorText(worst: number): string {
  return worst === 0 ? '' : `, largest error ${shareText(worst)} of its bound`;
}

function explain(path: string, { element, json }: ConformanceFlags): void {
  const stored = decodeCase(path, readBytes(path));
  if (stored.type === 'network') {
    throw new UsageError(`${path}: Expected a case of one operator but found a network`);
  }
  const { drawn, violation } = stored;
  const index = element ?? violation?.index ?? 0;
  const found = index === violation?.index ? violation.found : undefined;
  const explanation = explainElement(drawn, index, found);
  if (json === true) printJson(explanation);
  else print(explanationText(explanation));
}

/** Holds a back end to the reference on a whole network's golden inputs, to the first that differs. */
async function checkModel(
  model: string,
  backend: Backend,
  { precision, cases, json }: ConformanceFlags,
): Promise<void> {
  const results = [];
  for (const each of precision ?? (isEmbedded(model) ? precisionNames : [undefined])) {
    const graph = loadModel({ model, ...(each === undefined ? {} : { precision: each }) });
    checkTakesPhotos(model, graph);
    const label = `${basename(model, '.plumb')}-${graph.precision}`;
    results.push(await checkNetwork(label, graph, backend, cases));
  }
  if (results.some(({ equal }) => !equal)) process.exitCode = 2;
  if (json === true) printJson({ backend: backend.name, results });
  else for (const { label, text } of results) print(`${label} on ${backend.name}: ${text}`);
}

interface NetworkResult {
  readonly label: string;
  readonly equal: boolean;
  /** Largest error of the inputs that are equal, as a fraction of its bound. */
  readonly worst: number;
  readonly text: string;
}

async function checkNetwork(
  label: string,
  graph: Graph,
  backend: Backend,
  folder: string,
): Promise<NetworkResult> {
  let worst = 0;
  for (const { name, make } of goldenInputs) {
    const input = await make(graph);
    const judged = await judgeNetwork(graph, [input], backend);
    if (judged.verdict === 'equal') {
      worst = Math.max(worst, judged.worst);
      continue;
    }
    if (judged.verdict !== 'different' || judged.violation === undefined) {
      return { label, equal: false, worst, text: `input "${name}": ${textOf(judged)}` };
    }
    const bisection = await bisectNetwork(graph, [input], backend);
    const found = await smallestOf(bisection, backend);
    const path = join(folder, `${label}.case`);
    mkdirSync(folder, { recursive: true });
    writeBytes(
      path,
      encodeCase(
        found ?? {
          type: 'network',
          backend: backend.name,
          graph,
          inputs: [input],
          violation: judged.violation,
        },
      ),
    );
    return { label, equal: false, worst, text: `input "${name}": ${bisection.text}\n  ${path}` };
  }
  const text = `equal on ${String(goldenInputs.length)} inputs${errorText(worst)}`;
  return { label, equal: true, worst, text };
}

/** The operator that a bisection has cut out, with small values; none where it is wrong within the network only. */
async function smallestOf(bisection: Bisection, backend: Backend): Promise<StoredCase | undefined> {
  if (bisection.outcome !== 'operator') return undefined;
  const { smallest: drawn } = await shrinkValues(
    bisection.drawn,
    async (candidate) => (await judge(candidate, backend)).verdict === 'different',
  );
  const judged = await judge(drawn, backend);
  if (judged.verdict !== 'different' || judged.violation === undefined) return undefined;
  const { index, expected, found, bound } = judged.violation;
  return {
    type: 'operator',
    backend: backend.name,
    drawn,
    violation: { index, expected, found, bound },
  };
}

type Draw = Pick<SuiteFlags, 'runs' | 'seed'>;

function summaryOf(
  { name, results }: BackendReport,
  { runs, seed }: Draw,
  files: readonly (string | undefined)[],
): object {
  return {
    backend: name,
    seed,
    runs,
    results: results.map(({ failure, ...result }, i) => ({
      ...result,
      ...(failure === undefined ? {} : { failure: failure.text, case: files[i] }),
    })),
  };
}

function format(
  { name, results }: BackendReport,
  { runs, seed }: Draw,
  files: readonly (string | undefined)[],
): string {
  const rows = results.map((result) => {
    const { reached, possible } = coverageOf(result);
    return [
      result.kind,
      result.mode ?? result.precision,
      verdictOf(result) === 'differs' ? 'DIFFERS' : verdictOf(result),
      String(result.compared),
      String(result.notRun),
      worstOf(result),
      `${String(reached)} of ${String(possible)}`,
      `${(result.milliseconds / 1000).toFixed(1)} s`,
    ];
  });
  const problems = results.flatMap(({ kind, precision, mode = precision, failure, stopped }, i) => {
    if (failure !== undefined) return [`${kind} ${mode}: ${failure.text}\n  ${files[i] ?? ''}`];
    return stopped === undefined ? [] : [`${kind} ${mode}: ${stopped}`];
  });
  const compared = sum(results.map((result) => result.compared));
  return [
    table([
      [
        'operator',
        'precision',
        'verdict',
        'compared',
        'not run',
        'worst of bound',
        'categories',
        'time',
      ],
      ...rows,
    ]),
    `${name}, seed ${String(seed)}, ${String(runs)} cases of each`,
    ...refusals(results),
    ...problems,
    ...(compared === 0 && problems.length === 0 ? ['Nothing was compared.'] : []),
  ].join('\n');
}

/** The largest error as a fraction of its bound, of the counterexample too where it has a bound. */
function worstOf({ worst, failure }: ReportResult): string {
  if (failure === undefined) return worst.toFixed(3);
  const share = failureShare(failure);
  return Number.isFinite(share) ? share.toFixed(3) : '-';
}

/** Why properties were not run: each reason once. */
function refusals(results: readonly ReportResult[]): readonly string[] {
  const reasons = new Map<string, number>();
  for (const result of results) {
    if (verdictOf(result) !== 'not run') continue;
    const { refusal = 'no valid case was drawn' } = result;
    reasons.set(refusal, (reasons.get(refusal) ?? 0) + 1);
  }
  return Array.from(reasons, ([reason, count]) => `not run (${String(count)}): ${reason}`);
}
