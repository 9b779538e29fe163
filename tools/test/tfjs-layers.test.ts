/** TensorFlow.js layers models: read as what their layers compute, or refused by the layer. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { interpreter } from '../../reference/index.ts';
import { FileError } from '../errors.ts';
import { readTfjs, type Files } from './tfjs-models.ts';

interface LayerSpec {
  readonly class_name: string;
  readonly name: string;
  readonly config: object;
  readonly inbound_nodes?: unknown;
}

const layer = (
  class_name: string,
  name: string,
  inputs: readonly string[],
  config: object = {},
): LayerSpec => ({
  class_name,
  name,
  config,
  inbound_nodes: inputs.length === 0 ? [] : [inputs.map((input) => [input, 0, 0, {}])],
});

const weights: Readonly<
  Record<string, readonly [shape: readonly number[], data: readonly number[]]>
> = {
  'conv/kernel': [
    [1, 1, 3, 2],
    [1, 2, 3, 4, 5, 6],
  ],
  'normal/gamma': [[2], [2, 3]],
  'normal/beta': [[2], [1, -1]],
  'normal/moving_mean': [[2], [9, 10]],
  'normal/moving_variance': [[2], [4, 1]],
  'filter/depthwise_kernel': [[3, 3, 2, 1], Array.from({ length: 18 }, () => 1)],
  'filter/bias': [[2], [0.5, -0.5]],
  'dense/kernel': [
    [2, 3],
    [1, 0, 1, 0, 1, 1],
  ],
  'dense/bias': [[3], [0, 0, 1]],
};

const layers: readonly LayerSpec[] = [
  layer('InputLayer', 'image', [], { batch_input_shape: [null, 2, 2, 3] }),
  layer('Conv2D', 'conv', ['image'], { kernel_size: [1, 1], use_bias: false, padding: 'valid' }),
  layer('BatchNormalization', 'normal', ['conv'], { axis: -1, epsilon: 0 }),
  layer('ReLU', 'relu', ['normal'], { max_value: 6 }),
  layer('ZeroPadding2D', 'pad', ['relu'], {
    padding: [
      [0, 1],
      [0, 1],
    ],
  }),
  layer('DepthwiseConv2D', 'filter', ['pad'], { kernel_size: [3, 3], strides: [1, 1] }),
  layer('Add', 'twice', ['filter', 'filter']),
  layer('GlobalAveragePooling2D', 'pool', ['twice']),
  layer('Dropout', 'drop', ['pool'], { rate: 0.5 }),
  layer('Dense', 'dense', ['drop'], { units: 3, activation: 'relu' }),
];

function files(list: readonly LayerSpec[], className = 'Model', output?: unknown): Files {
  const entries = Object.entries(weights);
  const data = Float32Array.from(entries.flatMap(([, [, values]]) => values));
  const json = {
    format: 'layers-model',
    modelTopology: {
      keras_version: '2.2.4',
      model_config: {
        class_name: className,
        config: { layers: list, ...(output === undefined ? {} : { output_layers: [output] }) },
      },
    },
    weightsManifest: [
      {
        paths: ['w.bin'],
        weights: entries.map(([name, [shape]]) => ({ name, shape, dtype: 'float32' })),
      },
    ],
  };
  return new Map([
    ['model.json', Buffer.from(JSON.stringify(json))],
    ['w.bin', new Uint8Array(data.buffer)],
  ]);
}

/** A layer's configuration changed. */
const withConfig = (name: string, change: object): Files =>
  files(
    layers.map((each) =>
      each.name === name ? { ...each, config: { ...each.config, ...change } } : each,
    ),
  );

function run(model: Files): readonly number[] {
  const [output] = interpreter(readTfjs(model)).run([new Float32Array(12).fill(1)]).outputs;
  return Array.from(output?.data ?? [], Number);
}

describe('layers models', () => {
  it('compute what their layers do, batch normalisation folded', () => {
    const graph = readTfjs(files(layers));
    expect(graph.operators.map(({ kind, source }) => [kind, source])).toEqual([
      ['conv2d', 1],
      ['pad', 4],
      ['depthwiseConv2d', 5],
      ['add', 6],
      ['mean', 7],
      ['fullyConnected', 9],
    ]);
    // The convolution gives 9 and 12, normalised 1 and 5; four of each in the one window, plus the bias, twice.
    expect(run(files(layers))).toEqual([9, 39, 49]);
  });

  it('may be a chain whose first layer tells the input', () => {
    const chain = [
      { ...layers[1], config: { ...layers[1]?.config, batch_input_shape: [null, 2, 2, 3] } },
      layers[2],
    ] as readonly LayerSpec[];
    expect(run(files(chain, 'Sequential')).slice(0, 2)).toEqual([1, 5]);
  });

  it.each<readonly [string, Files, string]>([
    [
      'a layer that no classifier has',
      files([...layers, layer('LSTM', 'lstm', ['dense'])]),
      'Layer "lstm" (LSTM): Expected a layer of a MobileNetV2 classifier (InputLayer, Conv2D,',
    ],
    [
      'an activation that no graph has',
      withConfig('dense', { activation: 'gelu' }),
      'Layer "dense" (Dense): Expected activation linear, relu, relu6 or softmax but found another',
    ],
    [
      'channels first',
      withConfig('conv', { data_format: 'channels_first' }),
      'Layer "conv" (Conv2D): Expected data_format to be "channels_last" but found "channels_first"',
    ],
    [
      'another limit than 6',
      withConfig('relu', { max_value: 5 }),
      'Layer "relu" (ReLU): Expected max_value to be 6 but found 5',
    ],
    [
      'weights that are not there',
      withConfig('conv', { use_bias: true }),
      'Layer "conv" (Conv2D): Expected weights "conv/bias" but found none',
    ],
    [
      'a layer that is called twice',
      files(
        layers.map((each) =>
          each.name === 'pool'
            ? { ...each, inbound_nodes: [[['twice', 0, 0, {}]], [['filter', 0, 0, {}]]] }
            : each,
        ),
      ),
      'Layer "pool" (GlobalAveragePooling2D): Expected to be called once, with the outputs of layers',
    ],
    [
      'an output that layers in a circle give',
      files(
        layers.map((each) => (each.name === 'relu' ? layer('ReLU', 'relu', ['dense']) : each)),
        'Model',
        ['dense', 0, 0],
      ),
      'Expected no circle but found one by',
    ],
    [
      'layers in a circle',
      files(layers.map((each) => (each.name === 'relu' ? layer('ReLU', 'relu', ['dense']) : each))),
      'Expected every node to lead to output "normal" but found "relu" besides',
    ],
  ])('refuse %s', (_name, model, text) => {
    expect(() => readTfjs(model)).toThrow(FileError);
    expect(() => readTfjs(model)).toThrow(text);
  });

  it('of any setting give a graph or a FileError', () => {
    const value = fc.oneof(
      fc.constantFrom<unknown>(
        null,
        '',
        -1,
        0,
        1e308,
        2 ** 31,
        [],
        {},
        true,
        [[1, 2]],
        'same',
        'image',
      ),
      fc.array(fc.integer(), { maxLength: 5 }),
      fc.string({ maxLength: 5 }),
    );
    const keys = [
      ...new Set(layers.flatMap(({ config }) => Object.keys(config))),
      ...['data_format', 'dilation_rate', 'activation', 'negative_slope', 'scale', 'keepdims'],
    ];
    fc.assert(
      fc.property(
        fc.constantFrom(...layers.map(({ name }) => name)),
        fc.constantFrom(...keys),
        value,
        (name, key, replacement) => {
          try {
            readTfjs(withConfig(name, { [key]: replacement }));
          } catch (error) {
            if (!(error instanceof FileError)) throw error;
          }
        },
      ),
      { numRuns: 500 },
    );
  });
});
