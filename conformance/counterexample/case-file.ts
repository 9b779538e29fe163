/**
 * The `.case` file: one counterexample in MessagePack, with everything that is needed to see it again.
 *
 * `{ format: 'plumbline case', version: 1, sha256, case }`, where `case` is the MessagePack of the case as bytes and
 * `sha256` their digest, so that a damaged file is told from a different case. Tensor elements are little-endian bytes;
 * a network is the bytes of its `.plumb` file. A file is untrusted: lengths, types, digest and every rule of its graph
 * are checked before it is used.
 */

import { createHash } from 'node:crypto';
import * as z from 'zod';
import {
  elementCount,
  elementTypeOf,
  elementTypes,
  GraphError,
  operatorGraph,
  operatorKinds,
  validateGraph,
  type ElementType,
  type Graph,
  type TensorData,
} from '../../reference/index.ts';
import { FileError, issueOf, messageOf } from '../../tools/errors.ts';
import { pack, unpack } from '../../tools/formats/message-pack.ts';
import { decodeGraph, encodeGraph } from '../../tools/formats/plumb.ts';
import type { OperatorCase } from '../operator-case.ts';
import type { Violation } from '../tolerances.ts';
import { typedCase, type TypedCase } from './cuts.ts';

/** Where a case comes from and what was seen of it. */
export interface CaseNotes {
  /** The back end that it was found on. */
  readonly backend?: string;
  /** What draws it again: fast-check's seed and path. */
  readonly seed?: number;
  readonly path?: string;
}

/** One operator on given tensors. */
export interface StoredOperatorCase extends CaseNotes {
  readonly type: 'operator';
  readonly drawn: OperatorCase;
  /** The first element beyond its bound. */
  readonly violation?: Violation;
}

/** A whole network on given inputs. */
export interface StoredNetworkCase extends CaseNotes {
  readonly type: 'network';
  readonly graph: Graph;
  /** One typed array per input of the graph. */
  readonly inputs: readonly TensorData[];
  /** The first element beyond its bound of the first operator that has one, at its position in the graph. */
  readonly violation?: Violation & { readonly position: number };
}

export type StoredCase = StoredOperatorCase | StoredNetworkCase;

const FORMAT = 'plumbline case';
const VERSION = 1;

/** Limits of names and lists: far above any case's, and low enough for an error and a check of each item. */
const MAX_NAME = 1000;
const MAX_LIST = 10_000;
const MAX_AXES = 8;

const bytes = z.custom<Uint8Array>((value) => value instanceof Uint8Array, 'expected bytes');
const name = z.string().max(MAX_NAME);
const place = z.int().min(0);

/** A list whose length is checked before its items, every one of which may give an error. */
function list<T extends z.ZodType>(item: T, limit = MAX_LIST) {
  return z.array(z.unknown()).max(limit).pipe(z.array(item));
}

const envelope = z.object({
  format: name,
  version: z.number(),
  sha256: z.unknown(),
  case: z.unknown(),
});

/** Any float64; zod's own number refuses NaN and the infinities, which a case may be about. */
const float = z.custom<number>((value) => typeof value === 'number', 'expected a number');

const elementType = z.enum(['float32', 'int8', 'int16', 'uint8', 'int32', 'int64']);

const quantization = {
  scale: z.union([float, list(float)]).exactOptional(),
  zeroPoint: float.exactOptional(),
};

const violation = { index: place, expected: float, found: float, bound: float };

const notes = {
  backend: name.exactOptional(),
  seed: z.int().exactOptional(),
  path: name.exactOptional(),
};

const operatorCase = z.strictObject({
  type: z.literal('operator'),
  kind: z.enum(operatorKinds),
  precision: z.enum(['float32', 'int8', 'int16']),
  // What they are is for the rules of a graph to say: numbers, names, and lists of either.
  attributes: z.record(
    name,
    z.union([float, z.boolean(), name, list(z.union([float, list(float, 2)]))]),
  ),
  output: z.strictObject({ ...quantization, type: elementType.exactOptional() }).exactOptional(),
  inputs: list(
    z.strictObject({
      type: elementType,
      shape: list(z.int().min(1), MAX_AXES),
      ...quantization,
      data: bytes,
    }),
    3,
  ),
  violation: z.strictObject(violation).exactOptional(),
  ...notes,
});

const networkCase = z.strictObject({
  type: z.literal('network'),
  graph: bytes,
  inputs: list(bytes),
  violation: z.strictObject({ ...violation, position: place }).exactOptional(),
  ...notes,
});

const storedCase = z.discriminatedUnion('type', [operatorCase, networkCase]);

/**
 * The bytes of a case's file; the same case gives the same bytes.
 *
 * @throws {TypeError} for an operator case that is none
 */
export function encodeCase(found: StoredCase): Uint8Array {
  const body = pack(found.type === 'operator' ? storeOperator(found) : storeNetwork(found));
  return pack({ format: FORMAT, version: VERSION, sha256: sha256(body), case: body });
}

/**
 * The case in a file's bytes, whose graph obeys every rule. `file` names it in errors.
 *
 * @throws {FileError} for bytes that are no intact, valid case
 */
export function decodeCase(file: string, data: Uint8Array): StoredCase {
  const outer = parse(file, envelope, unpackFile(file, data));
  if (outer.format !== FORMAT) {
    throw new FileError(file, `Expected a Plumbline case but found format "${outer.format}"`);
  }
  if (outer.version !== VERSION) {
    throw new FileError(
      file,
      `Expected version ${String(VERSION)} but found ${String(outer.version)}`,
    );
  }
  const { sha256: digest, case: body } = outer;
  if (!(digest instanceof Uint8Array) || !(body instanceof Uint8Array)) {
    throw new FileError(file, 'Expected a digest and a case but found neither or one');
  }
  if (Buffer.compare(sha256(body), digest) !== 0) {
    throw new FileError(file, 'Expected contents that match their digest, but the file is damaged');
  }
  const stored = parse(file, storedCase, unpackFile(file, body));
  return stored.type === 'operator' ? loadOperator(file, stored) : loadNetwork(file, stored);
}

function storeOperator({ drawn, ...found }: StoredOperatorCase): object {
  const { kind, precision, attributes, inputs } = typedCase(drawn);
  const { output, ...rest } = attributes;
  return {
    type: found.type,
    kind,
    precision,
    attributes: sortKeys(rest),
    ...(output === undefined ? {} : { output: sortKeys(output) }),
    inputs: inputs.map(({ shape, scale, zeroPoint, data }) => ({
      type: elementTypeOf(data),
      shape,
      ...(scale === undefined ? {} : { scale }),
      ...(zeroPoint === undefined ? {} : { zeroPoint }),
      data: bytesOf(data),
    })),
    ...storeNotes(found),
  };
}

function storeNetwork({ graph, inputs, ...found }: StoredNetworkCase): object {
  return {
    type: found.type,
    graph: encodeGraph(graph),
    inputs: inputs.map(bytesOf),
    ...storeNotes(found),
  };
}

function storeNotes({ violation, ...found }: CaseNotes & Pick<StoredCase, 'violation'>): object {
  const { backend, seed, path } = found;
  return {
    ...(violation === undefined ? {} : { violation: sortKeys(violation) }),
    ...dropUndefined({ backend, seed, path }),
  };
}

/** In one order, since the order is part of the bytes, and without what is undefined. */
function sortKeys(value: object): object {
  const entries = Object.entries(value) as [string, unknown][];
  return dropUndefined(Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1))));
}

function dropUndefined(value: object): object {
  return Object.fromEntries(Object.entries(value).filter(([, item]) => item !== undefined));
}

function loadOperator(
  file: string,
  { kind, precision, attributes, output, inputs, ...found }: z.infer<typeof operatorCase>,
): StoredOperatorCase {
  const drawn: TypedCase = {
    kind,
    precision,
    attributes: { ...attributes, ...(output === undefined ? {} : { output }) },
    inputs: inputs.map(({ type, data, ...tensor }, position) => ({
      ...tensor,
      data: arrayOf(file, `Input ${String(position)}`, type, elementCount(tensor.shape), data),
    })),
  };
  const elements = outputElements(file, drawn);
  checkElement(file, found.violation, elements);
  return { ...found, drawn };
}

/** How many elements a valid case gives. */
function outputElements(file: string, { kind, precision, attributes, inputs }: TypedCase): number {
  try {
    const { graph } = operatorGraph(kind, precision, attributes, inputs);
    validateGraph(graph);
    return elementCount(graph.tensors.at(-1)?.shape ?? []);
  } catch (error) {
    if (error instanceof GraphError) throw new FileError(file, error.message, { cause: error });
    throw error;
  }
}

function loadNetwork(
  file: string,
  { graph: stored, inputs, ...found }: z.infer<typeof networkCase>,
): StoredNetworkCase {
  const graph = decodeGraph(file, stored);
  if (inputs.length !== graph.inputs.length) {
    throw new FileError(
      file,
      `Expected ${String(graph.inputs.length)} inputs but found ${String(inputs.length)}`,
    );
  }
  const arrays = inputs.map((data, position) => {
    const tensor = graph.tensors[graph.inputs[position] ?? -1];
    if (tensor === undefined) throw new Error(`Expected input ${String(position)}`);
    return arrayOf(file, `Input "${tensor.name}"`, tensor.type, elementCount(tensor.shape), data);
  });
  if (found.violation !== undefined) {
    const operator = graph.operators[found.violation.position];
    if (operator === undefined) {
      throw new FileError(
        file,
        `Expected the position of one of ${String(graph.operators.length)} operators but found ${String(found.violation.position)}`,
      );
    }
    checkElement(file, found.violation, elementCount(graph.tensors[operator.output]?.shape ?? []));
  }
  return { ...found, graph, inputs: arrays };
}

function checkElement(file: string, found: Violation | undefined, elements: number): void {
  if (found !== undefined && found.index >= elements) {
    throw new FileError(
      file,
      `Expected one of ${String(elements)} elements but found element ${String(found.index)}`,
    );
  }
}

function unpackFile(file: string, data: Uint8Array): unknown {
  try {
    return unpack(data);
  } catch (error) {
    throw new FileError(file, `Expected a Plumbline case. ${messageOf(error)}`, { cause: error });
  }
}

function parse<T>(file: string, schema: z.ZodType<T>, value: unknown): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw new FileError(file, `Expected a Plumbline case. ${issueOf(result.error)}`);
}

function bytesOf(data: TensorData): Uint8Array {
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}

/** A copy of the bytes as elements; copied, since elements have to be aligned. */
function arrayOf(
  file: string,
  subject: string,
  type: ElementType,
  elements: number,
  data: Uint8Array,
): TensorData {
  const { bytes: size, view } = elementTypes[type];
  if (data.length !== elements * size) {
    throw new FileError(
      file,
      `${subject}: Expected ${String(elements * size)} bytes but found ${String(data.length)}`,
    );
  }
  return view(Uint8Array.from(data).buffer, 0, elements);
}

function sha256(data: Uint8Array): Uint8Array {
  return createHash('sha256').update(data).digest();
}
