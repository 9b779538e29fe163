/**
 * npm run exhaustive: every int32 accumulator that the rules allow through the vector rescaling, in each of its forms and
 * on each variant, against rules A4 and A5, for drawn multipliers and shifts. Those of int8 end where the compiler
 * takes none.
 *
 * The reference does not run 2^32 times: what it computes is held to the same scalar forms on some million drawn
 * accumulators first, edges among them.
 */

import process from 'node:process';
import { Command } from 'commander';
import { positiveInteger, print, Progress } from '../../tools/commands/context.ts';
import { drawPanels, forms, LANES, type Panel } from './panels.ts';
import {
  checkScalars,
  compileSweep,
  sweepRange,
  type Difference,
  type SweepModule,
} from './sweep.ts';
import type { Factor } from './hold.ts';

const SCALAR_DRAWS = 4_000_000;
/** Accumulators between two reports of progress. */
const SLICE = 2 ** 24;
/** All forms are in other instructions with relaxed SIMD. */
const sweptVariants = ['simd', 'relaxed'] as const;

interface Flags {
  readonly draws: number;
  readonly seed: number;
}

function main({ draws, seed }: Flags): void {
  const modules = { simd: compileSweep('simd'), relaxed: compileSweep('relaxed') };
  const start = performance.now();
  const wrong = checkScalars(modules.simd, SCALAR_DRAWS, seed);
  if (wrong !== undefined) {
    fail(wrong);
    return;
  }
  print(
    `A4 and A5 are the same in the reference, the kernels and the sweep: ${String(SCALAR_DRAWS)} accumulators of each, ${seconds(start)} s`,
  );
  const sweeps = forms.flatMap((form) =>
    drawPanels(form, Math.ceil(draws / LANES), seed).flatMap((panel) =>
      sweptVariants.map((variant) => ({ panel, variant })),
    ),
  );
  const progress = new Progress('Sweeping, in multiples of 2^24 accumulators');
  const slices = sweeps.reduce((sum, { panel }) => sum + slicesOf(panel), 0);
  let done = 0;
  for (const { panel, variant } of sweeps) {
    const panelStart = performance.now();
    const found = sweepAll(modules[variant], panel, () => {
      done += 1;
      progress.update(done, slices);
    });
    progress.end();
    if (found !== undefined) {
      fail(textOf(found, variant));
      return;
    }
    print(
      `${panel.form}, ${variant}, up to ${String(panel.reach)}: ${panel.factors.map(factorText).join(', ')}: equal, ${seconds(panelStart)} s`,
    );
  }
  print(
    `${String(sweeps.length)} sweeps of ${String(LANES)} factors each: all equal, ${seconds(start)} s`,
  );
}

function slicesOf({ reach }: Panel): number {
  return Math.ceil((2 * reach + 1) / SLICE);
}

/** Every accumulator that the rules allow (R1, R2), or that the compiler takes float32 for. */
function sweepAll(module: SweepModule, panel: Panel, onSlice: () => void): Difference | undefined {
  for (let from = -panel.reach; from <= panel.reach; from += SLICE) {
    const found = sweepRange(module, panel, from, from + SLICE - 1);
    if (found !== undefined) return found;
    onSlice();
  }
  return undefined;
}

function factorText({ multiplier, shift }: Factor): string {
  return `${String(multiplier)} * 2^${String(shift - 31)}`;
}

function textOf({ accumulator, panel }: Difference, variant: string): string {
  return `Expected the rules' codes of accumulator ${String(accumulator)} but found others, ${panel.form}, ${variant}, among the factors ${panel.factors.map(factorText).join(', ')}`;
}

function seconds(start: number): string {
  return ((performance.now() - start) / 1000).toFixed(1);
}

function fail(text: string): void {
  process.stderr.write(`${text}\n`);
  process.exitCode = 1;
}

new Command('exhaustive')
  .description('holds the vector rescaling to the rules, on every int32 accumulator')
  .option(
    '--draws <count>',
    'multipliers and shifts of each form, in multiples of 4',
    positiveInteger,
    4,
  )
  .option('--seed <number>', 'what they are drawn from', positiveInteger, 1)
  .action((flags: Flags) => {
    main(flags);
  })
  .parse();
