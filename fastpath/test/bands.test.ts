/** Expansions in bands of rows: less memory, the same outputs. */

import fc from 'fast-check';
import { expect, it } from 'vitest';
import { generator } from '../../conformance/draws.ts';
import { kernelsModule } from '../../tools/kernels.ts';
import { loadModel } from '../../tools/models.ts';
import { GraphError, type Graph, type Padding, type Pair } from '../../reference/index.ts';
import { compileGraph } from '../compile/index.ts';
import { loadProgram, variants } from '../runtime/index.ts';

interface Block {
  readonly extent: Pair;
  readonly kernel: Pair;
  readonly stride: Pair;
  readonly padding: Padding;
  readonly channels: number;
  readonly expanded: number;
  readonly seed: number;
}

const pair = (max: number): fc.Arbitrary<Pair> =>
  fc.tuple(fc.integer({ min: 1, max }), fc.integer({ min: 1, max }));
const margin = fc.integer({ min: 0, max: 3 });

const block: fc.Arbitrary<Block> = fc.record({
  extent: fc.tuple(fc.integer({ min: 1, max: 80 }), fc.integer({ min: 1, max: 40 })),
  kernel: pair(5),
  stride: pair(3),
  padding: fc.tuple(margin, margin, margin, margin),
  channels: fc.constantFrom(1, 3, 8),
  expanded: fc.constantFrom(24, 40),
  seed: fc.nat(),
});

/** A pointwise convolution, a depthwise one of its output, and a pointwise one of that. */
function graphOf({ extent, kernel, stride, padding, channels, expanded, seed }: Block): Graph {
  const [height, width] = extent;
  const out = [0, 1].map((axis) => {
    const padded = (extent[axis] ?? 0) + (padding[2 * axis] ?? 0) + (padding[2 * axis + 1] ?? 0);
    return Math.floor((padded - (kernel[axis] ?? 0)) / (stride[axis] ?? 1)) + 1;
  });
  const [outHeight = 0, outWidth = 0] = out;
  const random = generator(seed);
  const constant = (name: string, shape: readonly number[]): Graph['tensors'][number] => ({
    name,
    type: 'float32',
    shape,
    data: Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => random() - 0.5),
  });
  const activation = (name: string, shape: readonly number[]): Graph['tensors'][number] => ({
    name,
    type: 'float32',
    shape,
  });
  const pointwise = { stride: [1, 1], dilation: [1, 1], padding: [0, 0, 0, 0] } as const;
  return {
    name: 'block',
    precision: 'float32',
    tensors: [
      activation('input', [1, height, width, channels]),
      constant('expand/weights', [expanded, 1, 1, channels]),
      activation('expand', [1, height, width, expanded]),
      constant('filter/weights', [1, ...kernel, expanded]),
      activation('filter', [1, outHeight, outWidth, expanded]),
      constant('project/weights', [8, 1, 1, expanded]),
      activation('project', [1, outHeight, outWidth, 8]),
    ],
    operators: [
      {
        kind: 'conv2d',
        name: 'expand',
        inputs: [0, 1],
        output: 2,
        attributes: { ...pointwise, groups: 1, activation: 'relu6' },
      },
      {
        kind: 'depthwiseConv2d',
        name: 'filter',
        inputs: [2, 3],
        output: 4,
        attributes: { stride, dilation: [1, 1], padding, activation: 'relu6' },
      },
      {
        kind: 'conv2d',
        name: 'project',
        inputs: [4, 5],
        output: 6,
        attributes: { ...pointwise, groups: 1, activation: 'none' },
      },
    ],
    inputs: [0],
    outputs: [6],
    labels: [],
    provenance: {},
  };
}

it.each(variants)('outputs are the same in bands, %s', async (variant) => {
  let banded = 0;
  await fc.assert(
    fc.asyncProperty(block, async (drawn) => {
      const graph = graphOf(drawn);
      const [whole, bands] = await Promise.all(
        [true, false].map(async (intermediates) => {
          const program = compiled(graph, intermediates);
          return loadProgram(program, kernelsModule(variant));
        }),
      );
      if (whole === undefined || bands === undefined) throw new Error('Expected two Programs');
      const random = generator(drawn.seed + 1);
      const [height, width] = drawn.extent;
      const length = height * width * drawn.channels;
      const input = Float32Array.from({ length }, () => 12 * random() - 6);
      expect(bands.run(input)).toEqual(whole.run(input));
      expect(bands.bytes.arena).toBeLessThanOrEqual(whole.bytes.arena);
      if (bands.steps.length > whole.steps.length) banded += 1;
    }),
    { numRuns: 200 },
  );
  expect(banded).toBeGreaterThan(20);
});

function compiled(graph: Graph, intermediates: boolean): Uint8Array {
  try {
    return compileGraph(graph, { intermediates });
  } catch (error) {
    // A window beyond the padded image.
    if (error instanceof GraphError) fc.pre(false);
    throw error;
  }
}

it('a step less is reported where it was not whole', async () => {
  const graph = loadModel({ model: 'small', precision: 'float32' });
  const [whole, bands] = await Promise.all(
    [true, false].map(async (intermediates) =>
      loadProgram(compileGraph(graph, { intermediates }), kernelsModule()),
    ),
  );
  const names = (network: typeof whole): readonly string[] =>
    network?.description.intermediates.map(({ name }) => name) ?? [];
  expect(names(whole)).toHaveLength(graph.operators.length);
  expect(names(whole).filter((name) => !names(bands).includes(name))).toEqual(['block_1/expand']);
  const input = new Float32Array(96 * 96 * 3).fill(0.25);
  const outputs = bands?.runSteps([input], ({ tensor, kernels }) => {
    if (tensor.name !== 'block_1/depthwise') return;
    expect(new Set(kernels.map(({ name }) => name))).toEqual(
      new Set(['conv2d_f32', 'depthwise_f32']),
    );
  });
  expect(outputs).toEqual(whole?.run(input));
});
