/** What formats and runtimes cannot say is an UnsupportedError that names it. */

import { expect, it } from 'vitest';
import { UnsupportedError } from '../../../fastpath/compile/errors.ts';
import { operatorGraph, validateGraph, type Graph } from '../../../reference/index.ts';
import { loadModel } from '../../models.ts';
import { litertSimdBackend } from '../litert.ts';
import { onnxruntimeBackend } from '../onnxruntime.ts';
import type { PeerBackend } from '../session.ts';
import { tfjsWasmBackend } from '../tfjs.ts';

function validated(graph: ReturnType<typeof operatorGraph>['graph']): Graph {
  validateGraph(graph);
  return graph;
}

const readyMade = validated(
  operatorGraph('fullyConnected', 'int8', { multiplier: [2 ** 30], shift: [-6] }, [
    { shape: [1, 2], data: [1, 2] },
    { shape: [1, 2], data: [3, 4] },
  ]).graph,
);

const paddedPool = validated(
  operatorGraph('averagePool', 'float32', { size: [3, 3], padding: [2, 0, 2, 0] }, [
    { shape: [1, 4, 4, 1], data: new Float32Array(16) },
  ]).graph,
);

const grouped = validated(
  operatorGraph('conv2d', 'float32', { groups: 2 }, [
    { shape: [1, 2, 2, 4], data: new Float32Array(16) },
    { shape: [4, 1, 1, 2], data: new Float32Array(8) },
  ]).graph,
);

const denormalScale = validated(
  operatorGraph('dequantize', 'int8', {}, [
    { shape: [8], data: new Int8Array(8), scale: 2 ** -127 },
  ]).graph,
);

const int8 = loadModel({ model: 'small', precision: 'int8' });
const int16 = loadModel({ model: 'small', precision: 'int16' });

const refusals: readonly (readonly [PeerBackend, string, Graph, string])[] = [
  [
    onnxruntimeBackend,
    'ready-made integers',
    readyMade,
    'Expected scales for ONNX but found multiplier, shift',
  ],
  [
    litertSimdBackend,
    'ready-made integers',
    readyMade,
    'Expected scales for TensorFlow Lite but found multiplier, shift',
  ],
  [
    litertSimdBackend,
    'int16 weights',
    int16,
    'Expected int8 weights for TensorFlow Lite but found int16',
  ],
  [
    litertSimdBackend,
    'padding of an average',
    paddedPool,
    'Expected padding SAME or VALID for TensorFlow Lite but found [2, 0, 2, 0]',
  ],
  [
    litertSimdBackend,
    'denormal scales',
    denormalScale,
    'Tensor "input": Expected a scale of at least 2^-126 for LiteRT.js but found 5.877471754111438e-39',
  ],
  [litertSimdBackend, 'groups', grouped, 'Expected groups 1 for TensorFlow Lite but found 2'],
  [
    tfjsWasmBackend,
    'integers',
    int8,
    'Tensor "image": Expected float32 for TensorFlow.js but found int8',
  ],
  [
    tfjsWasmBackend,
    'padding of an average',
    paddedPool,
    'Expected padding SAME or VALID for TensorFlow.js but found [2, 0, 2, 0]',
  ],
  [tfjsWasmBackend, 'groups', grouped, 'Expected groups 1 for TensorFlow.js but found 2'],
];

it.each(refusals)('$0.name refuses $1', async (backend, _what, graph, text) => {
  const error: unknown = await backend.prepare(graph).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(UnsupportedError);
  expect(String(error)).toContain(text);
});
