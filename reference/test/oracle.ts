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

/** exp(-2^k) in Q0.31 for k = -2 ... 4. */
const EXP_OF_POWERS = [1672461947n, 1302514674n, 790015084n, 290630308n, 39332535n, 720401n, 242n];

/** gemmlowp exp_on_negative_values of a Q5.26 number, in Q0.31. */
function expOnNegativeValues(a: bigint): bigint {
  const quarter = 1n << 24n;
  const belowQuarter = (a & (quarter - 1n)) - quarter;
  const x = (belowQuarter << 5n) + (1n << 28n);
  const multiply = saturatingRoundingDoublingHighMul;
  const x2 = multiply(x, x);
  const cubic = roundingDivideByPot(multiply(x2, x2), 2) + multiply(x2, x);
  const series = x + roundingDivideByPot(multiply(cubic, 715827883n) + x2, 1);
  let result = 1895147668n + multiply(1895147668n, series);
  EXP_OF_POWERS.forEach((value, k) => {
    const bit = 1n << BigInt(24 + k);
    if (((belowQuarter - a) & bit) !== 0n) result = multiply(result, value);
  });
  return a === 0n ? INT32_MAX : result;
}

/** Softmax of int8 codes to codes of 8 or 16 bits, by TensorFlow Lite's reference/softmax.h. */
export function softmaxInt8(
  row: readonly number[],
  multiplier: number,
  leftShift: number,
  bits: 8 | 16,
): readonly number[] {
  const diffMin = -Math.floor((31 * 2 ** 26) / 2 ** leftShift);
  const multiply = saturatingRoundingDoublingHighMul;
  const exponentials = row.map((x) => {
    const difference = x - Math.max(...row);
    if (difference < diffMin) return undefined;
    return expOnNegativeValues(
      multiply(BigInt(difference) << BigInt(leftShift), BigInt(multiplier)),
    );
  });
  const sum = exponentials.reduce<bigint>(
    (total, e) => total + roundingDivideByPot(e ?? 0n, 12),
    0n,
  );
  const headroom = Math.clz32(Number(sum));
  const half = (sum << BigInt(headroom)) / 2n;
  let reciprocal = 1515870810n + multiply(half, -1010580540n);
  for (let step = 0; step < 3; step++) {
    reciprocal += multiply(reciprocal, 2n ** 29n - multiply(half, reciprocal)) << 2n;
  }
  const scale = reciprocal * 2n > INT32_MAX ? INT32_MAX : reciprocal * 2n;
  const min = -(2 ** (bits - 1));
  return exponentials.map((e) => {
    const quotient = roundingDivideByPot(multiply(scale, e ?? 0n), 12 - headroom + 31 - bits);
    return Math.min(min + Number(quotient), -1 - min);
  });
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
