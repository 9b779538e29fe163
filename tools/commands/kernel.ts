/** `plumbline kernel`: the loop of whoever works on a kernel: rebuild, check, time. */

import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import process from 'node:process';
import { promisify } from 'node:util';
import type { Command } from 'commander';
import { checkKernel } from '../../conformance/check-kernel.ts';
import { timedCase } from '../../conformance/kernel-cases.ts';
import type { OperatorCase } from '../../conformance/operator-case.ts';
import { compileGraph } from '../../fastpath/compile/index.ts';
import { kernels, type Kernel } from '../../fastpath/program/kernels.ts';
import {
  loadProgram,
  variants,
  type Elements,
  type Variant,
} from '../../fastpath/runtime/index.ts';
import type { Backend } from '../../golden/backend.ts';
import { fastpathBackend, fastpathRelaxedBackend } from '../../golden/fastpath-backend.ts';
import {
  elementCount,
  elementTypes,
  multiplyAccumulates,
  operatorGraph,
  validateGraph,
  type Graph,
} from '../../reference/index.ts';
import { messageOf, UsageError } from '../errors.ts';
import { kernelsModule } from '../kernels.ts';
import { loadModel, packagePath, type ModelChoice } from '../models.ts';
import { positiveInteger, print, printJson, Progress, seedOption, table } from './context.ts';

interface KernelFlags {
  readonly runs: number;
  readonly seed: number;
  readonly json?: boolean;
}

interface Report {
  readonly kernel: string;
  readonly variant: Variant;
  readonly cases: number;
  /** Largest error as a fraction of its bound; 0 where all bits are equal. */
  readonly worst: number;
  readonly timing: Timing;
}

interface Timing {
  readonly model: string;
  readonly layers: number;
  /** Of all these layers together: the median of runs. */
  readonly milliseconds: number;
  /** Multiply-accumulates; of operators without products, elements. */
  readonly operations: number;
}

export function registerKernel(program: Command): void {
  program
    .command('kernel')
    .summary('rebuild the kernels, check and time one of them')
    .description(
      'In a checkout: builds both variants of the kernels, runs random cases of the chosen ones against the reference, and\ntimes them on the layers of the large model, or, where it has none, on one of ordinary size.',
    )
    .argument('<name>', 'a kernel, or how several begin: conv2d_i8, depthwise, softmax')
    .option('--runs <n>', 'random cases of each kernel', positiveInteger, 100)
    .addOption(seedOption())
    .option('--json', 'print the result as JSON')
    .action(develop);
}

async function develop(name: string, flags: KernelFlags): Promise<void> {
  const chosen = kernels.filter((kernel) => kernel.name.startsWith(name));
  if (chosen.length === 0) {
    const names = kernels.map((kernel) => kernel.name).join(', ');
    throw new UsageError(`Expected one of ${names} but found ${name}`);
  }
  await Promise.all(variants.map(build));
  const reports: Report[] = [];
  const progress = new Progress('Checking');
  const timings = await timingsOf(chosen);
  for (const [done, kernel] of chosen.entries()) {
    progress.update(done, chosen.length);
    for (const variant of variants) {
      const { cases, worst, problem } = await checkKernel(kernel, backends[variant], flags);
      if (problem !== undefined) throw new UsageError(`${kernel.name}, ${variant}: ${problem}`);
      const timing =
        timings.get(kernel.name)?.[variant] ?? (await timeCase(kernel, timedCase(kernel), variant));
      reports.push({ kernel: kernel.name, variant, cases, worst, timing });
    }
  }
  progress.end();
  if (flags.json === true) printJson(reports);
  else print(format(reports));
}

const backends: Readonly<Record<Variant, Backend>> = {
  simd: fastpathBackend,
  relaxed: fastpathRelaxedBackend,
};

async function build(variant: Variant): Promise<void> {
  const compiler = packagePath('node_modules', 'assemblyscript', 'bin', 'asc.js');
  if (!existsSync(compiler) || !existsSync(packagePath('asconfig.json'))) {
    throw new UsageError('Expected a checkout with its dependencies, since kernels are rebuilt');
  }
  try {
    await promisify(execFile)(process.execPath, [compiler, '--target', variant], {
      cwd: packagePath(),
    });
  } catch (error) {
    throw new UsageError(`Expected kernels that compile.\n${messageOf(error)}`, { cause: error });
  }
}

/** The models between which all kernels of a network occur. */
const BENCH_MODELS: readonly (ModelChoice & { readonly label: string })[] = [
  { label: 'large float32', model: 'large', precision: 'float32' },
  { label: 'large int8', model: 'large', precision: 'int8' },
  { label: 'large int16', model: 'large', precision: 'int16' },
  { label: 'large int16 full', model: 'large', precision: 'int16', int16Weights: 'full' },
  { label: 'large int16 int8', model: 'large', precision: 'int16', int16Weights: 'int8' },
];
const WARM_RUNS = 5;
const TIMED_RUNS = 15;

type Timings = Readonly<Partial<Record<Variant, Timing>>>;

async function timingsOf(chosen: readonly Kernel[]): Promise<ReadonlyMap<string, Timings>> {
  const missing = new Set(chosen.map((kernel) => kernel.name));
  const timings = new Map<string, Timings>();
  for (const { label, ...choice } of BENCH_MODELS) {
    const wanted = chosen.some(
      ({ name, input }) => missing.has(name) && precisionOf(input) === choice.precision,
    );
    if (!wanted) continue;
    const graph = loadModel(choice);
    const simd = await timeNetwork(label, graph, 'simd');
    const relaxed = await timeNetwork(label, graph, 'relaxed');
    for (const [name, timing] of simd) {
      if (!missing.delete(name)) continue;
      const other = relaxed.get(name);
      timings.set(name, { simd: timing, ...(other === undefined ? {} : { relaxed: other }) });
    }
  }
  return timings;
}

function precisionOf(type: Kernel['input']): string {
  return { f32: 'float32', i16: 'int16', i8: 'int8', u8: 'int8' }[type];
}

/** A kernel on a network of one operator. */
async function timeCase(kernel: Kernel, timed: OperatorCase, variant: Variant): Promise<Timing> {
  const { kind, precision, attributes, inputs } = timed;
  const { graph } = operatorGraph(kind, precision, attributes, inputs);
  validateGraph(graph);
  const shape = inputs[0]?.shape.join('x') ?? '';
  const timing = (await timeNetwork(`${kind} of ${shape}`, graph, variant)).get(kernel.name);
  if (timing === undefined) throw new Error(`Expected ${kind} to run ${kernel.name}`);
  return timing;
}

/** The time of each kernel's steps in a network. */
async function timeNetwork(
  label: string,
  graph: Graph,
  variant: Variant,
): Promise<ReadonlyMap<string, Timing>> {
  const network = await loadProgram(
    compileGraph(graph, { intermediates: true }),
    kernelsModule(variant),
  );
  const inputs = graph.inputs.map((index) => onesFor(graph, index));
  const samples = new Map<string, number[]>();
  for (let run = 0; run < WARM_RUNS + TIMED_RUNS; run++) {
    const sums = new Map<string, number>();
    network.runSteps(inputs, ({ kernels: steps }) => {
      for (const { name, milliseconds } of steps) {
        sums.set(name, (sums.get(name) ?? 0) + milliseconds);
      }
    });
    if (run < WARM_RUNS) continue;
    for (const [name, sum] of sums) samples.set(name, [...(samples.get(name) ?? []), sum]);
  }
  const layers = new Map<string, { count: number; work: number }>();
  let position = 0;
  network.runSteps(inputs, ({ kernels: steps }) => {
    const operator = graph.operators[position++];
    const added = operator === undefined ? 0 : multiplyAccumulates(graph, operator);
    for (const { name } of steps) {
      const { count, work } = layers.get(name) ?? { count: 0, work: 0 };
      layers.set(name, { count: count + 1, work: work + added });
    }
  });
  return new Map(
    Array.from(samples, ([name, times]) => [
      name,
      {
        model: label,
        layers: layers.get(name)?.count ?? 0,
        milliseconds: times.sort((a, b) => a - b)[(TIMED_RUNS - 1) / 2] ?? NaN,
        operations: layers.get(name)?.work ?? 0,
      },
    ]),
  );
}

function onesFor(graph: Graph, index: number): Elements {
  const tensor = graph.tensors[index];
  if (tensor === undefined) throw new Error('Expected an input');
  const data = elementTypes[tensor.type].allocate(elementCount(tensor.shape)) as Elements;
  return data.fill(1);
}

function format(reports: readonly Report[]): string {
  return table([
    ['kernel', 'variant', 'cases', 'worst of bound', 'timed on', 'layers', 'ms', 'G operations/s'],
    ...reports.map(({ kernel, variant, cases, worst, timing }) => [
      kernel,
      variant,
      String(cases),
      worst.toFixed(2),
      timing.model,
      String(timing.layers),
      timing.milliseconds.toFixed(3),
      (timing.operations / timing.milliseconds / 1e6).toFixed(2),
    ]),
  ]);
}
