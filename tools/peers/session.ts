/** What the outside runtimes have in common: sessions, and back ends made of them. */

import { UnsupportedError } from '../../fastpath/compile/errors.ts';
import type { Backend, Prepared, RunOutput } from '../../golden/backend.ts';
import {
  elementTypes,
  zeroPointOf,
  type Graph,
  type GraphTensor,
  type PrecisionName,
  type Tensor,
  type TensorData,
} from '../../reference/index.ts';

/** A graph in a runtime. `compute` alone is the inference: what a benchmark times. */
export interface Session {
  /** Hands the runtime one typed array per input of the graph, converted to what it takes. */
  readonly load: (inputs: readonly TensorData[]) => void;
  readonly compute: () => void | Promise<void>;
  /** The elements that the last inference wrote, by the tensors' indices in the graph. */
  readonly read: () => ReadonlyMap<number, TensorData>;
  /** Gives back memory that no collector sees. */
  readonly release: () => void | Promise<void>;
}

export interface SessionOptions {
  /** Whether the runtime tells every operator's output, which keeps it from joining operators. Default false. */
  readonly intermediates?: boolean;
}

export interface Peer {
  readonly name: string;
  /** What it computes in; absent: all. */
  readonly precisions?: readonly PrecisionName[];
  /**
   * @throws {UnsupportedError} for a graph that the runtime, or the format it reads, does not know
   */
  readonly open: (graph: Graph, options?: SessionOptions) => Promise<Session>;
}

/** A prepared graph whose memory can be given back. */
export interface PeerPrepared extends Prepared {
  readonly release: Session['release'];
}

export interface PeerBackend extends Backend {
  readonly prepare: (graph: Graph) => Promise<PeerPrepared>;
}

/** A runtime as a back end; it tells all intermediate tensors unless `options` say otherwise. */
export function backendOf(
  { name, precisions, open }: Peer,
  options: SessionOptions = { intermediates: true },
): PeerBackend {
  return {
    name,
    ...(precisions === undefined ? {} : { precisions }),
    prepare: async (graph) => {
      const session = await open(graph, options);
      return {
        run: async (inputs) => {
          session.load(inputs);
          await session.compute();
          return runOutput(graph, session.read());
        },
        release: session.release,
      };
    },
  };
}

function runOutput(graph: Graph, elements: ReadonlyMap<number, TensorData>): RunOutput {
  const intermediates = new Map<string, Tensor>();
  for (const [index, data] of elements) {
    const tensor = tensorAt(graph, index);
    intermediates.set(tensor.name, { ...tensor, data });
  }
  const outputs = graph.outputs.map((index) => {
    const output = intermediates.get(tensorAt(graph, index).name);
    if (output === undefined) throw new Error(`Expected output ${String(index)} to be computed`);
    return output;
  });
  return { outputs, intermediates };
}

export function tensorAt(graph: Graph, index: number): GraphTensor {
  const tensor = graph.tensors[index];
  if (tensor === undefined) throw new Error(`Expected tensor ${String(index)} to exist`);
  return tensor;
}

/** The real numbers that codes stand for, for a runtime that takes float32 alone. */
export function toFloats(tensor: GraphTensor, data: TensorData): Float32Array {
  if (data instanceof Float32Array) return data;
  const scale = tensor.quantization?.scales[0] ?? NaN;
  const zeroPoint = zeroPointOf(tensor);
  const floats = new Float32Array(data.length);
  for (let i = 0; i < floats.length; i++) floats[i] = scale * (Number(data[i]) - zeroPoint);
  return floats;
}

/** The codes that `toFloats` turns into these numbers; each is a multiple of the scale but for rounding. */
export function fromFloats(tensor: GraphTensor, floats: Float32Array): TensorData {
  if (tensor.type === 'float32') return floats;
  const scale = tensor.quantization?.scales[0] ?? NaN;
  const zeroPoint = zeroPointOf(tensor);
  const codes = elementTypes[tensor.type].allocate(floats.length);
  for (let i = 0; i < floats.length; i++) {
    codes[i] = Math.round((floats[i] ?? NaN) / scale) + zeroPoint;
  }
  return codes;
}

/** What a runtime says when it cannot take a graph, as the error that says so. */
export function refusal(name: string, graph: Graph, cause: unknown): UnsupportedError {
  const message = cause instanceof Error ? cause.message : String(cause);
  return new UnsupportedError(`Graph "${graph.name}": Expected ${name} to take it. ${message}`, {
    cause,
  });
}
