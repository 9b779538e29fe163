/** XXH32 (Collet, "xxHash fast digest algorithm", seed 0) of bytes in multiples of 16: of a Program's image. */

const PRIME_1 = 0x9e3779b1;
const PRIME_2 = 0x85ebca77;
const PRIME_3 = 0xc2b2ae3d;
const STRIPE = 16;

export function digestOf(bytes: Uint8Array): number {
  if (bytes.length % STRIPE !== 0) {
    throw new RangeError(`Expected bytes in multiples of 16 but found ${String(bytes.length)}`);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const lanes = Int32Array.of(PRIME_1 + PRIME_2, PRIME_2, 0, -PRIME_1);
  for (let at = 0; at < bytes.length; at += STRIPE) {
    for (let lane = 0; lane < lanes.length; lane++) {
      const word = view.getInt32(at + 4 * lane, true);
      const sum = (lanes[lane] ?? 0) + Math.imul(word, PRIME_2);
      lanes[lane] = Math.imul(rotated(sum, 13), PRIME_1);
    }
  }
  const [a = 0, b = 0, c = 0, d = 0] = lanes;
  let digest = rotated(a, 1) + rotated(b, 7) + rotated(c, 12) + rotated(d, 18) + bytes.length;
  digest = Math.imul(digest ^ (digest >>> 15), PRIME_2);
  digest = Math.imul(digest ^ (digest >>> 13), PRIME_3);
  return digest ^ (digest >>> 16);
}

function rotated(value: number, bits: number): number {
  return (value << bits) | (value >>> (32 - bits));
}
