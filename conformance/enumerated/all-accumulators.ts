/**
 * npm run exhaustive: every int32 accumulator through the vector rescaling, in each of its forms, against rules A4 and
 * A5, for drawn multipliers and shifts.
 *
 * The reference does not run 2^32 times: what it computes is held to the same scalar forms on some million drawn
 * accumulators first, edges among them.
 */

import process from 'node:process';
import { Command } from 'commander';
import { positiveInteger, print, Progress } from '../../tools/commands/context.ts';
import {
  checkScalars,
  compileSweep,
  drawFactors,
  forms,
  LANES,
  sweepRange,
  type Difference,
  type SweepModule,
} from './sweep.ts';
import type { Factor } from './hold.ts';

const SCALAR_DRAWS = 4_000_000;
/** Accumulators between two reports of progress. */
const SLICE = 2 ** 24;
const LARGEST = 2 ** 31 - 1;

interface Flags {
  readonly draws: number;
  readonly seed: number;
}

function main({ draws, seed }: Flags): void {
  const module = compileSweep();
  const start = performance.now();
  const wrong = checkScalars(module, SCALAR_DRAWS, seed);
  if (wrong !== undefined) {
    fail(wrong);
    return;
  }
  print(
    `A4 and A5 are the same in the reference, the kernels and the sweep: ${String(SCALAR_DRAWS)} accumulators of each, ${seconds(start)} s`,
  );
  const factors = drawFactors(Math.ceil(draws / LANES) * LANES, seed);
  const progress = new Progress('Sweeping, in multiples of 2^24 accumulators');
  const steps = ((factors.length / LANES) * forms.length * 2 ** 32) / SLICE;
  const sweepStart = performance.now();
  let done = 0;
  for (let first = 0; first < factors.length; first += LANES) {
    const panel = factors.slice(first, first + LANES);
    for (const form of forms) {
      const formStart = performance.now();
      const found = sweepAll(module, panel, form, () => {
        done += 1;
        progress.update(done, steps);
      });
      if (found !== undefined) {
        progress.end();
        fail(textOf(found));
        return;
      }
      progress.end();
      print(`${form}: ${panel.map(factorText).join(', ')}: equal, ${seconds(formStart)} s`);
    }
  }
  const sweeps = factors.length * forms.length;
  const each = (performance.now() - sweepStart) / 1000 / sweeps;
  print(
    `${String(factors.length)} factors in ${String(forms.length)} forms, 2^32 - 1 accumulators each: all equal, ${each.toFixed(1)} s a sweep`,
  );
}

/** Every accumulator that rule R1 allows: |x| < 2^31, the shifts being negative. */
function sweepAll(
  module: SweepModule,
  panel: readonly Factor[],
  form: (typeof forms)[number],
  onSlice: () => void,
): Difference | undefined {
  for (let from = -LARGEST; from <= LARGEST; from += SLICE) {
    const to = Math.min(from + SLICE - 1, LARGEST);
    const found = sweepRange(module, panel, form, from, to);
    if (found !== undefined) return found;
    onSlice();
  }
  return undefined;
}

function factorText({ multiplier, shift }: Factor): string {
  return `${String(multiplier)} * 2^${String(shift - 31)}`;
}

function textOf({ accumulator, form, factors }: Difference): string {
  return `Expected the rules' codes of accumulator ${String(accumulator)} but found others, ${form}, among the factors ${factors.map(factorText).join(', ')}`;
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
  .option('--draws <count>', 'multipliers and shifts, in multiples of 4', positiveInteger, 4)
  .option('--seed <number>', 'what they are drawn from', positiveInteger, 1)
  .action((flags: Flags) => {
    main(flags);
  })
  .parse();
