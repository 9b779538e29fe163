/** Integers that stand for scales, which foreign formats cannot say: their runtimes derive their own. */

import type { Operator } from '../../reference/index.ts';

const READY_MADE = [
  'multiplier',
  'shift',
  'leftShift',
  'diffMin',
  'activationMin',
  'activationMax',
];

/** Names of the ready-made integers that an operator is given. */
export function readyIntegerNames({ attributes }: Operator): readonly string[] {
  return Object.entries(attributes)
    .filter(([name, value]) => READY_MADE.includes(name) && value !== undefined)
    .map(([name]) => name);
}
