/** Models by name and precision, and lists of them: those of the build, and those of a store, which others write. */

import * as z from 'zod/mini';
import { messageOf } from '../errors.ts';
import { MAX_CATALOGUE_MODELS, MAX_MODEL_BYTES } from '../limits.ts';

export const precisions = ['float32', 'int16', 'int8'] as const;
export type Precision = (typeof precisions)[number];

export const NAME_PATTERN = /^[a-z0-9][a-z0-9._-]{0,62}$/;

const count = z.int().check(z.positive());

const entry = z.object({
  name: z.string().check(z.regex(NAME_PATTERN)),
  precision: z.enum(precisions),
  /** SHA-256 of the Program, by which stores name it. */
  sha256: z.string().check(z.regex(/^[0-9a-f]{64}$/)),
  /** Of the Program, and of the wasm memory that it takes once loaded. */
  bytes: count.check(z.maximum(MAX_MODEL_BYTES)),
  memory: count.check(z.maximum(MAX_MODEL_BYTES)),
  width: count,
  height: count,
  labels: z.array(z.string().check(z.maxLength(200))).check(z.maxLength(25_000)),
});

/** One model in one precision. */
export interface ModelEntry extends z.infer<typeof entry> {
  readonly labels: string[];
}

const catalogue = z.object({
  format: z.literal('plumbline catalogue'),
  version: z.literal(1),
  // Counted before any is parsed.
  models: z.pipe(z.array(z.unknown()).check(z.maxLength(MAX_CATALOGUE_MODELS)), z.array(entry)),
});

/** @throws {RangeError} for what is no list of models */
export function parseCatalogue(value: unknown): readonly ModelEntry[] {
  const result = catalogue.safeParse(value);
  if (result.success) return result.data.models;
  const [issue] = result.error.issues;
  const place = (issue?.path ?? []).map(String).join('.');
  throw new RangeError(`Expected a catalogue. ${place}: ${issue?.message ?? 'Invalid'}`);
}

export function readCatalogue(bytes: Uint8Array): readonly ModelEntry[] {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder().decode(bytes));
  } catch (error) {
    throw new RangeError(`Expected a catalogue. ${messageOf(error)}`, { cause: error });
  }
  return parseCatalogue(value);
}
