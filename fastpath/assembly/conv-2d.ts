/**
 * conv2d and fullyConnected of float32 and int16, as a product of matrices: rules C1 and C3 of reference/SEMANTICS.md.
 *
 * Rows are output pixels, columns output channels, k runs over ky kx ic. Tiles of 4 rows by 8 columns: 8 vectors of sums
 * stay in registers (5 rows: as fast in float32, a quarter slower in int16, which spills; measured). Weights lie in panels of 8 columns,
 * [columns / 8][k / depth][8][depth], where depth is the products that one instruction adds up: 1 for float32, 2 for
 * int16. Pixels are read where they stand; windows are laid out first, as rows of k elements, a block at a time.
 */

import { finishRows, multiplyAdd, PANEL_PARAMETERS, storeClamped, storeSums } from './requantize';
import { Step } from './step';
import { rowBytesOf, rowsAt } from './windows';

const TILE: i32 = 4;
const PANEL: i32 = 8;

@inline
function depth<T>(): i32 {
  return isFloat<T>() ? 1 : 2;
}

/** Bytes that a k-step takes in a panel. */
@inline
function panelStep<T, W>(): usize {
  return <usize>(PANEL * depth<T>()) * sizeof<W>();
}

/** T: element of input and output; W: of weights. */
export function conv2d<T, W>(s: Step): void {
  const k = s.kernelHeight * s.kernelWidth * s.inChannels;
  const rows = s.batches * s.outHeight * s.outWidth;
  const panelBytes = <usize>((k + depth<T>() - 1) / depth<T>()) * panelStep<T, W>();
  // Of a panel's parameters: biases, and for codes how sums are rescaled.
  const parameterBytes: usize = isFloat<T>() ? 32 : PANEL_PARAMETERS;
  const rowBytes = rowBytesOf(s, sizeof<T>());
  for (let block: i32 = 0; block < rows; block += s.block) {
    const end = min(block + s.block, rows);
    const first = rowsAt(s, block, end, rowBytes, sizeof<T>());
    let panel = s.weights;
    let parameters = s.parameters;
    for (let channel: i32 = 0; channel < s.outStride; channel += PANEL) {
      let at = first;
      for (let row = block; row < end; row += TILE) {
        multiplyTile<T, W>(s, row, min(TILE, end - row), channel, at, rowBytes, panel, panel + panelBytes, parameters);
        at += <usize>TILE * rowBytes;
      }
      panel += panelBytes;
      parameters += parameterBytes;
    }
  }
}

@inline
function accumulate<T>(sum: v128, a: v128, w: v128): v128 {
  return isFloat<T>() ? multiplyAdd(a, w, sum) : i32x4.add(sum, i32x4.dot_i16x8_s(a, w));
}

/** The first or second half of a k-step of a panel: four columns. */
@inline
function loadWeights<W>(at: usize, half: usize): v128 {
  return sizeof<W>() == 1 ? v128.load8x8_s(at + half * 8) : v128.load(at + half * 16);
}

/** Rows beyond the last of `count` are the last again, and not stored. */
@inline
function multiplyTile<T, W>(
  s: Step, row: i32, count: i32, channel: i32,
  a0: usize, rowBytes: usize, w: usize, end: usize, parameters: usize,
): void {
  let a1 = a0 + (count > 1 ? rowBytes : 0);
  let a2 = a1 + (count > 2 ? rowBytes : 0);
  let a3 = a2 + (count > 3 ? rowBytes : 0);
  let c00 = v128.load(parameters);
  let c01 = v128.load(parameters, 16);
  let c10 = c00, c11 = c01, c20 = c00, c21 = c01, c30 = c00, c31 = c01;
  do {
    const w0 = loadWeights<W>(w, 0);
    const w1 = loadWeights<W>(w, 1);
    const x0 = v128.load32_splat(a0);
    c00 = accumulate<T>(c00, x0, w0);
    c01 = accumulate<T>(c01, x0, w1);
    const x1 = v128.load32_splat(a1);
    c10 = accumulate<T>(c10, x1, w0);
    c11 = accumulate<T>(c11, x1, w1);
    const x2 = v128.load32_splat(a2);
    c20 = accumulate<T>(c20, x2, w0);
    c21 = accumulate<T>(c21, x2, w1);
    const x3 = v128.load32_splat(a3);
    c30 = accumulate<T>(c30, x3, w0);
    c31 = accumulate<T>(c31, x3, w1);
    a0 += 4;
    a1 += 4;
    a2 += 4;
    a3 += 4;
    w += panelStep<T, W>();
  } while (w != end);
  const outBytes = <usize>s.outStride * sizeof<T>();
  const out = s.output + <usize>channel * sizeof<T>() + <usize>row * outBytes;
  if (isFloat<T>()) {
    storeClamped(out, c00, c01, s);
    if (count > 1) storeClamped(out + outBytes, c10, c11, s);
    if (count > 2) storeClamped(out + 2 * outBytes, c20, c21, s);
    if (count > 3) storeClamped(out + 3 * outBytes, c30, c31, s);
  } else {
    storeSums(s.scratch, c00, c01, c10, c11, c20, c21, c30, c31);
    finishRows<T>(s.scratch, out, outBytes, count, parameters, s);
  }
}
