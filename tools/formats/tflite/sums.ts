/** CONV_2D, DEPTHWISE_CONV_2D and FULLY_CONNECTED. Layouts are those of graphs: OHWI, 1HWO and [out, in]. */

import { elementCount, samePadding, type Padding, type Pair } from '../../../reference/index.ts';
import type { Table } from './flatbuffer.ts';
import type { TfliteNode } from './node.ts';
import {
  builtins,
  conv2dFields,
  depthwiseFields,
  fullyConnectedFields,
  paddings,
  tensorTypes,
} from './schema.ts';

export function addConv2d(node: TfliteNode): void {
  node.requireInputs(2, 3);
  const options = node.requiredOptions(builtins.conv2d.options, 7);
  const [, height = 1, width = 1, groupChannels = 1] = node.inputShape(1);
  const channels = node.inputShape(0).at(-1) ?? 1;
  const { output } = node;
  node.graph.addOperator({
    kind: 'conv2d',
    inputs: sumInputs(node, 0),
    output,
    attributes: {
      ...windowOf(node, options, conv2dFields, [height, width]),
      groups: channels / groupChannels,
      activation: node.activation(options, conv2dFields.activation),
      ...accumulatorOf(node, options.int8(conv2dFields.biasType)),
    },
    source: node.source,
  });
}

export function addDepthwise(node: TfliteNode): void {
  node.requireInputs(2, 3);
  const options = node.requiredOptions(builtins.depthwiseConv2d.options, 7);
  const [, height = 1, width = 1, outChannels = 1] = node.inputShape(1);
  const channels = node.inputShape(0).at(-1) ?? 1;
  // Runtimes infer it from the shapes; writers that do so too leave it out.
  const multiplier = options.int32(depthwiseFields.depthMultiplier);
  if (multiplier !== 0 && multiplier * channels !== outChannels) {
    throw node.error(
      `Expected a depth multiplier of ${String(outChannels / channels)}, as the weights have, but found ${String(multiplier)}`,
    );
  }
  const { output } = node;
  node.graph.addOperator({
    kind: 'depthwiseConv2d',
    inputs: sumInputs(node, 3),
    output,
    attributes: {
      ...windowOf(node, options, depthwiseFields, [height, width]),
      activation: node.activation(options, depthwiseFields.activation),
      ...accumulatorOf(node, 0),
    },
    source: node.source,
  });
}

/** Its output is [rows, out]; another shape of the same elements, as keep_num_dims gives, takes a reshape after it. */
export function addFullyConnected(node: TfliteNode): void {
  node.requireInputs(2, 3);
  const options = node.requiredOptions(builtins.fullyConnected.options, 5);
  const { activation, weightsFormat, biasType } = fullyConnectedFields;
  if (options.int8(weightsFormat) !== 0) {
    throw node.error('Expected weights in their usual order but found shuffled ones');
  }
  const [out = 1, features = 1] = node.inputShape(1);
  const rows = [elementCount(node.inputShape(0)) / features, out];
  const { output, source } = node;
  const inputs = sumInputs(node, 0);
  const attributes = {
    activation: node.activation(options, activation),
    ...accumulatorOf(node, options.int8(biasType)),
  };
  const { name, type, shape, quantization } = node.graph.tensor(output);
  if (shape.join() === rows.join()) {
    node.graph.addOperator({ kind: 'fullyConnected', inputs, output, attributes, source });
    return;
  }
  const kept = [...node.inputShape(0).slice(0, -1), out];
  if (!options.bool(fullyConnectedFields.keepDimensions) || shape.join() !== kept.join()) {
    throw node.error(
      `Expected an output of shape [${rows.join(', ')}] but found [${shape.join(', ')}]`,
    );
  }
  const flat = node.graph.addTensor(`${name}/rows`, {
    type,
    shape: rows,
    ...(quantization === undefined ? {} : { quantization }),
  });
  node.graph.addOperator({ kind: 'fullyConnected', inputs, output: flat, attributes, source });
  node.graph.addOperator({
    kind: 'reshape',
    inputs: [flat],
    output,
    attributes: { shape },
    source,
  });
}

/** Input, weights and bias, whose scales, if several, belong to the output channels: `axis` of the weights. */
function sumInputs(node: TfliteNode, axis: number): readonly number[] {
  refuseOtherWeights(node);
  const present = node.has(2) ? [1, 2] : [1];
  for (const position of present) {
    const { scales, zeroPoints, dimension } = node.stored(position);
    const what = position === 1 ? 'weights' : 'a bias';
    if (zeroPoints.some((zeroPoint) => zeroPoint !== 0)) {
      throw node.error(
        `Expected ${what} with zero point 0 but found ${String(zeroPoints.find((each) => each !== 0))}`,
      );
    }
    const wanted = position === 1 ? axis : 0;
    if (scales.length > 1 && dimension !== wanted) {
      throw node.error(
        `Expected scales of ${what} along axis ${String(wanted)} but found axis ${String(dimension)}`,
      );
    }
  }
  return [0, ...present].map((position) => node.input(position));
}

/** Reasons that are better told than the rule of types that they break. */
function refuseOtherWeights(node: TfliteNode): void {
  const [input, weights] = [node.inputType(0), node.inputType(1)];
  if (input === 'uint8' || weights === 'uint8') {
    const [zeroPoint = 0] = node.stored(1).zeroPoints;
    throw node.error(
      `Expected int8 weights with zero point 0 but found the legacy uint8 scheme (weights of ${weights} with zero point ${String(zeroPoint)}), which is other arithmetic: convert the float model again, with int8 quantisation`,
    );
  }
  if (input === 'float32' && weights === 'int8') {
    throw node.error(
      'Expected float32 weights for a float32 input but found int8 (dynamic range quantisation), whose activations are quantised anew in every run: convert the float model again, with calibration',
    );
  }
}

/**
 * int16 sums have int64 biases and accumulators unless the options say int32, and then the bias does too: rule T6, never
 * guessed.
 */
function accumulatorOf(node: TfliteNode, biasType: number): { readonly accumulator?: 'int32' } {
  if (node.inputType(0) !== 'int16') return {};
  const int32 = biasType === tensorTypes.int32;
  const wanted = int32 ? 'int32' : 'int64';
  const found = node.has(2) ? node.inputType(2) : wanted;
  if (found !== wanted) {
    throw node.error(`Expected a bias of ${wanted}, as its options say, but found ${found}`);
  }
  return int32 ? { accumulator: 'int32' } : {};
}

/** Stride, dilation and explicit padding. */
function windowOf(
  node: TfliteNode,
  options: Table,
  fields: typeof conv2dFields | typeof depthwiseFields,
  size: Pair,
): { readonly stride: Pair; readonly dilation: Pair; readonly padding: Padding } {
  const stride: Pair = [options.int32(fields.strideH), options.int32(fields.strideW)];
  const dilation: Pair = [options.int32(fields.dilationH, 1), options.int32(fields.dilationW, 1)];
  return { stride, dilation, padding: paddingOf(node, options, fields, size, stride, dilation) };
}

export function paddingOf(
  node: TfliteNode,
  options: Table,
  fields: { readonly padding: number },
  size: Pair,
  stride: Pair,
  dilation: Pair,
): Padding {
  const scheme = options.int8(fields.padding);
  if (scheme === paddings.valid) return [0, 0, 0, 0];
  if (scheme !== paddings.same) {
    throw node.error(`Expected padding SAME or VALID but found ${String(scheme)}`);
  }
  for (const each of [...size, ...stride, ...dilation]) {
    if (each < 1) throw node.error(`Expected a window greater than 0 but found ${String(each)}`);
  }
  const [, height = 1, width = 1] = node.inputShape(0);
  return samePadding([height, width], size, stride, dilation);
}
