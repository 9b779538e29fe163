/** Windows of convolutions, laid out as rows of k = ky kx ic elements. */

import { Step } from './step';

/** Longest run of bytes that is not copied by a call. */
const SHORT_RUN: i32 = 64;

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

/** Lays out the windows of output pixels `row` to `end`, `bytes` apart. */
export function copyWindows<T>(s: Step, row: i32, end: i32, to: usize, bytes: usize): void {
  let ox = row % s.outWidth;
  let oy = (row / s.outWidth) % s.outHeight;
  let image = row / (s.outWidth * s.outHeight);
  for (; row < end; row++) {
    copyWindow<T>(s, image, oy, ox, to);
    to += bytes;
    if (++ox < s.outWidth) continue;
    ox = 0;
    if (++oy < s.outHeight) continue;
    oy = 0;
    image++;
  }
}

/** Lays out a window at `to`, with the zero point outside the image. */
@inline
function copyWindow<T>(s: Step, image: i32, oy: i32, ox: i32, to: usize): void {
  const x0 = ox * s.strideX - s.padLeft;
  const pixel = s.inChannels * sizeof<T>();
  const stride = <usize>s.inStride * sizeof<T>();
  const whole = x0 >= 0 && x0 + s.kernelWidth <= s.inWidth && s.inStride == s.inChannels;
  for (let ky: i32 = 0; ky < s.kernelHeight; ky++) {
    const y = oy * s.strideY - s.padTop + ky;
    if (y < 0 || y >= s.inHeight) {
      to = fill<T>(to, s.kernelWidth * s.inChannels, s.inZero);
      continue;
    }
    const line = s.input + <usize>((image * s.inHeight + y) * s.inWidth) * stride;
    if (whole) {
      to = copy<T>(line + <usize>x0 * stride, s.kernelWidth * pixel, to);
      continue;
    }
    for (let kx: i32 = 0; kx < s.kernelWidth; kx++) {
      const x = x0 + kx;
      if (x < 0 || x >= s.inWidth) to = fill<T>(to, s.inChannels, s.inZero);
      else to = copy<T>(line + <usize>x * stride, pixel, to);
    }
  }
}

/** Copies `bytes` and returns the address after them. Short runs in words that may overlap: a call costs more (measured). */
@inline
function copy<T>(from: usize, bytes: i32, to: usize): usize {
  const length = <usize>bytes;
  const end = to + length;
  if (bytes > SHORT_RUN) {
    memory.copy(to, from, length);
  } else if (bytes >= 16) {
    for (let at: usize = 0; at < length - 16; at += 16) v128.store(to + at, v128.load(from + at));
    v128.store(end - 16, v128.load(from + length - 16));
  } else if (bytes >= 8) {
    store<i64>(to, load<i64>(from));
    store<i64>(end - 8, load<i64>(from + length - 8));
  } else {
    for (; to < end; to += sizeof<T>()) {
      store<T>(to, load<T>(from));
      from += sizeof<T>();
    }
  }
  return end;
}

/** Stores `count` elements of real zero and returns the address after them. */
@inline
function fill<T>(at: usize, count: i32, zero: i32): usize {
  const end = at + <usize>count * sizeof<T>();
  for (; at < end; at += sizeof<T>()) store<T>(at, <T>zero);
  return end;
}
