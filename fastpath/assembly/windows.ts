/** Windows of convolutions, laid out as rows of k = ky kx ic elements. */

import { Step } from './step';

/** Longest run of bytes that is not copied by a call, which costs more (measured). */
const SHORT_RUN: usize = 64;

/** Whether each window is one pixel whose channels lie in whole vectors, so that it can be read where it stands. */
export function isPointwise(s: Step): bool {
  return (
    s.kernelHeight == 1 &&
    s.kernelWidth == 1 &&
    s.strideY == 1 &&
    s.strideX == 1 &&
    s.padTop == 0 &&
    s.padLeft == 0 &&
    s.inHeight == s.outHeight &&
    s.inWidth == s.outWidth &&
    (s.inStride & 7) == 0
  );
}

/** Bytes from one row of k elements of `size` bytes to the next. */
@inline
export function rowBytesOf(s: Step, size: usize): usize {
  const products = (s.kernelHeight * s.kernelWidth * s.inChannels + 7) & ~7;
  return <usize>(isPointwise(s) ? s.inStride : products) * size;
}

/** The address of the first of the rows `row` to `end`: where pixels stand, or windows have been laid out, at `space`. */
@inline
export function rowsAt(s: Step, row: i32, end: i32, rowBytes: usize, size: usize, space: usize): usize {
  if (isPointwise(s)) return s.input + <usize>row * rowBytes;
  copyWindows(s, row, end, space, rowBytes, size);
  return space;
}

/**
 * Lays out the windows of output pixels `row` to `end`, `bytes` apart, of elements of `size` bytes. Positions outside the
 * image hold real zero, all bytes of which are alike: only int8 has another zero point than 0.
 */
export function copyWindows(s: Step, row: i32, end: i32, to: usize, bytes: usize, size: usize): void {
  const pixel = <usize>s.inStride * size;
  const run = <usize>(s.kernelWidth * s.inChannels) * size;
  const short = s.inStride == s.inChannels && run >= 8 && run <= SHORT_RUN;
  // Divisions take as long as a window does: they are done once.
  let line = row / s.outWidth;
  let ox = row - line * s.outWidth;
  while (row < end) {
    let count = short ? min(windowsInside(s, line, ox), end - row) : 0;
    if (count > 0) {
      let from = windowAt(s, line, ox, size);
      for (let i = count; i > 0; i--) {
        copyRuns(s, from, run, to, pixel);
        from += <usize>s.strideX * pixel;
        to += bytes;
      }
    } else {
      copyWindow(s, line, ox, to, bytes, size);
      to += bytes;
      count = 1;
    }
    row += count;
    ox += count;
    if (ox == s.outWidth) {
      ox = 0;
      line++;
    }
  }
}

/** The input row, inside the image or not, at which windows of an output line begin; lines count on over images. */
@inline
function topOf(s: Step, line: i32): i32 {
  return (s.batches == 1 ? line : line % s.outHeight) * s.strideY - s.padTop;
}

/** Input lines before the image of an output line. */
@inline
function linesBefore(s: Step, line: i32): i32 {
  return s.batches == 1 ? 0 : line / s.outHeight * s.inHeight;
}

/** How many output pixels of a line, from `ox` on, have windows inside the image. */
export function windowsInside(s: Step, line: i32, ox: i32): i32 {
  const x = ox * s.strideX - s.padLeft;
  const y = topOf(s, line);
  const room = s.inWidth - s.kernelWidth - x;
  if (x < 0 || y < 0 || room < 0 || y + s.kernelHeight > s.inHeight) return 0;
  return min(room / s.strideX + 1, s.outWidth - ox);
}

/** Where the window of an output pixel begins, if it lies inside the image. */
export function windowAt(s: Step, line: i32, ox: i32, size: usize): usize {
  const y = linesBefore(s, line) + topOf(s, line);
  const x = ox * s.strideX - s.padLeft;
  return s.input + <usize>((y * s.inWidth + x) * s.inStride) * size;
}

/** Lays out a window of any kind: real zero, then what lies inside the image, whole lines where pixels have no gaps. */
function copyWindow(s: Step, line: i32, ox: i32, to: usize, bytes: usize, size: usize): void {
  const end = to + bytes;
  const zeros = <u64>(s.inZero & 0xff) * 0x0101010101010101;
  for (let at = to; at < end; at += 8) store<u64>(at, zeros);
  const x0 = ox * s.strideX - s.padLeft;
  const y0 = topOf(s, line);
  const firstX = max(0, -x0);
  const endX = min(s.kernelWidth, s.inWidth - x0);
  const dense = s.inStride == s.inChannels;
  const pixels = dense ? endX - firstX : 1;
  const pixel = <usize>s.inChannels * size;
  const image = linesBefore(s, line);
  for (let ky: i32 = 0; ky < s.kernelHeight; ky++) {
    const y = y0 + ky;
    if (y < 0 || y >= s.inHeight) continue;
    for (let kx = firstX; kx < endX; kx += pixels) {
      const from = <usize>(((image + y) * s.inWidth + x0 + kx) * s.inStride) * size;
      copy(s.input + from, <usize>pixels * pixel, to + <usize>(ky * s.kernelWidth + kx) * pixel);
    }
  }
}

/** Copies a window that lies inside the image, whose lines are runs of 8 to SHORT_RUN bytes. */
@inline
function copyRuns(s: Step, from: usize, run: usize, to: usize, stride: usize): void {
  const line = <usize>s.inWidth * stride;
  const end = from + <usize>s.kernelHeight * line;
  for (; from < end; from += line) {
    if (run >= 16) {
      for (let at: usize = 0; at < run - 16; at += 16) v128.store(to + at, v128.load(from + at));
      v128.store(to + run - 16, v128.load(from + run - 16));
    } else {
      store<i64>(to, load<i64>(from));
      store<i64>(to + run - 8, load<i64>(from + run - 8));
    }
    to += run;
  }
}

/** Copies `bytes`: a call for many, words for few. */
function copy(from: usize, bytes: usize, to: usize): void {
  if (bytes > SHORT_RUN) {
    memory.copy(to, from, bytes);
    return;
  }
  const end = to + bytes;
  for (; to + 4 <= end; to += 4) {
    store<u32>(to, load<u32>(from));
    from += 4;
  }
  for (; to < end; to++) store<u8>(to, load<u8>(from++));
}
