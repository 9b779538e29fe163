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
      'convert_low takes the two lower lanes of the shuffle, or of what is made of it lane by lane, whose operands are the same vector: the upper lanes may be any, and the lower ones from either operand.',
    mutants: [
      'conv2d_i16_* depthwise_i16* | [i8x16.shuffle 8 9 10 11 12 13 14 15 8 9 10 11 12 13 14 15 -> i8x16.shuffle 8 9 10 11 12 13 14 15 *]; f64x2.convert_low_i32x4_s',
      'conv2d_i16_* depthwise_i16* | [i8x16.shuffle 8 9 10 11 12 13 14 15 8 9 10 11 12 13 14 15 -> i8x16.shuffle 24 25 26 27 12 13 14 15 *]; f64x2.convert_low_i32x4_s',
      'conv2d_i16_* depthwise_i16* | [i8x16.shuffle 8 9 10 11 12 13 14 15 8 9 10 11 12 13 14 15 -> i8x16.shuffle 8 9 10 11 28 29 30 31 *]; f64x2.convert_low_i32x4_s',
      'conv2d_i16_*_wide depthwise_i16_wide | [i8x16.shuffle 8 9 10 11 12 13 14 15 8 9 10 11 12 13 14 15 -> i8x16.shuffle 8 9 10 11 12 13 14 15 *]; local.tee; f64x2.convert_low_i32x4_s',
      'conv2d_i16_*_wide depthwise_i16_wide | [i8x16.shuffle 8 9 10 11 12 13 14 15 8 9 10 11 12 13 14 15 -> i8x16.shuffle 24 25 26 27 12 13 14 15 *]; local.tee; f64x2.convert_low_i32x4_s',
      'conv2d_i16_*_wide depthwise_i16_wide | [i8x16.shuffle 8 9 10 11 12 13 14 15 8 9 10 11 12 13 14 15 -> i8x16.shuffle 8 9 10 11 28 29 30 31 *]; local.tee; f64x2.convert_low_i32x4_s',
      'conv2d_i16_*_wide depthwise_i16_wide | [i8x16.shuffle 8 9 10 11 12 13 14 15 8 9 10 11 12 13 14 15 -> i8x16.shuffle 8 9 10 11 12 13 14 15 *]; local.get; i32.const 7; i32x4.shl',
      'conv2d_i16_*_wide depthwise_i16_wide | [i8x16.shuffle 8 9 10 11 12 13 14 15 8 9 10 11 12 13 14 15 -> i8x16.shuffle 24 25 26 27 12 13 14 15 *]; local.get; i32.const 7; i32x4.shl',
      'conv2d_i16_*_wide depthwise_i16_wide | [i8x16.shuffle 8 9 10 11 12 13 14 15 8 9 10 11 12 13 14 15 -> i8x16.shuffle 8 9 10 11 28 29 30 31 *]; local.get; i32.const 7; i32x4.shl',
    ],
  },
  {
    proof:
      'Wide sums with high parts: where one begins with another number than 0, 128 times that is taken from the low part (`joined`), and both together stay the same. Parts of weights sum up to less than 2^16 (flushSteps, checkWideWindow), so that neither part comes closer than 2^15 to the end of int32.',
    mutants: [
      'conv2d_i16_*_wide | select; [v128.const 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 -> *]; local.get; call',
      'conv2d_i16_*_wide | i32.const 128; i32.add; [v128.const 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 -> *]; local.get',
      'conv2d_i16_*_wide | v128.const 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0; local.get; [v128.const 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 -> *]; local.get',
      'conv2d_i16_*_wide depthwise_i16_wide | [v128.const 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 -> *]; local.set #1/8',
      'conv2d_i16_*_wide depthwise_i16_wide | [v128.const 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 -> *]; local.set #2/8',
      'conv2d_i16_*_wide depthwise_i16_wide | [v128.const 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 -> *]; local.set #3/8',
      'conv2d_i16_*_wide depthwise_i16_wide | [v128.const 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 -> *]; local.set #4/8',
    ],
  },
  {
    proof:
      'multiplyHalf: int32 sums move to float64 ones after fewer k-steps than `flush`, which is exact like any number that is no greater; for the zero point of int16, 0, after each.',
    mutants: [
      'conv2d_i16_*_wide | i32.load offset=108; [i32.const 5 -> i32.const 4]; i32.shl',
      'conv2d_i16_*_wide | i32.load offset=108; [i32.const 4 -> i32.const 3]; i32.shl',
      'conv2d_i16_*_wide | i32.load offset=108; i32.const *; [i32.shl -> i32.shr_u]; i32.add',
      'conv2d_i16_*_wide | [i32.load offset=108 -> i32.load offset=92]; i32.const *; i32.shl; i32.add',
    ],
  },
  {
    proof: 'A block of rows behind the last has none.',
    mutants: [
      'conv2d_* | loop; local.get; local.get; [i32.lt_s -> i32.le_s]; if; local.get; local.get; i32.load offset=104',
    ],
  },
  {
    proof: 'conv2dWide: `count` rows, of which only up to four are told apart.',
    mutants: [
      'conv2d_i16_*_wide | if; [i32.const 4 -> i32.const 5]; local.get; local.get; i32.sub; local.tee; local.get; i32.const 4; i32.gt_s; select',
      'conv2d_i16_*_wide | local.tee; local.get; [i32.const 4 -> i32.const 5]; i32.gt_s; select',
    ],
  },
  {
    proof:
      'conv2dInt8 of bytes: sixes leave whole tiles of four in every block but the last, and there rows beyond the last of `count` are not stored; they are read up to three bytes before a row that is.',
    mutants: [
      'conv2d_i8 | end; end; local.get; local.set; loop; local.get; local.get; i32.lt_s; if; local.get; local.get; [i32.const 0 -> i32.const -1]; local.get; i32.const 1; i32.sub; local.tee',
      'conv2d_i8 | [i32.const 0 -> i32.const -1]; local.get; i32.const 2; i32.add; local.get; i32.le_s; select; i32.add; local.tee; local.get; i32.const 0; local.get; i32.const 3; i32.add; local.get; i32.le_s; select; i32.add; local.set; local.get; local.set; local.get; local.set',
      'conv2d_i8 | [i32.const 0 -> i32.const -1]; local.get; i32.const 3; i32.add; local.get; i32.le_s; select; i32.add; local.set; local.get; local.set; local.get; local.set',
    ],
  },
  {
    proof: 'A condition is true if it is not 0: 2 is as true as 1.',
    mutants: [
      'mean_* | local.get; [i32.const 1 -> i32.const 2]; call; end',
      'conv2d_* | if; [i32.const 1 -> i32.const 2]; else; local.get; i32.load offset=84; end; if',
      'conv2d_* | i32.load offset=80; else; [i32.const 1 -> i32.const 2]; end; if',
      'conv2d_* | i32.and; else; [i32.const 1 -> i32.const 2]; end; i32.eqz',
      'conv2d_* | i32.lt_s; if; [i32.const 1 -> i32.const 2]; else',
      'conv2d_i16_w8_wide | local.get; [i32.const 1 -> i32.const 2]; call; end',
    ],
  },
  {
    proof:
      'rowsAt: for a 1x1 window of stride 1 an output extent is the input extent plus both paddings, so that equal extents alone prove that there is no padding. Then the words a byte before or after are 0, too: bytes of padTop and padLeft, and the highest of strideX. Where a zero point of int8 makes one other than 0, windows are laid out, for which int8 always has room.',
    mutants: [
      'conv2d_* | if; local.get; [i32.load offset=80 -> i32.load offset=79]; else; i32.const 1',
      'conv2d_* | if; local.get; [i32.load offset=80 -> i32.load offset=81]; else; i32.const 1',
      'conv2d_* | if; i32.const 1; else; local.get; [i32.load offset=84 -> i32.load offset=83]; end; if',
      'conv2d_* | if; i32.const 1; else; local.get; [i32.load offset=84 -> i32.load offset=85]; end; if',
    ],
  },
  {
    proof:
      'copyWindows: the windows that are copied as runs are some of those that lie inside the image; the others are laid out line by line, or pixel by pixel, from and to the same places. Runs of 256 bytes or more are not copied so.',
    mutants: [
      'conv2d_* | local.get; [i32.const 64 -> i32.const *]; i32.le_u',
      'conv2d_* | local.get; i32.const 64; [i32.le_u -> i32.lt_u]; local.get; local.get; select',
      'conv2d_* | local.get; [i32.const 8 -> i32.const 9]; i32.ge_u',
      'conv2d_* | local.get; i32.const 8; [i32.ge_u -> i32.gt_u]; local.set',
      'conv2d_* | select; else; [i32.const 0 -> i32.const -1]; end; local.tee; i32.const 0; i32.gt_s; if; local.get; local.get; local.get; local.get; call',
      'conv2d_* | select; else; i32.const 0; end; local.tee; [i32.const 0 -> i32.const 1]; i32.gt_s; if; local.get; local.get; local.get; local.get; call',
      'conv2d_* | local.get; [i32.load offset=44 -> i32.load offset=43]; local.get; i32.load offset=40; i32.eq',
      'conv2d_* | local.get; [i32.load offset=44 -> i32.load offset=45]; local.get; i32.load offset=40; i32.eq',
      'conv2d_* | local.get; i32.load offset=44; local.get; [i32.load offset=40 -> i32.load offset=39]; i32.eq',
      'conv2d_* | local.get; i32.load offset=44; local.get; [i32.load offset=40 -> i32.load offset=41]; i32.eq',
      'conv2d_* | [i32.load offset=68 -> i32.load offset=67]; local.get; i32.load offset=40; i32.mul; local.get; i32.mul',
      'conv2d_* | i32.load offset=68; local.get; [i32.load offset=40 -> i32.load offset=39]; i32.mul; local.get; i32.mul',
    ],
  },
  {
    proof:
      'A stride is the number of channels, or that number rounded up to whole vectors: where it would have to be that of the output, which is whole ones, both are the same. The scratch lies behind the weights, which are more bytes than a pixel has elements.',
    mutants: [
      'conv2d_* | local.get; [i32.load offset=44 -> i32.load offset=60]; local.get; i32.load offset=40; i32.eq',
      'conv2d_* | local.get; i32.load offset=44; local.get; [i32.load offset=40 -> i32.load offset=24]; i32.eq',
    ],
  },
  {
    proof:
      'windowsInside: fewer windows than lie inside, and less than none are none: those left out are laid out, or are the next that are read where they stand. A window has at most 2^12 lines and columns (check-steps.ts), of which 256 times as many are more.',
    mutants: [
      'conv2d_* | i32.load offset=36; local.get; [i32.load offset=68 -> i32.load offset=67]; i32.sub; local.get; local.get; i32.load offset=76; i32.mul',
      'conv2d_* | i32.or; i32.or; [i32.const 0 -> i32.const 1]; i32.lt_s',
      'conv2d_* | i32.or; i32.or; i32.const 0; [i32.lt_s -> i32.le_s]',
      'conv2d_* | [i32.load offset=64 -> i32.load offset=63]; i32.add; i32.lt_s; end; if',
      'conv2d_* | i32.load offset=64; i32.add; [i32.lt_s -> i32.le_s]; end; if',
      'conv2d_* | i32.lt_s; end; if; [i32.const 0 -> i32.const -1]; return',
      'conv2d_* | [i32.load offset=76 -> i32.load offset=75]; i32.div_s; i32.const 1; i32.add; local.tee',
      'conv2d_* | i32.load offset=76; i32.div_s; [i32.const 1 -> i32.const 0]; i32.add; local.tee',
      'conv2d_* | i32.load offset=76; i32.div_s; i32.const 1; [i32.add -> i32.sub]; local.tee',
    ],
  },
  {
    proof:
      'windowsInside: with several images, lines that are counted on lie below the first one, and their windows are laid out; with one, a line is what is left of it divided by the number of lines.',
    mutants: [
      'conv2d_* | local.tee; local.get; local.get; [i32.load offset=28 -> *]; i32.const 1; i32.eq; if; local.get; else',
      'conv2d_* | local.tee; local.get; local.get; i32.load offset=28; [i32.const 1 -> *]; i32.eq; if; local.get; else',
      'conv2d_* | local.tee; local.get; local.get; i32.load offset=28; i32.const 1; [i32.eq -> i32.ne]; if; local.get; else',
      'conv2d_* | local.tee; local.get; local.get; i32.load offset=28; i32.const 1; i32.eq; [if -> i32.eqz if]; local.get; else',
    ],
  },
  {
    proof:
      'topOf, linesBefore: what is left of a line divided by the number of lines, and the images before it, is right for one image too. What is read for their number is another than 1: 2^8 times it and a byte, or an address.',
    mutants: [
      'conv2d_* | [i32.load offset=28 -> i32.load offset=27]; i32.const 1; i32.eq; if',
      'conv2d_* | [i32.load offset=28 -> i32.load offset=12]; i32.const 1; i32.eq; if',
      'conv2d_* | i32.load offset=28; [i32.const 1 -> i32.const 0]; i32.eq; if',
    ],
  },
  {
    proof:
      'windowsInside: outWidth follows from inWidth by rule, with padding that is not negative, so that windows inside the image are those of output pixels.',
    mutants: [
      'conv2d_* | i32.load offset=52; local.get; [i32.sub -> i32.add]; local.tee; local.get; local.get; i32.gt_s; select',
      'conv2d_* | i32.const 1; i32.add; local.tee; local.get; [i32.load offset=52 -> *]; local.get; i32.sub; local.tee',
    ],
  },
  {
    proof:
      'conv2d of float32: windows inside the image, and pixels, are read where they stand or laid out, as many at a time as there is room for, with the same products in the same order. `inside` is a number of windows that lie inside, or not above 0.',
    mutants: [
      'conv2d_f32 | local.get; call; [i32.eqz -> i32.eqz i32.eqz]; local.set; end; local.get; i32.load offset=60',
      'conv2d_f32 | call; [i32.const -4 -> i32.const -3]; i32.and; else; i32.const 0; end',
      'conv2d_f32 | call; [i32.const -4 -> i32.const -5]; i32.and; else; i32.const 0; end',
      'conv2d_f32 | call; i32.const -4; [i32.and -> i32.or]; else; i32.const 0; end',
      'conv2d_f32 | i32.and; else; [i32.const 0 -> i32.const -1]; end; local.tee',
      'conv2d_f32 | i32.and; else; i32.const 0; end; local.tee; [i32.const 0 -> i32.const 1]; i32.gt_s',
      'conv2d_f32 | local.get; [if -> i32.eqz if]; i32.const 4; else; local.get; i32.load offset=104; end',
      'conv2d_f32 | if; [i32.const 4 -> i32.const 3]; else; local.get; i32.load offset=104; end',
    ],
  },
  {
    proof:
      'conv2d of float32: output pixels before a block are `line` lines and `ox` more, whenever a line is counted. Where `ox` is no pixel of a line, its window begins before the image or ends behind it (windowsInside): it is laid out.',
    mutants: [
      'conv2d_f32 | call; end; end; local.get; local.get; [i32.add -> i32.sub]; local.set; loop; local.get; if',
      'conv2d_f32 | loop; local.get; [if -> i32.eqz if]; local.get; local.get; i32.load offset=52; i32.ge_s; else',
      'conv2d_f32 | loop; local.get; if; local.get; local.get; [i32.load offset=52 -> *]; i32.ge_s; else',
      'conv2d_f32 | loop; local.get; if; local.get; local.get; i32.load offset=52; [i32.ge_s -> i32.gt_s]; else',
    ],
  },
  {
    proof: 'conv2d of float32: bytes of a line of a window are not negative.',
    mutants: ['conv2d_f32 | i32.const 2; [i32.shr_u -> i32.shr_s]; i32.const 5; i32.shl'],
  },
  {
    proof:
      'conv2d: four rows may be taken one by one. Tiles begin before the end of the block, so that it does not matter where one behind it would.',
    mutants: [
      'conv2d_f32 conv2d_i16_w8 conv2d_i16_w16 | i32.sub; local.get; [i32.const 4 -> i32.const 5]; i32.lt_s; local.tee; select',
      'conv2d_f32 conv2d_i16_w8 conv2d_i16_w16 | i32.sub; local.get; i32.const 4; [i32.lt_s -> i32.le_s]; local.tee; select',
      'conv2d_f32 conv2d_i16_w8 conv2d_i16_w16 | local.get; [i32.const 1 -> i32.const 0]; i32.sub; local.get; i32.const 4; i32.sub; local.get; i32.const 4; i32.lt_s',
      'conv2d_f32 conv2d_i16_w8 conv2d_i16_w16 | local.get; i32.const 1; [i32.sub -> i32.add]; local.get; i32.const 4; i32.sub; local.get; i32.const 4; i32.lt_s',
    ],
  },
  {
    proof:
      'conv2d of float32: five rows are one tile of five or two of four, which share rows that are written twice, alike. A tile of five is taken where it leaves a multiple of 4 rows, for one more or less of which as many fours are taken.',
    mutants: [
      'conv2d_f32 | i32.eq; local.set; end; local.get; [i32.const 1 -> *]; local.get; local.get; select; i32.const 0; i32.ne; local.tee; i32.const 5',
      'conv2d_f32 | local.get; [i32.const 4 -> i32.const *]; i32.gt_s; local.tee; if; local.get; i32.const 4; i32.rem_s',
      'conv2d_f32 | local.get; i32.const 4; [i32.gt_s -> i32.ge_s]; local.tee; if; local.get; i32.const 4; i32.rem_s',
      'conv2d_f32 | [i32.const 5 -> i32.const 6]; i32.mul; i32.sub; i32.const 3; i32.add; i32.const 4; i32.div_s',
    ],
  },
  {
    proof:
      'conv2d of float32 with tiles of six: sixes and a five that lie within the block, or fewer, then fours, which begin at its last four rows at the latest (lastAt, of rows and of outputs): as many fours as reach them, or more, write every row, some of them twice, alike. A five is taken of five rows or more, and of up to 12 without sixes; of six or more it leaves a four at least.',
    mutants: [
      'conv2d_f32 | i32.const 4; i32.gt_s; local.tee; if; local.get; [i32.const 4 -> *]; i32.rem_s; i32.const 1; i32.eq; local.set; end; local.get; local.get; i32.const 12',
      'conv2d_f32 | i32.const 4; i32.rem_s; [i32.const 1 -> *]; i32.eq; local.set; end; local.get; local.get; i32.const 12',
      'conv2d_f32 | i32.rem_s; i32.const 1; [i32.eq -> i32.ne]; local.set; end; local.get; local.get; i32.const 12',
      'conv2d_f32 | local.set; end; local.get; local.get; [i32.const 12 -> *]; i32.lt_s; if; i32.const 0; else',
      'conv2d_f32 | local.set; end; local.get; local.get; i32.const 12; [i32.lt_s -> i32.le_s]; if; i32.const 0; else',
      'conv2d_f32 | i32.const 12; i32.lt_s; if; [i32.const 0 -> i32.const -1]; else; local.get; i32.const 6',
      'conv2d_f32 | else; local.get; [i32.const 6 -> i32.const 7]; i32.div_s',
      'conv2d_f32 | i32.div_s; local.get; [i32.const 6 -> *]; i32.rem_s; local.tee',
      'conv2d_f32 | i32.const 6; i32.rem_s; local.tee; [i32.const 1 -> *]; i32.eq; local.tee; local.get; i32.const 2',
      'conv2d_f32 | i32.const 6; i32.rem_s; local.tee; i32.const 1; [i32.eq -> i32.ne]; local.tee; local.get; i32.const 2',
      'conv2d_f32 | local.tee; local.get; [i32.const 2 -> *]; i32.eq; local.get; select; i32.const 0; i32.ne; i32.sub',
      'conv2d_f32 | local.get; i32.const 2; [i32.eq -> i32.ne]; local.get; select; i32.const 0; i32.ne; i32.sub',
      'conv2d_f32 | i32.eq; local.get; [select -> i32.eqz select]; i32.const 0; i32.ne; i32.sub',
      'conv2d_f32 | select; [i32.const 0 -> *]; i32.ne; i32.sub; end; local.tee; i32.const 6',
      'conv2d_f32 | select; i32.const 0; [i32.ne -> i32.eq]; i32.sub; end; local.tee; i32.const 6',
      'conv2d_f32 | i32.ne; i32.sub; end; local.tee; [i32.const 6 -> i32.const 5]; i32.mul; i32.sub',
      'conv2d_f32 | end; local.tee; i32.const 6; i32.mul; [i32.sub -> i32.add]; local.get; i32.const 12',
      'conv2d_f32 | i32.mul; i32.sub; local.get; [i32.const 12 -> *]; i32.lt_s; local.get; local.get; select',
      'conv2d_f32 | i32.mul; i32.sub; local.get; i32.const 12; [i32.lt_s -> i32.le_s]; local.get; local.get; select',
      'conv2d_f32 | i32.lt_s; local.get; local.get; select; i32.const 0; i32.ne; local.tee; [i32.const 5 -> i32.const 4]; i32.mul',
      'conv2d_f32 | i32.lt_s; local.get; local.get; select; i32.const 0; i32.ne; local.tee; i32.const 5; i32.mul; [i32.sub -> i32.add]; i32.const 3',
      'conv2d_f32 | i32.lt_s; local.get; local.get; select; i32.const 0; i32.ne; local.tee; i32.const 5; i32.mul; i32.sub; [i32.const 3 -> i32.const 4]; i32.add',
      'conv2d_f32 | i32.lt_s; local.get; local.get; select; i32.const 0; i32.ne; local.tee; i32.const 5; i32.mul; i32.sub; i32.const 3; i32.add; [i32.const 4 -> i32.const 3]; i32.div_s',
      'conv2d_f32 | [i32.const 5 -> i32.const 6]; i32.mul; i32.add; local.set; local.get; local.get; i32.const 5; i32.mul; i32.add; local.set; end',
      'conv2d_f32 | i32.const 5; i32.mul; i32.add; local.set; local.get; local.get; [i32.const 5 -> i32.const 6]; i32.mul; i32.add; local.set; end',
      'conv2d_f32 | select; local.set; loop; local.get; [i32.const 0 -> i32.const -1]; i32.gt_s; if; local.get; local.get; local.get; local.get',
      'conv2d_f32 | select; local.set; loop; local.get; i32.const 0; [i32.gt_s -> i32.ge_s]; if; local.get; local.get; local.get; local.get',
    ],
  },
  {
    proof:
      'conv2d: `channel` only counts to outStride, a multiple of 8, in steps of 8; from 1 it takes as many.',
    mutants: [
      'conv2d_f32 conv2d_i16_w8 conv2d_i16_w16 | local.set; [i32.const 0 -> i32.const 1]; local.set; loop; local.get; local.get; i32.load offset=60; i32.lt_s',
    ],
  },
  {
    proof:
      'conv2d of int16: a tile more, when none is left, is the last one again, which is written twice, alike. Where the next window of a line would be, only float32 asks.',
    mutants: [
      'conv2d_i16_w8 conv2d_i16_w16 | select; local.set; loop; local.get; i32.const 0; [i32.gt_s -> i32.ge_s]; if',
      'conv2d_i16_w8 conv2d_i16_w16 | select; local.set; loop; local.get; [i32.const 0 -> i32.const -1]; i32.gt_s; if',
      'conv2d_i16_w8 conv2d_i16_w16 | call; end; local.get; local.get; [i32.add -> i32.sub]; local.set; local.get; i32.const 3; i32.add; i32.const 4; i32.div_s',
    ],
  },
  {
    proof:
      'conv2d of float32: multiplyFours does what tiles of four rows do, with the same products in the same order, for any number of products. Its rows are a multiple of 4.',
    mutants: [
      'conv2d_f32 | [i32.const 8 -> *]; i32.le_s; local.tee; if',
      'conv2d_f32 | i32.const 8; [i32.le_s -> i32.lt_s]; local.tee; if',
      'conv2d_f32 | loop; local.get; [i32.const 0 -> i32.const 1]; i32.gt_s; if; local.get; v128.load; local.tee; local.set',
      'conv2d_f32 | i32.const 3; [i32.and -> i32.or]; i32.eqz; local.get; local.get; select',
    ],
  },
  {
    proof: 'conv2d: the smaller of two numbers that are the same is either.',
    mutants: [
      'conv2d_f32 conv2d_i16_w8 conv2d_i16_w16 | [i32.lt_u -> i32.le_u]; select',
      'conv2d_f32 | [i32.gt_u -> i32.ge_u]; select; local.set',
      'conv2d_i8 | i32.const 4; local.get; local.get; i32.const 4; [i32.ge_s -> i32.gt_s]; select',
      'conv2d_i8 | i32.const 4; local.get; local.get; [i32.const 4 -> i32.const 5]; i32.ge_s; select',
    ],
  },
  {
    proof: 'conv2d: what only some forms need is loaded and dropped.',
    mutants: [
      'conv2d_f32 conv2d_i16_w8 conv2d_i16_w16 | [i32.load* -> *]; drop; l*',
      'conv2d_i8 | [i32.load* -> *]; drop; i32.const *; local.get; v128.store',
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
    proof:
      'copyWindow: lines whose pixels have no gaps may go pixel by pixel. There are at most 2^20 channels (check-steps.ts): a byte beside its own, a stride or a number of channels is 256 times itself, or a part of itself and, as its highest byte, the low one of a height or a stride, so that it is no stride of so many channels. A stride that is the number of channels of the input if it is the whole vectors of the output is so itself, and the scratch lies behind more bytes than a pixel has elements.',
    mutants: [
      'conv2d_* | [i32.load offset=44 -> i32.load offset=43]; local.get; i32.load offset=40; i32.ne; select',
      'conv2d_* | [i32.load offset=44 -> i32.load offset=45]; local.get; i32.load offset=40; i32.ne; select',
      'conv2d_* | [i32.load offset=44 -> i32.load offset=60]; local.get; i32.load offset=40; i32.ne; select',
      'conv2d_* | i32.load offset=44; local.get; [i32.load offset=40 -> i32.load offset=24]; i32.ne; select',
      'conv2d_* | i32.load offset=44; local.get; [i32.load offset=40 -> i32.load offset=39]; i32.ne; select',
      'conv2d_* | i32.load offset=44; local.get; [i32.load offset=40 -> i32.load offset=41]; i32.ne; select',
    ],
  },
  {
    proof: 'copyWindow: of the zero point the lowest 8 bits, which are not negative.',
    mutants: [
      'conv2d_* | i32.const 255; i32.and; [i64.extend_i32_s -> i64.extend_i32_u]; i64.const *',
    ],
  },
  {
    proof: 'copy: a last word may go as bytes.',
    mutants: ['conv2d_* | i32.const 4; i32.add; local.tee; local.get; [i32.le_u -> i32.lt_u]; if'],
  },
  {
    proof: 'copy: memory.copy and a loop of words and bytes do the same.',
    mutants: [
      'conv2d_* | local.tee; [i32.const 64 -> *]; i32.gt_u; if',
      'conv2d_* | local.tee; i32.const 64; [i32.gt_u -> i32.ge_u]; if',
      'conv2d_* | local.tee; i32.const 64; i32.gt_u; [if -> i32.eqz if]',
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
      'interleave: weights of rows beyond the window are 0, so that these may hold codes as well as zeros.',
    mutants: [
      'depthwise_i8 depthwise_i16 depthwise_i16_wide | i32.load offset=64; local.get; [i32.sub -> i32.add]; local.get',
      'depthwise_i8 depthwise_i16 depthwise_i16_wide | [i32.load offset=64 -> i32.load offset=63]; local.get; i32.sub; local.get',
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
      'depthwise_i16_wide | local.set; local.get; [i32.const 16 -> *]; i32.add; local.set; local.get; i32.const -64',
      'depthwise_i16_wide | local.set; local.get; i32.const 16; [i32.add -> *]; local.set; local.get; i32.const -64',
    ],
  },
  {
    proof:
      'depthwise: of the 256 bytes for sums (SUMS) 128 are used, anywhere in them; of the 16 bytes of zeros before them int8 reads 8.',
    mutants: [
      'depthwise_i16_wide | i32.load offset=24; [i32.const 16 -> i32.const 17]; i32.add; local.get',
      'depthwise_i8 | i32.load offset=24; [i32.const 16 -> i32.const 15]; i32.add; local.tee',
      'depthwise_i8 depthwise_i16 depthwise_i16_wide | [i32.const 272 -> i32.const 271]; i32.add',
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
      'depthwise_f32: fewer windows go in tiles, the others one by one, with the same products in the same order. Padding is not negative and at most 2^12 (check-steps.ts), and the stride of output pixels, at least 8, is more than one of windows in tiles.',
    mutants: [
      'depthwise_f32 | local.get; [i32.const 1 -> i32.const 0]; i32.le_s',
      'depthwise_f32 | local.get; i32.const 1; [i32.le_s -> i32.lt_s]; local.get; i32.const 1; i32.gt_s',
      'depthwise_f32 | [i32.const 1 -> i32.const 2]; i32.gt_s; i32.and',
      'depthwise_f32 | if; local.get; [i32.const 1 -> i32.const 0]; i32.sub; local.get; i32.mul; local.get; i32.sub; i32.const 3',
      'depthwise_f32 | if; local.get; i32.const 1; [i32.sub -> i32.add]; local.get; i32.mul; local.get; i32.sub; i32.const 3',
      'depthwise_f32 | i32.mul; local.get; [i32.sub -> i32.add]; i32.const 3; i32.add',
      'depthwise_f32 | i32.sub; [i32.const 3 -> i32.const 4]; i32.add; local.get; i32.const 1; i32.add; i32.le_s',
      'depthwise_f32 | i32.const 3; i32.add; local.get; [i32.const 1 -> i32.const 0]; i32.add; i32.le_s',
      'depthwise_f32 | i32.const 3; i32.add; local.get; i32.const 1; [i32.add -> i32.sub]; i32.le_s',
      'depthwise_f32 | i32.const 3; i32.add; local.get; i32.const 1; i32.add; [i32.le_s -> i32.lt_s]',
      'depthwise_f32 | i32.load offset=76; [i32.const 1 -> i32.const 0]; i32.eq',
      'depthwise_f32 | i32.load offset=76; [i32.const 2 -> i32.const 1]; i32.eq',
      'depthwise_f32 | i32.load offset=52; local.get; [i32.load offset=76 -> i32.load offset=60]; local.get; i32.load offset=84',
      'depthwise_f32 | i32.load offset=48; local.get; i32.load offset=72; local.get; [i32.load offset=80 -> i32.load offset=79]; local.get; i32.load offset=32',
      'depthwise_f32 | i32.load offset=52; local.get; i32.load offset=76; local.get; [i32.load offset=84 -> i32.load offset=83]; local.get; i32.load offset=36',
    ],
  },
  {
    proof:
      'depthwise_f32: a word beside its own is none of the numbers that let windows go in tiles. A byte before, it is a multiple of 256; a byte after, its high byte is kernelWidth, 3, or strideX, 1 or 2, or it is 0 or 2^24 times a stride or a padding, unless a stride is above 255, which does not go in tiles either; 16 bytes away it is a padding of 3, a window of 3 for a padding, a zero point, 0, or the stride of output pixels, at least 8.',
    mutants: [
      'depthwise_f32 | [i32.load offset=64 -> i32.load offset=63]; i32.const 3; i32.eq',
      'depthwise_f32 | [i32.load offset=64 -> i32.load offset=65]; i32.const 3; i32.eq',
      'depthwise_f32 | [i32.load offset=64 -> i32.load offset=80]; i32.const 3; i32.eq',
      'depthwise_f32 | [i32.load offset=68 -> i32.load offset=67]; i32.const 3; i32.eq',
      'depthwise_f32 | [i32.load offset=68 -> i32.load offset=69]; i32.const 3; i32.eq',
      'depthwise_f32 | [i32.load offset=68 -> i32.load offset=84]; i32.const 3; i32.eq',
      'depthwise_f32 | [i32.load offset=72 -> i32.load offset=71]; local.get; i32.load offset=76; i32.eq',
      'depthwise_f32 | [i32.load offset=72 -> i32.load offset=73]; local.get; i32.load offset=76; i32.eq',
      'depthwise_f32 | [i32.load offset=72 -> i32.load offset=88]; local.get; i32.load offset=76; i32.eq',
      'depthwise_f32 | i32.load offset=72; local.get; [i32.load offset=76 -> i32.load offset=77]; i32.eq',
      'depthwise_f32 | i32.load offset=72; local.get; [i32.load offset=76 -> i32.load offset=92]; i32.eq',
      'depthwise_f32 | [i32.load offset=76 -> i32.load offset=75]; i32.const *; i32.eq',
      'depthwise_f32 | [i32.load offset=76 -> i32.load offset=92]; i32.const *; i32.eq',
      'depthwise_f32 | [i32.load offset=76 -> i32.load offset=60]; i32.const *; i32.eq',
      'depthwise_f32 | i32.load offset=72; local.get; [i32.load offset=80 -> i32.load offset=64]; local.get; i32.load offset=32',
      'depthwise_f32 | i32.load offset=76; local.get; [i32.load offset=84 -> i32.load offset=68]; local.get; i32.load offset=36',
    ],
  },
  {
    proof:
      'filterTiles: tiles that begin at every pixel, or beyond the last two, compute some pixels again, alike; where windows go in tiles, the input has at least as many lines and columns as the output (fitTiles).',
    mutants: [
      'depthwise_f32 | loop; local.get; local.get; [i32.load offset=48 -> i32.load offset=47]; i32.lt_s; if; local.get; local.get; i32.load offset=48; i32.const 2',
      'depthwise_f32 | loop; local.get; local.get; [i32.load offset=48 -> i32.load offset=32]; i32.lt_s; if; local.get; local.get; i32.load offset=48; i32.const 2',
      'depthwise_f32 | loop; local.get; local.get; i32.load offset=48; [i32.lt_s -> i32.le_s]; if; local.get; local.get; i32.load offset=48; i32.const 2',
      'depthwise_f32 | loop; local.get; local.get; [i32.load offset=52 -> i32.load offset=51]; i32.lt_s; if; local.get; local.get; local.get; i32.mul',
      'depthwise_f32 | loop; local.get; local.get; [i32.load offset=52 -> i32.load offset=36]; i32.lt_s; if; local.get; local.get; local.get; i32.mul',
      'depthwise_f32 | loop; local.get; local.get; i32.load offset=52; [i32.lt_s -> i32.le_s]; if; local.get; local.get; local.get; i32.mul',
      'depthwise_f32 | end; end; local.get; [i32.const 2 -> i32.const 1]; i32.add; local.set; br 1; end; end',
    ],
  },
  {
    proof:
      'Touches of weights ahead: what is loaded is dropped, and the address is the smaller of any and the last byte of the next weights, so that it lies in the memory. That byte may be an earlier one of the image, or a few bytes later, where the arena is, with at least 16 bytes of output.',
    mutants: [
      'conv2d_f32 conv2d_i16_w8 conv2d_i16_w16 | [i32.load8_u -> *]; drop',
      'conv2d_f32 conv2d_i16_w8 conv2d_i16_w16 | drop; local.get; [i32.const -64 -> *]; i32.sub; local.set',
      'conv2d_f32 conv2d_i16_w8 conv2d_i16_w16 | drop; local.get; i32.const -64; [i32.sub -> *]; local.set',
      'conv2d_f32 conv2d_i16_w8 conv2d_i16_w16 | [i32.const 767 -> *]; i32.add; i32.const 768; i32.div_u',
      'conv2d_f32 conv2d_i16_w8 conv2d_i16_w16 | i32.const 767; [i32.add -> *]; i32.const 768; i32.div_u',
      'conv2d_f32 conv2d_i16_w8 conv2d_i16_w16 | [i32.const 768 -> *]; i32.div_u; i32.const 6',
      'conv2d_f32 conv2d_i16_w8 conv2d_i16_w16 | [i32.div_u -> *]; i32.const 6; i32.shl; local.set',
      'conv2d_f32 conv2d_i16_w8 conv2d_i16_w16 | i32.div_u; [i32.const 6 -> *]; i32.shl; local.set',
      'conv2d_f32 conv2d_i16_w8 conv2d_i16_w16 | i32.div_u; i32.const 6; [i32.shl -> *]; local.set',
      'conv2d_f32 conv2d_i16_w8 conv2d_i16_w16 | [i32.const 8 -> i32.const 9]; i32.div_s; i32.mul; i32.add; local.set',
      'conv2d_f32 conv2d_i16_w8 conv2d_i16_w16 | i32.const 8; i32.div_s; [i32.mul -> *]; i32.add; local.set',
      'conv2d_f32 conv2d_i16_w8 conv2d_i16_w16 | i32.add; local.tee; [i32.add -> i32.sub]; local.tee; local.get; local.get; local.get; i32.lt_u; select; i32.const 1; i32.sub',
      'conv2d_f32 | [i32.const 511 -> *]; i32.add; i32.const 9; i32.shr_u',
      'conv2d_f32 | i32.const 511; [i32.add -> *]; i32.const 9; i32.shr_u',
      'conv2d_f32 | [i32.const 9 -> *]; i32.shr_u; i32.const 6',
      'conv2d_f32 | i32.const 9; [i32.shr_u -> *]; i32.const 6',
      'conv2d_f32 | i32.shr_u; [i32.const 6 -> *]; i32.shl; local.set; local.get; i32.load offset=16',
      'conv2d_f32 | i32.shr_u; i32.const 6; [i32.shl -> *]; local.set; local.get; i32.load offset=16',
      'conv2d_f32 conv2d_i16_w8 conv2d_i16_w16 | i32.lt_u; select; [i32.const 1 -> *]; i32.sub; local.set',
      'conv2d_f32 conv2d_i16_w8 conv2d_i16_w16 | i32.lt_u; select; i32.const 1; [i32.sub -> *]; local.set',
      'conv2d_f32 | v128.store offset=16; local.get; local.get; [i32.add -> i32.sub]; local.set; local.get; local.get; i32.add; local.tee',
      'conv2d_f32 | call; local.get; local.get; [i32.add -> i32.sub]; local.set; local.get; local.get; i32.add; local.tee',
      'conv2d_f32 | local.get; local.get; [i32.add -> i32.sub]; local.set; local.get; local.get; i32.const *; i32.mul; i32.add; local.set',
      'conv2d_i16_w8 conv2d_i16_w16 | call; end; local.get; local.get; [i32.add -> i32.sub]; local.set; local.get; local.get; i32.add; local.tee',
    ],
  },
  {
    proof:
      'finishWide: a ninth sum, computed from what lies behind the eight, is stored where the fifth was, which has been read.',
    mutants: [
      'conv2d_i16_*_wide depthwise_i16_wide | i32.const 8; [i32.lt_u -> i32.le_u]; if',
      'conv2d_i16_*_wide depthwise_i16_wide | local.get; [i32.const 8 -> i32.const 9]; i32.lt_u; if',
    ],
  },
  {
    proof:
      'storeFloats without sign: codes, before the zero point is added, are limited to 0 and more (rangeOf); of what is negative either rounding makes no more than 0.',
    mutants: [
      'conv2d_i8 depthwise_i8 | f32x4.mul; local.get; f32x4.add; [f32x4.trunc -> f32x4.floor]',
      'conv2d_i8 depthwise_i8 | f32x4.mul; local.get; v128.load offset=*; local.tee; f32x4.add; [f32x4.trunc -> f32x4.floor]',
    ],
  },
  {
    proof:
      'requantizeVector: for results in [-511, 511], g * scale is a multiple of 2^-14, as is its sum with 1 / 2, which 2^-24 more takes to no integer; those beyond stay beyond.',
    mutants: [
      'conv2d_i8 depthwise_i8 | f32x4.mul; [v128.const 0 0 0 63 0 0 0 63 0 0 0 63 0 0 0 63 -> * 1 0 0 63*]; f32x4.add; f32x4.floor',
    ],
  },
  {
    proof:
      'conv2dInt8 of bytes: without `fives` the last row has a tile of its own. With it, where other than one row is left beyond whole tiles, no tile ends at packedEnd, and all are packed as without it.',
    mutants: [
      'conv2d_i8 | i32.const 4; i32.rem_s; [i32.const 1 -> *]; i32.eq; local.set',
      'conv2d_i8 | i32.const 4; i32.rem_s; i32.const 1; [i32.eq -> i32.ne]; local.set',
      'conv2d_i8 | i32.eq; local.set; end; local.get; [i32.const 1 -> i32.const 0]; i32.sub; local.get; local.get; select',
      'conv2d_i8 | i32.eq; local.set; end; local.get; i32.const 1; [i32.sub -> i32.add]; local.get; local.get; select',
      'conv2d_i8 | i32.gt_s; local.tee; if; local.get; [i32.const 4 -> *]; i32.rem_s; i32.const 1; i32.eq; local.set',
      'conv2d_i8 | local.tee; [i32.const 4 -> *]; i32.gt_s; local.tee; if; local.get; i32.const 4; i32.rem_s',
      'conv2d_i8 | local.tee; i32.const 4; [i32.gt_s -> i32.ge_s]; local.tee; if; local.get; i32.const 4; i32.rem_s',
    ],
  },
  {
    proof:
      'conv2dInt8 of bytes: packed tiles may lie further apart, since the scratch has room for them as int16, twice as large. What they take is not negative.',
    mutants: [
      'conv2d_i8 | [i32.const 4 -> i32.const 3]; i32.div_s; i32.const 4; i32.shl; local.set',
      'conv2d_i8 | i32.const 4; i32.div_s; [i32.const 4 -> i32.const 5]; i32.shl; local.set',
      'conv2d_i8 | [i32.const 2 -> i32.const 1]; i32.shr_u; i32.const 6; i32.mul; local.set',
      'conv2d_i8 | i32.const 2; [i32.shr_u -> i32.shr_s]; i32.const 6; i32.mul; local.set',
      'conv2d_i8 | i32.const 2; i32.shr_u; [i32.const 6 -> i32.const 7]; i32.mul; local.set',
    ],
  },
  {
    proof:
      'conv2dInt8 of bytes: any number of sixes with no more rows than there are will do, of which rows / 6 is the largest: the others go in fours and a five. Where those end behind the block, the scratch has room, and the next block writes its rows after them.',
    mutants: [
      'conv2d_i8 | [i32.const 12 -> i32.const 11]; i32.lt_s; if; i32.const 0; else',
      'conv2d_i8 | [i32.const 12 -> i32.const 13]; i32.lt_s; if; i32.const 0; else',
      'conv2d_i8 | i32.const 12; [i32.lt_s -> i32.le_s]; if; i32.const 0; else',
      'conv2d_i8 | [i32.const 6 -> i32.const 7]; i32.div_s; local.get; i32.const 6; i32.rem_s; local.tee',
      'conv2d_i8 | i32.const 6; i32.div_s; local.get; [i32.const 6 -> *]; i32.rem_s; local.tee; i32.const 1; i32.eq',
      'conv2d_i8 | i32.const 6; i32.rem_s; local.tee; [i32.const 1 -> *]; i32.eq; local.tee; local.get; i32.const 2',
      'conv2d_i8 | i32.const 6; i32.rem_s; local.tee; i32.const 1; [i32.eq -> i32.ne]; local.tee; local.get; i32.const 2',
      'conv2d_i8 | i32.const 1; i32.eq; local.tee; local.get; [i32.const 2 -> *]; i32.eq; local.get; select; i32.const 0; i32.ne',
      'conv2d_i8 | i32.const 1; i32.eq; local.tee; local.get; i32.const 2; [i32.eq -> i32.ne]; local.get; select; i32.const 0; i32.ne',
      'conv2d_i8 | i32.const 2; i32.eq; local.get; [select -> i32.eqz select]; i32.const 0; i32.ne; i32.sub',
      'conv2d_i8 | i32.const 2; i32.eq; local.get; select; [i32.const 0 -> *]; i32.ne; i32.sub',
      'conv2d_i8 | i32.const 2; i32.eq; local.get; select; i32.const 0; [i32.ne -> i32.eq]; i32.sub',
    ],
  },
  {
    proof:
      'conv2dInt8 of bytes: sums of six rows that are rescaled in float32 may go to finishStored as well. The word a byte before their kind, 0 or 1, is 256 times that and the high byte of an offset: 0, or one of about 1 / 2 or more, so that it is not 1.',
    mutants: [
      'conv2d_i8 | [i32.load offset=96 -> i32.load offset=95]; local.tee; i32.const 1; i32.le_s; if',
      'conv2d_i8 | i32.load offset=96; local.tee; [i32.const 1 -> i32.const 0]; i32.le_s; if',
      'conv2d_i8 | i32.load offset=96; local.tee; i32.const 1; [i32.le_s -> i32.lt_s]; if',
    ],
  },
  {
    proof: 'finishStored: rows that are finished in two pairs are written twice, alike.',
    mutants: [
      'conv2d_i8 | v128.store64_lane 1; end; local.get; [i32.const 2 -> i32.const 1]; i32.add; local.set; br 1; end; end',
    ],
  },
];
