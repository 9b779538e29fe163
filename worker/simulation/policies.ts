/** The policies that the simulation compares with SIEVE, which the Worker has (src/models/policy.ts). */

import type { Policy } from '../src/models/policy.ts';

/** One that may go by what a model holds, in bytes, and what it costs to load, in milliseconds. */
export interface SizedPolicy extends Omit<Policy, 'insert'> {
  readonly insert: (key: string, bytes: number, cost: number) => void;
}

/** The least recently used model goes first. */
export class LeastRecentlyUsed implements Policy {
  /** In the order of their last uses. */
  readonly #keys = new Set<string>();

  insert(key: string): void {
    this.#keys.add(key);
  }

  hit(key: string): void {
    this.#keys.delete(key);
    this.#keys.add(key);
  }

  remove(key: string): void {
    this.#keys.delete(key);
  }

  victim(kept?: string): string | undefined {
    for (const key of this.#keys) if (key !== kept) return key;
    return undefined;
  }
}

/**
 * GreedyDual-Size (Cao, Irani: "Cost-Aware WWW Proxy Caching Algorithms", 1997): each model is worth what loading it
 * costs per byte that it holds, and ages by what was evicted since its last use.
 */
export class GreedyDualSize implements SizedPolicy {
  readonly #entries = new Map<string, { readonly value: number; worth: number }>();
  #age = 0;

  insert(key: string, bytes: number, cost: number): void {
    const value = cost / bytes;
    this.#entries.set(key, { value, worth: this.#age + value });
  }

  hit(key: string): void {
    const entry = this.#entries.get(key);
    if (entry === undefined) return;
    entry.worth = this.#age + entry.value;
    // Of equal worth, the least recently used goes first.
    this.#entries.delete(key);
    this.#entries.set(key, entry);
  }

  remove(key: string): void {
    this.#entries.delete(key);
  }

  victim(kept?: string): string | undefined {
    let least: string | undefined;
    let worth = Infinity;
    for (const [key, entry] of this.#entries) {
      if (key !== kept && entry.worth < worth) [least, worth] = [key, entry.worth];
    }
    if (least !== undefined) this.#age = worth;
    return least;
  }
}
