/** The fast path against the reference, operator by operator: every bit of integers, derived bounds of float32. */

import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Backend } from '../golden/backend.ts';
import { fastpathBackends } from '../golden/fastpath-backend.ts';
import { GraphError } from '../reference/index.ts';
import { compareCase, describeCase, type OperatorCase } from './operator-case.ts';
import { operatorProperties, propertyName } from './properties.ts';
import { property } from './property.ts';

const file = 'conformance/fastpath-operators.test.ts';

/** A case that breaks a rule of the reference, as some drawn from scales do, says nothing. */
async function problemOf(backend: Backend, drawn: OperatorCase): Promise<string | undefined> {
  try {
    const { violation, worst } = await compareCase(drawn, backend);
    if (violation === undefined) return undefined;
    const { index, expected, found, bound } = violation;
    return `Expected element ${String(index)} to be ${String(expected)} within ${String(bound)} but found ${String(found)} (worst ${String(worst.share)} of its bound)\n${describeCase(drawn)}`;
  } catch (error) {
    if (error instanceof GraphError) fc.pre(false);
    throw error;
  }
}

for (const backend of fastpathBackends) {
  for (const each of operatorProperties) {
    const name = `${propertyName(each)}, ${backend.name}`;
    property(name, { runs: 200, file }, each.cases, (drawn) => problemOf(backend, drawn));
  }
}

/** Lines of 3 to 9 pixels under windows 3 wide, with each padding: where tiles of a depthwise kernel meet the edges. */
const edges = [3, 4, 5, 6, 7, 8, 9].flatMap((width) =>
  [0, 1, 2].flatMap((left) => [0, 1, 2].map((right) => ({ width, left, right }))),
);

it.each(fastpathBackends)(
  'depthwiseConv2d float32 at the ends of lines, $name',
  async (backend) => {
    const ramp = (length: number): Float32Array => Float32Array.from({ length }, (_, i) => i + 1);
    for (const { width, left, right } of edges) {
      const drawn: OperatorCase<'depthwiseConv2d'> = {
        kind: 'depthwiseConv2d',
        precision: 'float32',
        attributes: { padding: [0, 0, left, right] },
        inputs: [
          { shape: [1, 1, width, 1], data: ramp(width) },
          { shape: [1, 1, 3, 1], data: ramp(3) },
        ],
      };
      expect(await problemOf(backend, drawn)).toBeUndefined();
    }
  },
);

it.each(fastpathBackends)('add int16 of halves without headroom, $name', async (backend) => {
  const drawn: OperatorCase<'add'> = {
    kind: 'add',
    precision: 'int16',
    attributes: {
      leftShift: 0,
      multiplier: [2 ** 30, 2 ** 30, 2 ** 30],
      shift: [0, -1, -2],
      output: {},
    },
    inputs: [
      { shape: [1], data: Int16Array.from([-165]) },
      { shape: [1], data: Int16Array.from([7]) },
    ],
  };
  expect(await problemOf(backend, drawn)).toBeUndefined();
});
