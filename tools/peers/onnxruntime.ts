/** ONNX Runtime Web's WebAssembly back end, in one thread. Its files lie beside its module, where it looks for them. */

import * as ort from 'onnxruntime-web';
import { fromOnnxLayout, onnxShape, toOnnxLayout, writeOnnx } from '../formats/onnx/write.ts';
import { elementTypeOf, type Graph, type TensorData } from '../../reference/index.ts';
import { backendOf, refusal, tensorAt, type Peer, type Session } from './session.ts';

ort.env.wasm.numThreads = 1;
ort.env.logLevel = 'error';

/** float32, int8 and int16; integers as QDQ, from which it makes integer kernels where it has them. */
export const onnxruntime: Peer = {
  name: 'onnxruntime-web',
  open: async (graph, { intermediates = false } = {}) => {
    const { bytes, outputs } = writeOnnx(graph, { intermediates });
    let session: ort.InferenceSession;
    try {
      session = await ort.InferenceSession.create(bytes, {
        executionProviders: ['wasm'],
        graphOptimizationLevel: 'all',
      });
    } catch (error) {
      throw refusal('ONNX Runtime Web', graph, error);
    }
    return sessionOf(graph, session, outputs);
  },
};

export const onnxruntimeBackend = backendOf(onnxruntime);

function sessionOf(
  graph: Graph,
  session: ort.InferenceSession,
  outputs: readonly number[],
): Session {
  let feeds: Record<string, ort.Tensor> = {};
  let results: ort.InferenceSession.OnnxValueMapType = {};
  return {
    load: (inputs) => {
      feeds = Object.fromEntries(
        graph.inputs.map((index, position) => {
          const { name, shape } = tensorAt(graph, index);
          const data = inputs[position];
          if (data === undefined) throw new RangeError(`Expected an array for input "${name}"`);
          return [name, tensorOf(toOnnxLayout(data, shape), onnxShape(shape))];
        }),
      );
    },
    compute: async () => {
      results = await session.run(feeds);
    },
    read: () =>
      new Map(
        outputs.map((index) => {
          const { name, shape } = tensorAt(graph, index);
          return [index, fromOnnxLayout(dataOf(name, results[name]), shape)];
        }),
      ),
    release: () => session.release(),
  };
}

function tensorOf(data: TensorData, shape: readonly number[]): ort.Tensor {
  const type = elementTypeOf(data);
  if (type === undefined) throw new TypeError('Expected a typed array of elements');
  return new ort.Tensor(type, data, shape);
}

function dataOf(name: string, value: ort.OnnxValue | undefined): TensorData {
  const data: unknown = value?.data;
  if (elementTypeOf(data) === undefined) throw new Error(`Expected elements of output "${name}"`);
  return data as TensorData;
}
