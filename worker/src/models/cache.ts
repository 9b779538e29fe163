/**
 * Loaded models, in an isolate's budget of memory together with the decoders and whatever is under way. What is kept is
 * the wasm instance, not the Program's bytes: a warm request pays for inference only.
 */

import type { FastPath } from '../../../fastpath/runtime/index.ts';
import type { Policy } from './policy.ts';
import type { TierName } from './tiers.ts';

export interface Resident {
  readonly network: FastPath;
  readonly tier: TierName;
}

export class ModelCache {
  readonly #limit: number;
  readonly #policy: Policy;
  /** Bytes of the decoders at hand, and what drops them. */
  readonly #decoders: { readonly bytes: number; drop(): void };
  readonly #models = new Map<string, Resident>();
  readonly #evicted: (key: string) => void;
  #modelBytes = 0;
  #reserved = 0;

  constructor(
    limit: number,
    policy: Policy,
    decoders: { readonly bytes: number; drop(): void },
    evicted: (key: string) => void,
  ) {
    this.#limit = limit;
    this.#policy = policy;
    this.#decoders = decoders;
    this.#evicted = evicted;
  }

  get size(): number {
    return this.#models.size;
  }

  get modelBytes(): number {
    return this.#modelBytes;
  }

  /** Of models, decoders and what is reserved: at most the limit. */
  get bytes(): number {
    return this.#modelBytes + this.#decoders.bytes + this.#reserved;
  }

  has(key: string): boolean {
    return this.#models.has(key);
  }

  /** A resident model, which counts as a use of it. */
  get(key: string): Resident | undefined {
    const resident = this.#models.get(key);
    if (resident !== undefined) this.#policy.hit(key);
    return resident;
  }

  /** Adds a model for whose memory there is room. */
  add(key: string, resident: Resident): void {
    const { memory } = resident.network.bytes;
    this.#models.set(key, resident);
    this.#modelBytes += memory;
    this.#policy.insert(key);
  }

  /**
   * Reserves bytes, evicting models other than `kept` and at last the decoders; undefined where that is not enough.
   * What it returns gives them back.
   */
  reserve(bytes: number, kept?: string): (() => void) | undefined {
    while (this.bytes + bytes > this.#limit) {
      const victim = this.#policy.victim(kept);
      if (victim !== undefined) this.#evict(victim);
      else if (this.#decoders.bytes > 0) this.#decoders.drop();
      else return undefined;
    }
    this.#reserved += bytes;
    let held = true;
    return () => {
      if (held) this.#reserved -= bytes;
      held = false;
    };
  }

  #evict(key: string): void {
    this.#modelBytes -= this.#models.get(key)?.network.bytes.memory ?? 0;
    this.#models.delete(key);
    this.#policy.remove(key);
    this.#evicted(key);
  }
}
