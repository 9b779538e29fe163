/**
 * No Program, whatever its bytes, makes `loadProgram` or a run do anything but refuse it by a rule, or end in time
 * with nothing changed outside its arena.
 */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { networkCase, noiseImage } from '../../conformance/arbitrary-networks.ts';
import { casesOf } from '../../conformance/kernel-cases.ts';
import { describeCase, type OperatorCase } from '../../conformance/operator-case.ts';
import { property } from '../../conformance/property.ts';
import { GraphError, mobilenetV2, operatorGraph } from '../../reference/index.ts';
import {
  headerFields,
  PROGRAM_BASE,
  stepFields,
  type Header,
  type Step,
} from '../program/format.ts';
import { kernels, type Kernel } from '../program/kernels.ts';
import { ProgramError, programRules } from '../program/errors.ts';
import { checkProgram } from '../program/check-program.ts';
import { variants } from '../runtime/variant.ts';
import { anyInputs, loadGuarded } from './guarded.ts';
import {
  headerOf,
  networkProgram,
  programOf,
  stepsOf,
  withDescription,
  withHeader,
  withStep,
  workOf,
} from './programs.ts';

const file = 'fastpath/test/program-fuzz.test.ts';

/** Larger ones are loaded, where the check lets them pass, but not run. */
const MAX_RUN_BYTES = 2 ** 22;
const MAX_RUN_WORK = 2 ** 22;
/** At 50 ns a multiply-accumulate, ten times what the slowest kernel takes (measured), and as much for everything else. */
const MAX_RUN_MILLISECONDS = 2 * 50e-6 * MAX_RUN_WORK;

const seen = { drawn: 0, refused: 0, run: 0 };

/** Loads and runs a Program, in the variant that the seed chooses, and says what it did that it may not. */
async function problemOf(program: Uint8Array, seed: number): Promise<string | undefined> {
  seen.drawn += 1;
  try {
    checkProgram(program);
  } catch (error) {
    seen.refused += 1;
    return refusal(error);
  }
  const { arenaBytes } = headerOf(program);
  if (program.length + arenaBytes > MAX_RUN_BYTES || workOf(program) > MAX_RUN_WORK) {
    return undefined;
  }
  seen.run += 1;
  const { network, stray } = await loadGuarded(program, seed % 2 === 0 ? 'simd' : 'relaxed');
  const start = performance.now();
  const inputs = anyInputs(network, seed);
  network.run(...inputs);
  network.runSteps(inputs, () => undefined);
  if (network.image !== undefined) network.runImage(noiseImage(1 + (seed % 50), seed));
  const milliseconds = performance.now() - start;
  if (milliseconds > MAX_RUN_MILLISECONDS)
    return `Expected an end but found ${String(milliseconds)} ms`;
  return stray();
}

function refusal(error: unknown): string | undefined {
  if (!(error instanceof ProgramError)) return `Expected a ProgramError but found ${String(error)}`;
  const { rule, subject, message } = error;
  const text = message.slice(subject.length + 2);
  if (!Object.hasOwn(programRules, rule) || subject === '' || !/^Expected .*/.test(text)) {
    return `Expected rule, subject and text but found ${rule}, ${subject}, ${text}`;
  }
  return undefined;
}

function casesFor(kernel: Kernel): fc.Arbitrary<OperatorCase> {
  if (kernel.family === 'rescale' && kernel.input === 'u8') return fromPixels(kernel);
  return fc.oneof(...casesOf(kernel));
}

/** Requantised uint8, which `casesOf` does not draw. */
function fromPixels({ output }: Kernel): fc.Arbitrary<OperatorCase> {
  const type = output === 'u8' ? 'uint8' : output === 'i8' ? 'int8' : 'int16';
  const extent = fc.integer({ min: 1, max: 20 });
  return fc.tuple(extent, extent).map((shape) => ({
    kind: 'quantize',
    precision: type === 'int16' ? 'int16' : 'int8',
    attributes: { output: { type, scale: 0.25 } },
    inputs: [{ shape, data: new Uint8Array(shape[0] * shape[1]), scale: 0.5 }],
  }));
}

/** The Program of a case, unless the case breaks a rule of graphs. */
function compiled({ kind, precision, attributes, inputs }: OperatorCase): Uint8Array | undefined {
  try {
    return programOf(operatorGraph(kind, precision, attributes, inputs).graph);
  } catch (error) {
    if (error instanceof GraphError) return undefined;
    throw error;
  }
}

/** A small Program that calls a kernel. */
function programFor(kernel: Kernel): Uint8Array {
  for (const drawn of fc.sample(casesFor(kernel), { numRuns: 300, seed: 7 })) {
    const program = compiled(drawn);
    if (program === undefined || program.length > 2 ** 15) continue;
    if (stepsOf(program).some((step) => kernels[step.kernel] === kernel)) return program;
  }
  throw new Error(`Expected a case of ${kernel.name}`);
}

const network = programOf(mobilenetV2({ width: 0.1, resolution: 8, classes: 3 }));

/** With room in the arena, so that more changes are let pass and run. */
const programs = [...kernels.map(programFor), network].map((program) =>
  withHeader(program, { arenaBytes: headerOf(program).arenaBytes + 2 ** 16 }),
);

const anyProgram = fc.constantFrom(...programs).map((program) => ({
  program,
  toString: () =>
    stepsOf(program)
      .map((step) => kernels[step.kernel]?.name)
      .join(', '),
}));
const seed = fc.nat();

/** A field and its new word, of the words before. */
type Change<F extends string> = (words: Readonly<Record<F, number>>) => readonly [F, number];

const EDGES = [0, -1, 1, 2 ** 31 - 1, -(2 ** 31), 2 ** 10, 2 ** 20, 2 ** 28, 2 ** 30];

/** A word set to an edge or any number, moved a little, or made that of another field. */
function changeOf<F extends string>(fields: readonly F[]): fc.Arbitrary<Change<F>> {
  const field = fc.constantFrom(...fields);
  const value = fc.oneof(fc.constantFrom(...EDGES), fc.integer({ min: 0, max: 40 }), fc.integer());
  const step = fc.constantFrom(-64, -8, -4, -1, 1, 4, 8, 64);
  return fc.oneof(
    fc.tuple(field, value).map(([to, set]) => named(`${to} = ${String(set)}`, () => [to, set])),
    fc
      .tuple(field, step)
      .map(([to, by]) => named(`${to} += ${String(by)}`, (words) => [to, words[to] + by])),
    fc
      .tuple(field, field)
      .map(([to, from]) => named(`${to} = ${from}`, (words) => [to, words[from]])),
  );

  /** What a failure prints. */
  function named(text: string, change: Change<F>): Change<F> {
    return Object.assign(change, { toString: () => text });
  }
}

/** Every value that one word of a step is tried with: edges, neighbours, and the other small words. */
function triedWords(step: Step, field: keyof Step): ReadonlySet<number> {
  const others = Object.values(step).filter((word) => word >= 0 && word < PROGRAM_BASE);
  return new Set([0, -1, 1, 2 ** 31 - 1, -(2 ** 31), step[field] - 1, step[field] + 1, ...others]);
}

it.each(kernels.map((kernel, i) => ({ name: kernel.name, program: programs[i] ?? network })))(
  'each word of a step of $name',
  async ({ program }) => {
    let tried = 0;
    for (const [index, step] of stepsOf(program).entries()) {
      for (const field of stepFields) {
        for (const word of triedWords(step, field)) {
          const problem = await problemOf(withStep(program, index, { [field]: word }), tried++);
          expect(problem, `step ${String(index)}, ${field} = ${String(word)}`).toBeUndefined();
        }
      }
    }
  },
);

property(
  'words of steps',
  { runs: 4000, file },
  fc.record({
    of: anyProgram,
    steps: fc.array(fc.tuple(fc.nat(), changeOf<keyof Step>(stepFields)), {
      minLength: 1,
      maxLength: 3,
    }),
    seed,
  }),
  ({ of, steps, seed: drawn }) => {
    let { program } = of;
    for (const [position, change] of steps) {
      const all = stepsOf(program);
      const index = position % all.length;
      const step = all[index];
      if (step === undefined) continue;
      const [field, word] = change(step);
      program = withStep(program, index, { [field]: word });
    }
    return problemOf(program, drawn);
  },
);

property(
  'words of the header',
  { runs: 1000, file },
  fc.record({
    of: anyProgram,
    changes: fc.array(changeOf<keyof Header>(headerFields), { minLength: 1, maxLength: 2 }),
    seed,
  }),
  ({ of, changes, seed: drawn }) => {
    let { program } = of;
    for (const change of changes) {
      const [field, word] = change(headerOf(program));
      program = withHeader(program, { [field]: word });
    }
    return problemOf(program, drawn);
  },
);

property(
  'bytes anywhere',
  { runs: 1500, file },
  fc.record({
    of: anyProgram,
    bytes: fc.array(fc.tuple(fc.nat(), fc.integer({ min: 1, max: 255 })), {
      minLength: 1,
      maxLength: 20,
    }),
    seed,
  }),
  ({ of, bytes, seed: drawn }) => {
    const program = of.program.slice();
    for (const [at, flipped] of bytes) {
      const index = at % program.length;
      program[index] = (program[index] ?? 0) ^ flipped;
    }
    return problemOf(program, drawn);
  },
);

property(
  'Programs cut short, whose header agrees or not',
  { runs: 600, file },
  fc.record({ of: anyProgram, length: fc.nat(), agrees: fc.boolean(), seed }),
  ({ of, length, agrees, seed: drawn }) => {
    const cut = of.program.slice(0, length % of.program.length);
    const imageBytes = cut.length;
    return problemOf(agrees && cut.length >= 32 ? withHeader(cut, { imageBytes }) : cut, drawn);
  },
);

type Holder = Record<string, unknown>;

/** Every place in a value: an object or array, and one of its keys. */
function placesIn(value: unknown): readonly (readonly [Holder, string])[] {
  if (typeof value !== 'object' || value === null) return [];
  const holder = value as Holder;
  return Object.keys(holder).flatMap((key) => [[holder, key] as const, ...placesIn(holder[key])]);
}

const odd = fc.oneof(
  fc.constantFrom<unknown>(...EDGES, 0.5, 1e300, null, true, '', 'int8', 'float32', 'uint8', 'bgr'),
  fc.constantFrom<unknown>([], {}, [1], [0], [1, 2, 2, 3], [1, 8]),
  fc.jsonValue({ maxDepth: 2 }),
);

property(
  'values of the description',
  { runs: 2500, file },
  fc.record({
    of: anyProgram,
    changes: fc.array(
      fc.record({
        place: fc.nat(),
        how: fc.constantFrom('set', 'move', 'move', 'remove', 'add'),
        value: odd,
        by: fc.constantFrom(-64, -4, -1, 1, 4, 64),
      }),
      { minLength: 1, maxLength: 3 },
    ),
    seed,
  }),
  ({ of, changes, seed: drawn }) => {
    const program = withDescription(of.program, (description) => {
      const edited = structuredClone(description);
      for (const { place, how, value: shared, by } of changes) {
        const value: unknown = structuredClone(shared);
        const places = placesIn(edited);
        const [holder, key] = places[place % places.length] ?? [{}, ''];
        const old = holder[key];
        if (how === 'move' && typeof old === 'number') holder[key] = old + by;
        else if (how === 'remove' && Array.isArray(holder)) holder.splice(Number(key), 1);
        else if (how === 'remove') Reflect.deleteProperty(holder, key);
        else if (how === 'add' && Array.isArray(old)) old.push(value);
        else holder[key] = value;
      }
      return edited;
    });
    return problemOf(program, drawn);
  },
);

describe.each(kernels)('$name', (kernel) => {
  property(
    `valid Programs of ${kernel.name}`,
    { runs: 24, file },
    fc.tuple(casesFor(kernel), seed, fc.constantFrom(...variants)),
    async ([drawn, inputSeed, variant]) => {
      const program = compiled(drawn);
      if (program === undefined) return undefined;
      const { network: loaded, stray } = await loadGuarded(program, variant);
      const inputs = anyInputs(loaded, inputSeed);
      const outputs = loaded.run(...inputs);
      const again = loaded.runSteps(inputs, () => undefined);
      expect(again).toEqual(outputs);
      const problem = stray();
      return problem === undefined ? undefined : `${problem}, ${variant}\n${describeCase(drawn)}`;
    },
  );
});

property(
  'images of any size, into networks of any size',
  { runs: 15, file },
  fc.record({
    network: networkCase,
    width: fc.oneof(fc.integer({ min: 1, max: 100 }), fc.constantFrom(16384)),
    height: fc.oneof(fc.integer({ min: 1, max: 100 }), fc.constantFrom(1000)),
  }),
  async ({ network: drawn, width, height }) => {
    const { network: loaded, stray } = await loadGuarded(networkProgram(drawn));
    const data = new Uint8Array(3 * width * height).fill(drawn.imageSeed);
    loaded.runImage({ width, height, data });
    return stray();
  },
);

it('notices what changes outside the arena', async () => {
  const runWith = async (believed: Partial<Header>): Promise<string | undefined> => {
    const { network: loaded, stray } = await loadGuarded(network, 'simd', believed);
    loaded.run(...anyInputs(loaded, 1));
    return stray();
  };
  const { imageBytes, arenaBytes } = headerOf(network);
  expect(await runWith({})).toBeUndefined();
  expect(await runWith({ arenaBytes: 64 })).toBe('Expected no change to guard');
  expect(await runWith({ imageBytes: imageBytes + arenaBytes, arenaBytes: 0 })).toBe(
    'Expected no change to image',
  );
});

it('has let enough of them run, and refused the others', () => {
  expect(seen.run).toBeGreaterThanOrEqual(seen.drawn / 10);
  expect(seen.refused).toBeGreaterThanOrEqual(seen.drawn / 10);
});
