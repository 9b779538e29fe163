/** The self-test accepts the kernels of both variants and notices wrong ones; the choice of a variant goes by it. */

import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { kernelsModule, kernelsPath } from '../../tools/kernels.ts';
import { embeddedNames, loadModel, precisionNames } from '../../tools/models.ts';
import {
  selfTestCase,
  selfTestGraphs,
  selfTestPath,
  selfTestSource,
} from '../../tools/self-test.ts';
import { compileGraph } from '../compile/index.ts';
import { checkProgram } from '../program/check-program.ts';
import { variants } from '../runtime/index.ts';
import { chooseKernels, selfTest } from '../runtime/self-test.ts';

/** The kernels with every occurrence of one instruction replaced by another. */
function withInstruction(from: readonly number[], to: readonly number[]): WebAssembly.Module {
  const bytes = readFileSync(kernelsPath());
  const [sought, put] = [Buffer.from(from), Buffer.from(to)];
  let count = 0;
  for (let at = bytes.indexOf(sought); at >= 0; at = bytes.indexOf(sought, at + 1)) {
    put.copy(bytes, at);
    count += 1;
  }
  expect(count).toBeGreaterThan(0);
  return new WebAssembly.Module(bytes);
}

const wrongFloats = (): WebAssembly.Module =>
  withInstruction([0xfd, 0xe4, 0x01], [0xfd, 0xe5, 0x01]); // f32x4.add, f32x4.sub
const wrongIntegers = (): WebAssembly.Module =>
  withInstruction([0xfd, 0xdc, 0x01], [0xfd, 0xd5, 0x01]); // i64x2.extmul_low_i32x4_s, i64x2.mul

describe('the self-test', () => {
  it('is what its command makes', () => {
    // Compared as a whole: what differs in a line that long tells nothing.
    expect(readFileSync(selfTestPath, 'utf8') === selfTestSource()).toBe(true);
  });

  it.each(variants)('accepts %s', async (variant) => {
    expect(await selfTest(kernelsModule(variant))).toBeUndefined();
  });

  it('runs every kernel of the embedded models', () => {
    const tested = selfTestGraphs().flatMap((graph) => selfTestCase(graph).steps);
    const names = new Set(tested.map(([kernel]) => kernel));
    for (const model of embeddedNames) {
      for (const precision of precisionNames) {
        const { steps } = checkProgram(compileGraph(loadModel({ model, precision })));
        const missing = steps.filter(({ kernel }) => !names.has(kernel.name));
        expect(missing.map(({ kernel }) => kernel.name)).toEqual([]);
      }
    }
  });

  it.each([
    ['float32', wrongFloats],
    ['int16', wrongIntegers],
  ])('notices kernels that are wrong in %s', async (precision, kernels) => {
    expect(await selfTest(kernels())).toMatch(
      new RegExp(`^${precision}: Expected byte \\d+ to be \\d+ but found \\d+$`),
    );
  });

  it('notices kernels that are none', async () => {
    const empty = new WebAssembly.Module(Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0));
    expect(await selfTest(empty)).toBe('Kernels: Expected the kernels to export "memory"');
  });
});

describe('the choice', () => {
  it('takes the first variant', async () => {
    const chosen = await chooseKernels([
      { variant: 'relaxed', kernels: () => kernelsModule('relaxed') },
      { variant: 'simd', kernels: () => kernelsModule('simd') },
    ]);
    expect(chosen).toEqual({
      variant: 'relaxed',
      kernels: kernelsModule('relaxed'),
      refused: [],
    });
  });

  it('passes over what is wrong or missing, and says why', async () => {
    const chosen = await chooseKernels([
      { variant: 'relaxed', kernels: wrongFloats },
      { variant: 'relaxed', kernels: () => Promise.reject(new Error('No such instruction')) },
      { variant: 'simd', kernels: () => kernelsModule('simd') },
    ]);
    expect(chosen.variant).toBe('simd');
    expect(chosen.refused).toEqual([
      { variant: 'relaxed', reason: expect.stringMatching(/^float32: Expected byte/) as string },
      { variant: 'relaxed', reason: 'No such instruction' },
    ]);
  });

  it('refuses to go on without right kernels', async () => {
    await expect(chooseKernels([{ variant: 'simd', kernels: wrongFloats }])).rejects.toThrow(
      'Expected kernels that pass their self-test but found none. simd: float32: Expected byte',
    );
  });
});
