/**
 * Runs the runtime, as built, where there is nothing but the language and what every host has: no Node, no eval, and no
 * WebAssembly but what was compiled before, as in workerd. Prints what it found, as JSON.
 *
 * `node --experimental-vm-modules fastpath/test/isolate.ts PROGRAM KERNELS`, where both are files.
 */

import { readFileSync } from 'node:fs';
import { findPackageJSON } from 'node:module';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { fileURLToPath, pathToFileURL } from 'node:url';
import vm from 'node:vm';

/** Packages that the runtime may use, and the files that a bundler takes of them. */
const packages: Readonly<Record<string, string>> = {
  '@assemblyscript/loader': 'index.js',
  'zod/mini': 'mini/index.js',
};

/** What workerd and browsers have besides the language. */
const context = vm.createContext(
  { TextDecoder, performance },
  { codeGeneration: { strings: false, wasm: false } },
);
const evaluate = (code: string): unknown => vm.runInContext(code, context);

// Who tries to evaluate text is found, although it may catch that it may not.
evaluate(`
  globalThis.attempts = 0;
  globalThis.Function = new Proxy(Function, {
    apply: (...call) => (attempts++, Reflect.apply(...call)),
    construct: (...call) => (attempts++, Reflect.construct(...call)),
  });
`);

const modules = new Map<string, vm.SourceTextModule>();
const imported = new Set<string>();

function load(url: string): vm.SourceTextModule {
  const known = modules.get(url);
  if (known !== undefined) return known;
  const code = readFileSync(fileURLToPath(url), 'utf8');
  const module = new vm.SourceTextModule(code, { context, identifier: url });
  modules.set(url, module);
  return module;
}

function resolve(specifier: string, from: string): string {
  if (specifier.startsWith('.')) return new URL(specifier, from).href;
  imported.add(specifier);
  const file = packages[specifier];
  const manifest = file === undefined ? undefined : findPackageJSON(specifier, import.meta.url);
  if (file === undefined || manifest === undefined) {
    throw new Error(
      `Expected no import but of ${Object.keys(packages).join(', ')} but found ${specifier}`,
    );
  }
  return pathToFileURL(join(dirname(manifest), file)).href;
}

const [, , program = '', kernels = ''] = process.argv;
const root = pathToFileURL(
  join(import.meta.dirname, '..', '..', 'dist', 'fastpath', 'runtime', 'index.js'),
);
const runtime = load(root.href);
await runtime.link((specifier, { identifier }) => load(resolve(specifier, identifier)));
await runtime.evaluate();

const module = new WebAssembly.Module(readFileSync(kernels));
Object.setPrototypeOf(module, evaluate('WebAssembly.Module.prototype') as object);
Object.assign(context, {
  runtime: runtime.namespace,
  module,
  bytes: Array.from(readFileSync(program)),
  kernelBytes: Array.from(readFileSync(kernels)),
});
const found: unknown = await vm.runInContext(
  `(async () => {
    const program = Uint8Array.from(bytes);
    const network = await runtime.loadProgram(program, module);
    const [, height, width] = network.description.inputs[0].shape;
    const data = Uint8Array.from({ length: 3 * width * height }, (_, i) => (i * 31) % 256);
    let layers = 0;
    network.image.write({ width, height, data });
    network.runSteps(network.inputs(), () => layers++);
    const [output] = network.runImage({ width, height, data });
    const refused = await runtime.loadProgram(program.subarray(1), module).catch((error) => error.message);
    const compiled = await runtime.loadProgram(program, Uint8Array.from(kernelBytes)).catch((error) => error.name);
    const attemptsOfRuntime = attempts;
    try { new Function(''); } catch {}
    return { output: Array.from(output), layers, refused, compiled, attempts: [attemptsOfRuntime, attempts] };
  })()`,
  context,
);
process.stdout.write(JSON.stringify({ ...(found as object), imported: [...imported].sort() }));
