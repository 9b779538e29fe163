/** softmax, step by step (rules S1, S2, S3). */

import { exponential } from '../../reference/arithmetic/exponential.ts';
import {
  doublingHighMultiply,
  requantizeInt32,
  roundingDivideByPowerOfTwo,
} from '../../reference/arithmetic/requantize.ts';
import { clamp, powerOfTwo } from '../../reference/arithmetic/rounding.ts';
import {
  expOnNegativeValues,
  oneOverOnePlus,
} from '../../reference/arithmetic/softmax-fixed-point.ts';
import { EXP_TABLE, RECIPROCAL_TABLE } from '../../reference/arithmetic/softmax-tables.ts';
import { inputAt } from '../../reference/operators/call.ts';
import { roundOnce } from './explain-rescale.ts';
import {
  abbreviated,
  limited,
  operand,
  step,
  type Outcome,
  type Step,
  type Subject,
} from './steps.ts';

/** Integer bits of the sum in Q12.19, which are also those that an exponential loses in it. */
const SUM_BITS = 12;

export function explainSoftmax(subject: Subject<'softmax'>): Outcome {
  const { data, shape } = inputAt(subject, 0);
  const length = shape.at(-1) ?? 1;
  const at = subject.index % length;
  const start = subject.index - at;
  const row = Array.from(data.subarray(start, start + length), Number);
  const max = row.reduce((a, b) => Math.max(a, b), -Infinity);
  const x = row[at] ?? NaN;
  const rule = { float32: 'S1', int8: 'S2', int16: 'S3' }[subject.precision.name];
  const difference = step(
    rule,
    'difference',
    `x = ${String(x)}, the largest of ${String(length)} in its row ${String(max)}: ${String(x)} - ${operand(max)} = ${String(x - max)}`,
    { x, max, difference: x - max },
  );
  const { steps, result } = explainRow(subject, row, at, max);
  return { steps: [difference, ...steps], result };
}

function explainRow(
  subject: Subject<'softmax'>,
  row: readonly number[],
  at: number,
  max: number,
): Outcome {
  switch (subject.precision.name) {
    case 'float32':
      return explainFloat32(subject, row, at, max);
    case 'int8':
      return explainInt8(subject, row, at, max);
    case 'int16':
      return explainInt16(subject, row, at, max);
  }
}

function explainFloat32(
  { operator }: Subject<'softmax'>,
  row: readonly number[],
  at: number,
  max: number,
): Outcome {
  const { beta } = operator.attributes;
  const exponentials = row.map((x) => exponential(beta * (x - max)));
  const e = exponentials[at] ?? NaN;
  const { steps, sum } = sumOf('S1', exponentials);
  const distance = beta * ((row[at] ?? NaN) - max);
  const rounded = roundOnce(e / sum);
  return {
    steps: [
      step('S1', 'exponential', `exp(${String(distance)}) = ${String(e)}`, { distance, e }),
      ...steps,
      step('S1', 'divide', `${String(e)} / ${String(sum)} = ${String(e / sum)}`, {
        e,
        sum,
        quotient: e / sum,
      }),
      ...rounded.steps,
    ],
    result: rounded.result,
  };
}

function explainInt8(
  { requantization, output }: Subject<'softmax'>,
  row: readonly number[],
  at: number,
  max: number,
): Outcome {
  const { leftShift, diffMin } = requantization;
  const [multiplier = 0] = requantization.multiplier;
  const bits = output.type === 'int8' ? 8 : 16;
  const min = -(2 ** (bits - 1));
  const difference = (row[at] ?? NaN) - max;
  if (diffMin > 0 || difference < diffMin) {
    const why =
      diffMin > 0 ? `diffMin ${String(diffMin)} is above 0` : `below diffMin ${String(diffMin)}`;
    const text = `${why}: probability 0, which is ${String(min)}`;
    return { steps: [step('S2', 'belowMinimum', text, { diffMin, min })], result: min };
  }
  const scaled = (d: number): number => doublingHighMultiply(d * powerOfTwo(leftShift), multiplier);
  const exponentials = row.map((x) =>
    x - max < diffMin ? undefined : expOnNegativeValues(scaled(x - max)),
  );
  const e = exponentials[at] ?? NaN;
  const q = scaled(difference);
  const { steps, sum } = sumOf(
    'S2',
    exponentials.map((each) =>
      each === undefined ? undefined : roundingDivideByPowerOfTwo(each, SUM_BITS),
    ),
  );
  const leadingZeros = Math.clz32(sum);
  const bitsOverUnit = SUM_BITS - leadingZeros;
  const fraction = sum * powerOfTwo(leadingZeros) - 2 ** 31;
  const reciprocal = oneOverOnePlus(fraction);
  const product = doublingHighMultiply(reciprocal, e);
  const exponent = bitsOverUnit + 31 - bits;
  const probability = roundingDivideByPowerOfTwo(product, exponent);
  const end = limited('S2', min + probability, min, -1 - min);
  return {
    steps: [
      step(
        'S2',
        'scale',
        `${operand(difference)} * 2^${String(leftShift)} * ${String(multiplier)}, (+ 2^30) >> 31: ${String(q)} in Q5.26, which is ${String(q / 2 ** 26)}`,
        { difference, leftShift, multiplier, scaled: q },
      ),
      step('S2', 'exponential', `exp: ${String(e)} in Q0.31, which is ${String(e / 2 ** 31)}`, {
        e,
      }),
      ...steps,
      step(
        'S2',
        'reciprocal',
        `sum = 2^${String(bitsOverUnit)} * (1 + ${String(fraction)} / 2^31); 1 / (1 + x): ${String(reciprocal)} in Q0.31`,
        { sum, bitsOverUnit, fraction, reciprocal },
      ),
      step(
        'S2',
        'product',
        `${String(reciprocal)} * ${String(e)}, (+ 2^30) >> 31: ${String(product)}`,
        { reciprocal, e, product },
      ),
      step(
        'S2',
        'divide',
        `${String(product)} / 2^${String(exponent)} = ${String(product / powerOfTwo(exponent))}, half away from zero: ${String(probability)}`,
        { product, exponent, quotient: product / powerOfTwo(exponent), probability },
      ),
      step(
        'S2',
        'zeroPoint',
        `${String(min)} + ${String(probability)} = ${String(min + probability)}`,
        {
          min,
          probability,
        },
      ),
      ...end.steps,
    ],
    result: end.result,
  };
}

function explainInt16(
  { requantization }: Subject<'softmax'>,
  row: readonly number[],
  at: number,
  max: number,
): Outcome {
  const { leftShift } = requantization;
  const [multiplier = 0] = requantization.multiplier;
  const tableCode = (x: number): number =>
    clamp(requantizeInt32(x - max, multiplier, leftShift) + 32767, -32768, 32767);
  const exponentials = row.map((x) => lookUp(tableCode(x), EXP_TABLE).value);
  const code = tableCode(row[at] ?? NaN);
  const own = lookUp(code, EXP_TABLE);
  const { steps, sum } = sumOf('S3', exponentials);
  const leadingZeros = Math.clz32(sum);
  const shifted = Math.floor((sum * powerOfTwo(leadingZeros - 1) + 2 ** 13) / 2 ** 14);
  const reciprocalCode = clamp(shifted - 2 ** 15 - 2 ** 16, -32768, 32767);
  const reciprocal = lookUp(reciprocalCode, RECIPROCAL_TABLE);
  const exponent = 31 - leadingZeros;
  const product = own.value * reciprocal.value;
  const quotient = Math.floor((product + powerOfTwo(exponent - 1)) / powerOfTwo(exponent));
  const end = limited('S3', quotient, 0, 32767);
  return {
    steps: [
      step(
        'S3',
        'scale',
        `rescaled (A4) with multiplier ${String(multiplier)}, shift ${String(leftShift)}, + 32767, within int16: table code ${String(code)}`,
        { multiplier, leftShift, code },
      ),
      lookUpStep('exponential', 'exp', code, own),
      ...steps,
      lookUpStep('reciprocal', '1 / (1 + x)', reciprocalCode, reciprocal),
      step(
        'S3',
        'divide',
        `(${String(own.value)} * ${String(reciprocal.value)} + 2^${String(exponent - 1)}) >> ${String(exponent)} = ${String(quotient)}`,
        { e: own.value, reciprocal: reciprocal.value, product, exponent, quotient },
      ),
      ...end.steps,
    ],
    result: end.result,
  };
}

interface LookUp {
  readonly index: number;
  readonly base: number;
  readonly slope: number;
  readonly value: number;
}

/** As the reference's own, which keeps its anchors to itself. */
function lookUp(code: number, table: Int16Array): LookUp {
  const index = 256 + (code >> 7);
  const base = table[index] ?? NaN;
  const slope = (table[index + 1] ?? NaN) - base;
  return { index, base, slope, value: base + ((slope * (code & 127) + 64) >> 7) };
}

function lookUpStep(
  name: string,
  what: string,
  code: number,
  { index, base, slope, value }: LookUp,
): Step {
  const text = `${what} of table code ${String(code)}: ${String(base)} + ((${operand(slope)} * ${String(code & 127)} + 64) >> 7) = ${String(value)} in Q0.15`;
  return step('S3', name, text, { code, index, base, slope, value });
}

/** The exponentials of a row, first to last; undefined is left out of the sum. */
function sumOf(
  rule: string,
  exponentials: readonly (number | undefined)[],
): { readonly steps: readonly Step[]; readonly sum: number } {
  let sum = 0;
  const terms = exponentials.map((e, position) => {
    if (e === undefined) {
      const text = `element ${String(position)} of the row: below diffMin, skipped`;
      return { step: step(rule, 'skipped', text, { position }) };
    }
    sum += e;
    const text = `element ${String(position)} of the row adds ${String(e)}; sum ${String(sum)}`;
    return { step: step(rule, 'term', text, { position, e, sum }), adds: e };
  });
  return {
    steps: [
      ...abbreviated(rule, terms),
      step(rule, 'sum', `sum of the row: ${String(sum)}`, { sum }),
    ],
    sum,
  };
}
