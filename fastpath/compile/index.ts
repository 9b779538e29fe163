/** Graph to Program. */

import { elementTypes } from '../../reference/graph/element-type.ts';
import type { Graph } from '../../reference/graph/graph.ts';
import type { Operator } from '../../reference/graph/operator.ts';
import { tensorAt, validateGraph } from '../../reference/validate/index.ts';
import { pixelTable } from '../../reference/preprocess/image-to-input.ts';
import type { ProgramDescription, ProgramImage, ProgramTensor } from '../program/description.ts';
import { checkProgram } from '../program/check-program.ts';
import { ProgramError } from '../program/errors.ts';
import { resizeWorkspaceBytes } from '../program/resize-workspace.ts';
import { UnsupportedError } from './errors.ts';
import { bandExpansions } from './bands.ts';
import { writeImage, type Layout } from './image.ts';
import { lowerGraph, type Draft } from './lower.ts';

export { UnsupportedError };

export interface CompileOptions {
  /**
   * Whether every operator's output is whole in the arena at its time, so that `runSteps` can report it. Otherwise
   * expansions may be computed in bands of rows, which takes less memory. Default false.
   */
  readonly intermediates?: boolean;
  /**
   * Bytes of an expansion that are in the arena at a time, where not all are; at least a few rows. Fewer take less memory,
   * and more time. Default 2^19: as fast as whole ones.
   */
  readonly bandBytes?: number;
  /** Whether the description lists operators' outputs, without which `runSteps` reports none. Default true. */
  readonly report?: boolean;
}

const BAND_BYTES = 2 ** 19;

/** A Program with the operator that each of its steps is of. */
export interface CompiledGraph {
  readonly program: Uint8Array;
  readonly operators: readonly Operator[];
}

/**
 * Compiles a graph: chooses kernels, packs weights, plans the arena. The same graph and options give the same bytes.
 *
 * @throws {GraphError} for an invalid graph
 * @throws {RangeError} for `bandBytes` that are no number above 0
 * @throws {UnsupportedError} for a valid one that the fast path has no kernels for, naming operator and attribute, or
 *   whose extents go beyond what a Program may have
 */
export function compileGraph(graph: Graph, options: CompileOptions = {}): Uint8Array {
  return compileOperators(graph, options).program;
}

/** The same, telling steps' operators. */
export function compileOperators(
  graph: Graph,
  { intermediates = false, bandBytes = BAND_BYTES, report = true }: CompileOptions = {},
): CompiledGraph {
  validateGraph(graph);
  if (!(bandBytes > 0)) {
    throw new RangeError(`Expected bandBytes above 0 but found ${String(bandBytes)}`);
  }
  const tables = imageTables(graph);
  const [, , width = 0] = tensorAt(graph, graph.inputs[0] ?? -1).shape;
  const workspaceBytes = tables === undefined ? 0 : resizeWorkspaceBytes(width);
  const whole = lowerGraph(graph);
  const draft = intermediates ? whole : bandExpansions(whole, bandBytes);
  const program = writeImage(
    draft,
    { workspaceBytes, constants: tables === undefined ? [] : [tables] },
    (layout, [address]) => JSON.stringify(describe(graph, draft, layout, address, report)),
  );
  try {
    checkProgram(program);
  } catch (error) {
    if (error instanceof ProgramError) throw new UnsupportedError(error.message, { cause: error });
    throw error;
  }
  return { program, operators: draft.steps.map(({ operator }) => operator) };
}

function describe(
  graph: Graph,
  draft: Draft,
  layout: Layout,
  tables: number | undefined,
  report: boolean,
): ProgramDescription {
  const place = (index: number): ProgramTensor => {
    const { name, type, shape, quantization } = tensorAt(graph, index);
    const buffer = draft.places.get(index)?.buffer ?? -1;
    const [scale] = quantization?.scales ?? [];
    return {
      name,
      type: type as ProgramTensor['type'],
      shape,
      ...(scale === undefined ? {} : { scale }),
      ...(quantization === undefined ? {} : { zeroPoint: quantization.zeroPoint }),
      address: layout.buffers[buffer] ?? 0,
      stride: draft.buffers[buffer]?.stride ?? 0,
    };
  };
  const { preprocessing } = graph;
  const image: ProgramImage | undefined =
    tables === undefined || preprocessing === undefined
      ? undefined
      : {
          channels: preprocessing.channels,
          ...(preprocessing.crop === undefined ? {} : { crop: preprocessing.crop }),
          tables,
          workspace: layout.workspace,
        };
  return {
    name: graph.name,
    precision: graph.precision,
    inputs: graph.inputs.map(place),
    outputs: graph.outputs.map(place),
    intermediates: (report ? graph.operators : []).flatMap(({ output }) => {
      const whole = draft.places.get(output);
      return whole === undefined ? [] : [{ ...place(output), steps: whole.steps }];
    }),
    labels: graph.labels,
    ...(image === undefined ? {} : { image }),
  };
}

/** The input elements of all pixel values, channel by channel of the tensor. */
function imageTables(graph: Graph): Uint8Array | undefined {
  const { preprocessing } = graph;
  if (preprocessing === undefined) return undefined;
  const input = tensorAt(graph, graph.inputs[0] ?? -1);
  const elements = elementTypes[input.type].allocate(3 * 256);
  for (let channel = 0; channel < 3; channel++) {
    pixelTable(preprocessing, input, channel).forEach((value, x) => {
      elements[channel * 256 + x] = value;
    });
  }
  return new Uint8Array(elements.buffer);
}
