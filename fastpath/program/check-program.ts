/** Checks a Program, which may come from a store that others can write, before anything of it is used. */

import * as z from 'zod/mini';
import type { ProgramDescription, ProgramTensor } from './description.ts';
import {
  HEADER_BYTES,
  headerFields,
  MAGIC,
  MAX_MEMORY_BYTES,
  PROGRAM_BASE,
  readWords,
  STEP_BYTES,
  stepFields,
  VERSION,
  type Header,
} from './format.ts';
import type { Kernel } from './kernels.ts';
import { resizeWorkspaceBytes } from './resize-workspace.ts';
import { boundsOf, checkStep, inArena, inImage, MAX_WORK, type Bounds } from './check-steps.ts';
import { refuse } from './errors.ts';
import { issueText } from './schema-issue.ts';

export interface CheckedProgram {
  readonly description: ProgramDescription;
  /** Kernel and address of each step's record. */
  readonly steps: readonly { readonly kernel: Kernel; readonly record: number }[];
  readonly arenaBytes: number;
  /** First byte that the Program does not use. */
  readonly end: number;
}

export const elementBytes = { float32: 4, int16: 2, int8: 1, uint8: 1 } as const;

const MAX_STEPS = 10_000;
/** Bounds what parsing the description takes; that of MAX_STEPS steps is half of it. */
const MAX_DESCRIPTION_BYTES = 2 ** 22;
/** Of all tensors that one run copies for the host; those of a valid graph take at most half of it. */
const MAX_TENSOR_BYTES = 2 ** 30;
const SUBJECT = 'Program';

/** @throws {ProgramError} for the first rule that does not hold */
export function checkProgram(program: Uint8Array): CheckedProgram {
  const view = new DataView(program.buffer, program.byteOffset, program.byteLength);
  const header = readHeader(view);
  const bounds = boundsOf(header);
  const steps = readSteps(view, header, bounds);
  const description = readDescription(program, header, bounds);
  checkDescription(description, steps.length, bounds);
  return { description, steps, arenaBytes: header.arenaBytes, end: bounds.arenaEnd };
}

function readHeader(view: DataView): Header {
  const { byteLength } = view;
  if (byteLength < HEADER_BYTES) refuse('program-size', SUBJECT, HEADER_BYTES, byteLength);
  const header = readWords(view, 0, headerFields);
  if (header.magic !== MAGIC) refuse('magic', SUBJECT, header.magic >>> 0);
  if (header.version !== VERSION) refuse('version', SUBJECT, VERSION, header.version);
  if (header.imageBytes !== byteLength) {
    refuse('image-bytes', SUBJECT, header.imageBytes, byteLength);
  }
  const memory = PROGRAM_BASE + header.imageBytes + header.arenaBytes;
  if (header.arenaBytes < 0 || memory > MAX_MEMORY_BYTES) {
    refuse('memory-bytes', SUBJECT, MAX_MEMORY_BYTES, memory);
  }
  return header;
}

function readSteps(view: DataView, header: Header, bounds: Bounds): CheckedProgram['steps'] {
  const { steps, stepCount } = header;
  const fits = stepCount >= 0 && stepCount <= MAX_STEPS;
  if (!fits || !inImage(bounds, steps, stepCount * STEP_BYTES)) {
    refuse('step-table', SUBJECT, stepCount, steps);
  }
  let total = 0;
  return Array.from({ length: stepCount }, (_, position) => {
    const record = steps + position * STEP_BYTES;
    const step = readWords(view, record - PROGRAM_BASE, stepFields);
    const { kernel, work } = checkStep(step, position, bounds);
    total += work;
    if (total > MAX_WORK) refuse('work', SUBJECT, MAX_WORK, total);
    return { kernel, record };
  });
}

const address = z.int32().check(z.nonnegative());
const extent = z.int32().check(z.positive());

const tensor = z.strictObject({
  name: z.string(),
  type: z.enum(['float32', 'int16', 'int8', 'uint8']),
  // Counted before any is parsed.
  shape: z.pipe(z.array(z.unknown()).check(z.maxLength(16)), z.array(extent)),
  scale: z.optional(z.number().check(z.positive())),
  zeroPoint: z.optional(z.int32()),
  address,
  stride: extent,
});
const intermediate = z.extend(tensor, { steps: address });
const label = z.string();

/** Items of lists are parsed one by one, up to the first issue: zod would gather those of all. */
const schema = z.strictObject({
  name: z.string(),
  precision: z.enum(['float32', 'int16', 'int8']),
  inputs: z.array(z.unknown()).check(z.minLength(1)),
  outputs: z.array(z.unknown()).check(z.minLength(1)),
  intermediates: z.array(z.unknown()),
  labels: z.array(z.unknown()),
  image: z.optional(
    z.strictObject({
      channels: z.enum(['rgb', 'bgr']),
      crop: z.optional(z.number().check(z.minimum(0.1), z.maximum(1))),
      tables: address,
      workspace: address,
    }),
  ),
});

function readDescription(program: Uint8Array, header: Header, bounds: Bounds): ProgramDescription {
  const { description, descriptionBytes } = header;
  if (descriptionBytes < 0 || !inImage(bounds, description, descriptionBytes)) {
    refuse('description-range', SUBJECT, description);
  }
  if (descriptionBytes > MAX_DESCRIPTION_BYTES) {
    refuse('description-bytes', SUBJECT, MAX_DESCRIPTION_BYTES, descriptionBytes);
  }
  const start = description - PROGRAM_BASE;
  const text = new TextDecoder().decode(program.subarray(start, start + descriptionBytes));
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    refuse('description', SUBJECT, error instanceof Error ? error.message : String(error));
  }
  const { inputs, outputs, intermediates, labels, ...rest } = parse(schema, value);
  const items = <T>(of: z.ZodMiniType<T>, list: readonly unknown[], name: string): readonly T[] =>
    list.map((item, i) => parse(of, item, name, i));
  return {
    ...rest,
    inputs: items(tensor, inputs, 'inputs'),
    outputs: items(tensor, outputs, 'outputs'),
    intermediates: items(intermediate, intermediates, 'intermediates'),
    labels: items(label, labels, 'labels'),
  } as ProgramDescription;
}

function parse<T>(of: z.ZodMiniType<T>, value: unknown, ...place: readonly PropertyKey[]): T {
  const result = of.safeParse(value, { error: issueText });
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const path = [...place, ...(issue?.path ?? [])].map(String).join('.');
  const text = issue?.message ?? '';
  return refuse('description', SUBJECT, path === '' ? text : `${path}: ${text}`);
}

function checkDescription(
  description: ProgramDescription,
  stepCount: number,
  bounds: Bounds,
): void {
  const { inputs, outputs, intermediates, labels } = description;
  for (const each of inputs) checkTensor(each, bounds, true);
  let copied = 0;
  for (const each of [...outputs, ...intermediates]) {
    checkTensor(each, bounds, false);
    copied += pixelCount(each.shape) * (each.shape.at(-1) ?? 1) * elementBytes[each.type];
  }
  if (copied > MAX_TENSOR_BYTES) refuse('tensor-bytes', SUBJECT, MAX_TENSOR_BYTES, copied);
  let previous = 0;
  for (const { name, steps } of intermediates) {
    if (steps < previous || steps > stepCount) {
      refuse('tensor-steps', subjectOf(name), previous, stepCount, steps);
    }
    previous = steps;
  }
  const classes = outputs[0]?.shape.at(-1) ?? 1;
  if (labels.length !== 0 && labels.length !== classes) {
    refuse('labels', SUBJECT, classes, labels.length);
  }
  checkImage(description, bounds);
}

const subjectOf = (name: string): string => `Tensor "${name}"`;

/** The host writes inputs, so they lie in the arena, without gaps. */
function checkTensor(found: ProgramTensor, bounds: Bounds, input: boolean): void {
  const subject = subjectOf(found.name);
  const channels = found.shape.at(-1) ?? 1;
  if (found.stride < channels || (input && found.stride !== channels)) {
    refuse('tensor-stride', subject, channels, found.stride);
  }
  const bytes = tensorBytes(found);
  const constant = !input && inImage(bounds, found.address, bytes);
  const aligned = found.address % elementBytes[found.type] === 0;
  if (!aligned || (!constant && !inArena(bounds, found.address, bytes))) {
    refuse('tensor-range', subject, bytes, found.address);
  }
}

function pixelCount(shape: readonly number[]): number {
  return shape.slice(0, -1).reduce((a, b) => a * b, 1);
}

/** Gaps between pixels included. */
function tensorBytes({ shape, stride, type }: ProgramTensor): number {
  return pixelCount(shape) * stride * elementBytes[type];
}

/** The workspace begins with the addresses that a resize goes by, so that no pixel may be written over it. */
function checkImage({ image, inputs }: ProgramDescription, bounds: Bounds): void {
  const [input] = inputs;
  if (image === undefined || input === undefined) return;
  const [batches, , width = 0, channels] = input.shape;
  const found = `[${input.shape.join(', ')}]`;
  if (input.shape.length !== 4 || batches !== 1 || channels !== 3) {
    refuse('image', subjectOf(input.name), 'shape [1, h, w, 3]', found);
  }
  if (!inImage(bounds, image.tables, 3 * 256 * elementBytes[input.type])) {
    refuse('image', subjectOf(input.name), 'tables inside the image', String(image.tables));
  }
  const workspaceBytes = resizeWorkspaceBytes(width);
  if (!inArena(bounds, image.workspace, workspaceBytes)) {
    refuse('image', subjectOf(input.name), 'a workspace inside the arena', String(image.workspace));
  }
  const before = image.workspace + workspaceBytes <= input.address;
  if (!before && image.workspace < input.address + tensorBytes(input)) {
    refuse('image', subjectOf(input.name), 'a workspace beside it', String(image.workspace));
  }
}
