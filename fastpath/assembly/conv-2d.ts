/**
 * conv2d and fullyConnected of float32 and int16, as a product of matrices: rules C1 and C3 of reference/SEMANTICS.md.
 *
 * Rows are output pixels, columns output channels, k runs over ky kx ic. Tiles of 4 rows by 8 columns: 8 vectors of
 * sums stay in registers. Weights lie in panels of 8 columns, [columns / 8][k / depth][8][depth], where depth is the
 * products that one instruction adds up: 1 for float32, 2 for integers. Windows are packed to match,
 * [rows / 4][k / depth][4][depth].
 */

import { finish4x8, finishWide, PANEL_PARAMETERS } from './requantize';
import { Step } from './step';
import { copyWindow, isPointwise } from './windows';

const TILE: i32 = 4;
const PANEL: i32 = 8;

/** Bytes that a k-step takes in a packed tile: 4 float32, or 4 pairs of int16. */
const TILE_STEP: usize = 16;

@inline
function depth<T>(): i32 {
  return isFloat<T>() ? 1 : 2;
}

/** Bytes that a k-step takes in a panel. */
@inline
function panelStep<T, W>(): usize {
  return <usize>(PANEL * depth<T>()) * sizeof<W>();
}

@inline
function roundUp8(x: i32): i32 {
  return (x + 7) & ~7;
}

/**
 * T: element of input and output; W: of weights; A: f32, i32 or i64 accumulators. With i64, sums gather in int32 for
 * `flush` k-steps, as long as the weights prove that they cannot overflow, and then move on.
 */
export function conv2d<T, W, A>(s: Step): void {
  const k = s.kernelHeight * s.kernelWidth * s.inChannels;
  const kSteps = (k + depth<T>() - 1) / depth<T>();
  const rows = s.batches * s.outHeight * s.outWidth;
  const tileBytes = (<usize>roundUp8(k) / depth<T>()) * TILE_STEP;
  const panelBytes = <usize>kSteps * panelStep<T, W>();
  // Of a panel's parameters: the bias (and multiplier and scale or shift) of 8 channels.
  const parameterBytes: usize = isFloat<T>() ? 32 : sizeof<A>() == 8 ? 128 : PANEL_PARAMETERS;
  const patches = s.scratch + (<usize>s.block / TILE) * tileBytes;
  const pointwise = isPointwise(s);
  for (let block: i32 = 0; block < rows; block += s.block) {
    const end = min(block + s.block, rows);
    let packed = s.scratch;
    for (let row = block; row < end; row += TILE) {
      if (pointwise) packPixels<T>(s, row, rows, k, packed);
      else packWindows<T>(s, row, rows, k, patches, packed);
      packed += tileBytes;
    }
    let panel = s.weights;
    let parameters = s.parameters;
    for (let channel: i32 = 0; channel < s.outStride; channel += PANEL) {
      let tile = s.scratch;
      for (let row = block; row < end; row += TILE) {
        multiplyTile<T, W, A>(s, row, rows, channel, tile, panel, panel + panelBytes, parameters, patches);
        tile += tileBytes;
      }
      panel += panelBytes;
      parameters += parameterBytes;
    }
  }
}

/** Packs four pixels. Rows beyond the last are the last again: their results are written twice, alike. */
@inline
function packPixels<T>(s: Step, row: i32, rows: i32, k: i32, to: usize): void {
  const stride = <usize>s.inStride * sizeof<T>();
  const last = rows - 1;
  packRows<T>(
    s.input + <usize>row * stride,
    s.input + <usize>min(row + 1, last) * stride,
    s.input + <usize>min(row + 2, last) * stride,
    s.input + <usize>min(row + 3, last) * stride,
    k,
    to,
  );
}

/** Packs four windows, which are first laid out in `patches`. */
@inline
function packWindows<T>(s: Step, row: i32, rows: i32, k: i32, patches: usize, to: usize): void {
  const bytes = <usize>roundUp8(k) * sizeof<T>();
  for (let i: i32 = 0; i < TILE; i++) {
    copyWindow<T>(s, min(row + i, rows - 1), patches + <usize>i * bytes);
  }
  packRows<T>(patches, patches + bytes, patches + 2 * bytes, patches + 3 * bytes, k, to);
}

/** Interleaves four rows of k elements, read in vectors. */
@inline
function packRows<T>(r0: usize, r1: usize, r2: usize, r3: usize, k: i32, to: usize): void {
  for (let i: i32 = 0; i < k; i += 16 / sizeof<T>()) {
    const a = v128.load(r0);
    const b = v128.load(r1);
    const c = v128.load(r2);
    const d = v128.load(r3);
    const ab = v128.shuffle<i32>(a, b, 0, 4, 1, 5);
    const cd = v128.shuffle<i32>(c, d, 0, 4, 1, 5);
    const abHigh = v128.shuffle<i32>(a, b, 2, 6, 3, 7);
    const cdHigh = v128.shuffle<i32>(c, d, 2, 6, 3, 7);
    v128.store(to, v128.shuffle<i64>(ab, cd, 0, 2));
    v128.store(to, v128.shuffle<i64>(ab, cd, 1, 3), 16);
    v128.store(to, v128.shuffle<i64>(abHigh, cdHigh, 0, 2), 32);
    v128.store(to, v128.shuffle<i64>(abHigh, cdHigh, 1, 3), 48);
    r0 += 16;
    r1 += 16;
    r2 += 16;
    r3 += 16;
    to += 64;
  }
}

@inline
function multiplyAdd<T>(sum: v128, a: v128, w: v128): v128 {
  return isFloat<T>()
    ? f32x4.add(sum, f32x4.mul(a, w))
    : i32x4.add(sum, i32x4.dot_i16x8_s(a, w));
}

/** The first or second half of a k-step of a panel: four columns. */
@inline
function loadWeights<W>(at: usize, half: usize): v128 {
  return sizeof<W>() == 1 ? v128.load8x8_s(at + half * 8) : v128.load(at + half * 16);
}

@inline
function multiplyTile<T, W, A>(
  s: Step, row: i32, rows: i32, channel: i32,
  a: usize, w: usize, end: usize, parameters: usize, sums: usize,
): void {
  const last = rows - 1;
  const rowBytes = <usize>s.outStride * sizeof<T>();
  const out = s.output + <usize>channel * sizeof<T>();
  const o0 = out + <usize>row * rowBytes;
  const o1 = out + <usize>min(row + 1, last) * rowBytes;
  const o2 = out + <usize>min(row + 2, last) * rowBytes;
  const o3 = out + <usize>min(row + 3, last) * rowBytes;
  const wide = sizeof<A>() == 8;
  if (wide) memory.fill(sums, 0, 4 * 64);
  do {
    const stop = wide ? min(w + <usize>s.flush * panelStep<T, W>(), end) : end;
    let c00 = wide ? i32x4.splat(0) : v128.load(parameters);
    let c01 = wide ? i32x4.splat(0) : v128.load(parameters, 16);
    let c10 = c00, c11 = c01, c20 = c00, c21 = c01, c30 = c00, c31 = c01;
    do {
      const w0 = loadWeights<W>(w, 0);
      const w1 = loadWeights<W>(w, 1);
      const a0 = v128.load32_splat(a);
      c00 = multiplyAdd<T>(c00, a0, w0);
      c01 = multiplyAdd<T>(c01, a0, w1);
      const a1 = v128.load32_splat(a, 4);
      c10 = multiplyAdd<T>(c10, a1, w0);
      c11 = multiplyAdd<T>(c11, a1, w1);
      const a2 = v128.load32_splat(a, 8);
      c20 = multiplyAdd<T>(c20, a2, w0);
      c21 = multiplyAdd<T>(c21, a2, w1);
      const a3 = v128.load32_splat(a, 12);
      c30 = multiplyAdd<T>(c30, a3, w0);
      c31 = multiplyAdd<T>(c31, a3, w1);
      a += TILE_STEP;
      w += panelStep<T, W>();
    } while (w != stop);
    if (wide) {
      accumulateWide(sums, c00, c01);
      accumulateWide(sums + 64, c10, c11);
      accumulateWide(sums + 128, c20, c21);
      accumulateWide(sums + 192, c30, c31);
    } else {
      finish4x8<T>(o0, o1, o2, o3, c00, c01, c10, c11, c20, c21, c30, c31, parameters, s);
    }
  } while (w != end);
  if (wide) {
    finishWide(o0, sums, parameters, s);
    finishWide(o1, sums + 64, parameters, s);
    finishWide(o2, sums + 128, parameters, s);
    finishWide(o3, sums + 192, parameters, s);
  }
}

/** Adds eight int32 sums to the int64 sums at `at`. */
function accumulateWide(at: usize, x0: v128, x1: v128): void {
  v128.store(at, i64x2.add(v128.load(at), i64x2.extend_low_i32x4_s(x0)));
  v128.store(at, i64x2.add(v128.load(at, 16), i64x2.extend_high_i32x4_s(x0)), 16);
  v128.store(at, i64x2.add(v128.load(at, 32), i64x2.extend_low_i32x4_s(x1)), 32);
  v128.store(at, i64x2.add(v128.load(at, 48), i64x2.extend_high_i32x4_s(x1)), 48);
}
