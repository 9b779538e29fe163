/** Operators that are sums, step by step (rules C1, C2, C3, M1, M2). */

import { effectiveSize, extents4 } from '../../reference/operators/window.ts';
import { zeroPointOf, type OperatorKind, type Tensor } from '../../reference/index.ts';
import { inputAt } from '../../reference/operators/call.ts';
import { rescale, rescaleInt32, roundOnce } from './explain-rescale.ts';
import {
  abbreviated,
  elementAt,
  limited,
  operand,
  place,
  step,
  zeroPointAndLimits,
  type Outcome,
  type Subject,
  type Term,
} from './steps.ts';

/** Where a window's tap lies. */
interface Tap {
  readonly ky: number;
  readonly kx: number;
  readonly iy: number;
  readonly ix: number;
  readonly inside: boolean;
}

/** Every tap of the window of an output pixel, in the order of the loop nest. */
export function taps(
  [, height, width]: readonly number[],
  size: readonly [number, number],
  [oy, ox]: readonly [number, number],
  stride: readonly [number, number],
  dilation: readonly [number, number],
  [top, , left]: readonly number[],
): readonly Tap[] {
  const found: Tap[] = [];
  for (let ky = 0; ky < size[0]; ky++) {
    for (let kx = 0; kx < size[1]; kx++) {
      const iy = oy * stride[0] + effectiveSize(ky + 1, dilation[0]) - 1 - (top ?? 0);
      const ix = ox * stride[1] + effectiveSize(kx + 1, dilation[1]) - 1 - (left ?? 0);
      const inside = iy >= 0 && iy < (height ?? 0) && ix >= 0 && ix < (width ?? 0);
      found.push({ ky, kx, iy, ix, inside });
    }
  }
  return found;
}

function skipped(rule: string, { ky, kx, iy, ix }: Tap): Term {
  const text = `ky ${String(ky)} kx ${String(kx)}: row ${String(iy)}, column ${String(ix)} is outside the image, skipped`;
  return { step: step(rule, 'skipped', text, { ky, kx, iy, ix }) };
}

/** Sums terms as the reference does: in float64, in order. */
class Sum {
  readonly terms: Term[] = [];
  total = 0;

  skip(rule: string, tap: Tap): void {
    this.terms.push(skipped(rule, tap));
  }

  product(
    rule: string,
    label: string,
    at: Readonly<Record<string, number>>,
    [x, zeroPoint, w]: readonly [number, number, number],
    [xPlace, wPlace]: readonly [string, string],
  ): void {
    const value = x - zeroPoint;
    const product = value * w;
    this.total += product;
    const less = zeroPoint === 0 ? '' : ` - ${operand(zeroPoint)} = ${String(value)}`;
    const text = `${label}: ${xPlace} = ${String(x)}${less}; ${wPlace} = ${String(w)}; product ${String(product)}; sum ${String(this.total)}`;
    const values = { ...at, x, zeroPoint, value, w, product, sum: this.total };
    this.terms.push({ step: step(rule, 'product', text, values), adds: product });
  }

  value(rule: string, label: string, x: number, zeroPoint: number, xPlace: string): void {
    const value = x - zeroPoint;
    this.total += value;
    const less = zeroPoint === 0 ? '' : ` - ${operand(zeroPoint)} = ${String(value)}`;
    const text = `${label}${xPlace} = ${String(x)}${less}; sum ${String(this.total)}`;
    this.terms.push({
      step: step(rule, 'value', text, { x, zeroPoint, value, sum: this.total }),
      adds: value,
    });
  }

  get count(): number {
    return this.terms.filter(({ adds }) => adds !== undefined).length;
  }
}

export function explainConv2d(subject: Subject<'conv2d'>): Outcome {
  const { stride, dilation, padding, groups } = subject.operator.attributes;
  const { input, weights, zeroPoint } = operands(subject);
  const [n = 0, oy = 0, ox = 0, oc = 0] = subject.coordinates;
  const [, height, width, channels] = extents4(input.shape);
  const [outChannels, kernelHeight, kernelWidth, groupChannels] = extents4(weights.shape);
  const firstChannel = Math.floor(oc / (outChannels / groups)) * groupChannels;
  const sum = new Sum();
  const size = [kernelHeight, kernelWidth] as const;
  for (const tap of taps(input.shape, size, [oy, ox], stride, dilation, padding)) {
    if (!tap.inside) {
      sum.skip('C1', tap);
      continue;
    }
    const { ky, kx, iy, ix } = tap;
    const xAt = ((n * height + iy) * width + ix) * channels + firstChannel;
    const wAt = ((oc * kernelHeight + ky) * kernelWidth + kx) * groupChannels;
    for (let ic = 0; ic < groupChannels; ic++) {
      sum.product(
        'C1',
        `ky ${String(ky)} kx ${String(kx)} ic ${String(ic)}`,
        { ky, kx, ic },
        [elementAt(input, xAt + ic), zeroPoint, elementAt(weights, wAt + ic)],
        [place('x', [n, iy, ix, firstChannel + ic]), place('w', [oc, ky, kx, ic])],
      );
    }
  }
  return finishProducts('C1', subject, sum, oc);
}

export function explainDepthwise(subject: Subject<'depthwiseConv2d'>): Outcome {
  const { stride, dilation, padding } = subject.operator.attributes;
  const { input, weights, zeroPoint } = operands(subject);
  const [n = 0, oy = 0, ox = 0, oc = 0] = subject.coordinates;
  const [, height, width, channels] = extents4(input.shape);
  const [, kernelHeight, kernelWidth, outChannels] = extents4(weights.shape);
  const ic = Math.floor(oc / (outChannels / channels));
  const sum = new Sum();
  const size = [kernelHeight, kernelWidth] as const;
  for (const tap of taps(input.shape, size, [oy, ox], stride, dilation, padding)) {
    if (!tap.inside) {
      sum.skip('C2', tap);
      continue;
    }
    const { ky, kx, iy, ix } = tap;
    const x = elementAt(input, ((n * height + iy) * width + ix) * channels + ic);
    const w = elementAt(weights, (ky * kernelWidth + kx) * outChannels + oc);
    sum.product(
      'C2',
      `ky ${String(ky)} kx ${String(kx)}`,
      { ky, kx, ic },
      [x, zeroPoint, w],
      [place('x', [n, iy, ix, ic]), place('w', [0, ky, kx, oc])],
    );
  }
  return finishProducts('C2', subject, sum, oc);
}

export function explainFullyConnected(subject: Subject<'fullyConnected'>): Outcome {
  const { input, weights, zeroPoint } = operands(subject);
  const [n = 0, oc = 0] = subject.coordinates;
  const [, inChannels = 0] = weights.shape;
  const sum = new Sum();
  for (let ic = 0; ic < inChannels; ic++) {
    const at = n * inChannels + ic;
    sum.product(
      'C3',
      `ic ${String(ic)}`,
      { ic },
      [elementAt(input, at), zeroPoint, elementAt(weights, oc * inChannels + ic)],
      [place('x', [at]), place('w', [oc, ic])],
    );
  }
  return finishProducts('C3', subject, sum, oc);
}

export function explainAveragePool(subject: Subject<'averagePool'>): Outcome {
  const { stride, padding, size } = subject.operator.attributes;
  const input = inputAt(subject, 0);
  const [n = 0, oy = 0, ox = 0, oc = 0] = subject.coordinates;
  const [, height, width, channels] = extents4(input.shape);
  const sum = new Sum();
  for (const tap of taps(input.shape, size, [oy, ox], stride, [1, 1], padding)) {
    if (!tap.inside) {
      sum.skip('M1', tap);
      continue;
    }
    const { ky, kx, iy, ix } = tap;
    const x = elementAt(input, ((n * height + iy) * width + ix) * channels + oc);
    const label = `ky ${String(ky)} kx ${String(kx)}: `;
    sum.value('M1', label, x, 0, place('x', [n, iy, ix, oc]));
  }
  const { precision, requantization } = subject;
  const { total, count } = sum;
  const average = precision.average(total, count);
  const how = precision.name === 'float32' ? 'rounded to float32 once' : 'half away from zero';
  const text = `${operand(total)} / ${String(count)} = ${String(total / count)}, ${how}: ${String(average)}`;
  const end = limited('A6', average, requantization.min, requantization.max);
  return {
    steps: [
      ...abbreviated('M1', sum.terms),
      step('M1', 'average', text, { sum: total, count, quotient: total / count, average }),
      ...end.steps,
    ],
    result: end.result,
  };
}

export function explainMean(subject: Subject<'mean'>): Outcome {
  const { precision, requantization, coordinates } = subject;
  const input = inputAt(subject, 0);
  const [, height, width, channels] = extents4(input.shape);
  const [n = 0] = coordinates;
  const c = coordinates.at(-1) ?? 0;
  const zeroPoint = zeroPointOf(input);
  const sum = new Sum();
  for (let at = 0; at < height * width; at++) {
    const x = elementAt(input, (n * height * width + at) * channels + c);
    const pixel = [n, Math.floor(at / width), at % width, c];
    sum.value('M2', '', x, zeroPoint, place('x', pixel));
  }
  const { total } = sum;
  const count = height * width;
  const terms = abbreviated('M2', sum.terms);
  if (precision.name === 'float32') {
    const text = `${operand(total)} / ${String(count)} = ${String(total / count)}`;
    const divided = step('M2', 'average', text, { sum: total, count, quotient: total / count });
    const rounded = roundOnce(total / count);
    return { steps: [...terms, divided, ...rounded.steps], result: rounded.result };
  }
  const [multiplier = 0] = requantization.multiplier;
  const [shift = 0] = requantization.shift;
  const folded = step(
    'M2',
    'fold',
    `1 / ${String(count)} is part of the multiplier: ${String(multiplier)}, shift ${String(shift)}`,
    { count, multiplier, shift },
  );
  const rescaled = rescaleInt32(total, multiplier, shift);
  const end = zeroPointAndLimits(subject, rescaled.result);
  return { steps: [...terms, folded, ...rescaled.steps, ...end.steps], result: end.result };
}

function operands<K extends OperatorKind>(
  subject: Subject<K>,
): { readonly input: Tensor; readonly weights: Tensor; readonly zeroPoint: number } {
  const input = inputAt(subject, 0);
  return { input, weights: inputAt(subject, 1), zeroPoint: zeroPointOf(input) };
}

/** Bias, rescaling, zero point and clamp. */
function finishProducts<K extends OperatorKind>(
  rule: string,
  subject: Subject<K>,
  sum: Sum,
  channel: number,
): Outcome {
  const { precision, requantization, inputs } = subject;
  const [, , biases] = inputs;
  const { total, count } = sum;
  const bias = biases === undefined ? 0 : elementAt(biases, channel);
  const accumulator = total + bias;
  const products = `sum of ${String(count)} ${count === 1 ? 'product' : 'products'}: ${String(total)}`;
  const added =
    biases === undefined
      ? 'no bias'
      : `+ ${place('bias', [channel])}: ${String(total)} + ${operand(bias)} = ${String(accumulator)}`;
  const { multiplier, shift } = requantization;
  const rescaled = rescale(precision, accumulator, multiplier[channel] ?? 0, shift[channel] ?? 0);
  const end = zeroPointAndLimits(subject, rescaled.result);
  return {
    steps: [
      ...abbreviated(rule, sum.terms),
      step(rule, 'sum', products, { count, sum: total }),
      step(rule, 'bias', added, { bias, accumulator }),
      ...rescaled.steps,
      ...end.steps,
    ],
    result: end.result,
  };
}
