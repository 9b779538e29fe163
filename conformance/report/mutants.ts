/** The mutation score that `npm run mutants -- --json` prints. */

import * as z from 'zod';
import { variants } from '../../fastpath/runtime/variant.ts';
import { FileError, issueOf, messageOf } from '../../tools/errors.ts';
import type { MutationScore } from './data.ts';

const count = z.int().min(0);
const counts = z.object({
  mutants: count,
  wrong: count,
  trap: count,
  timeout: count,
  guard: count,
  equivalent: count,
  survived: count,
});

const score = z.object({
  variant: z.enum(variants),
  seed: count,
  sites: count,
  mutations: count,
  cases: count,
  seconds: z.number().min(0),
  total: counts,
  score: z.number().min(0).max(1),
  kernels: z.record(z.string(), counts),
  survivors: z.array(
    z.object({ kernels: z.array(z.string()), context: z.array(z.string()).default([]) }),
  ),
});

/**
 * Reads what the command printed; npm's own lines before it are passed over.
 *
 * @throws {FileError} for a text that is not the command's
 */
export function parseMutants(file: string, text: string): MutationScore {
  let value: unknown;
  try {
    value = JSON.parse(text.replace(/^(?:>.*|\s*)(?:\r?\n|$)/gm, ''));
  } catch (error) {
    throw new FileError(file, `Expected JSON of npm run mutants. ${messageOf(error)}`, {
      cause: error,
    });
  }
  const parsed = score.safeParse(value);
  if (!parsed.success) {
    throw new FileError(file, `Expected JSON of npm run mutants. ${issueOf(parsed.error)}`);
  }
  return parsed.data;
}
