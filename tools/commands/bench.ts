/** `plumbline bench`: the fast path against the machine and against other runtimes. */

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { Option, type Command } from 'commander';
import { variants, type Variant } from '../../fastpath/runtime/index.ts';
import type { PrecisionName } from '../../reference/index.ts';
import { barResults } from '../bench/bars.ts';
import { charts } from '../bench/charts/index.ts';
import { forms } from '../bench/forms.ts';
import { layersText, reportText } from '../bench/report.ts';
import { runBench } from '../bench/run.ts';
import { messageOf, UsageError } from '../errors.ts';
import { writeBytes } from '../files.ts';
import { embeddedNames, precisionNames, type EmbeddedName } from '../models.ts';
import { peerNames, type PeerName } from '../peer-modules.ts';
import { positiveInteger, print, printJson, progressByPart } from './context.ts';

interface BenchFlags {
  readonly models: readonly EmbeddedName[];
  readonly precisions: readonly PrecisionName[];
  readonly variants: readonly Variant[];
  /** False for none. */
  readonly peers: readonly PeerName[] | false;
  readonly iterations: number;
  readonly layers: boolean;
  readonly cold: boolean;
  readonly browser?: boolean;
  readonly output: string;
  readonly json?: boolean;
}

export function registerBench(program: Command): void {
  program
    .command('bench')
    .summary('time the fast path against the machine and other runtimes')
    .description(
      'Times both models in all precisions and variants, and the runtimes of tools/peers on the same weights, by turns in one\nprocess; layers against the peaks of this machine; loading, cold starts, bytes. Writes tables, JSON and charts.',
    )
    .addOption(
      new Option('--models <names...>', 'models to time')
        .choices(embeddedNames)
        .default(embeddedNames),
    )
    .addOption(
      new Option('--precisions <names...>', 'precisions to time')
        .choices(precisionNames)
        .default(precisionNames),
    )
    .addOption(
      new Option('--variants <names...>', 'variants of the kernels')
        .choices(variants)
        .default(variants),
    )
    .addOption(
      new Option('--peers <names...>', 'other runtimes').choices(peerNames).default(peerNames),
    )
    .option('--no-peers', 'no other runtimes')
    .option('--iterations <n>', 'samples of each; of slow ones fewer', positiveInteger, 60)
    .option('--no-layers', 'no layers')
    .option('--no-cold', 'no cold starts')
    .option('--browser', 'in headless Chromium too')
    .option('-o, --output <folder>', 'folder for results and charts', 'bench-results')
    .option('--json', 'print the results as JSON')
    .action(bench);
}

async function bench(flags: BenchFlags): Promise<void> {
  prepareFolder(flags.output);
  const results = await runBench({
    models: flags.models,
    forms: forms.filter(({ precision }) => flags.precisions.includes(precision)),
    variants: flags.variants,
    peers: flags.peers === false ? [] : flags.peers,
    iterations: flags.iterations,
    layers: flags.layers,
    cold: flags.cold,
    browser: flags.browser === true,
    onProgress: progressByPart(),
  });
  const bars = barResults(results);
  const text = reportText(results, bars);
  const json = { ...results, bars };
  writeBytes(join(flags.output, 'bench.json'), `${JSON.stringify(json, undefined, 2)}\n`);
  writeBytes(join(flags.output, 'bench.txt'), `${text}\n`);
  if (flags.layers) writeBytes(join(flags.output, 'layers.txt'), `${layersText(results)}\n`);
  for (const [file, svg] of charts(results)) writeBytes(join(flags.output, file), svg);
  if (flags.json === true) printJson(json);
  else print(text);
}

/** @throws {UsageError} where there can be no such folder: before the minutes of work, not after */
function prepareFolder(path: string): void {
  try {
    mkdirSync(path, { recursive: true });
  } catch (error) {
    throw new UsageError(`${path}: Expected a folder for the results. ${messageOf(error)}`, {
      cause: error,
    });
  }
}
