/** One output element, step by step as the reference computes it, with every integer that lies between. */

import { coordinatesOf } from '../../golden/differences.ts';
import {
  elementCount,
  operatorGraph,
  runOperator,
  validateGraph,
  type ElementType,
  type Operator,
  type OperatorKind,
  type OperatorResult,
  type PrecisionName,
  type Tensor,
} from '../../reference/index.ts';
import { requantizationOf } from '../../reference/operators/requantization.ts';
import { computedPrecision } from '../../reference/precision/index.ts';
import type { OperatorCase } from '../operator-case.ts';
import { compareOperator, isExact } from '../tolerances.ts';
import {
  explainAdd,
  explainDequantize,
  explainPad,
  explainQuantize,
  explainRescaled,
  explainReshape,
} from './explain-elementwise.ts';
import { explainSoftmax } from './explain-softmax.ts';
import {
  explainAveragePool,
  explainConv2d,
  explainDepthwise,
  explainFullyConnected,
  explainMean,
} from './explain-sums.ts';
import { place, realValue, step, type Outcome, type Step, type Subject } from './steps.ts';

export type { Step };

export interface Explanation {
  readonly kind: OperatorKind;
  readonly precision: PrecisionName;
  /** The element, in memory order and per axis. */
  readonly index: number;
  readonly coordinates: readonly number[];
  readonly type: ElementType;
  /** In the order of the computation. */
  readonly steps: readonly Step[];
  /** What the steps arrive at: the reference's element. */
  readonly result: number;
  readonly found?: number;
  /** Largest |found - result| of a right kernel, 0 for equal ones; undefined where no rule compares the element. */
  readonly bound?: number;
  /** How far `found` is, as a fraction of the bound; Infinity for a difference where there may be none. */
  readonly share?: number;
}

/**
 * Explains an element of what the reference makes of a case.
 *
 * `index` is in memory order; `found` is what a back end has there, if that is to be judged.
 *
 * @throws {GraphError} for a case that breaks a rule
 * @throws {RangeError} for an element that the output does not have
 */
export function explainElement(drawn: OperatorCase, index: number, found?: number): Explanation {
  const subject = subjectOf(drawn, index);
  const { operator, output, coordinates } = subject;
  const { steps, result: computed } = outcomeOf(operator, subject);
  const result = stored(output.type, computed);
  const judged = judge(drawn, subject, found);
  return {
    kind: drawn.kind,
    precision: drawn.precision,
    index,
    coordinates,
    type: output.type,
    steps: [
      ...steps,
      ...realSteps(subject, result, found),
      ...judgedSteps(subject, result, judged),
    ],
    result,
    ...(found === undefined ? {} : { found }),
    ...(judged.bound === undefined ? {} : { bound: judged.bound }),
    ...(judged.share === undefined ? {} : { share: judged.share }),
  };
}

/** An explanation as lines that begin with the rule. */
export function explanationText({
  kind,
  precision,
  index,
  coordinates,
  steps,
  result,
  found,
}: Explanation): string {
  const where = place(`element ${String(index)} `, coordinates);
  const verdict = found === undefined ? '' : `, found ${String(found)}`;
  return [
    `${kind} ${precision}, output ${where}: expected ${String(result)}${verdict}`,
    ...steps.map(({ rule, text }) => `  ${rule.padEnd(3)} ${text}`),
  ].join('\n');
}

function subjectOf({ kind, precision, attributes, inputs }: OperatorCase, index: number): Subject {
  const { graph, activations } = operatorGraph(kind, precision, attributes, inputs);
  validateGraph(graph);
  const [operator] = graph.operators;
  const output = graph.tensors.at(-1);
  if (operator === undefined || output === undefined) throw new Error('Expected an operator');
  const count = elementCount(output.shape);
  if (!Number.isInteger(index) || index < 0 || index >= count) {
    throw new RangeError(`Expected one of ${String(count)} elements but found ${String(index)}`);
  }
  const tensors = graph.tensors.slice(0, -1).map((tensor, position): Tensor => {
    const data = tensor.data ?? activations[position];
    if (data === undefined) throw new Error(`Expected data of "${tensor.name}"`);
    return { ...tensor, data };
  });
  const computed = computedPrecision(operator, tensors[0]?.type ?? output.type);
  return {
    operator,
    inputs: tensors,
    output,
    precision: computed,
    requantization: requantizationOf(operator, tensors, output, computed),
    index,
    coordinates: coordinatesOf(index, output.shape),
  };
}

/** TypeScript cannot see that a subject's kind is its operator's, so each case says so. */
function outcomeOf(operator: Operator, subject: Subject): Outcome {
  switch (operator.kind) {
    case 'conv2d':
      return explainConv2d({ ...subject, operator });
    case 'depthwiseConv2d':
      return explainDepthwise({ ...subject, operator });
    case 'fullyConnected':
      return explainFullyConnected({ ...subject, operator });
    case 'add':
      return explainAdd({ ...subject, operator });
    case 'averagePool':
      return explainAveragePool({ ...subject, operator });
    case 'mean':
      return explainMean({ ...subject, operator });
    case 'softmax':
      return explainSoftmax({ ...subject, operator });
    case 'clamp':
    case 'relu':
    case 'relu6':
      return explainRescaled('E2', { ...subject, operator });
    case 'pad':
      return explainPad({ ...subject, operator });
    case 'reshape':
      return explainReshape({ ...subject, operator });
    case 'quantize':
      return explainQuantize({ ...subject, operator });
    case 'dequantize':
      return explainDequantize({ ...subject, operator });
  }
}

/** A number as an element of a type holds it: no integer type has -0. */
function stored(type: ElementType, value: number): number {
  return type === 'float32' ? value : value + 0;
}

/** What the codes stand for. */
function realSteps(
  { output }: Subject,
  result: number,
  found: number | undefined,
): readonly Step[] {
  return [
    ['result', result],
    ['found', found],
  ].flatMap(([name, code]) => {
    if (typeof code !== 'number') return [];
    const real = realValue(output, code);
    const text = `${String(name)} ${String(code)} stands for ${real}`;
    return real === '' ? [] : [step('T2', 'real', text, { code })];
  });
}

interface Judgement {
  readonly bound?: number;
  readonly share?: number;
  readonly found?: number;
  /** Sum of |x * w| + |bias|. */
  readonly magnitude?: number;
  readonly compared: boolean;
}

/** What `tolerances.ts` says of an element, all others being the reference's. */
function judge(drawn: OperatorCase, subject: Subject, found: number | undefined): Judgement {
  const { operator, inputs, output, index } = subject;
  const { kind, precision, attributes } = drawn;
  const expected: OperatorResult = runOperator(kind, precision, attributes, drawn.inputs);
  const compare = (value: number): ReturnType<typeof compareOperator> => {
    const data = expected.data.slice();
    data[index] = value;
    return compareOperator(operator, inputs, { ...output, data });
  };
  const share = found === undefined ? {} : { found, share: compare(found).worst };
  if (isExact(kind, output.type)) return { bound: 0, compared: true, ...share };
  // An element that is surely beyond its bound tells the bound.
  const { violation } = compare(Number.isNaN(Number(expected.data[index])) ? 0 : NaN);
  const magnitude = expected.magnitudes?.[index];
  return {
    ...(violation === undefined ? {} : { bound: violation.bound, ...share }),
    ...(found === undefined ? {} : { found }),
    ...(magnitude === undefined ? {} : { magnitude }),
    compared: violation !== undefined,
  };
}

/** Rules that state how near a float32 kernel has to come. */
const BOUND_RULES: Readonly<Partial<Record<OperatorKind, string>>> = {
  conv2d: 'B1',
  depthwiseConv2d: 'B1',
  fullyConnected: 'B1',
  averagePool: 'M1',
  mean: 'M2',
  softmax: 'S1',
};

function judgedSteps(
  { operator, output }: Subject,
  result: number,
  { bound, share, found, magnitude, compared }: Judgement,
): readonly Step[] {
  const rule = BOUND_RULES[operator.kind] ?? 'A2';
  if (!compared) {
    return [step(rule, 'bound', 'partial sums may overflow: not compared')];
  }
  const steps: Step[] = [];
  if (!isExact(operator.kind, output.type) && bound !== undefined) {
    const from = magnitude === undefined ? '' : ` (sum of magnitudes ${String(magnitude)})`;
    const text =
      bound === 0
        ? 'a right kernel gives the same where terms are not finite'
        : `a right kernel may differ by ${bound.toPrecision(4)}${from}`;
    steps.push(
      step(rule, 'bound', text, { bound, ...(magnitude === undefined ? {} : { magnitude }) }),
    );
  }
  if (found !== undefined && share !== undefined) {
    const away = Math.abs(found - result);
    const how =
      bound === 0 || bound === undefined
        ? share === 0
          ? 'equal'
          : `off by ${String(found - result)}, where it has to be equal`
        : `${away.toPrecision(4)} away, ${share.toPrecision(3)} of the bound`;
    const exactRule = isExact(operator.kind, output.type) ? 'A2' : rule;
    steps.push(step(exactRule, 'found', `found ${String(found)}: ${how}`, { found, share, away }));
  }
  return steps;
}
