/** `npm run mutants`: how many bugs, put into the compiled kernels one at a time, the conformance suite finds. */

import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import process from 'node:process';
import { Command, InvalidArgumentError, Option } from 'commander';
import { variants, type Variant } from '../../fastpath/runtime/variant.ts';
import { positiveInteger, print, printJson, Progress } from '../../tools/commands/context.ts';
import { kernelsPath } from '../../tools/kernels.ts';
import { proofOf } from './equivalence.ts';
import { equivalences } from './equivalent.ts';
import { testedExports } from './judge.ts';
import { decodeModule, type WasmModule } from '../../fastpath/module/decode.ts';
import { judgeAll, type Judged } from './pool.ts';
import { formatReport, runReport, type MutantReport } from './report.ts';
import {
  allMutants,
  contextOf,
  drawMutants,
  keyOf,
  sitesOf,
  type Mutant,
  type Site,
} from './sites.ts';

/** Of the mutants that are not proven equivalent. */
const WANTED_SCORE = 0.97;
const CONTEXT = 8;

interface Flags {
  readonly variant: Variant;
  readonly seed: number;
  readonly count: number;
  readonly all?: boolean;
  readonly proven?: boolean;
  readonly kernel?: string;
  readonly cases: number;
  readonly threads: number;
  readonly json?: boolean;
}

await new Command('mutants')
  .description(
    'Changes one instruction of build/kernels.<variant>.wasm at a time and runs the drawn cases of the kernels that reach it. Ends\nwith status 1 where fewer than 97 % of the changes that are not proven equivalent are found, or one that is proven is.',
  )
  .addOption(new Option('--variant <name>', 'of the kernels').choices(variants).default('simd'))
  .option('--seed <n>', 'of the draw', positiveInteger, 1)
  .option('--count <n>', 'mutants, each at a site of its own', positiveInteger, 1000)
  .option('--all', 'every mutation of every site')
  .option('--proven', 'every mutation that a proof of equivalent.ts names: none may be found')
  .option(
    '--kernel <name>',
    'only functions that a kernel reaches whose name begins so',
    kernelName,
  )
  .option('--cases <n>', 'cases of each kernel', positiveInteger, 2000)
  .option('--threads <n>', 'worker threads', positiveInteger, Math.min(availableParallelism(), 2))
  .option('--json', 'print the result as JSON')
  .action(run)
  .parseAsync(process.argv);

async function run(flags: Flags): Promise<void> {
  const { variant, seed, kernel, cases, threads } = flags;
  const start = performance.now();
  const bytes = Uint8Array.from(readFileSync(kernelsPath(variant)));
  const module = decodeModule(bytes);
  const sites = sitesOf(module, testedExports).filter(({ kernels }) =>
    kernels.some((name) => name.startsWith(kernel ?? '')),
  );
  const everything = allMutants(sites);
  const mutants = chosen(flags, module, sites, everything);
  const progress = new Progress('Mutants');
  const judged = await judgeAll(mutants, { kernels: bytes, cases }, threads, (done) => {
    progress.update(done, mutants.length);
  });
  progress.end();
  const report = runReport(
    judged.map((each) => reportOf(module, each)),
    {
      variant,
      seed,
      sites: sites.length,
      mutations: everything.length,
      cases,
      seconds: (performance.now() - start) / 1000,
    },
  );
  if (flags.json === true) printJson(report);
  else print(formatReport(report));
  if (report.score < WANTED_SCORE || report.refuted.length > 0) process.exitCode = 1;
}

function chosen(
  { all, proven, count, seed }: Flags,
  module: WasmModule,
  sites: readonly Site[],
  everything: readonly Mutant[],
): readonly Mutant[] {
  if (proven === true) {
    return everything.filter((mutant) => proofOf(module, mutant, equivalences) !== undefined);
  }
  return all === true ? everything : drawMutants(sites, count, seed);
}

function reportOf(module: WasmModule, { mutant, verdict }: Judged): MutantReport {
  const { kernels, mutation } = mutant;
  const key = keyOf(module, mutant);
  const proven = proofOf(module, mutant, equivalences);
  return {
    kernels,
    function: mutant.function,
    class: mutation.class,
    key,
    verdict,
    ...(proven === undefined ? {} : { proven }),
    ...(verdict === 'survived' ? { context: contextOf(module, mutant, CONTEXT) } : {}),
  };
}

function kernelName(value: string): string {
  if (testedExports.some((name) => name.startsWith(value))) return value;
  throw new InvalidArgumentError(`Expected one of ${testedExports.join(', ')}.`);
}
