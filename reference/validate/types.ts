/** Which element types an operator's tensors have, and which of them are constants. */

import type { ElementType } from '../graph/element-type.ts';
import type { Operator } from '../graph/operator.ts';
import type { GraphTensor } from '../graph/tensor.ts';
import { computedPrecision, type Precision } from '../precision/index.ts';
import { refuse } from './rules.ts';
import { operatorSubject } from './structure.ts';

/** Checks an operator's tensors and returns the precision it computes in. */
export function checkTypes(
  operator: Operator,
  inputs: readonly GraphTensor[],
  output: GraphTensor,
): Precision {
  const subject = operatorSubject(operator);
  const require = (what: string, tensor: GraphTensor, wanted: readonly ElementType[]): void => {
    if (!wanted.includes(tensor.type)) {
      refuse('operator-type', subject, what, wanted.join(' or '), tensor.type);
    }
  };
  const [first, second, third] = inputs;
  if (first === undefined) throw new Error('Expected an input');
  switch (operator.kind) {
    case 'quantize':
      require('an input', first, ['float32', 'int8', 'int16', 'uint8']);
      require('an output', output, ['int8', 'int16', 'uint8']);
      break;
    case 'dequantize':
      require('an input', first, ['int8', 'int16', 'uint8']);
      require('an output', output, ['float32']);
      break;
    case 'reshape':
      require('an input', first, ['float32', 'int8', 'int16', 'uint8']);
      require('an output', output, [first.type]);
      break;
    default:
      require('an input', first, ['float32', 'int8', 'int16']);
      if (operator.kind !== 'softmax') require('an output', output, [first.type]);
  }
  const precision = computedPrecision(operator, first.type);
  if (operator.kind === 'softmax') {
    require('an output', output, Object.keys(precision.softmaxOutputs) as ElementType[]);
  }
  if (operator.kind === 'add' && second !== undefined) {
    require('a second input', second, [first.type]);
  } else if (second !== undefined) {
    require('weights', second, precision.weights);
    if (third !== undefined) require('a bias', third, [precision.bias]);
    if (second.data === undefined) refuse('operator-constant', subject, 'weights');
    if (third !== undefined && third.data === undefined) {
      refuse('operator-constant', subject, 'a bias');
    }
  }
  return precision;
}
