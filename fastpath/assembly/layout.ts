/** pad, reshape, and the depth multiplier of a depthwise convolution: rules E3, E4 and C2 of reference/SEMANTICS.md. */

import { Step } from './step';

/** Real zero around height and width, of elements of `size` bytes: all bytes of zero are alike, since only int8 has a zero point. */
export function pad(s: Step, size: usize): void {
  const inBytes = <usize>s.inStride * size;
  const outBytes = <usize>s.outStride * size;
  const pixelBytes = <usize>s.outChannels * size;
  let out = s.output;
  for (let n: i32 = 0; n < s.batches; n++) {
    for (let oy: i32 = 0; oy < s.outHeight; oy++) {
      const y = oy - s.padTop;
      for (let ox: i32 = 0; ox < s.outWidth; ox++) {
        const x = ox - s.padLeft;
        if (y >= 0 && y < s.inHeight && x >= 0 && x < s.inWidth) {
          const pixel = <usize>((n * s.inHeight + y) * s.inWidth + x);
          memory.copy(out, s.input + pixel * inBytes, pixelBytes);
        } else {
          memory.fill(out, <u8>s.inZero, pixelBytes);
        }
        out += outBytes;
      }
    }
  }
}

@inline
function copyElement(to: usize, from: usize, size: usize): void {
  if (size == 4) store<u32>(to, load<u32>(from));
  else if (size == 2) store<u16>(to, load<u16>(from));
  else store<u8>(to, load<u8>(from));
}

/** The same elements, of `size` bytes, in pixels of another number of channels. */
export function reshape(s: Step, size: usize): void {
  const count = s.batches * s.inHeight * s.inWidth * s.inChannels;
  let inChannel: i32 = 0;
  let outChannel: i32 = 0;
  let from = s.input;
  let to = s.output;
  for (let i: i32 = 0; i < count; i++) {
    copyElement(to + <usize>outChannel * size, from + <usize>inChannel * size, size);
    if (++inChannel == s.inChannels) {
      inChannel = 0;
      from += <usize>s.inStride * size;
    }
    if (++outChannel == s.outChannels) {
      outChannel = 0;
      to += <usize>s.outStride * size;
    }
  }
}

/** Each channel m times in a row, where m is outChannels / inChannels; of elements of `size` bytes. */
export function repeatChannels(s: Step, size: usize): void {
  const pixels = s.batches * s.inHeight * s.inWidth;
  const times = s.outChannels / s.inChannels;
  for (let pixel: i32 = 0; pixel < pixels; pixel++) {
    const from = s.input + <usize>(pixel * s.inStride) * size;
    const to = s.output + <usize>(pixel * s.outStride) * size;
    for (let c: i32 = 0; c < s.outChannels; c++) {
      copyElement(to + <usize>c * size, from + <usize>(c / times) * size, size);
    }
  }
}
