/** Lays out a Program: header, steps, constants and description, with every address. */

import {
  ALIGNMENT,
  HEADER_BYTES,
  headerFields,
  MAGIC,
  MAX_MEMORY_BYTES,
  PROGRAM_BASE,
  roundUp,
  STEP_BYTES,
  stepFields,
  VERSION,
  writeWords,
  type Step,
} from '../program/format.ts';
import { kernels, regionsOf } from '../program/kernels.ts';
import { planArena, type Lifetime } from './arena.ts';
import { bufferBytes } from './buffers.ts';
import { UnsupportedError } from './errors.ts';
import type { Draft, DraftBuffer } from './lower.ts';
import type { DraftStep } from './steps.ts';

/** Constants begin at multiples of a vector. */
const CONSTANT_ALIGNMENT = 16;

export interface Layout {
  /** The address of each buffer. */
  readonly buffers: readonly number[];
  /** The address of the host's workspace. */
  readonly workspace: number;
}

/** Constant bytes in their order; those that several steps share are stored once. */
class Constants {
  readonly #offsets = new Map<Uint8Array, number>();
  #end: number;

  constructor(start: number) {
    this.#end = start;
  }

  /** The address of `bytes` in the image; 0 for none. */
  add(bytes: Uint8Array | undefined): number {
    if (bytes === undefined) return 0;
    let offset = this.#offsets.get(bytes);
    if (offset === undefined) {
      offset = roundUp(this.#end, CONSTANT_ALIGNMENT);
      this.#offsets.set(bytes, offset);
      this.#end = offset + bytes.length;
    }
    return PROGRAM_BASE + offset;
  }

  get end(): number {
    return this.#end;
  }

  writeTo(image: Uint8Array): void {
    for (const [bytes, offset] of this.#offsets) image.set(bytes, offset);
  }
}

/**
 * The bytes of a Program. `host` is what the host needs before the first step: bytes of the arena, and constants of its
 * own. `describe` makes the description of a layout.
 *
 * @throws {UnsupportedError} for a graph whose Program would not fit a kernels' memory
 */
export function writeImage(
  draft: Draft,
  host: { readonly workspaceBytes: number; readonly constants: readonly Uint8Array[] },
  describe: (layout: Layout, hostConstants: readonly number[]) => string,
): Uint8Array {
  const stepsOffset = roundUp(HEADER_BYTES, CONSTANT_ALIGNMENT);
  const constants = new Constants(stepsOffset + draft.steps.length * STEP_BYTES);
  const pointers = draft.steps.map((step) => ({
    weights: constants.add(step.weights),
    parameters: constants.add(step.parameters),
  }));
  const constantBuffers = draft.buffers.map(({ data }) => constants.add(data));
  const hostConstants = host.constants.map((bytes) => constants.add(bytes));
  const plan = planArena(lifetimesOf(draft, host.workspaceBytes));
  const descriptionOffset = roundUp(constants.end, CONSTANT_ALIGNMENT);

  // Arena addresses depend on the description's length, whose numbers depend on the addresses: reserve enough.
  const reserved = encode(describe(layoutAt(MAX_MEMORY_BYTES), hostConstants)).length + 1;
  const imageBytes = roundUp(descriptionOffset + reserved, ALIGNMENT);
  const arena = PROGRAM_BASE + imageBytes;
  if (arena + plan.bytes > MAX_MEMORY_BYTES) {
    throw new UnsupportedError(
      `Expected a Program of at most ${String(MAX_MEMORY_BYTES)} bytes but found ${String(arena + plan.bytes)}`,
    );
  }
  const layout = layoutAt(arena);
  const description = encode(describe(layout, hostConstants));

  const image = new Uint8Array(imageBytes);
  const view = new DataView(image.buffer);
  writeWords(view, 0, headerFields, {
    magic: MAGIC,
    version: VERSION,
    imageBytes,
    arenaBytes: plan.bytes,
    steps: PROGRAM_BASE + stepsOffset,
    stepCount: draft.steps.length,
    description: PROGRAM_BASE + descriptionOffset,
    descriptionBytes: description.length,
  });
  draft.steps.forEach((step, i) => {
    const words: Step = {
      ...step.words,
      kernel: kernels.indexOf(step.kernel),
      input: (layout.buffers[step.input] ?? 0) + (step.inputOffset ?? 0),
      second: step.second === undefined ? 0 : (layout.buffers[step.second] ?? 0),
      output: (layout.buffers[step.output] ?? 0) + (step.outputOffset ?? 0),
      weights: pointers[i]?.weights ?? 0,
      parameters: pointers[i]?.parameters ?? 0,
      scratch: scratchBytes(step) === 0 ? 0 : arena + offsetOf(draft.buffers.length + i),
    };
    writeWords(view, stepsOffset + i * STEP_BYTES, stepFields, words);
  });
  constants.writeTo(image);
  image.set(description, descriptionOffset);
  return image;

  function offsetOf(lifetime: number): number {
    return plan.offsets[lifetime] ?? 0;
  }

  function layoutAt(base: number): Layout {
    return {
      buffers: draft.buffers.map((buffer, i) => {
        const root = buffer.of ?? i;
        const constant = constantBuffers[root] ?? 0;
        return constant !== 0 ? constant : base + offsetOf(root);
      }),
      workspace: base + offsetOf(draft.buffers.length + draft.steps.length),
    };
  }
}

/** Buffers, then the scratch of each step, then the host's workspace, which the input outlives. */
function lifetimesOf(draft: Draft, workspaceBytes: number): readonly Lifetime[] {
  const { inputs, outputs } = draft;
  const lives = draft.buffers.map((buffer, i) => ({
    bytes: buffer.data !== undefined || buffer.of !== undefined ? 0 : bytesOf(draft, buffer, i),
    first: inputs.has(i) ? -1 : Infinity,
    last: -1,
  }));
  const use = (buffer: number, step: number): void => {
    const life = lives[rootOf(draft, buffer)];
    if (life === undefined) return;
    life.first = Math.min(life.first, step);
    life.last = Math.max(life.last, step);
  };
  draft.steps.forEach((step, i) => {
    for (const buffer of [step.input, step.second, step.output]) {
      if (buffer !== undefined) use(buffer, i);
    }
  });
  for (const buffer of outputs) use(buffer, draft.steps.length);
  // What no step reads is reported none the less, as a view of another tensor may be.
  for (const { buffer, steps } of draft.places.values()) if (steps > 0) use(buffer, steps - 1);
  return [
    ...lives,
    ...draft.steps.map((step, i) => ({ bytes: scratchBytes(step), first: i, last: i })),
    { bytes: workspaceBytes, first: -1, last: -1 },
  ];
}

function rootOf(draft: Draft, buffer: number): number {
  return draft.buffers[buffer]?.of ?? buffer;
}

/** A view may reach further than the buffer it is of, into the gap behind the last pixel. */
function bytesOf(draft: Draft, buffer: DraftBuffer, index: number): number {
  const views = draft.buffers.filter(({ of }) => of === index);
  return Math.max(...[buffer, ...views].map(bufferBytes));
}

function scratchBytes(step: DraftStep): number {
  const words = { ...step.words, kernel: 0, input: 0, second: 0, output: 0 };
  return regionsOf(step.kernel, { ...words, weights: 0, parameters: 0, scratch: 0 }).scratch;
}

function encode(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
