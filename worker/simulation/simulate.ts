/** Requests to models whose popularity falls by Zipf's law, and what a policy makes them wait for loads. */

import type { SizedPolicy } from './policies.ts';

export interface SimulatedModel {
  readonly key: string;
  /** Of wasm memory. */
  readonly bytes: number;
  /** Of one load, in milliseconds. */
  readonly cost: number;
}

export interface SimulationOptions {
  readonly models: readonly SimulatedModel[];
  readonly budget: number;
  /** Exponent of Zipf's law: 0 asks for all models alike. */
  readonly exponent: number;
  readonly requests: number;
  /** After how many requests the models exchange their popularity. */
  readonly shift: number;
  readonly seed: number;
}

export interface SimulationResult {
  /** Milliseconds of loading, of one request on average. */
  readonly load: number;
  /** Fraction of requests that found their model loaded. */
  readonly hits: number;
}

/** Numbers in [0, 1) that follow from a seed (mulberry32). */
export function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

export function simulate(policy: SizedPolicy, options: SimulationOptions): SimulationResult {
  const { models, budget, exponent, requests, shift, seed } = options;
  const next = random(seed);
  const cumulative = cumulativeZipf(models.length, exponent);
  let ranked = shuffled(models, next);
  const resident = new Map<string, number>();
  let used = 0;
  let load = 0;
  let hits = 0;
  for (let request = 0; request < requests; request++) {
    if (request > 0 && request % shift === 0) ranked = shuffled(models, next);
    const model = ranked[rankOf(cumulative, next())];
    if (model === undefined) throw new RangeError('Expected models but found none');
    if (resident.has(model.key)) {
      hits += 1;
      policy.hit(model.key);
      continue;
    }
    load += model.cost;
    while (used + model.bytes > budget) {
      const victim = policy.victim();
      if (victim === undefined) throw new RangeError(`Expected room for ${model.key}`);
      used -= resident.get(victim) ?? 0;
      resident.delete(victim);
      policy.remove(victim);
    }
    resident.set(model.key, model.bytes);
    used += model.bytes;
    policy.insert(model.key, model.bytes, model.cost);
  }
  return { load: load / requests, hits: hits / requests };
}

function cumulativeZipf(count: number, exponent: number): Float64Array {
  const weights = Float64Array.from({ length: count }, (_, rank) => (rank + 1) ** -exponent);
  const total = weights.reduce((a, b) => a + b, 0);
  let sum = 0;
  return weights.map((weight) => (sum += weight / total));
}

function rankOf(cumulative: Float64Array, value: number): number {
  let [low, high] = [0, cumulative.length - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((cumulative[middle] ?? 1) > value) high = middle;
    else low = middle + 1;
  }
  return low;
}

function shuffled<T>(items: readonly T[], next: () => number): readonly T[] {
  const result = [...items];
  for (let i = result.length - 1; i > 0; i--) {
    const j = Math.floor(next() * (i + 1));
    const [a, b] = [result[i], result[j]];
    if (a !== undefined && b !== undefined) [result[i], result[j]] = [b, a];
  }
  return result;
}
