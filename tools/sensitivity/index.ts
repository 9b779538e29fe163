/**
 * What each layer's weights cost where they alone have fewer bits: the network's logits against those of the network as
 * it is, on given inputs, on the fast path.
 *
 * The network is walked once. At each layer its outputs are computed anew for every candidate, then what follows it; what
 * comes before it is not computed again.
 */

import { compileGraph } from '../../fastpath/compile/index.ts';
import { loadProgram, type Elements } from '../../fastpath/runtime/index.ts';
import type { Graph, GraphTensor, Operator } from '../../reference/index.ts';
import { dequantizedOutputs, indexOfLargest, withLogits } from '../evaluation/outputs.ts';
import { bestKernels } from '../kernels.ts';
import {
  isWeighted,
  roundOperatorToNearest,
  type Constants,
  type WeightedOperator,
} from './rounding.ts';
import { operatorsTowards, subgraphOf, type Subgraph } from './subgraphs.ts';

export {
  channelLayout,
  channelPeaks,
  isWeighted,
  roundOperatorToNearest,
  type ChannelLayout,
  type Constants,
  type WeightedOperator,
} from './rounding.ts';

/** Bits of a weight that are tried where nothing else is said. */
export const weightWidths = [8, 6, 5, 4, 3, 2] as const;

/** What a change does to the logits. */
export interface Effect {
  /** Power of the logits over that of their difference, in dB; infinite where every bit is the same. */
  readonly sqnr: number;
  /** Inputs whose largest logit is that of another class. */
  readonly changed: number;
}

export interface WidthEffect extends Effect {
  readonly bits: number;
}

export interface LayerSensitivity {
  /** Index of the operator in the graph. */
  readonly operator: number;
  /** In the order of the widths. */
  readonly effects: readonly WidthEffect[];
}

export interface SensitivityOptions {
  readonly widths?: readonly number[];
  /** The constants of a layer in a width; undefined where they stay. Default: `roundOperatorToNearest`. */
  readonly round?: (
    graph: Graph,
    operator: WeightedOperator,
    bits: number,
  ) => Constants | undefined;
  /** Told after each layer. */
  readonly onProgress?: (done: number, total: number) => void;
}

/** One array for each input of the graph. */
export type Sample = readonly Elements[];

/**
 * Measures every layer with weights that leads to the logits: the input of the last softmax, or the first output.
 *
 * @throws {GraphError} for a network that is invalid, or becomes so with a layer's constants
 * @throws {UnsupportedError} for one that the fast path has no kernels for
 * @throws {RangeError} for a layer that `round` cannot round
 */
export async function measureSensitivity(
  graph: Graph,
  samples: readonly Sample[],
  options: SensitivityOptions = {},
): Promise<readonly LayerSensitivity[]> {
  const { widths = weightWidths, round = roundOperatorToNearest, onProgress } = options;
  const logits = logitsOf(graph);
  const operators = operatorsTowards(graph.operators, logits);
  const whole = await loadPart(subgraphOf(graph, operators, [logits]));
  const live: Live[] = samples.map(
    (sample) => new Map(graph.inputs.map((index, i) => [index, sample[i] ?? new Int8Array(0)])),
  );
  const truth = live.map((tensors) => whole(tensors));
  const compare = comparison(graph.tensors[logits], truth);
  const total = operators.filter(isWeighted).length;
  const found: LayerSensitivity[] = [];
  for (const [position, operator] of operators.entries()) {
    const after = operators.slice(position + 1);
    if (isWeighted(operator)) {
      const rest =
        after.length === 0
          ? (tensors: Live) => elementsAt(tensors, operator.output)
          : await loadPart(subgraphOf(graph, after, [logits]));
      const effects: WidthEffect[] = [];
      for (const bits of widths) {
        const constants = round(graph, operator, bits);
        if (constants === undefined) {
          effects.push({ bits, sqnr: Infinity, changed: 0 });
          continue;
        }
        const changed = await loadPart(
          subgraphOf(graph, [operator], [operator.output], replacements(operator, constants)),
        );
        const outputs = live.map((tensors) =>
          rest(new Map([...tensors, [operator.output, changed(tensors)]])),
        );
        effects.push({ bits, ...compare(outputs) });
      }
      found.push({ operator: graph.operators.indexOf(operator), effects });
      onProgress?.(found.length, total);
    }
    await advance(graph, operator, after, live);
  }
  return found;
}

/** The tensors of a run that are still read, by index. */
type Live = Map<number, Elements>;

/** Computes an operator for every sample, and forgets what no later one reads. */
async function advance(
  graph: Graph,
  operator: Operator,
  after: readonly Operator[],
  live: readonly Live[],
): Promise<void> {
  const run = await loadPart(subgraphOf(graph, [operator], [operator.output]));
  const needed = new Set(after.flatMap(({ inputs }) => inputs));
  for (const tensors of live) {
    tensors.set(operator.output, run(tensors));
    for (const each of tensors.keys()) {
      if (!needed.has(each)) tensors.delete(each);
    }
  }
}

/** A part compiled: from the tensors that it reads to its only output. */
async function loadPart({ graph, inputs }: Subgraph): Promise<(tensors: Live) => Elements> {
  const { kernels } = await bestKernels();
  const network = await loadProgram(compileGraph(graph, { intermediates: true }), kernels);
  return (tensors) => {
    const [output = new Int8Array(0)] = network.run(
      ...inputs.map((index) => elementsAt(tensors, index)),
    );
    return output;
  };
}

function elementsAt(tensors: Live, index: number): Elements {
  const elements = tensors.get(index);
  if (elements === undefined) throw new Error(`Expected tensor ${String(index)} to be computed`);
  return elements;
}

function replacements(
  { inputs: [, weights = -1, bias = -1] }: WeightedOperator,
  constants: Constants,
): ReadonlyMap<number, GraphTensor> {
  return new Map([
    [weights, constants.weights],
    ...(constants.bias === undefined ? [] : [[bias, constants.bias] as const]),
  ]);
}

function logitsOf(graph: Graph): number {
  return withLogits(graph).outputs[1] ?? -1;
}

/** Tells outputs of the same tensor from `truth`, over all samples together. */
export function comparison(
  tensor: GraphTensor | undefined,
  truth: readonly Elements[],
): (outputs: readonly Elements[]) => Effect {
  if (tensor === undefined) throw new Error('Expected a tensor to compare');
  const real = (data: Elements): readonly number[] =>
    dequantizedOutputs([{ ...tensor, data }])[0] ?? [];
  const expected = truth.map(real);
  return (outputs) => compareLogits(expected, outputs.map(real));
}

/** `expected` and `found`: the logits of each input. */
export function compareLogits(
  expected: readonly (readonly number[])[],
  found: readonly (readonly number[])[],
): Effect {
  let signal = 0;
  let noise = 0;
  let changed = 0;
  expected.forEach((logits, i) => {
    const other = found[i] ?? [];
    logits.forEach((value, c) => {
      signal += value * value;
      noise += (value - (other[c] ?? NaN)) ** 2;
    });
    if (indexOfLargest(logits) !== indexOfLargest(other)) changed += 1;
  });
  return { sqnr: noise === 0 ? Infinity : 10 * Math.log10(signal / noise), changed };
}
