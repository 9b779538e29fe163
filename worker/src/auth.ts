/** Who may ask: a bearer token for inference, origins for pages elsewhere. */

import { HttpError } from './errors.ts';

const encoder = new TextEncoder();

/** Compares digests, so that neither length nor content of the secret shows in the time it takes. */
async function equal(a: string, b: string): Promise<boolean> {
  const [x, y] = await Promise.all(
    [a, b].map(
      async (text) => new Uint8Array(await crypto.subtle.digest('SHA-256', encoder.encode(text))),
    ),
  );
  let difference = 0;
  for (let i = 0; i < 32; i++) difference |= (x?.[i] ?? 0) ^ (y?.[i] ?? 1);
  return difference === 0;
}

/** @throws {HttpError} 401 where a token is set and the request has not the same */
export async function authorize(request: Request, token: string | undefined): Promise<void> {
  if (token === undefined || token === '') return;
  const given = /^Bearer (.{1,1000})$/i.exec(request.headers.get('authorization') ?? '')?.[1];
  if (given !== undefined && (await equal(given, token))) return;
  throw new HttpError(
    401,
    'Expected "Authorization: Bearer TOKEN" with the token of this service',
    {
      headers: { 'WWW-Authenticate': 'Bearer' },
    },
  );
}

/** The headers that let a page of `origin` read answers: none unless the setting names it. */
export function corsHeaders(
  setting: string | undefined,
  origin: string | null,
): Readonly<Record<string, string>> {
  const allowed = (setting ?? '').split(',').map((each) => each.trim());
  const any = allowed.includes('*');
  if (origin === null || !(any || allowed.includes(origin))) return {};
  return {
    'Access-Control-Allow-Origin': any ? '*' : origin,
    'Access-Control-Expose-Headers': EXPOSED,
    ...(any ? {} : { Vary: 'Origin' }),
  };
}

export const MODEL_HEADER = 'X-Plumbline-Model';
export const PRECISION_HEADER = 'X-Plumbline-Precision';
export const VARIANT_HEADER = 'X-Plumbline-Variant';
export const CACHE_HEADER = 'X-Plumbline-Cache';

const EXPOSED = [
  MODEL_HEADER,
  PRECISION_HEADER,
  VARIANT_HEADER,
  CACHE_HEADER,
  'Server-Timing',
  'Inference-Header-Content-Length',
].join(', ');
