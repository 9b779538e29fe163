/**
 * From request to result: models loaded once however many ask at once, one image in work at a time, memory reserved
 * before it is taken.
 */

import { ImageError, type ImageInfo } from '../../images/container.ts';
import type { DecoderModules } from '../../images/decode.ts';
import { ImageDecoder } from '../../images/decode.ts';
import { decoderBytes, pixelBytes } from '../../images/memory.ts';
import {
  loadProgram,
  ProgramError,
  type Elements,
  type FastPath,
  type Kernels,
} from '../../fastpath/runtime/index.ts';
import {
  chooseKernels,
  type ChosenKernels,
  type KernelsSource,
} from '../../fastpath/runtime/self-test.ts';
import { headerFields, PROGRAM_BASE, readWords } from '../../fastpath/program/format.ts';
import { HttpError } from './errors.ts';
import { Gate } from './gate.ts';
import { MAX_PIXELS, QUEUE_DEADLINE } from './limits.ts';
import type { Metrics } from './metrics.ts';
import { ModelCache } from './models/cache.ts';
import type { ModelEntry } from './models/entry.ts';
import { Sieve } from './models/policy.ts';
import type { ModelSource } from './models/source.ts';
import type { TierName } from './models/tiers.ts';

/** Where a request's model was: loaded already, or the tier it was loaded from. */
export type CacheState = 'hit' | TierName;

export interface Timings {
  readonly load: number;
  readonly decode: number;
  readonly resize: number;
  readonly inference: number;
}

export interface Result {
  readonly outputs: readonly Elements[];
  readonly description: FastPath['description'];
  readonly cache: CacheState;
  readonly variant: ChosenKernels['variant'];
  readonly timings: Timings;
}

const busy = (): HttpError =>
  new HttpError(503, 'Expected a turn but other requests go before', {
    headers: { 'Retry-After': '1' },
  });

export class Engine {
  readonly cache: ModelCache;
  readonly #decoder: ImageDecoder;
  readonly #source: ModelSource;
  readonly #kernels: readonly KernelsSource[];
  readonly #metrics: Metrics;
  #chosen: Promise<ChosenKernels> | undefined;
  /** Held by whoever decodes, instantiates or infers. */
  readonly #turn = new Gate(1);
  /** Held by the one load that reads a Program. */
  readonly #load = new Gate(1);
  readonly #loading = new Map<string, Promise<TierName>>();

  constructor(
    source: ModelSource,
    kernels: readonly KernelsSource[],
    decoders: DecoderModules,
    limit: number,
    metrics: Metrics,
  ) {
    this.#source = source;
    this.#kernels = kernels;
    this.#metrics = metrics;
    this.#decoder = new ImageDecoder(decoders, MAX_PIXELS);
    this.cache = new ModelCache(limit, new Sieve(), this.#decoder, () => {
      metrics.count('evictions');
    });
  }

  get decoderBytes(): number {
    return this.#decoder.bytes;
  }

  /** The outputs for an image's bytes. @throws {HttpError} for an image that is not decoded, with the reason */
  async classify(entry: ModelEntry, file: Uint8Array): Promise<Result> {
    const info = this.#inspect(file);
    const need = (): number =>
      Math.max(0, decoderBytes(info, file.length) - this.#decoder.bytesOf(info.format)) +
      pixelBytes(info, file.length);
    return this.#withModel(entry, need, async (network) => {
      const start = performance.now();
      const image = await this.#decode(file);
      const decoded = performance.now();
      if (network.image === undefined) {
        throw new HttpError(422, `Expected a model of images but ${entry.name} takes none`);
      }
      network.image.write(image);
      const resized = performance.now();
      const outputs = network.run();
      const end = performance.now();
      return {
        outputs,
        timings: { decode: decoded - start, resize: resized - decoded, inference: end - resized },
      };
    });
  }

  /** The outputs for input tensors. @throws {HttpError} for such as the model does not take */
  async run(
    entry: ModelEntry,
    inputsOf: (description: FastPath['description']) => readonly Elements[],
  ): Promise<Result> {
    return this.#withModel(
      entry,
      () => 0,
      (network) => {
        const inputs = inputsOf(network.description);
        const start = performance.now();
        const outputs = network.run(...inputs);
        const inference = performance.now() - start;
        return Promise.resolve({ outputs, timings: { decode: 0, resize: 0, inference } });
      },
    );
  }

  /** What a model says of itself, which loads it. */
  async describe(entry: ModelEntry): Promise<FastPath['description']> {
    const { description } = await this.#withModel(
      entry,
      () => 0,
      () => Promise.resolve({ outputs: [], timings: { decode: 0, resize: 0, inference: 0 } }),
    );
    return description;
  }

  /** Resolves once kernels are chosen, which any inference needs. */
  async ready(): Promise<void> {
    await this.#chosenKernels();
  }

  async #withModel(
    entry: ModelEntry,
    /** Bytes that the work takes while it lasts. */
    need: () => number,
    work: (
      network: FastPath,
    ) => Promise<{ outputs: readonly Elements[]; timings: Omit<Timings, 'load'> }>,
  ): Promise<Result> {
    const start = performance.now();
    const key = entry.sha256;
    const { variant } = await this.#chosenKernels();
    let cache: CacheState = 'hit';
    for (;;) {
      if (!this.cache.has(key)) cache = await this.#loaded(entry);
      const leave = await this.#turn.enter(1, QUEUE_DEADLINE, busy);
      let wait = false;
      try {
        const resident = this.cache.get(key);
        // Evicted while others had their turns.
        if (resident === undefined) continue;
        const release = this.cache.reserve(need(), key);
        // A load holds what is missing.
        wait = release === undefined;
        if (release === undefined) continue;
        try {
          const load = performance.now() - start;
          const { outputs, timings } = await work(resident.network);
          const { description } = resident.network;
          this.#count(cache, { load, ...timings });
          return { outputs, description, cache, variant, timings: { load, ...timings } };
        } finally {
          release();
        }
      } finally {
        leave();
        if (wait) await this.#loadsSettled();
      }
    }
  }

  /** @throws {HttpError} 503 where no load is under way, whose end could give memory back */
  async #loadsSettled(): Promise<void> {
    if (this.#loading.size === 0) throw noMemory('the image');
    await Promise.allSettled(this.#loading.values());
  }

  #count(cache: CacheState, timings: Timings): void {
    if (cache === 'hit') this.#metrics.count('hits');
    for (const [stage, milliseconds] of Object.entries(timings)) {
      this.#metrics.count('stage_milliseconds', { stage }, milliseconds as number);
    }
  }

  async #chosenKernels(): Promise<ChosenKernels> {
    this.#chosen ??= chooseKernels(this.#kernels).then((chosen) => {
      for (const { variant, reason } of chosen.refused) {
        this.#metrics.count('kernels_refused', { variant });
        console.error(`Kernels ${variant} refused: ${reason}`);
      }
      return chosen;
    });
    return this.#chosen;
  }

  /** Loads a model, once however many ask for it. */
  async #loaded(entry: ModelEntry): Promise<TierName> {
    const under = this.#loading.get(entry.sha256);
    if (under !== undefined) return under;
    const loading = this.#loadModel(entry).finally(() => {
      this.#loading.delete(entry.sha256);
    });
    this.#loading.set(entry.sha256, loading);
    return loading;
  }

  async #loadModel(entry: ModelEntry): Promise<TierName> {
    const { kernels } = await this.#chosenKernels();
    const leave = await this.#load.enter(1, QUEUE_DEADLINE, busy);
    try {
      // Reserved in a turn, when nobody holds more than residents and decoders.
      const reserved = await this.#inTurn(() => {
        const read = this.cache.reserve(entry.bytes);
        const memory = this.cache.reserve(entry.memory);
        if (read !== undefined && memory !== undefined) return { read, memory };
        throw noMemory(entry.name);
      });
      try {
        const { bytes, tier } = await this.#source.read(entry);
        checkMemory(entry, bytes);
        const network = await loaded(entry, bytes, kernels);
        reserved.memory();
        this.cache.add(entry.sha256, { network, tier });
        this.#metrics.count('loads', { tier });
        return tier;
      } finally {
        reserved.read();
        reserved.memory();
      }
    } finally {
      leave();
    }
  }

  async #inTurn<T>(work: () => T): Promise<T> {
    const leave = await this.#turn.enter(1, QUEUE_DEADLINE, busy);
    try {
      return work();
    } finally {
      leave();
    }
  }

  #inspect(file: Uint8Array): ImageInfo {
    try {
      return this.#decoder.inspect(file);
    } catch (error) {
      throw this.#refused(error);
    }
  }

  async #decode(file: Uint8Array): ReturnType<ImageDecoder['decode']> {
    try {
      return await this.#decoder.decode(file);
    } catch (error) {
      throw this.#refused(error);
    }
  }

  /** 415 for no image, 413 for one beyond the limits, 422 for one that is damaged. */
  #refused(error: unknown): unknown {
    if (!(error instanceof ImageError)) return error;
    this.#metrics.count('refused_images', { reason: error.reason });
    return new HttpError(statuses[error.reason], error.message, { cause: error });
  }
}

function noMemory(subject: string): HttpError {
  return new HttpError(503, `Expected memory for ${subject} but found too little`);
}

/** A Program from a store may be none. */
async function loaded(entry: ModelEntry, bytes: Uint8Array, kernels: Kernels): Promise<FastPath> {
  try {
    return await loadProgram(bytes, kernels);
  } catch (error) {
    if (!(error instanceof ProgramError)) throw error;
    throw new HttpError(503, `${entry.name} ${entry.precision}: ${error.message}`, {
      cause: error,
    });
  }
}

const statuses = { 'unknown-format': 415, 'too-large': 413, damaged: 422 } as const;

const PAGE_BYTES = 65536;

/** A list may say less of a Program than it takes: its own header counts, before any memory is taken. */
function checkMemory(entry: ModelEntry, bytes: Uint8Array): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 4 * headerFields.length) return;
  const { imageBytes, arenaBytes } = readWords(view, 0, headerFields);
  const memory = Math.ceil((PROGRAM_BASE + imageBytes + arenaBytes) / PAGE_BYTES) * PAGE_BYTES;
  if (memory > entry.memory) {
    throw new HttpError(
      503,
      `Expected ${entry.name} ${entry.precision} to take ${String(entry.memory)} bytes of memory, as its catalogue says, but found ${String(memory)}`,
    );
  }
}
