/** Rescaling, step by step (rules A4, A5): the integers that lie between an accumulator and a code. */

import {
  doublingHighMultiply,
  reduceMultiplier,
  requantizeInt64,
  roundingDivideByPowerOfTwo,
} from '../../reference/arithmetic/requantize.ts';
import { powerOfTwo } from '../../reference/arithmetic/rounding.ts';
import type { Precision } from '../../reference/precision/index.ts';
import { operand, step, type Outcome } from './steps.ts';

/** What makes a code of an accumulator. */
export function rescale(
  { name, accumulatorLimit }: Precision,
  accumulator: number,
  multiplier: number,
  shift: number,
): Outcome {
  if (name === 'float32') return roundOnce(accumulator);
  return accumulatorLimit === 2 ** 31
    ? rescaleInt32(accumulator, multiplier, shift)
    : rescaleInt64(accumulator, multiplier, shift);
}

/** What brings a single value to another scale: the int32 form for integers of all types. */
export function rescaleValue(
  { name }: Precision,
  value: number,
  multiplier: number,
  shift: number,
): Outcome {
  return name === 'float32' ? roundOnce(value) : rescaleInt32(value, multiplier, shift);
}

export function roundOnce(value: number): Outcome {
  const result = Math.fround(value);
  const text = `rounded to float32 once: ${String(result)}`;
  return { steps: [step('F1', 'round', text, { value, result })], result };
}

/** Two roundings: to 31 fractional bits, then half away from zero. */
export function rescaleInt32(value: number, multiplier: number, shift: number): Outcome {
  const left = Math.max(shift, 0);
  const right = Math.max(-shift, 0);
  const shifted = value * powerOfTwo(left);
  const product = BigInt(shifted) * BigInt(multiplier);
  const high = doublingHighMultiply(shifted, multiplier);
  const result = roundingDivideByPowerOfTwo(high, right);
  const steps = [
    factorStep('A4', multiplier, shift),
    ...(left === 0
      ? []
      : [
          step('A4', 'shift', `${operand(value)} * 2^${String(left)} = ${String(shifted)}`, {
            value,
            shift: left,
            shifted,
          }),
        ]),
    step('A4', 'multiply', `${operand(shifted)} * ${String(multiplier)} = ${String(product)}`, {
      shifted,
      multiplier,
      product,
    }),
    step(
      'A4',
      'highMultiply',
      `first rounding: (${String(product)} + 2^30) >> 31 = ${String(high)}`,
      { product, rounding: 2 ** 30, high },
    ),
    ...(right === 0
      ? []
      : [
          step(
            'A4',
            'divide',
            `second rounding: ${operand(high)} / 2^${String(right)} = ${String(high / powerOfTwo(right))}, half away from zero: ${String(result)}`,
            { high, exponent: right, quotient: high / powerOfTwo(right), result },
          ),
        ]),
  ];
  return { steps, result };
}

/** One rounding, with the upper 16 bits of the multiplier. */
function rescaleInt64(accumulator: number, multiplier: number, shift: number): Outcome {
  const reduced = reduceMultiplier(multiplier);
  const exponent = 15 - shift;
  const product = BigInt(accumulator) * BigInt(reduced);
  const rounding = powerOfTwo(exponent - 1);
  const result = requantizeInt64(accumulator, multiplier, shift);
  const steps = [
    factorStep('A5', multiplier, shift),
    step(
      'A5',
      'reduce',
      `15-bit multiplier: (${String(multiplier)} + 2^15) >> 16, at most 32767: ${String(reduced)}`,
      { multiplier, reduced },
    ),
    step('A5', 'multiply', `${operand(accumulator)} * ${String(reduced)} = ${String(product)}`, {
      accumulator,
      reduced,
      product,
    }),
    step(
      'A5',
      'divide',
      `the one rounding: (${String(product)} + 2^${String(exponent - 1)}) >> ${String(exponent)} = ${String(result)}`,
      { product, rounding, exponent, result },
    ),
  ];
  return { steps, result };
}

function factorStep(rule: string, multiplier: number, shift: number) {
  const factor = multiplier * powerOfTwo(shift - 31);
  const text = `multiplier ${String(multiplier)}, shift ${String(shift)}: the factor ${String(factor)}`;
  return step(rule, 'factor', text, { multiplier, shift, factor });
}
