/** softmax of each row of channels: rules S1, S2 and S3 of reference/SEMANTICS.md. */

import { exponential, expOnNegativeValues, oneOverOnePlus } from './exponential';
import { doublingHighMultiply, roundingDivideByPowerOfTwo } from './fixed-point';
import { requantizeInt32 } from './requantize';
import { Step } from './step';

@inline
function rowCount(s: Step): i32 {
  return s.batches * s.outHeight * s.outWidth;
}

/** `Step.parameters` points at beta, a float64. Scratch: a float64 per channel. */
export function softmaxFloat32(s: Step): void {
  const beta = load<f64>(s.parameters);
  const rows = rowCount(s);
  for (let row: i32 = 0; row < rows; row++) {
    const from = s.input + <usize>(row * s.inStride) * 4;
    const to = s.output + <usize>(row * s.outStride) * 4;
    let largest: f64 = -Infinity;
    for (let c: i32 = 0; c < s.outChannels; c++) largest = max(largest, <f64>load<f32>(from + 4 * c));
    let sum: f64 = 0;
    for (let c: i32 = 0; c < s.outChannels; c++) {
      const e = exponential(beta * (<f64>load<f32>(from + 4 * c) - largest));
      store<f64>(s.scratch + 8 * c, e);
      sum += e;
    }
    for (let c: i32 = 0; c < s.outChannels; c++) {
      store<f32>(to + 4 * c, <f32>(load<f64>(s.scratch + 8 * c) / sum));
    }
  }
}

/** What `Step.parameters` of an int8 softmax points at. */
@unmanaged
class SoftmaxInt8Parameters {
  multiplier: i32;
  leftShift: i32;
  diffMin: i32;
}

const ACCUMULATOR_INTEGER_BITS: i32 = 12;

export function softmaxInt8(s: Step): void {
  const p = changetype<SoftmaxInt8Parameters>(s.parameters);
  const rows = rowCount(s);
  for (let row: i32 = 0; row < rows; row++) {
    const from = s.input + <usize>(row * s.inStride);
    const to = s.output + <usize>(row * s.outStride);
    let largest: i32 = -128;
    for (let c: i32 = 0; c < s.outChannels; c++) largest = max(largest, <i32>load<i8>(from + c));
    let sum: i32 = 0;
    for (let c: i32 = 0; c < s.outChannels; c++) {
      const difference = <i32>load<i8>(from + c) - largest;
      if (difference < p.diffMin) continue;
      sum += roundingDivideByPowerOfTwo(exponentialOf(difference, p), ACCUMULATOR_INTEGER_BITS);
    }
    // sum = 2^bitsOverUnit * (1 + fraction): divide by the bracket in Q0.31, then shift.
    const leadingZeros = clz(sum);
    const bitsOverUnit = ACCUMULATOR_INTEGER_BITS - leadingZeros;
    const reciprocal = oneOverOnePlus(<i32>(((<i64>sum) << leadingZeros) - 0x80000000));
    for (let c: i32 = 0; c < s.outChannels; c++) {
      const difference = <i32>load<i8>(from + c) - largest;
      let code: i32 = -128;
      if (difference >= p.diffMin) {
        const product = doublingHighMultiply(reciprocal, exponentialOf(difference, p));
        code += roundingDivideByPowerOfTwo(product, bitsOverUnit + 31 - 8);
      }
      store<i8>(to + c, <i8>min(max(code, -128), 127));
    }
  }
}

/** exp of a difference of codes to the row's maximum, in Q0.31. */
function exponentialOf(difference: i32, p: SoftmaxInt8Parameters): i32 {
  return expOnNegativeValues(doublingHighMultiply(difference << p.leftShift, p.multiplier));
}

/** What `Step.parameters` of an int16 softmax points at; the tables of 513 int16 each follow. */
@unmanaged
class SoftmaxInt16Parameters {
  multiplier: i32;
  shift: i32;
}

const EXP_TABLE: usize = 8;
const RECIPROCAL_TABLE: usize = EXP_TABLE + 2 * 513;

export function softmaxInt16(s: Step): void {
  const p = changetype<SoftmaxInt16Parameters>(s.parameters);
  const rows = rowCount(s);
  for (let row: i32 = 0; row < rows; row++) {
    const from = s.input + <usize>(row * s.inStride) * 2;
    const to = s.output + <usize>(row * s.outStride) * 2;
    let largest: i32 = -32768;
    for (let c: i32 = 0; c < s.outChannels; c++) largest = max(largest, <i32>load<i16>(from + 2 * c));
    let sum: i32 = 0;
    for (let c: i32 = 0; c < s.outChannels; c++) {
      const scaled = requantizeInt32(<i32>load<i16>(from + 2 * c) - largest, p.multiplier, p.shift);
      const e = lookUp(s.parameters + EXP_TABLE, scaled + 32767);
      store<i32>(s.scratch + 4 * c, e);
      sum += e;
    }
    const leadingZeros = clz(sum);
    // The sum as 1 + x with 16 fractional bits; the table wants x, centred on code 0.
    const shifted = (((<i64>sum) << (leadingZeros - 1)) + (1 << 13)) >> 14;
    const reciprocal = lookUp(s.parameters + RECIPROCAL_TABLE, <i32>shifted - (1 << 15) - (1 << 16));
    const rightShift = 31 - leadingZeros;
    for (let c: i32 = 0; c < s.outChannels; c++) {
      const product = <i64>load<i32>(s.scratch + 4 * c) * reciprocal + ((<i64>1) << (rightShift - 1));
      store<i16>(to + 2 * c, <i16>min(max(product >> rightShift, 0), 32767));
    }
  }
}

/** Linear interpolation between the anchors left and right of a code, which is first saturated to int16. */
function lookUp(table: usize, value: i32): i32 {
  const code = min(max(value, -32768), 32767);
  const at = table + <usize>(256 + (code >> 7)) * 2;
  const base = <i32>load<i16>(at);
  const slope = <i32>load<i16>(at, 2) - base;
  return base + ((slope * (code & 127) + 64) >> 7);
}
