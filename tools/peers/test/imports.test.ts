/** Imported models against what the runtimes of their formats compute of the same files. */

import '@tensorflow/tfjs-backend-cpu';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { loadGraphModel } from '@tensorflow/tfjs-converter';
import * as tf from '@tensorflow/tfjs-core';
import * as ort from 'onnxruntime-web';
import { describe, expect, it } from 'vitest';
import { generator } from '../../../conformance/draws.ts';
import { sharedDataPresent, sharedPath } from '../../../conformance/shared/folder.ts';
import {
  elementCount,
  interpreter,
  mobilenetV2,
  type Graph,
  type Preprocessing,
  type TensorData,
} from '../../../reference/index.ts';
import { onnxToGraph } from '../../formats/onnx/to-graph.ts';
import { decodeOnnx } from '../../formats/onnx/wire.ts';
import { toOnnxLayout, writeOnnx } from '../../formats/onnx/write.ts';
import { decodeTfjs } from '../../formats/tfjs/contents.ts';
import { tfjsToGraph } from '../../formats/tfjs/to-graph.ts';
import { writeTfjs } from '../../formats/tfjs/write.ts';
import { decodeTflite } from '../../formats/tflite/contents.ts';
import { tfliteToGraph } from '../../formats/tflite/to-graph.ts';
import { loadModel } from '../../models.ts';
import { loadLiteRt } from '../litert-node.ts';
import { litertSimd } from '../litert.ts';
import { backendOf } from '../session.ts';
import { differencesByOperator } from './differences.ts';

const preprocessing: Preprocessing = {
  resize: 'squash',
  channels: 'rgb',
  mean: [127.5, 127.5, 127.5],
  std: [127.5, 127.5, 127.5],
};
const options = { name: 'net', labels: [], preprocessing, provenance: {} };

/** Pixels of noise, smooth enough to be of some class. */
function pixelsFor(graph: Graph): Uint8Array<ArrayBuffer> {
  const shape = graph.tensors[graph.inputs[0] ?? -1]?.shape ?? [];
  const random = generator(7);
  const slow = Array.from({ length: 64 }, () => 255 * random());
  return Uint8Array.from({ length: elementCount(shape) }, (_, i) => {
    const base = slow[Math.floor((64 * i) / elementCount(shape))] ?? 0;
    return Math.min(255, Math.max(0, base + 40 * (random() - 0.5)));
  });
}

const reference = (graph: Graph, input: TensorData): readonly number[] =>
  Array.from(interpreter(graph).run([input]).outputs[0]?.data ?? [], Number);

const largest = (a: readonly number[], b: ArrayLike<number>): number =>
  a.reduce((most, value, i) => Math.max(most, Math.abs(value - (b[i] ?? NaN))), 0);

describe('TensorFlow Lite', () => {
  const present =
    sharedDataPresent('models', 'a TensorFlow Lite file of others') &&
    existsSync(sharedPath('models', 'others'));

  const path = sharedPath('models', 'others', 'tf2_mobilenet_v2_1.0_224_ptq.tflite');

  it.skipIf(!present)('int8 in LiteRT.js: every operator within 1 code', async () => {
    const graph = tfliteToGraph(path, decodeTflite(path, readFileSync(path)), options);
    const pixels = pixelsFor(graph);
    const network = await backendOf(litertSimd).prepare(graph);
    const differences = differencesByOperator(graph, [pixels], await network.run([pixels]));
    await network.release();
    expect(differences).toHaveLength(graph.operators.length);
    expect(differences.filter((each) => each.largest > 1)).toEqual([]);
  });

  // LiteRT.js rounds sums otherwise (XNNPACK), so that codes of 68 operators differ in the end by more than one.
  it.skipIf(!present)('int8 with uint8 ends, in LiteRT.js: the same class', async () => {
    const bytes = readFileSync(path);
    const graph = tfliteToGraph(path, decodeTflite(path, bytes), options);
    const pixels = pixelsFor(graph);
    const expected = reference(graph, pixels);
    const { core } = await loadLiteRt('simd');
    const model = await core.loadAndCompile(new Uint8Array(bytes), { accelerator: 'wasm' });
    const feed = new core.Tensor(pixels, [1, 224, 224, 3]);
    const [output] = await model.run([feed]);
    const found = output?.toTypedArray() ?? new Uint8Array(0);
    expect(found).toHaveLength(1001);
    expect(expected.indexOf(Math.max(...expected))).toBe(found.indexOf(Math.max(...found)));
    output?.delete();
    feed.delete();
    model.delete();
  });
});

describe('ONNX', () => {
  it.each(['float32', 'int8'] as const)('%s, in ONNX Runtime Web', async (precision) => {
    const graph = loadModel({ model: 'small', precision });
    const { bytes } = writeOnnx(graph);
    const read = onnxToGraph('small.onnx', decodeOnnx('small.onnx', bytes), options);
    const pixels = pixelsFor(graph);
    const input =
      precision === 'int8'
        ? Int8Array.from(pixels, (x) => x - 128)
        : Float32Array.from(pixels, (x) => x / 127.5 - 1);
    const expected = reference(read, input);
    expect(expected).toEqual(reference(graph, input));
    const session = await ort.InferenceSession.create(bytes, { executionProviders: ['wasm'] });
    const [name = ''] = session.inputNames;
    const { shape = [] } = graph.tensors[graph.inputs[0] ?? -1] ?? {};
    const nchw = [1, 3, shape[1] ?? 0, shape[2] ?? 0];
    const feed = new ort.Tensor(precision, toOnnxLayout(input, shape), nchw);
    const results = await session.run({ [name]: feed });
    const found = results[session.outputNames[0] ?? '']?.data as Float32Array | Int8Array;
    expect(largest(expected, found)).toBeLessThanOrEqual(precision === 'int8' ? 2 : 1e-5);
    await session.release();
  });
});

interface TfjsFiles {
  readonly json: Uint8Array;
  readonly open: (name: string) => Uint8Array;
}

/** The outputs of TensorFlow.js and of the imported graph, on the same real inputs of the file. */
async function compareTfjs(files: TfjsFiles): Promise<number> {
  const raw: Preprocessing = { ...preprocessing, mean: [0, 0, 0], std: [1, 1, 1] };
  const contents = decodeTfjs('model.json', files.json, files.open);
  const graph = tfjsToGraph('model.json', contents, { ...options, preprocessing: raw });
  const { mean = [0, 0, 0], std = [1, 1, 1] } = graph.preprocessing ?? {};
  const pixels = pixelsFor(graph);
  // Real inputs in [0, 1]; what the file does to them first is part of the graph's preprocessing.
  const real = Float32Array.from(pixels, (x) => x / 255);
  const own = real.map((x, i) => (x - (mean[i % 3] ?? NaN)) / (std[i % 3] ?? NaN));
  const expected = reference(graph, own);

  await tf.setBackend('cpu');
  const json = JSON.parse(Buffer.from(files.json).toString()) as {
    modelTopology: object;
    weightsManifest: { paths: string[]; weights: tf.io.WeightsManifestEntry[] }[];
  };
  const data = Buffer.concat(
    json.weightsManifest.flatMap(({ paths }) => paths.map((path) => files.open(path))),
  );
  const model = await loadGraphModel(
    tf.io.fromMemory({
      modelTopology: json.modelTopology,
      weightSpecs: json.weightsManifest.flatMap(({ weights }) => weights),
      weightData: Uint8Array.from(data).buffer,
    }),
  );
  const shape = graph.tensors[graph.inputs[0] ?? -1]?.shape ?? [];
  const output = model.execute(tf.tensor(real, [...shape], 'float32')) as tf.Tensor;
  const found = output.dataSync();
  expect(found).toHaveLength(expected.length);
  model.dispose();
  return largest(expected, found);
}

describe('TensorFlow.js', () => {
  it('sharded, weights of 8 bits: within 1e-5', async () => {
    const graph = mobilenetV2({ width: 0.35, resolution: 96, classes: 10 });
    const { model } = writeTfjs(graph);
    const floats = new Float32Array(model.weightData.buffer);
    let at = 0;
    const parts: Uint8Array[] = [];
    const weights = model.weightSpecs.map((spec) => {
      const values = floats.subarray(at, at + elementCount(spec.shape));
      at += values.length;
      if (spec.dtype !== 'float32') {
        parts.push(new Uint8Array(Float32Array.from(values).buffer));
        return spec;
      }
      const min = values.reduce((a, b) => Math.min(a, b));
      const scale = (values.reduce((a, b) => Math.max(a, b)) - min) / 255 || 1;
      parts.push(Uint8Array.from(values, (value) => Math.round((value - min) / scale)));
      return { ...spec, quantization: { dtype: 'uint8', min, scale } };
    });
    const data = Buffer.concat(parts);
    const half = Math.floor(data.length / 2) + 1;
    const shards = new Map([
      ['a', data.subarray(0, half)],
      ['b', data.subarray(half)],
    ]);
    const { modelTopology } = model;
    const manifest = [{ paths: ['a', 'b'], weights }];
    const json = { format: 'graph-model', modelTopology, weightsManifest: manifest };
    const difference = await compareTfjs({
      json: Buffer.from(JSON.stringify(json)),
      open: (name) => shards.get(name) ?? new Uint8Array(0),
    });
    expect(difference).toBeLessThanOrEqual(1e-5);
  });

  const path = process.env['PLUMBLINE_TFJS_MODEL'];

  it.skipIf(path === undefined)(
    'the graph model of PLUMBLINE_TFJS_MODEL: within 1e-5',
    async () => {
      const file = path ?? '';
      const difference = await compareTfjs({
        json: readFileSync(file),
        open: (name) => readFileSync(join(dirname(file), name)),
      });
      expect(difference).toBeLessThanOrEqual(1e-5);
    },
  );
});
