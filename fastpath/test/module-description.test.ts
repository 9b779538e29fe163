/** What a module says of itself. */

import { describe, expect, it } from 'vitest';
import { descriptionIn } from '../../golden/module-backend.ts';
import { mobilenetV2, type Graph } from '../../reference/index.ts';
import { moduleDescription } from '../module/index.ts';
import { headerOf } from './programs.ts';
import { compile, exportsOf, graphOf, programOf, small } from './modules.ts';

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
