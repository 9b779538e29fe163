/** The fast path against the reference, operator by operator: every bit of integers, derived bounds of float32. */

import fc from 'fast-check';
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
