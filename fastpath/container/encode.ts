/** Writes containers. */

import { compileOperators, UnsupportedError } from '../compile/index.ts';
import type { Graph } from '../../reference/graph/graph.ts';
import type { Operator } from '../../reference/graph/operator.ts';
import { headerFields, PROGRAM_BASE, readWords, roundUp } from '../program/format.ts';
import { codeBytes } from './bytes.ts';
import { modelSizes } from './contexts.ts';
import { decodePlain } from './decode.ts';
import { digestOf } from './digest.ts';
import {
  CONTAINER_HEADER_BYTES,
  CONTAINER_MAGIC,
  CONTAINER_VERSION,
  LAYER_RECORD_BYTES,
  MAX_RATIO,
  readHeader,
  STEPS_OFFSET,
  writeHeader,
  type ContainerHeader,
} from '../program/container.ts';
import {
  constantsStart,
  gapsOf,
  layerSteps,
  leadBytesOf,
  workspaceBytesOf,
  type LayerStep,
} from './frame.ts';
import { gridOf, type Grid } from './grid.ts';
import type { Layer, LayerBytes } from './layer.ts';
import { layerOf, NO_GRID, weightScales } from './layers.ts';
import { ParameterState } from './parameters.ts';
import { parseBytes } from './parse.ts';
import { writeLayer } from './records.ts';
import { codeSteps, FIELDS } from './steps.ts';
import { SymbolWriter } from './symbols.ts';
import { codeLayer } from './walk.ts';

/** Where a container's bytes go. Parts are fractional: symbols share bytes. */
export interface ContainerSizes extends LayerBytes {
  /** Of the whole container. */
  readonly bytes: number;
  /** Of the Program that it gives. */
  readonly programBytes: number;
  /** Everything else: steps, other constants, description, header. */
  readonly rest: number;
  /** Of all weights. */
  readonly weightCount: number;
  /** The zero-order entropy of each layer's codes, summed, in bytes: what no code without contexts can go below. */
  readonly entropy: number;
}

export interface EncodedContainer {
  readonly container: Uint8Array;
  /** What it gives, byte for byte: the graph compiled without its report. */
  readonly program: Uint8Array;
  readonly sizes: ContainerSizes;
}

/**
 * The container of an int8 graph's Program. The same graph gives the same bytes. It is small where weights are of few
 * bits, scales on a coarse logarithmic grid and biases of few significant bits, and right for any.
 *
 * @throws {GraphError} for an invalid graph
 * @throws {UnsupportedError} for one that is not int8, that the fast path has no kernels for, or whose other constants
 *   are large
 */
export function encodeContainer(graph: Graph): EncodedContainer {
  if (graph.precision !== 'int8') {
    throw new UnsupportedError(
      `Expected an int8 graph for a container but found ${graph.precision}`,
    );
  }
  const { program, operators } = compileOperators(graph, { report: false });
  const words = stepWords(program);
  const steps = layerSteps(words);
  const sources = steps.map((step) => ({ ...step, graph, operator: operatorAt(operators, step) }));
  const grid = gridOf(sources.flatMap(weightScales));
  const layers = sources.map((source) => layerOf(source, program, grid));
  const gaps = gapsOf(steps, operators.length, program.length);
  if (gaps === undefined) throw new Error('Expected constants in the order of steps');
  const plain = Uint8Array.from([
    ...leadOf(layers, grid),
    ...gaps.flatMap(({ start, end }) => Array.from(program.subarray(start, end))),
  ]);
  if (plain.length > MAX_PLAIN_BYTES) {
    throw new UnsupportedError(
      `Expected at most ${String(MAX_PLAIN_BYTES)} bytes besides int8 weights but found ${String(plain.length)}`,
    );
  }

  const writer = new SymbolWriter(modelSizes);
  codeBytes(writer, plain.slice(), parseBytes(plain));
  codeSteps(writer, words, PROGRAM_BASE + program.length, constantsStart(operators.length));
  const state = new ParameterState();
  for (const layer of layers) codeLayer(writer, layer, grid ?? NO_GRID, state);
  const container = frame(writer.finish(), {
    imageBytes: program.length,
    digest: digestOf(program),
    plainBytes: plain.length,
    mantissas: grid?.mantissas.length ?? 0,
    layers: layers.length,
    stepCount: operators.length,
    gridExponent: grid?.exponent ?? 0,
    mostProducts: steps.reduce((most, { shape }) => Math.max(most, shape.products), 0),
  });
  const decoded = decodePlain(container);
  if (!sameBytes(decoded.program, program)) throw new Error('Expected the Program back');
  writeHeader(container, { ...readHeader(container), leastOffset: decoded.leastOffset });
  const bytesOf = (part: keyof LayerBytes): number =>
    decoded.layers.reduce((sum, { bytes }) => sum + bytes[part], 0);
  const parts = { weights: bytesOf('weights'), parameters: bytesOf('parameters') };
  return {
    container,
    program,
    sizes: {
      bytes: container.length,
      programBytes: program.length,
      ...parts,
      rest: container.length - parts.weights - parts.parameters,
      weightCount: layers.reduce((sum, { codes }) => sum + codes.length, 0),
      entropy: layers.reduce((sum, { codes }) => sum + entropyOf(codes), 0),
    },
  };
}

/** Bounds what looking for copies takes: a second or two. */
const MAX_PLAIN_BYTES = 2 ** 20;

function frame(
  stream: Uint16Array,
  fields: Omit<
    ContainerHeader,
    'magic' | 'version' | 'bytes' | 'workspaceBytes' | 'leastOffset'
  > & {
    readonly mostProducts: number;
  },
): Uint8Array {
  const { imageBytes, mostProducts, ...rest } = fields;
  const bytes = Math.max(CONTAINER_HEADER_BYTES + 2 * stream.length, imageBytes / MAX_RATIO);
  const container = new Uint8Array(roundUp(bytes, 2));
  writeHeader(container, {
    ...rest,
    imageBytes,
    magic: CONTAINER_MAGIC,
    version: CONTAINER_VERSION,
    bytes: container.length,
    workspaceBytes: workspaceBytesOf(rest, mostProducts),
    // Behind the whole image, until it is known how it decodes.
    leastOffset: imageBytes,
  });
  const view = new DataView(container.buffer, CONTAINER_HEADER_BYTES);
  stream.forEach((word, i) => {
    view.setUint16(2 * i, word, true);
  });
  return container;
}

function stepWords(program: Uint8Array): Int32Array {
  const view = new DataView(program.buffer, program.byteOffset, program.byteLength);
  const { steps, stepCount } = readWords(view, 0, headerFields);
  if (steps !== PROGRAM_BASE + STEPS_OFFSET) throw new Error('Expected steps behind the header');
  return Int32Array.from({ length: stepCount * FIELDS }, (_, i) =>
    view.getInt32(STEPS_OFFSET + 4 * i, true),
  );
}

function operatorAt(operators: readonly Operator[], { index }: LayerStep): Operator {
  const operator = operators[index];
  if (operator === undefined) throw new Error('Expected an operator for each step');
  return operator;
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}

/** Mantissas of the grid, and the layers' records. */
function leadOf(layers: readonly Layer[], grid: Grid | undefined): Uint8Array {
  const mantissas = grid?.mantissas ?? [];
  const bytes = new Uint8Array(leadBytesOf({ mantissas: mantissas.length, layers: layers.length }));
  const view = new DataView(bytes.buffer);
  mantissas.forEach((mantissa, i) => {
    view.setFloat32(4 * i, mantissa, true);
  });
  layers.forEach(({ head }, i) => {
    const offset = 4 * mantissas.length + i * LAYER_RECORD_BYTES;
    writeLayer(view, offset, head);
  });
  return bytes;
}

/** The zero-order entropy of codes, in bytes. */
function entropyOf(codes: Int8Array): number {
  const counts = new Map<number, number>();
  for (const code of codes) counts.set(code, (counts.get(code) ?? 0) + 1);
  let bits = 0;
  for (const count of counts.values()) bits += count * Math.log2(codes.length / count);
  return bits / 8;
}
