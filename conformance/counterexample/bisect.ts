/**
 * From a network that a back end computes wrongly to one operator that it computes wrongly.
 *
 * Each operator is held to the reference on the back end's own inputs to it, so that the first one that differs is wrong
 * itself and not through what came before. It is then run alone, on those inputs: where it is right alone, the bug lies in
 * what a network adds, such as planning of memory, layout or fusion.
 */

import { observedTensors, runGraph, type Backend, type RunOutput } from '../../golden/backend.ts';
import { coordinatesOf } from '../../golden/differences.ts';
import {
  elementTypeOf,
  operatorGraph,
  type GivenQuantization,
  type Graph,
  type GraphTensor,
  type Operator,
  type TensorData,
} from '../../reference/index.ts';
import { compareNetwork } from '../compare-network.ts';
import { compareCase, type OperatorCase } from '../operator-case.ts';
import type { Violation } from '../tolerances.ts';
import {
  attributesOf,
  cutsOf,
  isNumbers,
  range,
  take,
  typedCase,
  withAttributes,
  withInput,
  type TypedCase,
} from './cuts.ts';
import { taps } from './explain-sums.ts';

/** Where a network goes wrong first. */
interface Located {
  readonly text: string;
  /** The operator's position in the graph. */
  readonly position: number;
  readonly operator: Operator;
  /** The first element of its output beyond its bound, in the network. */
  readonly inNetwork: Violation;
}

export type Bisection =
  /** Nothing differs. */
  | { readonly outcome: 'right'; readonly text: string }
  /** The back end does not report these tensors, so that the layers cannot be told apart. */
  | { readonly outcome: 'untold'; readonly text: string; readonly missing: readonly string[] }
  /** The operator is wrong on its own. */
  | (Located & {
      readonly outcome: 'operator';
      /** The operator alone, cut down to what the element is computed from where it fails like that too. */
      readonly drawn: OperatorCase;
      /** The first element of that case beyond its bound. */
      readonly violation: Violation;
    })
  /** The operator is right on its own, on the very inputs that it has in the network, or cannot be run on its own. */
  | (Located & {
      readonly outcome: 'network';
      readonly drawn: OperatorCase;
      /** Why the back end did not run it alone. */
      readonly refusal?: string;
    });

/**
 * Finds the first operator of a graph that a back end computes wrongly for `inputs` (one typed array per input of the
 * graph), and makes a case of it.
 *
 * @throws {RangeError} where the run gives tensors of another type, size or number than the graph says
 */
export async function bisectNetwork(
  graph: Graph,
  inputs: readonly TensorData[],
  backend: Backend,
): Promise<Bisection> {
  const run = await runGraph(backend, graph, inputs);
  const observed = observedTensors(graph, run);
  const missing = graph.operators
    .map(({ output }) => tensorAt(graph, output).name)
    .filter((name) => !observed.has(name));
  if (missing.length > 0) return { outcome: 'untold', text: untold(backend, missing), missing };
  const { violation } = compareNetwork(graph, inputs, run);
  if (violation === undefined) {
    return { outcome: 'right', text: `Back end "${backend.name}" computes every operator rightly` };
  }
  const { position, ...inNetwork } = violation;
  const operator = graph.operators[position];
  if (operator === undefined) throw new Error(`Expected operator ${String(position)}`);
  const drawn = operatorCase(graph, operator, inputs, run);
  const where = describe(graph, operator, inNetwork);
  const located = { position, operator, inNetwork };
  try {
    const alone = await violationOf(drawn, backend);
    if (alone === undefined) {
      const text = `${where}. Alone, on the same inputs, it is right: look at memory planning, layout and fusion`;
      return { ...located, outcome: 'network', drawn, text };
    }
    const smallest = await cropped(drawn, alone, backend);
    const text = `${where}. Alone, on the same inputs, it is wrong too`;
    return { ...located, ...smallest, outcome: 'operator', text };
  } catch (error) {
    const refusal = error instanceof Error ? error.message : String(error);
    const text = `${where}. Alone, it could not be run: ${refusal}`;
    return { ...located, outcome: 'network', drawn, refusal, text };
  }
}

function untold(backend: Backend, missing: readonly string[]): string {
  const [first = ''] = missing;
  const more = missing.length === 1 ? '' : ` and ${String(missing.length - 1)} more`;
  return `Back end "${backend.name}" does not report tensor "${first}"${more}, so that layers cannot be told apart`;
}

function describe(graph: Graph, operator: Operator, violation: Violation): string {
  const { index, expected, found, bound } = violation;
  const { shape } = tensorAt(graph, operator.output);
  const count = `${String(graph.operators.indexOf(operator) + 1)} of ${String(graph.operators.length)}`;
  const within = bound === 0 ? '' : ` within ${bound.toPrecision(3)}`;
  return `Operator "${operator.name}" (${operator.kind}, ${count}) differs first, at element ${String(index)} [${coordinatesOf(index, shape).join(', ')}]: Expected ${String(expected)}${within} but found ${String(found)}`;
}

/** An operator of a network, on what the back end gave it there. */
export function operatorCase(
  graph: Graph,
  { kind, attributes, inputs, output }: Operator,
  given: readonly TensorData[],
  run: RunOutput,
): OperatorCase {
  const observed = observedTensors(graph, run);
  const tensors = inputs.map((index) => {
    const tensor = tensorAt(graph, index);
    const data =
      tensor.data ?? given[graph.inputs.indexOf(index)] ?? observed.get(tensor.name)?.data;
    if (data === undefined) throw new RangeError(`Expected tensor "${tensor.name}"`);
    return { shape: tensor.shape, data: data.slice(), ...givenQuantization(tensor) };
  });
  const written = tensorAt(graph, output);
  const decisive = kind === 'quantize' ? written.type : elementTypeOf(tensors[0]?.data);
  return {
    kind,
    // uint8 stands at the ends of int8 networks.
    precision: decisive === 'float32' || decisive === 'int16' ? decisive : 'int8',
    attributes: { ...attributes, output: { type: written.type, ...givenQuantization(written) } },
    inputs: tensors,
  };
}

function givenQuantization({ quantization }: GraphTensor): GivenQuantization {
  if (quantization === undefined) return {};
  const { scales, zeroPoint } = quantization;
  const [scale] = scales;
  return {
    ...(scale === undefined ? {} : { scale: scales.length === 1 ? scale : scales }),
    zeroPoint,
  };
}

interface Failing {
  readonly drawn: OperatorCase;
  readonly violation: Violation;
}

/** The smallest of a few parts of a case, around an element that differs, that differ too; or the case itself. */
async function cropped(
  drawn: OperatorCase,
  violation: Violation,
  backend: Backend,
): Promise<Failing> {
  for (const part of partsAround(typedCase(drawn), violation.index)) {
    try {
      const found = await violationOf(part, backend);
      if (found !== undefined) return { drawn: part, violation: found };
    } catch {
      // A part that breaks a rule, or that the back end does not run, says nothing of this bug.
    }
  }
  return { drawn, violation };
}

async function violationOf(drawn: OperatorCase, backend: Backend): Promise<Violation | undefined> {
  const { violation } = await compareCase(drawn, backend);
  if (violation === undefined) return undefined;
  const { index, expected, found, bound } = violation;
  return { index, expected, found, bound };
}

/** What an element is computed from, smallest first: one channel of its window, its window, its channel, its image. */
function partsAround(drawn: TypedCase, index: number): readonly TypedCase[] {
  switch (drawn.kind) {
    case 'conv2d':
    case 'depthwiseConv2d':
    case 'averagePool': {
      const [n = 0, oy = 0, ox = 0, oc = 0] = coordinatesOf(index, outputShape(drawn));
      const image = kept(drawn, 'batches', [n]);
      const window = windowOf(image, [oy, ox]);
      return [channelOf(window, oc), window, channelOf(image, oc), image];
    }
    case 'fullyConnected': {
      const [n = 0, oc = 0] = coordinatesOf(index, outputShape(drawn));
      const row = rowOf(drawn, n);
      return [kept(row, 'outputs', [oc]), row, kept(drawn, 'outputs', [oc])];
    }
    case 'add':
    case 'clamp':
    case 'relu':
    case 'relu6':
    case 'quantize':
    case 'dequantize':
    case 'reshape':
      return [elementOf(drawn, index)];
    case 'softmax':
      return [softmaxRow(drawn, index)];
    case 'mean': {
      const coordinates = coordinatesOf(index, outputShape(drawn));
      const image = takeInput(drawn, 0, [coordinates[0] ?? 0]);
      return [takeInput(image, 3, [coordinates.at(-1) ?? 0]), image];
    }
    case 'pad':
      return [];
  }
}

function outputShape({ kind, precision, attributes, inputs }: TypedCase): readonly number[] {
  return operatorGraph(kind, precision, attributes, inputs).graph.tensors.at(-1)?.shape ?? [];
}

function takeInput(drawn: TypedCase, axis: number, indices: readonly number[]): TypedCase {
  const [input] = drawn.inputs;
  return input === undefined ? drawn : withInput(drawn, 0, take(input, axis, indices));
}

/** Some pieces in one direction of `cutsOf`; the case itself where it has no such direction. */
function kept(drawn: TypedCase, name: string, pieces: readonly number[]): TypedCase {
  const cut = cutsOf(drawn).find((each) => each.name === name);
  return cut === undefined ? takeInput(drawn, 0, pieces) : cut.keep(pieces);
}

/** The channel that an output channel is computed from, with nothing of the others. */
function channelOf(drawn: TypedCase, oc: number): TypedCase {
  switch (drawn.kind) {
    case 'averagePool':
      return takeInput(drawn, 3, [oc]);
    case 'depthwiseConv2d': {
      const [input, weights] = drawn.inputs;
      const multiplier = (weights?.shape[3] ?? 1) / (input?.shape[3] ?? 1);
      const one = kept(drawn, 'channels', [Math.floor(oc / multiplier)]);
      return kept(one, 'depth multiplier', [oc % multiplier]);
    }
    default: {
      const outputs = cutsOf(drawn).find((each) => each.name === 'output channels')?.extent ?? 1;
      const one = kept(drawn, 'groups', [Math.floor(oc / outputs)]);
      return kept(one, 'output channels', [oc % outputs]);
    }
  }
}

/** The pixels that one output pixel sees, padded as much as its window reaches out of the image. */
function windowOf(drawn: TypedCase, pixel: readonly [number, number]): TypedCase {
  const attributes = attributesOf(drawn);
  const [input, weights] = drawn.inputs;
  if (input === undefined) return drawn;
  const [, height = 1, width = 1] =
    drawn.kind === 'averagePool' ? [1, ...pair(attributes['size'])] : (weights?.shape ?? []);
  const { padding = [0, 0, 0, 0] } = attributes;
  const all = taps(
    input.shape,
    [height, width],
    pixel,
    pair(attributes['stride']),
    pair(attributes['dilation']),
    padding as readonly number[],
  );
  const rows = span(
    all.map(({ iy }) => iy),
    input.shape[1] ?? 1,
  );
  const columns = span(
    all.map(({ ix }) => ix),
    input.shape[2] ?? 1,
  );
  // A window outside of the image has no pixels to be cut down to.
  if (rows === undefined || columns === undefined) return drawn;
  const cut = takeInput(takeInput(drawn, 1, rows.inside), 2, columns.inside);
  return withAttributes(cut, { ...attributes, padding: [...rows.outside, ...columns.outside] });
}

/** The positions of a window along an axis that lie in the image, and how far it reaches out of it on either side. */
function span(
  positions: readonly number[],
  extent: number,
): { readonly inside: readonly number[]; readonly outside: readonly [number, number] } | undefined {
  const first = Math.min(...positions);
  const last = Math.max(...positions);
  const inside = range(extent).filter((at) => at >= first && at <= last);
  if (inside.length === 0) return undefined;
  return { inside, outside: [Math.max(-first, 0), Math.max(last - extent + 1, 0)] };
}

function pair(value: unknown): readonly [number, number] {
  const [height = 1, width = 1] = isNumbers(value) ? value : [];
  return [height, width];
}

/** One row of the flattened input of a fully connected layer. */
function rowOf(drawn: TypedCase, n: number): TypedCase {
  const [input, weights] = drawn.inputs;
  const inner = weights?.shape[1];
  if (input === undefined || inner === undefined) return drawn;
  const flat = { ...input, shape: [input.data.length / inner, inner] };
  return withInput(drawn, 0, take(flat, 0, [n]));
}

/** One element of every input. */
function elementOf(drawn: TypedCase, index: number): TypedCase {
  const inputs = drawn.inputs.map((tensor) =>
    take({ ...tensor, shape: [tensor.data.length] }, 0, [index]),
  );
  const attributes = attributesOf(drawn);
  const shape = drawn.kind === 'reshape' ? { shape: [1] } : {};
  return withAttributes({ ...drawn, inputs }, { ...attributes, ...shape });
}

function softmaxRow(drawn: TypedCase, index: number): TypedCase {
  const [input] = drawn.inputs;
  const length = input?.shape.at(-1) ?? 1;
  if (input === undefined) return drawn;
  const rows = { ...input, shape: [input.data.length / length, length] };
  return withInput(drawn, 0, take(rows, 0, [Math.floor(index / length)]));
}

function tensorAt(graph: Graph, index: number): GraphTensor {
  const tensor = graph.tensors[index];
  if (tensor === undefined) throw new Error(`Expected tensor ${String(index)} to exist`);
  return tensor;
}
