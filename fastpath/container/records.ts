/** The record of a layer: 14 bytes of the plain part. */

import { FORM, type LayerHead } from './layer.ts';

/** Scales of the inputs and the output as float32, how channels' factors are given, what codes are, means. */
const FORM_BITS = 2;
const RANGE_BITS = 4;

export function readLayer(bytes: DataView, offset: number): LayerHead {
  const form = bytes.getUint8(offset + 8);
  const codes = bytes.getUint8(offset + 9);
  return {
    inputScale: bytes.getFloat32(offset, true),
    outputScale: bytes.getFloat32(offset + 4, true),
    form: (form % 2 ** FORM_BITS) as LayerHead['form'],
    roundedProduct: form >> FORM_BITS === 1,
    range: codes % 2 ** RANGE_BITS,
    lowBits: codes >> RANGE_BITS,
    inputMean: bytes.getInt16(offset + 10, true),
    outputMean: bytes.getInt16(offset + 12, true),
  };
}

export function writeLayer(bytes: DataView, offset: number, head: LayerHead): void {
  const { inputScale, outputScale, form, roundedProduct, range, lowBits } = head;
  bytes.setFloat32(offset, inputScale, true);
  bytes.setFloat32(offset + 4, outputScale, true);
  bytes.setUint8(offset + 8, form + (roundedProduct ? 2 ** FORM_BITS : 0));
  bytes.setUint8(offset + 9, range + lowBits * 2 ** RANGE_BITS);
  bytes.setInt16(offset + 10, head.inputMean, true);
  bytes.setInt16(offset + 12, head.outputMean, true);
}

/** Whether a record says nothing that has no meaning. */
export function isLayerRecord({ form, range, lowBits }: LayerHead, mantissas: number): boolean {
  const forms: readonly number[] = Object.values(FORM);
  return (
    forms.includes(form) &&
    (form !== FORM.grid || mantissas > 0) &&
    range >= 1 &&
    range <= MAX_RANGE &&
    lowBits <= (range === MAX_RANGE ? MAX_LOW_BITS : 0)
  );
}

export const MAX_RANGE = 8;
export const MAX_LOW_BITS = 4;
