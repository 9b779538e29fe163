/** The runtime, as built, in a browser: without a bundler, without eval, with the results that Node has. */

import { createReadStream, existsSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, normalize } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { launchChromium, skippedWithoutChromium } from '../../conformance/test/chromium.ts';
import { imageToInput, interpreter } from '../../reference/index.ts';
import { loadModel, packagePath } from '../../tools/models.ts';
import { compileGraph } from '../compile/index.ts';

const skipped = skippedWithoutChromium('3 tests in a browser');

const types: Readonly<Record<string, string>> = {
  '.js': 'text/javascript',
  '.wasm': 'application/wasm',
  '.html': 'text/html',
};

const imports = {
  '@assemblyscript/loader': '/node_modules/@assemblyscript/loader/index.js',
  'zod/mini': '/node_modules/zod/mini/index.js',
};

const page = `<!doctype html><meta charset="utf-8"><title>Plumbline</title>
<script type="importmap" nonce="map">${JSON.stringify({ imports })}</script>
<script type="module" src="/fastpath/test/browser-page.js"></script>`;

/** Serves the package's files and `answers`; scripts may come from here alone and may not be evaluated. */
function serve(answers: Readonly<Record<string, string | Uint8Array>>): Server {
  return createServer((request, response) => {
    const path = normalize(new URL(request.url ?? '/', 'http://localhost').pathname);
    response.setHeader(
      'Content-Security-Policy',
      "default-src 'none'; connect-src 'self'; script-src 'self' 'nonce-map' 'wasm-unsafe-eval'",
    );
    response.setHeader('Content-Type', types[extname(path)] ?? 'application/octet-stream');
    const answer = answers[path];
    if (answer !== undefined) response.end(answer);
    else if (existsSync(packagePath(path))) createReadStream(packagePath(path)).pipe(response);
    else response.writeHead(404).end();
  });
}

/** What browser-page.js finds. */
interface Found {
  readonly fromImage: readonly number[];
  readonly fromModule: readonly number[];
  readonly layers: number;
  readonly evalRefused: boolean;
}

describe.skipIf(skipped)('in a browser', () => {
  const graph = loadModel({ model: 'small', precision: 'int8' });
  const side = 120;
  const pixels = Array.from({ length: 3 * side * side }, (_, i) => (i * 31) % 256);
  const server = serve({
    '/index.html': page,
    '/program': compileGraph(graph, { intermediates: true }),
    '/image': JSON.stringify({ width: side, height: side, data: pixels }),
  });
  let browser: Browser;
  let found: Found;

  beforeAll(async () => {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    browser = await launchChromium();
    const tab = await browser.newPage();
    await tab.goto(`http://127.0.0.1:${String(port)}/index.html`);
    found = JSON.parse((await tab.locator('output').textContent()) ?? '') as Found;
  }, 60_000);

  afterAll(async () => {
    await browser.close();
    server.close();
  });

  it('classifies as the reference does', () => {
    const image = { width: side, height: side, data: Uint8Array.from(pixels) };
    const { outputs } = interpreter(graph).run([imageToInput(graph, image)]);
    expect(found.fromImage).toEqual(Array.from(outputs[0]?.data ?? [], Number));
  });

  it('takes a compiled module as well as bytes', () => {
    expect(found.fromModule).toEqual(found.fromImage);
    expect(found.layers).toBe(graph.operators.length);
  });

  it('needs no eval', () => {
    expect(found.evalRefused).toBe(true);
  });
});
