/** The micro-benchmark of what relaxed SIMD adds. The chains are those of chains.ts. */

import { word } from './chains';

/** `iterations` times 12 fused multiplications and additions of four float32. */
export function float32Fused(iterations: i32, factor: f32, term: f32): i32 {
  const f = f32x4.splat(factor);
  const t = f32x4.splat(term);
  let a = f32x4.splat(1), b = f32x4.splat(2), c = f32x4.splat(3), d = f32x4.splat(4);
  let e = f32x4.splat(5), g = f32x4.splat(6), h = f32x4.splat(7), j = f32x4.splat(8);
  let k = f32x4.splat(9), l = f32x4.splat(10), m = f32x4.splat(11), n = f32x4.splat(12);
  for (let i = 0; i < iterations; i++) {
    a = f32x4.relaxed_madd(a, f, t);
    b = f32x4.relaxed_madd(b, f, t);
    c = f32x4.relaxed_madd(c, f, t);
    d = f32x4.relaxed_madd(d, f, t);
    e = f32x4.relaxed_madd(e, f, t);
    g = f32x4.relaxed_madd(g, f, t);
    h = f32x4.relaxed_madd(h, f, t);
    j = f32x4.relaxed_madd(j, f, t);
    k = f32x4.relaxed_madd(k, f, t);
    l = f32x4.relaxed_madd(l, f, t);
    m = f32x4.relaxed_madd(m, f, t);
    n = f32x4.relaxed_madd(n, f, t);
  }
  return word(a, b, c, d, e, g, h, j, v128.xor(v128.xor(k, l), v128.xor(m, n)));
}

/**
 * `iterations` times 12 products of sixteen int8 by as many 7-bit numbers, added in fours to four int32: one
 * instruction where the processor has AVX-VNNI (x64) or the dot product extension (ARM), else several.
 */
export function int8DotAdd(iterations: i32, factor: i32, term: i32): i32 {
  const f = i8x16.splat(<i8>factor);
  const t = i8x16.splat(<i8>(term & 127));
  let a = i32x4.splat(1), b = i32x4.splat(2), c = i32x4.splat(3), d = i32x4.splat(4);
  let e = i32x4.splat(5), g = i32x4.splat(6), h = i32x4.splat(7), j = i32x4.splat(8);
  let k = i32x4.splat(9), l = i32x4.splat(10), m = i32x4.splat(11), n = i32x4.splat(12);
  for (let i = 0; i < iterations; i++) {
    a = i32x4.relaxed_dot_i8x16_i7x16_add_s(f, t, a);
    b = i32x4.relaxed_dot_i8x16_i7x16_add_s(f, t, b);
    c = i32x4.relaxed_dot_i8x16_i7x16_add_s(f, t, c);
    d = i32x4.relaxed_dot_i8x16_i7x16_add_s(f, t, d);
    e = i32x4.relaxed_dot_i8x16_i7x16_add_s(f, t, e);
    g = i32x4.relaxed_dot_i8x16_i7x16_add_s(f, t, g);
    h = i32x4.relaxed_dot_i8x16_i7x16_add_s(f, t, h);
    j = i32x4.relaxed_dot_i8x16_i7x16_add_s(f, t, j);
    k = i32x4.relaxed_dot_i8x16_i7x16_add_s(f, t, k);
    l = i32x4.relaxed_dot_i8x16_i7x16_add_s(f, t, l);
    m = i32x4.relaxed_dot_i8x16_i7x16_add_s(f, t, m);
    n = i32x4.relaxed_dot_i8x16_i7x16_add_s(f, t, n);
  }
  return word(a, b, c, d, e, g, h, j, v128.xor(v128.xor(k, l), v128.xor(m, n)));
}
