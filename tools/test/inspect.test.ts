/** What `inspect` says of a network, and that nothing of its texts gets out of its place on the page. */

import { existsSync } from 'node:fs';
import { createHash } from 'node:crypto';
import process from 'node:process';
import fc from 'fast-check';
import { chromium, type Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { elementTypes, mobilenetV2, type Graph } from '../../reference/index.ts';
import { encodeGraph } from '../formats/plumb.ts';
import { shortNames } from '../inspect/charts.ts';
import { arcsOf } from '../inspect/flow.ts';
import { inspectGraph, type InspectedLayer, type Inspection } from '../inspect/index.ts';
import { renderInspection } from '../inspect/page.ts';
import { inspectionText } from '../inspect/text.ts';
import { HISTOGRAM_BINS, summarizeWeights } from '../inspect/weights.ts';
import { isWeighted, roundToNearest } from '../sensitivity/index.ts';
import { smallFloat, smallNetwork } from './small-networks.ts';

const int8 = smallNetwork('int8');
const all = { time: true, sensitivity: true, count: 2 };
const structureAlone = { time: false, sensitivity: false, count: 1 };
const hostile = `</style><script>alert(1)</script>" onload='x' &amp;\u202e\u0000`;

/** The network with texts of someone else's in every place of one. */
const hostileNetwork: Graph = {
  ...int8,
  name: `net ${hostile}`,
  labels: [hostile, 'dog', 'eel'],
  provenance: { [hostile]: hostile },
  tensors: int8.tensors.map((tensor) => ({ ...tensor, name: `${tensor.name} ${hostile}` })),
  operators: int8.operators.map((each) => ({ ...each, name: `${each.name} ${hostile}` })),
};

const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);

function weightedOf({ operators }: Inspection) {
  return operators.flatMap((layer) =>
    layer.weights === undefined ? [] : [{ layer, weights: layer.weights }],
  );
}

let inspected: Inspection;

beforeAll(async () => {
  inspected = await inspectGraph(int8, { ...all, before: smallFloat });
}, 180_000);

describe('An inspection', () => {
  it('has every operator with its layers, and bytes that add up', () => {
    const { operators, total, fileBytes } = inspected;
    expect(operators.map(({ name, kind }) => [name, kind])).toEqual(
      int8.operators.map(({ name, kind }) => [name, kind]),
    );
    expect(sum(operators.map(({ bytes }) => bytes.total))).toBe(total.bytes);
    const constants = int8.tensors.filter(({ data }) => data !== undefined);
    const stored = constants.map(
      ({ data, quantization }) => (data?.byteLength ?? 0) + 4 * (quantization?.scales.length ?? 0),
    );
    expect(total.bytes).toBe(sum(stored));
    expect(fileBytes).toBe(encodeGraph(int8).length);
    expect(total.bytes).toBeLessThan(fileBytes);
    for (const { bytes } of operators) {
      expect(bytes.weights + bytes.bias + bytes.scales).toBe(bytes.total);
    }
    expect(operators[0]).toMatchObject({
      name: 'stem',
      family: 'convolution',
      inputs: [{ name: 'image', type: 'int8', shape: [1, 16, 16, 3], from: -1 }],
      output: { type: 'int8', shape: [1, 8, 8, 8] },
      bytes: { weights: 216, bias: 32, scales: 64, total: 312 },
    });
  });

  it('counts every weight in its histograms, after and before', () => {
    expect(sum(weightedOf(inspected).map(({ weights }) => weights.count))).toBe(
      inspected.total.weights,
    );
    for (const { weights } of weightedOf(inspected)) {
      expect(weights.histogram).toHaveLength(HISTOGRAM_BINS);
      expect(sum(weights.histogram)).toBe(weights.count);
      expect(sum(weights.before?.histogram ?? [])).toBe(weights.count);
      expect(weights.count).toBe(weights.shape.reduce((a, b) => a * b, 1));
      expect(weights.zeros).toBeLessThanOrEqual(weights.histogram[25] ?? 0);
      expect(weights.entropy).toBeLessThanOrEqual(8);
      expect(weights.before?.sqnr).toBeGreaterThan(35);
    }
  });

  it('has ranges within what the codes stand for, and times that add up', () => {
    for (const { observed = [NaN, NaN], output } of inspected.operators) {
      const [least = NaN, most = NaN] = output.codes ?? [];
      expect(observed[0]).toBeGreaterThanOrEqual(least);
      expect(observed[1]).toBeLessThanOrEqual(most);
      expect(observed[0]).toBeLessThanOrEqual(observed[1]);
    }
    const times = inspected.operators.map(({ milliseconds = NaN }) => milliseconds);
    expect(sum(times)).toBeCloseTo(inspected.total.milliseconds ?? NaN, 9);
    expect(times.every((time) => time >= 0)).toBe(true);
    const [stem, flatten] = [inspected.operators[0], inspected.operators.at(-3)];
    expect(stem?.kernels).toEqual(['conv2d_i8']);
    expect([flatten?.kind, flatten?.milliseconds, flatten?.kernels]).toEqual(['reshape', 0, []]);
  });

  it('has the sensitivity of every layer with weights, and none at 8 bits of int8', () => {
    for (const { layer } of weightedOf(inspected)) {
      expect(layer.sensitivity?.map(({ bits }) => bits)).toEqual([8, 6, 5, 4, 3, 2]);
      expect(layer.sensitivity?.[0]).toEqual({ bits: 8, sqnr: Infinity, changed: 0 });
    }
    const without = inspected.operators.filter(({ weights }) => weights === undefined);
    expect(without.every(({ sensitivity }) => sensitivity === undefined)).toBe(true);
    expect(inspected.notes).toEqual([]);
    expect(inspected.before).toMatchObject({ name: smallFloat.name, precision: 'float32' });
    expect(inspected.samples).toEqual({
      count: 2,
      description: '2 seeded parts of the sample photograph',
    });
  });

  it('is the same again but for times', async () => {
    const options = { ...all, time: false, count: 1, before: smallFloat };
    expect(await inspectGraph(int8, options)).toEqual(await inspectGraph(int8, options));
  }, 180_000);

  it('runs a network that takes no photos on noise', async () => {
    const { preprocessing, ...blind } = int8;
    expect(preprocessing).toBeDefined();
    const { samples, before, operators } = await inspectGraph(blind, {
      ...structureAlone,
      before: smallFloat,
    });
    expect(samples.description).toBe('1 input of seeded noise');
    expect(before?.sqnr).toBeUndefined();
    expect(operators[0]?.observed?.[1]).toBeGreaterThan(0);
    await expect(inspectGraph(blind, { ...structureAlone, photos: '.' })).rejects.toThrow(
      'Expected a model with preprocessing for photos but found none',
    );
  });

  it('refuses a form before whose layers are others', async () => {
    const inspect = (before: Graph) => inspectGraph(int8, { ...structureAlone, before });
    const fewer = { ...smallFloat, operators: smallFloat.operators.slice(1), name: 'other' };
    await expect(inspect(fewer)).rejects.toThrow(
      `Expected as many layers with weights in "other" as in "${int8.name}", 53, but found 52`,
    );
    const wider = mobilenetV2({ width: 0.1, resolution: 16, classes: 4 });
    await expect(inspect(wider)).rejects.toThrow(
      `Expected layer "classifier" of "${wider.name}" to be that of "${int8.name}", fullyConnected [3, 1280], but found fullyConnected [4, 1280]`,
    );
  });

  it('leaves out with a note what cannot be measured', async () => {
    const ready: Graph = {
      ...int8,
      operators: int8.operators.map((each, i) =>
        i === 0 && each.kind === 'conv2d'
          ? { ...each, attributes: { ...each.attributes, multiplier: [2 ** 30], shift: [-6] } }
          : each,
      ),
    };
    const { notes, operators } = await inspectGraph(ready, { ...all, count: 1, time: false });
    expect(notes).toEqual([
      'sensitivity: Expected operator "stem" with scales but found ready-made integers',
    ]);
    expect(operators.every(({ sensitivity }) => sensitivity === undefined)).toBe(true);
  });

  it('leaves out what would take hours', async () => {
    const [first, second] = smallFloat.operators;
    if (first?.kind !== 'conv2d' || second?.kind !== 'depthwiseConv2d') {
      throw new Error('Expected a stem');
    }
    // The same depthwise layer 600 times.
    const tensors = [...smallFloat.tensors];
    const operators = Array.from({ length: 600 }, (_, i) => {
      const [, ...constants] = second.inputs;
      const input = i === 0 ? second.inputs[0] : tensors.length - 1;
      const output = { ...smallFloat.tensors[second.output], name: `layer ${String(i)}` };
      tensors.push(output as (typeof tensors)[number]);
      const inputs = [input ?? -1, ...constants];
      return { ...second, name: `layer ${String(i)}`, inputs, output: tensors.length - 1 };
    });
    const deep = {
      ...smallFloat,
      tensors,
      operators: [first, ...operators],
      outputs: [tensors.length - 1],
      labels: [],
    };
    const { notes, total } = await inspectGraph(deep, { ...all, count: 1, time: false });
    expect(notes).toEqual(['sensitivity: Expected at most 500 layers with weights but found 601']);
    // Shared constants count once.
    const { operators: own } = await inspectGraph(smallFloat, structureAlone);
    expect(total.bytes).toBe(sum(own.slice(0, 2).map(({ bytes }) => bytes.total)));
  });
});

describe('A histogram', () => {
  it('has 5 codes of int8 to a bin, whatever the scale', () => {
    const codes = Int8Array.from({ length: 255 }, (_, i) => i - 127);
    const operator = int8.operators.find(isWeighted);
    if (operator === undefined) throw new Error('Expected a layer');
    const scales = fc.float({ min: Math.fround(1e-6), max: 1e6, noNaN: true });
    fc.assert(
      fc.property(scales, (scale) => {
        const weights = {
          name: 'w',
          type: 'int8',
          shape: [1, 255],
          data: codes,
          quantization: { scales: [scale], zeroPoint: 0 },
        } as const;
        const graph = {
          ...int8,
          tensors: int8.tensors.map((tensor, i) => (i === operator.inputs[1] ? weights : tensor)),
        };
        const { histogram, zeros, entropy } = summarizeWeights({ graph, operator });
        expect(histogram).toEqual(Array.from({ length: HISTOGRAM_BINS }, () => 5));
        expect(zeros).toBe(1);
        expect(entropy).toBeCloseTo(Math.log2(255), 9);
      }),
    );
  });

  it('of fewer bits has as many bins as levels, over the weights before', () => {
    const operator = int8.operators.filter(isWeighted).at(-2);
    if (operator === undefined) throw new Error('Expected a layer');
    const constants = roundToNearest(int8, operator, 3);
    const graph = {
      ...int8,
      tensors: int8.tensors.map((tensor, i) =>
        i === operator.inputs[1] ? (constants?.weights ?? tensor) : tensor,
      ),
    };
    const before = { graph: int8, operator };
    const summary = summarizeWeights({ graph, operator }, before);
    expect(summary.histogram.flatMap((count, bin) => (count === 0 ? [] : [bin]))).toEqual([
      0, 8, 17, 25, 33, 42, 50,
    ]);
    expect(summary.before?.histogram).toEqual(summarizeWeights(before).histogram);
    expect(summarizeWeights(before, before).before?.sqnr).toBe(Infinity);
  });
});

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
    const residuals = arcsOf(inspected.operators);
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

describe('The text', () => {
  it('tells layers, sums, sensitivity and what was run', () => {
    const text = inspectionText(inspected);
    expect(text).toMatch(/^stem +conv2d +3x3\/2 +1x8x8x8 +0\.00 \.\. [\d.]+ +0\.0\d+ +-128 /m);
    expect(text).toMatch(new RegExp(`^total .* ${String(inspected.total.bytes)} +[\\d.]+$`, 'm'));
    expect(text).toMatch(/^classifier +3840 +3876 .* same +[\d.]+ /m);
    expect(text).toContain('on 2 seeded parts of the sample photograph, with the ');
    expect(text).toContain(`Logits against ${smallFloat.name} (float32): `);
  });

  it('leaves out what was not measured', async () => {
    const text = inspectionText(await inspectGraph(smallFloat, structureAlone));
    expect(text).not.toMatch(/bits|entropy|weights dB|sensitivity/);
    expect(text).toContain('Ranges: on 1 seeded part of the sample photograph');
  });
});

describe('The page', () => {
  let page: string;

  beforeAll(async () => {
    const before = { ...smallFloat, name: hostile };
    page = renderInspection(await inspectGraph(hostileNetwork, { ...all, before, count: 1 }));
  }, 180_000);

  it('needs nothing from elsewhere and lets nothing else in', () => {
    const [, style = ''] = /<style>([^]*?)<\/style>/.exec(page) ?? [];
    const digest = createHash('sha256').update(style).digest('base64');
    expect(page.replaceAll('&#39;', "'")).toContain(
      `content="default-src 'none'; style-src 'sha256-${digest}'; base-uri 'none'; form-action 'none'"`,
    );
    expect(style).not.toMatch(/url\(|@import/);
    expect(page).not.toMatch(/<script|<link|<img|<iframe|\sstyle=|\son\w+="/i);
    const targets = Array.from(page.matchAll(/(?:href|src)="([^"]*)"/g), ([, target]) => target);
    expect(targets.length).toBeGreaterThan(66);
    for (const target of targets) {
      expect(target).toMatch(/^#/);
      expect(page).toContain(`id="${String(target).slice(1)}"`);
    }
  });

  it('closes every element that it opens, and has each id once', () => {
    const open: string[] = [];
    const outside = page.replace(/<style>[^]*?<\/style>/, '');
    for (const [, close, name = '', rest = ''] of outside.matchAll(/<(\/?)([a-z]\w*)([^>]*)>/g)) {
      if (close === '/') expect(open.pop()).toBe(name);
      else if (name !== 'meta' && !rest.endsWith('/')) open.push(name);
    }
    expect(open).toEqual([]);
    const ids = Array.from(page.matchAll(/ id="([^"]*)"/g), ([, id]) => id);
    expect(new Set(ids).size).toBe(ids.length);
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
    const coded = await inspectGraph(smallFloat, { ...structureAlone, fileBytes: 1000 });
    expect(coded.fileBytes).toBe(1000);
    expect(renderInspection(coded)).toMatch(/1,000: layers of [\d,]+, coded, and everything else/);
    expect(bare).not.toMatch(/NaN|undefined|Infinity|\d bits/);
  });
});

const executablePath = ['/usr/bin/chromium', '/usr/bin/chromium-browser'].find((path) =>
  existsSync(path),
);
const required = process.env['PLUMBLINE_REQUIRE_SHARED'] === '1';
if (executablePath === undefined && !required) {
  process.stderr.write(
    'Skipping 3 tests in a browser: Expected /usr/bin/chromium but found none\n',
  );
}

describe.skipIf(executablePath === undefined && !required)('In a browser', () => {
  let browser: Browser;
  let page: string;

  beforeAll(async () => {
    page = renderInspection(await inspectGraph(hostileNetwork, { ...all, count: 1 }));
    browser = await chromium.launch({
      executablePath: executablePath ?? '',
      args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking'],
    });
  }, 180_000);

  afterAll(async () => {
    await browser.close();
  });

  async function open(colorScheme: 'light' | 'dark', width: number) {
    const tab = await browser.newPage({ colorScheme, viewport: { width, height: 800 } });
    const complaints: string[] = [];
    tab.on('console', (message) => complaints.push(message.text()));
    tab.on('pageerror', (error) => complaints.push(error.message));
    tab.on('dialog', (dialog) => complaints.push(dialog.message()));
    tab.on('request', (request) => complaints.push(request.url()));
    await tab.setContent(page, { waitUntil: 'load' });
    return { tab, complaints };
  }

  it.each(['light', 'dark'] as const)('leads from a layer to its details, %s', async (scheme) => {
    const { tab, complaints } = await open(scheme, 1280);
    const row = tab.locator('.network tbody tr').nth(1);
    expect(await row.innerText()).toContain('stem </style><script>aler…');
    expect(await tab.locator('#layer-0').isVisible()).toBe(false);
    await row.getByRole('link').click();
    expect(await tab.locator('#layer-0').innerText()).toContain('int8 8 × 3 × 3 × 3');
    expect(complaints).toEqual([]);
  });

  it('fits a phone', async () => {
    const { tab, complaints } = await open('light', 360);
    expect(await tab.evaluate(() => document.documentElement.scrollWidth)).toBe(360);
    expect(complaints).toEqual([]);
  });
});

it('inspects every type that a weight may have', async () => {
  for (const graph of [smallFloat, smallNetwork('int16')]) {
    const { operators } = await inspectGraph(graph, structureAlone);
    for (const { weights } of operators) {
      if (weights === undefined) continue;
      expect(sum(weights.histogram)).toBe(weights.count);
      expect(weights.entropy === undefined).toBe(weights.type === 'float32');
      expect(weights.range[1] - weights.range[0]).toBeLessThan(elementTypes.int16.max);
    }
  }
});
