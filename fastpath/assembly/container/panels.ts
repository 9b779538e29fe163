/** A panel's parameters as the kernels read them: fastpath/container/panels.ts. */

import { RESCALE_SIGNED_FLOAT, RESCALE_VECTOR } from '../requantize';
import { Step } from '../step';
import { formOf, inputScaleOf, isProductRounded, outputScaleOf } from './layers';
import { FORM_GRID, FORM_READY } from './parameters';
import { setDamaged } from './symbols';
import {
  BIASES,
  FACTORS,
  MULTIPLIERS,
  NUDGES,
  panelWord,
  plain,
  setPanelWord,
  SHIFTS,
  SUMS,
} from './workspace';

export const PANEL_PARAMETERS: usize = 112;
const GROUP: usize = 32;

/** What a kernel adds to codes to take their sign from them. */
const UNSIGNED: i32 = 128;
const ZERO_SHIFT: i32 = -31;
/** A channel of float32 factors without weights. */
const NONE: i32 = 0;

/** Of the container's grid of scales. */
let mantissas: i32 = 0;
let exponent: i32 = 0;

export function setGrid(count: i32, firstExponent: i32): void {
  mantissas = count;
  exponent = firstExponent;
}

/** Writes the parameters of a panel whose first `lanes` channels were read. */
export function writePanel(to: usize, step: Step, record: usize, lanes: i32, kind: i32): void {
  for (let lane = 0; lane < 8; lane++) {
    let bias = 0;
    if (lane < lanes) {
      setFixedPoint(record, lane);
      bias = panelWord(BIASES, lane) - (step.inZero + UNSIGNED) * panelWord(SUMS, lane);
    } else {
      setPanelWord(MULTIPLIERS, lane, 0);
      setPanelWord(NUDGES, lane, NONE);
    }
    const at = to + (<usize>lane << 2);
    const multiplier = panelWord(MULTIPLIERS, lane);
    const shift = multiplier === 0 ? ZERO_SHIFT : panelWord(SHIFTS, lane);
    if (kind <= RESCALE_SIGNED_FLOAT) {
      bias -= writeFloat(at + GROUP, multiplier, shift, panelWord(NUDGES, lane));
    } else {
      store<i32>(at, multiplier, GROUP);
      if (kind === RESCALE_VECTOR) store<f32>(at, <f32>powerOfTwo(1 + shift), 2 * GROUP);
      else store<i32>(at, shift, 2 * GROUP);
    }
    store<i32>(at, bias);
  }
  store<i32>(to, kind, 3 * GROUP);
  storeTwice(to + 3 * GROUP + 4, step.outZero);
  storeTwice(to + 3 * GROUP + 8, step.min);
  storeTwice(to + 3 * GROUP + 12, step.max);
}

/** Writes the scale and the offset of a nudge, and returns its centre. */
function writeFloat(at: usize, multiplier: i32, shift: i32, nudge: i32): i32 {
  if (multiplier === 0) {
    store<f32>(at, 0);
    store<f32>(at, 0, GROUP);
    return 0;
  }
  const factor = <f64>multiplier * powerOfTwo(shift - 31);
  const unit = powerOfTwo(exponentOf(factor) - 23);
  const centre = nudge / 9;
  const scale = <f64>(<f32>factor) + <f64>stepOf(nudge % 3) * unit;
  const offsetStep = <f64>(-64 * stepOf((nudge % 9) / 3));
  const offset =
    <f64>centre * factor + 0.5 + powerOfTwo(shift - 1) + offsetStep * powerOfTwo(-24);
  store<f32>(at, <f32>scale);
  store<f32>(at, <f32>offset, GROUP);
  return centre;
}

/** The candidates 0, 1 and -1, in this order. */
@inline
function stepOf(index: i32): i32 {
  return index === 2 ? -1 : index;
}

function storeTwice(at: usize, code: i32): void {
  store<i16>(at, <i16>code);
  store<i16>(at, <i16>code, 2);
}

/** Sets multiplier and shift of a channel, as the compiler has them of its scales. */
function setFixedPoint(record: usize, lane: i32): void {
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
  if (shift < -31) multiplier = 0;
  setPanelWord(MULTIPLIERS, lane, <i32>multiplier);
  setPanelWord(SHIFTS, lane, shift);
}

/** floor(log2(value)) for a normal number. */
@inline
function exponentOf(value: f64): i32 {
  return (<i32>(reinterpret<u64>(value) >> 52) & 0x7ff) - 1023;
}

/** 2^exponent for an exponent in [-1022, 1023]. */
@inline
function powerOfTwo(exponent: i32): f64 {
  return reinterpret<f64>(<u64>(exponent + 1023) << 52);
}
