/**
 * Data that may be measured with but not distributed: published vectors, photographs. It lies in the folder that
 * `PLUMBLINE_SHARED` names, by default `../shared`.
 *
 * Tests that need it skip loudly, with a count, where it is absent; under `PLUMBLINE_REQUIRE_SHARED=1` absence fails.
 */

import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import process from 'node:process';

export function sharedPath(...parts: string[]): string {
  return resolve(process.env['PLUMBLINE_SHARED'] ?? '../shared', ...parts);
}

/**
 * Whether a part of the shared data is there. Where it is not, says on the console what is skipped.
 *
 * @throws {Error} where it is absent but required
 */
export function sharedDataPresent(part: string, skipped: string): boolean {
  const path = sharedPath(part);
  if (existsSync(path)) return true;
  if (process.env['PLUMBLINE_REQUIRE_SHARED'] === '1') {
    throw new Error(`Expected shared data at ${path} but found none`);
  }
  console.warn(
    `SKIPPED: ${skipped}, since there is no ${path} (set PLUMBLINE_SHARED to its folder)`,
  );
  return false;
}
