/** What is timed: a graph in a runtime, ours or another. */

import type { Graph, PrecisionName, TensorData } from '../../reference/index.ts';

/** A graph in a runtime. `compute` alone is the inference: what the benchmark times. */
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

/** A runtime. */
export interface Peer {
  readonly name: string;
  /** What it computes in; absent: all. */
  readonly precisions?: readonly PrecisionName[];
  /**
   * @throws {UnsupportedError} for a graph that the runtime, or the format it reads, does not know
   */
  readonly open: (graph: Graph, options?: SessionOptions) => Promise<Session>;
}
