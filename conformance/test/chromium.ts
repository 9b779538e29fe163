/** Headless Chromium, for tests. */

import { existsSync } from 'node:fs';
import process from 'node:process';
import { chromium, type Browser } from 'playwright-core';

/** Where Debian and others install it; undefined where it is not. */
export const chromiumPath = ['/usr/bin/chromium', '/usr/bin/chromium-browser'].find((path) =>
  existsSync(path),
);

/**
 * Whether tests that need Chromium are skipped: where there is none, which standard error tells, unless
 * PLUMBLINE_REQUIRE_SHARED is 1.
 *
 * @param tests names them in that line, such as `3 tests in a browser`
 */
export function skippedWithoutChromium(tests: string): boolean {
  const skipped = chromiumPath === undefined && process.env['PLUMBLINE_REQUIRE_SHARED'] !== '1';
  if (skipped) {
    process.stderr.write(`Skipping ${tests}: Expected /usr/bin/chromium but found none\n`);
  }
  return skipped;
}

/** Starts it, with further switches. */
export function launchChromium(...switches: readonly string[]): Promise<Browser> {
  return chromium.launch({
    executablePath: chromiumPath ?? '',
    args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking', ...switches],
  });
}
