/** Bodies of requests: bounded bytes within bounded time. */

import { within } from './deadline.ts';
import { HttpError } from './errors.ts';
import type { Gate } from './gate.ts';
import {
  BODY_DEADLINE,
  DRAIN_DEADLINE,
  MAX_BODY_BYTES,
  MAX_DRAINED_BYTES,
  QUEUE_DEADLINE,
} from './limits.ts';
import { partOf } from './multipart.ts';

function tooLarge(limit: number, found: string): HttpError {
  return new HttpError(413, `Expected at most ${String(limit)} bytes but found ${found}`);
}

/** What a request says of its length: undefined where it does not. */
function declaredBytes(request: Request): number | undefined {
  const header = request.headers.get('content-length');
  if (header === null || !/^\d{1,15}$/.test(header)) return undefined;
  return Number(header);
}

/**
 * Reads a body once `gate` has room for it, and hands it to `use`; the room is given back when that is done.
 *
 * @throws {HttpError} 413 for more than `limit` bytes, 408 for bytes that do not come, 503 where no room comes
 */
export async function withBody<T>(
  request: Request,
  gate: Gate,
  use: (body: Uint8Array) => Promise<T>,
  limit = MAX_BODY_BYTES,
): Promise<T> {
  const declared = declaredBytes(request);
  if (declared !== undefined && declared > limit) throw tooLarge(limit, String(declared));
  const leave = await gate.enter(
    declared ?? limit,
    QUEUE_DEADLINE,
    () =>
      new HttpError(503, 'Expected room for the body but other requests hold it', {
        headers: { 'Retry-After': '1' },
      }),
  );
  try {
    const read =
      declared === undefined
        ? readChunks(request, limit)
        : request.arrayBuffer().then((buffer) => new Uint8Array(buffer));
    const late = (): HttpError =>
      new HttpError(408, `Expected the body within ${String(BODY_DEADLINE / 1000)} seconds`);
    return await use(await within(BODY_DEADLINE, read, late));
  } finally {
    leave();
  }
}

async function readChunks(request: Request, limit: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  const body = request.body as ReadableStream<Uint8Array> | null;
  const reader = body?.getReader();
  for (;;) {
    const { value } = (await reader?.read()) ?? {};
    if (value === undefined) break;
    length += value.length;
    if (length > limit) {
      if (reader !== undefined) await discard(reader);
      throw tooLarge(limit, 'more');
    }
    chunks.push(value);
  }
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}

/**
 * Reads what a refused request still sends, and keeps nothing: a connection that is closed before that may take the
 * answer with it. Ends at `MAX_DRAINED_BYTES`, or when nothing comes.
 */
export async function drain({ body, bodyUsed }: Request): Promise<void> {
  if (bodyUsed || body === null || body.locked) return;
  await discard((body as ReadableStream<Uint8Array>).getReader());
}

async function discard(reader: ReadableStreamDefaultReader<Uint8Array>): Promise<void> {
  const read = async (): Promise<void> => {
    for (let length = 0; length < MAX_DRAINED_BYTES;) {
      const { value } = await reader.read();
      if (value === undefined) return;
      length += value.length;
    }
  };
  try {
    await within(DRAIN_DEADLINE, read(), () => new Error('Expected the body to end'));
  } catch {
    // Whoever sends no end, or breaks off, has the answer or does not want it.
  }
  await reader.cancel().catch(() => undefined);
}

/**
 * The image in a body: the body itself, or, of a form, its first file.
 *
 * @throws {HttpError} 400 for an empty body or a form without a file
 */
export function imageOf(request: Request, body: Uint8Array): Uint8Array {
  const type = request.headers.get('content-type') ?? '';
  const image = /^\s*multipart\/form-data\b/i.test(type) ? partOf(type, body) : body;
  if (image.length === 0) throw new HttpError(400, 'Expected an image but found an empty body');
  return image;
}
