/** Of the resize: mutants proven to compute the same. */

import type { Equivalence } from './equivalence.ts';

export const equivalentResize: readonly Equivalence[] = [
  {
    proof: 'A distance of 1 has the weight 1 - 1 = 0.',
    mutants: [
      'resizeBegin resizeRow | f64.const 0; local.get; f64.const 1; [f64.lt -> f64.le]; select',
    ],
  },
  {
    proof:
      'resizeHorizontally: the fourth lane is none of the three channels; what it sums is not stored but as the byte that the next pixel, or the padding of the row, overwrites.',
    mutants: [
      'resizeRow | [v128.const 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 -> v128.const 0 0 0 0 0 0 0 0 0 0 0 0 * * * *]; local.set; v128.const 0 0 32 0 0 0 32 0 0 0 32 0 0 0 32 0',
      'resizeRow | [v128.const 0 0 32 0 0 0 32 0 0 0 32 0 0 0 32 0 -> v128.const 0 0 32 0 0 0 32 0 0 0 32 0 * * * 0]; local.set; local.get; local.get',
      'resizeRow | [v128.const 0 255 3 255 1 255 4 255 2 255 5 255 255 255 255 255 -> v128.const 0 255 3 255 1 255 4 255 2 255 5 255 * * * *]; i8x16.swizzle',
      'resizeRow | [v128.const 6 255 9 255 7 255 10 255 8 255 11 255 255 255 255 255 -> v128.const 6 255 9 255 7 255 10 255 8 255 11 255 * * * *]; i8x16.swizzle',
      'resizeRow | [v128.const 0 255 1 255 0 255 1 255 0 255 1 255 255 255 255 255 -> v128.const 0 255 1 255 0 255 1 255 0 255 1 255 * * * *]; i8x16.swizzle',
      'resizeRow | [v128.const 2 255 3 255 2 255 3 255 2 255 3 255 255 255 255 255 -> v128.const 2 255 3 255 2 255 3 255 2 255 3 255 * * * *]; i8x16.swizzle',
    ],
  },
  {
    proof:
      'Sums of pixels and weights are in [0, 2^31): 22 bits to the right they are below 2^15, signed or not, and so are 8-bit pixels as 16-bit numbers.',
    mutants: [
      'resizeRow | local.get; i32x4.add; i32.const 22; [i32x4.shr_s -> i32x4.shr_u]',
      'resizeRow | i32x4.shr_s; local.tee; local.get; [i16x8.narrow_i32x4_s -> i16x8.narrow_i32x4_u]',
      'resizeRow | [i32x4.extend_*_i16x8_u -> i32x4.extend_*_i16x8_s]; local.get; i32x4.mul',
      'resizeRow | i32.shl; i32.add; local.tee; [i32.load16_u -> i32.load16_s]; i32.const 3; i32.mul',
      'resizeRow | local.get; [i32.load16_u offset=2 -> i32.load16_s]; i32.const 12; i32.mul',
    ],
  },
  {
    proof: 'Window ends are in [0, 65535 + 1], signed or not.',
    mutants: [
      'resizeBegin resizeRow | f64.add; f64.const 0.5; f64.add; [i32.trunc_sat_f64_s -> i32.trunc_sat_f64_u]',
    ],
  },
  {
    proof:
      'A window that begins before the image begins with it: below -0.5 a signed conversion is negative and then 0, an unsigned one 0.',
    mutants: [
      'resizeBegin resizeRow | f64.sub; f64.const 0.5; f64.add; [i32.trunc_sat_f64_s -> i32.trunc_sat_f64_u]; local.tee; i32.const 0',
    ],
  },
  {
    proof:
      'Workspace.bgr is 0 or 1, elementBytes at most 4: from the byte before it, the word is 0 or 256, as true.',
    mutants: [
      'resizeRow | i32.const 8; i32.const 0; local.get; [i32.load offset=40 -> i32.load offset=39]; select',
    ],
  },
  {
    proof:
      'resizeRow: where an image keeps its height, scale is 1 and a window two rows with the weights 2^22 and 0: summed as they come, or when the second has come, they are the same.',
    mutants: ['resizeRow | local.get; i32.load offset=16; [i32.gt_s -> i32.ge_s]; local.tee; if'],
  },
  {
    proof:
      'sumKeptRows: when enlarging, scale is at most 1, distances are exact, and a row before a window has a distance of at least 1 and weight 0: windows may begin earlier. The first row is never negative.',
    mutants: [
      'resizeRow | [f64.const 1 -> f64.const 2]; f64.max; f64.sub; f64.const 0.5; f64.add; i32.trunc_sat_f64_s; local.tee; i32.const 0; local.get; i32.const 0; i32.ge_s; select; local.set; loop',
      'resizeRow | [f64.add -> f64.sub]; local.get; f64.mul; local.get; f64.const 1; f64.max; f64.sub; f64.const 0.5; f64.add; i32.trunc_sat_f64_s; local.tee; i32.const 0; local.get; i32.const 0; i32.ge_s; select; local.set; loop',
      'resizeRow | [f64.const 0.5 -> f64.const -0.5]; f64.add; local.get; f64.mul; local.get; f64.const 1; f64.max; f64.sub; f64.const 0.5; f64.add; i32.trunc_sat_f64_s; local.tee; i32.const 0; local.get; i32.const 0; i32.ge_s; select; local.set; loop',
      'resizeRow | [f64.const 0.5 -> f64.const -0.5]; f64.add; i32.trunc_sat_f64_s; local.tee; i32.const 0; local.get; i32.const 0; i32.ge_s; select; local.set; loop',
      'resizeRow | f64.const 0.5; [f64.add -> f64.sub]; i32.trunc_sat_f64_s; local.tee; i32.const 0; local.get; i32.const 0; i32.ge_s; select; local.set; loop',
      'resizeRow | i32.trunc_sat_f64_s; local.tee; [i32.const 0 -> i32.const *]; local.get; i32.const 0; i32.ge_s; select; local.set; loop',
      'resizeRow | i32.trunc_sat_f64_s; local.tee; i32.const 0; local.get; [i32.const 0 -> i32.const -1]; i32.ge_s; select; local.set; loop',
    ],
  },
  {
    proof: 'sumKeptRows: when enlarging, the larger of scale and 1 is 1, and 1 / 1 is 1 * 1.',
    mutants: [
      'resizeRow | i32.load offset=68; local.get; i32.load offset=56; local.get; i32.const 3; i32.rem_s; i32.mul; i32.add; f64.const 1; local.get; f64.convert_i32_s; local.get; local.get; i32.load offset=24; i32.add; f64.convert_i32_s; f64.const 0.5; f64.add; local.get; f64.mul; f64.sub; f64.const 0.5; f64.add; f64.const 1; local.get; f64.const 1; f64.max; [f64.div -> f64.mul]; f64.mul; f64.abs',
    ],
  },
];
