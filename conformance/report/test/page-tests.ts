/** Tests of pages in headless Chromium, which is left to its own: it may fetch nothing. */

import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe } from 'vitest';
import { launchChromium, skippedWithoutChromium } from '../../test/chromium.ts';

/** Opens the page in a window of so many CSS pixels: the page, and what the browser says of it or fetches for it. */
export type OpenPage = (
  colorScheme: 'light' | 'dark',
  width: number,
) => Promise<{ readonly page: Page; readonly complaints: readonly string[] }>;

/**
 * Tests of a page; without Chromium they are skipped.
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
  const skipped = skippedWithoutChromium(`${String(count)} tests in a browser`);
  describe.skipIf(skipped)(title, () => {
    let browser: Browser;
    let html: string;

    beforeAll(async () => {
      html = await render();
      browser = await launchChromium();
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
