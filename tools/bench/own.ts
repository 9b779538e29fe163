/** The fast path as a runtime under the clock. */

import { compileGraph, type CompileOptions } from '../../fastpath/compile/index.ts';
import {
  loadProgram,
  type Elements,
  type FastPath,
  type Variant,
} from '../../fastpath/runtime/index.ts';
import type { Graph, TensorData } from '../../reference/index.ts';
import { kernelsModule } from '../kernels.ts';
import type { Peer } from './session.ts';

/** The name under which a variant's times are told. */
export function ownName(variant: Variant): string {
  return `plumbline-${variant}`;
}

/** `compute` writes the input and copies the output too: a Program's arena has no room that keeps them. */
export function ownRuntime(variant: Variant): Peer {
  return {
    name: ownName(variant),
    open: async (graph) => {
      const network = await loadNetwork(graph, variant);
      let inputs: readonly Elements[] = [];
      let outputs: readonly Elements[] = [];
      return {
        load: (data) => {
          inputs = data.map(elementsOf);
        },
        compute: () => {
          outputs = network.run(...inputs);
        },
        read: () =>
          new Map(
            graph.outputs.map((index, i) => {
              const output = outputs[i];
              if (output === undefined) throw new Error('Expected the session to have computed');
              return [index, output];
            }),
          ),
        release: () => undefined,
      };
    },
  };
}

export async function loadNetwork(
  graph: Graph,
  variant: Variant,
  options?: CompileOptions,
): Promise<FastPath> {
  return loadProgram(compileGraph(graph, options), kernelsModule(variant));
}

export function elementsOf(data: TensorData): Elements {
  if (data instanceof Int32Array || data instanceof BigInt64Array) {
    throw new TypeError(`Expected activations as input but found ${data.constructor.name}`);
  }
  return data;
}
