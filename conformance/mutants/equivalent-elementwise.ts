/** Of several kernels, or of those that take elements or pixels one by one: mutants proven to compute the same. */

import type { Equivalence } from './equivalence.ts';

export const equivalentElementwise: readonly Equivalence[] = [
  {
    proof:
      'Larger or smaller of two: the operands compared are those chosen from, and where they are equal either is the same.',
    mutants: [
      '* | local.get; local.get; local.get; [i32.gt_s -> i32.ge_s]; select',
      'softmax_i16 | local.get; local.get; i32.const -32768; [i32.le_s -> i32.lt_s]; select',
      '* | local.get; local.get; local.get; [i32.lt_s -> i32.le_s]; select',
      '* | local.tee; local.get; local.get; [i32.lt_s -> i32.le_s]; select',
      '* | local.tee; local.get; local.get; [i32.gt_s -> i32.ge_s]; select',
      '* | i32.const 0; local.get; i32.const 0; [i32.ge_s -> i32.gt_s]; select',
      '* | i32.const 0; local.get; i32.const 0; [i32.gt_s -> i32.ge_s]; select',
      '* | i64.const 0; local.get; i64.const 0; [i64.gt_s -> i64.ge_s]; select',
      '* | local.tee; local.get; i32.const 255; [i32.ge_u -> i32.gt_u]; select',
      '* | local.tee; local.get; i32.const 127; [i32.ge_s -> i32.gt_s]; select',
      '* | local.tee; local.get; i32.const -128; [i32.le_s -> i32.lt_s]; select',
      '* | local.tee; local.get; i32.const 32767; [i32.ge_s -> i32.gt_s]; select',
      '* | local.tee; local.get; i64.const 32767; [i64.ge_s -> i64.gt_s]; select',
      'softmax_i8 | local.tee; local.get; i64.const 2147483647; [i64.ge_s -> i64.gt_s]; select',
      '* | local.get; local.get; local.get; [i32.gt_u -> i32.ge_u]; select',
      '* | local.tee; local.get; i32.const 4; [i32.gt_s -> i32.ge_s]; select',
    ],
  },
  {
    proof:
      'Larger or smaller of a number and a limit c, of integers: where the comparison is with c + 1 (or c - 1) instead, the choice differs for the number c alone, which is the limit.',
    mutants: [
      'softmax_i16 | local.get; local.get; [i32.const -32768 -> i32.const -32769]; i32.le_s; select',
      '* | i32.const 0; local.get; [i32.const 0 -> i32.const 1]; i32.ge_s; select',
      '* | i32.const 0; local.get; [i32.const 0 -> i32.const -1]; i32.gt_s; select',
      '* | i64.const 0; local.get; [i64.const 0 -> i64.const -1]; i64.gt_s; select',
      '* | local.tee; local.get; [i32.const 255 -> i32.const 256]; i32.ge_u; select',
      '* | local.tee; local.get; [i32.const 127 -> i32.const 128]; i32.ge_s; select',
      '* | local.tee; local.get; [i32.const -128 -> i32.const -129]; i32.le_s; select',
      '* | local.tee; local.get; [i32.const 32767 -> i32.const 32768]; i32.ge_s; select',
      '* | local.tee; local.get; [i64.const 32767 -> i64.const 32768]; i64.ge_s; select',
      'softmax_i8 | local.tee; local.get; [i64.const 2147483647 -> i64.const 2147483648]; i64.ge_s; select',
      '* | local.tee; local.get; [i32.const 4 -> i32.const 3]; i32.gt_s; select',
    ],
  },
  {
    proof:
      'A step of one element to one has input and output of the same extents (the compiler makes both from one shape), so that height, width, channels and the stride that follows from channels are read from either.',
    mutants: [
      'add_* clamp_* rescale_* quantize_* dequantize_* softmax_* | local.get; i32.load offset=28; local.get; [i32.load offset=48 -> i32.load offset=32]; i32.mul',
      'add_* clamp_* rescale_* quantize_* dequantize_* softmax_* | local.get; [i32.load offset=52 -> i32.load offset=36]; local.get; i32.load offset=28',
      'add_* clamp_* rescale_* quantize_* dequantize_* | local.get; [i32.load offset=60 -> i32.load offset=44]; local.get; i32.load offset=52',
      'softmax_* | local.get; [i32.load offset=44 -> i32.load offset=60]; i32.mul',
      'softmax_* | local.get; [i32.load offset=60 -> i32.load offset=44]; i32.mul',
      'softmax_* | loop; local.get; local.get; [i32.load offset=56 -> i32.load offset=40]; i32.lt_s',
      'repeatChannels_* | local.get; [i32.load offset=36 -> i32.load offset=52]; local.get; i32.load offset=28',
      'repeatChannels_* | local.get; [i32.load offset=32 -> i32.load offset=48]; i32.mul; i32.mul',
    ],
  },
  {
    proof:
      'Pools, means and pads keep the channels, and the compiler derives both strides from them, so that channels and stride are read from either side.',
    mutants: [
      'averagePool_* mean_* | loop; local.get; local.get; [i32.load offset=60 -> i32.load offset=44]; i32.lt_s',
      'averagePool_* mean_* | local.get; [i32.load offset=44 -> i32.load offset=60]; local.get; i32.load offset=36',
      'averagePool_* mean_* | local.get; [i32.load offset=44 -> i32.load offset=60]; i32.const *; i32.shl',
      'averagePool_* mean_* | local.get; [i32.load offset=44 -> i32.load offset=60]; local.get; i32.mul; local.tee',
      'averagePool_* pad_* mean_* | local.get; [i32.load offset=60 -> i32.load offset=44]; local.get; i32.mul',
      'pad_* | [i32.load offset=44 -> i32.load offset=60]; local.get; i32.mul; local.set',
      'pad_* | [i32.load offset=60 -> i32.load offset=44]; local.get; i32.mul; local.set',
      'pad_* | [i32.load offset=56 -> i32.load offset=40]; local.get; i32.mul; local.set',
    ],
  },
  {
    proof: 'reshapeStep sets both heights to 1.',
    mutants: [
      'reshape_* | local.get; i32.load offset=28; local.get; [i32.load offset=32 -> i32.load offset=48]; i32.mul',
    ],
  },
  {
    proof:
      'The end of an input pixel is that of an output pixel or hidden by it: where reshape copies a dense host buffer of c channels to one of stride c + gap, or rows to rows, `from` moves on by `inStride` at the end of `inChannels` elements; a dense side has inStride = inChannels, so that counting on without moving reads the same elements.',
    mutants: [
      'reshape_* | local.tee; local.get; [i32.load offset=40 -> i32.load offset=41]; i32.eq',
      'reshape_* | local.tee; local.get; [i32.load offset=40 -> i32.load offset=39]; i32.eq',
      'reshape_* | local.tee; local.get; [i32.load offset=40 -> i32.load offset=24]; i32.eq',
    ],
  },
  {
    proof:
      'int16 codes have zero point 0 (rules T5, T6), which is 0 as a signed number, as an unsigned one, negated, and as an addend with or without saturation.',
    mutants: [
      'add_i16 | i32x4.extend_*_i16x8_s; local.get; [i32x4.sub -> i32x4.add]',
      'conv2d_i16_* depthwise_i16* add_i16 | v128.load32_splat; [i16x8.add_sat_s -> *]; local.get; v128.load32_splat offset=4',
    ],
  },
  {
    proof:
      'A code that is copied is stored in as many bits as it was loaded, so that what it is extended by is lost.',
    mutants: [
      'resizeRow | i32.add; [i32.load*_u -> i32.load*_s]; i32.store*',
      'reshape_* repeatChannels_* | [i32.load*_u -> i32.load*_s]; i32.store*',
      'conv2d_* | [i32.load8_u -> i32.load8_s]; i32.store8',
    ],
  },
  {
    proof:
      'What is read or computed here is not negative: counts of pixels and channels, multipliers (rule A3), scales, positions inside the image, sums of weights and pixels; as two signs apart only for negative numbers, both instructions are the same.',
    mutants: [
      'averagePool_* mean_* | i64.load32_s offset=88; local.get; [i64.extend_i32_s -> i64.extend_i32_u]; i64.mul',
      'averagePool_* mean_* | i32.const 1; [i32.shr_s -> i32.shr_u]; f64.convert_i32_s',
      'averagePool_* mean_* | i32.const 1; i32.shr_s; [f64.convert_i32_s -> f64.convert_i32_u]; local.tee',
      'averagePool_* mean_* | local.get; [f64.convert_i32_s -> f64.convert_i32_u]; f64.div; i32.trunc_sat_f64_s',
      'conv2d_* | [i32.div_s -> i32.div_u]',
      'conv2d_* | [i32.rem_s -> i32.rem_u]',
      'repeatChannels_* | [i32.div_s -> i32.div_u]',
      'averagePool_* mean_* | i32.mul; [f64.convert_i32_s -> f64.convert_i32_u]; f64x2.splat',
      'rescale_* softmax_* | [i64.load32_s -> i64.load32_u]; local.get',
      'resizeBegin resizeRow | local.get; [f64.convert_i32_s -> f64.convert_i32_u]',
      'resizeBegin resizeRow | i32.load*; [f64.convert_i32_s -> f64.convert_i32_u]',
      'resizeBegin resizeRow | local.tee; [f64.convert_i32_s -> f64.convert_i32_u]',
      'resizeBegin resizeRow | i32.const 3; [i32.rem_s -> i32.rem_u]',
      'resizeBegin resizeRow | i32.const 4; [i32.div_s -> i32.div_u]',
      'resizeBegin resizeRow | i32.const 22; [i32.shr_u -> i32.shr_s]',
      'resizeBegin resizeRow | i32.const 8; [i32.shr_s -> i32.shr_u]; i32.store16',
      'resizeBegin resizeRow | f64.mul; f64.const 0.5; f64.add; [i32.trunc_sat_f64_s -> i32.trunc_sat_f64_u]',
      'quantize_* | local.get; i32.load offset=100; [f64.convert_i32_s -> f64.convert_i32_u]',
      'depthwise_* | [i32.div_s -> i32.div_u]',
      'resizeBegin resizeRow | i32.add; [f64.convert_i32_s -> f64.convert_i32_u]; f64.const 0.5',
    ],
  },
  {
    proof:
      'Shifts are in [-31, 30] and the left side of the subtraction is 31 or 15 in 64 bits: for a negative shift as unsigned the difference is smaller by 2^32, of which shifts take the lowest 6 bits alone.',
    mutants: [
      '* | i64.const 31; local.get; [i64.extend_i32_s -> i64.extend_i32_u]; i64.sub',
      '* | i64.const 15; local.get; [i64.extend_i32_s -> i64.extend_i32_u]; i64.sub',
    ],
  },
  {
    proof: 'An exponent of a shift is less than 64 and not negative.',
    mutants: [
      'add_* softmax_* | i32.const 1; i32.sub; [i64.extend_i32_s -> i64.extend_i32_u]; i64.shl',
      'softmax_* | i64.add; local.get; [i64.extend_i32_s -> i64.extend_i32_u]; i64.shr_s',
    ],
  },
  {
    proof:
      "add: int16 has zero point 0, and no padding and no block of rows: the words a byte before or after the first input's zero point, where others have `block`, and a byte before the second's are 0, too.",
    mutants: [
      'add_i16 | local.get; [i32.load offset=88 -> i32.load offset=89]; i32x4.splat',
      'add_i16 | local.get; [i32.load offset=88 -> i32.load offset=87]; i32x4.splat',
      'add_i16 | local.get; [i32.load offset=88 -> i32.load offset=104]; i32x4.splat',
      'add_i16 | i32.load offset=20; [i32.load offset=4 -> i32.load offset=3]; i32x4.splat',
    ],
  },
  {
    proof:
      'The vector was narrowed with itself: its halves (or quarters) are the same, and either can be stored.',
    mutants: [
      'conv2d_i8 depthwise_i8 add_i8 | local.tee; local.get; i8x16.narrow_i16x8_s; [v128.store64_lane 0 -> v128.store64_lane lane 1]',
      'resizeRow | local.tee; local.get; i8x16.narrow_i16x8_u; [v128.store32_lane 0 -> v128.store32_lane lane 1]',
    ],
  },
  {
    proof:
      'requantizeInt32: for an accumulator of 0 the sum is 2^(exponent - 1) + 2^30 or - 2^30, with exponent at least 32: in [0, 2^exponent), so that either is shifted to 0.',
    mutants: [
      '* | i64.const 1073741824; i64.const -1073741824; local.get; [i32.const 0 -> i32.const 1]; i32.ge_s; select; i64.add',
      '* | i64.const -1073741824; local.get; i32.const 0; [i32.ge_s -> i32.gt_s]; select; i64.add',
    ],
  },
  {
    proof:
      'requantizeInt64: multipliers 0x7ffeffff and 0x7fff0000, which the two thresholds treat differently, are rounded to 0x7fff, as those beyond them are set to.',
    mutants: [
      '* | local.get; [i32.const 2147418112 -> i32.const *]; i32.ge_s; select',
      '* | local.get; i32.const 2147418112; [i32.ge_s -> i32.gt_s]; select',
    ],
  },
  {
    proof:
      'requantizeInt64: a multiplier below 0x7fff0000 plus 0x8000 is not negative, nor is what remains of it.',
    mutants: [
      '* | i32.const 16; i32.shr_s; [i64.extend_i32_s -> i64.extend_i32_u]; local.get; i32.const 2147418112',
      '* | i32.const 32768; i32.add; i32.const 16; [i32.shr_s -> i32.shr_u]; i64.extend_i32_s',
    ],
  },
  {
    proof: 'Multipliers are not negative (rule A3).',
    mutants: [
      '* | local.get; i64.extend_i32_s; local.get; [i64.extend_i32_s -> i64.extend_i32_u]; i64.mul; i64.const 1',
    ],
  },
  {
    proof: 'roundHalfAwayFromZero: a value whose fraction is at least one half is not 0.',
    mutants: [
      'quantize_* | f64.const -1; local.get; f64.const 0; [f64.gt -> f64.ge]; select; f64.add',
    ],
  },
  {
    proof:
      'Of a 64-bit number the lowest 32 bits are kept after a shift by at most 32: what enters from above is lost.',
    mutants: [
      '* | i64.const 31; [i64.shr_s -> i64.shr_u]; i32.wrap_i64',
      '* | i64.const 1; [i64.shr_s -> i64.shr_u]; i32.wrap_i64',
      '* | i64.const 14; [i64.shr_s -> i64.shr_u]; i32.wrap_i64',
    ],
  },
  {
    proof:
      'mean: of the sum without zero points the lowest 32 bits are kept, which a zero point that is 2^32 larger does not change.',
    mutants: [
      'averagePool_* mean_* | [i64.load32_s offset=88 -> i64.load32_u*]; local.get; i64.extend_i32_s',
    ],
  },
  {
    proof:
      'addFloats: codes, before 128 is taken off, are limited to 0 and more; of what is negative either rounding makes no more than 0.',
    mutants: ['add_i8 | f32x4.add; f32x4.add; [f32x4.trunc -> f32x4.floor]'],
  },
  {
    proof: 'rescale: what swaps two lanes of both terms swaps those of their sum back.',
    mutants: [
      'add_* | i64x2.shr_s; [i8x16.shuffle 0 1 2 3 8 9 10 11 16 17 18 19 24 25 26 27 -> i8x16.shuffle 8 9 10 11 0 1 2 3 16 17 18 19 24 25 26 27]; end',
      'add_* | i64x2.shr_s; [i8x16.shuffle 0 1 2 3 8 9 10 11 16 17 18 19 24 25 26 27 -> i8x16.shuffle 0 1 2 3 16 17 18 19 8 9 10 11 24 25 26 27]; end',
      'add_* | i64x2.shr_s; [i8x16.shuffle 0 1 2 3 8 9 10 11 16 17 18 19 24 25 26 27 -> i8x16.shuffle 0 1 2 3 8 9 10 11 24 25 26 27 16 17 18 19]; end',
    ],
  },
  {
    proof:
      'add: int16 has zero point 0, and so no float32 factors, which stand 16 bytes behind as 0.',
    mutants: ['add_i16 | [v128.load32_splat -> v128.load32_splat offset=16]; i16x8.add_sat_s'],
  },
  {
    proof: 'What is loaded is dropped.',
    mutants: ['depthwise_* | [i32.load* -> *]; drop'],
  },
  {
    proof:
      'averagePool: sums are integers; for 0, half of the count is added or subtracted, and the division towards zero makes 0 of both.',
    mutants: [
      'averagePool_* mean_* | f64.const 0; [f64.ge -> f64.gt]; select; local.get; f64.convert_i32_s; f64.div',
      'averagePool_* mean_* | local.get; [f64.const 0 -> f64.const 1]; f64.ge; select',
    ],
  },
  {
    proof:
      'storeCode: uint8 and int8 are stored alike, as any type is that is not INT16; so the mutants write the same.',
    mutants: [
      'rescale_*_i8 | i32.const *; [i32.const 0 -> i32.const *]; call',
      'rescale_*_u8 | i32.const *; [i32.const 1 -> i32.const 0]; call',
      'quantize_i8 | local.get; [i32.const 0 -> i32.const *]; call',
      'quantize_u8 | local.get; [i32.const 1 -> i32.const 0]; call',
    ],
  },
  {
    proof:
      'add of int16: any factors are what a kind that is neither of the two halves stands for; so do 0 or 1, which a word has that is read a byte later, and an exponent, at least 31, which is 16 bytes later.',
    mutants: [
      'add_i16 | i32.load offset=20; [i32.load -> i32.load offset=1]; local.tee; i32.const 2; i32.eq',
      'add_i16 | i32.load offset=20; [i32.load -> i32.load offset=16]; local.tee; i32.const 2; i32.eq',
      'add_i16 | i32.load; local.tee; [i32.const 2 -> i32.const 1]; i32.eq; if',
      'add_i16 | else; local.get; [i32.const 3 -> *]; i32.eq; if',
    ],
  },
  {
    proof:
      'addHalf: a code with its headroom is below 2^31 (rule R4), so that its shift is at most 15 and the code then at least -2^30: bit 30 is the same as the sign.',
    mutants: [
      'add_i16 | i8x16.shuffle 4 5 6 7 12 13 14 15 20 21 22 23 28 29 30 31; local.get; [i32.const 31 -> i32.const 30]; i32x4.shr_s',
    ],
  },
  {
    proof:
      'addHalf: the code has been shifted to the left, so that its product is even, as is what is added to round: a unit more takes no sum to the next multiple of 2^32.',
    mutants: [
      'add_i16 | v128.and; [v128.const 0 0 0 192 0 0 0 192 0 0 0 192 0 0 0 192 -> * 1 0 0 192*]; v128.const 0 0 0 64 0 0 0 64 0 0 0 64 0 0 0 64',
      'add_i16 | v128.const 0 0 0 192 0 0 0 192 0 0 0 192 0 0 0 192; [v128.const 0 0 0 64 0 0 0 64 0 0 0 64 0 0 0 64 -> * 1 0 0 64*]; local.get',
    ],
  },
  {
    proof:
      'addHalf: lanes of 32 bits are shifted by the lowest 5 bits, which 64 more does not change.',
    mutants: [
      'add_i16 | i32.const 32; [i32.sub -> i32.add]; i32x4.shr_s',
      'add_i16 | i32.const 32; [i32.sub -> i32.add]; local.tee; i32x4.shr_s',
    ],
  },
  {
    proof:
      'pool: two codes of 8 bits are loaded into every pair of lanes, so that upper ones are the same as lower ones.',
    mutants: [
      'averagePool_* mean_* | v128.load16_splat; [i16x8.extend_low_i8x16_s -> i16x8.extend_high_i8x16_s]',
    ],
  },
  {
    proof:
      'pool: a sum begins as 0; a float64 without exponent, below 2^-1021, in its place changes no code and no float32, of which the smallest is 2^-149, but 0, whose mean it leaves below any that is stored as another.',
    mutants: [
      'averagePool_* mean_* | [v128.const 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 -> v128.const 1 0 0 0 *]',
      'averagePool_* mean_* | [v128.const 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 -> v128.const * 0 0 0 0 1 0 0 0]',
      'averagePool_* mean_* | [v128.const 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 -> v128.const 0 0 0 0 1 0 0 0 *]',
      'averagePool_* mean_* | [v128.const 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 -> v128.const 0 0 0 0 0 0 0 0 1 0 0 0 *]',
      'averagePool_* mean_* | [v128.const 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 -> v128.const 255 255 255 255 0 *]',
      'averagePool_* mean_* | [v128.const 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 -> v128.const 0 0 0 0 0 0 0 0 255 255 255 255 0 0 0 0]',
    ],
  },
];
