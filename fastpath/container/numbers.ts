/** Numbers of any size: the length in bits, then the bits below the first, four at a time from the top. */

import { first } from './contexts.ts';
import { SYMBOLS } from './models.ts';
import type { SymbolCoder } from './symbols.ts';

/** Models of a byte: of its upper four bits, and of the lower after each of those. */
export const BYTE_MODELS = 1 + SYMBOLS;
/** Models of the bits below the first: by part and by their number in it. */
const PARTS = 4;
export const BITS_MODELS = PARTS * 4;

export function codeByte(coder: SymbolCoder, model: number, lane: number, byte: number): number {
  const high = coder.code(model, lane, byte >> 4);
  return 16 * high + coder.code(model + 1 + high, lane, byte & 15);
}

/** The longest number: what a damaged stream may say is cut to it. */
export const MAX_LENGTH = 32;

/** `value`, of `length` > 0 bits, from its bits below the first. */
export function codeBits(
  coder: SymbolCoder,
  models: number,
  lane: number,
  value: number,
  length: number,
): number {
  let coded = 1;
  for (let left = length - 1, part = 0; left > 0; part = Math.min(part + 1, PARTS - 1)) {
    const bits = Math.min(left, 4);
    left -= bits;
    const nibble = Math.floor(value / 2 ** left) % 2 ** bits;
    coded = coded * 2 ** bits + coder.code(models + 4 * part + bits - 1, lane, nibble);
  }
  return coded;
}

/** An integer in [0, 2^32). `kind`, 0 or 1, tells numbers apart that have little in common. */
export function codeNumber(coder: SymbolCoder, kind: number, value: number): number {
  const lengths = first.numberLength + BYTE_MODELS * kind;
  const length = Math.min(codeByte(coder, lengths, 0, 32 - Math.clz32(value)), MAX_LENGTH);
  const models = first.numberBits + BITS_MODELS * kind;
  return length === 0 ? 0 : codeBits(coder, models, 0, value, length);
}
