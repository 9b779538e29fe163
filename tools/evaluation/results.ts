/** What models gave for photos, remembered by digests of photo and model. */

import { appendFileSync, existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { FileError, messageOf } from '../errors.ts';
import { readBytes } from '../files.ts';
import type { ModelOutput } from './worker.ts';

/** How many numbers a model gives for a photo. */
export interface OutputCounts {
  readonly logits: number;
  readonly probabilities: number;
}

const LINE_FEED = 0x0a;

/** The longest JSON of a float64 number, with its comma; and of everything else in a line. */
const NUMBER_BYTES = 25;
const FRAME_BYTES = 200;

/** Results of one model, a line of JSON each, appended as they come. */
export class ResultCache {
  readonly #path: string | undefined;
  readonly #results = new Map<string, ModelOutput>();

  /**
   * @throws {FileError} for a folder that cannot be made, or results that cannot be read. A line that does not fit,
   *   such as the last one of an interrupted run, counts for nothing.
   */
  constructor(folder: string | undefined, digest: string, counts: OutputCounts) {
    if (folder === undefined) return;
    try {
      mkdirSync(folder, { recursive: true });
    } catch (error) {
      throw new FileError(folder, `Expected a folder for results. ${messageOf(error)}`, {
        cause: error,
      });
    }
    this.#path = join(folder, `${digest}.jsonl`);
    if (!existsSync(this.#path)) return;
    const schema = lineOf(counts);
    const limit = FRAME_BYTES + NUMBER_BYTES * (counts.logits + counts.probabilities);
    for (const line of linesOf(readBytes(this.#path), limit)) {
      const result = schema.safeParse(line);
      if (!result.success) continue;
      const { photo, logits, probabilities } = result.data;
      this.#results.set(photo, { logits, probabilities });
    }
  }

  get(photo: string): ModelOutput | undefined {
    return this.#results.get(photo);
  }

  /** @throws {FileError} where the result cannot be kept */
  set(photo: string, output: ModelOutput): void {
    this.#results.set(photo, output);
    if (this.#path === undefined) return;
    try {
      appendFileSync(this.#path, `${JSON.stringify({ photo, ...output })}\n`);
    } catch (error) {
      throw new FileError(this.#path, `Expected a writable place. ${messageOf(error)}`, {
        cause: error,
      });
    }
  }
}

function lineOf({ logits, probabilities }: OutputCounts) {
  return z.object({
    photo: z.string(),
    logits: numbers(logits),
    probabilities: numbers(probabilities),
  });
}

/** One check for the whole list: a list of wrong items would give as many errors. */
function numbers(count: number) {
  return z.custom<readonly number[]>(
    (value) => Array.isArray(value) && value.length === count && value.every(Number.isFinite),
  );
}

/** The value of each line of at most `limit` bytes; undefined for one that is no JSON. */
function* linesOf(bytes: Uint8Array, limit: number): Generator {
  for (let start = 0, end; start < bytes.length; start = end + 1) {
    end = bytes.indexOf(LINE_FEED, start);
    if (end < 0) end = bytes.length;
    if (end - start <= limit) yield parseJson(Buffer.from(bytes.subarray(start, end)).toString());
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
