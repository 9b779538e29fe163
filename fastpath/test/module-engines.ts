/** Engines that run compiled models, each through fastpath/module/example/host.js. */

import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { Miniflare } from 'miniflare';
import { chromiumPath, launchChromium } from '../../conformance/test/chromium.ts';
import { packagePath } from '../../tools/models.ts';
import { variants, type Variant } from '../runtime/index.ts';

/** A model, and pixels to run it on. */
export interface EngineCase {
  readonly wasm: Uint8Array;
  readonly rgb: Uint8Array;
}

/** What `classes` of host.js answers; a text where it threw. */
export type Found = readonly { readonly label: string; readonly probability: number }[] | string;

export interface Engine {
  readonly name: string;
  readonly variants: readonly Variant[];
  /** Its program; undefined for one that arrives through npm. */
  readonly program?: string;
  readonly run: (
    cases: ReadonlyMap<string, EngineCase>,
  ) => Promise<Readonly<Record<string, Found>>>;
}

export const examplePath = (file: string): string =>
  packagePath('fastpath', 'module', 'example', file);

interface Host {
  readonly load: (
    source: Uint8Array,
  ) => Promise<{ model: object; run: (rgb: Uint8Array) => object }>;
  readonly classes: (model: object, elements: object) => Found;
}

async function inNode(cases: ReadonlyMap<string, EngineCase>): Promise<Record<string, Found>> {
  const { classes, load } = (await import(examplePath('host.js'))) as Host;
  const found: Record<string, Found> = {};
  for (const [name, { wasm, rgb }] of cases) {
    const { model, run } = await load(wasm);
    found[name] = classes(model, run(rgb));
  }
  return found;
}

async function inWorkerd(cases: ReadonlyMap<string, EngineCase>): Promise<Record<string, Found>> {
  const script = (path: string) =>
    ({ type: 'ESModule', path, contents: readFileSync(examplePath(path), 'utf8') }) as const;
  const found: Record<string, Found> = {};
  for (const [name, { wasm, rgb }] of cases) {
    const model = {
      type: 'CompiledWasm',
      path: 'model.wasm',
      contents: Uint8Array.from(wasm),
    } as const;
    const worker = new Miniflare({
      modules: [script('worker.js'), script('host.js'), model],
      modulesRoot: '/',
      compatibilityDate: '2026-07-01',
      cf: false,
    });
    try {
      const answer = await worker.dispatchFetch('http://worker/', { method: 'POST', body: rgb });
      found[name] = (await answer.json()) as Found;
    } finally {
      await worker.dispose();
    }
  }
  return found;
}

const page = '<!doctype html><meta charset="utf-8"><script type="module" src="/page.js"></script>';
const DEADLINE_MILLISECONDS = 60_000;

/** Serves a page that runs the cases, has `open` open it, and returns what the page posts. */
async function inPage(
  cases: ReadonlyMap<string, EngineCase>,
  open: (url: string) => Promise<() => Promise<void>>,
): Promise<Record<string, Found>> {
  const script = (path: string): string => readFileSync(packagePath('fastpath', path), 'utf8');
  const answers = new Map<string, readonly [type: string, body: string | Uint8Array]>([
    ['/', ['text/html', page]],
    ['/page.js', ['text/javascript', script('test/module-page.js')]],
    ['/host.js', ['text/javascript', script('module/example/host.js')]],
    ['/cases', ['application/json', JSON.stringify([...cases.keys()])]],
  ]);
  for (const [name, { wasm, rgb }] of cases) {
    answers.set(`/${name}.wasm`, ['application/wasm', wasm]);
    answers.set(`/${name}.rgb`, ['application/octet-stream', rgb]);
  }
  let resolve: (found: Record<string, Found>) => void;
  let reject: (error: Error) => void;
  const answered = new Promise<Record<string, Found>>((...settle) => {
    [resolve, reject] = settle;
  });
  const server = createServer((request, response) => {
    if (request.url === '/found') {
      let text = '';
      request.setEncoding('utf8').on('data', (part: string) => (text += part));
      request.on('end', () => {
        response.end();
        resolve(JSON.parse(text) as Record<string, Found>);
      });
      return;
    }
    const [type, body] = answers.get(request.url ?? '') ?? [];
    if (body === undefined || type === undefined) response.writeHead(404).end();
    else response.setHeader('Content-Type', type).end(body);
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const timer = setTimeout(() => {
    reject(new Error('Expected the page to answer within a minute'));
  }, DEADLINE_MILLISECONDS);
  const close = await open(`http://127.0.0.1:${String((server.address() as AddressInfo).port)}/`);
  try {
    return await answered;
  } finally {
    clearTimeout(timer);
    await close();
    server.closeAllConnections();
    server.close();
  }
}

function inChromium(cases: ReadonlyMap<string, EngineCase>): Promise<Record<string, Found>> {
  return inPage(cases, async (url) => {
    const browser = await launchChromium();
    await (await browser.newPage()).goto(url);
    return () => browser.close();
  });
}

const FIREFOX = '/usr/bin/firefox-esr';

function inFirefox(cases: ReadonlyMap<string, EngineCase>): Promise<Record<string, Found>> {
  return inPage(cases, (url) => {
    const profile = mkdtempSync(join(tmpdir(), 'plumbline-firefox-'));
    const args = ['--headless', '--no-remote', '--profile', profile, url];
    // A group of its own, so that the processes of pages end with it.
    const child = spawn(FIREFOX, args, {
      detached: true,
      stdio: 'ignore',
      env: { ...process.env, HOME: profile },
    });
    const ended = new Promise<void>((resolve) => {
      child.once('exit', () => {
        resolve();
      });
    });
    return Promise.resolve(async () => {
      if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
      await ended;
      rmSync(profile, { recursive: true, force: true, maxRetries: 10 });
    });
  });
}

const JSC = '/usr/bin/jsc';

function inJavaScriptCore(cases: ReadonlyMap<string, EngineCase>): Promise<Record<string, Found>> {
  const folder = mkdtempSync(join(tmpdir(), 'plumbline-jsc-'));
  try {
    for (const [name, { wasm, rgb }] of cases) {
      writeFileSync(join(folder, `${name}.wasm`), wasm);
      writeFileSync(join(folder, `${name}.rgb`), rgb);
    }
    const script = packagePath('fastpath', 'test', 'module-jsc.js');
    const args = ['-m', script, '--', folder, ...cases.keys()];
    const found = execFileSync(JSC, args, { encoding: 'utf8' });
    return Promise.resolve(JSON.parse(found) as Record<string, Found>);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

export const engines: readonly Engine[] = [
  { name: 'Node', variants, run: inNode },
  { name: 'workerd', variants, run: inWorkerd },
  { name: 'Chromium', variants, program: chromiumPath ?? '/usr/bin/chromium', run: inChromium },
  { name: 'Firefox (SpiderMonkey)', variants, program: FIREFOX, run: inFirefox },
  // Debian's 2.50 has no relaxed SIMD.
  { name: 'JavaScriptCore', variants: ['simd'], program: JSC, run: inJavaScriptCore },
];
