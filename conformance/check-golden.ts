/** A back end against a golden record: bit for bit where the arithmetic is exact, within bounds where it is not. */

import {
  observedTensors,
  referenceBackend,
  type Backend,
  type Prepared,
} from '../golden/backend.ts';
import { coordinatesOf, elementDifference, entryDifference } from '../golden/differences.ts';
import { goldenInputs, type GoldenInput } from '../golden/inputs.ts';
import { describeGraph, entryOf, type GoldenEntry, type GoldenRecord } from '../golden/record.ts';
import type { Graph, Operator, TensorData } from '../reference/index.ts';
import { compareNetwork, isExactGraph } from './compare-network.ts';

/** One thing that does not hold, with what machines may want of its text. */
export interface Finding {
  readonly text: string;
  readonly input?: string;
  /** Name of the tensor that the first differing operator writes, and the operator's position in the graph. */
  readonly layer?: string;
  readonly position?: number;
  /** The first differing element, in memory order and per axis. */
  readonly index?: number;
  readonly coordinates?: readonly number[];
  readonly expected?: number;
  readonly found?: number;
  readonly bound?: number;
}

export interface InputResult {
  readonly findings: readonly Finding[];
  /** Where bounds hold instead of bits: the largest error of any operator as a fraction of its bound. */
  readonly worst?: number;
  /** Where bounds hold instead of bits: the largest difference of an output element from the golden one. */
  readonly outputDifference?: number;
}

export interface CheckResult extends InputResult {
  readonly inputs: number;
  /** Inputs without a finding. */
  readonly equal: number;
}

/**
 * Runs every golden input on a back end and holds the results to a record of the graph.
 *
 * @throws {UsageError} where the package of a photograph is not installed
 * @throws {RangeError} for a back end that does not tell what is needed to compare it
 */
export async function checkGolden(
  graph: Graph,
  record: GoldenRecord,
  backend: Backend,
  onInput: (input: GoldenInput) => void = () => undefined,
): Promise<CheckResult> {
  const stale = staleFinding(graph, record);
  const inputs = goldenInputs.length;
  if (stale !== undefined) return { inputs, equal: 0, findings: [stale] };
  const prepared = await backend.prepare(graph);
  const results: InputResult[] = [];
  for (const input of goldenInputs) {
    onInput(input);
    results.push(await checkInput(graph, record, input, backend, prepared));
  }
  const largest = (values: readonly (number | undefined)[]): number | undefined =>
    values.reduce(
      (a, b) => (a === undefined ? b : b === undefined ? a : Math.max(a, b)),
      undefined,
    );
  const worst = largest(results.map((result) => result.worst));
  const outputDifference = largest(results.map((result) => result.outputDifference));
  return {
    inputs,
    equal: results.filter(({ findings }) => findings.length === 0).length,
    findings: results.flatMap(({ findings }) => findings),
    ...(worst === undefined ? {} : { worst }),
    ...(outputDifference === undefined ? {} : { outputDifference }),
  };
}

/** Holds a back end, prepared for the graph, to a record's entry of one input. */
export async function checkInput(
  graph: Graph,
  record: GoldenRecord,
  input: GoldenInput,
  backend: Backend,
  prepared: Prepared,
): Promise<InputResult> {
  const golden = record.entries.find((entry) => entry.input === input.name);
  if (golden === undefined) {
    throw new RangeError(`Expected a golden entry of input "${input.name}"`);
  }
  const data = await input.make(graph);
  const run = await prepared.run([data]);
  const found = entryOf(graph, input.name, data, run);
  const difference = entryDifference(record, golden, found);
  if (difference?.inputChanged === true) {
    return {
      findings: [
        {
          input: input.name,
          text: `Input "${input.name}": Expected a tensor of SHA-256 ${golden.sha256} but found ${found.sha256}`,
        },
      ],
    };
  }
  if (backend !== referenceBackend && !isExactGraph(graph)) {
    const { worst, violation } = compareNetwork(graph, [data], run);
    const outputDifference = Math.max(
      ...golden.outputs.map((output, i) => largestDifference(output, found.outputs[i])),
    );
    const operator = graph.operators[violation?.position ?? -1];
    if (violation === undefined || operator === undefined) {
      return { findings: [], worst: worst.share, outputDifference };
    }
    const finding = elementFinding(graph, input.name, operator, violation);
    return { findings: [finding], worst: worst.share, outputDifference };
  }
  if (difference === undefined) return { findings: [] };
  const truth = await (await referenceBackend.prepare(graph)).run([data]);
  const expected = observedTensors(graph, truth);
  const observed = observedTensors(graph, run);
  for (const operator of graph.operators) {
    const { name = '', shape = [] } = graph.tensors[operator.output] ?? {};
    const tensor = observed.get(name);
    if (tensor === undefined) continue;
    const element = elementDifference(shape, expected.get(name)?.data, tensor.data);
    if (element !== undefined) {
      return { findings: [elementFinding(graph, input.name, operator, element)] };
    }
  }
  // The back end computes what the reference does: it is the record that says otherwise.
  return { findings: recordFindings(record, golden, found) };
}

/** What keeps a record from being compared at all. */
function staleFinding(graph: Graph, record: GoldenRecord): Finding | undefined {
  const description = describeGraph(graph);
  if (record.graph !== description.graph) {
    return {
      text: `Expected outputs of the graph with SHA-256 ${description.graph} but found those of ${record.graph}`,
    };
  }
  const list = (names: readonly string[]): string => names.map((name) => `"${name}"`).join(', ');
  const wanted = list(goldenInputs.map((input) => input.name));
  const found = list(record.entries.map((entry) => entry.input));
  if (wanted !== found) return { text: `Expected inputs ${wanted} but found ${found}` };
  const layers = list(description.layers);
  if (layers !== list(record.layers)) {
    return { text: `Expected layers ${layers} but found ${list(record.layers)}` };
  }
  return undefined;
}

interface Element {
  readonly index: number;
  readonly expected: number;
  readonly found: number;
  readonly bound?: number;
}

function elementFinding(
  graph: Graph,
  input: string,
  operator: Operator,
  { index, expected, found, bound = 0 }: Element,
): Finding {
  const { name: layer = '', shape = [] } = graph.tensors[operator.output] ?? {};
  const position = graph.operators.indexOf(operator);
  const coordinates = coordinatesOf(index, shape);
  const count = `${String(position + 1)} of ${String(graph.operators.length)}`;
  const within = bound === 0 ? '' : ` within ${bound.toPrecision(3)}`;
  return {
    text: `Input "${input}": Layer "${layer}" (${operator.kind}, ${count}) differs first, at element ${String(index)} [${coordinates.join(', ')}]: Expected ${String(expected)}${within} but found ${String(found)}`,
    input,
    layer,
    position,
    index,
    coordinates,
    expected,
    found,
    ...(bound === 0 ? {} : { bound }),
  };
}

/** Where a record differs from the reference: a digest tells the layer, the output its elements. */
function recordFindings(
  record: GoldenRecord,
  golden: GoldenEntry,
  found: GoldenEntry,
): readonly Finding[] {
  const { layers = [], outputs = [] } = entryDifference(record, golden, found) ?? {};
  const { input } = golden;
  const [layer] = layers;
  return [
    ...(layer === undefined
      ? []
      : [
          {
            text: `Input "${input}": Layer "${layer}" of the reference differs first: Expected digest ${String(golden.digests.get(layer))} but found ${String(found.digests.get(layer))}`,
            input,
            layer,
            position: record.layers.indexOf(layer),
          },
        ]),
    ...outputs.map(({ output, ...element }) => ({
      text: `Input "${input}": Output "${output}" of the reference differs at element ${String(element.index)} [${element.coordinates.join(', ')}]: Expected ${String(element.expected)} but found ${String(element.found)}`,
      input,
      layer: output,
      position: record.layers.indexOf(output),
      ...element,
    })),
  ];
}

function largestDifference(expected: TensorData, found: TensorData = new Uint8Array()): number {
  let largest = 0;
  for (let i = 0; i < expected.length; i++) {
    const difference = Math.abs(Number(expected[i]) - Number(found[i]));
    if (!(difference <= largest)) largest = difference;
  }
  return largest;
}
