/** Every operator's definition, by kind. */

import type { OperatorKind } from '../graph/operator.ts';
import { add } from './add.ts';
import { averagePool } from './average-pool.ts';
import type { OperatorDefinition } from './call.ts';
import { clamp } from './clamp.ts';
import { conv2d } from './conv-2d.ts';
import { depthwiseConv2d } from './depthwise-conv-2d.ts';
import { dequantize } from './dequantize.ts';
import { fullyConnected } from './fully-connected.ts';
import { mean } from './mean.ts';
import { pad } from './pad.ts';
import { quantize } from './quantize.ts';
import { reshape } from './reshape.ts';
import { softmax } from './softmax.ts';

export const operators: { readonly [K in OperatorKind]: OperatorDefinition<K> } = {
  conv2d,
  depthwiseConv2d,
  fullyConnected,
  add,
  averagePool,
  mean,
  softmax,
  clamp,
  relu: clamp,
  relu6: clamp,
  pad,
  reshape,
  quantize,
  dequantize,
};
