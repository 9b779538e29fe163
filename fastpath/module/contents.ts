/** How a module holds its constants: what is stored, and what puts it in place when the module starts. */

import { ACTIVE, type Stored } from './decode.ts';
import { constant, decodingBody, placeBody, placingBody } from './functions.ts';
import type { Placements } from './placement.ts';
import { concatenate, END, I32, typeOf, withLength } from './sections.ts';
import type { SelectedFunction, Selection } from './select.ts';

/** Stored plainly, but for what is written out many times. */
export interface PlainConstants extends Placements {
  readonly kind: 'plain';
}

/** Stored as a container, decoded by an export of another module. */
export interface CodedConstants {
  readonly kind: 'coded';
  readonly container: Uint8Array;
  /** The address of the container. */
  readonly to: number;
  readonly decoder: Selection;
  /** Arguments of its `decode`. */
  readonly given: readonly number[];
  /** First byte that decoding does not use. */
  readonly end: number;
}

export type Constants = PlainConstants | CodedConstants;

const RECORDS_SEGMENT = 0;

/** The data segments: what the start function places, if there is anything to place, then whole ranges of memory. */
export function dataSegments(constants: Constants, ...others: readonly Stored[]): Uint8Array[] {
  const active = [
    ...(constants.kind === 'plain'
      ? constants.plain
      : [{ to: constants.to, bytes: constants.container }]),
    ...others,
  ];
  const placed = recordsOf(constants);
  return [
    ...(placed.length === 0
      ? []
      : [withLength([PASSIVE], concatenate(placed.map(({ bytes }) => bytes)))]),
    ...active.map(({ to, bytes }) =>
      concatenate([Uint8Array.from([ACTIVE]), constant(to), END, withLength([], bytes)]),
    ),
  ];
}

const PASSIVE = 1;

/**
 * The functions that put constants in place, of which the last is the start function; none where there is nothing to
 * do. `next` is the number of the first of them; `before`, what is to be called first.
 */
export function startFunctions(
  constants: Constants,
  next: number,
  before: readonly number[],
): readonly SelectedFunction[] {
  if (constants.kind === 'coded') {
    const decode = constants.decoder.exports.get(DECODE) ?? -1;
    return [{ type: NOTHING, body: decodingBody(before, decode, constants.given) }];
  }
  const records = recordsOf(constants);
  if (records.length === 0) return [];
  return [
    { type: typeOf(6, 1), body: placeBody(RECORDS_SEGMENT) },
    { type: NOTHING, body: placingBody(before, next, RECORDS_SEGMENT, records) },
  ];
}

/** The decoder's export. */
export const DECODE = 'decode';
/** The type of a function that takes and returns nothing. */
export const NOTHING = typeOf(0, 0);

function recordsOf(constants: Constants): Placements['records'] {
  return constants.kind === 'coded' ? [] : [...constants.steps, ...constants.records];
}

/** An immutable global of i32. */
export function immutable(value: number): Uint8Array {
  return concatenate([Uint8Array.from([I32, 0]), constant(value), END]);
}
