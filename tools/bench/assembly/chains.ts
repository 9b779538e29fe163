/**
 * What a core does at most at 128 bits: chains of operations, each of which takes the result of the one before, so many
 * side by side that only throughput limits them.
 *
 * Latencies are 3 to 4 cycles and two operations of a kind begin a cycle: twelve chains of one operation, or nine sums of
 * products that do not wait, keep x64 cores busy. V8 has registers for 15 vectors and spills what is beyond. It unrolls
 * the loops itself.
 *
 * Each function returns a word that depends on all chains, so that none can be left out. The chains begin with
 * different values and the operands come from the host: nothing can be computed beforehand or moved out of the loop.
 */

/** `iterations` times 64 additions, each of which waits for the one before: one cycle each. */
export function integerAddChain(iterations: i32, seed: i32): i32 {
  let a = seed;
  let b = seed ^ 7;
  for (let i = 0; i < iterations; i++) {
    a += b; b += a; a += b; b += a; a += b; b += a; a += b; b += a;
    a += b; b += a; a += b; b += a; a += b; b += a; a += b; b += a;
    a += b; b += a; a += b; b += a; a += b; b += a; a += b; b += a;
    a += b; b += a; a += b; b += a; a += b; b += a; a += b; b += a;
    a += b; b += a; a += b; b += a; a += b; b += a; a += b; b += a;
    a += b; b += a; a += b; b += a; a += b; b += a; a += b; b += a;
    a += b; b += a; a += b; b += a; a += b; b += a; a += b; b += a;
    a += b; b += a; a += b; b += a; a += b; b += a; a += b; b += a;
  }
  return a;
}

/**
 * `iterations` times nine products of four float32 and as many additions to nine sums: three vectors of the 4 KiB at
 * `source`, which the first-level cache holds, by three factors, as a convolution does it. (Chains of x * f + t reach
 * 15.3 operations a cycle where this reaches 16: they are too few for both latencies, and more would spill.)
 */
export function float32MulAdd(iterations: i32, source: usize, factor: f32): i32 {
  const f = f32x4.splat(factor);
  const g = f32x4.splat(factor + 1);
  const h = f32x4.splat(factor + 2);
  let a = f32x4.splat(1), b = f32x4.splat(2), c = f32x4.splat(3);
  let d = f32x4.splat(4), e = f32x4.splat(5), j = f32x4.splat(6);
  let k = f32x4.splat(7), l = f32x4.splat(8), m = f32x4.splat(9);
  for (let i = 0; i < iterations; i++) {
    const at = source + ((<usize>i & 63) << 6);
    const x = v128.load(at);
    a = f32x4.add(a, f32x4.mul(x, f));
    b = f32x4.add(b, f32x4.mul(x, g));
    c = f32x4.add(c, f32x4.mul(x, h));
    const y = v128.load(at, 16);
    d = f32x4.add(d, f32x4.mul(y, f));
    e = f32x4.add(e, f32x4.mul(y, g));
    j = f32x4.add(j, f32x4.mul(y, h));
    const z = v128.load(at, 32);
    k = f32x4.add(k, f32x4.mul(z, f));
    l = f32x4.add(l, f32x4.mul(z, g));
    m = f32x4.add(m, f32x4.mul(z, h));
  }
  return word(a, b, c, d, e, j, k, l, m);
}

/** The same of int16: `i32x4.dot_i16x8_s` adds eight products in pairs, an addition takes them to four int32. */
export function int16MulAdd(iterations: i32, source: usize, factor: i32): i32 {
  const f = i16x8.splat(<i16>factor);
  const g = i16x8.splat(<i16>(factor + 1));
  const h = i16x8.splat(<i16>(factor + 2));
  let a = i32x4.splat(1), b = i32x4.splat(2), c = i32x4.splat(3);
  let d = i32x4.splat(4), e = i32x4.splat(5), j = i32x4.splat(6);
  let k = i32x4.splat(7), l = i32x4.splat(8), m = i32x4.splat(9);
  for (let i = 0; i < iterations; i++) {
    const at = source + ((<usize>i & 63) << 6);
    const x = v128.load(at);
    a = i32x4.add(a, i32x4.dot_i16x8_s(x, f));
    b = i32x4.add(b, i32x4.dot_i16x8_s(x, g));
    c = i32x4.add(c, i32x4.dot_i16x8_s(x, h));
    const y = v128.load(at, 16);
    d = i32x4.add(d, i32x4.dot_i16x8_s(y, f));
    e = i32x4.add(e, i32x4.dot_i16x8_s(y, g));
    j = i32x4.add(j, i32x4.dot_i16x8_s(y, h));
    const z = v128.load(at, 32);
    k = i32x4.add(k, i32x4.dot_i16x8_s(z, f));
    l = i32x4.add(l, i32x4.dot_i16x8_s(z, g));
    m = i32x4.add(m, i32x4.dot_i16x8_s(z, h));
  }
  return word(a, b, c, d, e, j, k, l, m);
}

/**
 * `iterations` times six products of eight int16, added in pairs, and six additions of four int32. Products and
 * additions are chains of their own, so that no addition takes the place of the product that it waits for: what the
 * instructions could do, where `int16MulAdd` is what sums of products do.
 */
export function int16DotAndAdd(iterations: i32, factor: i32, term: i32): i32 {
  const f = i16x8.splat(<i16>factor);
  const t = i32x4.splat(term);
  let a = i32x4.splat(1), b = i32x4.splat(2), c = i32x4.splat(3), d = i32x4.splat(4);
  let e = i32x4.splat(5), g = i32x4.splat(6), h = i32x4.splat(7), j = i32x4.splat(8);
  let k = i32x4.splat(9), l = i32x4.splat(10), m = i32x4.splat(11), n = i32x4.splat(12);
  for (let i = 0; i < iterations; i++) {
    a = i32x4.dot_i16x8_s(a, f);
    b = i32x4.add(b, t);
    c = i32x4.dot_i16x8_s(c, f);
    d = i32x4.add(d, t);
    e = i32x4.dot_i16x8_s(e, f);
    g = i32x4.add(g, t);
    h = i32x4.dot_i16x8_s(h, f);
    j = i32x4.add(j, t);
    k = i32x4.dot_i16x8_s(k, f);
    l = i32x4.add(l, t);
    m = i32x4.dot_i16x8_s(m, f);
    n = i32x4.add(n, t);
  }
  return word(a, b, c, d, e, g, h, j, v128.xor(v128.xor(k, l), v128.xor(m, n)));
}

/** Copies `bytes`, a multiple of 64, `times` times, by vectors. */
export function copy(target: usize, source: usize, bytes: usize, times: i32): void {
  for (let time = 0; time < times; time++) {
    for (let at: usize = 0; at < bytes; at += 64) {
      const a = v128.load(source + at);
      const b = v128.load(source + at, 16);
      const c = v128.load(source + at, 32);
      const d = v128.load(source + at, 48);
      v128.store(target + at, a);
      v128.store(target + at, b, 16);
      v128.store(target + at, c, 32);
      v128.store(target + at, d, 48);
    }
  }
}

/** Folds nine vectors into a word. */
@inline
export function word(
  a: v128, b: v128, c: v128, d: v128, e: v128, f: v128, g: v128, h: v128, j: v128,
): i32 {
  const left = v128.xor(v128.xor(a, b), v128.xor(c, d));
  const right = v128.xor(v128.xor(e, f), v128.xor(g, h));
  return i32x4.extract_lane(v128.xor(v128.xor(left, right), j), 0);
}
