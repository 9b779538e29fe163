/** What a run of the benchmark found, as `bench.json` has it. */

import type { Variant } from '../../fastpath/runtime/index.ts';
import type { EmbeddedName } from '../models.ts';
import type { ColdTimes } from './cold.ts';
import type { FormName } from './forms.ts';
import type { LayerReport } from './layers.ts';
import type { LoadTimes } from './load.ts';
import type { Timing } from './measure.ts';
import type { Peaks } from './peaks.ts';
import type { Sizes } from './sizes.ts';

export interface BenchResults {
  readonly machine: Machine;
  /** Samples of each contestant, of loading, and passes over the layers. */
  readonly iterations: number;
  readonly peaks: Peaks;
  readonly networks: readonly NetworkResult[];
  readonly layers: readonly (Network & OfVariant & LayerReport)[];
  readonly loads: readonly (Network & OfVariant & LoadTimes)[];
  readonly cold: readonly (Network & ColdTimes & { readonly name: string })[];
  readonly kernels: readonly (OfVariant & Sizes)[];
  readonly programs: readonly ProgramResult[];
  readonly browser?: BrowserResult;
  /** What was left out, and why. */
  readonly notes: readonly string[];
}

export interface Machine {
  readonly processor: string;
  readonly node: string;
  readonly v8: string;
  readonly platform: string;
  /** Whose CPU time is told. */
  readonly cpuTimeOf: 'thread' | 'process';
}

export interface Network {
  readonly model: EmbeddedName;
  readonly form: FormName;
}

interface OfVariant {
  readonly variant: Variant;
}

export interface NetworkResult extends Network {
  readonly timings: readonly Timing[];
  /** Largest difference of each other runtime's outputs from ours: a probability, or codes. */
  readonly differences: Readonly<Record<string, number>>;
}

export interface ProgramResult extends Network, Sizes {
  /** Bytes. */
  readonly arena: number;
  readonly memory: number;
}

export interface BrowserResult {
  /** As the browser names itself. */
  readonly version: string;
  /** Wall time alone: pages have no other clock. */
  readonly networks: readonly (Network & { readonly timings: readonly BrowserTiming[] })[];
}

export type BrowserTiming = Pick<Timing, 'name' | 'batch' | 'wall'>;

/** The timing of a contestant, undefined where it was not timed. */
export function timingOf(
  { networks }: BenchResults,
  model: EmbeddedName,
  form: FormName,
  name: string,
): Timing | undefined {
  return networks
    .find((network) => network.model === model && network.form === form)
    ?.timings.find((timing) => timing.name === name);
}
