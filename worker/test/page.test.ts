/** The page in a browser, before the Worker: a photo dropped, both results shown and equal, for everyone who may look. */

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { launchChromium, skippedWithoutChromium } from '../../conformance/test/chromium.ts';
import { decodeImage } from '../../tools/images/decode.ts';
import { loadModel } from '../../tools/models.ts';
import { loadedInNode, photos, scoresInNode } from './node.ts';
import { startService, withAssets } from './service.ts';
import { headOf } from '../make/head.ts';
import { heatMap } from '../page/heat-map.ts';
import { agreementOf } from '../page/comparison.ts';
import { encodePng } from '../page/png.ts';
import { shrink } from '../page/shrink.ts';
import { resize } from '../../reference/index.ts';
import { kernelsModule } from '../../tools/kernels.ts';
import { encodeJpeg } from './images.ts';

const skipped = skippedWithoutChromium('8 tests of the page in a browser');

/** Where screenshots go, if they are wanted. */
const screenshots = process.env['PLUMBLINE_SCREENSHOTS'];
const [photo = new Uint8Array(0), plane = new Uint8Array(0)] = photos;

const ALL = 6;

describe.skipIf(skipped)('in a browser', () => {
  let browser: Browser;
  let origin: string;

  beforeAll(async () => {
    const service = await startService(withAssets);
    ({ origin } = await service.runtime.ready);
    browser = await launchChromium(
      '--use-fake-device-for-media-stream',
      '--use-fake-ui-for-media-stream',
    );
  }, 60_000);

  afterAll(async () => {
    await browser.close();
  });

  /** The page, whatever the browser complains of, and requests elsewhere. */
  async function open(
    options: Parameters<Browser['newContext']>[0] = {},
    prepare: (context: BrowserContext) => Promise<void> = () => Promise.resolve(),
  ): Promise<{ page: Page; complaints: string[] }> {
    const context = await browser.newContext({ permissions: ['camera'], ...options });
    await prepare(context);
    const page = await context.newPage();
    const complaints: string[] = [];
    page.on('console', (message) => complaints.push(message.text()));
    page.on('pageerror', (error) => complaints.push(error.message));
    page.on('request', (request) => {
      const url = new URL(request.url());
      if (url.origin !== origin && url.protocol !== 'blob:') complaints.push(request.url());
    });
    await page.goto(origin);
    return { page, complaints };
  }

  const choose = (page: Page, file: Uint8Array, name = 'photo.jpg'): Promise<void> =>
    page.locator('#file').setInputFiles({
      name,
      mimeType: 'image/jpeg',
      buffer: Buffer.from(file),
    });

  /** Until all models have answered, here and there. */
  async function finished(page: Page): Promise<void> {
    await page.waitForFunction(
      (count) => document.querySelectorAll('#table td.good, #table td.bad').length === count,
      ALL,
      { timeout: 60_000 },
    );
    await page.waitForFunction(() =>
      document.querySelector('#status')?.textContent.includes(' pixels: '),
    );
  }

  async function shoot(page: Page, name: string): Promise<void> {
    if (screenshots === undefined) return;
    mkdirSync(screenshots, { recursive: true });
    await page.screenshot({ path: join(screenshots, `${name}.png`), fullPage: true });
  }

  it('shows a dropped photo, with results of browser and edge that are equal', async () => {
    const { page, complaints } = await open({ viewport: { width: 1280, height: 900 } });
    await page.evaluate((bytes) => {
      const transfer = new DataTransfer();
      transfer.items.add(new File([Uint8Array.from(bytes)], 'photo.jpg', { type: 'image/jpeg' }));
      document.dispatchEvent(new DragEvent('drop', { dataTransfer: transfer, bubbles: true }));
    }, Array.from(photo));
    await finished(page);
    const agreements = await page.locator('#table td.good').allInnerTexts();
    expect(agreements).toEqual(
      Array.from({ length: ALL }, () => '✓ equal, bit for bit (both relaxed)'),
    );
    for (const [model, precision] of [
      ['small', 'int8'],
      ['large', 'int16'],
      ['large', 'float32'],
    ] as const) {
      const [best] = await scoresInNode(model, precision, photo);
      const text = `${best?.label ?? ''} ${(100 * (best?.score ?? 0)).toFixed(1)} %`;
      const row = page.locator(`tr[data-model="${model} ${precision}"]`);
      expect((await row.locator('td').allInnerTexts()).slice(1, 3)).toEqual([text, text]);
    }
    expect(await page.locator('#heat-caption').innerText()).toMatch(
      /^Where large float32 finds evidence for "church" \(exact/,
    );
    expect(await page.locator('#bars svg[role="img"]').count()).toBe(2);
    const scroll = page.locator('.scroll');
    const hidden = await scroll.evaluate((each) => each.scrollWidth - each.clientWidth);
    expect(hidden).toBe(0);
    await shoot(page, 'desktop');
    expect(complaints).toEqual([]);
  });

  it('takes a picture from the clipboard', async () => {
    const { page, complaints } = await open({ permissions: ['clipboard-read', 'clipboard-write'] });
    const png = encodePng(await decodeImage(await encodeJpeg(90, 60)));
    await page.evaluate(async (bytes) => {
      const blob = new Blob([Uint8Array.from(bytes)], { type: 'image/png' });
      await navigator.clipboard.write([new ClipboardItem({ 'image/png': blob })]);
    }, Array.from(png));
    await page.keyboard.press('Control+V');
    await finished(page);
    expect(await page.locator('#status').innerText()).toMatch(/^90 x 60 pixels: /);
    expect(await page.locator('#table td.good').count()).toBe(ALL);
    expect(complaints).toEqual([]);
  });

  it('holds float32 of different kernels to its bound, and integers to equality', async () => {
    const { page } = await open({}, async (context) => {
      await context.route('**/kernels/relaxed.wasm', (route) => route.fulfill({ status: 404 }));
    });
    await choose(page, photo);
    await finished(page);
    for (const [precision, text] of [
      ['float32', /^✓ within the bound: \d\.\de-\d+ of \d\.\de-\d+ \(simd here, relaxed there\)$/],
      ['int16', /^✓ equal, bit for bit \(simd here, relaxed there\)$/],
      ['int8', /^✓ equal, bit for bit \(simd here, relaxed there\)$/],
    ] as const) {
      for (const model of ['small', 'large']) {
        const row = page.locator(`tr[data-model="${model} ${precision}"]`);
        expect(await row.locator('td.good').innerText()).toMatch(text);
      }
    }
  });

  it('sends a photo over the limit at the size of the model', async () => {
    const { page, complaints } = await open();
    await choose(page, await encodeJpeg(4000, 3000, { quality: 60 }));
    await finished(page);
    expect(await page.locator('#table td.good').count()).toBe(ALL);
    expect(await page.locator('#status').innerText()).toContain(
      "Over the edge's limit of 4 megapixels and 6 MiB: sent at the size of each model.",
    );
    expect(complaints).toEqual([]);
  });

  it('works on a phone in the dark, by keyboard, and tells what is wrong', async () => {
    const { page, complaints } = await open({
      viewport: { width: 360, height: 740 },
      colorScheme: 'dark',
      hasTouch: true,
      isMobile: true,
    });
    await choose(page, new TextEncoder().encode('no photo'), 'note.jpg');
    await page.waitForFunction(() =>
      document.querySelector('#status')?.textContent.startsWith('Expected a JPEG'),
    );
    await page.keyboard.press('Tab');
    for (let i = 0; i < 12; i++) {
      if ((await page.evaluate(() => document.activeElement?.id)) === 'sample') break;
      await page.keyboard.press('Tab');
    }
    await page.keyboard.press('Enter');
    await finished(page);
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(360);
    expect(await page.evaluate(() => getComputedStyle(document.body).backgroundColor)).toBe(
      'rgb(20, 23, 26)',
    );
    await shoot(page, 'phone-dark');
    expect(complaints).toEqual([]);
  });

  it('draws the heat map of any model and class', async () => {
    const { page } = await open();
    await choose(page, plane);
    await finished(page);
    await page.locator('#heat-model').selectOption('small int8');
    await page.locator('#heat-class').selectOption('person');
    await page.waitForFunction(() =>
      document.querySelector('#heat-caption')?.textContent.includes('"person"'),
    );
    expect(await page.locator('#heat-caption').innerText()).toBe(
      'Where small int8 finds evidence for "person" (of the dequantised int8 features and weights).',
    );
  });

  it('watches the webcam, and takes a photo of it', async () => {
    const { page, complaints } = await open();
    await page.locator('#camera').click();
    await page.waitForFunction(() =>
      /person \(\d+ %\), \d+ frames per second/.test(
        document.querySelector('#verdict')?.textContent ?? '',
      ),
    );
    await shoot(page, 'webcam');
    await page.locator('#shot').click();
    await finished(page);
    await page.locator('#camera').click();
    expect(await page.locator('#live').isHidden()).toBe(true);
    expect(complaints).toEqual([]);
  });

  it('names every control and picture, and has one heading above all', async () => {
    const { page } = await open();
    await choose(page, photo);
    await finished(page);
    const nameless = await page.evaluate(() =>
      Array.from(document.querySelectorAll('button, select, input, [role="img"], [role="region"]'))
        .filter((element) => {
          const labels =
            element instanceof HTMLInputElement || element instanceof HTMLSelectElement
              ? element.labels
              : null;
          const text = `${element.getAttribute('aria-label') ?? ''}${labels?.[0]?.textContent ?? ''}${element.textContent}`;
          return text.trim() === '';
        })
        .map((element) => element.outerHTML.slice(0, 100)),
    );
    expect(nameless).toEqual([]);
    expect(await page.locator('h1').count()).toBe(1);
    expect(await page.locator('[role="status"][aria-live="polite"]').count()).toBe(1);
  });
});

describe('parts of the page', () => {
  it('a heat map adds up to the logits, exactly for float32 but for the rounding of sums', async () => {
    const graph = loadModel({ model: 'large', precision: 'float32' });
    const network = await loadedInNode('large', 'float32');
    const image = await decodeImage(photo);
    const head = headOf(graph);
    network.image?.write(image);
    const reports = new Map<string, Float32Array>();
    const maps: number[] = [];
    network.runSteps([], (report) => {
      reports.set(report.tensor.name, report.data as Float32Array);
      if (report.tensor.name !== head.features) return;
      head.weights.forEach((_, category) => {
        const { evidence } = heatMap(head, report, category);
        maps.push(
          evidence.reduce((a, b) => a + b, 0) / evidence.length + (head.bias[category] ?? 0),
        );
      });
    });
    const logits = reports.get('classifier') ?? new Float32Array(0);
    expect(maps.length).toBe(10);
    maps.forEach((logit, i) => {
      expect(Math.abs(logit - (logits[i] ?? NaN))).toBeLessThan(1e-4);
    });
  });

  it('shrinking equals the resize of the reference, and a PNG brings it over unchanged', async () => {
    const image = await decodeImage(plane);
    const small = await shrink(image, 96, 96, kernelsModule());
    expect(Buffer.compare(small.data, resize(image, 96, 96).data)).toBe(0);
    const back = await decodeImage(encodePng(small));
    expect(Buffer.compare(back.data, small.data)).toBe(0);
  });

  it('agreement is equality for integers, equality or the bound for float32', () => {
    const scores = [
      { label: 'a', score: 0.5 },
      { label: 'b', score: 0.25 },
    ];
    const moved = (by: number): typeof scores => [
      { label: 'b', score: 0.25 },
      { label: 'a', score: 0.5 + by },
    ];
    expect(agreementOf('int8', scores, scores.toReversed())).toEqual({ kind: 'equal' });
    expect(agreementOf('float32', scores, scores.toReversed())).toEqual({ kind: 'equal' });
    const difference = 2 ** -20;
    expect(agreementOf('int8', scores, moved(difference))).toEqual({ kind: 'differs', difference });
    expect(agreementOf('float32', scores, moved(difference))).toEqual({
      kind: 'within',
      difference,
      bound: 0.00125 + 2 ** -23,
    });
    expect(agreementOf('float32', scores, moved(0.002))).toMatchObject({ kind: 'differs' });
    expect(agreementOf('float32', scores, scores.slice(1)).kind).toBe('differs');
    const other = [
      { label: 'a', score: 0.5 },
      { label: 'c', score: 0.25 },
    ];
    expect(agreementOf('float32', scores, other).kind).toBe('differs');
    const sure = [{ label: 'a', score: 1 }];
    expect(agreementOf('float32', sure, [{ label: 'a', score: 1 - 2 ** -24 }]).kind).toBe('within');
    expect(agreementOf('float32', sure, [{ label: 'a', score: 0.9999 }]).kind).toBe('differs');
  });
});
