/**
 * conv2d and fullyConnected of float32 and int16, as a product of matrices: rules C1 and C3 of reference/SEMANTICS.md.
 *
 * Rows are output pixels, columns output channels, k runs over ky kx ic. Tiles of 4 to 6 rows by 8 columns: 8 to 12 vectors
 * of sums stay in registers (int16 has tiles of 4 alone: with 5 it spills, a quarter slower; measured), and V8 makes a loop
 * without an instruction to spare. Weights lie in panels of 8 columns, [columns / 8][k / depth][8][depth], where depth is
 * the products that one instruction adds up: 1 for float32, 2 for int16. Pixels are read where they stand, and so are
 * windows of float32 inside the image; others are laid out first, as rows of k elements, a block at a time.
 */

import { finishTwo, multiplyAdd, PANEL_PARAMETERS, rescalingOf, storeClamped } from './requantize';
import { Step } from './step';
import { sixesOf } from './tiles';
import { isPointwise, rowBytesOf, rowsAt, windowAt, windowsInside } from './windows';

/** Rows of the smallest tile. */
const TILE: i32 = 4;
const PANEL: i32 = 8;

/**
 * Bytes of a line of the cache. Tiles touch the next weights, a line at a time and spread evenly, so that these come from
 * memory while others are multiplied: where rows are few and weights many, a tenth faster.
 */
const LINE: usize = 64;
/** Bytes of weights between two touches: 8 or 12 tiles touch a whole panel; 7 x 7 pixels have 9 or 12. */
@inline
function pace<T>(): usize {
  return (hasSixes<T>() ? 8 : 12) * LINE;
}

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
  const laidBytes = rowBytesOf(s, sizeof<T>());
  const runBytes = <usize>(s.kernelWidth * s.inChannels) * sizeof<T>();
  const inRuns = isFloat<T>() && s.inStride == s.inChannels && !isPointwise(s);
  const outBytes = <usize>s.outStride * sizeof<T>();
  const aheadBytes = (panelBytes + pace<T>() - 1) / pace<T>() * LINE;
  const weightsEnd = s.weights + panelBytes * <usize>(s.outStride / PANEL);
  const lowest = limitOf<T>(s.min);
  const highest = limitOf<T>(s.max);
  let blockRows: i32 = 0;
  // Where the next block begins, if windows are read in runs.
  let line: i32 = 0;
  let ox: i32 = 0;
  for (let block: i32 = 0; block < rows; block += blockRows) {
    // Windows inside the image, of which each line is a run of memory, are read where they stand. Others are laid out.
    const inside = inRuns ? windowsInside(s, line, ox) & -TILE : 0;
    let first: usize, rowBytes = laidBytes, gap: usize = 0, chunk = pace<T>();
    if (inside > 0) {
      blockRows = inside;
      first = windowAt(s, line, ox, sizeof<T>());
      rowBytes = <usize>(s.strideX * s.inStride) * sizeof<T>();
      gap = <usize>(s.inWidth * s.inStride) * sizeof<T>() - runBytes;
      chunk = runBytes / sizeof<T>() * panelStep<T, W>();
    } else {
      blockRows = min(inRuns ? TILE : s.block, rows - block);
      first = rowsAt(s, block, block + blockRows, rowBytes, sizeof<T>(), s.scratch);
    }
    ox += blockRows;
    while (inRuns && ox >= s.outWidth) {
      ox -= s.outWidth;
      line++;
    }
    // Tiles of six, five and four rows, in this order. The last of four begins where four are left, and may repeat some;
    // fewer than four rows are taken one by one, as four that are the same.
    const sixes = hasSixes<T>() ? sixesOf(blockRows) : 0;
    const fives = fivesOf<T>(blockRows);
    const fours = (blockRows - 6 * sixes - 5 * fives + TILE - 1) / TILE;
    const single = blockRows < TILE;
    const lastAt = first + <usize>(single ? blockRows - 1 : blockRows - TILE) * rowBytes;
    const lastOut = <usize>(single ? blockRows - 1 : blockRows - TILE) * outBytes;
    const nextRow: usize = single ? 0 : rowBytes;
    const nextOut: usize = single ? 0 : outBytes;
    const tileBytes = <usize>(single ? 1 : TILE) * rowBytes;
    const tileOut = <usize>(single ? 1 : TILE) * outBytes;
    const short = isFloat<T>() && !hasSixes<T>() && k <= SHORT && isPointwise(s) && blockRows % TILE == 0;
    let panel = s.weights;
    let parameters = s.parameters;
    let column = s.output + <usize>block * outBytes;
    for (let channel: i32 = 0; channel < s.outStride; channel += PANEL) {
      const end = panel + panelBytes;
      if (short) {
        multiplyShort(first, rowBytes, blockRows, panel, end, parameters, column, outBytes, lowest, highest);
        panel = end;
        parameters += parameterBytes;
        column += PANEL * sizeof<T>();
        continue;
      }
      const lastLine = min(end + panelBytes, weightsEnd) - 1;
      let ahead = end;
      let at = first;
      let out = column;
      if (hasSixes<T>()) for (let left = sixes; left > 0; left--) {
        multiplyTile<T, W>(s, 6, at, rowBytes, gap, panel, end, chunk, ahead, lastLine, parameters, out, outBytes, lowest, highest);
        ahead += aheadBytes;
        at += 6 * rowBytes;
        out += 6 * outBytes;
      }
      if (isFloat<T>() && fives > 0) {
        multiplyFive<T, W>(s, at, rowBytes, gap, panel, end, chunk, ahead, lastLine, parameters, out, outBytes);
        ahead += aheadBytes;
        at += 5 * rowBytes;
        out += 5 * outBytes;
      }
      if (hasSixes<T>()) {
        // Of three rows that sixes leave, the tile of four begins a row earlier.
        at = min(at, lastAt);
        out = min(out, column + lastOut);
      }
      for (let left = single ? blockRows : fours; left > 0; left--) {
        if (hasSixes<T>()) multiplyFour<T, W>(s, at, nextRow, gap, panel, end, chunk, ahead, lastLine, parameters, out, nextOut);
        else multiplyTile<T, W>(s, 4, at, nextRow, gap, panel, end, chunk, ahead, lastLine, parameters, out, nextOut, lowest, highest);
        ahead += aheadBytes;
        at = min(at + tileBytes, lastAt);
        out = min(out + tileOut, column + lastOut);
      }
      panel = end;
      parameters += parameterBytes;
      column += PANEL * sizeof<T>();
    }
  }
}

/**
 * Whether there are tiles of six rows. A fused multiply-add takes 4 cycles, and two begin in each: 8 sums keep both busy only
 * if none ever waits; 12 do a fourteenth better (measured). Of sums in two instructions 12 leave no register for products.
 */
@inline
function hasSixes<T>(): bool {
  return ASC_FEATURE_RELAXED_SIMD && isFloat<T>();
}

/** A limit of float32 outputs; codes have theirs in the panel's parameters. */
@inline
function limitOf<T>(bits: i32): v128 {
  return isFloat<T>() ? i32x4.splat(bits) : i32x4.splat(0);
}

/** A tile of five rows, where those of four would leave one, which takes as long as four. Calls for it pay where it is rare. */
@inline
function fivesOf<T>(rows: i32): i32 {
  return i32(isFloat<T>() && rows > TILE && rows % TILE == 1 && (rows < 12 || !hasSixes<T>()));
}

/** Products so few that what surrounds the loop over them takes as long: a twentieth less in a function of its own (measured). */
const SHORT: i32 = 8;

/** Tiles of four rows of float32, without what longer loops need. */
function multiplyShort(
  a: usize, rowBytes: usize, rows: i32, panel: usize, end: usize, bias: usize, out: usize, outBytes: usize,
  lowest: v128, highest: v128,
): void {
  for (; rows > 0; rows -= TILE) {
    let c00 = v128.load(bias), c01 = v128.load(bias, 16);
    let c10 = c00, c11 = c01, c20 = c00, c21 = c01, c30 = c00, c31 = c01;
    let a1 = a + rowBytes;
    let a2 = a1 + rowBytes;
    let a3 = a2 + rowBytes;
    const next = a3 + rowBytes;
    for (let w = panel; w != end; w += panelStep<f32, f32>()) {
      const w0 = v128.load(w), w1 = v128.load(w, 16);
      const x0 = v128.load32_splat(a);
      c00 = multiplyAdd(x0, w0, c00);
      c01 = multiplyAdd(x0, w1, c01);
      const x1 = v128.load32_splat(a1);
      c10 = multiplyAdd(x1, w0, c10);
      c11 = multiplyAdd(x1, w1, c11);
      const x2 = v128.load32_splat(a2);
      c20 = multiplyAdd(x2, w0, c20);
      c21 = multiplyAdd(x2, w1, c21);
      const x3 = v128.load32_splat(a3);
      c30 = multiplyAdd(x3, w0, c30);
      c31 = multiplyAdd(x3, w1, c31);
      a += 4;
      a1 += 4;
      a2 += 4;
      a3 += 4;
    }
    a = next;
    storeClamped(out, c00, c01, lowest, highest);
    out += outBytes;
    storeClamped(out, c10, c11, lowest, highest);
    out += outBytes;
    storeClamped(out, c20, c21, lowest, highest);
    out += outBytes;
    storeClamped(out, c30, c31, lowest, highest);
    out += outBytes;
  }
}

/** Four rows. Not inlined, so that tiles of six keep their registers. */
function multiplyFour<T, W>(
  s: Step, a: usize, rowBytes: usize, gap: usize, w: usize, end: usize, chunk: usize,
  ahead: usize, lastLine: usize, parameters: usize, out: usize, outBytes: usize,
): void {
  const none = i32x4.splat(0);
  multiplyTile<T, W>(s, 4, a, rowBytes, gap, w, end, chunk, ahead, lastLine, parameters, out, outBytes, none, none);
}

/** Five rows. Not inlined, so that other tiles keep their registers. */
function multiplyFive<T, W>(
  s: Step, a: usize, rowBytes: usize, gap: usize, w: usize, end: usize, chunk: usize,
  ahead: usize, lastLine: usize, parameters: usize, out: usize, outBytes: usize,
): void {
  const none = i32x4.splat(0);
  multiplyTile<T, W>(s, 5, a, rowBytes, gap, w, end, chunk, ahead, lastLine, parameters, out, outBytes, none, none);
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

/**
 * `count` rows, four to six, `rowBytes` apart, times the panel's weights from `w` to `end`. After `chunk` bytes of weights,
 * rows go on behind a gap of `gap` bytes, and the next line of weights is touched.
 */
@inline
function multiplyTile<T, W>(
  s: Step, count: i32, a0: usize, rowBytes: usize, gap: usize, w: usize, end: usize, chunk: usize,
  ahead: usize, lastLine: usize, parameters: usize, out: usize, outBytes: usize, lowest: v128, highest: v128,
): void {
  let a1 = a0 + rowBytes;
  let a2 = a1 + rowBytes;
  let a3 = a2 + rowBytes;
  let a4 = a3 + rowBytes;
  let a5 = a4 + rowBytes;
  let c00 = v128.load(parameters), c01 = v128.load(parameters, 16);
  let c10 = c00, c11 = c01, c20 = c00, c21 = c01, c30 = c00, c31 = c01, c40 = c00, c41 = c01, c50 = c00, c51 = c01;
  do {
    load<u8>(min(ahead, lastLine));
    ahead += LINE;
    const stop = min(w + chunk, end);
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
      if (count > 4) {
        const x4 = v128.load32_splat(a4);
        c40 = accumulate<T>(c40, x4, w0);
        c41 = accumulate<T>(c41, x4, w1);
        a4 += 4;
      }
      if (count > 5) {
        const x5 = v128.load32_splat(a5);
        c50 = accumulate<T>(c50, x5, w0);
        c51 = accumulate<T>(c51, x5, w1);
        a5 += 4;
      }
      a0 += 4;
      a1 += 4;
      a2 += 4;
      a3 += 4;
      w += panelStep<T, W>();
    } while (w != stop);
    if (isFloat<T>()) {
      a0 += gap;
      a1 += gap;
      a2 += gap;
      a3 += gap;
      if (count > 4) a4 += gap;
      if (count > 5) a5 += gap;
    }
  } while (w != end);
  const o1 = out + outBytes;
  const o2 = o1 + outBytes;
  const o3 = o2 + outBytes;
  const o4 = o3 + outBytes;
  if (isFloat<T>()) {
    if (count > 4 || hasSixes<T>()) {
      // Not before: sums leave no registers for them.
      lowest = limitOf<T>(s.min);
      highest = limitOf<T>(s.max);
    }
    storeClamped(out, c00, c01, lowest, highest);
    storeClamped(o1, c10, c11, lowest, highest);
    storeClamped(o2, c20, c21, lowest, highest);
    storeClamped(o3, c30, c31, lowest, highest);
    if (count > 4) storeClamped(o4, c40, c41, lowest, highest);
    if (count > 5) storeClamped(o4 + outBytes, c50, c51, lowest, highest);
  } else {
    const kind = rescalingOf(parameters);
    finishTwo<T>(out, c00, c01, o1, c10, c11, kind, parameters);
    finishTwo<T>(o2, c20, c21, o3, c30, c31, kind, parameters);
  }
}
