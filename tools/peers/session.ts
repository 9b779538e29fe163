/** What the outside runtimes have in common: sessions, and back ends made of them. */

import { UnsupportedError } from '../../fastpath/compile/errors.ts';
import type { Backend, Prepared, RunOutput } from '../../golden/backend.ts';
import type { Graph, GraphTensor, Tensor, TensorData } from '../../reference/index.ts';
import type { Peer, Session, SessionOptions } from '../bench/session.ts';

export type { Peer, Session, SessionOptions };

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

/** What a runtime says when it cannot take a graph, as the error that says so. */
export function refusal(name: string, graph: Graph, cause: unknown): UnsupportedError {
  const message = cause instanceof Error ? cause.message : String(cause);
  return new UnsupportedError(`Graph "${graph.name}": Expected ${name} to take it. ${message}`, {
    cause,
  });
}
