/** Modules for tests: graphs, compiled with the kernels of this build. */

import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { expect } from 'vitest';
import { networkOf } from '../../conformance/arbitrary-networks.ts';
import type { ModuleExports } from '../../golden/module-backend.ts';
import {
  GraphError,
  operatorGraph,
  validateGraph,
  type GivenAttributes,
  type Graph,
  type OperatorKind,
  type PrecisionName,
  type TensorData,
} from '../../reference/index.ts';
import { kernelsPath } from '../../tools/kernels.ts';
import { loadModel } from '../../tools/models.ts';
import { compileGraph } from '../compile/index.ts';
import { compileModule, type CompiledModule } from '../module/index.ts';
import type { Variant } from '../runtime/index.ts';

export const kernelBytes = {
  simd: readFileSync(kernelsPath()),
  relaxed: readFileSync(kernelsPath('relaxed')),
};

export const compile = (graph: Graph, variant: Variant = 'simd'): CompiledModule =>
  compileModule(graph, kernelBytes[variant]);

export function exportsOf({ bytes }: CompiledModule): ModuleExports {
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes));
  return exports as unknown as ModuleExports;
}

export function drawnNetwork(drawn: Parameters<typeof networkOf>[0]): Graph {
  try {
    return networkOf(drawn);
  } catch (error) {
    if (error instanceof GraphError) fc.pre(false);
    throw error;
  }
}

/** A graph of one operator on zeros. */
export function graphOf<K extends OperatorKind>(
  kind: K,
  precision: PrecisionName,
  attributes: GivenAttributes<K>,
  ...shapes: readonly (readonly number[])[]
): Graph {
  const zeros = (length: number): TensorData =>
    precision === 'float32' ? new Float32Array(length) : new Int8Array(length);
  const inputs = shapes.map((shape) => ({ shape, data: zeros(shape.reduce((a, b) => a * b)) }));
  const { graph } = operatorGraph(kind, precision, attributes, inputs);
  validateGraph(graph);
  return graph;
}

/** The Program that a module holds: it prepares no images. */
export function programOf({ preprocessing, ...bare }: Graph): Uint8Array {
  expect(preprocessing).toBeDefined();
  return compileGraph(bare, { report: false });
}

export const small = loadModel({ model: 'small', precision: 'int8' });
