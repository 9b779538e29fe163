/**
 * LiteRT.js (TensorFlow Lite with XNNPACK), one thread, plain and relaxed SIMD.
 *
 * It passes float32, int32 and uint8 tensors alone to and from JavaScript, so integer graphs get float32 ends: codes
 * go in and come out as the real numbers that they stand for.
 */

import type { Tensor } from '@litertjs/core';
import { UnsupportedError } from '../../fastpath/compile/errors.ts';
import type { Graph } from '../../reference/index.ts';
import { writeTflite } from '../formats/tflite/write.ts';
import { loadLiteRt, type Build, type LiteRt } from './litert-node.ts';
import { fromFloats, toFloats } from '../bench/codes.ts';
import { backendOf, refusal, tensorAt, type Peer, type Session } from './session.ts';

type Model = Awaited<ReturnType<LiteRt['loadAndCompile']>>;

function litert(build: Build): Peer {
  return {
    name: `litert-${build}`,
    open: async (graph, { intermediates = false } = {}) => {
      checkScales(graph);
      const { bytes, outputs } = writeTflite(graph, { ends: 'float32', intermediates });
      const { core, takeLog } = await loadLiteRt(build);
      takeLog();
      try {
        const model = await core.loadAndCompile(bytes, { accelerator: 'wasm' });
        return sessionOf(core, graph, model, outputs);
      } catch (error) {
        const message = error instanceof Error ? error.message : String(error);
        throw refusal('LiteRT.js', graph, new Error(`${message}\n${takeLog()}`, { cause: error }));
      }
    },
  };
}

export const litertSimd = litert('simd');
export const litertRelaxed = litert('relaxed');
export const litertSimdBackend = backendOf(litertSimd);
export const litertRelaxedBackend = backendOf(litertRelaxed);

/** The least normal float32 number. */
const LEAST_SCALE = 2 ** -126;

/** Of codes of 8 bits with a lesser scale it calls a function that it does not have, or does not come back. */
function checkScales({ tensors }: Graph): void {
  for (const { name, type, quantization } of tensors) {
    const least = Math.min(...(quantization?.scales ?? []));
    if ((type === 'int8' || type === 'uint8') && least < LEAST_SCALE) {
      throw new UnsupportedError(
        `Tensor "${name}": Expected a scale of at least 2^-126 for LiteRT.js but found ${String(least)}`,
      );
    }
  }
}

function sessionOf(core: LiteRt, graph: Graph, model: Model, outputs: readonly number[]): Session {
  let feeds: readonly Tensor[] = [];
  let results: readonly Tensor[] = [];
  const dispose = (tensors: readonly Tensor[]): void => {
    for (const tensor of tensors) tensor.delete();
  };
  return {
    load: (inputs) => {
      dispose(feeds);
      feeds = graph.inputs.map((index, position) => {
        const tensor = tensorAt(graph, index);
        const data = inputs[position];
        if (data === undefined) {
          throw new RangeError(`Expected an array for input "${tensor.name}"`);
        }
        return new core.Tensor(toFloats(tensor, data), [...tensor.shape]);
      });
    },
    compute: async () => {
      dispose(results);
      results = [];
      results = await model.run([...feeds]);
    },
    read: () =>
      new Map(
        outputs.map((index, position) => {
          const data = results[position]?.toTypedArray();
          if (!(data instanceof Float32Array)) throw new Error('Expected a float32 output');
          return [index, fromFloats(tensorAt(graph, index), data)];
        }),
      ),
    release: () => {
      dispose(feeds);
      dispose(results);
      feeds = results = [];
      model.delete();
    },
  };
}
