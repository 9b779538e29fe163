/** The cache of models: policies, budget, single loads, tiers and digests. In Node, where everything can be counted. */

import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { decoderModules } from '../../tools/images/decode.ts';
import { kernelsModule } from '../../tools/kernels.ts';
import { programsPath } from '../make/places.ts';
import { Engine } from '../src/engine.ts';
import { STORE_DEADLINE, WORK_BYTES } from '../src/limits.ts';
import { Metrics } from '../src/metrics.ts';
import { parseCatalogue, readCatalogue, type ModelEntry } from '../src/models/entry.ts';
import { Sieve } from '../src/models/policy.ts';
import { ModelSource } from '../src/models/source.ts';
import {
  assetTier,
  cacheTier,
  keyValueTier,
  objectTier,
  programName,
  type Tier,
} from '../src/models/tiers.ts';
import { GreedyDualSize, LeastRecentlyUsed, type SizedPolicy } from '../simulation/policies.ts';
import { photos } from './node.ts';

const entries = readCatalogue(readFileSync(programsPath('catalogue.json')));
const programs = new Map(
  entries.map((entry) => [
    entry.sha256,
    new Uint8Array(readFileSync(programsPath(`${entry.name}.${entry.precision}.program`))),
  ]),
);
const [photo = new Uint8Array(0)] = photos;

function entryOf(name: string, precision: string): ModelEntry {
  const found = entries.find((entry) => entry.name === name && entry.precision === precision);
  if (found === undefined) throw new Error('Expected a model');
  return found;
}

/** A tier that counts its reads and answers after a while. */
function countingTier(reads: string[]): Tier {
  return {
    name: 'r2',
    list: () => Promise.resolve(entries),
    read: async (entry) => {
      reads.push(`${entry.name} ${entry.precision}`);
      await new Promise((resolve) => setTimeout(resolve, 5));
      return programs.get(entry.sha256)?.slice();
    },
  };
}

function engineOf(
  tiers: readonly Tier[],
  limit = WORK_BYTES,
): { engine: Engine; metrics: Metrics } {
  const metrics = new Metrics();
  const source = new ModelSource(tiers, metrics, () => undefined);
  const kernels = [{ variant: 'simd' as const, kernels: () => kernelsModule('simd') }];
  return { engine: new Engine(source, kernels, decoderModules, limit, metrics), metrics };
}

describe.each<readonly [string, () => SizedPolicy]>([
  ['least recently used', () => new LeastRecentlyUsed()],
  ['SIEVE', () => new Sieve()],
  ['GreedyDual-Size', () => new GreedyDualSize()],
])('%s', (_name, create) => {
  it('names a resident model other than the kept one, as long as there is one', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(6), fc.nat(3)), { maxLength: 60 }), (steps) => {
        const policy = create();
        const resident = new Set<string>();
        for (const [model, action] of steps) {
          const key = String(model);
          if (action === 0) {
            policy.remove(key);
            resident.delete(key);
          } else if (resident.has(key)) policy.hit(key);
          else {
            policy.insert(key, 1 + model, 1);
            resident.add(key);
          }
          const victim = policy.victim(action === 3 ? key : undefined);
          const others = [...resident].filter((each) => action !== 3 || each !== key);
          if (others.length === 0) expect(victim).toBeUndefined();
          else expect(others).toContain(victim);
        }
      }),
    );
  });
});

describe('SIEVE', () => {
  it('evicts the oldest that was not used since the hand passed', () => {
    const policy = new Sieve();
    for (const key of ['a', 'b', 'c']) policy.insert(key);
    policy.hit('a');
    expect(policy.victim()).toBe('b');
    policy.remove('b');
    policy.insert('d');
    expect(policy.victim()).toBe('c');
    policy.remove('c');
    expect(policy.victim()).toBe('d');
  });
});

describe('GreedyDual-Size', () => {
  it('evicts what costs least to load for its size, until it has aged', () => {
    const policy = new GreedyDualSize();
    policy.insert('large', 100, 10);
    policy.insert('dear', 100, 50);
    expect(policy.victim()).toBe('large');
    policy.remove('large');
    for (let i = 0; i < 9; i++) {
      policy.insert(`new ${String(i)}`, 100, 10);
      const victim = policy.victim() ?? '';
      policy.remove(victim);
      if (victim === 'dear') return;
    }
    throw new Error('Expected the dear one to go at last');
  });
});

describe('kernels', () => {
  it('that fail their self-test are passed over, and that is told', async () => {
    const print = vi.spyOn(console, 'error').mockReturnValue(undefined);
    const none = new WebAssembly.Module(Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0));
    const metrics = new Metrics();
    const source = new ModelSource([countingTier([])], metrics, () => undefined);
    const kernels = [
      { variant: 'relaxed' as const, kernels: () => none },
      { variant: 'simd' as const, kernels: () => kernelsModule('simd') },
    ];
    const engine = new Engine(source, kernels, decoderModules, WORK_BYTES, metrics);
    const { variant } = await engine.classify(entryOf('small', 'int8'), photo);
    expect(variant).toBe('simd');
    expect(metrics.text({})).toContain('plumbline_kernels_refused_total{variant="relaxed"} 1\n');
    expect(print).toHaveBeenCalledWith(
      'Kernels relaxed refused: Kernels: Expected the kernels to export "memory"',
    );
    print.mockRestore();
  });

  it('of which none is right answer nothing', async () => {
    const none = new WebAssembly.Module(Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0));
    const metrics = new Metrics();
    const source = new ModelSource([countingTier([])], metrics, () => undefined);
    const kernels = [{ variant: 'simd' as const, kernels: () => none }];
    const engine = new Engine(source, kernels, decoderModules, WORK_BYTES, metrics);
    await expect(engine.classify(entryOf('small', 'int8'), photo)).rejects.toThrow(
      'Expected kernels that pass their self-test but found none.',
    );
  });
});

describe('loads', () => {
  it('happen once, however many ask at once', async () => {
    const reads: string[] = [];
    const { engine } = engineOf([countingTier(reads)]);
    const all = await Promise.all(
      Array.from({ length: 20 }, (_, i) =>
        engine.classify(entryOf(i % 2 === 0 ? 'small' : 'large', 'int8'), photo),
      ),
    );
    expect(reads.sort()).toEqual(['large int8', 'small int8']);
    expect(new Set(all.map(({ outputs }) => outputs[0]?.join())).size).toBe(2);
    const again = await engine.classify(entryOf('small', 'int8'), photo);
    expect(again.cache).toBe('hit');
    expect(reads.length).toBe(2);
  });

  it('that fail are told to all who wait, and tried again', async () => {
    let broken = true;
    const reads: string[] = [];
    const tier = countingTier(reads);
    const print = vi.spyOn(console, 'error').mockReturnValue(undefined);
    const failing: Tier = {
      ...tier,
      read: (entry) => (broken ? Promise.reject(new Error('down')) : tier.read(entry)),
    };
    const { engine } = engineOf([failing]);
    const entry = entryOf('small', 'int8');
    const results = await Promise.allSettled([1, 2, 3].map(() => engine.classify(entry, photo)));
    expect(results.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
    expect(print).toHaveBeenCalledWith('r2: down');
    broken = false;
    expect((await engine.classify(entry, photo)).cache).toBe('r2');
    expect(engine.cache.bytes).toBe(engine.cache.modelBytes + engine.decoderBytes);
    print.mockRestore();
  });

  it('stay within the budget whatever is asked, and every answer is right', async () => {
    const reads: string[] = [];
    // Room for one of the largest and little more.
    const { engine } = engineOf([countingTier(reads)], 64 * 2 ** 20);
    const wanted = new Map<string, string>();
    for (const entry of entries) {
      const { outputs } = await engine.classify(entry, photo);
      wanted.set(entry.sha256, outputs[0]?.join() ?? '');
    }
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(entries.length - 1), { maxLength: 12 }), async (asked) => {
        const watch = setInterval(() => {
          expect(engine.cache.bytes).toBeLessThanOrEqual(64 * 2 ** 20);
        }, 0);
        await Promise.all(
          asked.map(async (index) => {
            const entry = entries[index];
            if (entry === undefined) return;
            const { outputs } = await engine.classify(entry, photo);
            expect(outputs[0]?.join()).toBe(wanted.get(entry.sha256));
          }),
        );
        clearInterval(watch);
        expect(engine.cache.bytes).toBe(engine.cache.modelBytes + engine.decoderBytes);
      }),
      { numRuns: 8 },
    );
  });
});

describe('tiers', () => {
  const entry = entryOf('small', 'int8');
  const right = (): Uint8Array => programs.get(entry.sha256)?.slice() ?? new Uint8Array(0);
  const wrong = (): Uint8Array => {
    const bytes = right();
    bytes[100] = (bytes[100] ?? 0) ^ 1;
    return bytes;
  };
  const tierOf = (
    name: Tier['name'],
    bytes: Uint8Array | undefined,
    kept: string[] = [],
  ): Tier => ({
    name,
    list: () => Promise.resolve([]),
    read: () => Promise.resolve(bytes),
    keep: (each) => {
      kept.push(`${name} ${each.name}`);
      return Promise.resolve();
    },
  });

  it('are asked in order, and corrupt bytes passed over and counted', async () => {
    const metrics = new Metrics();
    const kept: string[] = [];
    const tiers = [
      tierOf('assets', undefined),
      tierOf('cache', wrong(), kept),
      tierOf('kv', wrong()),
      tierOf('r2', right()),
    ];
    const { tier, bytes } = await new ModelSource(tiers, metrics, () => undefined).read(entry);
    expect([tier, bytes.length]).toEqual(['r2', entry.bytes]);
    expect(kept).toEqual(['cache small']);
    expect(metrics.text({})).toContain('digest_mismatches_total{tier="cache"} 1\n');
    expect(metrics.text({})).toContain('digest_mismatches_total{tier="kv"} 1\n');
  });

  it('without an intact Program give 503', async () => {
    const source = new ModelSource([tierOf('kv', wrong())], new Metrics(), () => undefined);
    await expect(source.read(entry)).rejects.toMatchObject({
      status: 503,
      message: 'Expected the Program of small int8 in a store but found none that is intact',
    });
  });

  it('refuse a Program that takes more memory than its list says', async () => {
    const small = { ...entry, memory: entry.memory - 65536 };
    const { engine } = engineOf([countingTier([])]);
    await expect(engine.classify(small, photo)).rejects.toThrow(
      `Expected small int8 to take ${String(small.memory)} bytes of memory, as its catalogue says, but found ${String(entry.memory)}`,
    );
    expect(engine.cache.bytes).toBe(0);
  });

  it('refuse bytes that are no Program although they have their digest', async () => {
    const bytes = new TextEncoder().encode(
      'no Program at all, but long enough for a header '.repeat(9),
    );
    const digest = Buffer.from(await crypto.subtle.digest('SHA-256', bytes)).toString('hex');
    const odd = { ...entry, sha256: digest, bytes: bytes.length };
    const { engine } = engineOf([{ ...countingTier([]), read: () => Promise.resolve(bytes) }]);
    await expect(engine.classify(odd, photo)).rejects.toMatchObject({ status: 503 });
    expect(engine.cache.bytes).toBe(0);
  });

  it('read stores within limits', async () => {
    const print = vi.spyOn(console, 'error').mockReturnValue(undefined);
    const get = (key: string): ArrayBuffer | null =>
      key === programName(entry) ? (right().buffer as ArrayBuffer) : null;
    const kv = keyValueTier({ get: (key) => Promise.resolve(get(key)) });
    const r2 = objectTier({
      get: (key) => {
        const bytes = get(key);
        if (bytes === null) return Promise.resolve(null);
        return Promise.resolve({
          size: bytes.byteLength,
          arrayBuffer: () => Promise.resolve(bytes),
        });
      },
    });
    for (const tier of [kv, r2]) {
      expect(await tier.list()).toEqual([]);
      expect((await tier.read(entry))?.length).toBe(entry.bytes);
      await expect(tier.read({ ...entry, bytes: 9 })).rejects.toThrow(
        `Expected at most 9 bytes but found ${String(entry.bytes)}`,
      );
    }
    print.mockRestore();
  });

  const never = <T>(): Promise<T> => new Promise<T>(() => undefined);
  const endless = (): Response => new Response(new ReadableStream({ pull: () => never() }));

  it.each<readonly [string, string, Tier]>([
    ['assets that', 'Static assets', assetTier({ fetch: () => never() }, entries)],
    [
      'assets whose body',
      'Static assets',
      assetTier({ fetch: () => Promise.resolve(endless()) }, entries),
    ],
    ['a cache that', 'Cache API', cacheTier({ match: () => never() } as unknown as Cache)],
    [
      'a cache whose body',
      'Cache API',
      cacheTier({ match: () => Promise.resolve(endless()) } as unknown as Cache),
    ],
    ['KV that', 'KV', keyValueTier({ get: () => never() })],
    ['R2 that', 'R2', objectTier({ get: () => never() })],
    [
      'R2 whose body',
      'R2',
      objectTier({ get: () => Promise.resolve({ size: 9, arrayBuffer: () => never() }) }),
    ],
  ])('give up %s does not come', async (_name, store, tier) => {
    vi.useFakeTimers();
    try {
      const read = expect(tier.read(entry)).rejects.toThrow(
        `Expected ${store} to answer within 5 seconds`,
      );
      await vi.advanceTimersByTimeAsync(STORE_DEADLINE);
      await read;
    } finally {
      vi.useRealTimers();
    }
  });

  it('keep what stores gave in the Cache API', async () => {
    const kept = new Map<string, Response>();
    const cache = {
      match: (url: string) => Promise.resolve(kept.get(url)?.clone()),
      put: (url: string, response: Response) => {
        kept.set(url, response);
        return Promise.resolve();
      },
    };
    const tier = cacheTier(cache as unknown as Cache);
    expect(await tier.read(entry)).toBeUndefined();
    await tier.keep?.(entry, right());
    expect((await tier.read(entry))?.length).toBe(entry.bytes);
    expect([...kept.values()][0]?.headers.get('cache-control')).toContain('immutable');
  });
});

describe('a catalogue', () => {
  const sound = { format: 'plumbline catalogue', version: 1, models: entries };

  it.each<readonly [string, (sound: object) => unknown]>([
    ['of another format', () => ({ ...sound, format: 'x' })],
    ['of too many models', () => ({ ...sound, models: Array.from({ length: 1001 }, () => 1) })],
    ['with a name that is a path', () => ({ ...sound, models: [{ ...entries[0], name: '../x' }] })],
    ['with another digest', () => ({ ...sound, models: [{ ...entries[0], sha256: 'ab' }] })],
    [
      'with a model of gigabytes',
      () => ({ ...sound, models: [{ ...entries[0], memory: 2 ** 31 }] }),
    ],
    ['that is none', () => 7],
  ])('%s is refused', (_name, edit) => {
    expect(() => parseCatalogue(edit(sound))).toThrow('Expected a catalogue.');
  });

  it('of any text is a list or an error', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
        expect(() => readCatalogue(new TextEncoder().encode(text))).toThrow(RangeError);
      }),
    );
  });
});
