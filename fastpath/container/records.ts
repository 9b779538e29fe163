/** The record of a layer: 16 bytes of the plain part. */

import { FORM, type LayerHead } from './layer.ts';

/** Scales of the inputs and the output as float32, how channels' factors are given, what codes are, another layer, means. */
const FORM_BITS = 2;
const RANGE_BITS = 4;

export interface LayerRecord extends LayerHead {
  /** The layer, counted from 0, that this one repeats. */
  readonly repeats: number | undefined;
}

export function readLayer(bytes: DataView, offset: number): LayerRecord {
  const form = bytes.getUint8(offset + 8);
  const codes = bytes.getUint8(offset + 9);
  const repeats = bytes.getUint16(offset + 10, true);
  return {
    inputScale: bytes.getFloat32(offset, true),
    outputScale: bytes.getFloat32(offset + 4, true),
    form: (form % 2 ** FORM_BITS) as LayerHead['form'],
    roundedProduct: form >> FORM_BITS === 1,
    range: codes % 2 ** RANGE_BITS,
    lowBits: codes >> RANGE_BITS,
    repeats: repeats === 0 ? undefined : repeats - 1,
    inputMean: bytes.getInt16(offset + 12, true),
    outputMean: bytes.getInt16(offset + 14, true),
  };
}

export function writeLayer(bytes: DataView, offset: number, record: LayerRecord): void {
  const { inputScale, outputScale, form, roundedProduct, range, lowBits, repeats } = record;
  const { inputMean, outputMean } = record;
  bytes.setFloat32(offset, inputScale, true);
  bytes.setFloat32(offset + 4, outputScale, true);
  bytes.setUint8(offset + 8, form + (roundedProduct ? 2 ** FORM_BITS : 0));
  bytes.setUint8(offset + 9, range + lowBits * 2 ** RANGE_BITS);
  bytes.setUint16(offset + 10, repeats === undefined ? 0 : repeats + 1, true);
  bytes.setInt16(offset + 12, inputMean, true);
  bytes.setInt16(offset + 14, outputMean, true);
}

/** Whether a record says nothing that has no meaning. */
export function isLayerRecord(
  { form, range, lowBits, repeats }: LayerRecord,
  layer: number,
  mantissas: number,
): boolean {
  const forms: readonly number[] = Object.values(FORM);
  return (
    forms.includes(form) &&
    (form !== FORM.grid || mantissas > 0) &&
    range >= 1 &&
    range <= MAX_RANGE &&
    lowBits <= (range === MAX_RANGE ? MAX_LOW_BITS : 0) &&
    (repeats === undefined || repeats < layer)
  );
}

export const MAX_RANGE = 8;
export const MAX_LOW_BITS = 4;
