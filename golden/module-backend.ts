/** Models compiled to one WebAssembly module each as back ends, one a variant. They tell outputs alone. */

import { readFileSync } from 'node:fs';
import { compileModule, type ModuleDescription } from '../fastpath/module/index.ts';
import type { Variant } from '../fastpath/runtime/index.ts';
import { elementCount, elementTypes, type TensorData } from '../reference/index.ts';
import { kernelsPath } from '../tools/kernels.ts';
import type { Backend } from './backend.ts';

export const moduleBackend = backendOf('module', 'simd');
export const moduleRelaxedBackend = backendOf('module-relaxed', 'relaxed');
export const moduleBackends = [moduleBackend, moduleRelaxedBackend] as const;

/** What a compiled model exports. */
export interface ModuleExports {
  readonly memory: WebAssembly.Memory;
  readonly input: WebAssembly.Global<'i32'>;
  readonly output: WebAssembly.Global<'i32'>;
  readonly describe: WebAssembly.Global<'i32'>;
  readonly run: () => void;
}

function backendOf(name: string, variant: Variant): Backend {
  return {
    name,
    // float32 is held to bounds, operator by operator.
    precisions: ['int16', 'int8'],
    prepare: async (graph) => {
      const { bytes } = compileModule(graph, readFileSync(kernelsPath(variant)));
      const { instance } = await WebAssembly.instantiate(bytes);
      const exports = instance.exports as unknown as ModuleExports;
      const { output } = descriptionIn(exports);
      const tensor = graph.tensors[graph.outputs[0] ?? -1];
      if (tensor === undefined) throw new Error('Expected an output');
      return {
        run: ([input]) => {
          if (input === undefined) throw new Error('Expected an input');
          const bytesOf = new Uint8Array(input.buffer, input.byteOffset, input.byteLength);
          new Uint8Array(exports.memory.buffer).set(bytesOf, exports.input.value);
          exports.run();
          const data = elementsAt(exports, output);
          return { outputs: [{ ...tensor, data }], intermediates: new Map() };
        },
      };
    },
  };
}

/** What a module says of itself, as a host without our code reads it. */
export function descriptionIn({ memory, describe }: ModuleExports): ModuleDescription {
  const bytes = new Uint8Array(memory.buffer);
  const text = bytes.subarray(describe.value, bytes.indexOf(0, describe.value));
  return JSON.parse(new TextDecoder().decode(text)) as ModuleDescription;
}

/** A copy of a tensor's elements, without gaps. */
function elementsAt(
  { memory }: ModuleExports,
  { type, shape, stride, address, bytes }: ModuleDescription['output'],
): TensorData {
  const dense = elementTypes[type].allocate(elementCount(shape));
  const size = dense.BYTES_PER_ELEMENT;
  const to = new Uint8Array(dense.buffer);
  const row = (shape.at(-1) ?? 1) * size;
  const from = new Uint8Array(memory.buffer, address, bytes);
  for (let pixel = 0; pixel * row < to.length; pixel++) {
    const start = pixel * stride * size;
    to.set(from.subarray(start, start + row), pixel * row);
  }
  return dense;
}
