/** The page of `inspect`: what it draws, and that nothing of a model's texts gets out of its place. */

import { beforeAll, describe, expect, it } from 'vitest';
import { describeInChromium } from '../../conformance/report/test/page-tests.ts';
import {
  expectNothingFromElsewhere,
  expectWellFormed,
} from '../../conformance/report/test/markup.ts';
import { shortNames } from '../inspect/charts.ts';
import { arcsOf } from '../inspect/flow.ts';
import { inspectGraph, type InspectedLayer } from '../inspect/index.ts';
import { summarizeLayers } from '../inspect/layers.ts';
import { renderInspection } from '../inspect/page.ts';
import { all, hostile, hostileNetwork, int8, structureAlone } from './inspected.ts';
import { smallFloat } from './small-networks.ts';

describe('Ways around layers', () => {
  const layer = (...from: readonly number[]) =>
    ({ inputs: from.map((each) => ({ from: each })) }) as unknown as InspectedLayer;

  it('are none where each layer reads the one before', () => {
    expect(arcsOf([layer(-1), layer(0), layer(1)])).toEqual([]);
  });

  it('have lanes of their own where they pass each other', () => {
    expect(arcsOf([layer(-1), layer(0), layer(1, -1), layer(2, 0), layer(3, 2)])).toEqual([
      { from: 0, to: 3, lane: 0 },
      { from: 1, to: 4, lane: 1 },
      { from: 3, to: 5, lane: 0 },
    ]);
    const adds = int8.operators.filter(({ kind }) => kind === 'add').length;
    const residuals = arcsOf(summarizeLayers(int8));
    expect(residuals).toHaveLength(adds);
    expect(residuals.every(({ lane }) => lane === 0)).toBe(true);
  });
});

describe('A name', () => {
  it('is without the folder that nearly all are in, and cut', () => {
    const names = ['net/a/b', 'net/a/c', 'net/longer than ten', 'quantize', 'net/net/d'];
    expect(shortNames(names, 10)).toEqual(['a/b', 'a/c', 'longer th…', 'quantize', 'net/d']);
    expect(shortNames(['a/x', 'b/y'], 10)).toEqual(['a/x', 'b/y']);
    expect(shortNames(['a/b/x', 'a/b/y'], 10)).toEqual(['x', 'y']);
    expect(shortNames([], 10)).toEqual([]);
    expect(shortNames(['/', 'a/'], 10)).toEqual(['/', 'a/']);
  });
});

describe('The page', () => {
  let page: string;

  beforeAll(async () => {
    const before = { ...smallFloat, name: hostile };
    page = renderInspection(await inspectGraph(hostileNetwork, { ...all, before, count: 1 }));
  }, 180_000);

  it('needs nothing from elsewhere and lets nothing else in', () => {
    const targets = expectNothingFromElsewhere(page);
    expect(targets.length).toBeGreaterThan(66);
    expect(targets.filter((to) => !to.startsWith('#'))).toEqual([]);
  });

  it('closes every element that it opens, and has each id once', () => {
    expectWellFormed(page);
  });

  it('escapes what the model says', () => {
    expect(page).not.toContain('<script>');
    expect(page).toContain('&lt;/style&gt;&lt;script&gt;alert(1)');
    expect(page).not.toMatch(/[\u202e\0]/);
    expect(page).toContain('\\u{202e}\\u{0}');
  });

  it('has a row and details for every layer, and no number that is none', () => {
    const count = (pattern: RegExp) => page.match(pattern)?.length;
    const { operators } = int8;
    expect(count(/<details class="layer">/g)).toBe(operators.length);
    expect(count(/<svg class="flow"/g)).toBe(operators.length + 1);
    expect(count(/<svg class="histogram"/g)).toBe(53);
    expect(count(/<circle class="sum"/g)).toBe(
      operators.filter(({ kind }) => kind === 'add').length,
    );
    expect(page).not.toMatch(/NaN|undefined|Infinity/);
  });

  it('heads every table with a caption and every column with its scope', () => {
    expect(page.match(/<table/g)).toHaveLength(3);
    expect(page.match(/<caption>/g)).toHaveLength(3);
    expect(page).not.toMatch(/<th(?![^>]*scope=)[ >]/);
  });

  it('leaves out what was not measured', async () => {
    const bare = renderInspection(await inspectGraph(smallFloat, structureAlone));
    expect(bare).not.toContain('id="trade"');
    expect(bare).toMatch(/<td class="text">[\d,]+: layers [\d,]+, names, labels/);
    expect(bare).not.toMatch(/NaN|undefined|Infinity|\d bits/);
  });
});

const rendered = async (): Promise<string> =>
  renderInspection(await inspectGraph(hostileNetwork, { ...all, count: 1 }));

describeInChromium('The page in a browser', 3, rendered, (open) => {
  it.each(['light', 'dark'] as const)('leads from a layer to its details, %s', async (scheme) => {
    const { page, complaints } = await open(scheme, 1280);
    const row = page.locator('.network tbody tr').nth(1);
    expect(await row.innerText()).toContain('stem </style><script>aler…');
    expect(await page.locator('#layer-0').isVisible()).toBe(false);
    await row.getByRole('link').click();
    expect(await page.locator('#layer-0').innerText()).toContain('int8 8 × 3 × 3 × 3');
    expect(complaints).toEqual([]);
  });

  it('fits a phone', async () => {
    const { page, complaints } = await open('light', 360);
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(360);
    expect(complaints).toEqual([]);
  });
});
