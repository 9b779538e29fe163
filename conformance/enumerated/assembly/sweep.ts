/**
 * The vector rescaling of sums against rules A4 and A5 of reference/SEMANTICS.md, written again from their text, over
 * ranges of accumulators.
 */

import { requantizeVector } from '../../../fastpath/assembly/requantize';

export { requantizeInt32, requantizeInt64 } from '../../../fastpath/assembly/requantize';

/** A4: the product rounded to 31 fractional bits, halves upwards; then a division rounded half away from zero. */
export function roundedTwice(x: i32, multiplier: i32, shift: i32): i32 {
  const product: i64 = ((<i64>x) << max(shift, 0)) * <i64>multiplier;
  const first: i64 = (product + (1 << 30)) >> 31;
  if (shift >= 0) return <i32>first;
  const half: i64 = (<i64>1) << (-shift - 1);
  const quotient: i64 = (abs(first) + half) >> -shift;
  return <i32>(first < 0 ? -quotient : quotient);
}

/** A5: the product with 15 bits of the multiplier, rounded once, halves upwards. */
export function roundedOnce(x: i64, multiplier: i32, shift: i32): i32 {
  const reduced: i64 = min((<i64>multiplier + (1 << 15)) >> 16, 0x7fff);
  return <i32>((x * reduced + ((<i64>1) << (14 - shift))) >> (15 - shift));
}

/** What the vector form is compared with: A4, A4 where negative results are clamped to 0, A5. */
const TWICE: i32 = 0;
const NON_NEGATIVE: i32 = 1;

/** Of four channels: multipliers and shifts of the rules; multipliers and scales of the vector form. */
const LANES: usize = memory.data(64, 16);

export function setLane(
  lane: usize,
  multiplier: i32,
  shift: i32,
  vectorMultiplier: i32,
  scale: i32,
): void {
  store<i32>(LANES + 4 * lane, multiplier);
  store<i32>(LANES + 4 * lane, shift, 16);
  store<i32>(LANES + 4 * lane, vectorMultiplier, 32);
  store<i32>(LANES + 4 * lane, scale, 48);
}

function exact(x: i32, lane: usize, form: i32): i32 {
  const multiplier = load<i32>(LANES + 4 * lane);
  const shift = load<i32>(LANES + 4 * lane, 16);
  if (form == TWICE) return roundedTwice(x, multiplier, shift);
  if (form == NON_NEGATIVE) return max(roundedTwice(x, multiplier, shift), 0);
  return roundedOnce(x, multiplier, shift);
}

/**
 * Compares all accumulators from `from` to `to`, both included, in all four channels.
 * Returns the first that differs, or 2^32 where none does.
 */
export function sweep(from: i32, to: i32, form: i32, half: i32, halfSign: i32): i64 {
  const multiplier = v128.load(LANES, 32);
  const scale = v128.load(LANES, 48);
  const halves = i32x4.splat(half);
  const signs = i32x4.splat(halfSign);
  const least = i32x4.splat(form == NON_NEGATIVE ? 0 : i32.MIN_VALUE);
  for (let wide: i64 = from; wide <= <i64>to; wide++) {
    const x = <i32>wide;
    const found = i32x4.max_s(
      requantizeVector(i32x4.splat(x), multiplier, scale, halves, signs),
      least,
    );
    const wanted = i32x4(
      exact(x, 0, form),
      exact(x, 1, form),
      exact(x, 2, form),
      exact(x, 3, form),
    );
    if (v128.any_true(v128.xor(found, wanted))) return wide;
  }
  return (<i64>1) << 32;
}
