/** The page in a browser: it shows what it says, in light and dark and on a phone, and the browser has no complaint. */

import { expect, it } from 'vitest';
import { renderHtml } from './html.ts';
import { hostile, withMutants } from './test/data.ts';
import { describeInChromium } from './test/page-tests.ts';

describeInChromium(
  'in a browser',
  3,
  () => renderHtml(withMutants),
  (open) => {
    it.each(['light', 'dark'] as const)('shows verdicts, %s', async (scheme) => {
      const { page, complaints } = await open(scheme, 1280);
      const cells = page.locator('td[data-property="averagePool int8"]');
      expect(await cells.count()).toBe(1);
      expect(await cells.innerText()).toContain('✗ differs');
      expect(await cells.getAttribute('data-backend')).toContain('<script>alert(1)</script>');
      const equal = page.locator('td[data-backend="right"][data-property="conv2d float32"]');
      expect(await equal.innerText()).toContain('✓ equal');
      const [back, text] = await page.evaluate(() => {
        const { backgroundColor, color } = getComputedStyle(document.body);
        return [backgroundColor, color];
      });
      expect([back, text]).toEqual(
        scheme === 'light'
          ? ['rgb(252, 252, 251)', 'rgb(28, 31, 35)']
          : ['rgb(20, 23, 26)', 'rgb(230, 233, 236)'],
      );
      await cells.getByRole('link').click();
      expect(await page.locator(':target h3').innerText()).toContain('averagePool int8');
      expect(await page.title()).toContain(hostile.slice(0, 20));
      expect(complaints).toEqual([]);
    });

    it('fits a phone', async () => {
      const { page, complaints } = await open('light', 360);
      const width = await page.evaluate(() => document.documentElement.scrollWidth);
      expect(width).toBe(360);
      const sizes = await page
        .locator('svg text')
        .evaluateAll((texts) => texts.map((text) => text.getBoundingClientRect().height));
      expect(Math.min(...sizes)).toBeGreaterThan(10);
      expect(complaints).toEqual([]);
    });
  },
);
