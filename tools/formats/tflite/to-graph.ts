/**
 * A TensorFlow Lite classifier as a graph: float32 (its weights in float16 too), int8, or int16 with int8 weights.
 *
 * Operators stay as they are, one for one: quantize and pad too, so that every tensor of the file can be compared.
 * Integers compute what TensorFlow Lite's reference kernels compute, bit for bit (reference/SEMANTICS.md), with
 * multipliers from the file's scales. Whatever no classifier of the family has is named.
 */

import type { Graph, GraphTensor, Operator, PrecisionName } from '../../../reference/index.ts';
import type { ImportOptions } from '../options.ts';
import { validGraph } from '../valid-graph.ts';
import type { StoredOperator, TfliteContents } from './contents.ts';
import {
  addAdd,
  addAveragePool,
  addDequantize,
  addLimit,
  addMean,
  addPad,
  addQuantize,
  addRelu,
  addRelu6,
  addReshape,
  addSoftmax,
  addSqueeze,
} from './elementwise.ts';
import { FlatbufferError } from './flatbuffer.ts';
import { Importer } from './importer.ts';
import { TfliteNode } from './node.ts';
import { builtinNames, builtins, type BuiltinName } from './schema.ts';
import { addConv2d, addDepthwise, addFullyConnected } from './sums.ts';

const SQUEEZE = 43;

const converters: Readonly<Record<BuiltinName, (node: TfliteNode) => void>> = {
  add: addAdd,
  averagePool: addAveragePool,
  conv2d: addConv2d,
  depthwiseConv2d: addDepthwise,
  dequantize: addDequantize,
  fullyConnected: addFullyConnected,
  maximum: addLimit('maximum'),
  mean: addMean,
  minimum: addLimit('minimum'),
  pad: addPad,
  quantize: addQuantize,
  relu: addRelu,
  relu6: addRelu6,
  reshape: addReshape,
  softmax: addSoftmax,
};

const convertersByCode = new Map([
  [SQUEEZE, addSqueeze],
  ...(Object.keys(converters) as BuiltinName[]).map(
    (name) => [builtins[name].code, converters[name]] as const,
  ),
]);

/**
 * The graph of a file.
 *
 * @throws {FileError} naming the operator or tensor that cannot be, and why
 */
export function tfliteToGraph(
  file: string,
  contents: TfliteContents,
  options: ImportOptions,
): Graph {
  return validGraph(file, () => convert(file, contents, options));
}

function convert(file: string, contents: TfliteContents, options: ImportOptions): Graph {
  const importer = new Importer(file, contents);
  const inputs = contents.inputs.map((index) => importer.use(index));
  contents.operators.forEach((operator, source) => {
    addOperator(new TfliteNode(importer, operator, source), operator);
  });
  const outputs = contents.outputs.map((index) => importer.output(index));
  return {
    ...options,
    precision: precisionOf(importer.parts),
    ...importer.parts,
    inputs,
    outputs,
  };
}

function addOperator(node: TfliteNode, { code }: StoredOperator): void {
  const add = convertersByCode.get(code);
  if (add === undefined) {
    const known = [...convertersByCode.keys()].map((each) => builtinNames[each]);
    throw node.error(`Expected an operator of a MobileNetV2 classifier (${known.join(', ')})`);
  }
  try {
    add(node);
  } catch (error) {
    // Options are read only now.
    if (error instanceof FlatbufferError) throw node.error(error.message);
    throw error;
  }
}

/** That of the sums; of a graph without any, that of the first operator of integers. */
function precisionOf({ tensors, operators }: Pick<Graph, 'tensors' | 'operators'>): PrecisionName {
  const sums: readonly Operator['kind'][] = ['conv2d', 'depthwiseConv2d', 'fullyConnected'];
  const sum = operators.find(({ kind }) => sums.includes(kind));
  const computed = (operator: Operator): GraphTensor['type'] | undefined =>
    tensors[operator.inputs[0] ?? -1]?.type;
  const types = (sum === undefined ? operators : [sum]).map(computed);
  return types.find((type) => type === 'int8' || type === 'int16') ?? 'float32';
}
