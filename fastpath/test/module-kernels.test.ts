/** The functions of a module: those kernels that its graph needs, as they were built, and a call for each step. */

import { describe, expect, it } from 'vitest';
import { loadModel, precisionNames } from '../../tools/models.ts';
import { decodeModule, reachableFrom } from '../module/decode.ts';
import { sectionIds } from '../module/sections.ts';
import { variants } from '../runtime/index.ts';
import { headerOf } from './programs.ts';
import { compile, kernelBytes, programOf, small } from './modules.ts';

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
