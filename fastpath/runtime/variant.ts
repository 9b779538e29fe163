/** The variants of the kernels' module. */

/**
 * `simd` needs WebAssembly's 128-bit SIMD alone; `relaxed` has the same kernels and needs relaxed SIMD too, of which it
 * takes the fused multiply-add. Integers are the same in both, bit for bit; float32 is within the same bounds.
 */
export type Variant = 'simd' | 'relaxed';

export const variants: readonly Variant[] = ['simd', 'relaxed'];
