/** One isolate's service: what its parts and bindings make together. */

import type { DecoderModules } from '../../images/decode.ts';
import type { KernelsSource } from '../../fastpath/runtime/self-test.ts';
import type { Bindings } from './bindings.ts';
import { Engine } from './engine.ts';
import { Gate } from './gate.ts';
import { BODIES_BYTES, WORK_BYTES } from './limits.ts';
import { Metrics } from './metrics.ts';
import type { ModelEntry } from './models/entry.ts';
import { ModelSource } from './models/source.ts';
import {
  assetTier,
  cacheTier,
  embeddedTier,
  keyValueTier,
  objectTier,
  type EmbeddedProgram,
} from './models/tiers.ts';

/** What a script brings with it. */
export interface Parts {
  readonly programs: readonly EmbeddedProgram[];
  /** All models of the build: those that are not embedded are static assets. */
  readonly built: readonly ModelEntry[];
  readonly kernels: readonly KernelsSource[];
  readonly decoders: DecoderModules;
}

export class Service {
  readonly settings: Bindings;
  readonly metrics = new Metrics();
  readonly source: ModelSource;
  readonly engine: Engine;
  /** Bytes of bodies. */
  readonly bodies = new Gate(BODIES_BYTES);

  constructor(parts: Parts, bindings: Bindings, waitUntil: (work: Promise<unknown>) => void) {
    const { ASSETS, MODELS_KV, MODELS_R2 } = bindings;
    this.settings = bindings;
    const stores = [
      ...(MODELS_KV === undefined ? [] : [keyValueTier(MODELS_KV)]),
      ...(MODELS_R2 === undefined ? [] : [objectTier(MODELS_R2)]),
    ];
    const { default: cache } = caches as unknown as { readonly default: Cache };
    const tiers = [
      embeddedTier(parts.programs),
      ...(ASSETS === undefined ? [] : [assetTier(ASSETS, parts.built)]),
      ...(stores.length === 0 ? [] : [cacheTier(cache)]),
      ...stores,
    ];
    this.source = new ModelSource(tiers, this.metrics, waitUntil);
    this.engine = new Engine(this.source, parts.kernels, parts.decoders, WORK_BYTES, this.metrics);
  }
}
