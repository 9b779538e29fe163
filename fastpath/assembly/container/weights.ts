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
import { symbol, symbolOf } from './symbols';
import {
  CODES,
  columns,
  CONTEXTS,
  models,
  panelWord,
  setPanelWord,
  SUMS,
  workspace,
} from './workspace';

const FIRST_MEAN: i32 = 80;
const ROW_RATE: i32 = 5;
const WIDE_ROW_RATE: i32 = 4;
const MAX_MAGNITUDE: i16 = 127;

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
function readProducts(to: usize, products: i32, lanes: i32): void {
  const first = models + <usize>(DENSE + (range - 1) * NEIGHBOUR_CONTEXTS) * MODEL_BYTES;
  const rate: u32 = panels === 0 ? 1 : panels < 3 ? 2 : panels < 7 ? 3 : 4;
  const panel = workspace;
  const largest = range;
  const wide = range === MAX_RANGE;
  const rowRate = wide ? WIDE_ROW_RATE : ROW_RATE;
  let rows = i16x8.splat(<i16>mean);
  for (let k = 0; k < products; k++) {
    const at = to + (<usize>(k & ~3) << 3) + (k & 3);
    const column = <i32>load<u16>(columns + (<usize>k << 1));
    const sums = i16x8.add(rows, i16x8.splat(<i16>column));
    v128.store(panel, neighbourContexts(i32x4.extend_low_i16x8_u(sums)), CONTEXTS);
    v128.store(panel, neighbourContexts(i32x4.extend_high_i16x8_u(sums)), CONTEXTS + 16);
    let codes = i16x8.splat(0);
    if (lanes === 8) {
      // Unrolled, and gathered in a register: codes stored one by one could not be loaded as one until all are written.
      codes = i16x8.replace_lane(codes, 0, readCode(first, panel, at, 0, largest, wide));
      codes = i16x8.replace_lane(codes, 1, readCode(first, panel, at, 1, largest, wide));
      codes = i16x8.replace_lane(codes, 2, readCode(first, panel, at, 2, largest, wide));
      codes = i16x8.replace_lane(codes, 3, readCode(first, panel, at, 3, largest, wide));
      codes = i16x8.replace_lane(codes, 4, readCode(first, panel, at, 4, largest, wide));
      codes = i16x8.replace_lane(codes, 5, readCode(first, panel, at, 5, largest, wide));
      codes = i16x8.replace_lane(codes, 6, readCode(first, panel, at, 6, largest, wide));
      codes = i16x8.replace_lane(codes, 7, readCode(first, panel, at, 7, largest, wide));
    } else {
      v128.store(panel, codes, CODES);
      for (let lane = 0; lane < lanes; lane++) {
        store<i16>(panel + (<usize>lane << 1), readCode(first, panel, at, lane, largest, wide), CODES);
      }
      codes = v128.load(panel, CODES);
    }
    const magnitudes = i16x8.min_s(i16x8.abs(codes), i16x8.splat(MAX_MAGNITUDE));
    rows = i16x8.add(rows, i16x8.shr_s(i16x8.sub(i16x8.shl(magnitudes, 8), rows), rowRate));
    const next = column + (((sumOf(magnitudes) << 5) - column) >> rate);
    store<u16>(columns + (<usize>k << 1), <u16>next);
  }
  if (lanes === 8) mean += ((sumOf(rows) >> 3) - mean) >> rate;
  panels += 1;
}

/** Reads the code of a lane by its context. `wide`: of the largest range. */
@inline
function readCode(first: usize, panel: usize, at: usize, lane: i32, largest: i32, wide: bool): i16 {
  const context = load<i32>(panel + (<usize>lane << 2), CONTEXTS);
  const told = symbolOf(first + <usize>context * MODEL_BYTES, panel, lane);
  let code = told - largest;
  if (wide && (told === 0 || context >= LEAST_LOW_BITS)) code = restOfCode(told, lowBitsOf(context), lane);
  store<i8>(at + (<usize>lane << 2), <i8>code);
  return <i16>code;
}

/** Four sums of two means as quarters of an octave, which are the upper bits of a float32. */
@inline
function neighbourContexts(sums: v128): v128 {
  const value = f32x4.convert_i32x4_u(i32x4.add(sums, i32x4.splat(16)));
  const quarter = i32x4.sub(i32x4.shr_u(value, 21), i32x4.splat((127 + 4) << 2));
  return i32x4.min_s(quarter, i32x4.splat(NEIGHBOUR_CONTEXTS - 1));
}

/** The first context whose codes have bits below tokens. */
const LEAST_LOW_BITS: i32 = 28;

/** The bits of codes below tokens, where neighbours are so large that tokens would not reach. */
function lowBitsOf(context: i32): i32 {
  return min(max((context >> 2) - 6, 0), 4);
}

@inline
function sumOf(lanes: v128): i32 {
  const pairs = i32x4.dot_i16x8_s(lanes, i16x8.splat(1));
  const halves = i32x4.add(pairs, v128.shuffle<i32>(pairs, pairs, 2, 3, 0, 1));
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
        const context = <usize>(TAP_SUMS * place + sumContext(sum));
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
function sumContext(sum: i32): i32 {
  const halves = (4 * sum + range + 16 * range) / (2 * range) - 8;
  return 3 + min(max(halves, -3), 3);
}
