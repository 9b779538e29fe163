/** A panel's parameters as the kernels read them: fastpath/container/panels.ts. */

import { RESCALE_SIGNED_FLOAT, RESCALE_VECTOR } from '../rescaling-kinds';
import { Step } from '../step';
import { NUDGES, SCALE_STEPS } from './contexts';
import { exponentOf, powerOfTwo } from './factors';
import { BIASES, MULTIPLIERS, NUDGE, panelWord, setPanelWord, SHIFTS, SUMS } from './workspace';

export const PANEL_PARAMETERS: usize = 112;
const GROUP: usize = 32;

/** What a kernel adds to codes to take their sign from them. */
const UNSIGNED: i32 = 128;
const ZERO_SHIFT: i32 = -31;
/** From an offset to the next, in 2^-24. */
const OFFSET_UNIT: i32 = 32;

/** Writes the parameters of a panel whose first `lanes` channels were read. */
export function writePanel(to: usize, step: Step, lanes: i32, kind: i32): void {
  for (let lane = 0; lane < 8; lane++) {
    let bias = 0;
    if (lane < lanes) {
      bias = panelWord(BIASES, lane) - (step.inZero + UNSIGNED) * panelWord(SUMS, lane);
    } else {
      setPanelWord(MULTIPLIERS, lane, 0);
      setPanelWord(NUDGE, lane, 0);
    }
    const at = to + (<usize>lane << 2);
    const multiplier = panelWord(MULTIPLIERS, lane);
    const shift = multiplier === 0 ? ZERO_SHIFT : panelWord(SHIFTS, lane);
    if (kind <= RESCALE_SIGNED_FLOAT) {
      bias -= writeFloat(at + GROUP, multiplier, shift, panelWord(NUDGE, lane));
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
  const centre = nudge / NUDGES;
  const scale = <f64>(<f32>factor) + <f64>stepOf(nudge % SCALE_STEPS) * unit;
  const offsetStep = <f64>(-OFFSET_UNIT * stepOf((nudge % NUDGES) / SCALE_STEPS));
  const offset =
    <f64>centre * factor + 0.5 + powerOfTwo(shift - 1) + offsetStep * powerOfTwo(-24);
  store<f32>(at, <f32>scale);
  store<f32>(at, <f32>offset, GROUP);
  return centre;
}

/** The candidates 0, 1, -1, 2, -2 and so on, in this order. */
@inline
function stepOf(index: i32): i32 {
  const step = (index + 1) >> 1;
  return (index & 1) === 1 ? step : -step;
}

function storeTwice(at: usize, code: i32): void {
  store<i16>(at, <i16>code);
  store<i16>(at, <i16>code, 2);
}
