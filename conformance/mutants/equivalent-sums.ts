/** Of convolutions and fully connected layers: mutants proven to compute the same. */

import type { Equivalence } from './equivalence.ts';

export const equivalentSums: readonly Equivalence[] = [
  {
    proof: 'A depthwise step has inStride = outStride (checkShape).',
    mutants: [
      'depthwise_* | [i32.load offset=44 -> i32.load offset=60]',
      'depthwise_* | [i32.load offset=60 -> i32.load offset=44]',
    ],
  },
  {
    proof:
      'storeExact: RESCALE_VECTOR is for int8 (packFactors is told no reach of int16), so that its branch is never taken.',
    mutants: [
      '{conv2d_i16_w8 conv2d_i16_w16 depthwise_i16} | [i64x2.* -> *]',
      '{conv2d_i16_w8 conv2d_i16_w16 depthwise_i16} | [f32x4.* -> *]',
      '{conv2d_i16_w8 conv2d_i16_w16 depthwise_i16} | [v128.const * -> *]',
      '{conv2d_i16_w8 conv2d_i16_w16 depthwise_i16} | [v128.and -> *]',
      '{conv2d_i16_w8 conv2d_i16_w16 depthwise_i16} | [v128.or -> *]',
      '{conv2d_i16_w8 conv2d_i16_w16 depthwise_i16} | [i8x16.shuffle * -> *]',
      '{conv2d_i16_w8 conv2d_i16_w16 depthwise_i16} | [i32x4.sub -> *]',
    ],
  },
  {
    proof:
      'convert_low takes the two lower lanes of the shuffle, whose operands are the same vector: the upper lanes may be any, and the lower ones from either operand.',
    mutants: [
      'conv2d_i16_* depthwise_i16* | [i8x16.shuffle 8 9 10 11 12 13 14 15 8 9 10 11 12 13 14 15 -> i8x16.shuffle 8 9 10 11 12 13 14 15 *]; f64x2.convert_low_i32x4_s',
      'conv2d_i16_* depthwise_i16* | [i8x16.shuffle 8 9 10 11 12 13 14 15 8 9 10 11 12 13 14 15 -> i8x16.shuffle 24 25 26 27 12 13 14 15 *]; f64x2.convert_low_i32x4_s',
      'conv2d_i16_* depthwise_i16* | [i8x16.shuffle 8 9 10 11 12 13 14 15 8 9 10 11 12 13 14 15 -> i8x16.shuffle 8 9 10 11 28 29 30 31 *]; f64x2.convert_low_i32x4_s',
    ],
  },
  {
    proof:
      'roundHalfUp: the products are multiples of 2^-46 below 2^52, with no more bits than float64 holds, so that 2^-53 more than a half makes no other integer of any.',
    mutants: [
      'conv2d_i16_* depthwise_i16* | f64x2.mul; [v128.const 0 0 0 0 0 0 224 63 0 0 0 0 0 0 224 63 -> v128.const 1 0 0 0 0 0 224 63 *]; f64x2.add; f64x2.floor',
      'conv2d_i16_* depthwise_i16* | f64x2.mul; [v128.const 0 0 0 0 0 0 224 63 0 0 0 0 0 0 224 63 -> v128.const 0 0 0 0 0 0 224 63 1 0 0 0 0 0 224 63]; f64x2.add; f64x2.floor',
    ],
  },
  {
    proof:
      'roundHalfUp: 2^32 more or less beside 1.5 * 2^52 leaves the lower 32 bits of the sum, which alone are kept.',
    mutants: [
      'conv2d_i16_* depthwise_i16* | f64x2.floor; [v128.const 0 0 0 0 0 0 56 67 0 0 0 0 0 0 56 67 -> v128.const 0 0 0 0 1 0 56 67 *]; f64x2.add',
      'conv2d_i16_* depthwise_i16* | f64x2.floor; [v128.const 0 0 0 0 0 0 56 67 0 0 0 0 0 0 56 67 -> v128.const 0 0 0 0 255 255 55 67 *]; f64x2.add',
      'conv2d_i16_* depthwise_i16* | f64x2.floor; [v128.const 0 0 0 0 0 0 56 67 0 0 0 0 0 0 56 67 -> v128.const 0 0 0 0 0 0 56 67 0 0 0 0 1 0 56 67]; f64x2.add',
      'conv2d_i16_* depthwise_i16* | f64x2.floor; [v128.const 0 0 0 0 0 0 56 67 0 0 0 0 0 0 56 67 -> v128.const 0 0 0 0 0 0 56 67 0 0 0 0 255 255 55 67]; f64x2.add',
    ],
  },
  {
    proof:
      'addPlanes of 8-bit weights: the high plane is 0; a float64 without exponent, below 2^-1021, in its place changes no integer but 0, and that is rescaled to 0.',
    mutants: [
      'conv2d_i16_w8_wide | [v128.const 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 -> v128.const 1 0 0 0 *]; local.get',
      'conv2d_i16_w8_wide | [v128.const 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 -> v128.const * 0 0 0 0 1 0 0 0]; local.get',
      'conv2d_i16_w8_wide | [v128.const 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 -> v128.const 0 0 0 0 1 0 0 0 *]; local.get',
      'conv2d_i16_w8_wide | [v128.const 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 -> v128.const 0 0 0 0 0 0 0 0 1 0 0 0 *]; local.get',
      'conv2d_i16_w8_wide | [v128.const 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 -> v128.const 255 255 255 255 0 *]; local.get',
      'conv2d_i16_w8_wide | [v128.const 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 -> v128.const 0 0 0 0 0 0 0 0 255 255 255 255 0 0 0 0]; local.get',
    ],
  },
  {
    proof:
      'Sums begin as 0: bytes that are 1 make float64 numbers below 2^-1000, which change no integer but 0, and that is rescaled to 0.',
    mutants: [
      'conv2d_i16_*_wide | [i32.const 0 -> i32.const 1]; i32.const 256; memory.fill',
      'depthwise_i16_wide | [i32.const 0 -> i32.const 1]; i32.const 128; memory.fill',
    ],
  },
  {
    proof:
      'depthwise, wide: of the 256 bytes for sums (SUMS) the first 128 are used. Before the first plane of a sum is added all of it is 0, and so is what follows; the byte before it becomes the lowest of a float64 without exponent, below 2^-1060, which changes no integer but 0, and that is rescaled to 0.',
    mutants: [
      'depthwise_i16_wide | i32.const 0; [i32.const 128 -> i32.const 129]; memory.fill',
      'depthwise_i16_wide | local.get; [v128.load -> v128.load offset=1]; local.get; f64x2.convert_low_i32x4_s',
      'depthwise_i16_wide | local.get; [v128.load -> v128.load offset=16]; local.get; f64x2.convert_low_i32x4_s',
      'depthwise_i16_wide | local.get; [v128.load offset=16 -> v128.load offset=15]; local.get; local.get; i8x16.shuffle *',
      'depthwise_i16_wide | local.get; [v128.load offset=16 -> v128.load offset=17]; local.get; local.get; i8x16.shuffle *',
      'depthwise_i16_wide | local.get; [v128.load offset=16 -> v128.load offset=32]; local.get; local.get; i8x16.shuffle *',
      'depthwise_i16_wide | local.get; [v128.load offset=32 -> v128.load offset=31]; local.get; f64x2.convert_low_i32x4_s',
      'depthwise_i16_wide | local.get; [v128.load offset=32 -> v128.load offset=33]; local.get; f64x2.convert_low_i32x4_s',
      'depthwise_i16_wide | local.get; [v128.load offset=32 -> v128.load offset=48]; local.get; f64x2.convert_low_i32x4_s',
      'depthwise_i16_wide | local.get; [v128.load offset=48 -> v128.load offset=47]; local.get; local.get; i8x16.shuffle *',
      'depthwise_i16_wide | local.get; [v128.load offset=48 -> v128.load offset=49]; local.get; local.get; i8x16.shuffle *',
      'depthwise_i16_wide | local.get; [v128.load offset=48 -> v128.load offset=64]; local.get; local.get; i8x16.shuffle *',
      'depthwise_i16_wide | local.get; [v128.load offset=96 -> v128.load offset=95]; local.get; f64x2.convert_low_i32x4_s',
      'depthwise_i16_wide | local.get; [v128.load offset=96 -> v128.load offset=97]; local.get; f64x2.convert_low_i32x4_s',
      'depthwise_i16_wide | local.get; [v128.load offset=96 -> v128.load offset=112]; local.get; f64x2.convert_low_i32x4_s',
      'depthwise_i16_wide | local.get; [v128.load offset=112 -> v128.load offset=111]; local.get; local.get; i8x16.shuffle *',
    ],
  },
  {
    proof:
      'multiplyHalf: int32 sums move to float64 ones after fewer k-steps than `flush`, which is exact like any number that is no greater.',
    mutants: [
      'conv2d_i16_w16_wide | i32.load offset=108; [i32.const 5 -> i32.const 4]; i32.shl',
      'conv2d_i16_w8_wide | i32.load offset=108; [i32.const 4 -> i32.const 3]; i32.shl',
      'conv2d_i16_*_wide | i32.load offset=108; i32.const *; [i32.shl -> i32.shr_u]; i32.add',
    ],
  },
  {
    proof: 'A block of rows behind the last has none.',
    mutants: [
      'conv2d_* | loop; local.get; local.get; [i32.lt_s -> i32.le_s]; if; local.get; local.get; i32.load offset=104',
    ],
  },
  {
    proof:
      'Rows beyond the last of `count` are not stored, and are read a byte before a row that is.',
    mutants: [
      'conv2d_f32 conv2d_i16_* | local.get; [i32.const 0 -> i32.const -1]; local.get; i32.const *; i32.gt_s; select',
      'conv2d_f32 conv2d_i16_* | local.get; [i32.const 0 -> i32.const -1]; i32.const 4; local.get; local.get; i32.sub',
    ],
  },
  {
    proof:
      'multiplyTile: of four rows and one more, the fifth is written early, from what the scratch has behind the sums, and then by its own tile.',
    mutants: [
      'conv2d_f32 conv2d_i16_w8 conv2d_i16_w16 | [i32.const 4 -> i32.const 5]; local.get; local.get; i32.sub; local.tee; local.get; i32.const 4; i32.gt_s; select',
      'conv2d_f32 conv2d_i16_w8 conv2d_i16_w16 | i32.const 4; local.get; local.get; i32.sub; local.tee; local.get; [i32.const 4 -> i32.const 5]; i32.gt_s; select',
    ],
  },
  {
    proof:
      'rowBytesOf: where a window is one pixel and inStride a multiple of 8, that is inChannels rounded up to one (compileGraph makes no other strides), and both results are the same, whatever is found of strides, padding and extents.',
    mutants: [
      'conv2d_* | local.get; [i32.load offset=72 -> *]; i32.const 1; i32.eq; else #1/2',
      'conv2d_* | local.get; i32.load offset=72; [i32.const 1 -> *]; i32.eq; else #1/2',
      'conv2d_* | local.get; i32.load offset=72; i32.const 1; [i32.eq -> *]; else #1/2',
      'conv2d_* | local.get; [i32.load offset=76 -> *]; i32.const 1; i32.eq; else #1/2',
      'conv2d_* | local.get; i32.load offset=76; [i32.const 1 -> *]; i32.eq; else #1/2',
      'conv2d_* | local.get; i32.load offset=76; i32.const 1; [i32.eq -> *]; else #1/2',
      'conv2d_* | if; local.get; [i32.load offset=80 -> *]; else; i32.const 1 #1/2',
      'conv2d_* | if; i32.const 1; else; local.get; [i32.load offset=84 -> *]; end; if #1/2',
      'conv2d_* | else; local.get; [i32.load offset=32 -> *]; local.get; i32.load offset=48; i32.eq; end; if #1/2',
      'conv2d_* | local.get; i32.load offset=32; local.get; [i32.load offset=48 -> *]; i32.eq; end; if #1/2',
      'conv2d_* | local.get; i32.load offset=32; local.get; i32.load offset=48; [i32.eq -> *]; end; if #1/2',
      'conv2d_* | local.get; [i32.load offset=36 -> *]; local.get; i32.load offset=52; i32.eq; else #1/2',
      'conv2d_* | local.get; i32.load offset=36; local.get; [i32.load offset=52 -> *]; i32.eq; else #1/2',
      'conv2d_* | local.get; i32.load offset=36; local.get; i32.load offset=52; [i32.eq -> *]; else #1/2',
    ],
  },
  {
    proof:
      'rowBytesOf: of one pixel, rows of windows may lie inStride or inChannels rounded up to 8 elements apart: either is no less than inChannels, and what is read of the next row beyond them has weights of 0; so inStride may be a multiple of 8 or not. No window is 0 pixels high or wide.',
    mutants: [
      'conv2d_* | local.get; [i32.load offset=44 -> *]; i32.const 7; i32.and; else; i32.const 1; end; if',
      'conv2d_* | i32.load offset=44; [i32.const 7 -> *]; i32.and; else; i32.const 1; end; if',
      'conv2d_* | i32.load offset=44; i32.const 7; [i32.and -> *]; else; i32.const 1; end; if',
      'conv2d_* | local.get; [i32.const 1 -> i32.const 0]; i32.eq; local.get; i32.const 1; i32.eq; i32.and',
      'conv2d_* | i32.eq; local.get; [i32.const 1 -> i32.const 0]; i32.eq; i32.and',
      'conv2d_i8 | local.get; [i32.load offset=44 -> *]; i32.const 7; i32.and; else; i32.const 1; end; i32.eqz #1/2',
      'conv2d_i8 | i32.load offset=44; [i32.const 7 -> *]; i32.and; else; i32.const 1; end; i32.eqz #1/2',
      'conv2d_i8 | i32.load offset=44; i32.const 7; [i32.and -> *]; else; i32.const 1; end; i32.eqz #1/2',
    ],
  },
  {
    proof: 'A condition is true if it is not 0: 2 is as true as 1.',
    mutants: [
      'conv2d_* | if; [i32.const 1 -> i32.const 2]; else; local.get; i32.load offset=84; end; if',
      'conv2d_* | i32.load offset=80; else; [i32.const 1 -> i32.const 2]; end; if',
      'conv2d_* | i32.and; else; [i32.const 1 -> i32.const 2]; end; if',
      'conv2d_* | i32.and; else; [i32.const 1 -> i32.const 2]; end; i32.eqz',
      'conv2d_* | i32.lt_s; if; [i32.const 1 -> i32.const 2]; else',
    ],
  },
  {
    proof:
      'rowsAt: for a 1x1 window of stride 1 an output extent is the input extent plus both paddings, so that equal extents alone prove that there is no padding. Then the words a byte before or after are 0, too: bytes of padTop and padLeft, the highest of strideX, the zero point of int16 and float32.',
    mutants: [
      'conv2d_* | if; local.get; [i32.load offset=80 -> i32.load offset=79]; else; i32.const 1 #2/2',
      'conv2d_* | if; local.get; [i32.load offset=80 -> i32.load offset=81]; else; i32.const 1 #2/2',
      'conv2d_* | if; i32.const 1; else; local.get; [i32.load offset=84 -> i32.load offset=83]; end; if #2/2',
      'conv2d_f32 conv2d_i16_* | if; i32.const 1; else; local.get; [i32.load offset=84 -> i32.load offset=85]; end; if #2/2',
    ],
  },
  {
    proof:
      'rowsAt, of int8: the scratch has room for windows whatever they are (windowBytes), so that a pixel may be laid out, too; and whatever is asked of padding besides equal extents, none is taken for a pixel that is not.',
    mutants: [
      'conv2d_i8 | if; local.get; [i32.load offset=80 -> *]; else; i32.const 1 #2/2',
      'conv2d_i8 | if; i32.const 1; else; local.get; [i32.load offset=84 -> *]; end; if #2/2',
      'conv2d_i8 | i32.load offset=64; [i32.const 1 -> i32.const 0]; i32.eq; if',
      'conv2d_i8 | i32.load offset=68; [i32.const 1 -> i32.const 0]; i32.eq; else',
      'conv2d_i8 | i32.load offset=72; [i32.const 1 -> i32.const 0]; i32.eq; else #2/2',
      'conv2d_i8 | i32.load offset=76; [i32.const 1 -> i32.const 0]; i32.eq; else #2/2',
      'conv2d_i8 | i32.load offset=44; i32.const 7; [i32.and -> i32.or]; else; i32.const 1; end; i32.eqz #2/2',
    ],
  },
  {
    proof:
      'rowsAt, of int8: words that are never 1 (a byte before an extent below 2^24 they are multiples of 256; outStride is one of 8), or are not where the stride or the padding is that is asked for besides, find no pixel that is not one; the scratch has room for windows whatever they are.',
    mutants: [
      'conv2d_i8 | local.get; [i32.load offset=64 -> i32.load offset=63]; i32.const 1; i32.eq; if',
      'conv2d_i8 | local.get; [i32.load offset=64 -> i32.load offset=65]; i32.const 1; i32.eq; if',
      'conv2d_i8 | local.get; [i32.load offset=64 -> i32.load offset=80]; i32.const 1; i32.eq; if',
      'conv2d_i8 | local.get; [i32.load offset=68 -> i32.load offset=67]; i32.const 1; i32.eq; else',
      'conv2d_i8 | local.get; [i32.load offset=68 -> i32.load offset=69]; i32.const 1; i32.eq; else',
      'conv2d_i8 | local.get; [i32.load offset=68 -> i32.load offset=84]; i32.const 1; i32.eq; else',
      'conv2d_i8 | local.get; [i32.load offset=72 -> i32.load offset=71]; i32.const 1; i32.eq; else #2/2',
      'conv2d_i8 | local.get; [i32.load offset=72 -> i32.load offset=73]; i32.const 1; i32.eq; else #2/2',
      'conv2d_i8 | local.get; [i32.load offset=76 -> i32.load offset=75]; i32.const 1; i32.eq; else #2/2',
      'conv2d_i8 | local.get; [i32.load offset=76 -> i32.load offset=60]; i32.const 1; i32.eq; else #2/2',
    ],
  },
  {
    proof:
      'copyWindows: the windows that are copied as runs are some of those that lie inside the image; the others are laid out line by line, or pixel by pixel, from and to the same places.',
    mutants: [
      'conv2d_* | i32.mul; local.tee; [i32.const 64 -> i32.const *]; i32.le_u',
      'conv2d_* | local.tee; i32.const 64; [i32.le_u -> i32.lt_u]; local.set',
      'conv2d_* | local.get; [i32.const 8 -> i32.const 9]; i32.ge_u',
      'conv2d_* | local.get; i32.const 8; [i32.ge_u -> i32.gt_u]; local.set',
      'conv2d_* | i32.sub; local.tee; [i32.const 0 -> i32.const 1]; i32.ge_s',
      'conv2d_* | i32.sub; local.tee; i32.const 0; [i32.ge_s -> i32.gt_s]',
      'conv2d_* | i32.load offset=36; local.get; local.get; i32.add; [i32.ge_s -> i32.gt_s]; local.set; end',
      'conv2d_* | local.get; [i32.load offset=44 -> i32.load offset=43]; local.get; i32.eq; else',
      'conv2d_* | local.get; [i32.load offset=44 -> i32.load offset=45]; local.get; i32.eq; else',
      'conv2d_* | local.get; [i32.load offset=64 -> i32.load offset=63]; i32.add; i32.ge_s; else',
      'conv2d_* | i32.load offset=64; i32.add; [i32.ge_s -> i32.gt_s]; else',
    ],
  },
  {
    proof:
      "copyRuns: 16 bytes are copied as 16 or as twice 8; a run's vectors may overlap, and the last one ends where the run does.",
    mutants: [
      'conv2d_* | local.get; [i32.const 16 -> i32.const 17]; i32.ge_u; if',
      'conv2d_* | local.get; i32.const 16; [i32.ge_u -> i32.gt_u]; if',
      'conv2d_* | loop; local.get; local.get; [i32.const 16 -> i32.const 15]; i32.sub; i32.lt_u',
      'conv2d_* | i32.const 16; i32.sub; [i32.lt_u -> i32.le_u]; if',
      'conv2d_* | v128.store; local.get; [i32.const 16 -> i32.const 15]; i32.add',
    ],
  },
  {
    proof: 'copy: memory.copy and a loop of bytes do the same.',
    mutants: [
      'conv2d_* | local.get; [i32.const 64 -> *]; i32.gt_u; if',
      'conv2d_* | local.get; i32.const 64; [i32.gt_u -> i32.ge_u]; if',
      'conv2d_* | local.get; i32.const 64; i32.gt_u; [if -> i32.eqz if]',
    ],
  },
  {
    proof:
      'filterImages: tiles of two pixels each that begin at every pixel compute each pixel twice, alike.',
    mutants: [
      'depthwise_i8 depthwise_i16 depthwise_i16_wide | end; end; local.get; [i32.const 2 -> i32.const 1]; i32.add; local.set; br 1',
    ],
  },
  {
    proof:
      'filterImages: in the form for two output rows a window has at most three rows, and so one band, the first: what is multiplied by its number is 0.',
    mutants: [
      'depthwise_i8 depthwise_i16 | local.get; [i32.const 2 -> *]; i32.shl; local.tee; i32.add; local.get; i32.load offset=64; local.get; i32.sub; i32.const 1; i32.add',
      'depthwise_i8 depthwise_i16 | local.get; i32.const 2; [i32.shl -> *]; local.tee; i32.add; local.get; i32.load offset=64; local.get; i32.sub; i32.const 1; i32.add',
      'depthwise_i8 depthwise_i16 | local.get; i32.const 2; i32.shl; local.tee; [i32.add -> *]; local.get; i32.load offset=64; local.get; i32.sub; i32.const 1; i32.add',
      'depthwise_i8 depthwise_i16 | i32.load offset=64; local.get; [i32.sub -> *]; i32.const 1; i32.add',
      'depthwise_i8 depthwise_i16 | i32.load offset=64; [i32.const 3 -> i32.const 4]; i32.add; i32.const 4; i32.div_s #1/2',
      'depthwise_i8 depthwise_i16 | i32.mul; i32.add; local.tee; [i32.mul -> i32.add]; local.set #1/2',
      'depthwise_i8 depthwise_i16 | i32.mul; [i32.add -> i32.sub]; call; local.get; i32.const 1; i32.add; local.set #1/2',
      'depthwise_i8 depthwise_i16 | call; local.get; [i32.const 1 -> i32.const 2]; i32.add; local.set; br 1 #1/2',
      'depthwise_i8 depthwise_i16 | end; end; local.get; [i32.const 1 -> i32.const 2]; i32.add; local.set; br 1; end; end; local.get; i32.load offset=24; i32.const 16 #1/2',
    ],
  },
  {
    proof:
      'interleave: weights of rows beyond the window are 0, so that these may hold codes as well as zeros.',
    mutants: [
      'depthwise_i8 depthwise_i16 depthwise_i16_wide | i32.load offset=64; local.get; [i32.sub -> i32.add]; local.get',
      'depthwise_i8 depthwise_i16 depthwise_i16_wide | [i32.load offset=64 -> i32.load offset=63]; local.get; i32.sub; local.get',
      'depthwise_i8 depthwise_i16 | i32.load offset=64; local.get; i32.sub; [i32.const 1 -> i32.const 2]; i32.add',
    ],
  },
  {
    proof:
      'depthwise: stride 1 and a window of at most three rows allow the form for two output rows, and do not ask for it.',
    mutants: [
      'depthwise_i8 depthwise_i16 | [i32.load offset=72 -> i32.load offset=71]; i32.const 1; i32.eq; if',
      'depthwise_i8 depthwise_i16 | i32.load offset=72; [i32.const 1 -> i32.const 0]; i32.eq; if',
      'depthwise_i8 depthwise_i16 | i32.load offset=72; i32.const 1; i32.eq; if; local.get; [i32.load offset=64 -> i32.load offset=63]; i32.const 4; i32.lt_s',
      'depthwise_i8 depthwise_i16 | i32.load offset=64; [i32.const 4 -> i32.const 3]; i32.lt_s',
    ],
  },
  {
    proof:
      'depthwise: a tile without second output row has no use for the second four sums, nor for `lower`.',
    mutants: [
      'depthwise_i8 depthwise_i16 | local.get; [v128.store offset=64 -> v128.store offset=65] #2/2',
      'depthwise_i8 depthwise_i16 | local.get; [v128.store offset=64 -> v128.store offset=80] #2/2',
      'depthwise_i8 depthwise_i16 | local.get; [v128.store offset=80 -> v128.store offset=79] #2/2',
      'depthwise_i8 depthwise_i16 | local.get; [v128.store offset=80 -> v128.store offset=81] #2/2',
      'depthwise_i8 depthwise_i16 | local.get; [v128.store offset=80 -> v128.store offset=64] #2/2',
      'depthwise_i8 depthwise_i16 | local.get; [v128.store offset=80 -> v128.store offset=96] #2/2',
      'depthwise_i8 depthwise_i16 | local.get; [v128.store offset=96 -> v128.store offset=95] #2/2',
      'depthwise_i8 depthwise_i16 | local.get; [v128.store offset=96 -> v128.store offset=97] #2/2',
      'depthwise_i8 depthwise_i16 | local.get; [v128.store offset=96 -> v128.store offset=80] #2/2',
      'depthwise_i8 depthwise_i16 | local.get; [v128.store offset=96 -> v128.store offset=112] #2/2',
      'depthwise_i8 depthwise_i16 | local.get; [v128.store offset=112 -> v128.store offset=111] #2/2',
      'depthwise_i8 depthwise_i16 | local.get; [v128.store offset=112 -> v128.store offset=113] #2/2',
      'depthwise_i8 depthwise_i16 | local.get; [v128.store offset=112 -> v128.store offset=96] #2/2',
      'depthwise_i8 depthwise_i16 | local.get; [v128.store offset=112 -> v128.store offset=128] #2/2',
      'depthwise_i16 | local.set; local.get; [i32.const 16 -> *]; i32.add; local.set; local.get; i32.const -64 #2/2',
      'depthwise_i16 | local.set; local.get; i32.const 16; [i32.add -> *]; local.set; local.get; i32.const -64 #2/2',
      'depthwise_i8 | local.set; local.get; [i32.const 8 -> *]; i32.add; local.set; local.get; i32.const -64 #2/2',
      'depthwise_i8 | local.set; local.get; i32.const 8; [i32.add -> *]; local.set; local.get; i32.const -64 #2/2',
      'depthwise_i16_wide | local.set; local.get; [i32.const 16 -> *]; i32.add; local.set; local.get; i32.const -64',
      'depthwise_i16_wide | local.set; local.get; i32.const 16; [i32.add -> *]; local.set; local.get; i32.const -64',
    ],
  },
  {
    proof:
      'depthwise: of the 256 bytes for sums (SUMS) 128 are used, anywhere in them; of the 16 bytes of zeros before them int8 reads 8.',
    mutants: [
      'depthwise_i8 depthwise_i16 depthwise_i16_wide | i32.load offset=24; [i32.const 16 -> i32.const 17]; i32.add; local.tee',
      'depthwise_i8 | i32.load offset=24; [i32.const 16 -> i32.const 15]; i32.add; local.tee',
      'depthwise_i8 depthwise_i16 depthwise_i16_wide | [i32.const 272 -> i32.const 271]; i32.add',
    ],
  },
  {
    proof: 'finishRows: two rows of 32 bytes end at 64 bytes; 63 ends the loop after the same two.',
    mutants: [
      'depthwise_i8 depthwise_i16 | local.get; [i32.const -64 -> i32.const -63]; i32.sub; local.set; loop; local.get; v128.load',
      'depthwise_i8 depthwise_i16 | local.tee; [i32.const -64 -> i32.const -63]; i32.sub; local.set; loop; local.get; v128.load',
    ],
  },
  {
    proof:
      'depthwise: int16 has zero point 0; of the words a byte before or after, the highest byte of padLeft and a limit beyond the 16 bits that are used, or where others have `block`, there are 0, too.',
    mutants: [
      'depthwise_i16* | [i32.load offset=88 -> i32.load offset=87]; i16x8.splat',
      'depthwise_i16* | [i32.load offset=88 -> i32.load offset=89]; i16x8.splat',
      'depthwise_i16* | [i32.load offset=88 -> i32.load offset=104]; i16x8.splat',
    ],
  },
  {
    proof:
      'filterTile: `channel` only counts to outStride, a multiple of 8, in steps of 8; from 1 it takes as many.',
    mutants: [
      'depthwise_i8 depthwise_i16 depthwise_i16_wide | i32.shl; local.set; [i32.const 0 -> i32.const 1]; local.set; loop; local.get; local.get; i32.load offset=60; i32.lt_s',
    ],
  },
  {
    proof:
      'depthwise_f32: four windows inside a line are those of output pixels (outWidth follows from inWidth by rule, with padding that is not negative), so that `ox + 3 < outWidth` says nothing new.',
    mutants: [
      'depthwise_f32 | [i32.load offset=52 -> i32.load offset=53]; local.get; i32.const 3; i32.add; i32.gt_s',
      'depthwise_f32 | [i32.const 3 -> *]; i32.add; i32.gt_s',
      'depthwise_f32 | i32.const 3; [i32.add -> *]; i32.gt_s',
      'depthwise_f32 | i32.add; [i32.gt_s -> *]; else',
    ],
  },
  {
    proof:
      'depthwise_f32: fewer pixels are filtered by fours, the others one by one, with the same products in the same order.',
    mutants: [
      'depthwise_f32 | i32.sub; local.tee; [i32.const 0 -> i32.const 1]; i32.ge_s; local.tee; if',
      'depthwise_f32 | i32.sub; local.tee; i32.const 0; [i32.ge_s -> i32.gt_s]; local.tee; if',
      'depthwise_f32 | [i32.load offset=68 -> i32.load offset=67]; local.get; local.get; i32.const 3',
      'depthwise_f32 | [i32.const 3 -> i32.const 4]; i32.mul; i32.add; i32.add; i32.ge_s',
      'depthwise_f32 | i32.const 3; i32.mul; i32.add; i32.add; [i32.ge_s -> i32.gt_s]',
      'depthwise_f32 | [i32.load offset=52 -> *]; local.get; i32.const 3; i32.add; i32.gt_s',
    ],
  },
];
