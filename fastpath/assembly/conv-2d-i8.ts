/**
 * conv2d and fullyConnected of int8, as a product of matrices: rules C1 and C3 of reference/SEMANTICS.md.
 *
 * As conv-2d.ts, with four products a lane and k-step: weights lie [columns / 8][k / 4][8][4]. Codes are packed without
 * a sign, as code + 128; the compiler has taken 128 times the weights from the biases. So one packing of weights serves
 * two ways to multiply, of which `E` is the element of packed windows:
 *
 * - u8: relaxed SIMD's dot product of four bytes (`unsignedDot`), windows packed [rows / 6][k / 4][6][4], the last in fours;
 * - i16: the dot product of pairs, even and odd elements apart, windows packed [rows / 4][k / 4][2][4][2].
 */

import { BYTE_SIGNS } from './constants';
import { dotBytes, evenBytes, oddBytes } from './dot';
import { finishTwo, PANEL_PARAMETERS, rescalingOf, storeFloats } from './requantize';
import { RESCALE_SIGNED_FLOAT } from './rescaling-kinds';
import { Step } from './step';
import { sixesOf } from './tiles';
import { rowBytesOf, rowsAt } from './windows';

const TILE: i32 = 4;
/** Products of a k-step, and bytes that it takes in a panel of 8 columns. */
const DEPTH: i32 = 4;
const PANEL_STEP: usize = 32;

/** Bytes that a k-step takes in a packed tile. */
@inline
function tileStep<E>(): usize {
  return 16 * sizeof<E>();
}

export function conv2dInt8<E>(s: Step): void {
  const k = s.kernelHeight * s.kernelWidth * s.inChannels;
  const rows = s.batches * s.outHeight * s.outWidth;
  // Packed in twos of k-steps, of which the last may go unused.
  const packedBytes = (k + 7) & ~7;
  const tileBytes = <usize>(packedBytes / DEPTH) * tileStep<E>();
  const panelBytes = <usize>((k + DEPTH - 1) / DEPTH) * PANEL_STEP;
  const rowBytes = rowBytesOf(s, 1);
  const sixBytes = tileBytes / TILE * 6;
  const tiles = s.scratch + <usize>(s.block * packedBytes);
  for (let block: i32 = 0; block < rows; block += s.block) {
    const end = min(block + s.block, rows);
    const first = rowsAt(s, block, end, rowBytes, 1, s.scratch);
    const sixes = hasSixes<E>() ? sixesOf(end - block) : 0;
    const sixesEnd = block + 6 * sixes;
    // A row beyond whole tiles is read as it is, together with the last tile: alone it would take as long as four.
    const fives = sizeof<E>() == 1 && end - sixesEnd > TILE && (end - sixesEnd) % TILE == 1;
    const packedEnd = fives ? end - 1 : end;
    const fifth = first + <usize>(end - 1 - block) * rowBytes;
    let at = first;
    let tile = tiles;
    if (hasSixes<E>()) for (let row = block; row < sixesEnd; row += 6) {
      packSix<E>(at, rowBytes, packedBytes, tile);
      at += 6 * rowBytes;
      tile += sixBytes;
    }
    for (let row = sixesEnd; row < packedEnd; row += TILE) {
      packTile<E>(at, rowBytes, row, end - 1, packedBytes, tile);
      at += <usize>TILE * rowBytes;
      tile += tileBytes;
    }
    let panel = s.weights;
    let parameters = s.parameters;
    for (let channel: i32 = 0; channel < s.outStride; channel += 8) {
      const panelEnd = panel + panelBytes;
      let tile = tiles;
      let out = s.output + <usize>(block * s.outStride + channel);
      if (hasSixes<E>()) for (let row = block; row < sixesEnd; row += 6) {
        multiplyTile<E>(s, out, 6, tile, panel, panelEnd, parameters, 0, 6);
        out += <usize>(6 * s.outStride);
        tile += sixBytes;
      }
      for (let row = sixesEnd; row < packedEnd; row += TILE) {
        if (fives && row + TILE == packedEnd) {
          multiplyFive<E>(s, out, tile, panel, panelEnd, parameters, fifth);
        } else {
          multiplyTile<E>(s, out, rows - row, tile, panel, panelEnd, parameters, 0, 4);
        }
        out += <usize>(TILE * s.outStride);
        tile += tileBytes;
      }
      panel = panelEnd;
      parameters += PANEL_PARAMETERS;
    }
  }
}

/** Whether there are tiles of six rows: as of float32 (conv-2d.ts), whose fused multiply-adds take as long. */
@inline
function hasSixes<E>(): bool {
  return sizeof<E>() == 1;
}

/** Packs four rows, `stride` bytes apart. Those beyond the last are the last again: their results are written twice, alike. */
@inline
function packTile<E>(at: usize, stride: usize, row: i32, last: i32, rowBytes: i32, to: usize): void {
  const r1 = at + (row + 1 <= last ? stride : 0);
  const r2 = r1 + (row + 2 <= last ? stride : 0);
  const r3 = r2 + (row + 3 <= last ? stride : 0);
  packRows<E>(at, r1, r2, r3, rowBytes, to);
}

/** Packs six rows, `stride` bytes apart. */
@inline
function packSix<E>(at: usize, stride: usize, rowBytes: i32, to: usize): void {
  const signs = v128.load(BYTE_SIGNS);
  const end = at + <usize>rowBytes;
  for (; at < end; at += 8) {
    const r2 = at + 2 * stride;
    const r4 = r2 + 2 * stride;
    const ab = v128.shuffle<i32>(v128.load64_zero(at), v128.load64_zero(at + stride), 0, 4, 1, 5);
    const cd = v128.shuffle<i32>(v128.load64_zero(r2), v128.load64_zero(r2 + stride), 0, 4, 1, 5);
    const ef = v128.xor(v128.shuffle<i32>(v128.load64_zero(r4), v128.load64_zero(r4 + stride), 0, 4, 1, 5), signs);
    v128.store(to, v128.xor(v128.shuffle<i64>(ab, cd, 0, 2), signs));
    v128.store64_lane(to, ef, 0, 16);
    v128.store(to, v128.xor(v128.shuffle<i64>(ab, cd, 1, 3), signs), 24);
    v128.store64_lane(to, ef, 1, 40);
    to += 48;
  }
}

/** Interleaves four rows of bytes, a multiple of 8, in groups of four. */
@inline
function packRows<E>(r0: usize, r1: usize, r2: usize, r3: usize, rowBytes: i32, to: usize): void {
  const end = r0 + <usize>rowBytes;
  for (; r0 < end; r0 += 8) {
    const ab = v128.shuffle<i32>(v128.load64_zero(r0), v128.load64_zero(r1), 0, 4, 1, 5);
    const cd = v128.shuffle<i32>(v128.load64_zero(r2), v128.load64_zero(r3), 0, 4, 1, 5);
    storeCodes<E>(to, v128.shuffle<i64>(ab, cd, 0, 2));
    storeCodes<E>(to + tileStep<E>(), v128.shuffle<i64>(ab, cd, 1, 3));
    r1 += 8;
    r2 += 8;
    r3 += 8;
    to += 2 * tileStep<E>();
  }
}

/** Stores 16 codes as bytes without sign, or as pairs of even elements and then of odd ones. */
@inline
function storeCodes<E>(to: usize, codes: v128): void {
  const bytes = v128.xor(codes, v128.load(BYTE_SIGNS));
  if (sizeof<E>() == 1) {
    v128.store(to, bytes);
  } else {
    v128.store(to, v128.and(bytes, i16x8.splat(0xff)));
    v128.store(to, i16x8.shr_u(bytes, 8), 16);
  }
}

/** Five rows. Not inlined, so that other tiles keep their registers. */
function multiplyFive<E>(
  s: Step, out: usize, a: usize, w: usize, end: usize, parameters: usize, fifth: usize,
): void {
  multiplyTile<E>(s, out, 5, a, w, end, parameters, fifth, 5);
}

/**
 * A packed tile of `tileRows` rows, of which `count` matter: those beyond are written twice, alike. Of five, the last is the
 * unpacked one at `fifth`.
 */
@inline
function multiplyTile<E>(
  s: Step, out: usize, count: i32, a: usize, w: usize, end: usize, parameters: usize, fifth: usize, tileRows: i32,
): void {
  const five = tileRows == 5;
  const six = tileRows == 6;
  let c00 = v128.load(parameters);
  let c01 = v128.load(parameters, 16);
  let c10 = c00, c11 = c01, c20 = c00, c21 = c01, c30 = c00, c31 = c01, c40 = c00, c41 = c01, c50 = c00, c51 = c01;
  do {
    const w0 = v128.load(w);
    const w1 = v128.load(w, 16);
    if (sizeof<E>() == 1) {
      const a0 = v128.load32_splat(a);
      c00 = dotBytes(c00, w0, a0);
      c01 = dotBytes(c01, w1, a0);
      const a1 = v128.load32_splat(a, 4);
      c10 = dotBytes(c10, w0, a1);
      c11 = dotBytes(c11, w1, a1);
      const a2 = v128.load32_splat(a, 8);
      c20 = dotBytes(c20, w0, a2);
      c21 = dotBytes(c21, w1, a2);
      const a3 = v128.load32_splat(a, 12);
      c30 = dotBytes(c30, w0, a3);
      c31 = dotBytes(c31, w1, a3);
      if (five) {
        const a4 = v128.xor(v128.load32_splat(fifth), v128.load(BYTE_SIGNS));
        c40 = dotBytes(c40, w0, a4);
        c41 = dotBytes(c41, w1, a4);
        fifth += 4;
      }
      if (six) {
        // In this order: in the other, Binaryen leaves one operand for later, and V8 spills three sums.
        const a4 = v128.load32_splat(a, 16);
        c41 = dotBytes(c41, w1, a4);
        c40 = dotBytes(c40, w0, a4);
        const a5 = v128.load32_splat(a, 20);
        c50 = dotBytes(c50, w0, a5);
        c51 = dotBytes(c51, w1, a5);
      }
    } else {
      const even0 = evenBytes(w0);
      const even1 = evenBytes(w1);
      const a0 = v128.load32_splat(a);
      c00 = i32x4.add(c00, i32x4.dot_i16x8_s(a0, even0));
      c01 = i32x4.add(c01, i32x4.dot_i16x8_s(a0, even1));
      const a1 = v128.load32_splat(a, 4);
      c10 = i32x4.add(c10, i32x4.dot_i16x8_s(a1, even0));
      c11 = i32x4.add(c11, i32x4.dot_i16x8_s(a1, even1));
      const a2 = v128.load32_splat(a, 8);
      c20 = i32x4.add(c20, i32x4.dot_i16x8_s(a2, even0));
      c21 = i32x4.add(c21, i32x4.dot_i16x8_s(a2, even1));
      const a3 = v128.load32_splat(a, 12);
      c30 = i32x4.add(c30, i32x4.dot_i16x8_s(a3, even0));
      c31 = i32x4.add(c31, i32x4.dot_i16x8_s(a3, even1));
      const odd0 = oddBytes(w0);
      const odd1 = oddBytes(w1);
      const b0 = v128.load32_splat(a, 16);
      c00 = i32x4.add(c00, i32x4.dot_i16x8_s(b0, odd0));
      c01 = i32x4.add(c01, i32x4.dot_i16x8_s(b0, odd1));
      const b1 = v128.load32_splat(a, 20);
      c10 = i32x4.add(c10, i32x4.dot_i16x8_s(b1, odd0));
      c11 = i32x4.add(c11, i32x4.dot_i16x8_s(b1, odd1));
      const b2 = v128.load32_splat(a, 24);
      c20 = i32x4.add(c20, i32x4.dot_i16x8_s(b2, odd0));
      c21 = i32x4.add(c21, i32x4.dot_i16x8_s(b2, odd1));
      const b3 = v128.load32_splat(a, 28);
      c30 = i32x4.add(c30, i32x4.dot_i16x8_s(b3, odd0));
      c31 = i32x4.add(c31, i32x4.dot_i16x8_s(b3, odd1));
    }
    a += six ? 24 : tileStep<E>();
    w += PANEL_STEP;
  } while (w != end);
  const outBytes = <usize>s.outStride;
  const kind = rescalingOf(parameters);
  if (six && kind <= RESCALE_SIGNED_FLOAT) {
    const o2 = out + 2 * outBytes;
    const o4 = o2 + 2 * outBytes;
    if (kind == RESCALE_SIGNED_FLOAT) {
      storeFloats(out, c00, c01, out + outBytes, c10, c11, parameters, true);
      storeFloats(o2, c20, c21, o2 + outBytes, c30, c31, parameters, true);
      storeFloats(o4, c40, c41, o4 + outBytes, c50, c51, parameters, true);
    } else {
      storeFloats(out, c00, c01, out + outBytes, c10, c11, parameters, false);
      storeFloats(o2, c20, c21, o2 + outBytes, c30, c31, parameters, false);
      storeFloats(o4, c40, c41, o4 + outBytes, c50, c51, parameters, false);
    }
  } else if (hasSixes<E>()) {
    v128.store(SUMS, c00);
    v128.store(SUMS, c01, 16);
    v128.store(SUMS, c10, 32);
    v128.store(SUMS, c11, 48);
    v128.store(SUMS, c20, 64);
    v128.store(SUMS, c21, 80);
    v128.store(SUMS, c30, 96);
    v128.store(SUMS, c31, 112);
    if (tileRows > 4) {
      v128.store(SUMS, c40, 128);
      v128.store(SUMS, c41, 144);
    }
    if (six) {
      v128.store(SUMS, c50, 160);
      v128.store(SUMS, c51, 176);
    }
    finishStored(out, outBytes, min(count, tileRows), parameters);
  } else {
    const o1 = out + (count > 1 ? outBytes : 0);
    const o2 = o1 + (count > 2 ? outBytes : 0);
    const o3 = o2 + (count > 3 ? outBytes : 0);
    finishTwo<i8>(out, c00, c01, o1, c10, c11, kind, parameters);
    finishTwo<i8>(o2, c20, c21, o3, c30, c31, kind, parameters);
  }
}

/** Sums of a tile, 32 bytes a row, for `finishStored`. */
const SUMS = memory.data(6 * 32, 16);

/**
 * Finishes the first `count` rows of the sums at SUMS. Of sums that go to it in registers, some would outlive a call: V8 then
 * stores them all in every k-step (a third slower; measured).
 */
function finishStored(out: usize, outBytes: usize, count: i32, parameters: usize): void {
  const kind = rescalingOf(parameters);
  for (let row: i32 = 0; row < count; row += 2) {
    const one = SUMS + 32 * <usize>row;
    const next = <usize>min(row + 1, count - 1);
    const other = SUMS + 32 * next;
    finishTwo<i8>(
      out + <usize>row * outBytes, v128.load(one), v128.load(one, 16),
      out + next * outBytes, v128.load(other), v128.load(other, 16), kind, parameters,
    );
  }
}
