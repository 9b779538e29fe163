/** What is golden of one graph: its outputs in full, and a digest of every tensor on the way, for each golden input. */

import { createHash } from 'node:crypto';
import type { Graph, GraphTensor, PrecisionName, TensorData } from '../reference/index.ts';
import { sha256 } from '../tools/files.ts';
import { encodeGraph } from '../tools/formats/plumb.ts';
import { observedTensors, referenceBackend, type RunOutput } from './backend.ts';
import { goldenInputs, type GoldenInput } from './inputs.ts';

export interface GoldenRecord {
  /** SHA-256 of the graph's file, in hexadecimal digits. */
  readonly graph: string;
  readonly precision: PrecisionName;
  /** The graph's outputs, in its order. */
  readonly outputs: readonly Pick<GraphTensor, 'name' | 'type' | 'shape'>[];
  /** Name of the tensor that each operator writes, in the graph's order. */
  readonly layers: readonly string[];
  readonly entries: readonly GoldenEntry[];
}

/** What one input gives. */
export interface GoldenEntry {
  /** Name of the golden input. */
  readonly input: string;
  /** SHA-256 of the input tensor's bytes, in hexadecimal digits. */
  readonly sha256: string;
  /** Elements of each output, in the graph's order. */
  readonly outputs: readonly TensorData[];
  /** Digest of each tensor that an operator writes (`digestOf`), by name. */
  readonly digests: ReadonlyMap<string, string>;
}

/** Bytes of a digest: the first of SHA-256, as many as keep accidents out. */
export const DIGEST_BYTES = 16;

/** Records what the reference computes of every golden input. The graph has preprocessing. */
export async function recordGolden(
  graph: Graph,
  onInput: (input: GoldenInput) => void = () => undefined,
): Promise<GoldenRecord> {
  const network = await referenceBackend.prepare(graph);
  const entries: GoldenEntry[] = [];
  for (const input of goldenInputs) {
    onInput(input);
    const data = await input.make(graph);
    entries.push(entryOf(graph, input.name, data, await network.run([data])));
  }
  return { ...describeGraph(graph), entries };
}

/** What a record says of its graph, before any input. */
export function describeGraph(graph: Graph): Omit<GoldenRecord, 'entries'> {
  return {
    graph: sha256(encodeGraph(graph)),
    precision: graph.precision,
    outputs: graph.outputs.map((index) => {
      const { name, type, shape } = tensorAt(graph, index);
      return { name, type, shape };
    }),
    layers: graph.operators.map(({ output }) => tensorAt(graph, output).name),
  };
}

/** What a run of any back end would be recorded as; tensors that it does not tell have no digest. */
export function entryOf(
  graph: Graph,
  input: string,
  data: TensorData,
  run: RunOutput,
): GoldenEntry {
  const observed = observedTensors(graph, run);
  const digests = graph.operators.flatMap(({ output }) => {
    const tensor = observed.get(tensorAt(graph, output).name);
    return tensor === undefined ? [] : [[tensor.name, digestOf(tensor.data)] as const];
  });
  return {
    input,
    sha256: sha256(bytesOf(canonical(data))),
    outputs: run.outputs.map((output) => canonical(output.data)),
    digests: new Map(digests),
  };
}

/** Digest of a tensor's elements, in hexadecimal digits; equal for elements that are equal by rule A2. */
export function digestOf(data: TensorData): string {
  const digest = createHash('sha256')
    .update(bytesOf(canonical(data)))
    .digest('hex');
  return digest.slice(0, 2 * DIGEST_BYTES);
}

/** A tensor's elements as little-endian bytes, not copied. */
export function bytesOf(data: TensorData): Uint8Array {
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}

const CANONICAL_NAN = 0x7fc00000;

/** The elements with one form of NaN, whose bits JavaScript leaves open, and of zero (rule A2). */
function canonical(data: TensorData): TensorData {
  if (!(data instanceof Float32Array)) return data;
  const copy = Float32Array.from(data);
  const bits = new Uint32Array(copy.buffer);
  for (let i = 0; i < copy.length; i++) {
    const value = copy[i] ?? NaN;
    if (value === 0) bits[i] = 0;
    else if (Number.isNaN(value)) bits[i] = CANONICAL_NAN;
  }
  return copy;
}

function tensorAt(graph: Graph, index: number): GraphTensor {
  const tensor = graph.tensors[index];
  if (tensor === undefined) throw new Error(`Expected tensor ${String(index)} to exist`);
  return tensor;
}
