/** All tiers as one: which models there are, and verified bytes of each. */

import { HttpError, messageOf } from '../errors.ts';
import { CATALOGUE_AGE } from '../limits.ts';
import type { Metrics } from '../metrics.ts';
import type { ModelEntry, Precision } from './entry.ts';
import type { Tier, TierName } from './tiers.ts';

export interface Sourced {
  readonly bytes: Uint8Array;
  readonly tier: TierName;
}

/** What a tier lists, believed for `CATALOGUE_AGE`. */
interface Listing {
  readonly time: number;
  readonly models: Promise<readonly ModelEntry[]>;
}

export class ModelSource {
  readonly #tiers: readonly Tier[];
  readonly #metrics: Metrics;
  readonly #waitUntil: (work: Promise<unknown>) => void;
  readonly #listings = new Map<Tier, Listing>();

  constructor(
    tiers: readonly Tier[],
    metrics: Metrics,
    waitUntil: (work: Promise<unknown>) => void,
  ) {
    this.#tiers = tiers;
    this.#metrics = metrics;
    this.#waitUntil = waitUntil;
  }

  /** Every model once, each with the nearest tier that lists it: a store cannot replace what was built in. */
  async list(): Promise<readonly (ModelEntry & { readonly tier: TierName })[]> {
    const all = new Map<string, ModelEntry & { readonly tier: TierName }>();
    for (const tier of this.#tiers) {
      for (const entry of await this.#listing(tier)) {
        const key = `${entry.name} ${entry.precision}`;
        if (!all.has(key)) all.set(key, { ...entry, tier: tier.name });
      }
    }
    return Array.from(all.values());
  }

  /**
   * The nearest model of a name and precision.
   *
   * @throws {HttpError} 404 where there is none
   */
  async find(name: string, precision: Precision): Promise<ModelEntry> {
    for (const tier of this.#tiers) {
      const models = await this.#listing(tier);
      const found = models.find((entry) => entry.name === name && entry.precision === precision);
      if (found !== undefined) return found;
    }
    const names = (await this.list()).map((entry) => `${entry.name} ${entry.precision}`);
    const shown = `${names.slice(0, 20).join(', ')}${names.length > 20 ? ', ...' : ''}`;
    throw new HttpError(404, `Expected one of ${shown} but found ${name} ${precision}`);
  }

  /**
   * The Program of an entry, from the nearest tier whose bytes have its digest. Embedded ones are the script's own.
   *
   * @throws {HttpError} 503 where no tier has it
   */
  async read(entry: ModelEntry): Promise<Sourced> {
    for (const tier of this.#tiers) {
      const bytes = await this.#readFrom(tier, entry);
      if (bytes === undefined) continue;
      if (tier.name !== 'kv' && tier.name !== 'r2') return { bytes, tier: tier.name };
      for (const { keep } of this.#tiers) {
        if (keep !== undefined) this.#waitUntil(keep(entry, bytes));
      }
      return { bytes, tier: tier.name };
    }
    throw new HttpError(
      503,
      `Expected the Program of ${entry.name} ${entry.precision} in a store but found none that is intact`,
      { headers: { 'Retry-After': '5' } },
    );
  }

  async #readFrom(tier: Tier, entry: ModelEntry): Promise<Uint8Array | undefined> {
    try {
      const bytes = await tier.read(entry);
      if (bytes === undefined || tier.name === 'embedded') return bytes;
      if ((await sha256(bytes)) === entry.sha256) return bytes;
      this.#metrics.count('digest_mismatches', { tier: tier.name });
    } catch (error) {
      this.#metrics.count('store_errors', { tier: tier.name });
      console.error(`${tier.name}: ${messageOf(error)}`);
    }
    return undefined;
  }

  async #listing(tier: Tier): Promise<readonly ModelEntry[]> {
    const known = this.#listings.get(tier);
    const now = Date.now();
    if (known !== undefined && now - known.time < CATALOGUE_AGE) return known.models;
    // A store that cannot be read lists nothing: what is built in stays available.
    const models = tier.list().catch((error: unknown) => {
      this.#metrics.count('store_errors', { tier: tier.name });
      console.error(`${tier.name}: ${messageOf(error)}`);
      return [];
    });
    this.#listings.set(tier, { time: now, models });
    return models;
  }
}

async function sha256(bytes: Uint8Array): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', bytes as Uint8Array<ArrayBuffer>);
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('');
}
