/**
 * conv2d and fullyConnected of int16 whose sums need more than 32 bits: rules C1 and C3 of reference/SEMANTICS.md.
 *
 * As conv-2d.ts, in tiles of 4 rows by 4 columns, half a panel. A 16-bit weight is 128 * high + low, with low in [0, 127]:
 * sums with both parts gather in int32 for `flush` k-steps, as long as the weights prove that they cannot overflow, and
 * then move on to float64, which holds sums below 2^53.
 */

import { addPlanes, finishWide, highPart, lowPart, SUMS, WIDE_PARAMETERS } from './requantize-wide';
import { Step } from './step';
import { rowBytesOf, rowsAt } from './windows';

const TILE: i32 = 4;
const PANEL: i32 = 8;

/** Bytes of a k-step, two products, in a panel. */
@inline
function panelStep<W>(): usize {
  return 2 * PANEL * sizeof<W>();
}

/** `narrow`: weights are int8, and low alone. */
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
        memory.fill(s.scratch, 0, SUMS);
        if (narrow) multiplyPanel<i8>(s, at, rowBytes, count, panel, panel + panelBytes);
        else multiplyPanel<i16>(s, at, rowBytes, count, panel, panel + panelBytes);
        const out = s.output + 2 * <usize>(row * s.outStride + channel);
        for (let i: i32 = 0; i < count; i++) {
          finishWide(out + 2 * <usize>(i * s.outStride), s.scratch + 64 * <usize>i, parameters);
        }
        at += <usize>TILE * rowBytes;
      }
      panel += panelBytes;
      parameters += WIDE_PARAMETERS;
    }
  }
}

@inline
function multiplyPanel<W>(s: Step, at: usize, rowBytes: usize, count: i32, panel: usize, end: usize): void {
  multiplyHalf<W>(s, at, rowBytes, count, panel, end, s.scratch);
  multiplyHalf<W>(s, at, rowBytes, count, panel + panelStep<W>() / 2, end, s.scratch + 32);
}

/** Two products of four columns. */
@inline
function loadWeights<W>(at: usize): v128 {
  return sizeof<W>() == 1 ? v128.load8x8_s(at) : v128.load(at);
}

/** Adds the products of four rows and four columns, whose weights begin at `w`, to the sums of rows 64 bytes apart. */
function multiplyHalf<W>(
  s: Step, a0: usize, rowBytes: usize, count: i32, w: usize, end: usize, sums: usize,
): void {
  let a1 = a0 + (count > 1 ? rowBytes : 0);
  let a2 = a1 + (count > 2 ? rowBytes : 0);
  let a3 = a2 + (count > 3 ? rowBytes : 0);
  do {
    const stop = min(w + <usize>s.flush * panelStep<W>(), end);
    let h0 = i32x4.splat(0);
    let h1 = h0, h2 = h0, h3 = h0, l0 = h0, l1 = h0, l2 = h0, l3 = h0;
    do {
      const weights = loadWeights<W>(w);
      const x0 = v128.load32_splat(a0);
      const x1 = v128.load32_splat(a1);
      const x2 = v128.load32_splat(a2);
      const x3 = v128.load32_splat(a3);
      const low = sizeof<W>() == 1 ? weights : lowPart(weights);
      l0 = i32x4.add(l0, i32x4.dot_i16x8_s(x0, low));
      l1 = i32x4.add(l1, i32x4.dot_i16x8_s(x1, low));
      l2 = i32x4.add(l2, i32x4.dot_i16x8_s(x2, low));
      l3 = i32x4.add(l3, i32x4.dot_i16x8_s(x3, low));
      if (sizeof<W>() == 2) {
        const high = highPart(weights);
        h0 = i32x4.add(h0, i32x4.dot_i16x8_s(x0, high));
        h1 = i32x4.add(h1, i32x4.dot_i16x8_s(x1, high));
        h2 = i32x4.add(h2, i32x4.dot_i16x8_s(x2, high));
        h3 = i32x4.add(h3, i32x4.dot_i16x8_s(x3, high));
      }
      a0 += 4;
      a1 += 4;
      a2 += 4;
      a3 += 4;
      w += panelStep<W>();
    } while (w < stop);
    addPlanes(sums, h0, l0);
    addPlanes(sums + 64, h1, l1);
    addPlanes(sums + 128, h2, l2);
    addPlanes(sums + 192, h3, l3);
  } while (w < end);
}
