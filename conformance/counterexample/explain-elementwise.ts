/** Operators of which an output element has one input element or two, step by step (rules E1 to E4, Q1 to Q3). */

import { dequantizeValue } from '../../reference/arithmetic/quantize-value.ts';
import { powerOfTwo, roundHalfAwayFromZero } from '../../reference/arithmetic/rounding.ts';
import { zeroPointOf, type Tensor } from '../../reference/index.ts';
import { inputAt } from '../../reference/operators/call.ts';
import { rescaleValue, roundOnce } from './explain-rescale.ts';
import {
  elementAt,
  limited,
  operand,
  place,
  step,
  zeroPointAndLimits,
  type Outcome,
  type Step,
  type Subject,
} from './steps.ts';

export function explainAdd(subject: Subject<'add'>): Outcome {
  const { precision, requantization, index, coordinates } = subject;
  const { leftShift, multiplier, shift } = requantization;
  const steps: Step[] = [];
  const rescaled = ['first', 'second'].map((name, position) => {
    const { value, step: read } = centred(
      'E1',
      name,
      inputAt(subject, position),
      index,
      coordinates,
    );
    steps.push(read);
    if (precision.name === 'float32') return value;
    const raised = value * powerOfTwo(leftShift);
    steps.push(
      step('E1', 'headroom', `${operand(value)} * 2^${String(leftShift)} = ${String(raised)}`, {
        value,
        leftShift,
        raised,
      }),
    );
    const outcome = rescaleValue(
      precision,
      raised,
      multiplier[position] ?? 0,
      shift[position] ?? 0,
    );
    steps.push(...outcome.steps);
    return outcome.result;
  });
  const [first = NaN, second = NaN] = rescaled;
  const sum = first + second;
  const text = `${operand(first)} + ${operand(second)} = ${String(sum)}`;
  steps.push(step('E1', 'sum', text, { first, second, sum }));
  const outcome = rescaleValue(precision, sum, multiplier[2] ?? 0, shift[2] ?? 0);
  const end = zeroPointAndLimits(subject, outcome.result);
  return { steps: [...steps, ...outcome.steps, ...end.steps], result: end.result };
}

/** clamp, relu, relu6, and quantize from one integer type to another. */
export function explainRescaled(
  rule: string,
  subject: Subject<'clamp' | 'relu' | 'relu6' | 'quantize'>,
): Outcome {
  const { precision, requantization, index, coordinates } = subject;
  const { value, step: read } = centred(rule, 'x', inputAt(subject, 0), index, coordinates);
  const [multiplier = 0] = requantization.multiplier;
  const [shift = 0] = requantization.shift;
  const rescaled =
    precision.name === 'float32'
      ? { steps: [], result: value }
      : rescaleValue(precision, value, multiplier, shift);
  const end = zeroPointAndLimits(subject, rescaled.result);
  return { steps: [read, ...rescaled.steps, ...end.steps], result: end.result };
}

export function explainQuantize(subject: Subject<'quantize'>): Outcome {
  const input = inputAt(subject, 0);
  if (input.type !== 'float32') return explainRescaled('Q3', subject);
  const { index, coordinates, output, requantization } = subject;
  const { value, step: read } = centred('Q1', 'x', input, index, coordinates);
  const zeroPoint = zeroPointOf(output);
  if (Number.isNaN(value)) {
    const text = `NaN has the zero point's code: ${String(zeroPoint)}`;
    return { steps: [read, step('Q1', 'nan', text, { zeroPoint })], result: zeroPoint };
  }
  const scale = output.quantization?.scales[0] ?? NaN;
  const quotient = Math.fround(value / scale);
  const rounded = roundHalfAwayFromZero(quotient);
  const code = rounded + zeroPoint;
  const end = limited('Q1', code, requantization.min, requantization.max);
  return {
    steps: [
      read,
      step('Q1', 'divide', `${operand(value)} / ${String(scale)} in float32: ${String(quotient)}`, {
        value,
        scale,
        quotient,
      }),
      step('A1', 'round', `half away from zero: ${String(rounded)}`, { quotient, rounded }),
      step(
        'Q1',
        'zeroPoint',
        `+ zero point: ${String(rounded)} + ${operand(zeroPoint)} = ${String(code)}`,
        { rounded, zeroPoint, code },
      ),
      ...end.steps,
    ],
    result: end.result,
  };
}

export function explainDequantize(subject: Subject<'dequantize'>): Outcome {
  const { index, coordinates } = subject;
  const input = inputAt(subject, 0);
  const { value, step: read } = centred('Q2', 'x', input, index, coordinates);
  const scale = input.quantization?.scales[0] ?? NaN;
  const product = scale * value;
  const result = dequantizeValue(elementAt(input, index), scale, zeroPointOf(input));
  const text = `${String(scale)} * ${operand(value)} = ${String(product)} in float64`;
  return {
    steps: [
      read,
      step('Q2', 'multiply', text, { scale, value, product }),
      ...roundOnce(product).steps,
    ],
    result,
  };
}

export function explainPad(subject: Subject<'pad'>): Outcome {
  const { operator, output, coordinates } = subject;
  const input = inputAt(subject, 0);
  const source = coordinates.map((at, axis) => at - (operator.attributes.padding[axis]?.[0] ?? 0));
  const inside = source.every((at, axis) => at >= 0 && at < (input.shape[axis] ?? 0));
  if (!inside) {
    const zero = zeroPointOf(output);
    const text = `${place('x', source)} is outside the input: real zero, which is ${String(zero)}`;
    return { steps: [step('E3', 'padding', text, { zero })], result: zero };
  }
  const index = source.reduce((at, position, axis) => at * (input.shape[axis] ?? 0) + position, 0);
  return copied('E3', place('x', source), elementAt(input, index));
}

export function explainReshape(subject: Subject<'reshape'>): Outcome {
  const { index } = subject;
  const name = `element ${String(index)} of x in memory order`;
  return copied('E4', name, elementAt(inputAt(subject, 0), index));
}

function copied(rule: string, name: string, x: number): Outcome {
  const text = `${name} = ${String(x)}, as it is`;
  return { steps: [step(rule, 'copy', text, { x })], result: x };
}

/** An input element less its zero point. */
function centred(
  rule: string,
  name: string,
  tensor: Tensor,
  index: number,
  coordinates: readonly number[],
): { readonly value: number; readonly step: Step } {
  const x = elementAt(tensor, index);
  const zeroPoint = zeroPointOf(tensor);
  const value = x - zeroPoint;
  const less = zeroPoint === 0 ? '' : ` - ${operand(zeroPoint)} = ${String(value)}`;
  const text = `${place(name, coordinates)} = ${String(x)}${less}`;
  return { value, step: step(rule, 'input', text, { x, zeroPoint, value }) };
}
