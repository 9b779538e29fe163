/**
 * A process in which ONNX Runtime Web starts cold: `node cold-onnxruntime.ts MODEL`, an ONNX file of one image input.
 * Prints the wall milliseconds from the bytes of its WebAssembly and of the model in memory to the first result, as JSON.
 */

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import process from 'node:process';
import * as ort from 'onnxruntime-web';

const folder = dirname(createRequire(import.meta.url).resolve('onnxruntime-web'));
const model = readFileSync(process.argv[2] ?? '');
ort.env.wasm.wasmBinary = readFileSync(join(folder, 'ort-wasm-simd-threaded.wasm')).buffer;
ort.env.wasm.numThreads = 1;
ort.env.logLevel = 'error';

const start = performance.now();
const session = await ort.InferenceSession.create(model, { executionProviders: ['wasm'] });
const loaded = performance.now();
const [input] = session.inputMetadata;
if (input?.isTensor !== true) throw new Error('Expected a model of one tensor');
const shape = input.shape.map(Number);
const elements = shape.reduce((a, b) => a * b, 1);
const data =
  input.type === 'float32'
    ? new Float32Array(elements)
    : input.type === 'int16'
      ? new Int16Array(elements)
      : new Int8Array(elements);
await session.run({ [input.name]: new ort.Tensor(input.type, data, shape) });
const end = performance.now();

process.stdout.write(
  JSON.stringify({ load: loaded - start, firstInference: end - loaded, total: end - start }),
);
