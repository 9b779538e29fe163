/** What a network does on inputs: ranges, times and logits, on the fast path. */

import { compileGraph } from '../../fastpath/compile/index.ts';
import { loadProgram, type Elements, type Variant } from '../../fastpath/runtime/index.ts';
import type { Graph } from '../../reference/index.ts';
import { timeSteps } from '../bench/layers.ts';
import { dequantizedOutputs, withLogits } from '../evaluation/outputs.ts';
import { bestKernels } from '../kernels.ts';

export interface NetworkRun {
  readonly variant: Variant;
  /** Of each operator: the smallest and largest number that it gave. */
  readonly ranges: readonly (readonly [number, number])[];
  /** Of each operator: CPU milliseconds on one input, and the kernels that take them. */
  readonly times?: readonly {
    readonly milliseconds: number;
    readonly kernels: readonly string[];
  }[];
}

const TIMED_PASSES = 9;

/**
 * Runs a network on every sample, and times its layers on the last.
 *
 * @throws {UnsupportedError} for a network that the fast path has no kernels for
 */
export async function runNetwork(
  graph: Graph,
  samples: readonly (readonly Elements[])[],
  timed: boolean,
): Promise<NetworkRun> {
  const { kernels, variant } = await bestKernels();
  const network = await loadProgram(compileGraph(graph, { intermediates: true }), kernels);
  const codes = graph.operators.map(() => ({ min: Infinity, max: -Infinity }));
  for (const sample of samples) {
    let position = 0;
    network.runSteps(sample, ({ data }) => {
      const range = codes[position++];
      if (range === undefined) return;
      for (const value of data) {
        if (value < range.min) range.min = value;
        if (value > range.max) range.max = value;
      }
    });
  }
  const ranges = graph.operators.map(({ output }, i) => {
    const { scales: [scale = 1] = [], zeroPoint = 0 } = graph.tensors[output]?.quantization ?? {};
    const { min, max } = codes[i] ?? { min: NaN, max: NaN };
    return [scale * (min - zeroPoint), scale * (max - zeroPoint)] as const;
  });
  if (!timed) return { variant, ranges };
  const times = timeSteps(network, TIMED_PASSES);
  let position = 0;
  return {
    variant,
    ranges,
    times: network.description.intermediates.map(({ steps }) => {
      const own = { from: position, to: Math.max(position, steps) };
      position = own.to;
      return {
        milliseconds: times.slice(own.from, own.to).reduce((sum, time) => sum + time, 0),
        kernels: network.steps.slice(own.from, own.to).map(({ kernel }) => kernel),
      };
    }),
  };
}

/** The logits of a network, as real numbers, for each sample. */
export async function logitsOf(
  graph: Graph,
  samples: readonly (readonly Elements[])[],
): Promise<readonly (readonly number[])[]> {
  const { kernels } = await bestKernels();
  const both = withLogits(graph);
  const [, index = -1] = both.outputs;
  const logits = both.tensors[index];
  if (logits === undefined) throw new Error('Expected logits');
  const network = await loadProgram(
    compileGraph({ ...both, outputs: [index], labels: [] }),
    kernels,
  );
  return samples.map((sample) => {
    const [data = new Int8Array(0)] = network.run(...sample);
    return dequantizedOutputs([{ ...logits, data }])[0] ?? [];
  });
}
