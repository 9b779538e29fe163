/** Loads Programs and runs them: the same code in Node, browsers and workerd, without file system or eval. */

import { instantiateSync } from '@assemblyscript/loader';
import type {
  ProgramDescription,
  ProgramIntermediate,
  ProgramTensor,
} from '../program/description.ts';
import { PROGRAM_BASE } from '../program/format.ts';
import { checkProgram, elementBytes, type CheckedProgram } from '../program/check-program.ts';
import { refuse } from '../program/errors.ts';
import { decodeInto, type Decoder } from './container.ts';
import { ImageStream, type ResizeKernels, type SourceImage } from './image-stream.ts';

export { ProgramError, programRules, type ProgramRule } from '../program/errors.ts';
export { ImageStream, type SourceImage } from './image-stream.ts';
export { ContainerError } from '../program/container.ts';
export { decodeContainer, type Decoder } from './container.ts';
export { variants, type Variant } from './variant.ts';
export type {
  ProgramDescription,
  ProgramImage,
  ProgramIntermediate,
  ProgramTensor,
} from '../program/description.ts';

export type Elements = Float32Array | Int16Array | Int8Array | Uint8Array;

/** One operator's output, and the kernels that ran for it: none for a reshape that moves nothing. */
export interface StepReport {
  readonly tensor: ProgramIntermediate;
  /** A copy of the elements, without gaps. */
  readonly data: Elements;
  readonly kernels: readonly { readonly name: string; readonly milliseconds: number }[];
}

/** One kernel's work within a run. */
export interface ProgramStep {
  readonly kernel: string;
  /**
   * Does it, on what the steps before it have left. Until the next step it may be done again, with the same result:
   * for benchmarks.
   */
  readonly run: () => void;
}

/** What `loadProgram` has done by the time it tells: the kernels have an instance, the Program is checked, is in place. */
export type LoadStage = 'instantiated' | 'checked' | 'copied';

export interface LoadOptions {
  /** Told at the end of each stage: for benchmarks. */
  readonly onStage?: (stage: LoadStage) => void;
}

/** A loaded Program. Its memory does not grow; runs of one FastPath may not overlap. */
export interface FastPath {
  readonly description: ProgramDescription;
  /** Bytes of the Program, of its arena, and of the whole wasm memory. */
  readonly bytes: { readonly program: number; readonly arena: number; readonly memory: number };
  /** Writes images into the first input; absent for a Program whose input is no image. */
  readonly image?: ImageStream;
  /**
   * Copies one array per input into the Program, runs it, and returns copies of the outputs, in the order of
   * `description`. Without arguments, it runs on what an image or an earlier call has left in the inputs: those
   * last only until the first run.
   *
   * @throws {TypeError} for an array of another type
   * @throws {RangeError} for another number of arrays or elements
   */
  readonly run: (...inputs: readonly Elements[]) => readonly Elements[];
  /** The same, reporting every operator's output before the next begins; on what the inputs hold for no arrays. */
  readonly runSteps: (
    inputs: readonly Elements[],
    visit: (report: StepReport) => void,
  ) => readonly Elements[];
  /**
   * Copies of what the inputs hold, in the order of `description`: the elements that an image became, until a run.
   */
  readonly inputs: () => readonly Elements[];
  /** The steps of a run, which does them in this order. An image that is under way does not outlast the first. */
  readonly steps: readonly ProgramStep[];
  /** Resizes an image to the first input, runs, and returns the outputs. @throws {RangeError} for an image that does not fit, or a Program without image input */
  readonly runImage: (image: SourceImage) => readonly Elements[];
}

interface Exports extends ResizeKernels, Record<string, unknown> {
  readonly memory: WebAssembly.Memory;
  readonly dataEnd: () => number;
}

/** The kernels' module: compiled, or its bytes. Where code may not be compiled at run time, only the former. */
export type Kernels = WebAssembly.Module | BufferSource;

/**
 * Checks a Program and copies it into a new instance of the kernels.
 *
 * @throws {TypeError} for a Program that is no Uint8Array
 * @throws {ProgramError} for the first rule that it breaks: nothing of it has been used then
 * @throws {RangeError} where the engine has not the memory
 */
export async function loadProgram(
  program: Uint8Array,
  kernels: Kernels,
  { onStage }: LoadOptions = {},
): Promise<FastPath> {
  if (!((program as unknown) instanceof Uint8Array)) {
    throw new TypeError(`Expected the Program as Uint8Array but found ${kindOf(program)}`);
  }
  const exports = await instantiate(kernels);
  onStage?.('instantiated');
  // Checked and copied without a pause between, in which the bytes could change; shared ones can at any time.
  const image = program.buffer instanceof ArrayBuffer ? program : program.slice();
  const checked = checkProgram(image);
  const runners = runnersOf(checked, exports);
  onStage?.('checked');
  reserve(exports.memory, checked.end);
  new Uint8Array(exports.memory.buffer).set(image, PROGRAM_BASE);
  onStage?.('copied');
  return new LoadedProgram(checked, image.length, exports, runners);
}

/**
 * Decodes a container in a new instance of the kernels and loads the Program that it gives.
 *
 * @throws {TypeError} for a container that is no Uint8Array
 * @throws {ContainerError} for one that gives no Program
 * @throws {ProgramError} for the first rule that its Program breaks: nothing of it has been used then
 * @throws {RangeError} where the engine has not the memory
 */
export async function loadContainer(
  container: Uint8Array,
  kernels: Kernels,
  decoder: Decoder,
  { onStage }: LoadOptions = {},
): Promise<FastPath> {
  const exports = await instantiate(kernels);
  onStage?.('instantiated');
  checkBase(exports);
  const image = await decodeInto(exports.memory, container, decoder);
  const checked = checkProgram(image);
  const runners = runnersOf(checked, exports);
  onStage?.('checked');
  reserve(exports.memory, checked.end);
  onStage?.('copied');
  return new LoadedProgram(checked, image.length, exports, runners);
}

async function instantiate(kernels: Kernels): Promise<Exports> {
  const module =
    kernels instanceof WebAssembly.Module ? kernels : await WebAssembly.compile(kernels);
  // The loader's asynchronous form looks for `Response`, which takes Node tens of milliseconds to provide (measured).
  return instantiateSync<Exports>(module).exports;
}

/** The kernels of a checked Program's steps. */
function runnersOf(checked: CheckedProgram, exports: Exports): readonly Runner[] {
  checkBase(exports);
  if (checked.description.image !== undefined) {
    for (const name of ['resizeBegin', 'resizeRow']) checkExport(exports, name);
  }
  return checked.steps.map(({ kernel, record }) => {
    const run = exports[kernel.name];
    if (typeof run !== 'function') refuse('kernel-export', 'Kernels', kernel.name);
    return { name: kernel.name, run: run as (record: number) => void, record };
  });
}

/** Checks that a Program's place is free. */
function checkBase(exports: Exports): void {
  for (const name of ['memory', 'dataEnd']) checkExport(exports, name);
  const base = exports.dataEnd();
  if (base > PROGRAM_BASE) refuse('kernel-base', 'Kernels', PROGRAM_BASE, base);
}

function checkExport(exports: Exports, name: string): void {
  if (exports[name] === undefined) refuse('kernel-export', 'Kernels', name);
}

/** Grows a memory so that it holds the bytes before `end`. */
function reserve(memory: WebAssembly.Memory, end: number): void {
  const pages = Math.ceil(end / PAGE_BYTES) - memory.buffer.byteLength / PAGE_BYTES;
  if (pages > 0) memory.grow(pages);
}

function kindOf(value: unknown): string {
  return typeof value === 'object' && value !== null ? value.constructor.name : typeof value;
}

const PAGE_BYTES = 65536;

interface Runner {
  readonly name: string;
  readonly run: (record: number) => void;
  readonly record: number;
}

class LoadedProgram implements FastPath {
  readonly description: ProgramDescription;
  readonly bytes: FastPath['bytes'];
  readonly steps: readonly ProgramStep[];
  declare readonly image?: ImageStream;
  readonly #memory: ArrayBuffer;
  readonly #runners: readonly Runner[];

  constructor(
    { description, arenaBytes }: CheckedProgram,
    programBytes: number,
    exports: Exports,
    runners: readonly Runner[],
  ) {
    this.description = description;
    this.#memory = exports.memory.buffer;
    this.#runners = runners;
    this.steps = runners.map(({ name, run, record }) => ({
      kernel: name,
      run: () => {
        run(record);
      },
    }));
    this.bytes = { program: programBytes, arena: arenaBytes, memory: this.#memory.byteLength };
    const [input] = description.inputs;
    const { image } = description;
    if (image !== undefined && input !== undefined) {
      const [, height = 0, width = 0] = input.shape;
      const { address: output, type } = input;
      const target = { ...image, output, width, height, elementBytes: elementBytes[type] };
      this.image = new ImageStream(exports, exports.memory, target);
    }
  }

  run(...inputs: readonly Elements[]): readonly Elements[] {
    if (inputs.length > 0) this.#write(inputs);
    this.image?.drop();
    for (const { run, record } of this.#runners) run(record);
    return this.#outputs();
  }

  inputs(): readonly Elements[] {
    return this.description.inputs.map((tensor) => this.#read(tensor));
  }

  runImage(image: SourceImage): readonly Elements[] {
    if (this.image === undefined) {
      throw new RangeError(`Expected "${this.description.name}" to take images but it does not`);
    }
    this.image.write(image);
    return this.run();
  }

  runSteps(inputs: readonly Elements[], visit: (report: StepReport) => void): readonly Elements[] {
    if (inputs.length > 0) this.#write(inputs);
    let position = 0;
    for (const tensor of this.description.intermediates) {
      // Before each, since `visit` may have begun one.
      this.image?.drop();
      const runners = this.#runners.slice(position, tensor.steps);
      position = tensor.steps;
      const kernels = runners.map(({ name, run, record }) => {
        const start = performance.now();
        run(record);
        return { name, milliseconds: performance.now() - start };
      });
      visit({ tensor, data: this.#read(tensor), kernels });
    }
    return this.#outputs();
  }

  #outputs(): readonly Elements[] {
    return this.description.outputs.map((tensor) => this.#read(tensor));
  }

  #write(inputs: readonly Elements[]): void {
    const wanted = this.description.inputs;
    if (inputs.length !== wanted.length) {
      throw new RangeError(
        `Expected ${String(wanted.length)} inputs but found ${String(inputs.length)}`,
      );
    }
    wanted.forEach((tensor, i) => {
      const view = this.#view(tensor);
      const data = inputs[i];
      if (data?.constructor !== view.constructor) {
        throw new TypeError(
          `Expected input "${tensor.name}" as ${view.constructor.name} but found ${String(data?.constructor.name)}`,
        );
      }
      if (data.length !== view.length) {
        throw new RangeError(
          `Expected ${String(view.length)} elements of input "${tensor.name}" but found ${String(data.length)}`,
        );
      }
      view.set(data);
    });
  }

  /** The elements of a tensor in the wasm memory, gaps included. */
  #view({ type, shape, stride, address }: ProgramTensor): Elements {
    const length = pixelCount(shape) * stride;
    switch (type) {
      case 'float32':
        return new Float32Array(this.#memory, address, length);
      case 'int16':
        return new Int16Array(this.#memory, address, length);
      case 'int8':
        return new Int8Array(this.#memory, address, length);
      case 'uint8':
        return new Uint8Array(this.#memory, address, length);
    }
  }

  #read(tensor: ProgramTensor): Elements {
    const view = this.#view(tensor);
    const channels = tensor.shape.at(-1) ?? 1;
    const dense = view.slice(0, pixelCount(tensor.shape) * channels);
    if (tensor.stride === channels) return dense;
    for (let pixel = 0; pixel * channels < dense.length; pixel++) {
      const start = pixel * tensor.stride;
      dense.set(view.subarray(start, start + channels), pixel * channels);
    }
    return dense;
  }
}

function pixelCount(shape: readonly number[]): number {
  return shape.slice(0, -1).reduce((a, b) => a * b, 1);
}
