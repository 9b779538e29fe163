/** Validation of a whole graph, rule by rule, from structure to ranges. */

import { elementTypes, type ElementType } from '../graph/element-type.ts';
import type { Graph, Preprocessing } from '../graph/graph.ts';
import type { Operator } from '../graph/operator.ts';
import { elementCount, type GraphTensor } from '../graph/tensor.ts';
import { MIN_CROP } from '../preprocess/cover.ts';
import { checkQuantization, checkOperatorQuantization } from './quantization.ts';
import { checkRanges } from './ranges.ts';
import { refuse } from './rules.ts';
import { checkShapes } from './shapes.ts';
import {
  checkStructure,
  MAX_ACTIVATION_ELEMENTS,
  MAX_WORK,
  tensorSubject,
  type UncheckedGraph,
} from './structure.ts';
import { checkTypes } from './types.ts';

export { rules, type Rule } from './rules.ts';
export { inferShape } from './shapes.ts';
export type { UncheckedGraph };

/**
 * Throws a `GraphError` that names the tensor or operator and the rule, unless every rule holds. A graph that passes
 * can be run on any input of its type and shape: no integer overflows, and memory and time are bounded.
 */
export function validateGraph(graph: UncheckedGraph): asserts graph is Graph {
  validateFor(graph, () => undefined);
}

/** The same for inputs that are known: where those of any value could overflow, accumulators are measured. */
export function validateMeasuredGraph(
  graph: UncheckedGraph,
  measure: (graph: Graph, operator: Operator) => Float64Array | undefined,
): asserts graph is Graph {
  validateFor(graph, measure);
}

function validateFor(
  graph: UncheckedGraph,
  measure: (graph: Graph, operator: Operator) => Float64Array | undefined,
): asserts graph is Graph {
  checkStructure(graph);
  if (!['float32', 'int8', 'int16'].includes(graph.precision)) {
    refuse('graph-precision', 'Graph', graph.precision);
  }
  checkMemory(graph);
  for (const tensor of graph.tensors) checkQuantization(tensor);
  let work = 0;
  for (const operator of graph.operators) {
    const inputs = operator.inputs.map((index) => tensorAt(graph, index));
    const output = tensorAt(graph, operator.output);
    const precision = checkTypes(operator, inputs, output);
    checkShapes(operator, inputs, output);
    checkOperatorQuantization(operator, inputs, output, precision);
    work += multiplyAccumulates(graph, operator);
    if (work > MAX_WORK) refuse('graph-work', 'Graph', work, MAX_WORK);
    checkRanges(operator, inputs, output, precision, () => measure(graph, operator));
  }
  checkLabels(graph);
  checkPreprocessing(graph);
}

function checkMemory(graph: Graph): void {
  const activations = graph.tensors
    .filter((tensor) => tensor.data === undefined)
    .reduce((sum, tensor) => sum + elementCount(tensor.shape), 0);
  if (activations > MAX_ACTIVATION_ELEMENTS) {
    refuse('graph-memory', 'Graph', activations, MAX_ACTIVATION_ELEMENTS);
  }
}

/** The tensor of an index that `checkStructure` has checked. */
export function tensorAt(graph: Graph, index: number): GraphTensor {
  const tensor = graph.tensors[index];
  if (tensor === undefined) throw new Error(`Expected a tensor at index ${String(index)}`);
  return tensor;
}

/** Multiply-accumulates of one operator; for operators without products, their elements or window positions. */
export function multiplyAccumulates(graph: Graph, operator: Operator): number {
  const output = elementCount(tensorAt(graph, operator.output).shape);
  const [first, second] = operator.inputs;
  switch (operator.kind) {
    case 'conv2d':
    case 'fullyConnected': {
      const weights = tensorAt(graph, second ?? -1).shape;
      return (output * elementCount(weights)) / (weights[0] ?? 1);
    }
    case 'depthwiseConv2d': {
      const [, height = 1, width = 1] = tensorAt(graph, second ?? -1).shape;
      return output * height * width;
    }
    case 'averagePool':
      return output * operator.attributes.size[0] * operator.attributes.size[1];
    default:
      return Math.max(output, elementCount(tensorAt(graph, first ?? -1).shape));
  }
}

function checkLabels(graph: Graph): void {
  const classes = tensorAt(graph, graph.outputs[0] ?? -1).shape.at(-1) ?? 1;
  const found = graph.labels.length;
  if (found !== 0 && found !== classes) refuse('graph-labels', 'Graph', classes, found);
}

/** The element types that a pixel becomes. */
const IMAGE_TYPES: readonly ElementType[] = ['float32', 'int8', 'int16', 'uint8'];

function checkPreprocessing(graph: Graph): void {
  const { preprocessing } = graph;
  if (preprocessing === undefined) return;
  const input = tensorAt(graph, graph.inputs[0] ?? -1);
  const subject = tensorSubject(input);
  if (input.shape.length !== 4 || input.shape[0] !== 1 || input.shape[3] !== 3) {
    refuse(
      'preprocessing',
      subject,
      'an input of shape [1, h, w, 3]',
      `[${input.shape.join(', ')}]`,
    );
  }
  if (!IMAGE_TYPES.includes(input.type)) {
    refuse('preprocessing', subject, `an input of type ${IMAGE_TYPES.join(', ')}`, input.type);
  }
  if (
    input.type !== 'float32' &&
    preprocessing.integer === undefined &&
    input.quantization?.scales.length !== 1
  ) {
    const found = String(input.quantization?.scales.length ?? 0);
    refuse('preprocessing', subject, 'integer codes or one scale of the input', `${found} scales`);
  }
  checkResize(subject, preprocessing);
  for (const mean of preprocessing.mean) {
    if (!Number.isFinite(mean)) refuse('preprocessing', subject, 'finite means', mean);
  }
  for (const std of preprocessing.std) {
    if (!(std > 0 && std < Infinity)) refuse('preprocessing', subject, 'positive deviations', std);
  }
  if (preprocessing.integer === undefined) return;
  const { multiplier, offset } = preprocessing.integer;
  if (!Number.isInteger(multiplier) || !Number.isInteger(offset)) {
    refuse('preprocessing', subject, 'integer codes', `${String(multiplier)}, ${String(offset)}`);
  }
  const { min, max } = elementTypes[input.type];
  for (const code of [offset, 255 * multiplier + offset]) {
    if (code < min || code > max) refuse('preprocessing', subject, `${input.type} codes`, code);
  }
}

function checkResize(subject: string, { resize, crop }: Preprocessing): void {
  if (resize === 'cover') {
    if (!(crop !== undefined && crop >= MIN_CROP && crop <= 1)) {
      refuse('preprocessing', subject, `a crop in [${String(MIN_CROP)}, 1]`, crop);
    }
  } else if (crop !== undefined) {
    refuse('preprocessing', subject, 'a crop where it covers', `${String(crop)} of ${resize}`);
  }
}
