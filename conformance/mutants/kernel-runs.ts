/** Drawn cases of a kernel, compiled, with what the kernels as built make of them, once that is held to the reference. */

import fc from 'fast-check';
import { compileGraph } from '../../fastpath/compile/index.ts';
import type { ProgramDescription, ProgramTensor } from '../../fastpath/program/description.ts';
import {
  channelStride,
  headerFields,
  PROGRAM_BASE,
  readWords,
  roundUp,
  STEP_BYTES,
  stepFields,
  type Header,
  type Step,
} from '../../fastpath/program/format.ts';
import { kernels, regionsOf, typeBytes, type Kernel } from '../../fastpath/program/kernels.ts';
import {
  elementTypes,
  GraphError,
  operatorGraph,
  validateGraph,
  type Graph,
  type Tensor,
  type TensorData,
} from '../../reference/index.ts';
import { compareNetwork } from '../compare-network.ts';
import { casesOf } from '../kernel-cases.ts';
import { describeCase, type OperatorCase } from '../operator-case.ts';
import { GUARD_BYTES, MEMORY_BYTES, type Bench, type PreparedCase } from './case.ts';

/** Draws at most so many cases for each that is wanted: of conversions, few compile to a kernel. */
const MOST_DRAWS = 12;
const CHUNK = 50;

/**
 * `count` cases that run a kernel (fewer where few of the drawn ones do), the same each time.
 *
 * @throws {Error} where the kernels as built are not what the reference says
 */
export function prepareKernel(
  kernel: Kernel,
  count: number,
  bench: Bench,
): readonly PreparedCase[] {
  const arbitraries = casesOf(kernel);
  const prepared: PreparedCase[] = [];
  for (let round = 0; round * CHUNK < MOST_DRAWS * count; round++) {
    for (const [position, arbitrary] of arbitraries.entries()) {
      const wanted = Math.ceil((count * (position + 1)) / arbitraries.length);
      const seed = 1000 * round + position + 1;
      const fits = CHUNK * (round + 1) >= count || prepared.length < wanted;
      for (const drawn of fits ? fc.sample(arbitrary, { numRuns: CHUNK, seed }) : []) {
        const added = prepareCase(kernel, drawn, bench, prepared.length);
        if (added !== undefined) prepared.push(added);
        if (prepared.length === count) return prepared;
      }
    }
  }
  return prepared;
}

/** A case ready to run; undefined for one that breaks a rule, or does not run the kernel. */
function prepareCase(
  kernel: Kernel,
  drawn: OperatorCase,
  bench: Bench,
  position: number,
): PreparedCase | undefined {
  const { kind, precision, attributes, inputs } = drawn;
  const { graph, activations } = operatorGraph(kind, precision, attributes, inputs);
  let program: Uint8Array;
  try {
    validateGraph(graph);
    program = compileGraph(graph, { intermediates: true });
  } catch (error) {
    if (error instanceof GraphError) return undefined;
    throw error;
  }
  const run = programRun(program, graph, activations, position);
  if (!run.kernels.includes(kernel)) return undefined;
  const verdict = bench.judge(run);
  if (verdict !== 'survived') {
    throw new Error(
      `Expected ${kernel.name} to be right but found: ${verdict}\n${describeCase(drawn)}`,
    );
  }
  return run;
}

/**
 * A Program of one operator in a memory. Its first run, of the kernels as built, is held to the reference; later ones
 * have to write the same bits, or, as float32, others within the operator's bound.
 */
function programRun(
  program: Uint8Array,
  graph: Graph,
  activations: readonly TensorData[],
  position: number,
): PreparedCase & { readonly kernels: readonly Kernel[] } {
  const parsed = parseProgram(program);
  const { steps, output } = parsed;
  let expected: Uint8Array | undefined;
  const isReference = (dense: Uint8Array<ArrayBuffer>): boolean => {
    const tensor = graph.tensors[graph.outputs[0] ?? -1];
    if (tensor === undefined) throw new Error('Expected an output');
    const data = elementTypes[tensor.type].view(dense.buffer, 0, dense.length / unitOf(output));
    const run = { outputs: [{ ...tensor, data }], intermediates: new Map<string, Tensor>() };
    return compareNetwork(graph, activations, run).violation === undefined;
  };
  return {
    kernels: steps.map(({ kernel }) => kernel),
    ...place(program, activations, parsed, position),
    run: ({ call }) => {
      for (const { kernel, record } of steps) call(kernel.name, record);
    },
    isRight: ({ memory }) => {
      if (expected !== undefined && isSame(memory, output, expected)) return true;
      if (expected !== undefined && output.type !== 'float32') return false;
      const dense = readDense(memory, output);
      const right = isReference(dense);
      if (right) expected ??= dense;
      return right;
    },
  };
}

/** Bytes between a Program's arena and what is moved out of it. */
const GAP = 512;

/**
 * Puts a Program into the memory. Scratch is moved away from the arena, so that no output hides what is written beside
 * it. Of a single step, the input is moved to the end of the memory in every second case, where it has room there, so that
 * reading on behind it traps; a convolution finds it there with whole vectors of channels, as other kernels leave it.
 */
function place(
  program: Uint8Array,
  activations: readonly TensorData[],
  { header, steps, inputs }: ParsedProgram,
  position: number,
): Pick<PreparedCase, 'end' | 'contents' | 'writes'> {
  const image = program.slice();
  const words = new DataView(image.buffer);
  const patch = (record: number, field: keyof Step, value: number): void => {
    words.setInt32(record - PROGRAM_BASE + 4 * stepFields.indexOf(field), value, true);
  };
  let end = PROGRAM_BASE + header.imageBytes + header.arenaBytes;
  const writes = steps.flatMap(({ kernel, record, step }) => {
    const regions = regionsOf(kernel, step);
    const written = { start: step.output, end: step.output + regions.output };
    if (regions.scratch === 0) return [written];
    const scratch = roundUp(end + GAP, 16);
    patch(record, 'scratch', scratch);
    end = scratch + regions.scratch;
    return [written, { start: scratch, end }];
  });
  const contents = inputs.map(({ address }, i) => ({
    at: address,
    bytes: bytesOf(activations[i]),
  }));
  const [first] = contents;
  const [only, ...others] = steps;
  if (first !== undefined && only !== undefined && others.length === 0 && position % 2 === 1) {
    const { kernel, step, record } = only;
    const pads = kernel.family === 'conv2d' && position % 4 === 3;
    const stride = pads ? channelStride(step.inChannels) : step.inStride;
    const unit = typeBytes[kernel.input];
    const bytes = withStride(first.bytes, step.inChannels * unit, stride * unit);
    const at = MEMORY_BYTES - bytes.length;
    if (end + GUARD_BYTES <= at) {
      patch(record, 'input', at);
      patch(record, 'inStride', stride);
      contents[0] = { at, bytes };
    }
  }
  return { end, contents: [{ at: PROGRAM_BASE, bytes: image }, ...contents], writes };
}

/** Pixels of `length` bytes, `stride` bytes apart. What lies between is arbitrary. */
function withStride(dense: Uint8Array, length: number, stride: number): Uint8Array {
  if (length === stride) return dense;
  const bytes = new Uint8Array((dense.length / length) * stride).fill(0x5a);
  for (let pixel = 0; pixel * length < dense.length; pixel++) {
    bytes.set(dense.subarray(pixel * length, (pixel + 1) * length), pixel * stride);
  }
  return bytes;
}

interface ParsedProgram {
  readonly header: Header;
  readonly steps: readonly {
    readonly kernel: Kernel;
    readonly record: number;
    readonly step: Step;
  }[];
  readonly inputs: readonly ProgramTensor[];
  readonly output: ProgramTensor;
}

function parseProgram(program: Uint8Array): ParsedProgram {
  const view = new DataView(program.buffer, program.byteOffset, program.byteLength);
  const header = readWords(view, 0, headerFields);
  const steps = Array.from({ length: header.stepCount }, (_, i) => {
    const record = header.steps + i * STEP_BYTES;
    const step = readWords(view, record - PROGRAM_BASE, stepFields);
    const kernel = kernels[step.kernel];
    if (kernel === undefined) throw new Error('Expected a kernel');
    return { kernel, record, step };
  });
  const start = header.description - PROGRAM_BASE;
  const text = program.subarray(start, start + header.descriptionBytes);
  const { inputs, outputs } = JSON.parse(new TextDecoder().decode(text)) as ProgramDescription;
  const [output] = outputs;
  if (output === undefined) throw new Error('Expected an output');
  return { header, steps, inputs, output };
}

/** Whether a tensor in the memory has the bytes of `expected`, which has no gaps. */
function isSame(memory: WebAssembly.Memory, tensor: ProgramTensor, expected: Uint8Array): boolean {
  const found = new Uint8Array(memory.buffer);
  const { pixels, length, stride } = layoutOf(tensor);
  for (let pixel = 0; pixel < pixels; pixel++) {
    const from = tensor.address + pixel * stride;
    for (let i = 0; i < length; i++) {
      if (found[from + i] !== expected[pixel * length + i]) return false;
    }
  }
  return true;
}

function readDense(memory: WebAssembly.Memory, tensor: ProgramTensor): Uint8Array<ArrayBuffer> {
  const { pixels, length, stride } = layoutOf(tensor);
  const dense = new Uint8Array(pixels * length);
  for (let pixel = 0; pixel < pixels; pixel++) {
    const from = tensor.address + pixel * stride;
    dense.set(new Uint8Array(memory.buffer, from, length), pixel * length);
  }
  return dense;
}

/** Pixels of a tensor; of each, the bytes without and with the gap. */
function layoutOf(tensor: ProgramTensor): { pixels: number; length: number; stride: number } {
  const unit = unitOf(tensor);
  const pixels = tensor.shape.slice(0, -1).reduce((a, b) => a * b, 1);
  return { pixels, length: (tensor.shape.at(-1) ?? 1) * unit, stride: tensor.stride * unit };
}

function unitOf({ type }: ProgramTensor): number {
  return { float32: 4, int16: 2, int8: 1, uint8: 1 }[type];
}

function bytesOf(data: TensorData | undefined): Uint8Array {
  if (data === undefined) throw new Error('Expected an input');
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}
