/**
 * Rescaling in float32 that gives the very codes of the 64-bit arithmetic: rule A4 of reference/SEMANTICS.md.
 *
 * An int8 output is a step function of its accumulator: it rises at one accumulator for each of at most 255 codes. So is
 * `trunc(float32(accumulator) * scale + offset)`, since conversion, product, sum and truncation never fall. Where both
 * rise at the same accumulators they are equal everywhere. `floatFactor` looks for a scale and an offset of which that
 * holds, next to the real ones, and proves it at both sides of every rise: with the product rounded before the sum
 * and without (fused multiply-add), so that every engine computes the same.
 */

/**
 * What is tried beside the real scale and offset, in this order: units in the last place of the scale, and offsets up to
 * 2^-15.7 away. In the embedded models it brings 97 % of int8 outputs into this form (92 % with three of each).
 */
export const SCALE_STEPS: readonly number[] = [0, 1, -1, 2, -2];
export const OFFSET_STEPS: readonly number[] = [
  0,
  ...Array.from({ length: 10 }, (_, i) => [-(i + 1) * 32, (i + 1) * 32]).flat(),
];
/** Accumulators tried as the one that counts as zero, where no sign has to be kept: products then round differently. */
export const CENTRES = 32;
/** Below 2^-12 the rises of one code lie closer than float32 can tell apart at the next, and hardly a channel passes. */
const LEAST_SHIFT = -11;

/** Of float64 arithmetic below, relative; the exact value is on either side. */
const UNCERTAINTY = 2 ** -50;

/** Of a float32 that kernels turn into an integer. */
export const MAX_FLOAT_RESULT = 2 ** 21;

export interface FloatFactor {
  /** Taken from the accumulator first; 0 where codes below zero count. */
  readonly centre: number;
  readonly scale: number;
  /** Takes the accumulator's sign where codes below zero count. */
  readonly offset: number;
}

/** The outputs, before the zero point is added, between which a channel's codes lie. */
export interface CodeRange {
  readonly low: number;
  readonly high: number;
}

/**
 * Centre, scale and offset of a channel, or undefined where none of those tried is exact. With `low` below zero, the
 * offset takes the accumulator's sign.
 */
export function floatFactor(
  multiplier: number,
  shift: number,
  range: CodeRange,
): FloatFactor | undefined {
  if (multiplier === 0) return { centre: 0, scale: 0, offset: 0 };
  if (shift < LEAST_SHIFT || shift > -2) return undefined;
  const rises = risesOf(multiplier, shift, range);
  const centres = range.low < 0 ? 1 : CENTRES;
  for (let centre = 0; centre < centres; centre++) {
    for (const offsetSteps of OFFSET_STEPS) {
      for (const scaleSteps of SCALE_STEPS) {
        const found = floatCandidate(multiplier, shift, { centre, offsetSteps, scaleSteps });
        if (risesAt(found, rises, range)) return found;
      }
    }
  }
  return undefined;
}

/** How far a candidate is from the real scale and offset. */
export interface FloatNudge {
  readonly centre: number;
  /** One of `OFFSET_STEPS` and of `SCALE_STEPS`. */
  readonly offsetSteps: number;
  readonly scaleSteps: number;
}

/** A candidate for a channel. multiplier above 0; shift in [-11, -2]. */
export function floatCandidate(
  multiplier: number,
  shift: number,
  { centre, offsetSteps, scaleSteps }: FloatNudge,
): FloatFactor {
  const factor = multiplier * 2 ** (shift - 31);
  const unit = 2 ** (Math.floor(Math.log2(factor)) - 23);
  return {
    centre,
    // A unit above a scale that was rounded up to a power of two is no float32.
    scale: Math.fround(Math.fround(factor) + scaleSteps * unit),
    offset: Math.fround(centre * factor + 0.5 + 2 ** (shift - 1) + offsetSteps * 2 ** -24),
  };
}

/** The least accumulator of each code above `low`, where the output first reaches it. multiplier above 0; shift in [-11, -2]. */
export function risesOf(multiplier: number, shift: number, { low, high }: CodeRange): Float64Array {
  const rises = new Float64Array(Math.max(high - low, 0));
  // In units of 2^30: the result is (x * m + 2^(t - 1) ± 2^30) >> t, with the sum's sign, where t = 31 - shift.
  const step = 2 ** (1 - shift);
  for (let i = 0; i < rises.length; i++) {
    const code = low + 1 + i;
    const reach = code * step - step / 2 + (code > 0 ? -1 : 1);
    rises[i] = ceilingQuotient(reach * 2 ** 30, multiplier);
  }
  return rises;
}

/** ceil(a / b), where a is a float64 integer of magnitude below 2^50 and b one in [1, 2^31). */
function ceilingQuotient(a: number, b: number): number {
  const quotient = a / b;
  const nearest = Math.round(quotient);
  if (Math.abs(quotient - nearest) > Math.abs(quotient) * UNCERTAINTY) return Math.ceil(quotient);
  // The quotient is an integer, or too near to one for float64.
  return BigInt(nearest) * BigInt(b) < BigInt(a) ? nearest + 1 : nearest;
}

/** Whether float32 rises there, and not before; from the highest code down, whose products round most coarsely. */
export function risesAt(factor: FloatFactor, rises: Float64Array, { low }: CodeRange): boolean {
  for (let i = rises.length - 1; i >= 0; i--) {
    const code = low + 1 + i;
    const rise = rises[i] ?? NaN;
    if (reaches(factor, rise, code, low) !== true) return false;
    if (reaches(factor, rise - 1, code, low) !== false) return false;
  }
  return true;
}

/** Whether the output of an accumulator is at least `code`; undefined where it depends on how products round. */
function reaches(
  { centre, scale, offset }: FloatFactor,
  accumulator: number,
  code: number,
  low: number,
): boolean | undefined {
  const x = Math.fround(accumulator - centre);
  const sum = low < 0 && accumulator < 0 ? -offset : offset;
  const separate = atLeast(Math.fround(Math.fround(x * scale) + sum), code);
  const fused = x * scale + sum;
  const above = atLeast(Math.fround(fused + Math.abs(fused) * UNCERTAINTY), code);
  const below = atLeast(Math.fround(fused - Math.abs(fused) * UNCERTAINTY), code);
  return separate === above && separate === below ? separate : undefined;
}

function atLeast(value: number, code: number): boolean {
  return Math.trunc(value) >= code;
}
