/**
 * TensorFlow.js: its WebAssembly back end (XNNPACK with SIMD, one thread) and its plain JavaScript one; float32 alone.
 *
 * In Node it loads `tfjs-backend-wasm-simd.wasm` from the folder that `setWasmPaths` names, with `fs`.
 */

import '@tensorflow/tfjs-backend-cpu';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import { loadGraphModelSync, type GraphModel } from '@tensorflow/tfjs-converter';
import * as tf from '@tensorflow/tfjs-core';
import type { Graph } from '../../reference/index.ts';
import { writeTfjs, type TfjsFile } from '../formats/tfjs/write.ts';
import { backendOf, refusal, tensorAt, type Peer, type Session } from './session.ts';

type Engine = 'cpu' | 'wasm';

const { resolve } = createRequire(import.meta.url);
setWasmPaths(join(dirname(resolve('@tensorflow/tfjs-backend-wasm')), '/'));
tf.env().set('WASM_HAS_MULTITHREAD_SUPPORT', false);

function tfjs(engine: Engine): Peer {
  return {
    name: `tfjs-${engine}`,
    precisions: ['float32'],
    open: async (graph, { intermediates = false } = {}) => {
      const file = writeTfjs(graph);
      await tf.setBackend(engine);
      let model: GraphModel<tf.io.IOHandlerSync>;
      try {
        const { model: artifacts } = file;
        model = loadGraphModelSync(
          tf.io.fromMemorySync({ ...artifacts, weightData: artifacts.weightData.buffer }),
        );
      } catch (error) {
        throw refusal('TensorFlow.js', graph, error);
      }
      return sessionOf(engine, graph, file, model, intermediates);
    },
  };
}

export const tfjsCpu = tfjs('cpu');
export const tfjsWasm = tfjs('wasm');
export const tfjsCpuBackend = backendOf(tfjsCpu);
export const tfjsWasmBackend = backendOf(tfjsWasm);

function sessionOf(
  engine: Engine,
  graph: Graph,
  { nodes }: TfjsFile,
  model: GraphModel<tf.io.IOHandlerSync>,
  intermediates: boolean,
): Session {
  const computed = intermediates ? graph.operators.map(({ output }) => output) : [];
  const outputs = [...new Set([...graph.outputs, ...computed])];
  const names = outputs.map((index) => nodeOf(nodes, index));
  let feeds: tf.NamedTensorMap = {};
  let results: readonly tf.Tensor[] = [];
  return {
    load: (inputs) => {
      tf.dispose(feeds);
      feeds = Object.fromEntries(
        graph.inputs.map((index, position) => {
          const { name, shape } = tensorAt(graph, index);
          const data = inputs[position];
          if (!(data instanceof Float32Array)) {
            throw new TypeError(`Expected a Float32Array for input "${name}"`);
          }
          return [nodeOf(nodes, index), tf.tensor(data.slice(), [...shape], 'float32')];
        }),
      );
    },
    compute: async () => {
      // The engine is the process's: another session may have chosen its own meanwhile.
      if (tf.getBackend() !== engine) await tf.setBackend(engine);
      tf.dispose([...results]);
      results = [model.execute(feeds, names)].flat();
    },
    read: () =>
      new Map(
        outputs.map((index, position) => {
          const data = results[position]?.dataSync<'float32'>();
          if (data === undefined) throw new Error('Expected the session to have computed');
          return [index, Float32Array.from(data)];
        }),
      ),
    release: () => {
      tf.dispose(feeds);
      tf.dispose([...results]);
      model.dispose();
    },
  };
}

function nodeOf(nodes: TfjsFile['nodes'], index: number): string {
  const name = nodes[index];
  if (name === undefined) throw new Error(`Expected a node for tensor ${String(index)}`);
  return name;
}
