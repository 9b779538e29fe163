/** The codes of a layer, panel by panel: fastpath/container/weights.ts. */

import { Step } from '../step';
import {
  BYTE_MODELS,
  DENSE,
  DEPTHWISE as TAPS,
  ESCAPE,
  LOW,
  MAX_RANGE,
  MODEL_BYTES,
  NEIGHBOUR_CONTEXTS,
  TAP_CONTEXTS,
  TAP_SUMS,
} from './contexts';
import { byteOf } from './numbers';
import { DEPTHWISE, productsOf } from './shapes';
import {
  count,
  cursor,
  end,
  renewed,
  setCursor,
  stateAfter,
  symbol,
  symbolIn,
  symbolOf,
  wordAfter,
} from './symbols';
import {
  columns,
  CONTEXTS,
  models,
  panelWord,
  setPanelWord,
  STATES,
  SUMS,
  workspace,
} from './workspace';

const FIRST_MEAN: i32 = 80;
const ROW_RATE: i32 = 5;
const WIDE_ROW_RATE: i32 = 4;
const MAX_MAGNITUDE: i32 = 127;

/** Of the layer at work. */
let range: i32 = 0;
let lowBits: i32 = 0;
let mean: i32 = 0;
let panels: i32 = 0;

export function beginWeights(step: Step, layerRange: i32, layerLowBits: i32): void {
  range = layerRange;
  lowBits = layerLowBits;
  mean = FIRST_MEAN * range;
  panels = 0;
  if (step.kernel === DEPTHWISE) return;
  const products = productsOf(step);
  for (let k = 0; k < products; k++) store<u16>(columns + (<usize>k << 1), <u16>mean);
}

/** Reads a panel of `lanes` channels into the layer's packed weights, and sums each channel's codes. */
export function readWeights(step: Step, weights: usize, panel: i32, lanes: i32): void {
  if (step.kernel === DEPTHWISE) {
    for (let lane = 0; lane < 8; lane++) setPanelWord(SUMS, lane, 0);
    readTaps(step, weights + 32 * <usize>panel, lanes);
    return;
  }
  const products = productsOf(step);
  const bytes = <usize>((products + 3) & ~3) << 3;
  readProducts(weights + <usize>panel * bytes, products, lanes);
  sumPanel(weights + <usize>panel * bytes, bytes);
}

/**
 * [products / 4][8][4]. What goes by lane is done in vectors: contexts before the 8 symbols of a product, running means
 * after them.
 */
const LEAST_WORDS: usize = 2 * 4 * 4;
function readProducts(to: usize, products: i32, lanes: i32): void {
  const first = i32x4.splat(<i32>models + (DENSE + (range - 1) * NEIGHBOUR_CONTEXTS - QUARTER_ZERO) * <i32>MODEL_BYTES);
  const rate: u32 = panels === 0 ? 1 : panels < 3 ? 2 : panels < 7 ? 3 : 4;
  const lowModels = models + <usize>(LOW - 16) * MODEL_BYTES;
  const least = i32x4.splat(range);
  const wide = range === MAX_RANGE;
  const wideMask = i32x4.splat(wide ? -1 : 0);
  const lowContexts = i32x4.splat(wide ? QUARTER_ZERO + LEAST_LOW_BITS - 1 : i32.MAX_VALUE);
  const escape = i32(wide);
  let rows = i32x4.splat(mean);
  let otherRows = rows;
  let state0 = getState(0);
  let state1 = getState(1);
  let state2 = getState(2);
  let state3 = getState(3);
  let word = cursor;
  const lastWord = lanes === 8 ? end - LEAST_WORDS : 0;
  let columnAt = columns;
  const columnEnd = columns + (<usize>products << 1);
  let at = to;
  let magnitudes = i32x4.splat(0);
  let half = 0;
  while (columnAt < columnEnd) {
    const column = <i32>load<u16>(columnAt);
    const contexts = neighbourContexts(i32x4.add(rows, i32x4.splat(column + 16)));
    const places = i32x4.add(first, i32x4.add(i32x4.shl(contexts, 6), i32x4.shl(contexts, 4)));
    let codes = i32x4.splat(0);
    if (word <= lastWord) {
      let plain = escape;
      if (v128.any_true(i32x4.gt_s(contexts, lowContexts))) plain = 16;
      const model0 = <usize>i32x4.extract_lane(places, 0);
      let told0 = symbolIn(model0, state0);
      const entry0 = model0 + (<usize>told0 << 1);
      const next0 = stateAfter(entry0, state0);
      state0 = renewed(next0, word);
      word = wordAfter(next0, word);
      count(model0, entry0);
      if (told0 < plain) {
        const bits0 = lowBitsOf(i32x4.extract_lane(contexts, 0) - QUARTER_ZERO);
        if (told0 === 0) {
          setState(0, state0);
          setCursor(word);
          told0 = MAX_RANGE + restOfCode(0, bits0, 0);
          state0 = getState(0);
          word = cursor;
        } else if (bits0 > 0) {
          const lowModel0 = lowModels + <usize>(16 * bits0 + told0) * MODEL_BYTES;
          const low0 = symbolIn(lowModel0, state0);
          const lowEntry0 = lowModel0 + (<usize>low0 << 1);
          const lowNext0 = stateAfter(lowEntry0, state0);
          state0 = renewed(lowNext0, word);
          word = wordAfter(lowNext0, word);
          count(lowModel0, lowEntry0);
          told0 = MAX_RANGE + <i32><i8>(((told0 - MAX_RANGE) << bits0) + low0);
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
        const bits1 = lowBitsOf(i32x4.extract_lane(contexts, 1) - QUARTER_ZERO);
        if (told1 === 0) {
          setState(1, state1);
          setCursor(word);
          told1 = MAX_RANGE + restOfCode(0, bits1, 1);
          state1 = getState(1);
          word = cursor;
        } else if (bits1 > 0) {
          const lowModel1 = lowModels + <usize>(16 * bits1 + told1) * MODEL_BYTES;
          const low1 = symbolIn(lowModel1, state1);
          const lowEntry1 = lowModel1 + (<usize>low1 << 1);
          const lowNext1 = stateAfter(lowEntry1, state1);
          state1 = renewed(lowNext1, word);
          word = wordAfter(lowNext1, word);
          count(lowModel1, lowEntry1);
          told1 = MAX_RANGE + <i32><i8>(((told1 - MAX_RANGE) << bits1) + low1);
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
        const bits2 = lowBitsOf(i32x4.extract_lane(contexts, 2) - QUARTER_ZERO);
        if (told2 === 0) {
          setState(2, state2);
          setCursor(word);
          told2 = MAX_RANGE + restOfCode(0, bits2, 2);
          state2 = getState(2);
          word = cursor;
        } else if (bits2 > 0) {
          const lowModel2 = lowModels + <usize>(16 * bits2 + told2) * MODEL_BYTES;
          const low2 = symbolIn(lowModel2, state2);
          const lowEntry2 = lowModel2 + (<usize>low2 << 1);
          const lowNext2 = stateAfter(lowEntry2, state2);
          state2 = renewed(lowNext2, word);
          word = wordAfter(lowNext2, word);
          count(lowModel2, lowEntry2);
          told2 = MAX_RANGE + <i32><i8>(((told2 - MAX_RANGE) << bits2) + low2);
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
        const bits3 = lowBitsOf(i32x4.extract_lane(contexts, 3) - QUARTER_ZERO);
        if (told3 === 0) {
          setState(3, state3);
          setCursor(word);
          told3 = MAX_RANGE + restOfCode(0, bits3, 3);
          state3 = getState(3);
          word = cursor;
        } else if (bits3 > 0) {
          const lowModel3 = lowModels + <usize>(16 * bits3 + told3) * MODEL_BYTES;
          const low3 = symbolIn(lowModel3, state3);
          const lowEntry3 = lowModel3 + (<usize>low3 << 1);
          const lowNext3 = stateAfter(lowEntry3, state3);
          state3 = renewed(lowNext3, word);
          word = wordAfter(lowNext3, word);
          count(lowModel3, lowEntry3);
          told3 = MAX_RANGE + <i32><i8>(((told3 - MAX_RANGE) << bits3) + low3);
        }
      }
      codes = i32x4.replace_lane(codes, 3, told3);

      codes = i32x4.sub(codes, least);
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
      codes = slowHalf(places, contexts, at, lanes - half);
      state0 = getState(0);
      state1 = getState(1);
      state2 = getState(2);
      state3 = getState(3);
      word = cursor;
    }
    const absolute = i32x4.abs(codes);
    const these = i32x4.sub(absolute, i32x4.shr_u(absolute, 7));
    const change = i32x4.sub(i32x4.shl(these, 8), rows);
    const other = i32x4.add(rows, i32x4.shr_s(i32x4.add(change, v128.and(change, wideMask)), 5));
    rows = otherRows;
    otherRows = other;
    half ^= 4;
    if (half !== 0) {
      magnitudes = these;
      at += 16;
      continue;
    }
    const sum = sumOf(i32x4.add(magnitudes, these));
    store<u16>(columnAt, <u16>(column + (((sum << 5) - column) >> rate)));
    columnAt += 2;
    at = to + ((columnAt - columns) >> 1 & 3) + ((columnAt - columns) >> 3 << 5);
  }
  setState(0, state0);
  setState(1, state1);
  setState(2, state2);
  setState(3, state3);
  setCursor(word);
  if (lanes === 8) mean += ((sumOf(i32x4.add(rows, otherRows)) >> 3) - mean) >> rate;
  panels += 1;
}

function slowHalf(places: v128, contexts: v128, at: usize, lanes: i32): v128 {
  const panel = workspace;
  v128.store(panel, places, CONTEXTS);
  v128.store(panel, contexts, CONTEXTS + 16);
  for (let lane = 0; lane < 4; lane++) {
    const offset = <usize>lane << 2;
    let code = 0;
    if (lane < lanes) {
      const told = symbolOf(load<i32>(panel + offset, CONTEXTS), panel, lane);
      const context = load<i32>(panel + offset, CONTEXTS + 16) - QUARTER_ZERO;
      code = told - range;
      if (range === MAX_RANGE && (told === 0 || context >= LEAST_LOW_BITS)) {
        code = restOfCode(told, lowBitsOf(context), lane);
      }
      store<i8>(at + offset, <i8>code);
    }
    store<i32>(panel + offset, code, CONTEXTS);
  }
  return v128.load(panel, CONTEXTS);
}

@inline
function getState(lane: i32): u64 {
  return load<u64>(workspace + STATES + (<usize>lane << 3));
}

@inline
function setState(lane: i32, state: u64): void {
  store<u64>(workspace + STATES + (<usize>lane << 3), state);
}

/** Four sums of two means as quarters of an octave, which are the upper bits of a float32. */
@inline
function neighbourContexts(sums: v128): v128 {
  return i32x4.shr_u(f32x4.convert_i32x4_s(sums), 21);
}

const QUARTER_ZERO: i32 = (127 + 4) << 2;

/** The first context whose codes have bits below tokens. */
const LEAST_LOW_BITS: i32 = 28;

/** The bits of codes below tokens, where neighbours are so large that tokens would not reach. */
function lowBitsOf(context: i32): i32 {
  return min(max((context >> 2) - 6, 0), 4);
}

@inline
function sumOf(lanes: v128): i32 {
  const halves = i32x4.add(lanes, v128.shuffle<i32>(lanes, lanes, 2, 3, 0, 1));
  return i32x4.extract_lane(halves, 0) + i32x4.extract_lane(halves, 1);
}

/** Sums the codes of a panel of packed weights, lane by lane. */
function sumPanel(at: usize, bytes: usize): void {
  let low = i32x4.splat(0);
  let high = i32x4.splat(0);
  for (const end = at + bytes; at < end; at += 32) {
    low = i32x4.add(low, sumFours(v128.load(at)));
    high = i32x4.add(high, sumFours(v128.load(at, 16)));
  }
  v128.store(workspace + SUMS, low);
  v128.store(workspace + SUMS, high, 16);
}

@inline
function sumFours(codes: v128): v128 {
  return i32x4.extadd_pairwise_i16x8_s(i16x8.extadd_pairwise_i8x16_s(codes));
}

/** [rows / 4][kx][channels / 8][8][4]. */
function readTaps(step: Step, to: usize, lanes: i32): void {
  const width = step.kernelWidth;
  const small = step.kernelHeight === 3 && width === 3;
  const stride = <usize>step.outStride << 2;
  const first = models + <usize>(TAPS + (range - 1 + lowBits) * TAP_CONTEXTS) * MODEL_BYTES;
  // Exact for sums below 2^12.
  const reciprocal = 65536 / (2 * range) + 1;
  let k = 0;
  for (let y = 0; y < step.kernelHeight; y++) {
    for (let x = 0; x < width; x++, k++) {
      const at = tapAt(to, stride, width, y, x);
      const place = small ? (k === 4 ? 2 : k & 1) : 0;
      for (let lane = 0; lane < lanes; lane++) {
        const offset = <usize>lane << 2;
        let sum = 0;
        if (x > 0) sum += <i32>load<i8>(tapAt(to, stride, width, y, x - 1) + offset) >> lowBits;
        if (y > 0) sum += <i32>load<i8>(tapAt(to, stride, width, y - 1, x) + offset) >> lowBits;
        const context = <usize>(TAP_SUMS * place + sumContext(sum, reciprocal));
        const token = symbolOf(first + context * MODEL_BYTES, workspace, lane);
        const code = <i8>(range === MAX_RANGE ? restOfCode(token, lowBits, lane) : token - range);
        store<i8>(at + offset, code);
        setPanelWord(SUMS, lane, panelWord(SUMS, lane) + code);
      }
    }
  }
}

@inline
function tapAt(to: usize, stride: usize, width: i32, y: i32, x: i32): usize {
  return to + <usize>((y >> 2) * width + x) * stride + (y & 3);
}

/** The code of a symbol of the largest range: one beyond it is told as a byte, and then the bits below. */
function restOfCode(told: i32, lowBits: i32, lane: i32): i32 {
  const token = told === 0 ? byteOf(ESCAPE + lowBits * BYTE_MODELS, lane) - 128 : told - MAX_RANGE;
  if (lowBits === 0) return token;
  return <i8>((token << lowBits) + symbol(LOW + (lowBits - 1) * 16 + told, lane));
}

/** A sum of two tokens in halves of their range, rounded. */
@inline
function sumContext(sum: i32, reciprocal: i32): i32 {
  const halves = (max(4 * sum + 17 * range, 0) * reciprocal) >> 16;
  return min(max(halves, 5), 11) - 5;
}
