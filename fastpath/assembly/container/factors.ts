/** Multipliers and shifts of a panel's channels, as the compiler has them of their scales. */

import { formOf, inputScaleOf, isProductRounded, outputScaleOf } from './layers';
import { FORM_GRID, FORM_READY } from './parameters';
import { setDamaged } from './symbols';
import { FACTORS, MULTIPLIERS, panelWord, plain, setPanelWord, SHIFTS } from './workspace';

/** Of the container's grid of scales. */
let mantissas: i32 = 0;
let exponent: i32 = 0;

export function setGrid(count: i32, firstExponent: i32): void {
  mantissas = count;
  exponent = firstExponent;
}

/** Sets multiplier and shift of a lane. */
export function setFixedPoint(record: usize, lane: i32): void {
  const factor = panelWord(FACTORS, lane);
  const form = formOf(record);
  if (form === FORM_READY) {
    setPanelWord(MULTIPLIERS, lane, factor);
    return;
  }
  const scale = form === FORM_GRID ? scaleAt(factor) : <f64>reinterpret<f32>(factor);
  const product = inputScaleOf(record) * scale;
  const rounded = isProductRounded(record) ? <f64>(<f32>product) : product;
  setMultiplier(rounded / outputScaleOf(record), lane);
}

/** The scale of a number on the grid. */
function scaleAt(number: i32): f64 {
  const mantissa = <f64>load<f32>(plain + (<usize>(number % mantissas) << 2));
  return mantissa * powerOfTwo(exponent + number / mantissas);
}

/** The fixed-point number nearest to a factor: `quantizeMultiplier` of reference/arithmetic/multiplier.ts. */
function setMultiplier(factor: f64, lane: i32): void {
  if (!(factor >= 0 && factor < Infinity)) {
    setDamaged();
    factor = 0;
  }
  let shift = exponentOf(factor) + 1;
  // In [2^30, 2^31), a half added and cut off.
  let multiplier: i64 = 0;
  if (shift >= -32) multiplier = <i64>(factor * powerOfTwo(31 - shift) + 0.5);
  if (multiplier === 1 << 31) {
    multiplier >>= 1;
    shift += 1;
  }
  if (shift < -31) {
    multiplier = 0;
    shift = 0;
  }
  setPanelWord(MULTIPLIERS, lane, <i32>multiplier);
  setPanelWord(SHIFTS, lane, shift);
}

/** floor(log2(value)) for a normal number. */
@inline
export function exponentOf(value: f64): i32 {
  return (<i32>(reinterpret<u64>(value) >> 52) & 0x7ff) - 1023;
}

/** 2^exponent for an exponent in [-1022, 1023]. */
@inline
export function powerOfTwo(exponent: i32): f64 {
  return reinterpret<f64>(<u64>(exponent + 1023) << 52);
}
