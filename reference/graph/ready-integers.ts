/** Integers that an operator may be given in place of scales, from which all others derive them. */

import type { Operator } from './operator.ts';

const READY_INTEGERS = [
  'multiplier',
  'shift',
  'leftShift',
  'diffMin',
  'activationMin',
  'activationMax',
];

/** Names of those that an operator is given. */
export function givenIntegers({ attributes }: Operator): readonly string[] {
  return Object.entries(attributes)
    .filter(([name, value]) => READY_INTEGERS.includes(name) && value !== undefined)
    .map(([name]) => name);
}
