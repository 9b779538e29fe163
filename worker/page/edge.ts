/** The models on the edge, through the API. */

import { CACHE_HEADER, VARIANT_HEADER } from '../src/auth.ts';
import type { ModelEntry } from '../src/models/entry.ts';
import type { Score } from '../src/scores.ts';

export interface EdgeResult {
  readonly scores: readonly Score[];
  readonly variant: string;
  readonly cache: string;
  /** Of the request, there and back. */
  readonly milliseconds: number;
}

export interface EdgeLimits {
  readonly bytes: number;
  readonly pixels: number;
}

/** @throws {Error} with the reason that the edge gives */
export async function classifyAtEdge(
  { name, precision }: ModelEntry,
  file: Uint8Array,
  token: string,
): Promise<EdgeResult> {
  const query = new URLSearchParams({ model: name, precision, top: '1000' });
  const start = performance.now();
  const response = await fetch(`/v1/classify?${query.toString()}`, {
    method: 'POST',
    body: file as Uint8Array<ArrayBuffer>,
    headers: token === '' ? {} : { Authorization: `Bearer ${token}` },
  });
  const body = (await response.json()) as Score[] | { readonly error: string };
  const milliseconds = performance.now() - start;
  if ('error' in body) throw new Error(body.error);
  return {
    scores: body,
    variant: response.headers.get(VARIANT_HEADER) ?? '',
    cache: response.headers.get(CACHE_HEADER) ?? '',
    milliseconds,
  };
}

export async function edgeLimits(): Promise<EdgeLimits> {
  const response = await fetch('/v1/models');
  return ((await response.json()) as { readonly limits: EdgeLimits }).limits;
}
