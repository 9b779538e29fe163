/**
 * The vector rescaling over ranges of accumulators, in WebAssembly: assembly/sweep.ts compiled with the kernels' own
 * source. Its scalar forms, written from rules A4 and A5, are in turn held to the reference's.
 */

import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { instantiateSync } from '@assemblyscript/loader';
import { packFactors } from '../../fastpath/compile/pack.ts';
import { requantizeInt32, requantizeInt64 } from '../../reference/index.ts';
import { packagePath } from '../../tools/models.ts';
import { generator } from '../draws.ts';
import type { Factor } from './hold.ts';

export interface SweepModule extends Record<string, unknown> {
  /** The kernels' scalar forms. */
  requantizeInt32(accumulator: number, multiplier: number, shift: number): number;
  requantizeInt64(accumulator: bigint, multiplier: number, shift: number): number;
  /** Rules A4 and A5. */
  roundedTwice(accumulator: number, multiplier: number, shift: number): number;
  roundedOnce(accumulator: bigint, multiplier: number, shift: number): number;
  setLane(
    lane: number,
    multiplier: number,
    shift: number,
    vectorMultiplier: number,
    scale: number,
  ): void;
  sweep(from: number, to: number, form: number, half: number, halfSign: number): bigint;
}

/** Compiles assembly/sweep.ts to a temporary file and loads it. */
export function compileSweep(): SweepModule {
  const folder = mkdtempSync(join(tmpdir(), 'plumbline-'));
  const file = join(folder, 'sweep.wasm');
  const source = join('conformance', 'enumerated', 'assembly', 'sweep.ts');
  const compiler = packagePath('node_modules', 'assemblyscript', 'bin', 'asc.js');
  // The options of asconfig.json, whose entries are the kernels.
  const options = [
    '--config',
    'none',
    '-O3',
    '--noAssert',
    '--runtime',
    'stub',
    '--enable',
    'simd',
  ];
  try {
    execFileSync(process.execPath, [compiler, source, '--outFile', file, ...options], {
      cwd: packagePath(),
    });
    return instantiateSync<SweepModule>(readFileSync(file)).exports;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** How sums are rescaled: A4, A4 where a clamp hides negative results, A5. */
export const forms = ['twice', 'non-negative', 'once'] as const;
export type Form = (typeof forms)[number];

/** Channels that are rescaled together, one a lane. */
export const LANES = 4;

/** An accumulator that the vector form rescales otherwise than the rules say. */
export interface Difference {
  readonly accumulator: number;
  readonly form: Form;
  readonly factors: readonly Factor[];
}

/**
 * Compares accumulators from `from` to `to`, both included, in four channels, with the parameters that the compiler
 * packs. All shifts are in [-31, -2], so that the vector form applies and rule R1 allows every |accumulator| < 2^31.
 */
export function sweepRange(
  module: SweepModule,
  factors: readonly Factor[],
  form: Form,
  from: number,
  to: number,
): Difference | undefined {
  const { parameters, words } = packFactors({
    bias: factors.map(() => 0),
    multiplier: factors.map(({ multiplier }) => multiplier),
    shift: factors.map(({ shift }) => shift),
    twice: form !== 'once',
    nonNegative: form === 'non-negative',
    wide: false,
  });
  const packed = new Int32Array(parameters.buffer);
  factors.forEach(({ multiplier, shift }, lane) => {
    // Of a panel: 8 biases, 8 multipliers, 8 scales.
    module.setLane(lane, multiplier, shift, packed[8 + lane] ?? NaN, packed[16 + lane] ?? NaN);
  });
  const found = Number(module.sweep(from, to, forms.indexOf(form), words.half, words.halfSign));
  return found === 2 ** 32 ? undefined : { accumulator: found, form, factors };
}

const largest = 2 ** 31 - 1;

/** The ends of multipliers and shifts, and what lies around the multipliers that A5 rounds to 0x7FFF. */
const edgeFactors: readonly Factor[] = [
  { multiplier: largest, shift: -2 },
  { multiplier: 2 ** 30, shift: -31 },
  { multiplier: 2 ** 30, shift: -2 },
  { multiplier: largest, shift: -31 },
  { multiplier: 0x7fff0000, shift: -9 },
  { multiplier: 0x7ffeffff, shift: -10 },
  { multiplier: 2 ** 30 + 2 ** 15, shift: -3 },
  { multiplier: 0, shift: -2 },
  { multiplier: 1, shift: -2 },
];

/** `count` factors whose shifts allow the vector form: ends and random ones in turn. */
export function drawFactors(count: number, seed: number): readonly Factor[] {
  const random = generator(seed);
  return Array.from({ length: count }, (_, i) => {
    const multiplier = 2 ** 30 + Math.floor(random() * 2 ** 30);
    const shift = -2 - Math.floor(random() * 30);
    return (i % 2 === 0 ? edgeFactors[i / 2] : undefined) ?? { multiplier, shift };
  });
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
    const narrow = accumulator(Math.floor(largest / 2 ** Math.max(shift, 0)));
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
    if (differ(once)) return difference('A5', wide, { multiplier, shift }, once);
  }
  return undefined;
}

function differ([first, ...others]: readonly number[]): boolean {
  return others.some((other) => other !== first);
}

function difference(
  rule: string,
  accumulator: number,
  { multiplier, shift }: Factor,
  [exact, kernel, reference]: readonly number[],
): string {
  return `${rule} of ${String(accumulator)}, multiplier ${String(multiplier)}, shift ${String(shift)}: expected ${String(exact)} but found ${String(kernel)} in the kernels and ${String(reference)} in the reference`;
}
