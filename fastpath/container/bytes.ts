/**
 * Bytes of no known structure: literals, and copies of what came before (Lempel and Ziv, "A Universal Algorithm for
 * Sequential Data Compression", 1977), each symbol of which has a model of its context.
 */

import { first } from './contexts.ts';
import type { SymbolCoder } from './symbols.ts';

/** A literal; a copy from another distance than the last one, or from the same; bytes that count up, as tables do. */
export const TOKEN = { literal: 0, copy: 1, again: 2, count: 3 } as const;
/** Lengths of tokens, by kind: the least, and how much more the most is. */
export const LEAST_LENGTH = [1, 3, 1, 3] as const;
export const MORE_LENGTH = 15 + 255;
export const MAX_DISTANCE = 2 ** 16 - 1;

/** What the bytes from a position on are coded as. */
export interface ByteToken {
  readonly kind: (typeof TOKEN)[keyof typeof TOKEN];
  readonly length: number;
  /** Of copies: bytes back. */
  readonly distance: number;
}

/**
 * Codes all of `bytes`. A writer is told the tokens; a reader fills the bytes in.
 *
 * @returns false where a copy reaches before the first byte or beyond the last
 */
export function codeBytes(
  coder: SymbolCoder,
  bytes: Uint8Array,
  tokens: readonly ByteToken[],
): boolean {
  let kind: ByteToken['kind'] = TOKEN.literal;
  let distance = 1;
  let position = 0;
  for (let at = 0; at < bytes.length; position++) {
    const token = tokens[position];
    kind = coder.code(first.token + kind, 0, token?.kind ?? 0) as ByteToken['kind'];
    if (kind === TOKEN.literal) {
      const before = at === 0 ? 0 : (bytes[at - 1] ?? 0);
      bytes[at] = codeLiteral(coder, before, bytes[at] ?? 0);
      at += 1;
      continue;
    }
    const length = codeLength(coder, kind, token?.length ?? 0);
    if (kind === TOKEN.copy) distance = codeDistance(coder, token?.distance ?? 0);
    const back = kind === TOKEN.count ? 1 : distance;
    if (back > at || length > bytes.length - at) return false;
    const more = kind === TOKEN.count ? 1 : 0;
    for (const end = at + length; at < end; at++) bytes[at] = (bytes[at - back] ?? 0) + more;
  }
  return true;
}

function codeLiteral(coder: SymbolCoder, before: number, byte: number): number {
  const high = coder.code(first.literalHigh + (before >> 4), 0, byte >> 4);
  return 16 * high + coder.code(first.literalLow + high, 0, byte & 15);
}

function codeLength(coder: SymbolCoder, kind: ByteToken['kind'], length: number): number {
  const told = length - LEAST_LENGTH[kind];
  const model = first.lengthShort + kind - 1;
  const short = coder.code(model, 0, Math.min(told, 15));
  if (short < 15) return LEAST_LENGTH[kind] + short;
  const more = told - 15;
  const high = coder.code(first.lengthHigh, 0, more >> 4);
  return LEAST_LENGTH[kind] + 15 + 16 * high + coder.code(first.lengthLow, 0, more & 15);
}

/** The number of its bits, then those below the first. */
function codeDistance(coder: SymbolCoder, distance: number): number {
  const bits = coder.code(first.distanceBits, 0, 31 - Math.clz32(distance));
  let coded = 1;
  for (let left = bits, part = 0; left > 0; part = 1) {
    const count = Math.min(left, 4);
    left -= count;
    const model = part === 0 ? first.distanceHigh + bits : first.distanceLow + count - 1;
    coded = coded * 2 ** count + coder.code(model, 0, (distance >> left) & (2 ** count - 1));
  }
  return coded;
}
