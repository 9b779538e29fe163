/**
 * A process that starts cold: `node cold-process.ts KERNELS PROGRAM`. Prints the wall milliseconds of each stage from
 * bytes in memory to the first result, as JSON.
 */

import { readFileSync } from 'node:fs';
import process from 'node:process';
import { loadProgram, type LoadStage } from '../../fastpath/runtime/index.ts';
import { selfTest } from '../../fastpath/runtime/self-test.ts';

const [kernelsPath = '', programPath = ''] = process.argv.slice(2);
const bytes = readFileSync(kernelsPath);
const program = readFileSync(programPath);

const start = performance.now();
const kernels = await WebAssembly.compile(bytes);
const compiled = performance.now();
const wrong = await selfTest(kernels);
if (wrong !== undefined) throw new Error(wrong);
const tested = performance.now();
const ends: Partial<Record<LoadStage, number>> = {};
const network = await loadProgram(program, kernels, {
  onStage: (stage) => {
    ends[stage] = performance.now();
  },
});
const loaded = performance.now();
network.run();
const end = performance.now();

const instantiated = ends.instantiated ?? NaN;
process.stdout.write(
  JSON.stringify({
    compile: compiled - start,
    selfTest: tested - compiled,
    instantiate: instantiated - tested,
    load: loaded - instantiated,
    firstInference: end - loaded,
    total: end - start,
  }),
);
