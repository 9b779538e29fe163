/** Which model goes first where there is no room for all. worker/simulation says why it is SIEVE. */

/** What a cache tells a policy, and asks of it. Keys are those of resident models. */
export interface Policy {
  readonly insert: (key: string) => void;
  readonly hit: (key: string) => void;
  readonly remove: (key: string) => void;
  /** The key to evict next, other than `kept`. */
  readonly victim: (kept?: string) => string | undefined;
}

/**
 * SIEVE (Zhang et al., "SIEVE is Simpler than LRU", NSDI 2024): in the order of arrival, a hand goes from old to new,
 * forgives each model that was used since it last passed, and evicts the first that was not.
 */
export class Sieve implements Policy {
  /** From old to new. */
  readonly #keys: string[] = [];
  readonly #visited = new Set<string>();
  #hand = 0;

  insert(key: string): void {
    this.#keys.push(key);
  }

  hit(key: string): void {
    this.#visited.add(key);
  }

  remove(key: string): void {
    const at = this.#keys.indexOf(key);
    if (at < 0) return;
    this.#keys.splice(at, 1);
    if (at < this.#hand) this.#hand -= 1;
    this.#visited.delete(key);
  }

  victim(kept?: string): string | undefined {
    for (let steps = 0; steps <= 2 * this.#keys.length; steps++) {
      if (this.#hand >= this.#keys.length) this.#hand = 0;
      const key = this.#keys[this.#hand];
      if (key === undefined) return undefined;
      if (key !== kept && !this.#visited.delete(key)) return key;
      this.#hand += 1;
    }
    return undefined;
  }
}
