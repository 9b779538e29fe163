/**
 * The codes of a dense layer's panel: fastpath/container/weights.ts.
 *
 * Nearly all time of decoding is spent here, on chains of steps that wait for each other: a state tells a symbol, by which
 * the state goes on, and by the symbols of a row of products the next row's contexts. So the four lanes that have a state
 * each are decoded at a time, half a row, whose states and word stay in registers: unrolled, since one lane after the
 * other in a loop takes 4 to 8 % longer. What goes by lane is done in vectors. And contexts are made half a row ahead: a
 * processor looks no further ahead than half a row itself, and would begin each by waiting for them (5 to 9 %).
 */

import { DENSE, LOW, MAX_RANGE, MODEL_BYTES, NEIGHBOUR_CONTEXTS } from './contexts';
import {
  count,
  cursor,
  end,
  renewed,
  setCursor,
  setState,
  stateAfter,
  stateOf,
  symbolIn,
  symbolOf,
  wordAfter,
} from './symbols';
import { LEAST_LOW_BITS, lowBitsOf, restOfCode } from './tokens';
import { columns, CONTEXTS, models, workspace } from './workspace';

const FIRST_MEAN: i32 = 80;
/** Bytes of words that half a row takes at most: a lane's token, two symbols of one beyond the range, and bits below. */
const HALF_BYTES: usize = 4 * 4 * 2;
/** More than any token. */
const ANY_TOKEN: i32 = 16;

/** Of the layer at work. */
let range: i32 = 0;
let mean: i32 = 0;
let panels: i32 = 0;

export function beginProducts(layerRange: i32, products: i32): void {
  range = layerRange;
  mean = FIRST_MEAN * range;
  panels = 0;
  for (let k = 0; k < products; k++) store<u16>(columns + (<usize>k << 1), <u16>mean);
}

/** Reads the codes of a panel of `lanes` channels to [products / 4][8][4]. */
export function readProducts(to: usize, products: i32, lanes: i32): void {
  const firstModel = DENSE + (range - 1) * NEIGHBOUR_CONTEXTS - QUARTERS_OF_ONE;
  const first = i32x4.splat(<i32>models + firstModel * <i32>MODEL_BYTES);
  const lowModels = models + <usize>(LOW - 16) * MODEL_BYTES;
  const rate: u32 = panels === 0 ? 1 : panels < 3 ? 2 : panels < 7 ? 3 : 4;
  const wide = range === MAX_RANGE;
  const doubled = i32x4.splat(wide ? -1 : 0);
  const withoutLow = i32x4.splat(wide ? QUARTERS_OF_ONE + LEAST_LOW_BITS - 1 : i32.MAX_VALUE);
  const escapes = i32(wide);
  const ranges = i32x4.splat(range);
  let state0 = stateOf(0);
  let state1 = stateOf(1);
  let state2 = stateOf(2);
  let state3 = stateOf(3);
  let word = cursor;
  const lastWord = lanes === 8 ? end - HALF_BYTES : 0;
  // Running means: of 4 lanes, of the other 4, and of a product.
  let rows = i32x4.splat(mean);
  let otherRows = rows;
  let column = <i32>load<u16>(columns);
  let contexts = contextsOf(rows, column);
  let places = placesOf(contexts, first);
  let magnitudes = i32x4.splat(0);
  const columnEnd = columns + (<usize>products << 1);
  let at = to;
  let half = 0;
  for (let columnAt = columns; columnAt < columnEnd; ) {
    const nextAt = half === 0 ? columnAt : min(columnAt + 2, columnEnd - 2);
    const nextColumn = <i32>load<u16>(nextAt);
    const nextContexts = contextsOf(otherRows, nextColumn);
    const nextPlaces = placesOf(nextContexts, first);
    let codes = i32x4.splat(0);
    if (word <= lastWord) {
      // Tokens below this one are not all of a code.
      const plain = v128.any_true(i32x4.gt_s(contexts, withoutLow)) ? ANY_TOKEN : escapes;

      const model0 = <usize>i32x4.extract_lane(places, 0);
      let told0 = symbolIn(model0, state0);
      const entry0 = model0 + (<usize>told0 << 1);
      const next0 = stateAfter(entry0, state0);
      state0 = renewed(next0, word);
      word = wordAfter(next0, word);
      count(model0, entry0);
      if (told0 < plain) {
        const bits = lowBitsOf(i32x4.extract_lane(contexts, 0) - QUARTERS_OF_ONE);
        if (told0 === 0) {
          setState(0, state0);
          setCursor(word);
          told0 = MAX_RANGE + restOfCode(0, bits, 0);
          state0 = stateOf(0);
          word = cursor;
        } else if (bits > 0) {
          const model = lowModels + <usize>(16 * bits + told0) * MODEL_BYTES;
          const low = symbolIn(model, state0);
          const entry = model + (<usize>low << 1);
          const next = stateAfter(entry, state0);
          state0 = renewed(next, word);
          word = wordAfter(next, word);
          count(model, entry);
          told0 = MAX_RANGE + <i32><i8>(((told0 - MAX_RANGE) << bits) + low);
        }
      }
      codes = i32x4.replace_lane(codes, 0, told0);

      const model1 = <usize>i32x4.extract_lane(places, 1);
      let told1 = symbolIn(model1, state1);
      const entry1 = model1 + (<usize>told1 << 1);
      const next1 = stateAfter(entry1, state1);
      state1 = renewed(next1, word);
      word = wordAfter(next1, word);
      count(model1, entry1);
      if (told1 < plain) {
        const bits = lowBitsOf(i32x4.extract_lane(contexts, 1) - QUARTERS_OF_ONE);
        if (told1 === 0) {
          setState(1, state1);
          setCursor(word);
          told1 = MAX_RANGE + restOfCode(0, bits, 1);
          state1 = stateOf(1);
          word = cursor;
        } else if (bits > 0) {
          const model = lowModels + <usize>(16 * bits + told1) * MODEL_BYTES;
          const low = symbolIn(model, state1);
          const entry = model + (<usize>low << 1);
          const next = stateAfter(entry, state1);
          state1 = renewed(next, word);
          word = wordAfter(next, word);
          count(model, entry);
          told1 = MAX_RANGE + <i32><i8>(((told1 - MAX_RANGE) << bits) + low);
        }
      }
      codes = i32x4.replace_lane(codes, 1, told1);

      const model2 = <usize>i32x4.extract_lane(places, 2);
      let told2 = symbolIn(model2, state2);
      const entry2 = model2 + (<usize>told2 << 1);
      const next2 = stateAfter(entry2, state2);
      state2 = renewed(next2, word);
      word = wordAfter(next2, word);
      count(model2, entry2);
      if (told2 < plain) {
        const bits = lowBitsOf(i32x4.extract_lane(contexts, 2) - QUARTERS_OF_ONE);
        if (told2 === 0) {
          setState(2, state2);
          setCursor(word);
          told2 = MAX_RANGE + restOfCode(0, bits, 2);
          state2 = stateOf(2);
          word = cursor;
        } else if (bits > 0) {
          const model = lowModels + <usize>(16 * bits + told2) * MODEL_BYTES;
          const low = symbolIn(model, state2);
          const entry = model + (<usize>low << 1);
          const next = stateAfter(entry, state2);
          state2 = renewed(next, word);
          word = wordAfter(next, word);
          count(model, entry);
          told2 = MAX_RANGE + <i32><i8>(((told2 - MAX_RANGE) << bits) + low);
        }
      }
      codes = i32x4.replace_lane(codes, 2, told2);

      const model3 = <usize>i32x4.extract_lane(places, 3);
      let told3 = symbolIn(model3, state3);
      const entry3 = model3 + (<usize>told3 << 1);
      const next3 = stateAfter(entry3, state3);
      state3 = renewed(next3, word);
      word = wordAfter(next3, word);
      count(model3, entry3);
      if (told3 < plain) {
        const bits = lowBitsOf(i32x4.extract_lane(contexts, 3) - QUARTERS_OF_ONE);
        if (told3 === 0) {
          setState(3, state3);
          setCursor(word);
          told3 = MAX_RANGE + restOfCode(0, bits, 3);
          state3 = stateOf(3);
          word = cursor;
        } else if (bits > 0) {
          const model = lowModels + <usize>(16 * bits + told3) * MODEL_BYTES;
          const low = symbolIn(model, state3);
          const entry = model + (<usize>low << 1);
          const next = stateAfter(entry, state3);
          state3 = renewed(next, word);
          word = wordAfter(next, word);
          count(model, entry);
          told3 = MAX_RANGE + <i32><i8>(((told3 - MAX_RANGE) << bits) + low);
        }
      }
      codes = i32x4.replace_lane(codes, 3, told3);

      codes = i32x4.sub(codes, ranges);
      v128.store8_lane(at, codes, 0, 0);
      v128.store8_lane(at, codes, 4, 4);
      v128.store8_lane(at, codes, 8, 8);
      v128.store8_lane(at, codes, 12, 12);
    } else {
      setState(0, state0);
      setState(1, state1);
      setState(2, state2);
      setState(3, state3);
      setCursor(word);
      codes = readSlowly(at, places, contexts, lanes - half);
      state0 = stateOf(0);
      state1 = stateOf(1);
      state2 = stateOf(2);
      state3 = stateOf(3);
      word = cursor;
    }
    // At most 127.
    const absolute = i32x4.abs(codes);
    const these = i32x4.sub(absolute, i32x4.shr_u(absolute, 7));
    const change = i32x4.sub(i32x4.shl(these, 8), rows);
    const newRows = i32x4.add(rows, i32x4.shr_s(i32x4.add(change, v128.and(change, doubled)), 5));
    rows = otherRows;
    otherRows = newRows;
    contexts = nextContexts;
    places = nextPlaces;
    half ^= 4;
    if (half !== 0) {
      magnitudes = these;
      at += 16;
      continue;
    }
    const sum = sumOf(i32x4.add(magnitudes, these));
    store<u16>(columnAt, <u16>(column + (((sum << 5) - column) >> rate)));
    column = nextColumn;
    columnAt += 2;
    const product = (columnAt - columns) >> 1;
    at = to + ((product & ~3) << 3) + (product & 3);
  }
  setState(0, state0);
  setState(1, state1);
  setState(2, state2);
  setState(3, state3);
  setCursor(word);
  if (lanes === 8) mean += ((sumOf(i32x4.add(rows, otherRows)) >> 3) - mean) >> rate;
  panels += 1;
}

/** Reads the codes of the first `lanes` of four lanes where words or lanes may end, and returns them, 0 for the others. */
function readSlowly(to: usize, places: v128, contexts: v128, lanes: i32): v128 {
  const panel = workspace;
  v128.store(panel, places, CONTEXTS);
  v128.store(panel, contexts, CONTEXTS + 16);
  for (let lane = 0; lane < 4; lane++) {
    const offset = <usize>lane << 2;
    let code = 0;
    if (lane < lanes) {
      const told = symbolOf(load<i32>(panel + offset, CONTEXTS), lane);
      const context = load<i32>(panel + offset, CONTEXTS + 16) - QUARTERS_OF_ONE;
      code = range === MAX_RANGE ? restOfCode(told, lowBitsOf(context), lane) : told - range;
      store<i8>(to + offset, <i8>code);
    }
    store<i32>(panel + offset, code, CONTEXTS);
  }
  return v128.load(panel, CONTEXTS);
}

/** Quarters of an octave, in the upper bits of a float32, of the least sum of two means. */
const QUARTERS_OF_ONE: i32 = (127 + 4) << 2;

/**
 * The contexts of four lanes, more by `QUARTERS_OF_ONE`: sums of two means as quarters of an octave. Means are below
 * 127 * 2^8 whatever is read, so that contexts are below 48.
 */
@inline
function contextsOf(rows: v128, column: i32): v128 {
  const sums = i32x4.add(rows, i32x4.splat(column + 16));
  return i32x4.shr_u(f32x4.convert_i32x4_s(sums), 21);
}

/** The addresses of contexts' models: 80 bytes each. */
@inline
function placesOf(contexts: v128, first: v128): v128 {
  return i32x4.add(first, i32x4.add(i32x4.shl(contexts, 6), i32x4.shl(contexts, 4)));
}

@inline
function sumOf(lanes: v128): i32 {
  const halves = i32x4.add(lanes, v128.shuffle<i32>(lanes, lanes, 2, 3, 0, 1));
  return i32x4.extract_lane(halves, 0) + i32x4.extract_lane(halves, 1);
}
