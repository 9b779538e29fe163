/** Products and sums of float32 numbers, as kernels compute them: with two roundings, or with one (fused multiply-add). */

export type MultiplyAdd = (x: number, factor: number, addend: number) => number;

export const separate: MultiplyAdd = (x, factor, addend) =>
  Math.fround(Math.fround(x * factor) + addend);

/** Of float32 numbers from 2^-180 on, or 0; x an integer. */
export const fused: MultiplyAdd = (x, factor, addend) => {
  const product = x * factor;
  const sum = product + addend;
  // What the rounding of the sum to float64 lost; products of float32 lose nothing.
  const part = sum - product;
  const lost = product - (sum - part) + (addend - part);
  return lost === 0 ? Math.fround(sum) : fusedExactly(x, factor, addend);
};

const UNIT = 2 ** 204;

function fusedExactly(x: number, factor: number, addend: number): number {
  const exact = BigInt(x) * BigInt(factor * UNIT) + BigInt(addend * UNIT);
  const magnitude = exact < 0n ? -exact : exact;
  const drop = BigInt(Math.max(magnitude.toString(2).length - 24, 0));
  const rest = magnitude - ((magnitude >> drop) << drop);
  const half = drop === 0n ? 1n : 1n << (drop - 1n);
  const even = ((magnitude >> drop) & 1n) === 0n;
  const up = rest > half || (rest === half && !even) ? 1n : 0n;
  const rounded = Number(((magnitude >> drop) + up) << drop) / UNIT;
  return exact < 0n ? -rounded : rounded;
}

/** Both, of which an engine has one. */
export const ways: readonly MultiplyAdd[] = [separate, fused];
