/** What this core does at most at 128 bits, measured in this process: assembly/ has the loops. */

import { existsSync, readFileSync } from 'node:fs';
import { UsageError } from '../errors.ts';
import { packagePath } from '../models.ts';
import { cpuClock } from './clock.ts';
import { quantile } from './statistics.ts';

/** Rates of one core; a rate of relaxed SIMD is absent where the engine has none. */
export interface Peaks {
  /** Cycles a nanosecond: dependent integer additions. */
  readonly gigahertz: number;
  /** Multiply-accumulates a nanosecond: a multiplication and an addition, or both fused. */
  readonly float32: number;
  readonly float32Fused?: number;
  /** `i32x4.dot_i16x8_s` and additions beside it; and additions of its results, as a convolution has them. */
  readonly int16: number;
  readonly int16Sums: number;
  /** `i32x4.relaxed_dot_i8x16_i7x16_add_s`. */
  readonly int8Dot?: number;
  /** Bytes a nanosecond, read and written, of a copy within the second-level cache, and beyond the caches. */
  readonly cacheBandwidth: number;
  readonly memoryBandwidth: number;
}

export type PeakName = keyof Peaks;

interface Exports {
  readonly memory: WebAssembly.Memory;
  readonly integerAddChain: (iterations: number, seed: number) => number;
  readonly float32MulAdd: (iterations: number, source: number, factor: number) => number;
  readonly int16DotAndAdd: (iterations: number, factor: number, term: number) => number;
  readonly int16MulAdd: (iterations: number, source: number, factor: number) => number;
  readonly copy: (target: number, source: number, bytes: number, times: number) => void;
}

interface RelaxedExports {
  readonly float32Fused: (iterations: number, factor: number, term: number) => number;
  readonly int8DotAdd: (iterations: number, factor: number, term: number) => number;
}

interface Loop {
  readonly name: PeakName;
  /** Cycles, multiply-accumulates or bytes of an iteration. */
  readonly work: number;
  readonly run: (iterations: number) => void;
}

/** Source and target of a copy that stays in the second-level cache, and of one that does not fit the third. */
const CACHE_COPY = 128 * 2 ** 10;
const MEMORY_COPY = 32 * 2 ** 20;
const TARGET = 2 ** 16;
const SAMPLE_MILLISECONDS = 4;
const WARM_UP_MILLISECONDS = 60;
/** Time for the engine to finish its better code in the background. */
const TIER_UP_MILLISECONDS = 200;

/** The micro-benchmark, warm. */
export class Microbenchmark {
  readonly #loops: readonly (Loop & { readonly iterations: number })[];
  readonly #samples = new Map<PeakName, number[]>();

  private constructor(loops: readonly (Loop & { readonly iterations: number })[]) {
    this.#loops = loops;
  }

  /** @throws {UsageError} where the loops are not built */
  static async load(): Promise<Microbenchmark> {
    const loops = loopsOf();
    for (const loop of loops) calibrate(loop, WARM_UP_MILLISECONDS);
    await new Promise((resolve) => setTimeout(resolve, TIER_UP_MILLISECONDS));
    return new Microbenchmark(
      loops.map((loop) => ({ ...loop, iterations: calibrate(loop, WARM_UP_MILLISECONDS) })),
    );
  }

  /** Takes one sample of each rate, about 30 ms together. */
  sample(): void {
    for (const { name, work, run, iterations } of this.#loops) {
      const start = cpuClock.now();
      run(iterations);
      const rate = (work * iterations) / ((cpuClock.now() - start) * 1e6);
      const samples = this.#samples.get(name);
      if (samples === undefined) this.#samples.set(name, [rate]);
      else samples.push(rate);
    }
  }

  /** The rates that a tenth of the samples since the last call exceeded: others may have slowed some of them. */
  takePeaks(): Peaks {
    const peaks = Object.fromEntries(
      Array.from(this.#samples, ([name, samples]) => [name, quantile(samples, 0.9)]),
    ) as unknown as Peaks;
    this.#samples.clear();
    return peaks;
  }
}

/** The iterations of a loop that take a sample's time, found by running it for at least `milliseconds`. */
function calibrate({ run }: Loop, milliseconds: number): number {
  const start = cpuClock.now();
  let iterations = 1;
  for (;;) {
    const before = cpuClock.now();
    run(iterations);
    const now = cpuClock.now();
    if (now - before < SAMPLE_MILLISECONDS) iterations *= 2;
    if (now - start > milliseconds && now - before >= SAMPLE_MILLISECONDS) return iterations;
  }
}

function loopsOf(): readonly Loop[] {
  const simd = instanceOf('simd') as unknown as Exports;
  const { memory, integerAddChain, float32MulAdd, int16DotAndAdd, int16MulAdd, copy } = simd;
  memory.grow((2 * MEMORY_COPY) / 2 ** 16);
  new Uint8Array(memory.buffer).fill(1);
  return [
    { name: 'gigahertz', work: 64, run: (n) => void integerAddChain(n, 1) },
    { name: 'float32', work: 9 * 4, run: (n) => void float32MulAdd(n, TARGET, 1) },
    { name: 'int16', work: 6 * 8, run: (n) => void int16DotAndAdd(n, 3, 5) },
    { name: 'int16Sums', work: 9 * 8, run: (n) => void int16MulAdd(n, TARGET, 3) },
    ...relaxedLoops(),
    {
      name: 'cacheBandwidth',
      work: 2 * CACHE_COPY,
      run: (n) => {
        copy(TARGET, TARGET + CACHE_COPY, CACHE_COPY, n);
      },
    },
    {
      name: 'memoryBandwidth',
      work: 2 * MEMORY_COPY,
      run: (n) => {
        copy(TARGET, TARGET + MEMORY_COPY, MEMORY_COPY, n);
      },
    },
  ];
}

function relaxedLoops(): readonly Loop[] {
  if (!WebAssembly.validate(bytesOf('relaxed'))) return [];
  const { float32Fused, int8DotAdd } = instanceOf('relaxed') as unknown as RelaxedExports;
  return [
    { name: 'float32Fused', work: 12 * 4, run: (n) => void float32Fused(n, 1, 0.5) },
    { name: 'int8Dot', work: 12 * 16, run: (n) => void int8DotAdd(n, 3, 5) },
  ];
}

function instanceOf(name: string): WebAssembly.Exports {
  return new WebAssembly.Instance(new WebAssembly.Module(bytesOf(name))).exports;
}

function bytesOf(name: string): Uint8Array<ArrayBuffer> {
  const path = packagePath('build', `microbench.${name}.wasm`);
  if (!existsSync(path)) {
    throw new UsageError(`Expected ${path} to be built (npm run build) but found none`);
  }
  return readFileSync(path);
}
