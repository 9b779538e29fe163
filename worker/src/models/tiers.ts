/** Where Programs come from: tiers behind one interface, the nearest first. */

import type { Fetcher, KeyValueStore, ObjectStore } from '../bindings.ts';
import { within } from '../deadline.ts';
import { MAX_CATALOGUE_BYTES, STORE_DEADLINE } from '../limits.ts';
import { readCatalogue, type ModelEntry } from './entry.ts';

export const tierNames = ['embedded', 'assets', 'cache', 'kv', 'r2'] as const;
export type TierName = (typeof tierNames)[number];

export interface Tier {
  readonly name: TierName;
  /** The models that it knows of; none for a tier that only keeps what others have. */
  readonly list: () => Promise<readonly ModelEntry[]>;
  /** The bytes that it has under an entry's digest, whatever they are: to be verified. */
  readonly read: (entry: ModelEntry) => Promise<Uint8Array | undefined>;
  /** Keeps verified bytes for later, where the tier does that. */
  readonly keep?: (entry: ModelEntry, bytes: Uint8Array) => Promise<void>;
}

/** Part of the script: there with it, and as it was built. */
export interface EmbeddedProgram {
  readonly entry: ModelEntry;
  readonly bytes: ArrayBuffer;
}

export function embeddedTier(programs: readonly EmbeddedProgram[]): Tier {
  return {
    name: 'embedded',
    list: () => Promise.resolve(programs.map(({ entry }) => entry)),
    read: ({ sha256 }) => {
      const found = programs.find(({ entry }) => entry.sha256 === sha256);
      return Promise.resolve(found === undefined ? undefined : new Uint8Array(found.bytes));
    },
  };
}

/** Deployed with the script, read by URL. `entries` are those of the build. */
export function assetTier(assets: Fetcher, entries: readonly ModelEntry[]): Tier {
  return {
    name: 'assets',
    list: () => Promise.resolve(entries),
    read: (entry) => {
      const read = async (): Promise<Uint8Array | undefined> => {
        const response = await assets.fetch(`https://assets.invalid/models/${programName(entry)}`);
        if (!response.ok) return undefined;
        return limited(await response.arrayBuffer(), entry.bytes);
      };
      return within(STORE_DEADLINE, read(), () => late('Static assets'));
    },
  };
}

export const CATALOGUE_KEY = 'catalogue.json';

export function programName({ sha256 }: { readonly sha256: string }): string {
  return `${sha256}.program`;
}

export function keyValueTier(store: KeyValueStore): Tier {
  const get = (key: string): Promise<ArrayBuffer | null> =>
    within(STORE_DEADLINE, store.get(key, 'arrayBuffer'), () => late('KV'));
  return {
    name: 'kv',
    list: async () => listed(await get(CATALOGUE_KEY)),
    read: async (entry) => {
      const bytes = await get(programName(entry));
      return bytes === null ? undefined : limited(bytes, entry.bytes);
    },
  };
}

export function objectTier(store: ObjectStore): Tier {
  const get = async (key: string, limit: number): Promise<ArrayBuffer | null> => {
    const read = async (): Promise<ArrayBuffer | null> => {
      const object = await store.get(key);
      if (object === null) return null;
      if (object.size > limit) throw tooMany(limit, object.size);
      return object.arrayBuffer();
    };
    return within(STORE_DEADLINE, read(), () => late('R2'));
  };
  return {
    name: 'r2',
    list: async () => listed(await get(CATALOGUE_KEY, MAX_CATALOGUE_BYTES)),
    read: async (entry) => {
      const bytes = await get(programName(entry), entry.bytes);
      return bytes === null ? undefined : new Uint8Array(bytes);
    },
  };
}

/** The Cache API of the data centre, in front of the stores: what they gave, by digest. */
export function cacheTier(cache: Cache): Tier {
  const url = (entry: ModelEntry): string => `https://plumbline.invalid/${programName(entry)}`;
  return {
    name: 'cache',
    list: () => Promise.resolve([]),
    read: (entry) => {
      const read = async (): Promise<Uint8Array | undefined> => {
        const response = await cache.match(url(entry));
        return response === undefined
          ? undefined
          : limited(await response.arrayBuffer(), entry.bytes);
      };
      return within(STORE_DEADLINE, read(), () => late('Cache API'));
    },
    keep: async (entry, bytes) => {
      const headers = { 'Cache-Control': 'public, max-age=604800, immutable' };
      await cache.put(url(entry), new Response(bytes as Uint8Array<ArrayBuffer>, { headers }));
    },
  };
}

function listed(bytes: ArrayBuffer | null): readonly ModelEntry[] {
  return bytes === null ? [] : readCatalogue(limited(bytes, MAX_CATALOGUE_BYTES));
}

function limited(bytes: ArrayBuffer, limit: number): Uint8Array {
  if (bytes.byteLength > limit) throw tooMany(limit, bytes.byteLength);
  return new Uint8Array(bytes);
}

function tooMany(limit: number, found: number): RangeError {
  return new RangeError(`Expected at most ${String(limit)} bytes but found ${String(found)}`);
}

function late(store: string): Error {
  return new Error(`Expected ${store} to answer within ${String(STORE_DEADLINE / 1000)} seconds`);
}
