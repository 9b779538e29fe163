/** What every form of the Worker has: kernels and decoders, imported as modules, since none may be compiled later. */

import jpeg from '@jsquash/jpeg/codec/dec/mozjpeg_dec.wasm';
import webp from '@jsquash/webp/codec/dec/webp_dec.wasm';
import relaxed from '../../build/kernels.relaxed.wasm';
import simd from '../../build/kernels.simd.wasm';
import catalogue from '../../build/worker/programs/catalogue.json' with { type: 'json' };
import { parseCatalogue, type ModelEntry, type Precision } from './models/entry.ts';
import type { EmbeddedProgram } from './models/tiers.ts';

/** The models of the build. */
export const built = parseCatalogue(catalogue);

/** The better first. */
export const kernels = [
  { variant: 'relaxed', kernels: () => relaxed },
  { variant: 'simd', kernels: () => simd },
] as const;

export const decoders = { jpeg: () => jpeg, webp: () => webp } as const;

export const parts = { built, kernels, decoders } as const;

/** A Program of the script. @throws {Error} for one that the build does not list */
export function embedded(
  entries: readonly ModelEntry[],
  name: string,
  precision: Precision,
  bytes: ArrayBuffer,
): EmbeddedProgram {
  const entry = entries.find((each) => each.name === name && each.precision === precision);
  if (entry?.bytes !== bytes.byteLength) {
    throw new Error(`Expected the Program of ${name} ${precision} to be that of the catalogue`);
  }
  return { entry, bytes };
}
