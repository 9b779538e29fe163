/** Factors of a panel's channels, and what goes with them: fastpath/container/parameters.ts. */

import { beginBiases, readBias } from './biases';
import {
  BYTE_MODELS,
  CENTRE,
  KIND,
  NUDGES,
  OFFSET_STEP,
  SCALE,
  SCALE_STEP,
  SCALE_STEPS,
  SHIFT,
  WORD,
} from './contexts';
import { setFixedPoint } from './factors';
import { formOf } from './layers';
import { byteOf } from './numbers';
import { setDamaged, symbol } from './symbols';
import { FACTORS, GRID, KNOWN, NUDGE, panelWord, setPanelWord, SHIFTS, workspace } from './workspace';

export const FORM_GRID: i32 = 0;
export const FORM_SCALES: i32 = 1;
export const FORM_READY: i32 = 2;

const POINT: i32 = 4;
const RATE: i32 = 3;
const FLOAT_KINDS: i32 = 2;

/** What goes on from layer to layer. */
let gridMean: i32 = 0;
let kind: i32 = 0;

export function beginParameters(): void {
  gridMean = (GRID / 2) << POINT;
  kind = 0;
  beginBiases();
}

export function beginLayerParameters(): void {
  memory.fill(workspace + KNOWN, 0xff, 2 * GRID);
}

/** Reads a panel of `lanes` channels, of whose codes the sums are known, and returns its kind of rescaling. */
export function readParameters(record: usize, lanes: i32): i32 {
  const form = formOf(record);
  if (form === FORM_GRID) {
    for (let lane = 0; lane < lanes; lane++) readNumber(lane);
  } else {
    for (let lane = 0; lane < lanes; lane++) readFactor(form, lane);
  }
  for (let lane = 0; lane < lanes; lane++) {
    setFixedPoint(record, lane);
    readBias(record, lane);
  }
  kind = symbol(KIND + kind, 0);
  if (kind < FLOAT_KINDS) {
    for (let lane = 0; lane < lanes; lane++) readNudge(form, lane);
  }
  return kind;
}

/** Reads a number on the grid of scales. */
function readNumber(lane: i32): void {
  let number = byteOf(SCALE, lane) + (gridMean >> POINT) - GRID;
  if (number < 0 || number >= GRID) {
    setDamaged();
    number = 0;
  }
  gridMean += ((number << POINT) - gridMean) >> RATE;
  setPanelWord(FACTORS, lane, number);
}

/** Reads a scale, or a multiplier and a shift. */
function readFactor(form: i32, lane: i32): void {
  let word: i32 = 0;
  for (let i = 3; i >= 0; i--) word = (word << 8) | byteOf(WORD + BYTE_MODELS * i, lane);
  setPanelWord(FACTORS, lane, word);
  if (form === FORM_READY) setPanelWord(SHIFTS, lane, <i32>(<i8>byteOf(SHIFT, lane)));
}

function readNudge(form: i32, lane: i32): void {
  const known = workspace + KNOWN + (<usize>panelWord(FACTORS, lane) << 1);
  if (form === FORM_GRID && load<i16>(known) >= 0) {
    setPanelWord(NUDGE, lane, load<i16>(known));
    return;
  }
  const scale = symbol(SCALE_STEP, lane);
  const offset = byteOf(OFFSET_STEP, lane);
  const nudge = NUDGES * byteOf(CENTRE, lane) + SCALE_STEPS * offset + scale;
  setPanelWord(NUDGE, lane, nudge);
  if (form === FORM_GRID) store<i16>(known, <i16>nudge);
}
