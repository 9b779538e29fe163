/** Which copies bytes are made of: the cheapest way through them, by what tokens cost in typical Programs. */

import { LEAST_LENGTH, MAX_DISTANCE, MORE_LENGTH, TOKEN, type ByteToken } from './bytes.ts';

/** Bits that tokens take, about (measured). */
const LITERAL_BITS = 6;
const AGAIN_BITS = 4;
const COPY_BITS = 7;
const COUNT_BITS = 10;
/** Earlier places that are tried. */
const MAX_PLACES = 200;
const KEY_BYTES = 3;
/** Copies that no longer one is looked for. */
const GOOD_LENGTH = 128;

interface Arrival {
  readonly bits: number;
  readonly token: ByteToken;
  /** Of the last copy on the way. */
  readonly distance: number;
}

export function parseBytes(bytes: Uint8Array): readonly ByteToken[] {
  const arrivals: (Arrival | undefined)[] = [
    { bits: 0, token: { kind: TOKEN.literal, length: 0, distance: 0 }, distance: 1 },
  ];
  const places = new Map<number, number[]>();
  for (let at = 0; at < bytes.length; at++) {
    const here = arrivals[at];
    if (here === undefined) throw new Error('Expected a way to each byte');
    const arrive = (token: ByteToken, bits: number, distance: number): void => {
      const before = arrivals[at + token.length];
      if (before === undefined || here.bits + bits < before.bits) {
        arrivals[at + token.length] = { bits: here.bits + bits, token, distance };
      }
    };
    arrive({ kind: TOKEN.literal, length: 1, distance: 0 }, LITERAL_BITS, here.distance);
    const copies = (
      kind: Exclude<ByteToken['kind'], 0>,
      distance: number,
      bits: number,
      least: number,
    ): number => {
      const most = Math.min(LEAST_LENGTH[kind] + MORE_LENGTH, bytes.length - at);
      const more = kind === TOKEN.count ? 1 : 0;
      let same = 0;
      while (same < most && bytes[at + same] === ((bytes[at + same - distance] ?? 0) + more) % 256)
        same++;
      for (let length = Math.max(least, LEAST_LENGTH[kind]); length <= same; length++) {
        const last = kind === TOKEN.count ? here.distance : distance;
        arrive({ kind, length, distance }, bits + Math.log2(length), last);
      }
      return same;
    };
    if (here.distance <= at) copies(TOKEN.again, here.distance, AGAIN_BITS, 1);
    if (at > 0) copies(TOKEN.count, 1, COUNT_BITS, 1);
    const key = keyAt(bytes, at);
    const found = places.get(key) ?? [];
    let longest = 0;
    for (const place of found.slice(-MAX_PLACES).reverse()) {
      const distance = at - place;
      if (distance > MAX_DISTANCE || longest >= GOOD_LENGTH) break;
      longest = Math.max(
        longest,
        copies(TOKEN.copy, distance, COPY_BITS + Math.log2(distance) * 0.8, longest + 1),
      );
    }
    found.push(at);
    places.set(key, found);
  }
  const tokens: ByteToken[] = [];
  for (let at = bytes.length; at > 0; at -= tokens.at(-1)?.length ?? at) {
    const token = arrivals[at]?.token;
    if (token === undefined) throw new Error('Expected a way to the last byte');
    tokens.push(token);
  }
  return tokens.reverse();
}

function keyAt(bytes: Uint8Array, at: number): number {
  let key = 0;
  for (let i = 0; i < KEY_BYTES; i++) key = key * 256 + (bytes[at + i] ?? 0);
  return key;
}
