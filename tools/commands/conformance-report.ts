/** `plumbline conformance report`: the verdicts on several back ends, as a page and as Markdown. */

import { readFileSync } from 'node:fs';
import { arch, cpus, platform } from 'node:os';
import process from 'node:process';
import type { Command } from 'commander';
import { isMet, type BackendReport, type ReportData } from '../../conformance/report/data.ts';
import { gather } from '../../conformance/report/gather.ts';
import { renderHtml } from '../../conformance/report/html.ts';
import { renderMarkdown } from '../../conformance/report/markdown.ts';
import { parseMutants } from '../../conformance/report/mutants.ts';
import { reportedBackends } from '../backends.ts';
import { checkOutput, readText, writeBytes } from '../files.ts';
import { packagePath } from '../models.ts';
import { positiveInteger, print, Progress, withSuiteOptions, type SuiteFlags } from './context.ts';

interface ReportFlags extends SuiteFlags {
  readonly backend?: readonly string[];
  readonly limit: number;
  readonly output: string;
  readonly markdown?: string;
  readonly mutants?: string;
}

/** Adds the command to `plumbline conformance`. */
export function registerConformanceReport(conformance: Command): void {
  withSuiteOptions(
    conformance
      .command('report')
      .summary('verdicts on several back ends, as a page')
      .description(
        'Runs the suite on each back end and writes one page that needs nothing else: verdicts, smallest counterexamples, how\nnear to their bounds errors come, and what the cases cover. The status is 2 where a back end differs, does not\nanswer, or has nothing compared.',
      )
      .option(
        '--backend <names...>',
        "back ends, by name or module (default: the fast path's variants, and the runtimes of tools/peers that are installed)",
      ),
  )
    .option('--limit <s>', 'seconds that a back end may take for a property', positiveInteger, 60)
    .option('--markdown <file>', 'a summary in Markdown too')
    .option('--mutants <file>', 'what `npm run mutants -- --json` printed, to include its score')
    .requiredOption('-o, --output <file>', 'the page to write')
    .action(report);
}

async function report(flags: ReportFlags): Promise<void> {
  const { output, markdown, mutants, runs, seed, limit, operator, precision } = flags;
  const inputs = mutants === undefined ? [] : [mutants];
  checkOutput(output, inputs);
  if (markdown !== undefined) checkOutput(markdown, inputs);
  const score = mutants === undefined ? undefined : parseMutants(mutants, readText(mutants));
  const names = [...new Set(flags.backend ?? reportedBackends())];
  const backends: BackendReport[] = [];
  const progress = new Progress('Checking');
  for (const name of names) {
    const found = await gather(name, {
      runs,
      seed,
      ...(operator === undefined ? {} : { operators: operator }),
      ...(precision === undefined ? {} : { precisions: precision }),
      limitMilliseconds: limit * 1000,
      onProgress: (done, total) => {
        progress.update(backends.length * total + done, names.length * total);
      },
    });
    backends.push(found);
  }
  progress.end();
  const data: ReportData = {
    created: new Date().toISOString(),
    ...describeMachine(),
    runs,
    seed,
    backends,
    ...(score === undefined ? {} : { mutants: score }),
  };
  write(output, renderHtml(data));
  if (markdown !== undefined) write(markdown, renderMarkdown(data));
  if (!backends.every(isMet)) process.exitCode = 2;
}

function describeMachine(): Pick<ReportData, 'version' | 'platform'> {
  const { version } = JSON.parse(readFileSync(packagePath('package.json'), 'utf8')) as {
    version: string;
  };
  const model = cpus()[0]?.model.trim() ?? 'unknown processor';
  return {
    version,
    platform: `Node ${process.versions.node}, ${platform()} ${arch()}, ${model}`,
  };
}

function write(path: string, text: string): void {
  writeBytes(path, text);
  print(`${path}: ${String(Buffer.byteLength(text))} bytes`);
}
