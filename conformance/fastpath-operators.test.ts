/** The fast path against the reference, operator by operator: every bit of integers, derived bounds of float32. */

import fc from 'fast-check';
import { describe } from 'vitest';
import { fastpathBackend } from '../golden/fastpath-backend.ts';
import { GraphError } from '../reference/index.ts';
import { elementwise } from './arbitrary-elementwise.ts';
import { floatSum, integerSum, sumModes } from './arbitrary-sums.ts';
import { compareCase, describeCase, type OperatorCase } from './operator-case.ts';
import { property } from './property.ts';

const file = 'conformance/fastpath-operators.test.ts';

async function problemOf(drawn: OperatorCase): Promise<string | undefined> {
  const { violation, worst } = await compareCase(drawn, fastpathBackend);
  if (violation === undefined) return undefined;
  const { index, expected, found, bound } = violation;
  return `Expected element ${String(index)} to be ${String(expected)} within ${String(bound)} but found ${String(found)} (worst ${String(worst.share)} of its bound)\n${describeCase(drawn)}`;
}

/** Elementwise cases are drawn from scales, some of which break a range rule: those say nothing. */
async function problemUnlessRefused(drawn: OperatorCase): Promise<string | undefined> {
  try {
    return await problemOf(drawn);
  } catch (error) {
    if (error instanceof GraphError) fc.pre(false);
    throw error;
  }
}

const sumKinds = ['conv2d', 'depthwiseConv2d', 'fullyConnected'] as const;

for (const kind of sumKinds) {
  describe(kind, () => {
    property(`${kind} float32`, { runs: 300, file }, floatSum(kind), problemOf);
    for (const [name, mode] of Object.entries(sumModes)) {
      property(`${kind} ${name}`, { runs: 200, file }, integerSum(kind, mode), problemOf);
    }
  });
}

for (const [kind, cases] of Object.entries(elementwise)) {
  describe(kind, () => {
    for (const precision of ['float32', 'int8', 'int16'] as const) {
      const name = `${kind} ${precision}`;
      property(name, { runs: 150, file }, cases(precision), problemUnlessRefused);
    }
  });
}
