/** The fast path as back ends, one a variant. */

import { compileGraph } from '../fastpath/compile/index.ts';
import { loadProgram, type Elements, type Variant } from '../fastpath/runtime/index.ts';
import type { Graph, Tensor, TensorData } from '../reference/index.ts';
import { kernelsModule } from '../tools/kernels.ts';
import type { Backend, RunOutput } from './backend.ts';

export const fastpathBackend = backendOf('fastpath', 'simd');
export const fastpathRelaxedBackend = backendOf('fastpath-relaxed', 'relaxed');
export const backendOfVariant: Readonly<Record<Variant, Backend>> = {
  simd: fastpathBackend,
  relaxed: fastpathRelaxedBackend,
};
export const fastpathBackends = [fastpathBackend, fastpathRelaxedBackend] as const;

function backendOf(name: string, variant: Variant): Backend {
  return {
    name,
    prepare: async (graph) => {
      const program = await loadProgram(
        compileGraph(graph, { intermediates: true }),
        kernelsModule(variant),
      );
      return {
        run: (inputs) => {
          const intermediates = new Map<string, Tensor>();
          const outputs = program.runSteps(inputs.map(elementsOf), ({ tensor, data }) => {
            intermediates.set(tensor.name, { ...tensorNamed(graph, tensor.name), data });
          });
          return { outputs: outputTensors(graph, outputs), intermediates } satisfies RunOutput;
        },
      };
    },
  };
}

function elementsOf(data: TensorData): Elements {
  if (data instanceof Int32Array || data instanceof BigInt64Array) {
    throw new TypeError(`Expected activations as input but found ${data.constructor.name}`);
  }
  return data;
}

function outputTensors(graph: Graph, outputs: readonly Elements[]): readonly Tensor[] {
  return graph.outputs.map((index, position) => {
    const tensor = graph.tensors[index];
    const data = outputs[position];
    if (tensor === undefined || data === undefined) throw new Error('Expected an output');
    return { ...tensor, data };
  });
}

function tensorNamed(graph: Graph, name: string): Graph['tensors'][number] {
  const tensor = graph.tensors.find((each) => each.name === name);
  if (tensor === undefined) throw new Error(`Expected a tensor "${name}"`);
  return tensor;
}
