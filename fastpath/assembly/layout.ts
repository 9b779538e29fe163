/** pad, reshape, and the depth multiplier of a depthwise convolution: rules E3, E4 and C2 of reference/SEMANTICS.md. */

import { Step } from './step';

/** Real zero around height and width. */
export function pad<T>(s: Step): void {
  const inBytes = <usize>s.inStride * sizeof<T>();
  const outBytes = <usize>s.outStride * sizeof<T>();
  let out = s.output;
  for (let n: i32 = 0; n < s.batches; n++) {
    for (let oy: i32 = 0; oy < s.outHeight; oy++) {
      const y = oy - s.padTop;
      for (let ox: i32 = 0; ox < s.outWidth; ox++) {
        const x = ox - s.padLeft;
        if (y >= 0 && y < s.inHeight && x >= 0 && x < s.inWidth) {
          const pixel = <usize>((n * s.inHeight + y) * s.inWidth + x);
          memory.copy(out, s.input + pixel * inBytes, <usize>s.outChannels * sizeof<T>());
        } else {
          for (let c: i32 = 0; c < s.outChannels; c++) {
            store<T>(out + <usize>c * sizeof<T>(), <T>s.inZero);
          }
        }
        out += outBytes;
      }
    }
  }
}

/** The same elements in pixels of another number of channels. */
export function reshape<T>(s: Step): void {
  const count = s.batches * s.inHeight * s.inWidth * s.inChannels;
  let inChannel: i32 = 0;
  let outChannel: i32 = 0;
  let from = s.input;
  let to = s.output;
  for (let i: i32 = 0; i < count; i++) {
    store<T>(to + <usize>outChannel * sizeof<T>(), load<T>(from + <usize>inChannel * sizeof<T>()));
    if (++inChannel == s.inChannels) {
      inChannel = 0;
      from += <usize>s.inStride * sizeof<T>();
    }
    if (++outChannel == s.outChannels) {
      outChannel = 0;
      to += <usize>s.outStride * sizeof<T>();
    }
  }
}

/** Each channel m times in a row, where m is outChannels / inChannels. */
export function repeatChannels<T>(s: Step): void {
  const pixels = s.batches * s.inHeight * s.inWidth;
  const times = s.outChannels / s.inChannels;
  for (let pixel: i32 = 0; pixel < pixels; pixel++) {
    const from = s.input + <usize>(pixel * s.inStride) * sizeof<T>();
    const to = s.output + <usize>(pixel * s.outStride) * sizeof<T>();
    for (let c: i32 = 0; c < s.outChannels; c++) {
      store<T>(to + <usize>c * sizeof<T>(), load<T>(from + <usize>(c / times) * sizeof<T>()));
    }
  }
}
