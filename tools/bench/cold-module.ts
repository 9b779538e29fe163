/**
 * A process that starts a compiled model cold: `node cold-module.ts MODULE`. Prints the wall milliseconds of each stage
 * from bytes in memory to the first result, as JSON.
 */

import { readFileSync } from 'node:fs';
import process from 'node:process';

const [path = ''] = process.argv.slice(2);
const bytes = readFileSync(path);

const start = performance.now();
const module = await WebAssembly.compile(bytes);
const compiled = performance.now();
const { exports } = await WebAssembly.instantiate(module);
const instantiated = performance.now();
(exports as { readonly run: () => void }).run();
const end = performance.now();

process.stdout.write(
  JSON.stringify({
    compile: compiled - start,
    instantiate: instantiated - compiled,
    firstInference: end - instantiated,
    total: end - start,
  }),
);
