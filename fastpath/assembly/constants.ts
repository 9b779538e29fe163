/**
 * Vectors of equal elements that loops use. They are loaded: V8 makes a constant vector anew at every use, in three or four
 * instructions, which cost int16 a tenth of its time.
 */

/** 2^-37 in float64, twice. */
export const TINY = memory.data<f64>([7.275957614183426e-12, 7.275957614183426e-12], 16);

/** 1.5 * 2^52 in float64: a sum with it has an integer in its low bits. */
export const INTEGER_SHIFT = memory.data<f64>([6755399441055744, 6755399441055744], 16);

/** 1.5 * 2^23 in float32, likewise, and its bits. */
export const FLOAT_SHIFT = memory.data<f32>([12582912, 12582912, 12582912, 12582912], 16);

/** The signs of 16 bytes, and of 4 int32. */
export const BYTE_SIGNS = memory.data<u32>([0x80808080, 0x80808080, 0x80808080, 0x80808080], 16);
export const SIGNS = memory.data<u32>([0x80000000, 0x80000000, 0x80000000, 0x80000000], 16);

/** What the upper part of a 16-bit weight counts for, in float64: 2^7. */
export const HIGH_SCALES = memory.data<f64>([128, 128], 16);
