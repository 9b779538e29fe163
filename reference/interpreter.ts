/** Runs a graph, operator by operator, and can report everything it computes on the way. */

import type { Graph } from './graph/graph.ts';
import type { Operator, OperatorKind, OperatorOf } from './graph/operator.ts';
import { allocate, elementCount, type GraphTensor, type Tensor } from './graph/tensor.ts';
import { elementTypeOf, type TensorData } from './graph/element-type.ts';
import type { Call, OperatorDefinition } from './operators/call.ts';
import { operators } from './operators/index.ts';
import { requantizationOf } from './operators/requantization.ts';
import { computedPrecision } from './precision/index.ts';
import {
  tensorAt,
  validateGraph,
  validateMeasuredGraph,
  type UncheckedGraph,
} from './validate/index.ts';

export interface RunOptions {
  /** Report every tensor that an operator writes, by name. */
  readonly intermediates?: boolean;
  /** Report sum of |x * w| + |bias| of each accumulation (float64), by name of the tensor written. */
  readonly magnitudes?: boolean;
  /** Called before each operator with its position and the number of operators. */
  readonly onOperator?: (position: number, count: number) => void;
}

export interface RunResult {
  /** The graph's outputs, in its order. */
  readonly outputs: readonly Tensor[];
  readonly intermediates: ReadonlyMap<string, Tensor>;
  readonly magnitudes: ReadonlyMap<string, Float64Array>;
}

export interface Interpreter {
  readonly graph: Graph;
  /**
   * Runs the graph. `inputs` has one typed array per input of the graph, of its type and element count; they are not
   * modified.
   *
   * @throws {TypeError} for an input of another type
   * @throws {RangeError} for a wrong number of inputs or elements
   */
  readonly run: (inputs: readonly TensorData[], options?: RunOptions) => RunResult;
}

/**
 * Validates a graph and returns what runs it.
 *
 * @throws {GraphError} naming the tensor or operator and the rule it breaks
 */
export function interpreter(graph: UncheckedGraph): Interpreter {
  validateGraph(graph);
  return { graph, run: (inputs, options = {}) => run(graph, inputs, options) };
}

/**
 * Validates a graph of one operator for these inputs alone and runs it: int32 accumulators of int16 that could overflow
 * on others may not on these (rule R1).
 *
 * @throws as `interpreter` and its `run`
 */
export function runOnce(
  graph: UncheckedGraph,
  inputs: readonly TensorData[],
  options: RunOptions,
): RunResult {
  validateMeasuredGraph(graph, (valid, operator) => largestAccumulators(valid, operator, inputs));
  return run(graph, inputs, options);
}

/** Per output channel, of an operator that reads the graph's inputs and constants alone. */
function largestAccumulators(
  graph: Graph,
  operator: Operator,
  inputs: readonly TensorData[],
): Float64Array | undefined {
  const { accumulators } = definitionOf(operator);
  if (accumulators === undefined) return undefined;
  const tensors = boundTensors(graph, inputs);
  const read = operator.inputs.map((index) => stored(tensors, index));
  const output = allocate(tensorAt(graph, operator.output));
  const largest = new Float64Array(output.shape.at(-1) ?? 1);
  accumulators(callOf(operator, read, output)).forEach((sum, i) => {
    const channel = i % largest.length;
    largest[channel] = Math.max(largest[channel] ?? 0, Math.abs(sum));
  });
  return largest;
}

function run(graph: Graph, inputs: readonly TensorData[], options: RunOptions): RunResult {
  const tensors = boundTensors(graph, inputs);
  const intermediates = new Map<string, Tensor>();
  const magnitudes = new Map<string, Float64Array>();
  const lastUse = lastUses(graph);
  graph.operators.forEach((operator, position) => {
    options.onOperator?.(position, graph.operators.length);
    const output = allocate(tensorAt(graph, operator.output));
    const call = callOf(
      operator,
      operator.inputs.map((index) => stored(tensors, index)),
      output,
    );
    const definition = definitionOf(operator);
    definition.evaluate(call);
    tensors.set(operator.output, output);
    if (options.intermediates === true) intermediates.set(output.name, output);
    if (options.magnitudes === true && definition.magnitudes !== undefined) {
      magnitudes.set(output.name, definition.magnitudes(call));
    }
    for (const index of operator.inputs) {
      if (lastUse.get(index) === position) tensors.delete(index);
    }
  });
  const outputs = graph.outputs.map((index) => stored(tensors, index));
  return { outputs, intermediates, magnitudes };
}

/** The tensors that have elements before anything is computed: constants and inputs. */
function boundTensors(graph: Graph, inputs: readonly TensorData[]): Map<number, Tensor> {
  const tensors = new Map<number, Tensor>();
  graph.tensors.forEach((tensor, index) => {
    if (tensor.data !== undefined) tensors.set(index, { ...tensor, data: tensor.data });
  });
  if (inputs.length !== graph.inputs.length) {
    throw new RangeError(
      `Expected ${String(graph.inputs.length)} inputs but found ${String(inputs.length)}`,
    );
  }
  graph.inputs.forEach((index, position) => {
    const tensor = tensorAt(graph, index);
    const data = inputs[position];
    tensors.set(index, { ...tensor, data: checkedInput(tensor, data) });
  });
  return tensors;
}

function checkedInput(tensor: GraphTensor, data: TensorData | undefined): TensorData {
  const found = elementTypeOf(data);
  if (data === undefined || found !== tensor.type) {
    throw new TypeError(
      `Expected input "${tensor.name}" to be ${tensor.type} but found ${found ?? typeof data}`,
    );
  }
  const wanted = elementCount(tensor.shape);
  if (data.length !== wanted) {
    throw new RangeError(
      `Expected input "${tensor.name}" to have ${String(wanted)} elements but found ${String(data.length)}`,
    );
  }
  return data;
}

/** Position of the last operator that reads each activation, so that it can be let go; outputs are kept. */
function lastUses(graph: Graph): ReadonlyMap<number, number> {
  const last = new Map<number, number>();
  graph.operators.forEach((operator, position) => {
    for (const index of operator.inputs) last.set(index, position);
  });
  for (const index of graph.outputs) last.delete(index);
  return last;
}

function stored(tensors: ReadonlyMap<number, Tensor>, index: number): Tensor {
  const tensor = tensors.get(index);
  if (tensor === undefined) throw new Error(`Expected tensor ${String(index)} to be computed`);
  return tensor;
}

function callOf<K extends OperatorKind>(
  operator: OperatorOf<K> & Operator,
  inputs: readonly Tensor[],
  output: Tensor,
): Call<K> {
  const [first] = inputs;
  const precision = computedPrecision(operator, first?.type ?? output.type);
  const requantization = requantizationOf(operator, inputs, output, precision);
  return { attributes: operator.attributes, inputs, output, precision, requantization };
}

/** The definition of an operator's kind; TypeScript cannot see that key and attributes vary together. */
function definitionOf(operator: Operator): OperatorDefinition<OperatorKind> {
  return operators[operator.kind] as OperatorDefinition<OperatorKind>;
}
