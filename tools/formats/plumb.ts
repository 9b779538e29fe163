/**
 * The `.plumb` file: one graph in MessagePack.
 *
 * `{ format: 'plumbline graph', version, sha256, graph }`, where `graph` is the MessagePack of the graph as bytes and
 * `sha256` their digest, so that a damaged file is told from a different network. Tensor elements are little-endian
 * bytes. A file is untrusted: lengths, types, digest and every rule of a graph are checked before it is used.
 *
 * Version 2 adds what imported graphs have: an operator's `source`, and a resize that covers and crops. A graph without
 * these is written as version 1.
 */

import { createHash } from 'node:crypto';
import * as z from 'zod';
import {
  elementTypes,
  GraphError,
  validateGraph,
  type ElementType,
  type Graph,
  type GraphTensor,
  type Operator,
  type TensorData,
  type UncheckedGraph,
} from '../../reference/index.ts';
import { FileError, issueOf, messageOf } from '../errors.ts';
import { pack, unpack } from './message-pack.ts';

const FORMAT = 'plumbline graph';
const VERSIONS = [1, 2];

const bytes = z.custom<Uint8Array>((value) => value instanceof Uint8Array, 'expected bytes');

const triple = z.tuple([z.number(), z.number(), z.number()]);

/** Limits of a graph's names and lists: far above any network's, and low enough for an error and a check of each item. */
const MAX_NAME = 1000;
const MAX_LIST = 10_000;
const MAX_LABELS = 100_000;
const MAX_AXES = 8;

const name = z.string().max(MAX_NAME, {
  error: ({ input }) =>
    `expected at most ${String(MAX_NAME)} characters but found ${String((input as string).length)}`,
});

/** A list whose length is checked before its items, every one of which may give an error. */
function list<T extends z.ZodType>(item: T, limit = MAX_LIST) {
  return z
    .array(z.unknown())
    .max(limit, {
      error: ({ input }) =>
        `expected at most ${String(limit)} items but found ${String((input as unknown[]).length)}`,
    })
    .pipe(z.array(item));
}

const envelope = z.object({
  format: name,
  version: z.number(),
  sha256: z.unknown(),
  graph: z.unknown(),
});

const storedGraph = z.strictObject({
  name,
  precision: z.enum(['float32', 'int8', 'int16']),
  tensors: list(
    z.strictObject({
      name,
      type: z.enum(['float32', 'int8', 'int16', 'uint8', 'int32', 'int64']),
      shape: list(z.number(), MAX_AXES),
      scales: bytes.optional(),
      zeroPoint: z.number().optional(),
      data: bytes.optional(),
    }),
  ),
  operators: list(
    z.strictObject({
      kind: name,
      name,
      inputs: list(z.number()),
      output: z.number(),
      attributes: z.record(z.string(), z.unknown()),
      source: z.number().exactOptional(),
    }),
  ),
  inputs: list(z.number()),
  outputs: list(z.number()),
  labels: list(name, MAX_LABELS),
  preprocessing: z
    .strictObject({
      resize: z.enum(['squash', 'cover']),
      crop: z.number().exactOptional(),
      channels: z.enum(['rgb', 'bgr']),
      mean: triple,
      std: triple,
      integer: z.strictObject({ multiplier: z.number(), offset: z.number() }).exactOptional(),
    })
    .exactOptional(),
  provenance: z.record(z.string(), z.string()),
});

type StoredGraph = z.infer<typeof storedGraph>;
type StoredTensor = StoredGraph['tensors'][number];

/** The bytes of a graph's file; the same graph gives the same bytes. */
export function encodeGraph(graph: Graph): Uint8Array {
  const body = pack(storeGraph(graph));
  return pack({ format: FORMAT, version: versionOf(graph), sha256: sha256(body), graph: body });
}

/** The first version that has all that a graph says. */
function versionOf({ operators, preprocessing }: StoredGraph | Graph): number {
  const imported = operators.some(({ source }) => source !== undefined);
  return imported || preprocessing?.resize === 'cover' ? 2 : 1;
}

/**
 * The graph in a file's bytes, validated. `file` names it in errors.
 *
 * @throws {FileError} for bytes that are no intact, valid graph
 */
export function decodeGraph(file: string, data: Uint8Array): Graph {
  const graph = decodeUnchecked(file, data);
  checkGraph(file, graph);
  return graph;
}

/** @throws {FileError} for the first rule of graphs that does not hold */
export function checkGraph(file: string, graph: UncheckedGraph): asserts graph is Graph {
  try {
    validateGraph(graph);
  } catch (error) {
    if (error instanceof GraphError) throw new FileError(file, error.message, { cause: error });
    throw error;
  }
}

/**
 * The graph in a file's bytes, whatever rules it breaks.
 *
 * @throws {FileError} for bytes that are no intact graph
 */
export function decodeUnchecked(file: string, data: Uint8Array): UncheckedGraph {
  const outer = parse(file, envelope, unpackFile(file, data));
  if (outer.format !== FORMAT) {
    throw new FileError(file, `Expected a Plumbline graph but found format "${outer.format}"`);
  }
  if (!VERSIONS.includes(outer.version)) {
    throw new FileError(
      file,
      `Expected version ${VERSIONS.join(' or ')} but found ${String(outer.version)}`,
    );
  }
  const { sha256: digest, graph: body } = outer;
  if (!(digest instanceof Uint8Array) || !(body instanceof Uint8Array)) {
    throw new FileError(file, 'Expected a digest and a graph but found neither or one');
  }
  if (Buffer.compare(sha256(body), digest) !== 0) {
    throw new FileError(file, 'Expected contents that match their digest, but the file is damaged');
  }
  const stored = parse(file, storedGraph, unpackFile(file, body));
  if (versionOf(stored) !== outer.version) {
    throw new FileError(
      file,
      `Expected a graph of version ${String(outer.version)} but found one of version ${String(versionOf(stored))}`,
    );
  }
  return { ...stored, tensors: stored.tensors.map((tensor) => loadTensor(file, tensor)) };
}

/** A graph as if it had not been imported: its operators tell no place in another file. */
export function withoutSources(graph: Graph): Graph {
  const operators = graph.operators.map((operator) => {
    const kept = Object.entries(operator).filter(([key]) => key !== 'source');
    return Object.fromEntries(kept) as unknown as Operator;
  });
  return { ...graph, operators };
}

function unpackFile(file: string, data: Uint8Array): unknown {
  try {
    return unpack(data);
  } catch (error) {
    throw new FileError(file, `Expected a Plumbline graph. ${messageOf(error)}`, { cause: error });
  }
}

function parse<T>(file: string, schema: z.ZodType<T>, value: unknown): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw new FileError(file, `Expected a Plumbline graph. ${issueOf(result.error)}`);
}

/** The stored form, with every key in a fixed order, since the order is part of the bytes. */
function storeGraph(graph: Graph): object {
  const { preprocessing } = graph;
  return {
    name: graph.name,
    precision: graph.precision,
    tensors: graph.tensors.map(storeTensor),
    operators: graph.operators.map(({ kind, name, inputs, output, attributes, source }) => ({
      kind,
      name,
      inputs,
      output,
      attributes: sortKeys(attributes),
      ...(source === undefined ? {} : { source }),
    })),
    inputs: graph.inputs,
    outputs: graph.outputs,
    labels: graph.labels,
    ...(preprocessing === undefined ? {} : { preprocessing: sortKeys(preprocessing) }),
    provenance: sortKeys(graph.provenance),
  };
}

function storeTensor({ name, type, shape, quantization, data }: GraphTensor): object {
  return {
    name,
    type,
    shape,
    ...(quantization === undefined
      ? {}
      : {
          scales: bytesOf(Float32Array.from(quantization.scales)),
          zeroPoint: quantization.zeroPoint,
        }),
    ...(data === undefined ? {} : { data: bytesOf(data) }),
  };
}

function sortKeys(value: object): object {
  const entries = Object.entries(value) as [string, unknown][];
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
}

function loadTensor(file: string, stored: StoredTensor): GraphTensor {
  const { scales, zeroPoint, data, ...tensor } = stored;
  return {
    ...tensor,
    ...(scales === undefined && zeroPoint === undefined
      ? {}
      : {
          quantization: {
            scales:
              scales === undefined
                ? []
                : Array.from(arrayOf(file, tensor.name, 'float32', scales), Number),
            zeroPoint: zeroPoint ?? 0,
          },
        }),
    ...(data === undefined ? {} : { data: arrayOf(file, tensor.name, tensor.type, data) }),
  };
}

function bytesOf(data: TensorData): Uint8Array {
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}

/** A copy of the bytes as elements; copied, since elements have to be aligned. */
function arrayOf(file: string, name: string, type: ElementType, data: Uint8Array): TensorData {
  const { bytes: size, view } = elementTypes[type];
  if (data.length % size !== 0) {
    throw new FileError(
      file,
      `Tensor "${name}": Expected bytes in multiples of ${String(size)} but found ${String(data.length)}`,
    );
  }
  return view(Uint8Array.from(data).buffer, 0, data.length / size);
}

function sha256(data: Uint8Array): Uint8Array {
  return createHash('sha256').update(data).digest();
}
