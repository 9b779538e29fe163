/** Runs mutants on the cases of the kernels that they touch. */

import process from 'node:process';
import { kernels } from '../../fastpath/program/kernels.ts';
import { Bench, type PreparedCase, type Verdict } from './case.ts';
import { prepareKernel } from './kernel-runs.ts';
import { decodeModule, type WasmModule } from '../../fastpath/module/decode.ts';
import { Assembler, type Replacement } from './module.ts';
import { prepareRequantization, requantizations } from './requantize-runs.ts';
import { prepareResize } from './resize-runs.ts';
import type { Mutant } from './sites.ts';

/** How long a mutant runs cases, in milliseconds of its thread's processor time; those that are left then do not find it. */
const BUDGET_MS = 4000;

const RESIZE = ['resizeBegin', 'resizeRow'];

/** The exports that have cases: all kernels, the rescalings and the resize. */
export const testedExports: readonly string[] = [
  ...kernels.map(({ name }) => name),
  ...requantizations,
  ...RESIZE,
];

/** Holds mutants of one build of the kernels to the reference. Cases are prepared when first needed, and kept. */
export class Judge {
  readonly module: WasmModule;
  readonly #assemblers: readonly Assembler[];
  readonly #built: Bench;
  readonly #count: number;
  readonly #cases = new Map<string, readonly PreparedCase[]>();

  /** `count` cases of each kernel. */
  constructor(bytes: Uint8Array, count: number) {
    this.module = decodeModule(bytes);
    // The start function asks what the engine's dot product does (dot.ts). Without it, kernels do as where that is less.
    this.#assemblers =
      this.module.start === undefined
        ? [new Assembler(this.module)]
        : [new Assembler(this.module), new Assembler(this.module, 'without start')];
    this.#built = this.#benchOf();
    this.#count = count;
  }

  #benchOf(replacement?: Replacement): Bench {
    return new Bench(...this.#assemblers.map((each) => () => each.assemble(replacement)));
  }

  /**
   * The cases of an export.
   *
   * @throws {Error} where the kernels as built fail one
   */
  casesOf(name: string): readonly PreparedCase[] {
    const key = RESIZE.includes(name) ? 'resize' : name;
    const known = this.#cases.get(key);
    if (known !== undefined) return known;
    const prepared = this.#prepare(name);
    this.#cases.set(key, prepared);
    return prepared;
  }

  #prepare(name: string): readonly PreparedCase[] {
    if (RESIZE.includes(name)) return prepareResize(this.#count, this.#built);
    const requantization = requantizations.find((each) => each === name);
    if (requantization !== undefined) {
      return prepareRequantization(requantization, this.#count, this.#built);
    }
    const kernel = kernels.find((each) => each.name === name);
    if (kernel === undefined) throw new Error(`Expected a kernel but found ${name}`);
    return prepareKernel(kernel, this.#count, this.#built);
  }

  /** The first case that tells a mutant from the kernels within `budget` says how it was killed. */
  judge(
    { function: index, position, mutation, kernels: touched }: Mutant,
    budget = BUDGET_MS,
  ): Verdict {
    const bench = this.#benchOf({ function: index, position, bytes: mutation.bytes });
    const end = threadMilliseconds() + budget;
    for (const name of touched) {
      for (const prepared of this.casesOf(name)) {
        if (threadMilliseconds() >= end) return 'survived';
        const verdict = bench.judge(prepared);
        if (verdict !== 'survived') return verdict;
      }
    }
    return 'survived';
  }
}

/** Processor time of this thread, which other work on the machine does not lengthen. */
function threadMilliseconds(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}
