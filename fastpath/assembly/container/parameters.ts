/** Factors and biases of a panel's channels: fastpath/container/parameters.ts. */

import {
  BYTE_MODELS,
  CENTRE,
  KIND,
  LENGTH,
  MANTISSA,
  NUDGE,
  OTHER_LENGTH,
  SCALE,
  SHIFT,
  SIGN,
  WORD,
} from './contexts';
import { bitsOf, byteOf, MAX_LENGTH } from './numbers';
import { setDamaged, symbol } from './symbols';
import {
  BIASES,
  FACTORS,
  GRID,
  KNOWN,
  NUDGES,
  panelWord,
  setPanelWord,
  SHIFTS,
  workspace,
} from './workspace';

export const FORM_GRID: i32 = 0;
export const FORM_SCALES: i32 = 1;
export const FORM_READY: i32 = 2;

const POINT: i32 = 4;
const RATE: i32 = 3;
const LENGTHS: i32 = 14;
const FLOAT_KINDS: i32 = 2;

/** What goes on from layer to layer. */
let gridMean: i32 = 0;
let lengthMean: i32 = 0;
let kind: i32 = 0;

export function beginParameters(): void {
  gridMean = (GRID / 2) << POINT;
  lengthMean = 0;
  kind = 0;
}

export function beginLayerParameters(): void {
  memory.fill(workspace + KNOWN, 0xff, 2 * GRID);
}

/** Reads a panel of `lanes` channels and returns its kind of rescaling. `perOctave`: numbers of the grid in an octave. */
export function readParameters(form: i32, perOctave: i32, lanes: i32): i32 {
  for (let lane = 0; lane < lanes; lane++) readFactor(form, lane);
  for (let lane = 0; lane < lanes; lane++) {
    const length = lengthOf(levelOf(form, perOctave, lane), lane);
    let bias: i32 = 0;
    if (length > 0) {
      const negative = symbol(SIGN, lane) === 1;
      bias = bitsOf(MANTISSA, lane, length);
      if (negative) bias = -bias;
    }
    setPanelWord(BIASES, lane, bias);
  }
  kind = symbol(KIND + kind, 0);
  if (kind < FLOAT_KINDS) {
    for (let lane = 0; lane < lanes; lane++) readNudge(form, lane);
  }
  return kind;
}

function readFactor(form: i32, lane: i32): void {
  if (form === FORM_GRID) {
    const base = gridMean >> POINT;
    let number = byteOf(SCALE, lane) + base - GRID;
    if (number < 0 || number >= GRID) {
      setDamaged();
      number = 0;
    }
    gridMean += ((number << POINT) - gridMean) >> RATE;
    setPanelWord(FACTORS, lane, number);
    return;
  }
  let word: i32 = 0;
  for (let i = 3; i >= 0; i--) word = (word << 8) | byteOf(WORD + BYTE_MODELS * i, lane);
  setPanelWord(FACTORS, lane, word);
  if (form === FORM_READY) setPanelWord(SHIFTS, lane, <i32>(<i8>byteOf(SHIFT, lane)));
}

/** The binary logarithm of a channel's scale, in quarters. */
function levelOf(form: i32, perOctave: i32, lane: i32): i32 {
  if (form === FORM_READY) return 4 * panelWord(SHIFTS, lane);
  const factor = panelWord(FACTORS, lane);
  return form === FORM_SCALES ? factor >> 21 : (4 * factor) / perOctave;
}

/** The bits of a bias's magnitude. */
function lengthOf(level: i32, lane: i32): i32 {
  const expected = (lengthMean - (level << POINT) + (2 << POINT)) >> (POINT + 2);
  const told = symbol(LENGTH, lane);
  if (told === 0) return 0;
  const length = told > LENGTHS ? byteOf(OTHER_LENGTH, lane) : told + expected - LENGTHS / 2;
  const bounded = min(max(length, 1), MAX_LENGTH);
  lengthMean += (((4 * bounded + level) << POINT) - lengthMean) >> RATE;
  return bounded;
}

function readNudge(form: i32, lane: i32): void {
  const known = workspace + KNOWN + (<usize>panelWord(FACTORS, lane) << 1);
  if (form === FORM_GRID && load<i16>(known) >= 0) {
    setPanelWord(NUDGES, lane, load<i16>(known));
    return;
  }
  const steps = symbol(NUDGE, lane);
  const nudge = 9 * byteOf(CENTRE, lane) + steps;
  setPanelWord(NUDGES, lane, nudge);
  if (form === FORM_GRID) store<i16>(known, <i16>nudge);
}
