/**
 * depthwiseConv2d of codes: rule C2 of reference/SEMANTICS.md.
 *
 * A dot product adds up neighbouring elements, but the products of a channel lie in different rows. So rows are
 * interleaved first, four at a time: [column][channels / 8][8][4], padding included, for the window's rows of one or
 * two output rows. Each interleaved vector then serves all windows that it is in. Two output rows of stride 1 share
 * their rows where a window has at most three: the lower one's weights are the upper one's, moved on by a row.
 *
 * `E` is the element of interleaved rows: bytes without a sign for the dot product of four (`unsignedDot`), else int16,
 * rows 0 and 2 as pairs [4][2] and then rows 1 and 3. Weights lie [rows / 4][kx][channels / 8][8][4] (int8) or
 * [rows / 4][kx][channels / 8][2][2][4][2], halves of 4 channels with even and odd rows apart (int16).
 */

import { BYTE_SIGNS } from './constants';
import { dotBytes, evenBytes, oddBytes } from './dot';
import { finishTwo, PANEL_PARAMETERS, rescalingOf } from './requantize';
import { finishWide, FOUR_SUMS, highPart, SUMS, WIDE_PARAMETERS } from './requantize-wide';
import { Step } from './step';

/** Rows that are interleaved. */
const ROWS: i32 = 4;

/** Bytes of 8 interleaved channels of a column. */
@inline
function groupBytes<E>(): usize {
  return 8 * ROWS * sizeof<E>();
}

/** What a tile's second four sums are: none, those of the output row below, or those with whole weights. */
const ONE: i32 = 0;
const TWO: i32 = 1;
const WIDE: i32 = 2;

/** T: element of input and output; E: of interleaved rows; W: of weights. */
export function depthwiseCodes<T, E, W>(s: Step): void {
  if (s.strideY == 1 && s.kernelHeight < ROWS) filterImages<T, E, W>(s, TWO);
  else filterImages<T, E, W>(s, ONE);
}

/** int16 with sums of more than 32 bits, as conv-2d-wide.ts has them. */
export function depthwiseWide(s: Step): void {
  filterImages<i16, i16, i16>(s, WIDE);
}

@inline
function filterImages<T, E, W>(s: Step, mode: i32): void {
  const two = mode == TWO;
  const rowBytes = <usize>(s.inWidth * s.inStride) * sizeof<T>();
  const columnBytes = <usize>(s.outStride / 8) * groupBytes<E>();
  const columns = (s.outWidth - 1) * s.strideX + s.kernelWidth;
  const bands = (s.kernelHeight + ROWS - 1) / ROWS;
  const bandBytes = <usize>columns * columnBytes;
  const outRowBytes = <usize>(s.outWidth * s.outStride) * sizeof<T>();
  // In the scratch: 8 elements of real zero, wide sums, the output row that a lone last row has no partner for, and
  // interleaved rows.
  const spare = s.scratch + 16 + (mode == WIDE ? SUMS : 0);
  const interleaved = spare + outRowBytes;
  v128.store(s.scratch, sizeof<T>() == 1 ? i8x16.splat(<i8>s.inZero) : i16x8.splat(<i16>s.inZero));
  let out = s.output;
  for (let n: i32 = 0; n < s.batches; n++) {
    const image = s.input + <usize>(n * s.inHeight) * rowBytes;
    for (let oy: i32 = 0; oy < s.outHeight; oy += two ? 2 : 1) {
      const y = oy * s.strideY - s.padTop;
      for (let band: i32 = 0; band < bands; band++) {
        const rows = s.kernelHeight - band * ROWS + (two ? 1 : 0);
        interleave<T, E>(s, image, y + band * ROWS, rows, rowBytes, columns, interleaved + <usize>band * bandBytes);
      }
      const lower = oy + 1 < s.outHeight ? out + outRowBytes : spare;
      for (let ox: i32 = 0; ox < s.outWidth; ox += 2) {
        const next = min(ox + 1, s.outWidth - 1);
        filterTile<T, E, W>(
          s,
          interleaved + <usize>(ox * s.strideX) * columnBytes,
          interleaved + <usize>(next * s.strideX) * columnBytes,
          bands,
          columnBytes,
          bandBytes,
          out,
          two ? lower : out,
          <usize>(ox * s.outStride) * sizeof<T>(),
          <usize>(next * s.outStride) * sizeof<T>(),
          mode,
        );
      }
      out += two && oy + 1 < s.outHeight ? 2 * outRowBytes : outRowBytes;
    }
  }
}

/** Interleaves up to four rows from `y` on, of which those beyond the image, or beyond `rows`, are real zero. */
function interleave<T, E>(
  s: Step, image: usize, y: i32, rows: i32, rowBytes: usize, columns: i32, to: usize,
): void {
  const zeros = s.scratch;
  const first = image + <usize>max(y, 0) * rowBytes;
  const skipped = max(-y, 0);
  // How many of the band's rows lie inside, after those above the image.
  const inside = min(rows, s.inHeight - y);
  const r0 = skipped <= 0 && inside > 0 ? first : 0;
  const r1 = skipped <= 1 && inside > 1 ? first + <usize>(1 - skipped) * rowBytes : 0;
  const r2 = skipped <= 2 && inside > 2 ? first + <usize>(2 - skipped) * rowBytes : 0;
  const r3 = skipped <= 3 && inside > 3 ? first + <usize>(3 - skipped) * rowBytes : 0;
  const groups = s.outStride / 8;
  const left = min(s.padLeft, columns);
  const middle = max(min(s.inWidth, columns - s.padLeft), 0);
  to = interleaveRows<T, E>(zeros, 0, 0, 0, 0, left * groups, to);
  to = interleaveRows<T, E>(zeros, r0, r1, r2, r3, middle * groups, to);
  interleaveRows<T, E>(zeros, 0, 0, 0, 0, (columns - left - middle) * groups, to);
}

/** Interleaves rows from where they begin; a row at 0 is real zero. Returns the address after what it wrote. */
function interleaveRows<T, E>(
  zeros: usize, r0: usize, r1: usize, r2: usize, r3: usize, groups: i32, to: usize,
): usize {
  const bytes: usize = 8 * sizeof<T>();
  const step0 = r0 ? bytes : 0;
  const step1 = r1 ? bytes : 0;
  const step2 = r2 ? bytes : 0;
  const step3 = r3 ? bytes : 0;
  if (!r0) r0 = zeros;
  if (!r1) r1 = zeros;
  if (!r2) r2 = zeros;
  if (!r3) r3 = zeros;
  const end = to + <usize>groups * groupBytes<E>();
  for (; to < end; to += groupBytes<E>()) {
    interleave8<T, E>(r0, r1, r2, r3, to);
    r0 += step0;
    r1 += step1;
    r2 += step2;
    r3 += step3;
  }
  return to;
}

/** Interleaves eight channels of four rows. int8 codes lose their sign: code + 128, which biases allow for. */
@inline
function interleave8<T, E>(r0: usize, r1: usize, r2: usize, r3: usize, to: usize): void {
  if (sizeof<E>() == 1) {
    const sign = v128.load(BYTE_SIGNS);
    const ab = v128.shuffle<i8>(
      v128.load64_zero(r0), v128.load64_zero(r1), 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23,
    );
    const cd = v128.shuffle<i8>(
      v128.load64_zero(r2), v128.load64_zero(r3), 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23,
    );
    v128.store(to, v128.xor(v128.shuffle<i16>(ab, cd, 0, 8, 1, 9, 2, 10, 3, 11), sign));
    v128.store(to, v128.xor(v128.shuffle<i16>(ab, cd, 4, 12, 5, 13, 6, 14, 7, 15), sign), 16);
    return;
  }
  const a = loadCodes<T>(r0);
  const b = loadCodes<T>(r1);
  const c = loadCodes<T>(r2);
  const d = loadCodes<T>(r3);
  v128.store(to, v128.shuffle<i16>(a, c, 0, 8, 1, 9, 2, 10, 3, 11));
  v128.store(to, v128.shuffle<i16>(b, d, 0, 8, 1, 9, 2, 10, 3, 11), 16);
  v128.store(to, v128.shuffle<i16>(a, c, 4, 12, 5, 13, 6, 14, 7, 15), 32);
  v128.store(to, v128.shuffle<i16>(b, d, 4, 12, 5, 13, 6, 14, 7, 15), 48);
}

@inline
function loadCodes<T>(at: usize): v128 {
  if (sizeof<T>() == 2) return v128.load(at);
  return v128.xor(v128.load8x8_u(at), i16x8.splat(128));
}

/** Products of four channels with a pair of rows each. */
@inline
function addPairs(sum: v128, even: v128, odd: v128, evenWeights: v128, oddWeights: v128): v128 {
  const products = i32x4.add(i32x4.dot_i16x8_s(even, evenWeights), i32x4.dot_i16x8_s(odd, oddWeights));
  return i32x4.add(sum, products);
}

/** All channels of two neighbouring output pixels, whose windows begin at g0 and g1, and with `two` of those below. */
@inline
function filterTile<T, E, W>(
  s: Step, g0: usize, g1: usize, bands: i32, columnBytes: usize, bandBytes: usize,
  upper: usize, lower: usize, at0: usize, at1: usize, mode: i32,
): void {
  const two = mode == TWO;
  const wide = mode == WIDE;
  let parameters = s.parameters;
  let weights = s.weights;
  const taps = <usize>(s.outStride / 8) * (8 * ROWS * sizeof<W>());
  for (let channel: i32 = 0; channel < s.outStride; channel += 8) {
    let a0 = wide ? i32x4.splat(0) : v128.load(parameters);
    let a1 = wide ? i32x4.splat(0) : v128.load(parameters, 16);
    let b0 = a0, b1 = a1, c0 = a0, c1 = a1, d0 = a0, d1 = a1;
    let w = weights;
    for (let band: i32 = 0; band < bands; band++) {
      let x = g0 + <usize>band * bandBytes;
      let y = g1 + <usize>band * bandBytes;
      for (let kx: i32 = 0; kx < s.kernelWidth; kx++) {
        if (sizeof<E>() == 1) {
          const w0 = v128.load(w);
          const w1 = v128.load(w, 16);
          const x0 = v128.load(x);
          const x1 = v128.load(x, 16);
          const y0 = v128.load(y);
          const y1 = v128.load(y, 16);
          a0 = dotBytes(a0, w0, x0);
          a1 = dotBytes(a1, w1, x1);
          b0 = dotBytes(b0, w0, y0);
          b1 = dotBytes(b1, w1, y1);
          if (two) {
            const v0 = i32x4.shl(w0, 8);
            const v1 = i32x4.shl(w1, 8);
            c0 = dotBytes(c0, v0, x0);
            c1 = dotBytes(c1, v1, x1);
            d0 = dotBytes(d0, v0, y0);
            d1 = dotBytes(d1, v1, y1);
          }
        } else {
          const even0 = evenRows<W>(w, 0);
          const odd0 = oddRows<W>(w, 0);
          const firstEven0 = wide ? highPart(even0) : even0;
          const firstOdd0 = wide ? highPart(odd0) : odd0;
          const xe0 = v128.load(x);
          const xo0 = v128.load(x, 16);
          const ye0 = v128.load(y);
          const yo0 = v128.load(y, 16);
          a0 = addPairs(a0, xe0, xo0, firstEven0, firstOdd0);
          b0 = addPairs(b0, ye0, yo0, firstEven0, firstOdd0);
          if (mode != ONE) {
            const secondEven0 = wide ? even0 : i32x4.shl(odd0, 16);
            const secondOdd0 = wide ? odd0 : even0;
            c0 = addPairs(c0, xe0, xo0, secondEven0, secondOdd0);
            d0 = addPairs(d0, ye0, yo0, secondEven0, secondOdd0);
          }
          const even1 = evenRows<W>(w, 1);
          const odd1 = oddRows<W>(w, 1);
          const firstEven1 = wide ? highPart(even1) : even1;
          const firstOdd1 = wide ? highPart(odd1) : odd1;
          const xe1 = v128.load(x, 32);
          const xo1 = v128.load(x, 48);
          const ye1 = v128.load(y, 32);
          const yo1 = v128.load(y, 48);
          a1 = addPairs(a1, xe1, xo1, firstEven1, firstOdd1);
          b1 = addPairs(b1, ye1, yo1, firstEven1, firstOdd1);
          if (mode != ONE) {
            const secondEven1 = wide ? even1 : i32x4.shl(odd1, 16);
            const secondOdd1 = wide ? odd1 : even1;
            c1 = addPairs(c1, xe1, xo1, secondEven1, secondOdd1);
            d1 = addPairs(d1, ye1, yo1, secondEven1, secondOdd1);
          }
        }
        w += taps;
        x += columnBytes;
        y += columnBytes;
      }
    }
    if (wide) {
      const out0 = upper + at0, out1 = upper + at1;
      const next = parameters + FOUR_SUMS;
      finishWide(out0, out1, parameters, out0 + 8, out1 + 8, next, parameters, 0, s.scratch + 16, a0, c0, b0, d0, a1, c1, b1, d1);
    } else {
      const kind = rescalingOf(parameters);
      finishTwo<T>(upper + at0, a0, a1, upper + at1, b0, b1, kind, parameters);
      if (two) finishTwo<T>(lower + at0, c0, c1, lower + at1, d0, d1, kind, parameters);
    }
    upper += 8 * sizeof<T>();
    lower += 8 * sizeof<T>();
    g0 += groupBytes<E>();
    g1 += groupBytes<E>();
    weights += 8 * ROWS * sizeof<W>();
    parameters += wide ? WIDE_PARAMETERS : PANEL_PARAMETERS;
  }
}

/** Weights of rows 0 and 2 of four channels, the first or second of a group. */
@inline
function evenRows<W>(w: usize, half: usize): v128 {
  return sizeof<W>() == 1 ? evenBytes(v128.load(w + 16 * half)) : v128.load(w + 32 * half);
}

/** Weights of rows 1 and 3. */
@inline
function oddRows<W>(w: usize, half: usize): v128 {
  return sizeof<W>() == 1 ? oddBytes(v128.load(w + 16 * half)) : v128.load(w + 32 * half, 16);
}
