/**
 * The vector rescaling of sums against rules A4 and A5 of reference/SEMANTICS.md, written again from their text, over
 * ranges of accumulators.
 */

import {
  PANEL_PARAMETERS,
  requantizeVector,
  rescaleDouble,
  rescaleFloat,
  roundHalfUp,
} from '../../../fastpath/assembly/requantize';
import {
  RESCALE_DOUBLE,
  RESCALE_FLOAT,
  RESCALE_SIGNED_FLOAT,
  RESCALE_VECTOR,
} from '../../../fastpath/assembly/rescaling-kinds';

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


/** The kernels' form of A5 for wide sums: in float64, by a factor of 15 bits times a power of two. */
export function roundedInFloat64(x: f64, factor: f64): i32 {
  const sums = f64x2.splat(x);
  const factors = f64x2.splat(factor);
  return i32x4.extract_lane(roundHalfUp(sums, factors, sums, factors), 3);
}

/** The rules' factors of four channels: multipliers, then shifts. */
const FACTORS: usize = memory.data(32, 16);
/** Parameters of a panel, as the compiler packs them: its first four channels are swept. */
const PARAMETERS: usize = memory.data(112, 16);

export function setFactor(lane: i32, multiplier: i32, shift: i32): void {
  store<i32>(FACTORS + 4 * <usize>lane, multiplier);
  store<i32>(FACTORS + 4 * <usize>lane, shift, 16);
}

/** Where the parameters stand, and how many bytes they take. */
export function parametersAt(): usize {
  return PARAMETERS;
}

export function parametersBytes(): usize {
  return PANEL_PARAMETERS;
}

@inline
function exact(x: i32, lane: i32, kind: i32): i32 {
  const multiplier = load<i32>(FACTORS + 4 * <usize>lane);
  const shift = load<i32>(FACTORS + 4 * <usize>lane, 16);
  if (kind == RESCALE_DOUBLE) return roundedOnce(x, multiplier, shift);
  return roundedTwice(x, multiplier, shift);
}

/** Four accumulators, biases added, in the kernels' form. */
@inline
function rescale(x: v128, kind: i32): v128 {
  if (kind == RESCALE_VECTOR) {
    return requantizeVector(x, v128.load(PARAMETERS, 32), v128.load(PARAMETERS, 64));
  }
  if (kind == RESCALE_DOUBLE) return rescaleDouble(x, PARAMETERS + 32);
  return rescaleFloat(
    x,
    v128.load(PARAMETERS, 32),
    v128.load(PARAMETERS, 64),
    kind == RESCALE_SIGNED_FLOAT,
  );
}

@inline
function sweepKind(from: i32, to: i32, kind: i32, low: i32, high: i32): i64 {
  const bias = v128.load(PARAMETERS);
  const least = i32x4.splat(low);
  const most = i32x4.splat(high);
  for (let wide: i64 = from; wide <= <i64>to; wide++) {
    const x = <i32>wide;
    const found = rescale(i32x4.add(i32x4.splat(x), bias), kind);
    const wanted = i32x4(exact(x, 0, kind), exact(x, 1, kind), exact(x, 2, kind), exact(x, 3, kind));
    const difference = v128.xor(
      i32x4.min_s(i32x4.max_s(found, least), most),
      i32x4.min_s(i32x4.max_s(wanted, least), most),
    );
    if (v128.any_true(difference)) return wide;
  }
  return (<i64>1) << 32;
}

/**
 * Compares all accumulators from `from` to `to`, both included, in all four channels, by what remains of results between
 * `low` and `high`. `kind`: RESCALE_*, of which the integer form of single lanes is no vector.
 * Returns the first that differs, or 2^32 where none does.
 */
export function sweep(from: i32, to: i32, kind: i32, low: i32, high: i32): i64 {
  if (kind == RESCALE_FLOAT) return sweepKind(from, to, RESCALE_FLOAT, low, high);
  if (kind == RESCALE_SIGNED_FLOAT) return sweepKind(from, to, RESCALE_SIGNED_FLOAT, low, high);
  if (kind == RESCALE_DOUBLE) return sweepKind(from, to, RESCALE_DOUBLE, low, high);
  return sweepKind(from, to, RESCALE_VECTOR, low, high);
}
