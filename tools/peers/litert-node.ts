/**
 * LiteRT.js in Node.
 *
 * The package is written for browsers: `@litertjs/wasm-utils` runs Emscripten's script through `importScripts` or a
 * `<script>` and takes the factory from `self.ModuleFactory`. The script itself knows Node: it has a branch for
 * `fs` and `require`, and ends in CommonJS. So an `importScripts` that gives it these, and `self`, are all that is
 * wanted, and only while it loads: left in place they would make other packages take Node for a Worker. The
 * WebAssembly is read from the package by `fs`.
 */

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { compileFunction } from 'node:vm';

export type LiteRt = typeof import('@litertjs/core');

export interface LoadedLiteRt {
  readonly core: LiteRt;
  /** What the runtime wrote since the last call: its only account of a model that it refuses. */
  readonly takeLog: () => string;
}

const { resolve } = createRequire(import.meta.url);

/** The package's builds that run in one thread without JSPI. */
const builds = {
  simd: 'litert_wasm_compat_internal.js',
  relaxed: 'litert_wasm_internal.js',
} as const;

export type Build = keyof typeof builds;

const loaded = new Map<Build, Promise<LoadedLiteRt>>();
let last: Promise<unknown> = Promise.resolve();

/** A build of LiteRT.js, loaded once a process. */
export function loadLiteRt(build: Build): Promise<LoadedLiteRt> {
  const known = loaded.get(build);
  if (known !== undefined) return known;
  const loading = last.then(() => load(build));
  loaded.set(build, loading);
  last = loading.catch(() => undefined);
  return loading;
}

async function load(build: Build): Promise<LoadedLiteRt> {
  const entry = resolve('@litertjs/core');
  // One instance of the package holds one build: another address is another instance.
  const core = (await import(`${pathToFileURL(entry).href}?${build}`)) as LiteRt;
  const script = join(dirname(entry), '..', 'wasm', builds[build]);
  const lines: string[] = [];
  const listen = (line: string): void => {
    lines.push(line);
  };
  const restore = provideGlobals({
    self: globalThis,
    importScripts: runScript,
    Module: { print: listen, printErr: listen },
  });
  const { warn } = console;
  // It looks for a GPU on its way and tells that there is none.
  console.warn = listen;
  try {
    await core.loadLiteRt(script);
  } finally {
    console.warn = warn;
    restore();
  }
  return { core, takeLog: () => lines.splice(0).join('\n') };
}

/** Runs an Emscripten script as the CommonJS module that it takes itself for in Node. */
function runScript(path: string): void {
  const module = { exports: {} };
  const names = ['require', 'module', 'exports', '__filename', '__dirname'];
  const run = compileFunction(readFileSync(path, 'utf8'), names, { filename: path }) as (
    ...values: readonly unknown[]
  ) => void;
  run(createRequire(path), module, module.exports, path, dirname(path));
  Object.assign(globalThis, { ModuleFactory: module.exports });
}

/** Sets global names and returns what sets them back. */
function provideGlobals(values: Readonly<Record<string, unknown>>): () => void {
  const before = Object.keys(values).map(
    (name) => [name, Object.getOwnPropertyDescriptor(globalThis, name)] as const,
  );
  for (const [name, value] of Object.entries(values)) {
    Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });
  }
  return () => {
    for (const [name, descriptor] of before) {
      if (descriptor === undefined) Reflect.deleteProperty(globalThis, name);
      else Object.defineProperty(globalThis, name, descriptor);
    }
    Reflect.deleteProperty(globalThis, 'ModuleFactory');
  };
}
