/** Expansions in bands of rows: less memory, the same outputs. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { noiseImage } from '../../conformance/arbitrary-networks.ts';
import { generator } from '../../conformance/draws.ts';
import { kernelsModule } from '../../tools/kernels.ts';
import { loadModel } from '../../tools/models.ts';
import {
  GraphError,
  imageToInput,
  type Graph,
  type Padding,
  type Pair,
} from '../../reference/index.ts';
import { compileGraph, type CompileOptions } from '../compile/index.ts';
import { kernels, regionsOf } from '../program/kernels.ts';
import { loadProgram, variants, type Elements, type FastPath } from '../runtime/index.ts';
import { stepsOf } from './programs.ts';

interface Window {
  readonly kernel: Pair;
  readonly stride: Pair;
  readonly padding: Padding;
}

interface Block {
  readonly extent: Pair;
  readonly expand: Window;
  readonly filter: Window;
  readonly channels: number;
  readonly expanded: number;
  readonly bandBytes: number;
  readonly seed: number;
}

const pair = (max: number): fc.Arbitrary<Pair> =>
  fc.tuple(fc.integer({ min: 1, max }), fc.integer({ min: 1, max }));
const margin = fc.integer({ min: 0, max: 3 });

const pointwise: Window = { kernel: [1, 1], stride: [1, 1], padding: [0, 0, 0, 0] };

function window(most: number): fc.Arbitrary<Window> {
  return fc.record({
    kernel: pair(most),
    stride: pair(3),
    padding: fc.tuple(margin, margin, margin, margin),
  });
}

const block: fc.Arbitrary<Block> = fc.record({
  extent: fc.tuple(fc.integer({ min: 1, max: 80 }), fc.integer({ min: 1, max: 40 })),
  expand: fc.oneof(fc.constant(pointwise), window(3)),
  filter: window(5),
  channels: fc.constantFrom(1, 3, 8),
  expanded: fc.constantFrom(24, 40),
  bandBytes: fc.constantFrom(1, 2 ** 12, 2 ** 14),
  seed: fc.nat(),
});

function extentAfter(extent: Pair, { kernel, stride, padding }: Window): Pair {
  const [top, bottom, left, right] = padding;
  return [
    Math.floor((extent[0] + top + bottom - kernel[0]) / stride[0]) + 1,
    Math.floor((extent[1] + left + right - kernel[1]) / stride[1]) + 1,
  ];
}

/** A convolution, a depthwise one of its output, and a pointwise one of that. */
function graphOf({ extent, expand, filter, channels, expanded, seed }: Block): Graph {
  const between = extentAfter(extent, expand);
  const out = extentAfter(between, filter);
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
  return {
    name: 'block',
    precision: 'float32',
    tensors: [
      activation('input', [1, ...extent, channels]),
      constant('expand/weights', [expanded, ...expand.kernel, channels]),
      activation('expand', [1, ...between, expanded]),
      constant('filter/weights', [1, ...filter.kernel, expanded]),
      activation('filter', [1, ...out, expanded]),
      constant('project/weights', [8, 1, 1, expanded]),
      activation('project', [1, ...out, 8]),
    ],
    operators: [
      {
        kind: 'conv2d',
        name: 'expand',
        inputs: [0, 1],
        output: 2,
        attributes: { ...attributesOf(expand), groups: 1, activation: 'relu6' },
      },
      {
        kind: 'depthwiseConv2d',
        name: 'filter',
        inputs: [2, 3],
        output: 4,
        attributes: { ...attributesOf(filter), activation: 'relu6' },
      },
      {
        kind: 'conv2d',
        name: 'project',
        inputs: [4, 5],
        output: 6,
        attributes: { ...attributesOf(pointwise), groups: 1, activation: 'none' },
      },
    ],
    inputs: [0],
    outputs: [6],
    labels: [],
    provenance: {},
  };
}

function attributesOf({ stride, padding }: Window): {
  stride: Pair;
  padding: Padding;
  dilation: Pair;
} {
  return { stride, padding, dilation: [1, 1] };
}

it.each(variants)('outputs are the same in bands, %s', async (variant) => {
  let banded = 0;
  await fc.assert(
    fc.asyncProperty(block, async (drawn) => {
      const graph = graphOf(drawn);
      const [whole, bands] = await Promise.all(
        [compiled(graph, { intermediates: true }), compiled(graph, drawn)].map(async (program) =>
          loadProgram(program, kernelsModule(variant)),
        ),
      );
      if (whole === undefined || bands === undefined) throw new Error('Expected two Programs');
      const random = generator(drawn.seed + 1);
      const [height, width] = drawn.extent;
      const length = height * width * drawn.channels;
      const input = Float32Array.from({ length }, () => 12 * random() - 6);
      expect(bands.run(input)).toEqual(whole.run(input));
      if (bands.steps.length > whole.steps.length) banded += 1;
    }),
    { numRuns: 200 },
  );
  expect(banded).toBeGreaterThan(50);
});

/** Steps may be repeated (`ProgramStep`): what they read is not what they write. */
it('lines move to where none of them was', () => {
  let moves = 0;
  fc.assert(
    fc.property(block, (drawn) => {
      const steps = stepsOf(compiled(graphOf(drawn), drawn));
      for (const step of steps) {
        const kernel = kernels[step.kernel];
        if (kernel?.family !== 'pad') continue;
        moves += 1;
        const { output } = regionsOf(kernel, step);
        expect(step.output + output).toBeLessThanOrEqual(step.input);
      }
    }),
    { numRuns: 200 },
  );
  expect(moves).toBeGreaterThan(200);
});

function compiled(graph: Graph, options: CompileOptions): Uint8Array {
  try {
    return compileGraph(graph, options);
  } catch (error) {
    // A window beyond the padded image.
    if (error instanceof GraphError) fc.pre(false);
    throw error;
  }
}

describe.each(['float32', 'int16', 'int8'] as const)(
  'the small model in bands, %s',
  (precision) => {
    const graph = loadModel({ model: 'small', precision });
    const input = imageToInput(graph, noiseImage(96, 96)) as Elements;

    it('gives the same outputs in less memory, and reports what is whole', async () => {
      const [whole, bands] = await Promise.all(
        [{ intermediates: true }, { bandBytes: 2 ** 13 }].map(async (options) =>
          loadProgram(compileGraph(graph, options), kernelsModule()),
        ),
      );
      if (whole === undefined || bands === undefined) throw new Error('Expected two Programs');
      expect(bands.bytes.arena).toBeLessThan(whole.bytes.arena);
      const names = ({ description }: FastPath): readonly string[] =>
        description.intermediates.map(({ name }) => name);
      expect(names(whole)).toHaveLength(graph.operators.length);
      const missing = names(whole).filter((name) => !names(bands).includes(name));
      expect(missing).toContain('stem');
      expect(missing).toContain('block_1/expand');
      expect(missing.every((name) => /stem|expand/.test(name))).toBe(true);
      const used = new Map<string, ReadonlySet<string>>();
      const outputs = bands.runSteps([input], ({ tensor, kernels: ran }) => {
        used.set(tensor.name, new Set(ran.map(({ name }) => name.replace(/_.*/, ''))));
      });
      expect(used.get('block_1/depthwise')).toEqual(new Set(['conv2d', 'depthwise', 'pad']));
      expect(used.get('block_1/project')).toEqual(new Set(['conv2d']));
      expect(outputs).toEqual(whole.run(input));
    });
  },
);

it('refuses a size of bands that is none', () => {
  const graph = loadModel({ model: 'small', precision: 'int8' });
  expect(() => compileGraph(graph, { bandBytes: 0 })).toThrow(
    new RangeError('Expected bandBytes above 0 but found 0'),
  );
});
