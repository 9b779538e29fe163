/** The record of a layer: fastpath/container/records.ts. */

import { FORM_READY } from './parameters';
import { MAX_LOW_BITS, MAX_RANGE } from './contexts';

export const RECORD_BYTES: usize = 14;
const ROUNDED_PRODUCT: i32 = 1 << 2;

export function inputScaleOf(record: usize): f64 {
  return <f64>load<f32>(record);
}

export function outputScaleOf(record: usize): f64 {
  return <f64>load<f32>(record, 4);
}

export function formOf(record: usize): i32 {
  return load<u8>(record, 8) & 3;
}

export function isProductRounded(record: usize): bool {
  return (load<u8>(record, 8) & ROUNDED_PRODUCT) !== 0;
}

export function rangeOf(record: usize): i32 {
  return load<u8>(record, 9) & 15;
}

export function lowBitsOf(record: usize): i32 {
  return load<u8>(record, 9) >> 4;
}

/** What biases are told from, of the sum of a channel's codes, in quarters, and in output codes. */
export function inputMeanOf(record: usize): i32 {
  return load<i16>(record, 10);
}

export function outputMeanOf(record: usize): i32 {
  return load<i16>(record, 12);
}

/** Whether a record says nothing that has no meaning. */
export function isRecord(record: usize, mantissas: i32): bool {
  const form = formOf(record);
  return (
    form <= FORM_READY &&
    (form !== 0 || mantissas > 0) &&
    rangeOf(record) >= 1 &&
    rangeOf(record) <= MAX_RANGE &&
    lowBitsOf(record) <= (rangeOf(record) === MAX_RANGE ? MAX_LOW_BITS : 0)
  );
}
