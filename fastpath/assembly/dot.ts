/** Dot products of bytes: signed weights times codes without a sign. */

/**
 * Four products a lane, added to `sum`. `codes` may be all of 0 to 255 where `unsignedDot` holds: the operation is
 * defined for 0 to 127, and beyond engines differ.
 */
@inline
export function dotBytes(sum: v128, weights: v128, codes: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return i32x4.relaxed_dot_i8x16_i7x16_add_s(weights, codes, sum);
  return unreachable();
}

/**
 * Whether the engine's dot product takes its second operand without a sign and keeps all bits of sums: so it is with
 * x86's VNNI (vpdpbusd), for which it was made. Tried with products at their ends, which saturate or change sign
 * elsewhere; a start function does so once an instance.
 */
export const unsignedDot: bool = ASC_FEATURE_RELAXED_SIMD ? isDotUnsigned() : false;

function isDotUnsigned(): bool {
  const sum = i32x4.splat(1);
  const lowest = dotBytes(sum, i8x16.splat(-128), i8x16.splat(-1));
  const highest = dotBytes(sum, i8x16.splat(127), i8x16.splat(-1));
  const same = v128.and(
    i32x4.eq(lowest, i32x4.splat(1 - 4 * 128 * 255)),
    i32x4.eq(highest, i32x4.splat(1 + 4 * 127 * 255)),
  );
  return i32x4.all_true(same);
}

/** Bytes 0 and 2 of each lane as a pair of int16; then 1 and 3. */
@inline
export function evenBytes(bytes: v128): v128 {
  return i16x8.shr_s(i16x8.shl(bytes, 8), 8);
}

@inline
export function oddBytes(bytes: v128): v128 {
  return i16x8.shr_s(bytes, 8);
}
