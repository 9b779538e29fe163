/** `plumbline conformance`: holds a back end to the reference, operator by operator. */

import { existsSync, mkdirSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import process from 'node:process';
import { pathToFileURL } from 'node:url';
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
  judge,
  judgeNetwork,
  runSuite,
  type PropertyResult,
  type SuiteReport,
} from '../../conformance/suite.ts';
import type { Backend } from '../../golden/backend.ts';
import { backends } from '../../golden/backends.ts';
import { goldenInputs } from '../../golden/inputs.ts';
import type { Graph } from '../../reference/index.ts';
import { FileError, messageOf, UsageError } from '../errors.ts';
import { readBytes, writeBytes } from '../files.ts';
import { checkTakesPhotos, isEmbedded, loadModel, packagePath, precisionNames } from '../models.ts';
import {
  nonNegativeInteger,
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
        'Draws cases of every operator and precision, runs them on a back end and on the reference, and compares: every bit of\nintegers, derived bounds of float32. What differs is made small and written as a .case file; the status is then 2.',
      )
      .option('--backend <name>', `${backendNames}, or a module (./mine.ts)`, 'fastpath'),
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
  registerConformanceReport(command, Object.keys(peers));
}

async function conformance(flags: ConformanceFlags): Promise<void> {
  const backend = await loadBackend(flags.backend);
  if (flags.replay !== undefined) {
    await replay(flags.replay, backend, flags.json === true);
    return;
  }
  if (flags.explain !== undefined) {
    explain(flags.explain, flags);
    return;
  }
  if (flags.model !== undefined) {
    await checkModel(flags.model, backend, flags);
    return;
  }
  const progress = new Progress(`Checking ${backend.name}`);
  const report = await runSuite(backend, {
    runs: flags.runs,
    seed: flags.seed,
    ...(flags.operator === undefined ? {} : { operators: flags.operator }),
    ...(flags.precision === undefined ? {} : { precisions: flags.precision }),
    onProperty: (_property, position, count) => {
      progress.update(position, count);
    },
  });
  progress.end();
  const files = report.results.map((result) => writeCase(report, result, flags.cases));
  const failed = report.results.some(({ failure }) => failure !== undefined);
  if (failed) process.exitCode = 2;
  if (flags.json === true) printJson(summaryOf(report, files));
  else print(format(report, files));
}

/** The outside runtimes of tools/peers: module and export. */
const peers: Readonly<Record<string, readonly [module: string, name: string]>> = {
  'onnxruntime-web': ['onnxruntime.ts', 'onnxruntimeBackend'],
  'tfjs-cpu': ['tfjs.ts', 'tfjsCpuBackend'],
  'tfjs-wasm': ['tfjs.ts', 'tfjsWasmBackend'],
  'litert-simd': ['litert.ts', 'litertSimdBackend'],
  'litert-relaxed': ['litert.ts', 'litertRelaxedBackend'],
};

const backendNames = [...Object.keys(backends), ...Object.keys(peers)].join(', ');

/** A back end by name, or the default export of a module. */
export async function loadBackend(name: string): Promise<Backend> {
  const known = backends[name];
  if (known !== undefined) return known;
  const [peer, exported] = peers[name] ?? [undefined, 'default'];
  const path = peer === undefined ? resolve(name) : packagePath('tools', 'peers', peer);
  if (!existsSync(path)) {
    throw new UsageError(`Expected --backend ${backendNames} or a module but found ${name}`);
  }
  let loaded: unknown;
  try {
    loaded = await import(pathToFileURL(path).href);
  } catch (error) {
    const hint = peer === undefined ? '' : ' (npm ci in tools/peers installs what it needs)';
    throw new FileError(name, `Expected a module that loads. ${messageOf(error)}${hint}`, {
      cause: error,
    });
  }
  const backend = (loaded as Readonly<Record<string, unknown>>)[exported];
  if (!isBackend(backend)) {
    throw new FileError(name, `Expected an export ${exported}: { name, prepare } but found none`);
  }
  return backend;
}

function isBackend(value: unknown): value is Backend {
  return (
    typeof value === 'object' &&
    value !== null &&
    'name' in value &&
    typeof value.name === 'string' &&
    'prepare' in value &&
    typeof value.prepare === 'function'
  );
}

/** Writes the case of a failure and returns its path. */
function writeCase(
  { backend, seed }: SuiteReport,
  { kind, precision, mode = precision, failure }: PropertyResult,
  folder: string,
): string | undefined {
  if (failure === undefined) return undefined;
  const { failing, violation } = failure;
  const path = join(folder, `${kind}-${mode.replaceAll(' ', '-')}-${String(seed)}.case`);
  mkdirSync(folder, { recursive: true });
  writeBytes(
    path,
    encodeCase({
      type: 'operator',
      backend,
      seed,
      drawn: failing,
      ...(violation === undefined ? {} : { violation }),
    }),
  );
  return path;
}

async function replay(path: string, backend: Backend, json: boolean): Promise<void> {
  const stored = decodeCase(path, readBytes(path));
  const judged =
    stored.type === 'operator'
      ? await judge(stored.drawn, backend)
      : await judgeNetwork(stored.graph, stored.inputs, backend);
  if (judged.verdict === 'different') process.exitCode = 2;
  const text = 'text' in judged ? `${judged.verdict}: ${judged.text}` : judged.verdict;
  if (json) printJson({ file: path, backend: backend.name, ...judged });
  else print(`${path} on ${backend.name}: ${text}`);
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

async function checkNetwork(
  label: string,
  graph: Graph,
  backend: Backend,
  folder: string,
): Promise<{ readonly label: string; readonly equal: boolean; readonly text: string }> {
  for (const { name, make } of goldenInputs) {
    const input = await make(graph);
    const judged = await judgeNetwork(graph, [input], backend);
    if (judged.verdict === 'equal') continue;
    const text = 'text' in judged ? judged.text : judged.verdict;
    if (judged.verdict !== 'different' || judged.violation === undefined) {
      return { label, equal: false, text: `input "${name}": ${text}` };
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
    return { label, equal: false, text: `input "${name}": ${bisection.text}\n  ${path}` };
  }
  return { label, equal: true, text: `equal on ${String(goldenInputs.length)} inputs` };
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

function summaryOf(report: SuiteReport, files: readonly (string | undefined)[]): object {
  return {
    ...report,
    results: report.results.map(({ failure, ...result }, i) => ({
      ...result,
      ...(failure === undefined ? {} : { failure: failure.text, case: files[i] }),
    })),
  };
}

function format(report: SuiteReport, files: readonly (string | undefined)[]): string {
  const rows = report.results.map((result) => [
    result.kind,
    result.mode ?? result.precision,
    verdictOf(result),
    String(result.compared),
    String(result.notRun),
    result.worst.toFixed(3),
    coverageOf(result),
    `${(result.milliseconds / 1000).toFixed(1)} s`,
  ]);
  const failures = report.results.flatMap(({ kind, precision, mode = precision, failure }, i) =>
    failure === undefined ? [] : [`${kind} ${mode}: ${failure.text}\n  ${files[i] ?? ''}`],
  );
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
    `${report.backend}, seed ${String(report.seed)}, ${String(report.runs)} cases of each`,
    ...failures,
  ].join('\n');
}

/** How many of the categories that such cases can have were drawn. */
function coverageOf({ coverage }: PropertyResult): string {
  const counts = Object.values(coverage);
  return `${String(counts.filter((count) => count > 0).length)} of ${String(counts.length)}`;
}

function verdictOf({ compared, failure }: PropertyResult): string {
  if (failure !== undefined) return 'DIFFERS';
  return compared > 0 ? 'equal' : 'not run';
}
