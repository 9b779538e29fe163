/** The table of steps: fastpath/container/steps.ts. */

import { Step } from '../step';
import { STEP_PLACE } from './contexts';
import { numberOf } from './numbers';
import { parameterBytes, weightBytes } from './shapes';
import { symbol } from './symbols';

const FIELDS: i32 = 28;
export const STEP_BYTES: usize = 4 * FIELDS;
const INPUT: i32 = 1;
const OUTPUT: i32 = 3;
const WEIGHTS: i32 = 4;
const PARAMETERS: i32 = 5;
const SCRATCH: i32 = 6;
const BATCHES: i32 = 7;
const IN_HEIGHT: i32 = 8;
const OUT_HEIGHT: i32 = 12;
const IN_ZERO: i32 = 22;
const OUT_ZERO: i32 = 23;
const MULTIPLE: i32 = 14;
const MULTIPLE_BITS: u32 = 6;

/** The last two steps of the same kernel, or the first step. */
let last: usize = 0;
let beforeLast: usize = 0;

/** Reads `count` steps to `table`. Activations lie from `arena` on, constants begin at `constants`. */
export function readSteps(table: usize, count: u32, arena: u32, constants: u32): void {
  // Words of the first step may be told by words of it that are still to come: those are zero.
  memory.fill(table, 0, <usize>count * STEP_BYTES);
  let next = constants;
  for (let i: u32 = 0; i < count; i++) {
    const step = table + <usize>i * STEP_BYTES;
    last = table;
    beforeLast = table;
    readWord(table, step, 0, 0);
    last = alike(table, step, step);
    beforeLast = alike(table, step, last);
    for (let field = BATCHES; field < FIELDS; field++) readWord(table, step, field, 0);
    for (let field = INPUT; field <= OUTPUT; field++) readWord(table, step, field, arena);
    readWord(table, step, SCRATCH, arena);
    readWord(table, step, WEIGHTS, next);
    next = after(next, load<u32>(step + 4 * WEIGHTS), weightBytes(changetype<Step>(step)));
    readWord(table, step, PARAMETERS, next);
    next = after(next, load<u32>(step + 4 * PARAMETERS), parameterBytes(changetype<Step>(step)));
  }
}

/** Where the next constant is likely to lie. */
function after(next: u32, pointer: u32, bytes: u32): u32 {
  return pointer === 0 ? next : (pointer + bytes + 15) & ~15;
}

function alike(table: usize, step: usize, start: usize): usize {
  for (let at = start; at > table;) {
    at -= STEP_BYTES;
    if (load<i32>(at) === load<i32>(step)) return at;
  }
  return table;
}

function readWord(table: usize, step: usize, field: i32, base: u32): void {
  const place = symbol(STEP_PLACE + field, 0);
  const to = step + (field << 2);
  if (place < MULTIPLE) {
    store<i32>(to, load<i32>(placeOf(table, step, field, place)));
    return;
  }
  const word =
    place === MULTIPLE ? (numberOf(1) << MULTIPLE_BITS) + base : numberOf(0) + base;
  store<u32>(to, word);
}

/** Where a field's word stands already. */
function placeOf(table: usize, step: usize, field: i32, place: i32): usize {
  const same = <usize>field << 2;
  const from = <usize>continued(field) << 2;
  switch (place) {
    case 0:
      return before(table, step, 1) + from;
    case 1:
      return last + same;
    case 2:
      return before(table, step, 1) + same;
    case 3:
      return beforeLast + same;
    case 4:
      return before(table, step, 2) + same;
    case 5:
      return before(table, step, 3) + same;
    case 6:
      return before(table, step, 2) + from;
    case 7:
      return before(table, step, 3) + from;
    case 8:
      return before(table, step, 4) + from;
    case 9:
      return step + (max(field - 1, 0) << 2);
    case 10:
      return step + (max(field - 4, 0) << 2);
    default:
      return table;
  }
}

function before(table: usize, step: usize, steps: usize): usize {
  return step - table >= steps * STEP_BYTES ? step - steps * STEP_BYTES : table;
}

/** The field of an earlier step that one continues. */
function continued(field: i32): i32 {
  if (field >= IN_HEIGHT && field < OUT_HEIGHT) return field + OUT_HEIGHT - IN_HEIGHT;
  if (field === IN_ZERO) return OUT_ZERO;
  return (field >= INPUT && field <= OUTPUT) || field === SCRATCH ? OUTPUT : field;
}
