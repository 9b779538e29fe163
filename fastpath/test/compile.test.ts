/** What `compileGraph` promises: the same bytes again, an arena without overlaps, refusals that say why. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { networkCase } from '../../conformance/arbitrary-networks.ts';
import { property } from '../../conformance/property.ts';
import {
  operatorGraph,
  validateGraph,
  type GivenAttributes,
  type Graph,
  type OperatorKind,
} from '../../reference/index.ts';
import { planArena, type Lifetime } from '../compile/arena.ts';
import { compileGraph, UnsupportedError } from '../compile/index.ts';
import { ALIGNMENT } from '../program/format.ts';
import { kernels, regionsOf } from '../program/kernels.ts';
import { checkProgram } from '../program/check-program.ts';
import { networkProgram, stepsOf } from './programs.ts';

const file = 'fastpath/test/compile.test.ts';

property('the same bytes again', { runs: 12, file }, networkCase, (drawn) => {
  const [once, again] = [networkProgram(drawn), networkProgram(drawn)];
  return Promise.resolve(Buffer.compare(once, again) === 0 ? undefined : 'Expected equal bytes');
});

/** No kernel may find its input, or its scratch, where it writes its output. */
property('no step that writes over what it reads', { runs: 12, file }, networkCase, (drawn) => {
  const program = networkProgram(drawn);
  checkProgram(program);
  const problem = stepsOf(program)
    .flatMap((step, i) => {
      const kernel = kernels[step.kernel];
      if (kernel === undefined) return [`Expected a kernel for step ${String(i)}`];
      const bytes = regionsOf(kernel, step);
      const meet = (a: 'output' | 'scratch', b: 'input' | 'second' | 'output'): boolean =>
        step[a] < step[b] + bytes[b] && step[b] < step[a] + bytes[a];
      const overlaps =
        meet('output', 'input') ||
        meet('output', 'second') ||
        meet('scratch', 'input') ||
        meet('scratch', 'output');
      return overlaps ? [`Expected step ${String(i)} (${kernel.name}) without overlaps`] : [];
    })
    .at(0);
  return Promise.resolve(problem);
});

describe('planArena', () => {
  const STEPS = 12;
  const lifetime: fc.Arbitrary<Lifetime> = fc
    .record({
      bytes: fc.oneof(
        fc.constantFrom(0, 1, 63, 64, 65, 4096),
        fc.integer({ min: 0, max: 2 ** 20 }),
      ),
      first: fc.integer({ min: -1, max: STEPS }),
      length: fc.integer({ min: 0, max: STEPS }),
    })
    .map(({ bytes, first, length }) => ({ bytes, first, last: first + length }));

  property(
    'no overlap of buffers that live at the same time, in as many bytes as they need',
    { runs: 1000, file },
    fc.array(lifetime, { maxLength: 30 }),
    (buffers) => Promise.resolve(problemOf(buffers)),
  );

  function problemOf(buffers: readonly Lifetime[]): string | undefined {
    const { offsets, bytes } = planArena(buffers);
    const placed = buffers.map((life, i) => ({ ...life, from: offsets[i] ?? -1 }));
    for (const [i, one] of placed.entries()) {
      const { from } = one;
      if (from < 0 || from % ALIGNMENT !== 0 || from + one.bytes > bytes) {
        return `Expected an aligned offset inside the arena but found ${String(from)}`;
      }
      for (const other of placed.slice(i + 1)) {
        const both = one.first <= other.last && other.first <= one.last;
        const meet = from < other.from + other.bytes && other.from < from + one.bytes;
        if (both && meet) return `Expected ${JSON.stringify([one, other])} apart`;
      }
    }
    const most = Math.max(...liveBytes(buffers, (life) => life.bytes));
    const sum = buffers.reduce((total, life) => total + roundedBytes(life), 0);
    return bytes >= most && bytes <= sum && bytes % ALIGNMENT === 0
      ? undefined
      : `Expected ${String(most)} to ${String(sum)} bytes but found ${String(bytes)}`;
  }

  /** The bytes that live at each step, of which the largest is the least an arena may have. */
  function liveBytes(
    buffers: readonly Lifetime[],
    bytesOf: (life: Lifetime) => number,
  ): readonly number[] {
    return Array.from({ length: 2 * STEPS + 2 }, (_, i) =>
      buffers
        .filter(({ first, last }) => first <= i - 1 && i - 1 <= last)
        .reduce((sum, life) => sum + bytesOf(life), 0),
    );
  }

  function roundedBytes({ bytes }: Lifetime): number {
    return Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;
  }

  it('plans nothing in no bytes', () => {
    expect(planArena([])).toEqual({ offsets: [], bytes: 0 });
  });

  it('gives two buffers that never meet one place, the larger first', () => {
    const buffers = [
      { bytes: 10, first: 0, last: 1 },
      { bytes: 100, first: 1, last: 2 },
      { bytes: 50, first: 3, last: 3 },
    ];
    expect(planArena(buffers)).toEqual({ offsets: [128, 0, 0], bytes: 192 });
  });

  it('takes the least that is possible for an inverted residual block', () => {
    const block = [
      { bytes: 100, first: 0, last: 3 },
      { bytes: 600, first: 0, last: 1 },
      { bytes: 600, first: 1, last: 2 },
      { bytes: 100, first: 2, last: 3 },
      { bytes: 100, first: 3, last: 4 },
    ];
    expect(planArena(block).bytes).toBe(Math.max(...liveBytes(block, roundedBytes)));
  });
});

describe('UnsupportedError', () => {
  function single<K extends OperatorKind>(
    kind: K,
    attributes: GivenAttributes<K>,
    ...shapes: readonly (readonly number[])[]
  ): Graph {
    const inputs = shapes.map((shape) => ({
      shape,
      data: new Float32Array(shape.reduce((a, b) => a * b, 1)),
    }));
    const { graph } = operatorGraph(kind, 'float32', attributes, inputs);
    validateGraph(graph);
    return graph;
  }

  const image = [1, 4, 4, 4];
  const padded = (...padding: readonly (readonly [number, number])[]): Graph =>
    single('pad', { padding }, image.slice(-padding.length));
  const relu = single('relu', {}, image);
  const withInput = (type: 'int32' | 'int64'): Graph => ({
    ...relu,
    tensors: [...relu.tensors, { name: 'unused', type, shape: [1] }],
    inputs: [...relu.inputs, relu.tensors.length],
  });

  it.each<{ readonly name: string; readonly graph: Graph; readonly text: string }>([
    {
      name: 'dilation of rows',
      graph: single('conv2d', { dilation: [2, 1] }, image, [4, 2, 2, 4]),
      text: 'Operator "conv2d": Expected dilation 1 for the fast path but found [2, 1]',
    },
    {
      name: 'dilation of columns',
      graph: single('depthwiseConv2d', { dilation: [1, 3] }, image, [1, 2, 2, 4]),
      text: 'Operator "depthwiseConv2d": Expected dilation 1 for the fast path but found [1, 3]',
    },
    {
      name: 'groups of some channels',
      graph: single('conv2d', { groups: 2 }, image, [4, 1, 1, 2]),
      text: 'Operator "conv2d": Expected groups of all input channels or of one for the fast path but found 2 groups',
    },
    {
      name: 'padding of channels',
      graph: padded([0, 0], [0, 0], [0, 0], [0, 1]),
      text: 'Operator "pad": Expected padding of height and width for the fast path but found [0, 0], [0, 0], [0, 0], [0, 1]',
    },
    {
      name: 'padding of the batch',
      graph: padded([1, 0], [0, 0], [0, 0], [0, 0]),
      text: 'Operator "pad": Expected padding of height and width for the fast path but found [1, 0], [0, 0], [0, 0], [0, 0]',
    },
    {
      name: 'padding of what is no image',
      graph: padded([1, 1], [0, 0]),
      text: 'Operator "pad": Expected padding of height and width for the fast path but found [1, 1], [0, 0]',
    },
    ...(['int32', 'int64'] as const).map((type) => ({
      name: `an input of ${type}`,
      graph: withInput(type),
      text: `Tensor "unused": Expected float32, int16, int8 or uint8 activations but found ${type}`,
    })),
  ])('$name', ({ graph, text }) => {
    validateGraph(graph);
    const compile = (): Uint8Array => compileGraph(graph);
    expect(compile).toThrow(UnsupportedError);
    expect(compile).toThrow(new UnsupportedError(text));
  });

  it('more memory than kernels have', () => {
    const tensors = relu.tensors.map((tensor) => ({ ...tensor, shape: [1, 2 ** 12, 2 ** 13, 1] }));
    expect(() => compileGraph({ ...relu, tensors })).toThrow(
      /^Expected a Program of at most 1073741824 bytes but found 21475\d{5}$/,
    );
  });
});
