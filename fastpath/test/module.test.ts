/** A model compiled to one module: what it computes, what it consists of, what is refused. */

import { describe, expect, it } from 'vitest';
import { networkCase, noiseImage } from '../../conformance/arbitrary-networks.ts';
import { property } from '../../conformance/property.ts';
import { moduleBackends } from '../../golden/module-backend.ts';
import { GraphError, imageToInput, interpreter, mobilenetV2 } from '../../reference/index.ts';
import { kernelsModule } from '../../tools/kernels.ts';
import { embeddedNames, loadModel, precisionNames } from '../../tools/models.ts';
import { compileGraph } from '../compile/index.ts';
import { compileModule, UnsupportedError } from '../module/index.ts';
import { PROGRAM_BASE } from '../program/format.ts';
import { loadProgram, variants, type Elements } from '../runtime/index.ts';
import {
  compile,
  drawnNetwork,
  exportsOf,
  graphOf,
  kernelBytes,
  programOf,
  small,
} from './modules.ts';
import { headerOf, stepsOf } from './programs.ts';

const file = 'fastpath/test/module.test.ts';

describe.each(moduleBackends)('$name', (backend) => {
  const variant = backend.name === 'module' ? 'simd' : 'relaxed';

  property(
    `random networks equal the reference, ${variant}`,
    { runs: 12, file },
    networkCase,
    async (drawn) => {
      const graph = drawnNetwork(drawn);
      const input = imageToInput(graph, noiseImage(drawn.options.resolution, drawn.imageSeed));
      const { outputs } = await (await backend.prepare(graph)).run([input]);
      // float32 is the fast path's, which is held to bounds.
      const [wanted] =
        graph.precision === 'float32'
          ? (await loadProgram(compileGraph(graph), kernelsModule(variant))).run(input as Elements)
          : interpreter(graph)
              .run([input])
              .outputs.map(({ data }) => data);
      const equal = wanted !== undefined && outputs[0]?.data.every((x, i) => x === wanted[i]);
      return equal === true ? undefined : `Expected ${String(wanted)}\n${JSON.stringify(drawn)}`;
    },
  );

  property(
    `memory holds the Program's steps and constants, ${variant}`,
    { runs: 6, file },
    networkCase,
    (drawn) => {
      const graph = drawnNetwork(drawn);
      const program = programOf(graph);
      const { steps, description } = headerOf(program);
      const { memory } = exportsOf(compile(graph, variant));
      const found = Buffer.from(memory.buffer, steps, description - steps);
      const wanted = program.subarray(steps - PROGRAM_BASE, description - PROGRAM_BASE);
      return Promise.resolve(
        found.equals(wanted) ? undefined : `Expected the same bytes\n${JSON.stringify(drawn)}`,
      );
    },
  );

  it.each(precisionNames)('repeats itself, %s', async (precision) => {
    const graph = loadModel({ model: 'small', precision });
    const input = imageToInput(graph, noiseImage(96, 5));
    const prepared = await backend.prepare(graph);
    const first = (await prepared.run([input])).outputs;
    await prepared.run([imageToInput(graph, noiseImage(96, 6))]);
    expect((await prepared.run([input])).outputs).toEqual(first);
  });
});

describe('a module', () => {
  const compiled = compile(small);
  const exports = exportsOf(compiled);

  it('imports nothing, and exports what hosts need and no more', () => {
    const module = new WebAssembly.Module(compiled.bytes);
    expect(WebAssembly.Module.imports(module)).toEqual([]);
    expect(WebAssembly.Module.exports(module)).toEqual([
      { name: 'memory', kind: 'memory' },
      { name: 'input', kind: 'global' },
      { name: 'output', kind: 'global' },
      { name: 'describe', kind: 'global' },
      { name: 'run', kind: 'function' },
    ]);
    const { memory, input, run } = exports;
    expect(() => memory.grow(1)).toThrow(RangeError);
    expect(() => {
      input.value = 0;
    }).toThrow(TypeError);
    expect(run).toHaveLength(0);
    const callable: () => unknown = run;
    expect(callable()).toBeUndefined();
  });

  it('is the same bytes again', () => {
    for (const variant of variants) {
      expect(compile(small, variant).bytes).toEqual(compile(small, variant).bytes);
    }
  });

  it.each(embeddedNames)('is within its bar of size: %s int8', (model) => {
    const graph = loadModel({ model, precision: 'int8' });
    const bar = { large: 2_500_000, small: 500_000 }[model];
    for (const variant of variants) {
      expect(compile(graph, variant).bytes.length).toBeLessThanOrEqual(bar);
    }
  });

  it('tells its bytes by what they are for', () => {
    const { bytes, sizes } = compiled;
    const { kernels, decoder, ...others } = sizes;
    const parts = [...Object.values(kernels), ...Object.values(others)];
    expect(parts.reduce((a, b) => a + b)).toBe(bytes.length);
    expect([Math.min(...parts) > 0, decoder]).toEqual([true, 0]);
  });
});

describe('what is refused', () => {
  it('an invalid graph', () => {
    const [first, ...others] = small.operators;
    if (first === undefined) expect.unreachable();
    expect(() => compile({ ...small, operators: others })).toThrow(GraphError);
    expect(() => compile({ ...small, labels: ['one'] })).toThrow(GraphError);
  });

  it('graphs of several inputs or outputs', () => {
    const add = graphOf('add', 'float32', {}, [1, 8], [1, 8]);
    expect(() => compile(add)).toThrow(new UnsupportedError('Expected one input but found 2'));
    const graph = mobilenetV2({ width: 0.1, resolution: 8, classes: 2 });
    const outputs = graph.operators.slice(-2).map(({ output }) => output);
    const two = { ...graph, outputs };
    expect(() => compile(two)).toThrow(new UnsupportedError('Expected one output but found 2'));
  });

  it.each([
    [
      'no module',
      [1, 2, 3],
      'Expected a WebAssembly module, which begins with "\\0asm" and version 1',
    ],
    [
      'one that ends early',
      [...kernelBytes.simd.subarray(0, 999)],
      'Expected more bytes of a module',
    ],
    [
      'one without kernels',
      [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
      'Expected a module that exports "conv2d_i8"',
    ],
    [
      'one that imports a function',
      [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 2, 7, 1, 1, 0x61, 1, 0x62, 0, 0],
      'Expected a WebAssembly module that imports nothing but a memory',
    ],
    [
      'one with a table of functions',
      [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 9, 1, 0],
      'Expected a module without tables of its own',
    ],
    [
      'one with data behind a global address',
      [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 11, 7, 1, 0, 0x23, 0, 0x0b, 1, 42],
      'Expected a module whose data has constant addresses',
    ],
    [
      'one with data among Programs',
      [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 11, 9, 1, 0, 0x41, 0x80, 0x80, 0x01, 0x0b, 1, 42],
      'Expected kernels whose data lies below 16384 but found 1 bytes at 16384',
    ],
  ])('kernels that are %s', (_, bytes, text) => {
    expect(() => compileModule(small, Uint8Array.from(bytes))).toThrow(new RangeError(text));
  });

  it('a decoder with data', () => {
    expect(() => compileModule(small, kernelBytes.simd, { decoder: kernelBytes.simd })).toThrow(
      new RangeError('Expected a decoder without data of its own'),
    );
  });

  it('kernels of another type', () => {
    expect(() => compileModule(small, 'kernels' as unknown as Uint8Array)).toThrow(
      new TypeError('Expected a WebAssembly module as Uint8Array but found string'),
    );
  });
});

it('a graph without a step passes its input on', () => {
  const graph = graphOf('reshape', 'int8', { shape: [1, 16] }, [1, 1, 1, 16]);
  const compiled = compile(graph);
  expect(stepsOf(compileGraph(graph))).toHaveLength(0);
  const { memory, input, output, run } = exportsOf(compiled);
  new Int8Array(memory.buffer, input.value, 16).set(Array.from({ length: 16 }, (_, i) => i - 8));
  run();
  expect(new Int8Array(memory.buffer, output.value, 2)).toEqual(new Int8Array([-8, -7]));
});
