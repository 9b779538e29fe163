/**
 * A container's file: the container, which is all that a host needs, then the graph for tools.
 *
 * Behind the container lie "PLMG", the bytes that follow as uint32, and as brotli a `.plumb` file of the graph in which
 * all is zero that the container has: weights, their scales, biases and their scales.
 */

import { brotliCompressSync, brotliDecompressSync, constants } from 'node:zlib';
import { compileGraph, UnsupportedError } from '../../fastpath/compile/index.ts';
import {
  ContainerError,
  decodePlain,
  encodeContainer,
  type DecodedContainer,
  type EncodedContainer,
} from '../../fastpath/container/index.ts';
import { FORM, type Layer, type LayerBytes } from '../../fastpath/container/layer.ts';
import { float32Of, scaleAt, type Grid } from '../../fastpath/container/grid.ts';
import { CONTAINER_MAGIC, readHeader } from '../../fastpath/program/container.ts';
import {
  elementTypes,
  GraphError,
  type Graph,
  type GraphTensor,
  type UncheckedGraph,
} from '../../reference/index.ts';
import { FileError, messageOf } from '../errors.ts';
import { MAX_MODEL_BYTES } from '../files.ts';
import { checkGraph, decodeGraph, decodeUnchecked, encodeGraph } from './plumb.ts';

/** "PLMG". */
const GRAPH_MAGIC = 0x474d4c50;
const GRAPH_HEADER_BYTES = 8;

export interface EncodedFile extends EncodedContainer {
  /** The container and the graph behind it. */
  readonly file: Uint8Array;
}

/** The file of an int8 graph's container. @throws as `encodeContainer` */
export function encodeContainerFile(graph: Graph): EncodedFile {
  const encoded = encodeContainer(graph);
  const text = encodeGraph(emptied(graph));
  const body = brotliCompressSync(text, {
    params: { [constants.BROTLI_PARAM_SIZE_HINT]: text.length },
  });
  const header = Buffer.alloc(GRAPH_HEADER_BYTES);
  header.writeUInt32LE(GRAPH_MAGIC, 0);
  header.writeUInt32LE(body.length, 4);
  const file = Buffer.concat([encoded.container, header, body]);
  return { ...encoded, file: new Uint8Array(file.buffer, file.byteOffset, file.length) };
}

/**
 * The graph in the bytes of a model's file, which is a container's or a `.plumb` file. `file` names it in errors.
 *
 * @throws {FileError} for bytes that are neither, or whose graph and container differ
 */
export function decodeModel(file: string, data: Uint8Array): Graph {
  if (!isContainer(data)) return decodeGraph(file, data);
  try {
    return decodeContainerFile(file, data);
  } catch (error) {
    const known = [ContainerError, GraphError, UnsupportedError];
    if (known.some((each) => error instanceof each)) {
      throw new FileError(file, messageOf(error), { cause: error });
    }
    throw error;
  }
}

/** Whether bytes begin as a container does. */
export function isContainer(data: Uint8Array): boolean {
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  return data.length >= 4 && view.getInt32(0, true) === CONTAINER_MAGIC;
}

/** Where a container's bytes go, in whole bytes that add up: those that layers share are rounded. */
export interface CodedBytes {
  /** By the index of the operator in the graph. */
  readonly operators: ReadonlyMap<number, LayerBytes>;
  /** Steps, other constants, description, header. */
  readonly rest: number;
  readonly container: number;
}

/** What the layers of `graph`, which `decodeModel` gave of a container's file, take of the container. */
export function codedBytes(graph: Graph, data: Uint8Array): CodedBytes {
  const { bytes } = readHeader(data);
  const { layers } = decodePlain(data.subarray(0, bytes));
  const operators = new Map<number, LayerBytes>();
  let rest = bytes;
  codedOperators(graph).forEach(({ index }, i) => {
    const { weights = 0, parameters = 0 } = layers[i]?.bytes ?? {};
    const whole = { weights: Math.round(weights), parameters: Math.round(parameters) };
    operators.set(index, whole);
    rest -= whole.weights + whole.parameters;
  });
  return { operators, rest, container: bytes };
}

function decodeContainerFile(file: string, data: Uint8Array): Graph {
  const { bytes } = readHeader(data);
  const decoded = decodePlain(data.subarray(0, bytes));
  const graph = filled(file, graphBehind(file, data.subarray(bytes)), decoded);
  checkGraph(file, graph);
  if (Buffer.compare(compileGraph(graph, { report: false }), decoded.program) !== 0) {
    throw new FileError(file, 'Expected the graph of the container but found another');
  }
  return graph;
}

function graphBehind(file: string, data: Uint8Array): UncheckedGraph {
  const view = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  const there = data.length >= GRAPH_HEADER_BYTES && view.readUInt32LE(0) === GRAPH_MAGIC;
  if (!there) {
    throw new FileError(file, 'Expected a graph behind the container but found none');
  }
  const bytes = view.readUInt32LE(4);
  if (bytes !== data.length - GRAPH_HEADER_BYTES) {
    throw new FileError(
      file,
      `Expected a graph of ${String(bytes)} bytes behind the container but found ${String(data.length - GRAPH_HEADER_BYTES)}`,
    );
  }
  let text: Uint8Array;
  try {
    text = brotliDecompressSync(data.subarray(GRAPH_HEADER_BYTES), {
      maxOutputLength: MAX_MODEL_BYTES,
    });
  } catch (error) {
    throw new FileError(file, `Expected a graph behind the container. ${messageOf(error)}`, {
      cause: error,
    });
  }
  return decodeUnchecked(file, text);
}

/** Tensors of an operator whose weights a container codes. */
interface Coded {
  /** Of the operator. */
  readonly index: number;
  readonly operator: UncheckedGraph['operators'][number];
  readonly input: GraphTensor;
  readonly weights: GraphTensor;
  readonly bias: GraphTensor | undefined;
}

/** In the order of layers. */
function codedOperators({ operators, tensors }: UncheckedGraph): readonly Coded[] {
  return operators.flatMap((operator, index) => {
    const [input, weights, bias] = operator.inputs.map((index) => tensors[index]);
    const sums = ['conv2d', 'depthwiseConv2d', 'fullyConnected'].includes(operator.kind);
    if (!sums || input?.type !== 'int8' || weights?.data === undefined) return [];
    return [{ index, operator, input, weights, bias }];
  });
}

/** The scales of a bias, where they are what those of input and weights give. */
function biasScales(input: GraphTensor, scales: readonly number[]): readonly number[] {
  const [scale = 0] = input.quantization?.scales ?? [];
  return scales.map((each) => Math.fround(scale * each));
}

/** The graph without what its container has. */
function emptied(graph: Graph): Graph {
  const tensors = [...graph.tensors];
  for (const { operator, input, weights, bias } of codedOperators(graph)) {
    const [, weightsIndex = -1, biasIndex = -1] = operator.inputs;
    const scales = hasFactors(operator) ? [] : (weights.quantization?.scales ?? []);
    tensors[weightsIndex] = withScales(
      withZeros(weights),
      scales.map(() => 0),
    );
    if (bias === undefined) continue;
    const usual =
      scales.length > 0 && String(bias.quantization?.scales) === String(biasScales(input, scales));
    tensors[biasIndex] = withScales(withZeros(bias), usual ? scales.map(() => 0) : []);
  }
  return { ...graph, tensors };
}

/** Whether an operator's multipliers are given: its container has no scales then. */
function hasFactors({ attributes }: Coded['operator']): boolean {
  return 'multiplier' in attributes && 'shift' in attributes;
}

function withZeros(tensor: GraphTensor): GraphTensor {
  const { data, type } = tensor;
  return data === undefined
    ? tensor
    : { ...tensor, data: elementTypes[type].allocate(data.length) };
}

/** With other scales; as it is where there are none. */
function withScales(tensor: GraphTensor, scales: readonly number[]): GraphTensor {
  if (scales.length === 0) return tensor;
  return { ...tensor, quantization: { scales, zeroPoint: tensor.quantization?.zeroPoint ?? 0 } };
}

/** The graph with what its container has. */
function filled(
  file: string,
  graph: UncheckedGraph,
  { layers, grid }: DecodedContainer,
): UncheckedGraph {
  const tensors = [...graph.tensors];
  const coded = codedOperators(graph);
  const fits = (each: Coded | undefined, { shape }: Layer): boolean =>
    each?.weights.data?.length === shape.channels * shape.products &&
    (each.bias?.data === undefined || each.bias.data.length === shape.channels);
  if (coded.length !== layers.length || !layers.every(({ layer }, i) => fits(coded[i], layer))) {
    throw new FileError(file, 'Expected the graph of the container but found another');
  }
  coded.forEach(({ operator, input, weights, bias }, i) => {
    const layer = layers[i]?.layer;
    if (layer === undefined) return;
    const [, weightsIndex = -1, biasIndex = -1] = operator.inputs;
    const wanted = weights.quantization?.scales ?? [];
    const scales = isZero(wanted) ? scalesOf(layer, grid).slice(0, wanted.length) : wanted;
    const data = codesOf(layer, operator.kind === 'depthwiseConv2d');
    tensors[weightsIndex] = withScales({ ...weights, data }, scales);
    if (bias === undefined) return;
    const own = bias.quantization?.scales ?? [];
    const given = isZero(own) ? biasScales(input, scales) : own;
    tensors[biasIndex] = withScales({ ...bias, data: layer.biases }, given);
  });
  return { ...graph, tensors };
}

function isZero(scales: readonly number[]): boolean {
  return scales.length > 0 && scales.every((scale) => scale === 0);
}

function scalesOf({ head, factors }: Layer, grid: Grid): readonly number[] {
  return Array.from(factors, (factor) =>
    head.form === FORM.grid ? scaleAt(grid, factor) : float32Of(factor),
  );
}

/** Codes in the order of a tensor: channels first, or last. */
function codesOf({ shape, codes }: Layer, channelsLast: boolean): Int8Array {
  if (!channelsLast) return codes;
  const { channels, products } = shape;
  return Int8Array.from(
    codes,
    (_, i) => codes[(i % channels) * products + Math.floor(i / channels)] ?? 0,
  );
}
