/** A module whose constants are in a container, which it decodes when it starts. */

import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { networkCase, noiseImage } from '../../conformance/arbitrary-networks.ts';
import { property } from '../../conformance/property.ts';
import { imageToInput, interpreter, type Graph } from '../../reference/index.ts';
import { decoderPath } from '../../tools/kernels.ts';
import { loadModel } from '../../tools/models.ts';
import { withFewCodes } from '../container/test/few-codes.ts';
import { encodeContainer } from '../container/index.ts';
import { compileModule, UnsupportedError, type CompiledModule } from '../module/index.ts';
import { PROGRAM_BASE } from '../program/format.ts';
import { variants, type Variant } from '../runtime/index.ts';
import { compile, drawnNetwork, exportsOf, kernelBytes, programOf, small } from './modules.ts';

const file = 'fastpath/test/module-packed.test.ts';

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
