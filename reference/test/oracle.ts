/**
 * The fixed-point arithmetic once more, in BigInt and step by step as TensorFlow Lite writes it, to hold the
 * reference's float64 forms to.
 */

const INT32_MAX = 2n ** 31n - 1n;
const INT32_MIN = -(2n ** 31n);

/** gemmlowp SaturatingRoundingDoublingHighMul: truncating division after a signed nudge. */
export function saturatingRoundingDoublingHighMul(a: bigint, b: bigint): bigint {
  if (a === INT32_MIN && b === INT32_MIN) return INT32_MAX;
  const product = a * b;
  const nudge = product >= 0n ? 2n ** 30n : 1n - 2n ** 30n;
  return (product + nudge) / 2n ** 31n;
}

/** gemmlowp RoundingDivideByPOT: mask, remainder, threshold. */
export function roundingDivideByPot(x: bigint, exponent: number): bigint {
  const mask = (1n << BigInt(exponent)) - 1n;
  const remainder = x & mask;
  const threshold = (mask >> 1n) + (x < 0n ? 1n : 0n);
  return (x >> BigInt(exponent)) + (remainder > threshold ? 1n : 0n);
}

/** MultiplyByQuantizedMultiplier for int32. */
export function multiplyInt32(x: number, multiplier: number, shift: number): number {
  const left = BigInt(Math.max(shift, 0));
  const right = Math.max(-shift, 0);
  const high = saturatingRoundingDoublingHighMul(BigInt(x) << left, BigInt(multiplier));
  return Number(roundingDivideByPot(high, right));
}

/** MultiplyByQuantizedMultiplier for int64. */
export function multiplyInt64(x: bigint, multiplier: number, shift: number): number {
  const reduced = multiplier < 0x7fff0000 ? (BigInt(multiplier) + (1n << 15n)) >> 16n : 0x7fffn;
  const total = BigInt(15 - shift);
  return Number((x * reduced + (1n << (total - 1n))) >> total);
}

/** A convolution of one image over a padded copy, in BigInt: `sums[oy][ox][oc]` flattened, bias included. */
export function convolve(given: {
  readonly x: readonly number[];
  readonly shape: readonly [number, number, number];
  readonly zeroPoint: number;
  readonly padding: readonly [number, number, number, number];
  readonly stride: readonly [number, number];
  readonly dilation: readonly [number, number];
  readonly kernel: readonly [number, number];
  readonly outChannels: number;
  /** Weight between an output channel, a tap and an input channel. */
  readonly weight: (oc: number, ky: number, kx: number, ic: number) => number;
  readonly bias: readonly number[];
}): readonly bigint[] {
  const [height, width, channels] = given.shape;
  const [top, bottom, left, right] = given.padding;
  const paddedHeight = top + height + bottom;
  const paddedWidth = left + width + right;
  const padded = Array.from({ length: paddedHeight * paddedWidth * channels }, () => 0);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      for (let c = 0; c < channels; c++) {
        const value = (given.x[(y * width + x) * channels + c] ?? NaN) - given.zeroPoint;
        padded[((y + top) * paddedWidth + x + left) * channels + c] = value;
      }
    }
  }
  const reachY = (given.kernel[0] - 1) * given.dilation[0] + 1;
  const reachX = (given.kernel[1] - 1) * given.dilation[1] + 1;
  const sums: bigint[] = [];
  for (let y = 0; y + reachY <= paddedHeight; y += given.stride[0]) {
    for (let x = 0; x + reachX <= paddedWidth; x += given.stride[1]) {
      for (let oc = 0; oc < given.outChannels; oc++) {
        let sum = BigInt(given.bias[oc] ?? 0);
        for (let ky = 0; ky < given.kernel[0]; ky++) {
          for (let kx = 0; kx < given.kernel[1]; kx++) {
            for (let ic = 0; ic < channels; ic++) {
              const at =
                ((y + ky * given.dilation[0]) * paddedWidth + x + kx * given.dilation[1]) *
                  channels +
                ic;
              sum += BigInt(given.weight(oc, ky, kx, ic)) * BigInt(padded[at] ?? 0);
            }
          }
        }
        sums.push(sum);
      }
    }
  }
  return sums;
}
