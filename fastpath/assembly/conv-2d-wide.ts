/**
 * conv2d and fullyConnected of int16 whose sums need more than 32 bits: rules C1 and C3 of reference/SEMANTICS.md.
 *
 * As conv-2d.ts, in tiles of 4 rows by 4 columns, half a panel. A 16-bit weight is 128 * high + low, with low in [0, 127].
 * Sums with high parts, and sums with whole weights modulo 2^32, stay in int32 for `flush` k-steps, as long as the weights
 * prove that those of either part do not overflow. Both together give the sum in float64, which holds it below 2^53.
 */

import { finishWide, FOUR_SUMS, highPart, keepSums, SUMS, WIDE_PARAMETERS } from './requantize-wide';
import { Step } from './step';
import { rowBytesOf, rowsAt } from './windows';

const TILE: i32 = 4;
const PANEL: i32 = 8;

/** Bytes of a k-step, two products, in a panel. */
@inline
function panelStep<W>(): usize {
  return 2 * PANEL * sizeof<W>();
}

/** `narrow`: weights are int8, without high parts. */
export function conv2dWide(s: Step, narrow: bool): void {
  const k = s.kernelHeight * s.kernelWidth * s.inChannels;
  const rows = s.batches * s.outHeight * s.outWidth;
  const panelBytes = <usize>((k + 1) / 2) * (narrow ? panelStep<i8>() : panelStep<i16>());
  const rowBytes = rowBytesOf(s, 2);
  for (let block: i32 = 0; block < rows; block += s.block) {
    const end = min(block + s.block, rows);
    const first = rowsAt(s, block, end, rowBytes, 2, s.scratch + SUMS);
    let panel = s.weights;
    let parameters = s.parameters;
    for (let channel: i32 = 0; channel < s.outStride; channel += PANEL) {
      let at = first;
      for (let row = block; row < end; row += TILE) {
        const count = min(TILE, end - row);
        const out = s.output + 2 * <usize>(row * s.outStride + channel);
        if (narrow) multiplyPanel<i8>(s, at, rowBytes, count, panel, panel + panelBytes, parameters, out);
        else multiplyPanel<i16>(s, at, rowBytes, count, panel, panel + panelBytes, parameters, out);
        at += <usize>TILE * rowBytes;
      }
      panel += panelBytes;
      parameters += WIDE_PARAMETERS;
    }
  }
}

@inline
function multiplyPanel<W>(
  s: Step, at: usize, rowBytes: usize, count: i32, panel: usize, end: usize, parameters: usize, out: usize,
): void {
  multiplyHalf<W>(s, at, rowBytes, count, panel, end, parameters, parameters, out);
  multiplyHalf<W>(s, at, rowBytes, count, panel + panelStep<W>() / 2, end, parameters + FOUR_SUMS, parameters, out + 8);
}

/** Two products of four columns. */
@inline
function loadWeights<W>(at: usize): v128 {
  return sizeof<W>() == 1 ? v128.load8x8_s(at) : v128.load(at);
}

/** Four rows and four columns, whose weights begin at `w`, biases and factors at `q`. Rows beyond `count` repeat the last. */
function multiplyHalf<W>(
  s: Step, a0: usize, rowBytes: usize, count: i32, w: usize, end: usize, q: usize, panel: usize, o0: usize,
): void {
  const outBytes = <usize>s.outStride * 2;
  let a1 = a0 + (count > 1 ? rowBytes : 0);
  let a2 = a1 + (count > 2 ? rowBytes : 0);
  let a3 = a2 + (count > 3 ? rowBytes : 0);
  const sums = s.scratch;
  let kept: usize = 0;
  for (;;) {
    const stop = min(w + <usize>s.flush * panelStep<W>(), end);
    let h0 = i32x4.splat(0);
    let h1 = h0, h2 = h0, h3 = h0, w0 = h0, w1 = h0, w2 = h0, w3 = h0;
    do {
      const weights = loadWeights<W>(w);
      const high = highPart(weights);
      const x0 = v128.load32_splat(a0);
      w0 = i32x4.add(w0, i32x4.dot_i16x8_s(x0, weights));
      if (sizeof<W>() == 2) h0 = i32x4.add(h0, i32x4.dot_i16x8_s(x0, high));
      const x1 = v128.load32_splat(a1);
      w1 = i32x4.add(w1, i32x4.dot_i16x8_s(x1, weights));
      if (sizeof<W>() == 2) h1 = i32x4.add(h1, i32x4.dot_i16x8_s(x1, high));
      const x2 = v128.load32_splat(a2);
      w2 = i32x4.add(w2, i32x4.dot_i16x8_s(x2, weights));
      if (sizeof<W>() == 2) h2 = i32x4.add(h2, i32x4.dot_i16x8_s(x2, high));
      const x3 = v128.load32_splat(a3);
      w3 = i32x4.add(w3, i32x4.dot_i16x8_s(x3, weights));
      if (sizeof<W>() == 2) h3 = i32x4.add(h3, i32x4.dot_i16x8_s(x3, high));
      a0 += 4;
      a1 += 4;
      a2 += 4;
      a3 += 4;
      w += panelStep<W>();
    } while (w < stop);
    if (w >= end) {
      const o1 = o0 + (count > 1 ? outBytes : 0);
      const o2 = o1 + (count > 2 ? outBytes : 0);
      const o3 = o2 + (count > 3 ? outBytes : 0);
      finishWide(o0, o1, q, o2, o3, q, panel, kept, sums + SUMS / 2, h0, w0, h1, w1, h2, w2, h3, w3);
      return;
    }
    keepSums(sums, kept ? sums : q, h0, w0);
    keepSums(sums + FOUR_SUMS, kept ? sums + FOUR_SUMS : q, h1, w1);
    keepSums(sums + 2 * FOUR_SUMS, kept ? sums + 2 * FOUR_SUMS : q, h2, w2);
    keepSums(sums + 3 * FOUR_SUMS, kept ? sums + 3 * FOUR_SUMS : q, h3, w3);
    kept = sums;
  }
}
