/** Programs, and the same with single words or values of the description changed. */

import fc from 'fast-check';
import { networkOf, type NetworkCase } from '../../conformance/arbitrary-networks.ts';
import { GraphError, validateGraph, type UncheckedGraph } from '../../reference/index.ts';
import { compileGraph } from '../compile/index.ts';
import type { ProgramDescription } from '../program/description.ts';
import {
  headerFields,
  PROGRAM_BASE,
  readWords,
  STEP_BYTES,
  stepFields,
  writeWords,
  type Header,
  type Step,
} from '../program/format.ts';
import { boundsOf, checkStep } from '../program/check-steps.ts';

/** Room for longer descriptions: an edit takes the name away. */
const LONG_NAME = ' '.repeat(4096);

/** The Program of a graph, with room to edit its description. */
export function programOf(graph: UncheckedGraph): Uint8Array {
  validateGraph(graph);
  return compileGraph({ ...graph, name: LONG_NAME });
}

/** The Program of a drawn network; one whose noise no quantisation fits says nothing. */
export function networkProgram(drawn: NetworkCase): Uint8Array {
  try {
    return compileGraph(networkOf(drawn));
  } catch (error) {
    if (error instanceof GraphError) fc.pre(false);
    throw error;
  }
}

function viewOf(program: Uint8Array): DataView {
  return new DataView(program.buffer, program.byteOffset, program.byteLength);
}

export function headerOf(program: Uint8Array): Header {
  return readWords(viewOf(program), 0, headerFields);
}

export function stepsOf(program: Uint8Array): readonly Step[] {
  const { steps, stepCount } = headerOf(program);
  const view = viewOf(program);
  return Array.from({ length: stepCount }, (_, i) =>
    readWords(view, steps - PROGRAM_BASE + i * STEP_BYTES, stepFields),
  );
}

export function descriptionOf(program: Uint8Array): ProgramDescription {
  const { description, descriptionBytes } = headerOf(program);
  const start = description - PROGRAM_BASE;
  const text = new TextDecoder().decode(program.subarray(start, start + descriptionBytes));
  return JSON.parse(text) as ProgramDescription;
}

export function withHeader(program: Uint8Array, words: Partial<Header>): Uint8Array {
  const edited = program.slice();
  writeWords(viewOf(edited), 0, headerFields, { ...headerOf(program), ...words });
  return edited;
}

export function withStep(program: Uint8Array, index: number, words: Partial<Step>): Uint8Array {
  const step = stepsOf(program)[index];
  if (step === undefined) throw new Error(`Expected step ${String(index)}`);
  const edited = program.slice();
  const offset = headerOf(program).steps - PROGRAM_BASE + index * STEP_BYTES;
  writeWords(viewOf(edited), offset, stepFields, { ...step, ...words });
  return edited;
}

/** With a description of another text, which has to fit where the old one is. */
export function withText(program: Uint8Array, text: string): Uint8Array {
  const bytes = new TextEncoder().encode(text);
  const edited = withHeader(program, { descriptionBytes: bytes.length });
  edited.set(bytes, headerOf(program).description - PROGRAM_BASE);
  return edited;
}

export function withDescription(
  program: Uint8Array,
  edit: (description: ProgramDescription) => object,
): Uint8Array {
  return withText(program, JSON.stringify(edit({ ...descriptionOf(program), name: '' })));
}

/** Multiply-accumulates that the steps declare. */
export function workOf(program: Uint8Array): number {
  const bounds = boundsOf(headerOf(program));
  return stepsOf(program).reduce((sum, step, i) => sum + checkStep(step, i, bounds).work, 0);
}
