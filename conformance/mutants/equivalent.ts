/**
 * The mutants that are proven to compute the same as the kernels.
 *
 * Names are those of fastpath/assembly; `Step` and its fields those of fastpath/assembly/step.ts, 4 bytes each.
 */

import type { Equivalence } from './equivalence.ts';

export const equivalences: readonly Equivalence[] = [
  {
    proof:
      'Larger or smaller of two: the operands compared are those chosen from, and where they are equal either is the same.',
    mutants: [
      '* | local.get; local.get; local.get; [i32.lt_s -> i32.le_s]; select',
      '* | local.tee; local.get; local.get; [i32.lt_s -> i32.le_s]; select',
      '* | local.tee; local.get; local.get; [i32.gt_s -> i32.ge_s]; select',
      '* | local.get; local.get; local.get; [i32.lt_u -> i32.le_u]; select',
      '* | i32.const 0; local.get; i32.const 0; [i32.ge_s -> i32.gt_s]; select',
      '* | i32.const 0; local.get; i32.const 0; [i32.gt_s -> i32.ge_s]; select',
      '* | i64.const 0; local.get; i64.const 0; [i64.gt_s -> i64.ge_s]; select',
      '* | local.tee; local.get; i32.const 255; [i32.ge_u -> i32.gt_u]; select',
      '* | local.tee; local.get; i32.const 127; [i32.ge_s -> i32.gt_s]; select',
      '* | local.tee; local.get; i32.const -128; [i32.le_s -> i32.lt_s]; select',
      '* | local.tee; local.get; i32.const 32767; [i32.ge_s -> i32.gt_s]; select',
      '* | local.tee; local.get; i32.const -32768; [i32.le_s -> i32.lt_s]; select',
      '* | local.tee; local.get; i64.const 32767; [i64.ge_s -> i64.gt_s]; select',
      'softmax_i8 | local.tee; local.get; i64.const 2147483647; [i64.ge_s -> i64.gt_s]; select',
    ],
  },
  {
    proof:
      'Larger or smaller of a number and a limit c, of integers: where the comparison is with c + 1 (or c - 1) instead, the choice differs for the number c alone, which is the limit.',
    mutants: [
      '* | i32.const 0; local.get; [i32.const 0 -> i32.const 1]; i32.ge_s; select',
      '* | i32.const 0; local.get; [i32.const 0 -> i32.const -1]; i32.gt_s; select',
      '* | i64.const 0; local.get; [i64.const 0 -> i64.const -1]; i64.gt_s; select',
      '* | local.tee; local.get; [i32.const 255 -> i32.const 256]; i32.ge_u; select',
      '* | local.tee; local.get; [i32.const 127 -> i32.const 128]; i32.ge_s; select',
      '* | local.tee; local.get; [i32.const -128 -> i32.const -129]; i32.le_s; select',
      '* | local.tee; local.get; [i32.const 32767 -> i32.const 32768]; i32.ge_s; select',
      '* | local.tee; local.get; [i32.const -32768 -> i32.const -32769]; i32.le_s; select',
      '* | local.tee; local.get; [i64.const 32767 -> i64.const 32768]; i64.ge_s; select',
      'softmax_i8 | local.tee; local.get; [i64.const 2147483647 -> i64.const 2147483648]; i64.ge_s; select',
    ],
  },
  {
    proof:
      'requantizeVector: of each 64-bit sum the shuffle takes bits 30 to 61, shifted to 0 to 31. The two shifts differ in what enters from bit 64 on, which ends in bits 34 to 63.',
    mutants: ['* | i64x2.add; i32.const 30; [i64x2.shr_u -> i64x2.shr_s]'],
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
      'averagePool_* pad_* mean_* | loop; local.get; local.get; [i32.load offset=56 -> i32.load offset=40]; i32.lt_s',
      'averagePool_* pad_* mean_* | local.get; [i32.load offset=44 -> i32.load offset=60]; i32.const *; i32.shl',
      'averagePool_* pad_* mean_* | local.get; [i32.load offset=44 -> i32.load offset=60]; local.set',
      'averagePool_* pad_* mean_* | local.get; [i32.load offset=60 -> i32.load offset=44]; i32.add',
      'averagePool_* pad_* mean_* | local.get; [i32.load offset=60 -> i32.load offset=44]; i32.const *; i32.shl',
      'averagePool_* pad_* mean_* | local.get; [i32.load offset=60 -> i32.load offset=44]; i32.mul',
      'averagePool_* pad_* mean_* | local.get; [i32.load offset=60 -> i32.load offset=44]; local.get; i32.mul',
      'averagePool_* pad_* mean_* | local.get; [i32.load offset=60 -> i32.load offset=44]; local.set',
      'pad_* | local.get; [i32.load offset=56 -> i32.load offset=40]; memory.copy',
      'pad_* | local.get; [i32.load offset=56 -> i32.load offset=40]; i32.const *; i32.shl; memory.copy',
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
      'conv2d_i16_* depthwise_i16_* add_i16 | i16x8.splat; [i16x8.add_sat_s -> *]; local.get; i32.load offset=96',
      '*_i16_i8 *_i16_u8 *_i16_i16 dequantize_i16 | local.get; i32.load offset=88; [i32.sub -> i32.add]',
      'mean_i16 | i64.mul; [i64.sub -> i64.add]; i32.wrap_i64',
      'add_i16 | i32x4.extend_*_i16x8_s; local.get; [i32x4.sub -> i32x4.add]',
      'quantize_i16 | local.get; i32.load offset=92; [f64.convert_i32_s -> f64.convert_i32_u]',
      'pad_f32 | local.get; i32.load offset=88; [f32.convert_i32_s -> f32.convert_i32_u]',
      'conv2d_f32 | local.get; local.get; [f32.convert_i32_s -> f32.convert_i32_u]; f32.store',
    ],
  },
  {
    proof:
      'A code that is copied is stored in as many bits as it was loaded, so that what it is extended by is lost.',
    mutants: [
      'reshape_* repeatChannels_* | [i32.load*_s -> i32.load*_u]; i32.store*',
      'resizeRow | i32.add; [i32.load*_u -> i32.load*_s]; i32.store*',
    ],
  },
  {
    proof:
      'What is read or computed here is not negative: counts of pixels and channels, multipliers (rule A3), scales, positions inside the image, sums of weights and pixels; as two signs apart only for negative numbers, both instructions are the same.',
    mutants: [
      'conv2d_* | local.get; i32.load offset=116; i32.const 2; [i32.shr_u -> i32.shr_s]',
      'conv2d_* | i32.const -8; i32.and; i32.const 1; [i32.shr_u -> i32.shr_s]',
      'conv2d_* | [i32.div_s -> i32.div_u]',
      'conv2d_* | [i32.rem_s -> i32.rem_u]',
      'repeatChannels_* | [i32.div_s -> i32.div_u]',
      'averagePool_* | local.get; i32.const 1; [i32.shr_s -> i32.shr_u]; i64.extend_i32_s',
      'averagePool_* | i32.const 1; i32.shr_s; [i64.extend_i32_s -> i64.extend_i32_u]',
      'averagePool_* | i64.ge_s; select; local.get; [i64.extend_i32_s -> i64.extend_i32_u]; i64.div_s',
      'averagePool_* mean_* | local.get; [f64.convert_i32_s -> f64.convert_i32_u]; f64.div; f32.demote_f64',
      'mean_* | [i64.load32_s -> i64.load32_u]; local.get; local.get; i64.load32_s offset=88',
      'mean_* | i64.load32_s offset=88; local.get; [i64.extend_i32_s -> i64.extend_i32_u]; i64.mul; i64.sub',
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
    ],
  },
  {
    proof:
      'Shifts are in [-31, 30] and the left side of the subtraction is 31 or 15 in 64 bits: for a negative shift as unsigned the difference is smaller by 2^32, of which shifts take the lowest 6 bits alone.',
    mutants: [
      '* | i64.const 31; local.get; [i64.extend_i32_s -> i64.extend_i32_u]; i64.sub',
      '* | i64.const 15; local.get; [i64.extend_i32_s -> i64.extend_i32_u]; i64.sub',
      '* | local.get; i32.load offset=4; local.tee; [i64.extend_i32_s -> i64.extend_i32_u]; i64.sub',
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
      'Padded pixels and codes of a depthwise int16 or float32 kernel need no zero point: the loaded word is dropped.',
    mutants: ['depthwise_* | local.get; [i32.load offset=88 -> i32.load offset=*]; drop'],
  },
  {
    proof: 'A condition is true if it is not 0: 2 is as true as 1.',
    mutants: [
      'conv2d_* | i32.lt_s; if; [i32.const 1 -> i32.const 2]; else',
      'conv2d_* | else; [i32.const 1 -> i32.const 2]; end; if',
      'conv2d_* | end; if; [i32.const 1 -> i32.const 2]; else',
      'conv2d_* | i32.and; else; [i32.const 1 -> i32.const 2]; end; i32.eqz',
    ],
  },
  {
    proof:
      'isPointwise: no window is 0 pixels wide or high, no stride is 0, so that the mutant finds no window pointwise; then copyWindow lays out the same elements, one window at a time.',
    mutants: [
      'conv2d_* | local.set; local.get; [i32.const 1 -> i32.const 0]; i32.eq; local.get; i32.const 1',
      'conv2d_* | i32.eq; local.get; [i32.const 1 -> i32.const 0]; i32.eq; i32.and; if',
      'conv2d_* | local.get; i32.load offset=72; [i32.const 1 -> i32.const 0]; i32.eq',
      'conv2d_* | local.get; i32.load offset=76; [i32.const 1 -> i32.const 0]; i32.eq',
    ],
  },
  {
    proof:
      'isPointwise: the word read beside its place has a byte of the next field as its highest, or of this field as its second, which is at least 1 there: it is at least 2^24, more than any extent (MAX_EXTENT), or a multiple of 256, and never the 1, or the extent, that is asked for. So no window is found pointwise; then copyWindow lays out the same elements.',
    mutants: [
      'conv2d_* | i32.and; if; local.get; [i32.load offset=72 -> i32.load offset=73]; i32.const 1; i32.eq',
      'conv2d_* | i32.and; if; local.get; [i32.load offset=72 -> i32.load offset=71]; i32.const 1; i32.eq',
      'conv2d_* | end; if; local.get; [i32.load offset=76 -> i32.load offset=75]; i32.const 1; i32.eq',
      'conv2d_* | local.get; [i32.load offset=32 -> i32.load offset=33]; local.get; i32.load offset=48; i32.eq',
      'conv2d_* | i32.load offset=32; local.get; [i32.load offset=48 -> i32.load offset=49]; i32.eq',
      'conv2d_* | local.get; [i32.load offset=36 -> i32.load offset=37]; local.get; i32.load offset=52; i32.eq',
      'conv2d_* | i32.load offset=36; local.get; [i32.load offset=52 -> i32.load offset=53]; i32.eq',
    ],
  },
  {
    proof:
      'isPointwise: for a 1x1 window of stride 1 an output extent is at least the input extent, so that it is not 1/256 of it: no window is found pointwise.',
    mutants: [
      'conv2d_* | i32.load offset=32; local.get; [i32.load offset=48 -> i32.load offset=47]; i32.eq',
      'conv2d_* | i32.load offset=36; local.get; [i32.load offset=52 -> i32.load offset=51]; i32.eq',
    ],
  },
  {
    proof:
      'isPointwise: outStride is a multiple of 8 and never 1; the zero points of int16 and float32 are 0 and never 1: no window is found pointwise.',
    mutants: [
      'conv2d_* | end; if; local.get; [i32.load offset=76 -> i32.load offset=60]; i32.const 1; i32.eq',
      'conv2d_f32 conv2d_i16_* | end; if; local.get; [i32.load offset=76 -> i32.load offset=92]; i32.const 1; i32.eq',
      'conv2d_f32 conv2d_i16_* | i32.and; if; local.get; [i32.load offset=72 -> i32.load offset=88]; i32.const 1; i32.eq',
    ],
  },
  {
    proof:
      'isPointwise: for a 1x1 window of stride 1 an output extent is the input extent plus both paddings, so that equal extents alone prove that there is no padding: whatever is asked of padTop and padLeft besides, no more windows are found pointwise, and those that are not are laid out by copyWindow.',
    mutants: [
      'conv2d_* | end; if; local.get; [i32.load offset=80 -> i32.load offset=*]; else; i32.const 1; end',
      'conv2d_* | i32.const 1; else; local.get; [i32.load offset=84 -> i32.load offset=*]; end; if; i32.const 0',
    ],
  },
  {
    proof:
      'isPointwise: 7 or anything is not 0, so that no window is found pointwise, and copyWindow lays out the same elements.',
    mutants: [
      'conv2d_* | local.get; i32.load offset=44; i32.const 7; [i32.and -> i32.or]; else; i32.const 1; end',
    ],
  },
  {
    proof:
      'copyWindow: fewer lines are copied as a whole, the others pixel by pixel, to the same place.',
    mutants: [
      'conv2d_* | local.tee; [i32.const 0 -> i32.const 1]; i32.ge_s; local.tee; if',
      'conv2d_* | local.tee; i32.const 0; [i32.ge_s -> i32.gt_s]; local.tee; if',
      'conv2d_* | i32.load offset=68; i32.add; [i32.ge_s -> i32.gt_s]; local.set; end',
      'conv2d_* | local.get; [i32.load offset=68 -> i32.load offset=69]; i32.add; i32.ge_s; local.set',
      'conv2d_* | local.get; [i32.load offset=68 -> i32.load offset=67]; i32.add; i32.ge_s; local.set',
    ],
  },
  {
    proof:
      'copyWindow: a word with a byte of the next field as its highest is at least 2^24, more than any extent, and 256 times a number of channels more than its stride: no line is copied as a whole, but pixel by pixel, to the same place.',
    mutants: [
      'conv2d_* | local.get; if; local.get; [i32.load offset=44 -> i32.load offset=45]; local.get; i32.load offset=40; i32.eq',
      'conv2d_* | local.get; if; local.get; [i32.load offset=44 -> i32.load offset=43]; local.get; i32.load offset=40; i32.eq',
      'conv2d_* | i32.load offset=44; local.get; [i32.load offset=40 -> i32.load offset=41]; i32.eq',
      'conv2d_* | i32.load offset=44; local.get; [i32.load offset=40 -> i32.load offset=39]; i32.eq',
    ],
  },
  {
    proof:
      'int16 and float32 have zero point 0, of input and output: a word at, or a byte before or after, either of them is made of zeros, of the sign byte of padLeft or of a zero point of uint8, which is at most 1024, or, beyond the 16 bits that are used, of a limit.',
    mutants: [
      'conv2d_f32 conv2d_i16_* | end; if; local.get; [i32.load offset=88 -> i32.load offset=89]; local.set',
      'conv2d_f32 conv2d_i16_* | end; if; local.get; [i32.load offset=88 -> i32.load offset=87]; local.set',
      'conv2d_f32 | end; if; local.get; [i32.load offset=88 -> i32.load offset=104]; local.set',
      'conv2d_i16_* depthwise_i16_* add_i16 | i16x8.narrow_i32x4_s; local.get; [i32.load offset=92 -> i32.load offset=93]; i16x8.splat',
      'conv2d_i16_* depthwise_i16_* add_i16 | i16x8.narrow_i32x4_s; local.get; [i32.load offset=92 -> i32.load offset=91]; i16x8.splat',
      'pad_i16 pad_f32 | local.get; [i32.load offset=88 -> i32.load offset=87]; *',
      'pad_i16 pad_f32 | local.get; [i32.load offset=88 -> i32.load offset=89]; *',
      'pad_i16 pad_f32 | local.get; [i32.load offset=88 -> i32.load offset=104]; *',
      'dequantize_i16 | i32.load16_s; local.get; [i32.load offset=88 -> i32.load offset=87]; i32.sub',
      'dequantize_i16 | i32.load16_s; local.get; [i32.load offset=88 -> i32.load offset=89]; i32.sub',
      'dequantize_i16 | i32.load16_s; local.get; [i32.load offset=88 -> i32.load offset=104]; i32.sub',
      'rescale_i16_i16 | i32.load16_s; local.get; [i32.load offset=88 -> i32.load offset=89]; i32.sub',
      'rescale_i16_* | i32.load16_s; local.get; [i32.load offset=88 -> i32.load offset=87]; i32.sub',
      'add_i16 | local.get; [i32.load offset=88 -> i32.load offset=89]; i32x4.splat',
      'add_i16 | local.get; [i32.load offset=88 -> i32.load offset=87]; i32x4.splat',
      'rescale_u8_i16 rescale_i16_i16 mean_i16 | i32.add; local.get; [i32.load offset=92 -> i32.load offset=91]; local.get; i32.const 0; i32.lt_s',
      'mean_i16 | [i64.load32_s offset=88 -> i64.load32_s offset=89]',
      'mean_i16 | [i64.load32_s offset=88 -> i64.load32_s offset=87]',
      'quantize_i16 | if; local.get; [i32.load offset=92 -> i32.load offset=91]; f64.convert_i32_s',
    ],
  },
  {
    proof:
      'The half of a first rounding is 2^30 or 0, of which 16 bits are used, which are 0 as the zero point of int16 is; other kernels than convolutions have no half and no kind of rescaling, which are 0.',
    mutants: [
      'conv2d_i16_* depthwise_i16_* add_i16 | i16x8.narrow_i32x4_s; local.get; [i32.load offset=92 -> i32.load offset=108]; i16x8.splat',
      'rescale_*_i16 mean_i16 | i32.add; local.get; [i32.load offset=92 -> i32.load offset=108]; local.get; i32.const 0; i32.lt_s',
      'rescale_i16_* | i32.load16_s; local.get; [i32.load offset=88 -> i32.load offset=104]; i32.sub',
      'quantize_i16 | if; local.get; [i32.load offset=92 -> i32.load offset=108]; f64.convert_i32_s',
      'add_i16 | local.get; [i32.load offset=88 -> i32.load offset=104]; i32x4.splat',
      'mean_i16 | [i64.load32_s offset=88 -> i64.load32_s offset=104]',
    ],
  },
  {
    proof:
      "A quantize or mean to int16 has no limits but the type's: the lowest byte of -32768 is 0, as the zero point before it.",
    mutants: [
      'rescale_u8_i16 rescale_i8_i16 mean_i16 | i32.add; local.get; [i32.load offset=92 -> i32.load offset=93]; local.get; i32.const 0; i32.lt_s',
      'quantize_i16 | if; local.get; [i32.load offset=92 -> i32.load offset=93]; f64.convert_i32_s',
    ],
  },
  {
    proof: 'A depthwise step has inStride = outStride (checkShape).',
    mutants: [
      'depthwise_* | [i32.load offset=44 -> i32.load offset=60]',
      'depthwise_* | [i32.load offset=60 -> i32.load offset=44]',
    ],
  },
  {
    proof:
      'filterPixel: `channel` only counts to outStride, a multiple of 8, in steps of 8; from 1 it takes as many.',
    mutants: [
      'depthwise_* | i32.mul; i32.add; local.set; [i32.const 0 -> i32.const 1]; local.set; loop; local.get #2/2',
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
      'roundUp8 and a division by 2: the mask -7 keeps the lowest bit, which the division drops.',
    mutants: [
      'conv2d_i* | i32.const 7; i32.add; [i32.const -8 -> i32.const -7]; i32.and; i32.const 1; i32.shr_u',
    ],
  },
  {
    proof:
      "packWindows: the window before the tile's first is laid out, too, before the first of `patches`, which is the place of the block's last tile, packed after it. No element before the input is read: what lies left of or above an image is filled.",
    mutants: [
      'conv2d_i16_* | i32.const 1; i32.shl; local.set; [i32.const 0 -> i32.const -1]; local.set; loop; local.get',
      'conv2d_f32 | i32.const 2; i32.shl; local.set; [i32.const 0 -> i32.const -1]; local.set; loop; local.get',
      'conv2d_i8 | i32.const -8; i32.and; local.set; [i32.const 0 -> i32.const -1]; local.set; loop; local.get',
    ],
  },
  {
    proof:
      'Wide sums rescale once, so that `requantization` is 2: int32 sums move to int64 ones after 2 k-steps at most, which is exact like any other number that is no greater than `flush`. No greater: 2 products of 4 factors below 2^15 and 2^15 each fit int32 as long as weights are at least -32767; the last flush ends where the weights do.',
    mutants: [
      'conv2d_i16_w8_wide | loop; local.get; local.get; [i32.load offset=120 -> i32.load offset=104]; i32.const 4; i32.shl',
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
      '* | local.get; [i32.const 2147418112 -> i32.const 2147418113]; i32.lt_s',
      '* | local.get; [i32.const 2147418112 -> i32.const 2147418111]; i32.lt_s',
      '* | local.get; i32.const 2147418112; [i32.lt_s -> i32.le_s]; if; local.get; i32.const 32768',
    ],
  },
  {
    proof:
      'requantizeInt64: a multiplier below 0x7fff0000 plus 0x8000 is not negative, nor is what remains of it.',
    mutants: [
      '* | i32.const 32768; i32.add; i32.const 16; [i32.shr_s -> i32.shr_u]; i64.extend_i32_s',
      '* | i32.const 16; i32.shr_s; [i64.extend_i32_s -> i64.extend_i32_u]; else; i64.const 32767',
    ],
  },
  {
    proof: 'Multipliers are not negative (rule A3).',
    mutants: [
      'conv2d_* depthwise_* | local.get; i64.extend_i32_s; local.get; [i64.extend_i32_s -> i64.extend_i32_u]; i64.mul; i64.add',
      'requantizeInt32 | local.get; i64.extend_i32_s; local.get; [i64.extend_i32_s -> i64.extend_i32_u]; i64.mul; local.set',
    ],
  },
  {
    proof:
      'averagePool: for a sum of 0, half of the count is added or subtracted, and the division towards zero makes 0 of both.',
    mutants: [
      'averagePool_* | local.get; i64.sub; local.get; [i64.const 0 -> i64.const 1]; i64.ge_s; select',
      'averagePool_* | i64.sub; local.get; i64.const 0; [i64.ge_s -> i64.gt_s]; select',
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
      'roundingDivideByPowerOfTwo: its arguments in a softmax are never negative (exponentials, their products with the reciprocal; x^4; x^2 and a correction of less than an eighth of it): their sign, by 63 or 62 bits, signed or not, is 0; xor and or with 0, plus and minus 0 change nothing; the branch for negative ones is not taken, and 0 is its own negative.',
    mutants: [
      'softmax_i8 | [i64.extend_i32_s -> i64.extend_i32_u]; local.tee; i64.const 63; i64.shr_s',
      'softmax_i8 | local.tee; i64.extend_i32_s; local.tee; [i64.const 63 -> i64.const 62]; i64.shr_s',
      'softmax_i8 | local.tee; i64.const 63; [i64.shr_s -> i64.shr_u]; local.tee',
      'softmax_i8 | local.tee; local.get; local.get; [i64.add -> i64.sub]; i64.xor',
      'softmax_i8 | i64.add; [i64.xor -> i64.or]; i64.const *',
      'softmax_i8 | i64.add; i64.const 12; [i64.shr_s -> i64.shr_u]; local.tee; i64.sub',
      'softmax_i8 | i64.add; i64.const 2; [i64.shr_s -> i64.shr_u]; local.set',
      'softmax_i8 | i64.add; i64.const 1; [i64.shr_s -> i64.shr_u]; local.*',
      'softmax_i8 | i64.shr_s; i64.add; local.get; [i64.shr_s -> i64.shr_u]; local.tee; i64.sub',
      'softmax_i8 | local.tee; i64.shl; i64.const 1; [i64.shr_s -> i64.shr_u]; i64.add',
      'softmax_i8 | i64.shr_s; local.tee; [i64.sub -> i64.add]; local.get; local.get; i32.const 0',
      'softmax_i8 | i64.const 0; local.get; [i64.sub -> i64.add]; local.get; local.get; i32.const 0',
      'softmax_i8 | local.get; local.get; [i32.const 0 -> i32.const *]; i32.lt_s; select; i32.wrap_i64',
      'softmax_i8 | local.get; local.get; i32.const 0; [i32.lt_s -> i32.le_s]; select; i32.wrap_i64',
      'softmax_i8 | if; local.get; [i64.const 0 -> i64.const *]; local.get; local.get; call',
      'softmax_i8 | local.get; i32.const 23; i32.add; [i64.extend_i32_s -> i64.extend_i32_u]; local.tee; i64.shl',
    ],
  },
  {
    proof:
      'What is extended is not negative: exponentials and their sums, the reciprocal, its denominator and approximations, squares.',
    mutants: [
      'softmax_i8 | [i64.extend_i32_s -> i64.extend_i32_u]; i64.const -1010580540; i64.mul',
      'softmax_i8 | local.get; i32.const 536870912; local.get; [i64.extend_i32_s -> i64.extend_i32_u]',
      'softmax_i8 | i64.extend_i32_s; local.tee; local.get; [i64.extend_i32_s -> i64.extend_i32_u]; i64.mul',
      'softmax_i8 | i64.const 2147483647; local.get; [i64.extend_i32_s -> i64.extend_i32_u]; i64.const 1; i64.shl',
      'softmax_i8 | i64.const 0; local.get; [i64.extend_i32_s -> i64.extend_i32_u]; local.get; local.get; call',
      'softmax_i8 | local.get; call; [i64.extend_i32_s -> i64.extend_i32_u]; i64.mul',
      'softmax_i8 | i32.sub; local.set; local.get; [i64.extend_i32_s -> i64.extend_i32_u]; local.get; i64.extend_i32_s; i64.shl',
      'softmax_i8 | i64.extend_i32_s; local.get; [i64.extend_i32_s -> i64.extend_i32_u]; i64.shl; i64.const 2147483648',
      'softmax_i8 | i32.wrap_i64; local.tee; [i64.extend_i32_s -> i64.extend_i32_u]; local.tee; local.get; i64.mul',
      'softmax_i16 | i32.const -32768; local.get; [i64.extend_i32_s -> i64.extend_i32_u]; local.get; i32.clz',
      'softmax_i16 | i64.load32_s; local.get; [i64.extend_i32_s -> i64.extend_i32_u]; i64.mul',
      'softmax_i16 | [i32.load16_s -> i32.load16_u]; local.tee; local.get; i32.load16_s offset=*',
      'softmax_i16 | i32.load16_s; local.tee; local.get; [i32.load16_s offset=* -> i32.load16_u]; local.get; i32.sub',
      'softmax_i16 | i32.const -64; i32.sub; i32.const 7; [i32.shr_s -> i32.shr_u]; i32.add; local.tee; i32.store',
      'softmax_i16 | i64.extend_i32_s; [i64.shr_s -> i64.shr_u]; local.tee; i64.const 0',
    ],
  },
  {
    proof:
      'The largest of a row begins at or below the lowest code, so that the first code takes its place.',
    mutants: [
      'softmax_i8 | i32.add; local.set; [i32.const -128 -> i32.const -129]; local.set; i32.const 0; local.set',
      'softmax_i16 | i32.add; local.set; [i32.const -32768 -> i32.const -32769]; local.set; i32.const 0; local.set',
    ],
  },
  {
    proof:
      "exponential: the argument is beta times a difference to the row's largest, never above 0; e^-744 and below are 0 as float32, with any factor that a sum of at least 1 leaves them.",
    mutants: [
      'softmax_f32 | local.get; [f64.const 709.782712893384 -> f64.const *]; f64.gt',
      'softmax_f32 | local.get; f64.const 709.782712893384; [f64.gt -> f64.ge]',
      'softmax_f32 | local.get; [f64.const -745.1332191019411 -> f64.const *]; f64.lt',
      'softmax_f32 | local.get; f64.const -745.1332191019411; [f64.lt -> f64.le]',
    ],
  },
  {
    proof:
      "exponential: with k off by less than two from x / ln 2, |r| is at most 2 ln 2 and the series, to r^14/14!, exact to r^15/15! < 2^-33, 2^-31 of the result, far within a float32 softmax's bound of 9 * 2^-24 (tolerances.ts).",
    mutants: [
      'softmax_f32 | f64.div; local.tee; [f64.ceil -> f64.*]; local.tee; local.get; f64.const -1',
      'softmax_f32 | f64.ceil; local.tee; local.get; [f64.const -1 -> f64.const -2]; f64.add',
      'softmax_f32 | local.tee; local.get; f64.const -1; [f64.add -> f64.sub]; local.get; f64.const -0.5',
      'softmax_f32 | f64.ceil; local.tee; local.get; [f64.const -1 -> f64.const 0]; f64.add',
      'softmax_f32 | local.get; [f64.const -0.5 -> f64.const 0.5]; f64.add; local.get; f64.le',
      'softmax_f32 | local.get; [f64.const -0.5 -> f64.const -1.5]; f64.add; local.get; f64.le',
      'softmax_f32 | local.get; f64.const -0.5; [f64.add -> f64.sub]; local.get; f64.le',
      'softmax_f32 | f64.const -0.5; f64.add; local.get; [f64.le -> f64.lt]; select',
      'softmax_f32 | f64.add; local.get; f64.le; [select -> i32.eqz select]; local.tee; f64.const 0.6931471803691238',
    ],
  },
  {
    proof:
      'exponential: all exponentials of a row get the same factor 2 or 1/2, by which numerator and sum are divided alike; those that this takes below the normal range of float64 are 0 as float32.',
    mutants: [
      'softmax_f32 | i32.div_s; local.tee; [i32.const 1023 -> i32.const *]; i32.add; i64.extend_i32_s; i64.const 52',
      'softmax_f32 | i32.sub; [i32.const 1023 -> i32.const *]; i32.add; i64.extend_i32_s; i64.const 52',
    ],
  },
  {
    proof: 'powerOfTwo: 1023 plus an exponent in [-1022, 1023] is not negative.',
    mutants: [
      'softmax_f32 | i32.const 1023; i32.add; [i64.extend_i32_s -> i64.extend_i32_u]; i64.const 52; i64.shl',
    ],
  },
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
      "exponential: the lower part of ln 2, times k, is below 2.8e-10 |d|; twice that is far within the |d| 2^-24 of a float32 softmax's bound (tolerances.ts).",
    mutants: [
      'softmax_f32 | f64.const 1.9082149292705877e-10; f64.mul; local.tee; [f64.sub -> f64.add]',
      'softmax_f32 | f64.add; f64.mul; local.get; [f64.sub -> f64.add]; f64.add; f64.const 1',
    ],
  },
  {
    proof:
      'exponential: |r| is at most ln 2 / 2, so that r^n/n! with the other sign, n at least 7, is off by at most 2.4e-7, in numerator and sum 4.8e-7; r^14, of one sign in both, by at most 3.7e-7. A row of two has a relative bound of 10 * 2^-24 = 5.9e-7 (tolerances.ts), a row of one is 1 whatever its exponential.',
    mutants: [
      'softmax_f32 | local.get; [f64.const 1.1470745597729725e-11 -> f64.const *]; f64.mul',
      'softmax_f32 | local.get; f64.const 1.1470745597729725e-11; [f64.mul -> f64.add]',
      'softmax_f32 | f64.mul; f64.const 1.6059043836821613e-10; [f64.add -> f64.sub]',
      'softmax_f32 | f64.mul; f64.const 2.08767569878681e-9; [f64.add -> f64.sub]',
      'softmax_f32 | f64.mul; f64.const 2.505210838544172e-8; [f64.add -> f64.sub]',
      'softmax_f32 | f64.mul; f64.const 2.755731922398589e-7; [f64.add -> f64.sub]',
      'softmax_f32 | f64.mul; f64.const 0.0000027557319223985893; [f64.add -> f64.sub]',
      'softmax_f32 | f64.mul; f64.const 0.0000248015873015873; [f64.add -> f64.sub]',
      'softmax_f32 | f64.mul; f64.const 0.0001984126984126984; [f64.add -> f64.sub]',
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
    mutants: [
      'resizeRow | local.get; i32.load offset=16; local.tee; [i32.gt_s -> i32.ge_s]; local.tee; if',
    ],
  },
];
