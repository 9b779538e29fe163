/** One run of kernels in a memory of known content, and what has to be there after it. */

import { FUEL } from './module.ts';

/** The exports of a kernels' module, of which one function may be a mutant. */
export interface Kernels {
  readonly memory: WebAssembly.Memory;
  readonly fuel: WebAssembly.Global<'i32'>;
  /** The kernels' own constants. */
  readonly constants: { readonly at: number; readonly bytes: Uint8Array };
  /** Memory of the kernels' own behind the constants, which they write before they read it. */
  readonly own: Region;
  readonly call: (name: string, ...args: readonly (number | bigint)[]) => number;
}

export interface Region {
  readonly start: number;
  readonly end: number;
}

export interface PreparedCase {
  /** Bytes of memory that the case uses, from 0. */
  readonly end: number;
  /** Written to a memory of noise and the kernels' constants before the run. */
  readonly contents: readonly { readonly at: number; readonly bytes: Uint8Array }[];
  /** All that the run may write. */
  readonly writes: readonly Region[];
  readonly run: (kernels: Kernels) => void;
  /** Whether the results are those of the reference. */
  readonly isRight: (kernels: Kernels) => boolean;
}

export type Kill = 'wrong' | 'trap' | 'timeout' | 'guard';
export type Verdict = Kill | 'survived';

/** Rounds of loops that a case may take: some hundred times as many as the longest needs. */
const FUEL_PER_CASE = 20_000_000;
/** Bytes behind a case's end that have to stay as they are. */
export const GUARD_BYTES = 16384;
const PAGE_BYTES = 65536;
const VECTOR_BYTES = 16;
/** Of every case: room for the widest resize, and for pixels of many channels, three times as many in the output. */
export const MEMORY_BYTES = 48 * PAGE_BYTES;

/** Instances of kernels' modules and the memories that cases run in. */
export class Bench {
  readonly #assemblies: readonly (() => Uint8Array<ArrayBuffer>)[];
  readonly #instances: Kernels[] = [];

  /** Of one module or of several; each is made when first needed. */
  constructor(...assemblies: readonly (() => Uint8Array<ArrayBuffer>)[]) {
    this.#assemblies = assemblies;
  }

  /** Runs a case on every module until one fails it. */
  judge(prepared: PreparedCase): Verdict {
    for (const [i, assemble] of this.#assemblies.entries()) {
      const kernels = this.#instances[i] ?? instantiate(assemble);
      this.#instances[i] = kernels;
      const verdict = judgeOne(kernels, prepared);
      if (verdict !== 'survived') return verdict;
    }
    return 'survived';
  }
}

/** Runs a case. Results go before guards: what writes beside its place is mostly wrong, too. */
function judgeOne(
  kernels: Kernels,
  { end, contents, writes, run, isRight }: PreparedCase,
): Verdict {
  const length = end + GUARD_BYTES;
  if (length > MEMORY_BYTES) throw new RangeError(`Expected ${String(length)} bytes of memory`);
  const before = contentOf([kernels.constants, ...contents]);
  const memory = Buffer.from(kernels.memory.buffer);
  const high = contents.reduce((most, each) => (each.at > length ? each.at : most), MEMORY_BYTES);
  memory.set(before.subarray(0, length));
  memory.set(before.subarray(high), high);
  kernels.fuel.value = FUEL_PER_CASE;
  try {
    run(kernels);
    if (!isRight(kernels)) return 'wrong';
  } catch {
    return kernels.fuel.value === 0 ? 'timeout' : 'trap';
  }
  const free = { start: length, end: high };
  return isKept(before, memory, [...writes, kernels.own, free]) ? 'survived' : 'guard';
}

function instantiate(assemble: () => Uint8Array<ArrayBuffer>): Kernels {
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(assemble()));
  const memory = exports['memory'] as WebAssembly.Memory;
  const end = (exports['dataEnd'] as Exported)();
  const constants = constantsOf(memory, end);
  memory.grow((MEMORY_BYTES - memory.buffer.byteLength) / PAGE_BYTES);
  return {
    memory,
    fuel: exports[FUEL] as WebAssembly.Global<'i32'>,
    constants,
    own: { start: constants.at + constants.bytes.length, end },
    call: (name, ...args) => (exports[name] as Exported)(...args),
  };
}

type Exported = (...args: readonly (number | bigint)[]) => number;

/** What data segments wrote: from the first to the last vector that is not 0. Before it nothing may be read. */
function constantsOf(memory: WebAssembly.Memory, end: number): Kernels['constants'] {
  const data = new Uint8Array(memory.buffer, 0, end);
  const first = data.findIndex((byte) => byte !== 0);
  const at = first < 0 ? end : first - (first % VECTOR_BYTES);
  const last = data.findLastIndex((byte) => byte !== 0);
  return { at, bytes: data.slice(at, last - (last % VECTOR_BYTES) + VECTOR_BYTES) };
}

/** Bytes of a linear congruential generator. */
const noise = Buffer.alloc(MEMORY_BYTES);
for (let i = 0, state = 1; i < noise.length; i++) {
  state = (Math.imul(state, 1664525) + 1013904223) | 0;
  noise[i] = state >>> 24;
}
const initial = Buffer.from(noise);
let written: PreparedCase['contents'] = [];

/** A memory of noise with `contents` written over it, until the next call. */
function contentOf(contents: PreparedCase['contents']): Buffer {
  for (const { at, bytes } of written) noise.copy(initial, at, at, at + bytes.length);
  for (const { at, bytes } of contents) initial.set(bytes, at);
  written = contents;
  return initial;
}

/** Whether two memories are the same but for `writes`. */
function isKept(before: Buffer, after: Buffer, writes: readonly Region[]): boolean {
  const sorted = [...writes].sort((a, b) => a.start - b.start);
  let from = 0;
  for (const { start, end } of [...sorted, { start: before.length, end: before.length }]) {
    if (from < start && before.compare(after, from, start, from, start) !== 0) return false;
    from = Math.max(from, end);
  }
  return true;
}
