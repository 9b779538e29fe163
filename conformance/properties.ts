/** What the suite draws: one property per kind of operator, precision and mode. */

import type fc from 'fast-check';
import type { OperatorKind, PrecisionName } from '../reference/index.ts';
import { elementwise } from './arbitrary-elementwise.ts';
import { floatSum, integerSum, sumModes } from './arbitrary-sums.ts';
import type { OperatorCase } from './operator-case.ts';

export interface OperatorProperty {
  readonly kind: OperatorKind;
  readonly precision: PrecisionName;
  /** What distinguishes properties of one kind and precision: the types of weights and accumulators. */
  readonly mode?: string;
  readonly cases: fc.Arbitrary<OperatorCase>;
}

const sumKinds = ['conv2d', 'depthwiseConv2d', 'fullyConnected'] as const;
const elementwiseKinds = Object.keys(elementwise) as (keyof typeof elementwise)[];
const precisions = ['float32', 'int8', 'int16'] as const satisfies readonly PrecisionName[];

export const operatorProperties: readonly OperatorProperty[] = [
  ...sumKinds.flatMap((kind) => [
    { kind, precision: 'float32' as const, cases: floatSum(kind) },
    ...Object.entries(sumModes).map(([mode, types]) => ({
      kind,
      precision: types.precision,
      ...(types.precision === 'int8' ? {} : { mode }),
      cases: integerSum(kind, types),
    })),
  ]),
  ...elementwiseKinds.flatMap((kind) =>
    precisions.map((precision) => ({ kind, precision, cases: elementwise[kind](precision) })),
  ),
];

export function propertyName({ kind, precision, mode }: OperatorProperty): string {
  return `${kind} ${mode ?? precision}`;
}
