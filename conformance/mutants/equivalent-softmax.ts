/** Of softmax: mutants proven to compute the same, or within the bound of float32. */

import type { Equivalence } from './equivalence.ts';

export const equivalentSoftmax: readonly Equivalence[] = [
  {
    proof:
      'roundingDivideByPowerOfTwo: its arguments in a softmax are never negative (exponentials, their products with the reciprocal; x^4; x^2 and a correction of less than an eighth of it): their sign, by 63 or 62 bits, signed or not, is 0; xor and or with 0, plus and minus 0 change nothing; the branch for negative ones is not taken, and 0 is its own negative.',
    mutants: [
      'softmax_i8 | i64.extend_i32_s; local.tee; [i64.const 63 -> i64.const 62]; i64.shr_s',
      'softmax_i8 | i64.xor; i64.const 1; local.get; [i64.extend_i32_s -> i64.extend_i32_u]; i64.shl',
      'softmax_i8 | i64.shl; i64.const 1; [i64.shr_s -> i64.shr_u]; i64.add',
      'softmax_i8 | i64.add; local.get; [i64.extend_i32_s -> i64.extend_i32_u]; i64.shr_s; local.tee; i64.sub',
      'softmax_i8 | i64.extend_i32_s; [i64.shr_s -> i64.shr_u]; local.tee; i64.sub',
      'softmax_i8 | [i64.const 0 -> i64.const *]; local.get; i64.extend_i32_s; local.tee; i64.const 63',
      'softmax_i8 | [i64.extend_i32_s -> i64.extend_i32_u]; local.tee; i64.const 63; i64.shr_s',
      'softmax_i8 | local.tee; i64.const 63; [i64.shr_s -> i64.shr_u]; local.tee',
      'softmax_i8 | local.tee; local.get; local.get; [i64.add -> i64.sub]; i64.xor',
      'softmax_i8 | i64.add; [i64.xor -> i64.or]; i64.const *',
      'softmax_i8 | i64.shr_s; local.tee; [i64.sub -> i64.add]; local.get; local.get; i32.const 0',
      'softmax_i8 | local.get; local.get; [i32.const 0 -> i32.const *]; i32.lt_s; select; i32.wrap_i64',
      'softmax_i8 | local.get; local.get; i32.const 0; [i32.lt_s -> i32.le_s]; select; i32.wrap_i64',
    ],
  },
  {
    proof:
      'What is extended is not negative: exponentials and their sums, the reciprocal, its denominator and approximations, squares.',
    mutants: [
      'softmax_i16 | i32.add; local.get; [i64.extend_i32_s -> i64.extend_i32_u]; local.get; i32.clz',
      'softmax_i8 | i64.const 2147483647; local.get; [i64.extend_i32_s -> i64.extend_i32_u]; i64.const 1; i64.shl',
      'softmax_i8 | i32.sub; local.set; local.get; [i64.extend_i32_s -> i64.extend_i32_u]; local.get; i64.extend_i32_s; i64.shl',
      'softmax_i8 | i64.extend_i32_s; local.get; [i64.extend_i32_s -> i64.extend_i32_u]; i64.shl; i64.const 2147483648',
      'softmax_i16 | i64.load32_s; local.get; [i64.extend_i32_s -> i64.extend_i32_u]; i64.mul',
      'softmax_i16 | [i32.load16_s -> i32.load16_u]; local.tee; local.get; i32.load16_s offset=*',
      'softmax_i16 | i32.load16_s; local.tee; local.get; [i32.load16_s offset=* -> i32.load16_u]; local.get; i32.sub',
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
      'softmax_f32 | f64.div; local.tee; [f64.ceil -> f64.*]; local.get; f64.ceil',
      'softmax_f32 | f64.ceil; local.get; [f64.ceil -> f64.*]; f64.const -0.5',
      'softmax_f32 | f64.ceil; [f64.const -0.5 -> f64.const *]; f64.add',
      'softmax_f32 | f64.const -0.5; [f64.add -> f64.sub]; local.get; f64.gt',
      'softmax_f32 | f64.const -0.5; f64.add; local.get; [f64.gt -> f64.ge]',
      'softmax_f32 | f64.gt; [f64.convert_i32_u -> f64.convert_i32_s]; f64.sub',
      'softmax_f32 | f64.convert_i32_u; [f64.sub -> f64.add]; local.tee',
    ],
  },
  {
    proof:
      'exponential: all exponentials of a row get the same factor 2 or 1/2, by which numerator and sum are divided alike; those that this takes below the normal range of float64 are 0 as float32.',
    mutants: [
      'softmax_f32 | local.get; [i32.const 1023 -> i32.const *]; i32.add; i64.extend_i32_s; i64.const 52',
    ],
  },
  {
    proof: 'powerOfTwo: 1023 plus an exponent in [-1022, 1023] is not negative.',
    mutants: [
      'softmax_f32 | i32.const 1023; i32.add; [i64.extend_i32_s -> i64.extend_i32_u]; i64.const 52; i64.shl',
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
      'powerOfTwo: half - 1023 for half + 1023, in the 12 bits of sign and exponent, is -4 times 2^half, for every half down to -537: numerator and sum get that factor alike.',
    mutants: [
      'softmax_f32 | local.get; i32.const 1023; [i32.add -> i32.sub]; i64.extend_i32_s; i64.const 52',
    ],
  },
  {
    proof: 'expOnNegativeValues: the remainder is a multiple of 2^24, so that its lowest bit is 0.',
    mutants: [
      'softmax_i8 | local.get; [i32.const 16777216 -> i32.const 16777217]; i32.and; if',
      'softmax_i8 | local.get; [i32.const 33554432 -> i32.const 33554433]; i32.and; if',
      'softmax_i8 | local.get; [i32.const 67108864 -> i32.const 67108865]; i32.and; if',
      'softmax_i8 | local.get; [i32.const 134217728 -> i32.const 134217729]; i32.and; if',
      'softmax_i8 | local.get; [i32.const 268435456 -> i32.const 268435457]; i32.and; if',
      'softmax_i8 | local.get; [i32.const 536870912 -> i32.const 536870913]; i32.and; if',
      'softmax_i8 | local.get; [i32.const 1073741824 -> i32.const 1073741825]; i32.and; if',
    ],
  },
  {
    proof: 'A code below the lowest is stored as the lowest.',
    mutants: [
      'softmax_i8 | else; [i32.const -128 -> i32.const -129]; end; local.tee; local.get; i32.const -128; i32.le_s; select',
    ],
  },
];
