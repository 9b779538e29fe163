/** Rules on scales and zero points. */

import { elementTypes } from '../graph/element-type.ts';
import type { Operator, OperatorKind } from '../graph/operator.ts';
import { zeroPointOf, type GraphTensor } from '../graph/tensor.ts';
import { factorsOf, readyIntegers, readyIntegersOf } from '../operators/requantization.ts';
import type { Precision } from '../precision/index.ts';
import { refuse } from './rules.ts';
import { operatorSubject, tensorSubject } from './structure.ts';

/** A tensor's own scales and zero point. */
export function checkQuantization(tensor: GraphTensor): void {
  const { quantization, type } = tensor;
  if (quantization === undefined) return;
  const subject = tensorSubject(tensor);
  for (const scale of quantization.scales) {
    if (!(scale > 0 && scale < Infinity)) refuse('scale-positive', subject, scale);
    if (Math.fround(scale) !== scale) refuse('scale-float32', subject, scale);
  }
  checkZeroPoint(tensor, elementTypes[type]);
  if (type === 'float32' && quantization.scales.length > 0) {
    refuse('scale-count', subject, 'no scale on a float32 tensor', quantization.scales.length);
  }
}

interface Range {
  readonly min: number;
  readonly max: number;
}

const SYMMETRIC: Range = { min: 0, max: 0 };

/**
 * int8 and uint8 activations have any zero point, constant or not; int16 ones where codes are only converted (rule T5),
 * as in TensorFlow Lite; the others 0.
 */
function activationRange({ type }: GraphTensor, kind: OperatorKind): Range {
  const converted = type === 'int16' && (kind === 'quantize' || kind === 'dequantize');
  return type === 'int8' || type === 'uint8' || converted ? elementTypes[type] : SYMMETRIC;
}

function checkZeroPoint(tensor: GraphTensor, { min, max }: Range): void {
  const zeroPoint = zeroPointOf(tensor);
  if (!Number.isInteger(zeroPoint) || zeroPoint < min || zeroPoint > max) {
    refuse('zero-point', tensorSubject(tensor), min, max, zeroPoint);
  }
}

/** The zero points and scales that an operator's arithmetic needs, and those that have to agree. */
export function checkOperatorQuantization(
  operator: Operator,
  inputs: readonly GraphTensor[],
  output: GraphTensor,
  precision: Precision,
): void {
  const [first, second, third] = inputs;
  if (first === undefined) return;
  inputs.forEach((tensor, position) => {
    const activation = position === 0 || operator.kind === 'add';
    checkZeroPoint(tensor, activation ? activationRange(tensor, operator.kind) : SYMMETRIC);
    if (activation) requireOneScale(tensor);
  });
  // A softmax has a zero point of its own, in int16 too (rule S2).
  if (operator.kind !== 'softmax') checkZeroPoint(output, activationRange(output, operator.kind));
  requireOneScale(output);
  switch (operator.kind) {
    case 'averagePool':
    case 'pad':
    case 'reshape':
      if (!sameQuantization(first, output)) {
        refuse('same-quantization', operatorSubject(operator));
      }
      return;
    case 'dequantize':
      requireScale(first);
      return;
    case 'quantize':
      if (first.type === 'float32') {
        requireScale(output);
        return;
      }
      break;
    case 'softmax':
      checkSoftmaxOutput(output, precision);
      break;
    case 'conv2d':
    case 'depthwiseConv2d':
    case 'fullyConnected':
      if (second !== undefined) checkWeights(second, output, operator, precision);
      if (third !== undefined && second !== undefined) checkBias(first, second, third, output);
      break;
    default:
  }
  if (precision.name === 'float32') return;
  if (readyIntegersOf(operator) === undefined) {
    requireScale(first);
    if (operator.kind !== 'softmax') requireScale(output);
    if (second !== undefined) requireScale(second);
    for (const factor of factorsOf(operator, inputs, output, precision)) {
      if (!Number.isFinite(factor)) refuse('scale-factor', operatorSubject(operator), factor);
    }
  }
  requireScaleOfLimits(operator, output);
}

function requireOneScale(tensor: GraphTensor): void {
  const found = tensor.quantization?.scales.length ?? 0;
  if (found > 1) refuse('scale-count', tensorSubject(tensor), 'one scale for an activation', found);
}

function requireScale(tensor: GraphTensor): void {
  if ((tensor.quantization?.scales.length ?? 0) === 0) {
    refuse('scale-missing', tensorSubject(tensor));
  }
}

/** A fused relu6 ends at a code that only the scale tells, unless the limits are ready-made too. */
function requireScaleOfLimits(operator: Operator, output: GraphTensor): void {
  const { attributes } = operator;
  const { activationMin, activationMax } = readyIntegers(operator);
  if (activationMin !== undefined && activationMax !== undefined) return;
  const real =
    operator.kind === 'relu' ||
    operator.kind === 'relu6' ||
    operator.kind === 'clamp' ||
    ('activation' in attributes && attributes.activation !== 'none');
  if (real) requireScale(output);
}

function checkWeights(
  weights: GraphTensor,
  output: GraphTensor,
  operator: Operator,
  precision: Precision,
): void {
  const subject = tensorSubject(weights);
  const channels = output.shape.at(-1) ?? 0;
  const found = weights.quantization?.scales.length ?? 0;
  const needless = precision.name === 'float32' || readyIntegersOf(operator) !== undefined;
  if (found !== channels && found !== 1 && !(found === 0 && needless)) {
    refuse('scale-count', subject, `1 or ${String(channels)} scales`, found);
  }
  if (weights.data instanceof Int16Array && weights.data.includes(-32768)) {
    refuse('weights-int16', subject);
  }
}

/**
 * A bias is in units of input scale times weight scale. The tolerance is TensorFlow Lite's
 * (lite/kernels/kernel_util.cc, GetQuantizedConvolutionMultipler): 0.02 of the output's scale.
 */
function checkBias(
  input: GraphTensor,
  weights: GraphTensor,
  bias: GraphTensor,
  output: GraphTensor,
): void {
  const scales = bias.quantization?.scales ?? [];
  const [inputScale] = input.quantization?.scales ?? [];
  const [outputScale] = output.quantization?.scales ?? [];
  const weightScales = weights.quantization?.scales ?? [];
  if (scales.length === 0 || inputScale === undefined || outputScale === undefined) return;
  if (scales.length !== weightScales.length) {
    refuse(
      'scale-count',
      tensorSubject(bias),
      `${String(weightScales.length)} scales`,
      scales.length,
    );
  }
  scales.forEach((scale, channel) => {
    const wanted = inputScale * (weightScales[channel] ?? NaN);
    if (Math.abs(wanted - scale) > 0.02 * outputScale) {
      refuse('bias-scale', tensorSubject(bias), wanted, scale);
    }
  });
}

function checkSoftmaxOutput(output: GraphTensor, precision: Precision): void {
  const { scale, zeroPoint } = precision.softmaxOutputs[output.type] ?? { scale: 1, zeroPoint: 0 };
  const [found = scale] = output.quantization?.scales ?? [];
  if (found !== scale || zeroPointOf(output) !== zeroPoint) {
    refuse('softmax-output', tensorSubject(output), scale, zeroPoint);
  }
}

function sameQuantization(a: GraphTensor, b: GraphTensor): boolean {
  return (
    zeroPointOf(a) === zeroPointOf(b) && a.quantization?.scales[0] === b.quantization?.scales[0]
  );
}
