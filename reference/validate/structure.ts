/** Rules on tensors, indices and the order of operators. Nothing is computed from a graph before these hold. */

import { elementTypeOf, elementTypes, type ElementType } from '../graph/element-type.ts';
import type { Graph } from '../graph/graph.ts';
import type { GraphTensor } from '../graph/tensor.ts';
import { checkAttributes, isOperatorKind } from './attributes.ts';
import { refuse } from './rules.ts';

/** A graph whose operators may be anything: what `validateGraph` takes. */
export interface UncheckedGraph extends Omit<Graph, 'operators'> {
  readonly operators: readonly {
    readonly kind: string;
    readonly name: string;
    readonly inputs: readonly number[];
    readonly output: number;
    readonly attributes: object;
    readonly source?: number;
  }[];
}

/** Limits that bound the memory and time of any graph. */
export const MAX_TENSOR_ELEMENTS = 2 ** 27;
/** Of all tensors, since calibration keeps them all; MobileNetV2 of width 1.4 on 512x512 pixels has 0.78 of it. */
export const MAX_ACTIVATION_ELEMENTS = 2 ** 26;
export const MAX_WORK = 1e11;

export const tensorSubject = (tensor: { readonly name: string }): string =>
  `Tensor "${tensor.name}"`;
export const operatorSubject = (operator: { readonly name: string }): string =>
  `Operator "${operator.name}"`;

export function checkStructure(graph: UncheckedGraph): asserts graph is Graph {
  checkUniqueNames(graph);
  for (const tensor of graph.tensors) checkTensor(tensor);
  for (const operator of graph.operators) {
    const subject = operatorSubject(operator);
    if (!isOperatorKind(operator.kind)) refuse('operator-kind', subject, operator.kind);
    checkAttributes(operator.kind, subject, operator.attributes);
    checkInputCount(operator.kind, subject, operator.inputs.length);
    for (const index of [...operator.inputs, operator.output]) checkIndex(graph, subject, index);
    const { source = 0 } = operator;
    if (!Number.isSafeInteger(source) || source < 0) refuse('operator-source', subject, source);
  }
  checkEnds(graph);
  checkOrder(graph);
}

function checkUniqueNames(graph: UncheckedGraph): void {
  const tensors = new Set<string>();
  for (const tensor of graph.tensors) {
    if (tensors.has(tensor.name)) refuse('tensor-name', tensorSubject(tensor));
    tensors.add(tensor.name);
  }
  const operators = new Set<string>();
  for (const operator of graph.operators) {
    if (operators.has(operator.name)) refuse('operator-name', operatorSubject(operator));
    operators.add(operator.name);
  }
}

/** A tensor on its own: type, shape and constant data. */
function checkTensor(tensor: GraphTensor): void {
  const subject = tensorSubject(tensor);
  const { type, shape, data } = tensor;
  if (!Object.hasOwn(elementTypes, type)) refuse('tensor-type', subject, type);
  if (!shape.every((extent) => Number.isInteger(extent) && extent > 0 && extent < 2 ** 31)) {
    refuse('tensor-shape', subject, shape);
  }
  const elements = shape.reduce((product, extent) => product * extent, 1);
  if (elements > MAX_TENSOR_ELEMENTS) refuse('tensor-size', subject, MAX_TENSOR_ELEMENTS, shape);
  if (data === undefined) return;
  const found = elementTypeOf(data);
  if (found !== type || data.length !== elements) {
    refuse('tensor-data', subject, counted(elements, type), counted(data.length, found));
  }
  if (data instanceof Float32Array) {
    const index = data.findIndex((value) => !Number.isFinite(value));
    if (index >= 0) refuse('tensor-finite', subject, index, data[index]);
  }
}

const counted = (length: number, type: ElementType | undefined): string =>
  `${String(length)} ${type ?? 'unknown'} elements`;

function checkInputCount(kind: string, subject: string, found: number): void {
  if (kind === 'add') {
    if (found !== 2) refuse('operator-inputs', subject, '2 inputs', found);
  } else if (kind === 'conv2d' || kind === 'depthwiseConv2d' || kind === 'fullyConnected') {
    if (found !== 2 && found !== 3) refuse('operator-inputs', subject, '2 or 3 inputs', found);
  } else if (found !== 1) {
    refuse('operator-inputs', subject, '1 input', found);
  }
}

function checkIndex(graph: UncheckedGraph, subject: string, index: number): void {
  if (graph.tensors[index] === undefined) {
    refuse('tensor-index', subject, graph.tensors.length, index);
  }
}

function checkEnds(graph: UncheckedGraph): void {
  if (graph.inputs.length === 0 || graph.outputs.length === 0) refuse('graph-inputs', 'Graph');
  for (const index of [...graph.inputs, ...graph.outputs]) checkIndex(graph, 'Graph', index);
  for (const index of graph.inputs) {
    const tensor = graph.tensors[index];
    if (tensor?.data !== undefined) refuse('graph-input-constant', tensorSubject(tensor));
  }
}

/** Every tensor is written before it is read, once, and never over an input or a constant. */
function checkOrder(graph: UncheckedGraph): void {
  const ready = new Set(graph.inputs);
  graph.tensors.forEach((tensor, index) => {
    if (tensor.data !== undefined) ready.add(index);
  });
  const nameOf = (index: number): string => graph.tensors[index]?.name ?? '';
  for (const operator of graph.operators) {
    const subject = operatorSubject(operator);
    for (const input of operator.inputs) {
      if (!ready.has(input)) refuse('operator-order', subject, nameOf(input));
    }
    if (ready.has(operator.output)) refuse('operator-output', subject, nameOf(operator.output));
    ready.add(operator.output);
  }
  for (const output of graph.outputs) {
    if (!ready.has(output)) refuse('operator-order', 'Graph', nameOf(output));
  }
}
