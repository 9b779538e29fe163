/** The mutation test itself: what it makes is valid, what it should find it finds, and its proofs are of this build. */

import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { decodeModule, type WasmModule } from '../../fastpath/module/decode.ts';
import { encodeInstruction, opcodeAt, opcodeNamed } from '../../fastpath/module/opcodes.ts';
import { variants } from '../../fastpath/runtime/variant.ts';
import { kernelsPath } from '../../tools/kernels.ts';
import { Bench } from './case.ts';
import { matches, proofOf } from './equivalence.ts';
import { equivalences } from './equivalent.ts';
import { Judge, testedExports } from './judge.ts';
import { Assembler, FUEL } from './module.ts';
import { mutationClasses, mutationsOf } from './mutations.ts';
import { barOf } from './report.ts';
import { allMutants, drawMutants, keyOf, sitesOf, type Mutant } from './sites.ts';

const bytes = readFileSync(kernelsPath());
const module = decodeModule(bytes);
const assembler = new Assembler(module);
const sites = sitesOf(module, testedExports);
const mutants = allMutants(sites);

function assemble({ function: index, position, mutation }: Mutant): Uint8Array<ArrayBuffer> {
  return assembler.assemble({ function: index, position, bytes: mutation.bytes });
}

/** The first there is, or where a short cut, which few cases take, stands before the others: the last. */
function mutantWith(kernel: string, text: string, original: string): Mutant {
  const found = mutants
    .filter(
      (mutant) =>
        mutant.kernels.join() === kernel &&
        mutant.mutation.text === text &&
        nameAt(module, mutant) === original,
    )
    .at(kernel === 'conv2d_f32' ? -1 : 0);
  if (found === undefined) throw new Error(`Expected ${original} in ${kernel}`);
  return found;
}

function nameAt({ functions }: WasmModule, mutant: Mutant): string | undefined {
  return functions[mutant.function]?.instructions[mutant.position]?.opcode.name;
}

describe('mutator', () => {
  it.each(variants)('puts the module together as it was, but for the fuel: %s', (variant) => {
    const built = decodeModule(readFileSync(kernelsPath(variant)));
    expect(WebAssembly.validate(new Assembler(built).assemble())).toBe(true);
    expect(sitesOf(built, testedExports).length).toBeGreaterThan(5000);
  });

  it('leaves out the start function of relaxed SIMD', () => {
    const built = decodeModule(readFileSync(kernelsPath('relaxed')));
    const starts = (how?: 'without start'): boolean =>
      decodeModule(new Assembler(built, how).assemble()).start !== undefined;
    expect([module.start, starts(), starts('without start')]).toEqual([undefined, true, false]);
    const without = new Assembler(built, 'without start').assemble();
    expect(WebAssembly.validate(without)).toBe(true);
  });

  it('puts the fuel behind the globals that a module has', () => {
    const globals = [6, 6, 1, 0x7f, 0, 0x41, 7, 0x0b];
    const plain = [
      ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
      ...[1, 5, 1, 0x60, 0, 1, 0x7f],
      ...[3, 2, 1, 0],
      ...globals,
      ...[7, 5, 1, 1, 0x66, 0, 0],
      ...[10, 6, 1, 4, 0, 0x23, 0, 0x0b],
    ];
    const again = new Assembler(decodeModule(Uint8Array.from(plain))).assemble();
    const { exports } = new WebAssembly.Instance(new WebAssembly.Module(again));
    const { f, [FUEL]: fuel } = exports as { f: () => number; [FUEL]: WebAssembly.Global<'i32'> };
    fuel.value = 5;
    expect([f(), fuel.value]).toEqual([7, 5]);
  });

  it('knows relaxed SIMD', () => {
    const opcode = opcodeNamed('f32x4.relaxed_madd') ?? expect.unreachable();
    const encoded = encodeInstruction(opcode, []);
    expect([...encoded]).toEqual([0xfd, 0x85, 0x02]);
    const made = mutationsOf({ opcode, bytes: encoded, immediates: encoded.subarray(3) });
    expect(made).toEqual([
      {
        class: 'arithmetic',
        text: 'f32x4.relaxed_nmadd',
        bytes: Uint8Array.from([0xfd, 0x86, 0x02]),
      },
    ]);
    expect(opcodeAt(0xfd, 0x113).name).toBe('i32x4.relaxed_dot_i8x16_i7x16_add_s');
  });

  it.each(mutationClasses)('makes valid modules: %s', (kind) => {
    const some = mutants.filter(({ mutation }) => mutation.class === kind);
    expect(some.length).toBeGreaterThan(0);
    const step = Math.ceil(some.length / 100);
    for (const mutant of some.filter((_, i) => i % step === 0)) {
      expect(WebAssembly.validate(assemble(mutant)), mutant.mutation.text).toBe(true);
    }
  });

  it('draws the same mutants for a seed, and each site once', () => {
    const drawn = drawMutants(sites, 200, 7);
    expect(drawMutants(sites, 200, 7)).toEqual(drawn);
    expect(drawMutants(sites, 200, 8)).not.toEqual(drawn);
    const places = drawn.map((each) => `${String(each.function)} ${String(each.position)}`);
    expect(new Set(places).size).toBe(200);
  });

  it('names each mutant of a function by a key of its own', () => {
    const some = mutants.filter(({ kernels }) => kernels.join() === 'conv2d_i8');
    const keys = some.map((mutant) => {
      const { pattern, place } = keyOf(module, mutant);
      return `${String(mutant.function)} ${pattern} #${place}`;
    });
    expect(new Set(keys).size).toBe(keys.length);
  });
});

/** Of each kernel: few, since every test run pays for them. */
const CASES = 24;

describe('judge', () => {
  const judge = new Judge(bytes, CASES);

  it.each(testedExports)('has cases that the kernels as built pass: %s', (name) => {
    expect(judge.casesOf(name).length).toBe(CASES);
  });

  it('lets kernels write the memory of their own', () => {
    const relaxed = new Judge(readFileSync(kernelsPath('relaxed')), CASES);
    expect(relaxed.casesOf('conv2d_i8').length).toBe(CASES);
  });

  it.each([
    ['conv2d_f32', 'f32x4.add', 'f32x4.mul', 'wrong'],
    ['depthwise_f32', 'f32x4.add', 'f32x4.mul', 'wrong'],
    ['add_i8', 'i16x8.max_s', 'i16x8.min_s', 'wrong'],
    ['softmax_f32', 'f64.mul', 'f64.div', 'wrong'],
  ])('kills a known bug in %s: %s for %s', (kernel, text, original, verdict) => {
    const mutant = mutantWith(kernel, text, original);
    expect(judge.judge(mutant)).toBe(verdict);
    expect(judge.judge(mutant)).toBe(verdict);
    // Time that runs out finds nothing.
    expect(judge.judge(mutant, 0)).toBe('survived');
  });

  it('runs cases on several modules, until one fails', () => {
    const mutant = mutantWith('depthwise_f32', 'f32x4.add', 'f32x4.mul');
    const wrong = new Bench(() => assemble(mutant));
    const found = judge.casesOf('depthwise_f32').find((each) => wrong.judge(each) === 'wrong');
    if (found === undefined) throw new Error('Expected a case');
    const right = (): Uint8Array<ArrayBuffer> => assembler.assemble();
    expect(new Bench(right, right).judge(found)).toBe('survived');
    expect(new Bench(right, () => assemble(mutant)).judge(found)).toBe('wrong');
    expect(new Bench(() => assemble(mutant), right).judge(found)).toBe('wrong');
  });

  it('ends what does not end, and sees what is written beside its place', () => {
    const built = new Bench(() => assembler.assemble());
    const [prepared] = judge.casesOf('clamp_f32');
    if (prepared === undefined) throw new Error('Expected a case');
    expect(built.judge(prepared)).toBe('survived');
    const beside = { ...prepared, writes: [] };
    expect(built.judge(beside)).toBe('guard');
    const loops = mutants.filter(
      ({ kernels, mutation }) =>
        kernels.join() === 'softmax_i16' && mutation.text === 'i32.const 0',
    );
    expect(loops.map((mutant) => judge.judge(mutant))).toContain('timeout');
  });
});

it('shows every kernel as a bar, and what is not found whatever its share', () => {
  const counts = { mutants: 80, wrong: 60, trap: 0, timeout: 0, guard: 0 };
  const bar = barOf({ ...counts, equivalent: 19, survived: 1 }, 80);
  expect(bar).toBe(`${'█'.repeat(30)}${'░'.repeat(10)}×`);
});

describe('proofs', () => {
  it('name a mutant of a build, every one of their lines', () => {
    const builds = variants.map((variant) => {
      const built = decodeModule(readFileSync(kernelsPath(variant)));
      return { built, all: allMutants(sitesOf(built, testedExports)) };
    });
    const unused = equivalences
      .flatMap((each) => each.mutants)
      .filter(
        (line) => !builds.some(({ built, all }) => all.some((each) => matches(built, each, line))),
      );
    expect(unused).toEqual([]);
  });

  it('cover a mutant only where all of its exports are named, and at the place that is told', () => {
    const index = module.exports.get('clamp_f32') ?? expect.unreachable();
    const position = 0;
    const { opcode } = module.functions[index]?.instructions[position] ?? expect.unreachable();
    expect(opcode.name).toBe('local.get');
    const mutation = { class: 'constant', text: 'b 1', bytes: new Uint8Array() } as const;
    const mutant = { function: index, position, kernels: ['clamp_f32'], mutation };
    const covers = (line: string): boolean =>
      proofOf(module, mutant, [{ proof: '', mutants: [line] }]) !== undefined;
    expect(covers('clamp_* | [local.get -> b *]')).toBe(true);
    expect(covers('clamp_* mean_* | [local.get -> b *]')).toBe(true);
    expect(covers('{clamp_f32} | [local.get -> b *]')).toBe(true);
    expect(covers('{clamp_f32 mean_f32} | [local.get -> b *]')).toBe(false);
    expect(covers('mean_* | [local.get -> b *]')).toBe(false);
    expect(covers('clamp_* | [local.get -> b]')).toBe(false);
    expect(covers('clamp_* | [local.get -> b *]; local.set')).toBe(false);
    expect(covers('clamp_* | [local.get -> b *]; v128.load32_splat offset=96 #1/1')).toBe(true);
    expect(covers('clamp_* | [local.get -> b *]; v128.load32_splat offset=96 #1/2')).toBe(false);
    expect(() => covers('clamp_* | local.get')).toThrow(
      'Expected kernels and instructions of which one is changed but found clamp_* | local.get',
    );
  });
});
