/**
 * Graph to one WebAssembly module: the kernels that it needs, its constants, and exports that need no glue.
 *
 * | export | what it is |
 * | --- | --- |
 * | `memory` | of a fixed size |
 * | `input` | i32, immutable: the address of the input tensor, without gaps, to write before each run |
 * | `output` | i32, immutable: the address of the output tensor after a run |
 * | `describe` | i32, immutable: the address of a `ModuleDescription` as JSON, UTF-8, NUL at the end |
 * | `run` | takes and returns nothing |
 */

import type { Graph } from '../../reference/graph/graph.ts';
import { compileGraph, UnsupportedError } from '../compile/index.ts';
import { encodeContainer, type EncodedContainer } from '../container/index.ts';
import { checkProgram, elementBytes } from '../program/check-program.ts';
import { readHeader } from '../program/container.ts';
import { placesOf } from '../runtime/container.ts';
import type { ProgramTensor } from '../program/description.ts';
import { PROGRAM_BASE, roundUp } from '../program/format.ts';
import { DECODE, type CodedConstants, type Constants } from './contents.ts';
import { dataOf, decodeModule, type WasmModule } from './decode.ts';
import type { ModuleDescription } from './description.ts';
import { placementsOf } from './placement.ts';
import { contentOf, sectionIds } from './sections.ts';
import { selectFunctions, type Selection } from './select.ts';
import { writeModule, type ModuleSizes } from './write.ts';

export { UnsupportedError };
export { moduleDescription, type ModuleDescription } from './description.ts';
export type { ModuleSizes } from './write.ts';

export interface CompiledModule {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly description: ModuleDescription;
  /** Bytes by what they are for. */
  readonly sizes: ModuleSizes;
}

export interface ModuleOptions {
  /**
   * The bytes of the decoder's module: the constants are then entropy coded and decoded when the module starts. For
   * int8 alone. Without it they are stored as they are.
   */
  readonly decoder?: Uint8Array;
}

const PAGE_BYTES = 65536;
const MAX_PAGES = 32768;

/**
 * Compiles a graph to one module. Its kernels are those of `kernels`, instruction by instruction; only the numbers of
 * functions differ. The same graph, kernels and decoder give the same bytes.
 *
 * @param kernels the bytes of the kernels' module, in whichever variant
 * @throws {GraphError} for an invalid graph
 * @throws {UnsupportedError} for a valid one that the fast path has no kernels for, that has not one input and one
 *   output, or that cannot be coded
 * @throws {TypeError, RangeError} for kernels or a decoder that are no such module
 */
export function compileModule(
  graph: Graph,
  kernels: Uint8Array,
  { decoder }: ModuleOptions = {},
): CompiledModule {
  // Hosts prepare images themselves: what a Program needs to do so would take memory.
  const { preprocessing, ...bare } = graph;
  const coded = decoder === undefined ? undefined : encodeContainer(bare);
  const program = coded?.program ?? compileGraph(bare, { report: false });
  const checked = checkProgram(program);
  const { inputs, outputs } = checked.description;
  const input = only('input', inputs);
  const output = only('output', outputs);
  const steps = checked.steps.map(({ kernel, record }) => ({ kernel: kernel.name, record }));
  const names = [...new Set(steps.map(({ kernel }) => kernel))];
  const selection = selectKernels(kernels, names);
  const constants: Constants =
    coded === undefined || decoder === undefined
      ? { kind: 'plain', ...placementsOf(program, checked) }
      : codedConstants(coded, decoder, selection);
  const used = constants.kind === 'coded' ? Math.max(checked.end, constants.end) : checked.end;
  const describe = roundUp(used, 16);
  const describing = (memory: number): ModuleDescription => ({
    format: 'plumbline module',
    version: 1,
    name: graph.name,
    precision: graph.precision,
    features: ['bulk-memory', 'simd128', ...(selection.relaxed ? ['relaxed-simd' as const] : [])],
    input: tensorOf(input),
    output: tensorOf(output),
    ...(preprocessing === undefined ? {} : { preprocessing: preprocessingOf(preprocessing) }),
    labels: [...graph.labels],
    bytes: { constants: program.length, arena: checked.arenaBytes, memory },
  });
  // Its own length decides on the number that it tells, whose digits are fewer than the room of a page.
  const room = encode(describing(MAX_PAGES * PAGE_BYTES)).length;
  const memoryPages = Math.ceil((describe + room) / PAGE_BYTES);
  const description = describing(memoryPages * PAGE_BYTES);
  const { bytes, sizes } = writeModule({
    kernels: selection,
    steps,
    constants,
    input: input.address,
    output: output.address,
    describe,
    description: encode(description),
    memoryPages,
  });
  return { bytes, description, sizes };
}

function decodeWithoutTables(bytes: Uint8Array): WasmModule {
  const module = decodeModule(bytes);
  if (contentOf(module.sections, sectionIds.element) !== undefined) {
    throw new RangeError('Expected a module without tables of its own');
  }
  return module;
}

/** Kernels may keep constants of their own, below Programs. */
function selectKernels(bytes: Uint8Array, names: readonly string[]): Selection {
  const module = decodeWithoutTables(bytes);
  for (const { to, bytes: stored } of dataOf(module)) {
    if (to >= 0 && to + stored.length <= PROGRAM_BASE) continue;
    throw new RangeError(
      `Expected kernels whose data lies below ${String(PROGRAM_BASE)} but found ${String(stored.length)} bytes at ${String(to)}`,
    );
  }
  return selectFunctions(module, names);
}

/** A decoder's data would lie where kernels have theirs. */
function selectDecoder(bytes: Uint8Array, kernels: Selection): Selection {
  const module = decodeWithoutTables(bytes);
  if (dataOf(module).length > 0) throw new RangeError('Expected a decoder without data of its own');
  return selectFunctions(module, [DECODE], kernels);
}

/** While it is decoded, the container lies at the Program's end and behind it, and what its decoder works in behind both. */
function codedConstants(
  { container, program }: EncodedContainer,
  decoder: Uint8Array,
  kernels: Selection,
): CodedConstants {
  const header = readHeader(container);
  const { image, at, workspace, end } = placesOf(header);
  return {
    kind: 'coded',
    container,
    to: at,
    decoder: selectDecoder(decoder, kernels),
    given: [at, container.length, image, program.length, workspace, header.workspaceBytes],
    end,
  };
}

function only(what: string, tensors: readonly ProgramTensor[]): ProgramTensor {
  const [tensor] = tensors;
  if (tensor === undefined || tensors.length !== 1) {
    throw new UnsupportedError(`Expected one ${what} but found ${String(tensors.length)}`);
  }
  return tensor;
}

function tensorOf(tensor: ProgramTensor): ModuleDescription['input'] {
  const { name, type, shape, scale, zeroPoint, address, stride } = tensor;
  const pixels = shape.slice(0, -1).reduce((a, b) => a * b, 1);
  const elements = (pixels - 1) * stride + (shape.at(-1) ?? 1);
  return {
    name,
    type,
    shape: [...shape],
    ...(scale === undefined ? {} : { scale }),
    ...(zeroPoint === undefined ? {} : { zeroPoint }),
    address,
    stride,
    bytes: elements * elementBytes[type],
  };
}

function preprocessingOf({
  mean,
  std,
  ...rest
}: NonNullable<Graph['preprocessing']>): NonNullable<ModuleDescription['preprocessing']> {
  return { ...rest, mean: [...mean], std: [...std] };
}

function encode(description: ModuleDescription): Uint8Array {
  return new TextEncoder().encode(`${JSON.stringify(description)}\0`);
}
