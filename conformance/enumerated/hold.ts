/** Spaces small enough to enumerate, as cases that the fast path and the reference both run. */

import { fastpathBackends } from '../../golden/fastpath-backend.ts';
import type { TensorData } from '../../reference/index.ts';
import { compareCase, type OperatorCase } from '../operator-case.ts';

/**
 * Runs a case on each variant of the fast path and on the reference; returns what is wrong, or undefined.
 *
 * @throws {GraphError} for a case that breaks a rule: an enumeration has none
 */
export async function problemOf(drawn: OperatorCase): Promise<string | undefined> {
  for (const backend of fastpathBackends) {
    const { violation } = await compareCase(drawn, backend);
    if (violation === undefined) continue;
    const { index, expected, found } = violation;
    const inputs = drawn.inputs.map(({ data }) => String(data[index] ?? 'none')).join(', ');
    return `Expected element ${String(index)} of ${drawn.kind} ${JSON.stringify(drawn.attributes)} to be ${String(expected)} but found ${String(found)} on ${backend.name} (inputs there: ${inputs})`;
  }
  return undefined;
}

export type Code = 'int8' | 'int16' | 'uint8';

const lowest = { int8: -128, int16: -32768, uint8: 0 } as const;

/** Every code of a type, in order. */
export function everyCode(type: Code): TensorData {
  const codes = Array.from({ length: type === 'int16' ? 65536 : 256 }, (_, i) => lowest[type] + i);
  switch (type) {
    case 'int8':
      return Int8Array.from(codes);
    case 'int16':
      return Int16Array.from(codes);
    case 'uint8':
      return Uint8Array.from(codes);
  }
}

/** The zero points to try: the limits, one between, and 0. */
export function zeroPoints(type: Code): readonly number[] {
  if (type === 'int16') return [0];
  return type === 'int8' ? [-128, 127, -3, 0] : [0, 255, 128];
}

/** The same for codes that are only converted: there int16 has zero points too, up to the farthest from its codes. */
export function convertedZeroPoints(type: Code): readonly number[] {
  return type === 'int16' ? [0, -32768] : zeroPoints(type);
}

/** A multiplier and a shift. */
export interface Factor {
  readonly multiplier: number;
  readonly shift: number;
}

/**
 * Factors for single codes: both ends of multipliers and shifts; powers of two, which make ties of the first rounding
 * (shift 0), of the second and of both; and 2^31 - 1, whose products the first rounding takes to a tie of the second.
 */
export const factors: readonly Factor[] = [
  { multiplier: 2 ** 30, shift: 0 },
  { multiplier: 2 ** 30, shift: 1 },
  { multiplier: 2 ** 30, shift: -1 },
  { multiplier: 2 ** 30, shift: -4 },
  { multiplier: 2 ** 30 + 2 ** 29, shift: -1 },
  { multiplier: 2 ** 31 - 1, shift: 0 },
  { multiplier: 2 ** 31 - 1, shift: -1 },
  { multiplier: 2 ** 31 - 1, shift: -7 },
  { multiplier: 2 ** 31 - 1, shift: -31 },
  { multiplier: 1518500250, shift: 2 },
  { multiplier: 1518500250, shift: -5 },
  { multiplier: 2 ** 31 - 1, shift: 15 },
  { multiplier: 0, shift: 0 },
  { multiplier: 1, shift: 15 },
];
