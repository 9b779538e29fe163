/** JSON out of untrusted bytes: parsed only once its depth and its number of values are known to be small. */

const MAX_DEPTH = 64;
/** A graph of a MobileNetV2 has some 10,000. */
const MAX_VALUES = 1_000_000;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const OPENING = [0x5b, 0x7b];
const CLOSING = [0x5d, 0x7d];

/**
 * The value that bytes hold.
 *
 * @throws {RangeError} for nested levels or values beyond any model's
 * @throws {SyntaxError} for bytes that are no JSON in UTF-8
 */
export function parseJson(bytes: Uint8Array): unknown {
  let depth = 0;
  let values = 1;
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at] ?? 0;
    if (byte === QUOTE) at = endOfString(bytes, at);
    else if (byte === COMMA) values += 1;
    else if (OPENING.includes(byte)) {
      depth += 1;
      values += 1;
    } else if (CLOSING.includes(byte)) depth -= 1;
    if (depth > MAX_DEPTH) {
      throw new RangeError(`Expected at most ${String(MAX_DEPTH)} nested levels but found more`);
    }
    if (values > MAX_VALUES) {
      throw new RangeError(`Expected at most ${String(MAX_VALUES)} values but found more`);
    }
  }
  return JSON.parse(Buffer.from(bytes).toString('utf8'));
}

/** The position of the quote that ends a string, or the end of all. */
function endOfString(bytes: Uint8Array, start: number): number {
  for (let at = start + 1; at < bytes.length; at++) {
    if (bytes[at] === BACKSLASH) at += 1;
    else if (bytes[at] === QUOTE) return at;
  }
  return bytes.length;
}
