/** A model compiled to one module: what it computes, what it consists of, what is refused. */

import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { networkCase, networkOf, noiseImage } from '../../conformance/arbitrary-networks.ts';
import { property } from '../../conformance/property.ts';
import { descriptionIn, moduleBackends, type ModuleExports } from '../../golden/module-backend.ts';
import {
  GraphError,
  imageToInput,
  interpreter,
  mobilenetV2,
  operatorGraph,
  validateGraph,
  type GivenAttributes,
  type Graph,
  type OperatorKind,
  type PrecisionName,
  type TensorData,
} from '../../reference/index.ts';
import { decoderPath, kernelsModule, kernelsPath } from '../../tools/kernels.ts';
import { embeddedNames, loadModel, precisionNames } from '../../tools/models.ts';
import { compileGraph } from '../compile/index.ts';
import { withFewCodes } from '../container/test/few-codes.ts';
import { encodeContainer } from '../container/index.ts';
import {
  compileModule,
  moduleDescription,
  UnsupportedError,
  type CompiledModule,
} from '../module/index.ts';
import { decodeModule, reachableFrom } from '../module/decode.ts';
import { sectionIds } from '../module/sections.ts';
import { PROGRAM_BASE } from '../program/format.ts';
import { loadProgram, variants, type Elements, type Variant } from '../runtime/index.ts';
import { headerOf, stepsOf } from './programs.ts';

const file = 'fastpath/test/module.test.ts';
const kernelBytes = {
  simd: readFileSync(kernelsPath()),
  relaxed: readFileSync(kernelsPath('relaxed')),
};

const compile = (graph: Graph, variant: Variant = 'simd'): CompiledModule =>
  compileModule(graph, kernelBytes[variant]);

function exportsOf({ bytes }: CompiledModule): ModuleExports {
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes));
  return exports as unknown as ModuleExports;
}

function drawnNetwork(drawn: Parameters<typeof networkOf>[0]): Graph {
  try {
    return networkOf(drawn);
  } catch (error) {
    if (error instanceof GraphError) fc.pre(false);
    throw error;
  }
}

/** A graph of one operator on zeros. */
function graphOf<K extends OperatorKind>(
  kind: K,
  precision: PrecisionName,
  attributes: GivenAttributes<K>,
  ...shapes: readonly (readonly number[])[]
): Graph {
  const zeros = (length: number): TensorData =>
    precision === 'float32' ? new Float32Array(length) : new Int8Array(length);
  const inputs = shapes.map((shape) => ({ shape, data: zeros(shape.reduce((a, b) => a * b)) }));
  const { graph } = operatorGraph(kind, precision, attributes, inputs);
  validateGraph(graph);
  return graph;
}

/** The Program that a module holds: it prepares no images. */
function programOf({ preprocessing, ...bare }: Graph): Uint8Array {
  expect(preprocessing).toBeDefined();
  return compileGraph(bare, { report: false });
}

const small = loadModel({ model: 'small', precision: 'int8' });

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

describe('a packed module', () => {
  const decoder = readFileSync(decoderPath());
  const packed = (graph: Graph, variant: Variant = 'simd'): CompiledModule =>
    compileModule(graph, kernelBytes[variant], { decoder });
  const int8Network = networkCase.map((drawn) => ({ ...drawn, precision: 'int8' as const }));

  property(
    'holds the same in memory, and computes the same',
    { runs: 6, file },
    fc.record({ drawn: int8Network, variant: fc.constantFrom(...variants) }),
    ({ drawn, variant }) => {
      const graph = drawnNetwork(drawn);
      const program = programOf(graph);
      const input = imageToInput(graph, noiseImage(drawn.options.resolution, drawn.imageSeed));
      const { memory, output, ...exports } = exportsOf(packed(graph, variant));
      const found = Buffer.from(memory.buffer, PROGRAM_BASE, program.length);
      const same = found.equals(program);
      new Int8Array(memory.buffer, exports.input.value, input.length).set(input as Int8Array);
      exports.run();
      const [wanted] = interpreter(graph).run([input]).outputs;
      const scores = new Int8Array(memory.buffer, output.value, wanted?.data.length);
      const right = wanted?.data.every((code, i) => code === scores[i]) === true;
      return Promise.resolve(
        same && right ? undefined : `Expected the same\n${JSON.stringify(drawn)}`,
      );
    },
  );

  it('takes no more memory, where what decoding takes fits the arena', () => {
    const large = loadModel({ model: 'large', precision: 'int8' });
    const few = withFewCodes(large, { range: 7, perOctave: 8, biasBits: 5 });
    expect(packed(few).description.bytes).toEqual(compile(few).description.bytes);
  });

  it('is within its bar of size', () => {
    const few = withFewCodes(small, { range: 7, perOctave: 8, biasBits: 5 });
    for (const variant of variants) {
      expect(packed(few, variant).bytes.length).toBeLessThan(230_000);
      expect(packed(small, variant).bytes.length).toBeLessThan(430_000);
    }
  });

  it('is the same bytes again, and tells them by what they are for', () => {
    const { bytes, sizes, description } = packed(small);
    expect(packed(small).bytes).toEqual(bytes);
    const { kernels, ...others } = sizes;
    const parts = [...Object.values(kernels), ...Object.values(others)];
    expect(parts.reduce((a, b) => a + b)).toBe(bytes.length);
    expect([sizes.steps, sizes.decoder > 0]).toEqual([0, true]);
    expect({ ...description, bytes: undefined }).toEqual({
      ...compile(small).description,
      bytes: undefined,
    });
  });

  it('does not start with a byte of its constants changed', () => {
    const { bytes } = packed(small);
    const container = Buffer.from(bytes).indexOf('PLMC');
    const { length } = encodeContainer(small).container;
    for (const at of [8, 12, 60, 5000, length - 100]) {
      const damaged = bytes.slice();
      damaged[container + at] = (damaged[container + at] ?? 0) ^ 1;
      const module = new WebAssembly.Module(damaged);
      expect(() => new WebAssembly.Instance(module), String(at)).toThrow(WebAssembly.RuntimeError);
    }
  });

  it('is of an int8 graph', () => {
    const graph = loadModel({ model: 'small', precision: 'int16' });
    expect(() => packed(graph)).toThrow(
      new UnsupportedError('Expected an int8 graph for a container but found int16'),
    );
  });
});

describe.each(variants)('the kernels of a module: %s', (variant) => {
  const built = decodeModule(kernelBytes[variant]);

  it.each(precisionNames)('are those of its steps and no others, unchanged: %s', (precision) => {
    const graph = loadModel({ model: 'small', precision });
    const { bytes, sizes } = compile(graph, variant);
    const module = decodeModule(bytes);
    const names = Object.keys(sizes.kernels).flatMap((name) => name.split(' '));
    const used = new Set(names.filter((name) => name !== 'start'));
    const roots = [...used].map((name) => built.exports.get(name) ?? expect.unreachable());
    const starts = built.start === undefined ? [] : [built.start];
    const kept = [...reachableFrom(built, ...roots, ...starts)].sort((a, b) => a - b);
    expect(kept.length).toBeLessThan(built.functions.length / 3);
    // Behind them: run, what places constants, and the start function.
    const own = 3;
    expect(module.functions).toHaveLength(kept.length + own);
    const run = module.exports.get('run') ?? expect.unreachable();
    const start = module.start ?? expect.unreachable();
    expect(reachableFrom(module, run, start).size).toBe(module.functions.length);
    kept.forEach((index, i) => {
      const texts = [built.functions[index], module.functions[i]].map((each) =>
        each?.instructions.map(({ opcode, bytes: code }) =>
          /^(call|global)/.test(opcode.name) ? opcode.name : Buffer.from(code).toString('hex'),
        ),
      );
      expect(texts[1]).toEqual(texts[0]);
    });
    expect(module.sections.map(({ id }) => id)).not.toContain(sectionIds.custom);
    expect(Buffer.from(bytes).includes('conv2d_')).toBe(false);
  });

  it('are called once a step, in their order', () => {
    const module = decodeModule(compile(small, variant).bytes);
    const { instructions = [] } = module.functions[module.exports.get('run') ?? -1] ?? {};
    const { steps, stepCount } = headerOf(programOf(small));
    expect(instructions.map(({ opcode }) => opcode.name)).toEqual([
      ...Array.from({ length: stepCount }, () => ['i32.const', 'call']).flat(),
      'end',
    ]);
    const [first] = instructions;
    expect(first && Buffer.from(first.immediates)).toEqual(Buffer.from(leb(steps)));
  });

  it('begin as they do alone', () => {
    const { start, functions } = decodeModule(compile(small, variant).bytes);
    const names = functions[start ?? -1]?.instructions.map(({ opcode }) => opcode.name) ?? [];
    expect(names[0] === 'call').toBe(built.start !== undefined);
    expect(names.at(-2)).toBe('data.drop');
  });
});

/** A positive number below 2^20 as signed LEB128. */
function leb(value: number): number[] {
  return [(value & 127) | 128, ((value >> 7) & 127) | 128, value >> 14];
}

describe('the description', () => {
  it('says what a host has to know', () => {
    const graph: Graph = { ...small, name: 'naïve "☃"', labels: ['niemand', 'jemand \u0000'] };
    const compiled = compile(graph, 'relaxed');
    const exports = exportsOf(compiled);
    const found = descriptionIn(exports);
    expect(moduleDescription.parse(found)).toEqual(compiled.description);
    const input = exports.input.value;
    const output = exports.output.value;
    expect(found).toMatchObject({
      format: 'plumbline module',
      version: 1,
      name: 'naïve "☃"',
      precision: 'int8',
      features: ['bulk-memory', 'simd128', 'relaxed-simd'],
      input: { type: 'int8', shape: [1, 96, 96, 3], zeroPoint: -1, address: input, stride: 3 },
      output: { type: 'int8', shape: [1, 2], scale: 1 / 256, zeroPoint: -128, address: output },
      preprocessing: small.preprocessing,
      labels: ['niemand', 'jemand \u0000'],
    });
    expect([found.input.bytes, found.output.bytes]).toEqual([96 * 96 * 3, 2]);
    expect(found.bytes.memory).toBe(exports.memory.buffer.byteLength);
    const { imageBytes, arenaBytes } = headerOf(programOf(graph));
    expect(found.bytes).toMatchObject({ constants: imageBytes, arena: arenaBytes });
  });

  it('outlives runs', () => {
    const exports = exportsOf(compile(small));
    const before = descriptionIn(exports);
    const { address, bytes } = before.input;
    new Uint8Array(exports.memory.buffer).fill(255, address, address + bytes);
    exports.run();
    expect(descriptionIn(exports)).toEqual(before);
  });

  it('fits the memory, however long its labels are', () => {
    const base = mobilenetV2({ width: 0.1, resolution: 8, classes: 2 });
    const lengths = Array.from({ length: 40 }, (_, i) => i * 3331);
    for (const length of lengths) {
      const compiled = compile({ ...base, labels: ['a', 'b'.repeat(length)] });
      const { memory, describe: address } = exportsOf(compiled);
      const text = JSON.stringify(compiled.description);
      const found = Buffer.from(memory.buffer, address.value, text.length + 1).toString();
      expect(found).toBe(`${text}\0`);
      const unused = memory.buffer.byteLength - address.value - found.length;
      expect(unused).toBeLessThan(65536);
    }
  });

  it('gives an output of several pixels their stride', () => {
    const graph = graphOf('relu', 'float32', {}, [1, 2, 2, 3]);
    const compiled = compile(graph);
    const { memory, input, run } = exportsOf(compiled);
    const { stride, bytes, address } = compiled.description.output;
    expect([stride, bytes]).toEqual([8, (3 * 8 + 3) * 4]);
    new Float32Array(memory.buffer, input.value, 12).set([1, -2, 3, 4, 5, -6, 7, 8, 9, -1, 2, 3]);
    run();
    const found = new Float32Array(memory.buffer, address, bytes / 4);
    expect([0, 8, 16, 24].map((pixel) => [...found.slice(pixel, pixel + 3)])).toEqual([
      [1, 0, 3],
      [4, 5, 0],
      [7, 8, 9],
      [0, 2, 3],
    ]);
  });

  it('may have neither labels nor preprocessing', () => {
    const graph = graphOf('relu', 'float32', {}, [1, 4]);
    const { labels, ...rest } = descriptionIn(exportsOf(compile(graph)));
    expect(labels).toEqual([]);
    expect(Object.keys(rest)).not.toContain('preprocessing');
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
