/** add: rule E1 of reference/SEMANTICS.md. */

import { SIGNS } from './constants';
import { multiplyAdd, storeClamped, storeLimited, truncate } from './requantize';
import { Step } from './step';

/** A factor `multiplier * 2^(shift - 31)` that all elements have, rounded twice (rule A4). */
@unmanaged
class Factor {
  /** Bits to the left before the product: an input's headroom and a positive shift. */
  lead: i32;
  multiplier: i32;
  /** Bits to the right after it: 31 - min(shift, 0). */
  exponent: i32;
  /** Of the first rounding, for a negative shift: 2^30 and the sign bit, else 0 and 0. */
  half: i32;
  halfSign: i32;
}

/** What `Step.parameters` points at, before the three factors, the limits of the output and the float32 factors. */
@unmanaged
class AddParameters {
  /** How codes are rescaled: ADD_*. */
  kind: i32;
  secondZero: i32;
}

/** Any factors. */
const ADD_EXACT: i32 = 0;
/** int8: in float32, with factors that fastpath/compile/float-add.ts has tried on every pair. */
const ADD_FLOAT: i32 = 1;
/**
 * int16 without zero points: the factor of the first or the second input is 1 / 2, the shift of the other at most -1, that of
 * the output at most -2, and inputs have a bit of headroom.
 */
const ADD_FIRST_HALF: i32 = 2;
const ADD_SECOND_HALF: i32 = 3;

const FIRST: usize = 8;
const FACTOR_BYTES: usize = 20;
const LIMITS: usize = FIRST + 3 * FACTOR_BYTES;
const FLOATS: usize = LIMITS + 12;

export function addFloat32(s: Step): void {
  const bytes = elements(s) * 4;
  const lowest = i32x4.splat(s.min);
  const highest = i32x4.splat(s.max);
  for (let at: usize = 0; at < bytes; at += 32) {
    const low = f32x4.add(v128.load(s.input + at), v128.load(s.second + at));
    const high = f32x4.add(v128.load(s.input + at, 16), v128.load(s.second + at, 16));
    storeClamped(s.output + at, low, high, lowest, highest);
  }
}

/** T: i8 or i16. */
export function addCodes<T>(s: Step): void {
  const kind = changetype<AddParameters>(s.parameters).kind;
  if (sizeof<T>() == 1 && kind == ADD_FLOAT) addFloats(s);
  else if (sizeof<T>() == 2 && kind == ADD_FIRST_HALF) addHalf(s, s.input, s.second, FIRST + FACTOR_BYTES);
  else if (sizeof<T>() == 2 && kind == ADD_SECOND_HALF) addHalf(s, s.second, s.input, FIRST);
  else addExactly<T>(s);
}

/** int8 codes as trunc(x * first + (y * second + offset)). */
function addFloats(s: Step): void {
  const first = v128.load32_splat(s.parameters, FLOATS);
  const second = v128.load32_splat(s.parameters, FLOATS + 4);
  const offset = v128.load32_splat(s.parameters, FLOATS + 8);
  const bytes = elements(s);
  for (let at: usize = 0; at < bytes; at += 8) {
    const a = v128.load8x8_s(s.input + at);
    const b = v128.load8x8_s(s.second + at);
    const low = addRounded(i32x4.extend_low_i16x8_s(a), i32x4.extend_low_i16x8_s(b), first, second, offset);
    const high = addRounded(i32x4.extend_high_i16x8_s(a), i32x4.extend_high_i16x8_s(b), first, second, offset);
    storeLimited<i8>(s.output + at, i16x8.narrow_i32x4_s(low, high), s.parameters + LIMITS);
  }
}

@inline
function addRounded(x: v128, y: v128, first: v128, second: v128, offset: v128): v128 {
  const inner = multiplyAdd(f32x4.convert_i32x4_s(y), second, offset);
  return truncate(multiplyAdd(f32x4.convert_i32x4_s(x), first, inner));
}

/** int16: half of the codes at `halved`, and those at `other` times the factor at `factor` of the parameters. */
function addHalf(s: Step, halved: usize, other: usize, factor: usize): void {
  const second = changetype<Factor>(s.parameters + factor);
  const output = changetype<Factor>(s.parameters + FIRST + 2 * FACTOR_BYTES);
  const lead = second.lead;
  const bytes = elements(s) * 2;
  for (let at: usize = 0; at < bytes; at += 16) {
    const a = v128.load(halved + at);
    const b = v128.load(other + at);
    const low = addFour(i32x4.extend_low_i16x8_s(a), i32x4.extend_low_i16x8_s(b), lead, second, output);
    const high = addFour(i32x4.extend_high_i16x8_s(a), i32x4.extend_high_i16x8_s(b), lead, second, output);
    storeLimited<i16>(s.output + at, i16x8.narrow_i32x4_s(low, high), s.parameters + LIMITS);
  }
}

/**
 * Four sums, rescaled. `requantizeInt32` for negative shifts is a floor of a floor: that of the upper halves of products,
 * to which 2^30 has been added with the value's sign. Half of the last bit to be dropped goes to the upper halves too, but
 * for an exponent of 32, where it is 2^31 of the lower ones.
 */
@inline
function addFour(x: v128, y: v128, lead: i32, second: Factor, output: Factor): v128 {
  const shifted = i32x4.shl(y, lead);
  const whole = second.exponent == 32;
  // Without a sign, 2^32 too much for values below 0, unless the sum with 2^31 is meant.
  const rounding = v128.xor(v128.and(shifted, v128.load(SIGNS)), i32x4.splat(whole ? 0xc0000000 : 1 << 30));
  const taken = v128.and(i32x4.shr_s(shifted, 31), i32x4.splat(whole ? 0 : -1));
  const half = i32x4.splat(whole ? 0 : 1 << (second.exponent - 33));
  const multiplier = i32x4.splat(second.multiplier);
  const upper = upperHalves(
    i64x2.add(i64x2.extmul_low_i32x4_s(shifted, multiplier), i64x2.extend_low_i32x4_u(rounding)),
    i64x2.add(i64x2.extmul_high_i32x4_s(shifted, multiplier), i64x2.extend_high_i32x4_u(rounding)),
  );
  const rescaled = i32x4.shr_s(i32x4.add(i32x4.add(upper, taken), half), second.exponent - 32);
  return rescaleUpper(i32x4.add(i32x4.shl(x, lead - 1), rescaled), output);
}

/** The same for exponents above 32. */
@inline
function rescaleUpper(x: v128, f: Factor): v128 {
  const signedHalf = v128.or(v128.and(x, v128.load(SIGNS)), i32x4.splat(1 << 30));
  const multiplier = i32x4.splat(f.multiplier);
  const upper = upperHalves(
    i64x2.add(i64x2.extmul_low_i32x4_s(x, multiplier), i64x2.extend_low_i32x4_s(signedHalf)),
    i64x2.add(i64x2.extmul_high_i32x4_s(x, multiplier), i64x2.extend_high_i32x4_s(signedHalf)),
  );
  return i32x4.shr_s(i32x4.add(upper, i32x4.splat(1 << (f.exponent - 33))), f.exponent - 32);
}

@inline
function upperHalves(low: v128, high: v128): v128 {
  return v128.shuffle<i32>(low, high, 1, 3, 5, 7);
}

function addExactly<T>(s: Step): void {
  const first = changetype<Factor>(s.parameters + FIRST);
  const second = changetype<Factor>(s.parameters + FIRST + FACTOR_BYTES);
  const output = changetype<Factor>(s.parameters + FIRST + 2 * FACTOR_BYTES);
  const firstZero = i32x4.splat(s.inZero);
  const secondZero = i32x4.splat(changetype<AddParameters>(s.parameters).secondZero);
  const bytes = elements(s) * sizeof<T>();
  for (let at: usize = 0; at < bytes; at += 8 * sizeof<T>()) {
    const a = loadCodes<T>(s.input + at);
    const b = loadCodes<T>(s.second + at);
    const low = i32x4.add(
      rescale(i32x4.sub(i32x4.extend_low_i16x8_s(a), firstZero), first),
      rescale(i32x4.sub(i32x4.extend_low_i16x8_s(b), secondZero), second),
    );
    const high = i32x4.add(
      rescale(i32x4.sub(i32x4.extend_high_i16x8_s(a), firstZero), first),
      rescale(i32x4.sub(i32x4.extend_high_i16x8_s(b), secondZero), second),
    );
    const codes = i16x8.narrow_i32x4_s(rescale(low, output), rescale(high, output));
    storeLimited<T>(s.output + at, codes, s.parameters + LIMITS);
  }
}

@inline
function elements(s: Step): usize {
  return <usize>(s.batches * s.outHeight * s.outWidth) * s.outStride;
}

@inline
function loadCodes<T>(at: usize): v128 {
  return sizeof<T>() == 1 ? v128.load8x8_s(at) : v128.load(at);
}

/** `requantizeInt32` of four values. A call: it is rare, and small is better than fast. */
function rescale(x: v128, f: Factor): v128 {
  const shifted = i32x4.shl(x, f.lead);
  const signedHalf = v128.or(v128.and(shifted, i32x4.splat(f.halfSign)), i32x4.splat(f.half));
  const multiplier = i32x4.splat(f.multiplier);
  const rounding = i64x2.splat((<i64>1) << (f.exponent - 1));
  const low = i64x2.add(i64x2.extend_low_i32x4_s(signedHalf), rounding);
  const high = i64x2.add(i64x2.extend_high_i32x4_s(signedHalf), rounding);
  return v128.shuffle<i32>(
    i64x2.shr_s(i64x2.add(i64x2.extmul_low_i32x4_s(shifted, multiplier), low), f.exponent),
    i64x2.shr_s(i64x2.add(i64x2.extmul_high_i32x4_s(shifted, multiplier), high), f.exponent),
    0, 2, 4, 6,
  );
}
