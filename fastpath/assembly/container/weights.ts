/** The codes of a layer, panel by panel: fastpath/container/weights.ts. */

import { Step } from '../step';
import { DEPTHWISE as TAPS, MAX_RANGE, MODEL_BYTES, TAP_CONTEXTS, TAP_SUMS } from './contexts';
import { beginProducts, readProducts } from './products';
import { DEPTHWISE, productsOf } from './shapes';
import { symbolOf } from './symbols';
import { restOfCode } from './tokens';
import { models, panelWord, setPanelWord, SUMS, workspace } from './workspace';

/** Of the layer at work. */
let range: i32 = 0;
let lowBits: i32 = 0;

export function beginWeights(step: Step, layerRange: i32, layerLowBits: i32): void {
  range = layerRange;
  lowBits = layerLowBits;
  if (step.kernel !== DEPTHWISE) beginProducts(range, productsOf(step));
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
  const reciprocal = (1 << 16) / (2 * range) + 1;
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
        const token = symbolOf(first + context * MODEL_BYTES, lane);
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

/** A sum of two tokens in halves of their range, rounded. `reciprocal` is exact for what is divided, at most 1160. */
@inline
function sumContext(sum: i32, reciprocal: i32): i32 {
  const halves = (max(4 * sum + 17 * range, 0) * reciprocal) >> 16;
  return min(max(halves, 5), 11) - 5;
}
