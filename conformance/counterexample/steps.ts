/** What an explanation is made of. */

import { clamp } from '../../reference/arithmetic/rounding.ts';
import {
  dequantizeValue,
  zeroPointOf,
  type GraphTensor,
  type Operator,
  type OperatorKind,
  type OperatorOf,
  type Tensor,
} from '../../reference/index.ts';
import type { Requantization } from '../../reference/operators/requantization.ts';
import type { Precision } from '../../reference/precision/index.ts';

/** One step of a computation. */
export interface Step {
  /** The rule of reference/SEMANTICS.md that asks for it. */
  readonly rule: string;
  /** What it does, for machines: `product`, `skipped`, `bias`, `multiply` ... */
  readonly name: string;
  readonly text: string;
  /** The numbers of the text; integers that float64 does not hold as decimal digits. */
  readonly values: Readonly<Record<string, number | string>>;
}

/** One output element of an operator of a kind, with everything it is computed from. */
export interface Subject<K extends OperatorKind = OperatorKind> {
  readonly operator: OperatorOf<K> & Operator;
  readonly inputs: readonly Tensor[];
  readonly output: GraphTensor;
  readonly precision: Precision;
  readonly requantization: Requantization;
  /** The element, in memory order and per axis. */
  readonly index: number;
  readonly coordinates: readonly number[];
}

/** Steps and what they arrive at. */
export interface Outcome {
  readonly steps: readonly Step[];
  readonly result: number;
}

export function step(
  rule: string,
  name: string,
  text: string,
  values: Readonly<Record<string, number | bigint>> = {},
): Step {
  const plain = Object.entries(values).map(([key, value]) => [
    key,
    typeof value === 'number' ? value : String(value),
  ]);
  return { rule, name, text, values: Object.fromEntries(plain) as Step['values'] };
}

/** Lists up to this length are shown in full, longer ones with as many of their first and last steps. */
export const FULL_LENGTH = 24;

/** Part of a sum: what is added, and how it is told. */
export interface Term {
  readonly step: Step;
  /** What it adds; undefined for a position that is skipped. */
  readonly adds?: number;
}

/** The steps of a sum; of a long one the first and last half, and between them how many are left out. */
export function abbreviated(rule: string, terms: readonly Term[]): readonly Step[] {
  const shown = (part: readonly Term[]): readonly Step[] => part.map((term) => term.step);
  if (terms.length <= FULL_LENGTH) return shown(terms);
  const half = FULL_LENGTH / 2;
  const left = terms.slice(half, -half);
  const added = left.flatMap(({ adds }) => (adds === undefined ? [] : [adds]));
  const skipped = left.length - added.length;
  const sum = added.reduce((a, b) => a + b, 0);
  const more = skipped === 0 ? '' : ` and ${String(skipped)} skipped`;
  const text = `... ${String(added.length)} more, together ${String(sum)}${more} ...`;
  return [
    ...shown(terms.slice(0, half)),
    step(rule, 'omitted', text, { count: added.length, skipped, sum }),
    ...shown(terms.slice(-half)),
  ];
}

/** A number as part of a difference or product. */
export function operand(value: number): string {
  return value < 0 || Object.is(value, -0) ? `(${String(value)})` : String(value);
}

/** The zero point of the output and its limits: how integer operators end. */
export function zeroPointAndLimits(
  { operator, output, requantization: { min, max } }: Subject,
  value: number,
): Outcome {
  const zeroPoint = zeroPointOf(output);
  const code = value + zeroPoint;
  const added =
    zeroPoint === 0
      ? []
      : [
          step(
            'T2',
            'zeroPoint',
            `+ zero point: ${String(value)} + ${operand(zeroPoint)} = ${String(code)}`,
            { value, zeroPoint, code },
          ),
        ];
  const { steps, result } = limited(ENDS[operator.kind] ?? 'A6', code, min, max);
  return { steps: [...added, ...steps], result };
}

/** Where an operator's limits are more than those of a fused activation. */
const ENDS: Readonly<Partial<Record<OperatorKind, string>>> = {
  mean: 'M2',
  clamp: 'E2',
  relu: 'E2',
  relu6: 'E2',
  quantize: 'Q3',
};

/** A value within limits; nothing where there are none. */
export function limited(rule: string, value: number, min: number, max: number): Outcome {
  const result = clamp(value, min, max);
  if (min === -Infinity && max === Infinity) return { steps: [], result };
  const kept = Object.is(result, value) ? 'within' : 'clamped to';
  const text = `${kept} [${String(min)}, ${String(max)}]: ${String(result)}`;
  return { steps: [step(rule, 'clamp', text, { value, min, max, result })], result };
}

/** What a code stands for, where its scale is known. */
export function realValue(tensor: GraphTensor, code: number): string {
  const [scale] = tensor.quantization?.scales ?? [];
  if (scale === undefined || tensor.type === 'float32') return '';
  const zeroPoint = zeroPointOf(tensor);
  return `${String(scale)} * (${String(code)} - ${operand(zeroPoint)}) = ${String(dequantizeValue(code, scale, zeroPoint))}`;
}

export function place(name: string, coordinates: readonly number[]): string {
  return `${name}[${coordinates.join(', ')}]`;
}

/** An element as a float64 number. */
export function elementAt({ data }: Tensor, index: number): number {
  return Number(data[index] ?? NaN);
}
