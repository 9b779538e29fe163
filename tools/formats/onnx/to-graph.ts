/**
 * An ONNX network as a graph: NCHW to NHWC, batch normalisation folded, clamps fused, padding explicit; int8 networks by
 * `quantized.ts`.
 *
 * Accepts what MobileNetV2 classifiers are made of and names whatever else it meets.
 */

import type { Graph } from '../../../reference/index.ts';
import { FileError } from '../../errors.ts';
import type { ImportOptions } from '../options.ts';
import { GraphBuilder } from '../builder.ts';
import { validGraph } from '../valid-graph.ts';
import {
  addAveragePool,
  addFlatten,
  addGemm,
  addGlobalPool,
  addMatMul,
  addMean,
  addPad,
  addReshape,
  addSoftmax,
  addSqueeze,
} from './classifier.ts';
import { addConv } from './convolution.ts';
import { addClip, addRelu, foldBatchNormalization, foldBias } from './folding.ts';
import { imageExtent, openInput } from './input.ts';
import { withoutIdentities } from './names.ts';
import { Node, type Signature } from './node.ts';
import { isQuantized, quantizedToGraph } from './quantized.ts';
import { ONNX_FLOAT, shapeText, type OnnxTensor } from './tensor.ts';
import { isStandard, type OnnxModel, type OnnxNode } from './wire.ts';

/** Since this version of the operators, Add broadcasts and Dropout drops nothing by themselves. */
const OLDEST_OPSET = 7;

/**
 * The graph of a model.
 *
 * @throws {FileError} naming the operator or tensor that no MobileNetV2 classifier has
 */
export function onnxToGraph(file: string, model: OnnxModel, options: ImportOptions): Graph {
  if (model.opset < OLDEST_OPSET) {
    throw new FileError(
      file,
      `Expected opset ${String(OLDEST_OPSET)} or newer but found ${String(model.opset)}`,
    );
  }
  return validGraph(file, () =>
    isQuantized(model)
      ? quantizedToGraph(file, model, options)
      : convert(file, withoutIdentities(file, model), options),
  );
}

function convert(file: string, model: OnnxModel, options: ImportOptions): Graph {
  const outputs = model.outputs.map((output) => output.name);
  const graph = new GraphBuilder([...model.nodes.flatMap((node) => node.inputs), ...outputs]);
  addInput(file, model, graph);
  const constants = new Map(model.constants);
  for (const node of model.nodes) addNode(file, node, constants, graph);
  const [output = ''] = outputs;
  const value = graph.value(output);
  if (value === undefined || outputs.length > 1) {
    throw new FileError(
      file,
      `Expected one output that is computed but found ${String(outputs.length)}`,
    );
  }
  return {
    ...options,
    precision: 'float32',
    ...graph.parts,
    inputs: [0],
    outputs: [value.index],
  };
}

function addInput(file: string, model: OnnxModel, graph: GraphBuilder): void {
  const input = openInput(file, model.inputs, model.constants);
  const extent = imageExtent(input);
  if (extent === undefined || input.elementType !== ONNX_FLOAT) {
    throw new FileError(
      file,
      `Expected a float32 input of shape [1, 3, height, width] but found ${shapeText(input.shape)} of ONNX type ${String(input.elementType)}`,
    );
  }
  graph.addInput(input.name, [1, ...extent, 3]);
}

interface Converter extends Signature {
  readonly add: (node: Node, graph: GraphBuilder) => void;
}

const converters = new Map<string, Converter>(
  Object.entries({
    Conv: {
      inputs: [2, 3],
      attributes: ['auto_pad', 'dilations', 'group', 'kernel_shape', 'pads', 'strides'],
      add: addConv,
    },
    BatchNormalization: {
      inputs: [5, 5],
      attributes: ['epsilon', 'momentum', 'spatial', 'training_mode'],
      add: foldBatchNormalization,
    },
    Clip: { inputs: [1, 3], attributes: ['min', 'max'], add: addClip },
    Relu: { inputs: [1, 1], attributes: [], add: addRelu },
    Add: { inputs: [2, 2], attributes: [], add: addAdd },
    AveragePool: {
      inputs: [1, 1],
      attributes: [
        'auto_pad',
        'ceil_mode',
        'count_include_pad',
        'dilations',
        'kernel_shape',
        'pads',
        'strides',
      ],
      add: addAveragePool,
    },
    Pad: { inputs: [1, 4], attributes: ['mode', 'pads', 'value'], add: addPad },
    GlobalAveragePool: { inputs: [1, 1], attributes: [], add: addGlobalPool },
    ReduceMean: {
      inputs: [1, 2],
      attributes: ['axes', 'keepdims', 'noop_with_empty_axes'],
      add: addMean,
    },
    Flatten: { inputs: [1, 1], attributes: ['axis'], add: addFlatten },
    Reshape: { inputs: [2, 2], attributes: ['allowzero'], add: addReshape },
    Squeeze: { inputs: [1, 2], attributes: ['axes'], add: addSqueeze },
    Gemm: { inputs: [2, 3], attributes: ['alpha', 'beta', 'transA', 'transB'], add: addGemm },
    MatMul: { inputs: [2, 2], attributes: [], add: addMatMul },
    Softmax: { inputs: [1, 1], attributes: ['axis'], add: addSoftmax },
  } satisfies Readonly<Record<string, Converter>>),
);

/** Adds an operator to the graph, or a constant to those that later operators know. */
function addNode(
  file: string,
  original: OnnxNode,
  constants: Map<string, OnnxTensor>,
  graph: GraphBuilder,
): void {
  const node = new Node(file, original, constants);
  if (!isStandard(original.domain)) {
    throw node.error(`Expected a standard operator but found domain "${original.domain}"`);
  }
  if (node.type === 'Constant') {
    constants.set(node.output, node.tensor('value'));
    return;
  }
  const converter = converters.get(node.type);
  if (converter === undefined) {
    throw node.error(
      `Expected an operator of a MobileNetV2 classifier (${[...converters.keys()].join(', ')})`,
    );
  }
  node.require(converter);
  converter.add(node, graph);
}

function addAdd(node: Node, graph: GraphBuilder): void {
  if (node.isConstant(0)) foldBias(node, graph, 0);
  else if (node.isConstant(1)) foldBias(node, graph, 1);
  else {
    const inputs = [graph.inputOf(node, 0).index, graph.inputOf(node, 1).index];
    graph.addOperator(node, { kind: 'add', inputs, attributes: { activation: 'none' } });
  }
}
