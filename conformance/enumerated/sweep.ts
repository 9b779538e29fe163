/**
 * The vector rescaling over ranges of accumulators, in WebAssembly: assembly/sweep.ts compiled with the kernels' own
 * source, as each variant. Its scalar forms, written from rules A4 and A5, are in turn held to the reference's.
 */

import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { instantiateSync } from '@assemblyscript/loader';
import type { Variant } from '../../fastpath/runtime/index.ts';
import { LEAST_DOUBLE_SHIFT, MAX_WIDE_PRODUCT } from '../../fastpath/compile/pack.ts';
import { reduceMultiplier } from '../../reference/arithmetic/requantize.ts';
import { requantizeInt32, requantizeInt64 } from '../../reference/index.ts';
import { packagePath } from '../../tools/models.ts';
import { generator } from '../draws.ts';
import type { Factor } from './hold.ts';
import { edgeFactors, kinds, LARGEST, MOST_INT16_DIFFERENCE, type Panel } from './panels.ts';

export interface SweepModule extends Record<string, unknown> {
  readonly memory: WebAssembly.Memory;
  /** The kernels' scalar forms. */
  requantizeInt32(accumulator: number, multiplier: number, shift: number): number;
  requantizeInt64(accumulator: bigint, multiplier: number, shift: number): number;
  /** Rules A4 and A5. */
  roundedTwice(accumulator: number, multiplier: number, shift: number): number;
  roundedOnce(accumulator: bigint, multiplier: number, shift: number): number;
  /** The kernels' A5 of wide sums in float64. */
  roundedInFloat64(accumulator: number, factor: number): number;
  setFactor(lane: number, multiplier: number, shift: number): void;
  parametersAt(): number;
  parametersBytes(): number;
  sweep(from: number, to: number, kind: number, low: number, high: number): bigint;
}

/** Compiles assembly/sweep.ts to a temporary file, as the variant's kernels are, and loads it. */
export function compileSweep(variant: Variant): SweepModule {
  const folder = mkdtempSync(join(tmpdir(), 'plumbline-'));
  const file = join(folder, 'sweep.wasm');
  const source = join('conformance', 'enumerated', 'assembly', 'sweep.ts');
  const compiler = packagePath('node_modules', 'assemblyscript', 'bin', 'asc.js');
  // The options of asconfig.json, whose entries are the kernels.
  const options = ['--config', 'none', '-O3', '--noAssert', '--runtime', 'stub'];
  const features = { simd: 'simd', relaxed: 'simd,relaxed-simd' }[variant];
  try {
    execFileSync(
      process.execPath,
      [compiler, source, '--outFile', file, ...options, '--enable', features],
      { cwd: packagePath() },
    );
    return instantiateSync<SweepModule>(readFileSync(file)).exports;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** An accumulator that the vector form rescales otherwise than the rules say. */
export interface Difference {
  readonly accumulator: number;
  readonly panel: Panel;
}

/** Compares accumulators from `from` to `to`, both included, as far as the panel's sums reach, in its four channels. */
export function sweepRange(
  module: SweepModule,
  panel: Panel,
  from: number,
  to: number,
): Difference | undefined {
  const first = Math.max(from, -panel.reach);
  const last = Math.min(to, panel.reach);
  if (first > last) return undefined;
  panel.factors.forEach(({ multiplier, shift }, lane) => {
    module.setFactor(lane, multiplier, shift);
  });
  const { parameters, form, low, high } = panel;
  if (parameters.length !== module.parametersBytes()) throw new Error('Expected a panel');
  new Uint8Array(module.memory.buffer).set(parameters, module.parametersAt());
  const found = Number(module.sweep(first, last, kinds[form], low, high));
  return found === 2 ** 32 ? undefined : { accumulator: found, panel };
}

/**
 * Compares the scalar forms (the rules' in WebAssembly, the kernels' and the reference's) on drawn accumulators, half of
 * them at an edge; returns what differs, or undefined.
 */
export function checkScalars(module: SweepModule, draws: number, seed: number): string | undefined {
  const random = generator(seed);
  const below = (n: number): number => Math.floor(random() * n);
  /** An integer of at most `bound` in magnitude. */
  const accumulator = (bound: number): number => {
    const sign = random() < 0.5 ? -1 : 1;
    const power = 2 ** below(Math.floor(Math.log2(bound)) + 1);
    const magnitude = [
      below(bound + 1),
      below(power),
      bound,
      Math.min(power + below(3) - 1, bound),
      Math.min(power * (2 * below(64) + 1), bound),
    ][below(5)];
    return sign * (magnitude ?? 0) + 0;
  };
  const multipliers = edgeFactors.map((factor) => factor.multiplier);
  for (let i = 0; i < draws; i++) {
    const multiplier =
      random() < 0.3 ? (multipliers[below(multipliers.length)] ?? 0) : below(2 ** 31);
    const shift = below(39) - 31;
    // R1.
    const narrow = accumulator(Math.floor(LARGEST / 2 ** Math.max(shift, 0)));
    const twice = [
      module.roundedTwice(narrow, multiplier, shift),
      module.requantizeInt32(narrow, multiplier, shift),
      requantizeInt32(narrow, multiplier, shift),
    ];
    if (differ(twice)) return difference('A4', narrow, { multiplier, shift }, twice);
    // R2: the factor, with a multiplier rounded up, is at most 2^shift.
    const wide = accumulator(Math.min(2 ** 47, 2 ** (31 - shift)) - 1);
    const once = [
      module.roundedOnce(BigInt(wide), multiplier, shift),
      module.requantizeInt64(BigInt(wide), multiplier, shift),
      requantizeInt64(wide, multiplier, shift),
    ];
    const reduced = reduceMultiplier(multiplier);
    if (shift >= LEAST_DOUBLE_SHIFT && Math.abs(wide) * reduced < MAX_WIDE_PRODUCT) {
      const found = module.roundedInFloat64(wide, reduced * 2 ** (shift - 15));
      // Beyond all differences of codes it need only be beyond too.
      const [exact = found] = once;
      once.push(asDifference(found) === asDifference(exact) ? exact : found);
    }
    if (differ(once)) return difference('A5', wide, { multiplier, shift }, once);
  }
  return undefined;
}

function asDifference(result: number): number {
  return Math.min(Math.max(result, -MOST_INT16_DIFFERENCE), MOST_INT16_DIFFERENCE);
}

function differ([first, ...others]: readonly number[]): boolean {
  return others.some((other) => other !== first);
}

function difference(
  rule: string,
  accumulator: number,
  { multiplier, shift }: Factor,
  [exact, kernel, reference, float64]: readonly number[],
): string {
  return `${rule} of ${String(accumulator)}, multiplier ${String(multiplier)}, shift ${String(shift)}: expected ${String(exact)} but found ${String(kernel)} in the kernels and ${String(reference)} in the reference${float64 === undefined ? '' : `, ${String(float64)} in float64`}`;
}
