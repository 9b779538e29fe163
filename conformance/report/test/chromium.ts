/** Tests of pages in headless Chromium, which is left to its own: it may fetch nothing. */

import { existsSync } from 'node:fs';
import process from 'node:process';
import { chromium, type Browser, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe } from 'vitest';

/** Opens the page in a window of so many CSS pixels: the page, and what the browser says of it or fetches for it. */
export type OpenPage = (
  colorScheme: 'light' | 'dark',
  width: number,
) => Promise<{ readonly page: Page; readonly complaints: readonly string[] }>;

const executablePath = ['/usr/bin/chromium', '/usr/bin/chromium-browser'].find((path) =>
  existsSync(path),
);

/**
 * Tests of a page. Without Chromium they are skipped, which standard error tells, or fail where PLUMBLINE_REQUIRE_SHARED
 * is 1.
 *
 * @param count how many tests `body` has
 * @param render gives the page's HTML, once
 */
export function describeInChromium(
  title: string,
  count: number,
  render: () => string | Promise<string>,
  body: (open: OpenPage) => void,
): void {
  const skipped = executablePath === undefined && process.env['PLUMBLINE_REQUIRE_SHARED'] !== '1';
  if (skipped) {
    process.stderr.write(
      `Skipping ${String(count)} tests in a browser: Expected /usr/bin/chromium but found none\n`,
    );
  }
  describe.skipIf(skipped)(title, () => {
    let browser: Browser;
    let html: string;

    beforeAll(async () => {
      html = await render();
      browser = await chromium.launch({
        executablePath: executablePath ?? '',
        args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking'],
      });
    }, 180_000);

    afterAll(async () => {
      await browser.close();
    });

    body(async (colorScheme, width) => {
      const page = await browser.newPage({ colorScheme, viewport: { width, height: 800 } });
      const complaints: string[] = [];
      page.on('console', (message) => complaints.push(message.text()));
      page.on('pageerror', (error) => complaints.push(error.message));
      page.on('dialog', (dialog) => complaints.push(dialog.message()));
      page.on('request', (request) => complaints.push(request.url()));
      await page.setContent(html, { waitUntil: 'load' });
      return { page, complaints };
    });
  });
}
