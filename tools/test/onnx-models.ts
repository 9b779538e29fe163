/** A small ONNX network for tests, whose parts they exchange. */

import type { Graph } from '../../reference/index.ts';
import { onnxToGraph } from '../formats/onnx/to-graph.ts';
import { decodeOnnx } from '../formats/onnx/wire.ts';
import type { ModelSpec, NodeSpec } from './onnx-writer.ts';

const preprocessing = {
  resize: 'squash',
  channels: 'rgb',
  mean: [127.5, 127.5, 127.5],
  std: [127.5, 127.5, 127.5],
} as const;

export const ramp = (length: number, step = 0.1): number[] =>
  Array.from({ length }, (_, i) => ((i * 7) % 11) * step - 0.4);

/** The graph of an ONNX file, which errors call net.onnx. */
export function readOnnx(bytes: Uint8Array): Graph {
  const model = decodeOnnx('net.onnx', bytes);
  return onnxToGraph('net.onnx', model, { name: 'net', labels: [], preprocessing, provenance: {} });
}

/** A 3x3 convolution with stride 2 from [1, 3, 4, 4] to [1, 2, 2, 2]. */
export const conv: NodeSpec = {
  type: 'Conv',
  inputs: ['image', 'w', 'b'],
  output: 'conv',
  ints: { strides: [2, 2], pads: [0, 0, 1, 1], kernel_shape: [3, 3], dilations: [1, 1] },
};

export const base: ModelSpec = {
  input: [1, 3, 4, 4],
  constants: {
    w: { shape: [2, 3, 3, 3], data: ramp(54) },
    b: { shape: [2], data: [0.5, -0.5] },
  },
  nodes: [conv],
  output: 'conv',
};

export const withNodes = (
  nodes: readonly NodeSpec[],
  constants: ModelSpec['constants'] = {},
): ModelSpec => ({
  ...base,
  nodes,
  constants: { ...base.constants, ...constants },
  output: nodes.at(-1)?.output ?? '',
});

export const pool: NodeSpec = { type: 'GlobalAveragePool', inputs: ['conv'], output: 'pool' };
export const flat: NodeSpec = { type: 'Flatten', inputs: ['pool'], output: 'flat' };
