/** `plumbline golden`: writes the golden outputs of models, and holds back ends to them. */

import { existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import { Option, type Command } from 'commander';
import { checkGolden, type CheckResult } from '../../conformance/check-golden.ts';
import { backends } from '../../golden/backends.ts';
import { recordDifference, type RecordDifference } from '../../golden/differences.ts';
import { decodeGolden, encodeGolden } from '../../golden/file.ts';
import { goldenInputs } from '../../golden/inputs.ts';
import { recordGolden } from '../../golden/record.ts';
import type { Graph, PrecisionName } from '../../reference/index.ts';
import { FileError, UsageError } from '../errors.ts';
import { readBytes, writeBytes } from '../files.ts';
import { embeddedNames, isEmbedded, loadModel, packagePath, precisionNames } from '../models.ts';
import {
  print,
  printJson,
  Progress,
  table,
  withModelOptions,
  type ModelOptions,
} from './context.ts';

interface GoldenFlags extends ModelOptions {
  readonly folder?: string;
  /** What the back end is held to golden files in. */
  readonly computed?: readonly PrecisionName[];
  readonly json?: boolean;
}

interface RegenerateFlags extends GoldenFlags {
  readonly yes?: boolean;
}

interface CheckFlags extends GoldenFlags {
  readonly backend: string;
}

export function registerGolden(program: Command): void {
  const golden = program
    .command('golden')
    .summary('regenerate or check the golden outputs')
    .description(
      `What the reference computes of ${String(goldenInputs.length)} inputs (noise, patterns, extremes, photographs): outputs in full, and a digest of\nevery layer, so that a difference is located.`,
    );
  withGoldenOptions(
    golden
      .command('regenerate')
      .summary('write the golden files with the reference')
      .description(
        'Runs the reference and says what changes. New files are written; changed ones only with --yes, else the status is 2.',
      ),
  )
    .option('--yes', 'write changed files too')
    .action(regenerate);
  withGoldenOptions(
    golden
      .command('check')
      .summary('hold a back end to the golden files')
      .description(
        'Runs a back end and names the first layer and element that differ; the status is then 2. float32 layers of other\nback ends than the reference are held to the bounds of rule B1, each on its own inputs.',
      ),
  )
    .addOption(
      new Option('--backend <name>', 'what computes the models')
        .choices(Object.keys(backends))
        .default('reference'),
    )
    .action(check);
}

function withGoldenOptions(command: Command): Command {
  return withModelOptions(
    command.argument('[models...]', 'large, small or .plumb files (default: large and small)'),
  )
    .option(
      '--folder <folder>',
      'where the golden files are, for models other than large and small',
    )
    .option('--json', 'print the result as JSON');
}

/** One golden file: of a model in a precision. */
interface Target {
  readonly model: string;
  readonly precision: PrecisionName;
  readonly path: string;
  readonly graph: Graph;
}

/** The golden files that a command line asks for; graphs are loaded one by one, since together they are large. */
function* targets(models: readonly string[], flags: GoldenFlags): Generator<Target> {
  for (const model of models) {
    for (const precision of wantedPrecisions(model, flags)) {
      const graph = loadModel({
        model,
        ...(precision === undefined ? {} : { precision }),
        ...(flags.calibration === undefined ? {} : { calibration: flags.calibration }),
        ...(flags.int16Weights === undefined ? {} : { int16Weights: flags.int16Weights }),
      });
      if (flags.computed?.includes(graph.precision) === false) {
        throw new UsageError(
          `${model}: Expected precision ${flags.computed.join(' or ')} for this back end but found ${graph.precision}`,
        );
      }
      if (graph.preprocessing === undefined) {
        throw new UsageError(`${model}: Expected a classifier with preprocessing but found none`);
      }
      const file = `${basename(model, '.plumb')}.${graph.precision}.golden`;
      const path = join(goldenFolder(model, flags), file);
      yield { model, precision: graph.precision, path, graph };
    }
  }
}

/** undefined stands for the precision that a file has. */
function wantedPrecisions(
  model: string,
  { precision, calibration, computed = precisionNames }: GoldenFlags,
): readonly (PrecisionName | undefined)[] {
  if (precision !== undefined) return [precision];
  return isEmbedded(model) || calibration !== undefined ? computed : [undefined];
}

function goldenFolder(model: string, { folder }: GoldenFlags): string {
  if (folder !== undefined) return folder;
  if (isEmbedded(model)) return packagePath('golden', 'outputs');
  throw new UsageError(`${model}: Expected the folder of its golden files (--folder FOLDER)`);
}

/** Progress over all inputs of all golden files that a command line asks for. */
function inputProgress(what: string, models: readonly string[], flags: GoldenFlags) {
  const files = models.flatMap((model) => wantedPrecisions(model, flags)).length;
  const progress = new Progress(what);
  let done = 0;
  return {
    onInput: () => {
      progress.update(done++, files * goldenInputs.length);
    },
    end: () => {
      progress.end();
    },
  };
}

type Change =
  | { readonly status: 'new' | 'identical' }
  | { readonly status: 'changed'; readonly difference: RecordDifference }
  | { readonly status: 'changed'; readonly unreadable: string };

async function regenerate(given: readonly string[], flags: RegenerateFlags): Promise<void> {
  const models = given.length > 0 ? given : embeddedNames;
  const progress = inputProgress('Regenerating', models, flags);
  const rows: (Omit<Target, 'graph'> & Change & { readonly written: boolean })[] = [];
  for (const { graph, ...target } of targets(models, flags)) {
    const record = await recordGolden(graph, progress.onInput);
    const bytes = encodeGolden(record);
    const change = changeOf(target.path, bytes);
    const written = change.status === 'new' || (change.status === 'changed' && flags.yes === true);
    if (written) writeBytes(target.path, bytes);
    rows.push({ ...target, ...change, written });
    if (flags.json === true) continue;
    progress.end();
    print(`${target.path}: ${change.status}${written ? ', written' : ''}`);
    for (const line of changeLines(change)) print(`  ${line}`);
  }
  progress.end();
  if (flags.json === true) printJson(rows);
  const waiting = rows.filter(({ status, written }) => status === 'changed' && !written).length;
  if (waiting > 0) {
    throw new UsageError(
      `Expected no golden file to change but found ${String(waiting)} changed; --yes writes changed files`,
    );
  }
}

function changeOf(path: string, bytes: Uint8Array): Change {
  if (!existsSync(path)) return { status: 'new' };
  const old = readBytes(path);
  if (Buffer.compare(old, bytes) === 0) return { status: 'identical' };
  try {
    const difference = recordDifference(decodeGolden(path, old), decodeGolden(path, bytes));
    return { status: 'changed', difference };
  } catch (error) {
    if (error instanceof FileError) return { status: 'changed', unreadable: error.message };
    throw error;
  }
}

function changeLines(change: Change): readonly string[] {
  if ('unreadable' in change) return [change.unreadable];
  if (change.status !== 'changed') return [];
  const { graph, added, removed, entries } = change.difference;
  return [
    ...(graph === undefined ? [] : [`graph: ${graph.expected} becomes ${graph.found}`]),
    ...added.map((input) => `input "${input}": new`),
    ...removed.map((input) => `input "${input}": gone`),
    ...entries.map(({ input, inputChanged, layers, outputs }) => {
      const parts = [
        ...(inputChanged ? ['its tensor changes'] : []),
        ...(layers[0] === undefined
          ? []
          : [`${String(layers.length)} layers change, the first is "${layers[0]}"`]),
        ...outputs.map(
          ({ output, coordinates, expected, found }) =>
            `output "${output}" [${coordinates.join(', ')}]: ${String(expected)} becomes ${String(found)}`,
        ),
      ];
      return `input "${input}": ${parts.join('; ')}`;
    }),
  ];
}

async function check(given: readonly string[], options: CheckFlags): Promise<void> {
  const models = given.length > 0 ? given : embeddedNames;
  const backend = backends[options.backend];
  if (backend === undefined) throw new Error(`Expected a back end but found "${options.backend}"`);
  const flags =
    backend.precisions === undefined ? options : { ...options, computed: backend.precisions };
  const progress = inputProgress(`Checking ${backend.name}`, models, flags);
  const rows: (Omit<Target, 'graph'> & CheckResult & { readonly backend: string })[] = [];
  for (const { graph, ...target } of targets(models, flags)) {
    const record = decodeGolden(target.path, readBytes(target.path));
    const result = await checkGolden(graph, record, backend, progress.onInput);
    rows.push({ ...target, backend: backend.name, ...result });
  }
  progress.end();
  if (flags.json === true) printJson(rows);
  else {
    print(formatChecks(rows));
    for (const { path, findings } of rows) {
      for (const { text } of findings) print(`${path}: ${text}`);
    }
  }
  const failed = rows.filter(({ findings }) => findings.length > 0).length;
  if (failed > 0) {
    throw new UsageError(
      `Expected every golden file to hold for the ${backend.name} but found ${String(failed)} of ${String(rows.length)} different`,
    );
  }
}

function formatChecks(rows: readonly (Omit<Target, 'graph'> & CheckResult)[]): string {
  const bounded = rows.some(({ worst }) => worst !== undefined);
  const cells = (cell: () => readonly string[]): readonly string[] => (bounded ? cell() : []);
  return table([
    [
      'model',
      'precision',
      'inputs',
      'equal',
      ...cells(() => ['largest share of a bound', 'largest output difference']),
    ],
    ...rows.map(({ model, precision, inputs, equal, worst, outputDifference }) => [
      model,
      precision,
      String(inputs),
      String(equal),
      ...cells(() => [worst?.toPrecision(3) ?? '-', outputDifference?.toPrecision(3) ?? '-']),
    ]),
  ]);
}
