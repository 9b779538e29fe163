/**
 * depthwiseConv2d of float32: rule C2 of reference/SEMANTICS.md.
 *
 * Weights lie [channels / 4][kh][kw][4]; a window is cut to the image, so that positions outside are skipped. Windows of 3 by 3, one
 * or two pixels apart, go in tiles of 2 by 2, four channels at a time: nine weights and four sums stay in registers, each
 * pixel is loaded once, and no line of 6 or 7 pixels is filled up to 8. Other windows go one by one.
 *
 * Sums of a tile are a and b of the upper two windows, c and d of the lower two; weights u, v and w of a window's lines.
 */

import { clamp, multiplyAdd } from './requantize';
import { Step } from './step';

export function depthwiseFloat32(s: Step): void {
  const inTiles =
    s.kernelHeight == 3 && s.kernelWidth == 3 && s.strideY == s.strideX &&
    fitTiles(s.outHeight, s.strideY, s.padTop, s.inHeight) && fitTiles(s.outWidth, s.strideX, s.padLeft, s.inWidth);
  if (inTiles && s.strideX == 1) filterAdjacent(s);
  else if (inTiles && s.strideX == 2) filterApart(s);
  else filterPixels(s);
}

/** Whether there are two windows or more, of which the first and the last reach out of the image by one at most. */
function fitTiles(outputs: i32, stride: i32, padding: i32, inputs: i32): bool {
  return outputs > 1 && padding <= 1 && (outputs - 1) * stride - padding + 3 <= inputs + 1;
}

/** Windows one pixel apart. */
function filterAdjacent(s: Step): void {
  filterTiles(s, 1);
}

/** Windows two pixels apart. */
function filterApart(s: Step): void {
  filterTiles(s, 2);
}

@inline
function filterTiles(s: Step, stride: i32): void {
  const pixelBytes = <usize>s.inStride * 4;
  const lineBytes = <usize>s.inWidth * pixelBytes;
  const outBytes = <usize>s.outStride * 4;
  const outLine = <usize>s.outWidth * outBytes;
  for (let n: i32 = 0; n < s.batches; n++) {
    const image = s.input + <usize>(n * s.inHeight) * lineBytes;
    const out = s.output + <usize>(n * s.outHeight) * outLine;
    // The last tiles begin where two are left, and may repeat one.
    for (let oy: i32 = 0; oy < s.outHeight; oy += 2) {
      const fromY = min(oy, s.outHeight - 2);
      const y = fromY * stride - s.padTop;
      for (let ox: i32 = 0; ox < s.outWidth; ox += 2) {
        const fromX = min(ox, s.outWidth - 2);
        const x = fromX * stride - s.padLeft;
        const corner = image + <usize>y * lineBytes + <usize>x * pixelBytes;
        const to = out + <usize>fromY * outLine + <usize>fromX * outBytes;
        const bottom = y + stride + 3 <= s.inHeight;
        const right = x + stride + 3 <= s.inWidth;
        if (stride == 1) filterAdjacentTile(s, corner, to, y >= 0, bottom, x >= 0, right);
        else filterApartTile(s, corner, to, y >= 0, bottom, x >= 0, right);
      }
    }
  }
}

/**
 * All channels of two by two output pixels at `out`, whose windows are a pixel apart and begin at `corner`. Whether the
 * first and last lines and columns that they see lie inside the image.
 */
@inline
function filterAdjacentTile(
  s: Step, corner: usize, out: usize, top: bool, bottom: bool, left: bool, right: bool,
): void {
  const pixelBytes = <usize>s.inStride * 4;
  const lineBytes = <usize>s.inWidth * pixelBytes;
  const lowest = i32x4.splat(s.min);
  const highest = i32x4.splat(s.max);
  const end = s.parameters + <usize>s.outStride * 4;
  let taps = s.weights;
  for (let bias = s.parameters; bias < end; bias += 16) {
    let a = v128.load(bias);
    let b = a, c = a, d = a;
    let x = corner;
    const u0 = v128.load(taps);
    const u1 = v128.load(taps, 16);
    const u2 = v128.load(taps, 32);
    if (top) {
      const x1 = x + pixelBytes, x2 = x1 + pixelBytes;
      if (left) a = multiplyAdd(v128.load(x), u0, a);
      const p1 = v128.load(x1);
      a = multiplyAdd(p1, u1, a);
      b = multiplyAdd(p1, u0, b);
      const p2 = v128.load(x2);
      a = multiplyAdd(p2, u2, a);
      b = multiplyAdd(p2, u1, b);
      if (right) b = multiplyAdd(v128.load(x2 + pixelBytes), u2, b);
    }
    x += lineBytes;
    const v0 = v128.load(taps, 48);
    const v1 = v128.load(taps, 64);
    const v2 = v128.load(taps, 80);
    const y1 = x + pixelBytes, y2 = y1 + pixelBytes;
    if (left) {
      const q0 = v128.load(x);
      a = multiplyAdd(q0, v0, a);
      c = multiplyAdd(q0, u0, c);
    }
    const q1 = v128.load(y1);
    a = multiplyAdd(q1, v1, a);
    b = multiplyAdd(q1, v0, b);
    c = multiplyAdd(q1, u1, c);
    d = multiplyAdd(q1, u0, d);
    const q2 = v128.load(y2);
    a = multiplyAdd(q2, v2, a);
    b = multiplyAdd(q2, v1, b);
    c = multiplyAdd(q2, u2, c);
    d = multiplyAdd(q2, u1, d);
    if (right) {
      const q3 = v128.load(y2 + pixelBytes);
      b = multiplyAdd(q3, v2, b);
      d = multiplyAdd(q3, u2, d);
    }
    x += lineBytes;
    const w0 = v128.load(taps, 96);
    const w1 = v128.load(taps, 112);
    const w2 = v128.load(taps, 128);
    const z1 = x + pixelBytes, z2 = z1 + pixelBytes;
    if (left) {
      const r0 = v128.load(x);
      a = multiplyAdd(r0, w0, a);
      c = multiplyAdd(r0, v0, c);
    }
    const r1 = v128.load(z1);
    a = multiplyAdd(r1, w1, a);
    b = multiplyAdd(r1, w0, b);
    c = multiplyAdd(r1, v1, c);
    d = multiplyAdd(r1, v0, d);
    const r2 = v128.load(z2);
    a = multiplyAdd(r2, w2, a);
    b = multiplyAdd(r2, w1, b);
    c = multiplyAdd(r2, v2, c);
    d = multiplyAdd(r2, v1, d);
    if (right) {
      const r3 = v128.load(z2 + pixelBytes);
      b = multiplyAdd(r3, w2, b);
      d = multiplyAdd(r3, v2, d);
    }
    if (bottom) {
      x += lineBytes;
      const x1 = x + pixelBytes, x2 = x1 + pixelBytes;
      if (left) c = multiplyAdd(v128.load(x), w0, c);
      const t1 = v128.load(x1);
      c = multiplyAdd(t1, w1, c);
      d = multiplyAdd(t1, w0, d);
      const t2 = v128.load(x2);
      c = multiplyAdd(t2, w2, c);
      d = multiplyAdd(t2, w1, d);
      if (right) d = multiplyAdd(v128.load(x2 + pixelBytes), w2, d);
    }
    storeTile(s, out, a, b, c, d, lowest, highest);
    corner += 16;
    taps += 9 * 16;
    out += 16;
  }
}

/** The same of windows two pixels apart. */
@inline
function filterApartTile(
  s: Step, corner: usize, out: usize, top: bool, bottom: bool, left: bool, right: bool,
): void {
  const pixelBytes = <usize>s.inStride * 4;
  const lineBytes = <usize>s.inWidth * pixelBytes;
  const lowest = i32x4.splat(s.min);
  const highest = i32x4.splat(s.max);
  const end = s.parameters + <usize>s.outStride * 4;
  let taps = s.weights;
  for (let bias = s.parameters; bias < end; bias += 16) {
    let a = v128.load(bias);
    let b = a, c = a, d = a;
    let x = corner;
    const u0 = v128.load(taps);
    const u1 = v128.load(taps, 16);
    const u2 = v128.load(taps, 32);
    if (top) {
      const o1 = x + pixelBytes, o2 = o1 + pixelBytes, o3 = o2 + pixelBytes;
      if (left) a = multiplyAdd(v128.load(x), u0, a);
      a = multiplyAdd(v128.load(o1), u1, a);
      const o = v128.load(o2);
      a = multiplyAdd(o, u2, a);
      b = multiplyAdd(o, u0, b);
      b = multiplyAdd(v128.load(o3), u1, b);
      if (right) b = multiplyAdd(v128.load(o3 + pixelBytes), u2, b);
    }
    x += lineBytes;
    const v0 = v128.load(taps, 48);
    const v1 = v128.load(taps, 64);
    const v2 = v128.load(taps, 80);
    const p1 = x + pixelBytes, p2 = p1 + pixelBytes, p3 = p2 + pixelBytes;
    if (left) a = multiplyAdd(v128.load(x), v0, a);
    a = multiplyAdd(v128.load(p1), v1, a);
    const p = v128.load(p2);
    a = multiplyAdd(p, v2, a);
    b = multiplyAdd(p, v0, b);
    b = multiplyAdd(v128.load(p3), v1, b);
    if (right) b = multiplyAdd(v128.load(p3 + pixelBytes), v2, b);
    x += lineBytes;
    const w0 = v128.load(taps, 96);
    const w1 = v128.load(taps, 112);
    const w2 = v128.load(taps, 128);
    const q1 = x + pixelBytes, q2 = q1 + pixelBytes, q3 = q2 + pixelBytes;
    if (left) {
      const first = v128.load(x);
      a = multiplyAdd(first, w0, a);
      c = multiplyAdd(first, u0, c);
    }
    const second = v128.load(q1);
    a = multiplyAdd(second, w1, a);
    c = multiplyAdd(second, u1, c);
    const third = v128.load(q2);
    a = multiplyAdd(third, w2, a);
    b = multiplyAdd(third, w0, b);
    c = multiplyAdd(third, u2, c);
    d = multiplyAdd(third, u0, d);
    const fourth = v128.load(q3);
    b = multiplyAdd(fourth, w1, b);
    d = multiplyAdd(fourth, u1, d);
    if (right) {
      const fifth = v128.load(q3 + pixelBytes);
      b = multiplyAdd(fifth, w2, b);
      d = multiplyAdd(fifth, u2, d);
    }
    x += lineBytes;
    const r1 = x + pixelBytes, r2 = r1 + pixelBytes, r3 = r2 + pixelBytes;
    if (left) c = multiplyAdd(v128.load(x), v0, c);
    c = multiplyAdd(v128.load(r1), v1, c);
    const r = v128.load(r2);
    c = multiplyAdd(r, v2, c);
    d = multiplyAdd(r, v0, d);
    d = multiplyAdd(v128.load(r3), v1, d);
    if (right) d = multiplyAdd(v128.load(r3 + pixelBytes), v2, d);
    if (bottom) {
      x += lineBytes;
      const t1 = x + pixelBytes, t2 = t1 + pixelBytes, t3 = t2 + pixelBytes;
      if (left) c = multiplyAdd(v128.load(x), w0, c);
      c = multiplyAdd(v128.load(t1), w1, c);
      const t = v128.load(t2);
      c = multiplyAdd(t, w2, c);
      d = multiplyAdd(t, w0, d);
      d = multiplyAdd(v128.load(t3), w1, d);
      if (right) d = multiplyAdd(v128.load(t3 + pixelBytes), w2, d);
    }
    storeTile(s, out, a, b, c, d, lowest, highest);
    corner += 16;
    taps += 9 * 16;
    out += 16;
  }
}

/** Stores four channels of two by two output pixels. */
@inline
function storeTile(
  s: Step, out: usize, a: v128, b: v128, c: v128, d: v128, lowest: v128, highest: v128,
): void {
  const next = <usize>s.outStride * 4;
  const below = out + <usize>s.outWidth * next;
  v128.store(out, clamp(a, lowest, highest));
  v128.store(out + next, clamp(b, lowest, highest));
  v128.store(below, clamp(c, lowest, highest));
  v128.store(below + next, clamp(d, lowest, highest));
}

/** Windows of any kind, one by one. */
function filterPixels(s: Step): void {
  const pixelBytes = <usize>s.inStride * 4;
  const lineBytes = <usize>s.inWidth * pixelBytes;
  let out = s.output;
  for (let n: i32 = 0; n < s.batches; n++) {
    const image = s.input + <usize>(n * s.inHeight) * lineBytes;
    for (let oy: i32 = 0; oy < s.outHeight; oy++) {
      const y = oy * s.strideY - s.padTop;
      const firstY = max(0, -y);
      const endY = min(s.kernelHeight, s.inHeight - y);
      const line = image + <usize>(y + firstY) * lineBytes;
      for (let ox: i32 = 0; ox < s.outWidth; ox++) {
        const x = ox * s.strideX - s.padLeft;
        const firstX = max(0, -x);
        const endX = min(s.kernelWidth, s.inWidth - x);
        filterPixel(s, line + <usize>(x + firstX) * pixelBytes, firstY, endY, firstX, endX, out);
        out += <usize>s.outStride * 4;
      }
    }
  }
}

/** All channels of an output pixel whose window, cut to the image, begins at `corner`. */
@inline
function filterPixel(
  s: Step, corner: usize, firstY: i32, endY: i32, firstX: i32, endX: i32, out: usize,
): void {
  const pixelBytes = <usize>s.inStride * 4;
  const lineBytes = <usize>s.inWidth * pixelBytes;
  const lowest = i32x4.splat(s.min);
  const highest = i32x4.splat(s.max);
  const end = s.parameters + <usize>s.outStride * 4;
  let taps = s.weights + 16 * <usize>(firstY * s.kernelWidth + firstX);
  for (let bias = s.parameters; bias < end; bias += 16) {
    let sum = v128.load(bias);
    let line = corner;
    let lineTaps = taps;
    for (let ky = firstY; ky < endY; ky++) {
      let x = line;
      let tap = lineTaps;
      for (let kx = firstX; kx < endX; kx++) {
        sum = multiplyAdd(v128.load(x), v128.load(tap), sum);
        x += pixelBytes;
        tap += 16;
      }
      line += lineBytes;
      lineTaps += 16 * <usize>s.kernelWidth;
    }
    v128.store(out, clamp(sum, lowest, highest));
    corner += 16;
    taps += 16 * <usize>(s.kernelHeight * s.kernelWidth);
    out += 16;
  }
}
