/** TensorFlow.js graph models for tests: `model.json` and its weights files, in memory. */

import type { Graph } from '../../reference/index.ts';
import { FileError } from '../errors.ts';
import { decodeTfjs } from '../formats/tfjs/contents.ts';
import { tfjsToGraph } from '../formats/tfjs/to-graph.ts';
import type { TfjsModel, TfjsNode } from '../formats/tfjs/write.ts';

export type Files = ReadonlyMap<string, Uint8Array>;

/** What a `model.json` says of a weight. */
export interface Spec {
  readonly name: string;
  readonly shape: readonly number[];
  readonly dtype: string;
  readonly quantization?: object;
}

/** The graph of a model, which errors call model.json. */
export function readTfjs(files: Files): Graph {
  const open = (name: string): Uint8Array => {
    const bytes = files.get(name);
    if (bytes === undefined) throw new FileError(name, 'Expected a readable file.');
    return bytes;
  };
  const contents = decodeTfjs('model.json', open('model.json'), open);
  const preprocessing = {
    resize: 'squash',
    channels: 'rgb',
    mean: [0, 0, 0],
    std: [255, 255, 255],
  } as const;
  const image = contents.nodes.some(({ attr }) => attr?.['shape']?.shape?.dim?.at(3)?.size === 3);
  return tfjsToGraph('model.json', contents, {
    name: 'net',
    labels: [],
    provenance: {},
    ...(image ? { preprocessing } : {}),
  });
}

/** The files of a written model, its weights cut into files of `shardBytes`. */
export function filesOf(model: TfjsModel, shardBytes = Infinity): Files {
  const { modelTopology, weightSpecs, weightData } = model;
  return files(modelTopology.node, weightSpecs, weightData, shardBytes);
}

export function files(
  node: readonly TfjsNode[],
  weights: readonly Spec[],
  data: Uint8Array,
  shardBytes = Infinity,
): Files {
  const all = new Map<string, Uint8Array>();
  const paths: string[] = [];
  for (let at = 0; at < data.length; at += shardBytes) {
    const path = `group1-shard${String(paths.length + 1)}.bin`;
    paths.push(path);
    all.set(path, data.slice(at, at + shardBytes));
  }
  const json = {
    format: 'graph-model',
    modelTopology: { node, versions: { producer: 1 } },
    weightsManifest: [{ paths, weights }],
  };
  all.set('model.json', Buffer.from(JSON.stringify(json)));
  return all;
}

const text = (value: string): string => Buffer.from(value).toString('base64');

export const image: TfjsNode = {
  name: 'image',
  op: 'Placeholder',
  input: [],
  attr: { shape: { shape: { dim: [-1, 2, 2, 3].map((size) => ({ size })) } } },
};
export const constant = (name: string): TfjsNode => ({ name, op: 'Const', input: [], attr: {} });

/** A 1x1 convolution from [1, 2, 2, 3] to [1, 2, 2, 2]. */
export const conv: TfjsNode = {
  name: 'conv',
  op: 'Conv2D',
  input: ['image', 'w'],
  attr: { padding: { s: text('SAME') }, strides: { list: { i: [1, 1, 1, 1] } } },
};

export const node = (
  op: string,
  input: readonly string[],
  attr: TfjsNode['attr'] = {},
): TfjsNode => ({ name: op.toLowerCase(), op, input, attr });

export interface Constant {
  readonly shape: readonly number[];
  readonly data: readonly number[];
}

const weights: Constant = { shape: [1, 1, 3, 2], data: [1, 2, 3, 4, 5, 6] };

/** The files of the convolution and more nodes, with float32 constants by name. */
export function network(
  nodes: readonly TfjsNode[],
  constants: Readonly<Record<string, Constant>> = {},
): Files {
  const all = Object.entries({ w: weights, ...constants });
  const specs = all.map(([name, { shape }]) => ({ name, shape, dtype: 'float32' }));
  const data = Float32Array.from(all.flatMap(([, each]) => each.data));
  const consts = all.map(([name]) => constant(name));
  return files([image, ...consts, ...nodes], specs, new Uint8Array(data.buffer));
}
