/** A layer's constants as the kernels read them, from what a container holds. The inverse of fastpath/compile/pack.ts. */

import {
  floatCandidate,
  OFFSET_STEPS,
  SCALE_STEPS,
  type FloatFactor,
} from '../compile/float-rescaling.ts';
import { RESCALE, Writer } from '../compile/pack.ts';
import {
  convolutionFactor,
  perTensorFactor,
  quantizeMultiplier,
  type FixedPoint,
} from '../../reference/arithmetic/multiplier.ts';
import { refuseDamaged } from '../program/container.ts';
import type { Step } from '../program/format.ts';
import { BAND, PANEL, PARAMETER_BYTES } from '../program/kernels.ts';
import { float32Of, scaleAt, type Grid } from './grid.ts';
import { FORM, type Layer, type LayerShape } from './layer.ts';

/** Nudges, in the order of numbers: scale steps within offset steps within centres. */
export const NUDGES = OFFSET_STEPS.length * SCALE_STEPS.length;

/** Where the code of a channel at a product lies in a layer's packed weights. */
export function weightOffset(shape: LayerShape, channel: number, k: number): number {
  const { depthwise, products, kernelWidth, panels } = shape;
  const depth = 4;
  if (!depthwise) {
    const steps = Math.ceil(products / depth);
    const panel = Math.floor(channel / PANEL) * steps + Math.floor(k / depth);
    return (panel * PANEL + (channel % PANEL)) * depth + (k % depth);
  }
  const row = Math.floor(k / kernelWidth);
  const band = Math.floor(row / BAND) * kernelWidth + (k % kernelWidth);
  return (band * panels * PANEL + channel) * BAND + (row % BAND);
}

/** Multiplier and shift of a channel, as the compiler has them of its scales. */
export function fixedPointOf(layer: Layer, grid: Grid, channel: number): FixedPoint {
  const { head, factors, shifts } = layer;
  const factor = factors[channel] ?? 0;
  if (head.form === FORM.ready) {
    return { multiplier: factor, shift: shifts[channel] ?? 0 };
  }
  const scale = head.form === FORM.grid ? scaleAt(grid, factor) : float32Of(factor);
  const product = head.roundedProduct ? perTensorFactor : convolutionFactor;
  const real = product(head.inputScale, scale, head.outputScale);
  // No scales of a graph give another; those of a damaged container may.
  if (!(real >= 0 && real < Infinity)) refuseDamaged();
  return quantizeMultiplier(real);
}

export function sumOfCodes({ shape: { products }, codes }: Layer, channel: number): number {
  return codes.subarray(channel * products, (channel + 1) * products).reduce((a, b) => a + b, 0);
}

/** The float32 factor of a nudge. */
export function floatFactorOf({ multiplier, shift }: FixedPoint, nudge: number): FloatFactor {
  if (multiplier === 0) return { centre: 0, scale: 0, offset: 0 };
  return floatCandidate(multiplier, shift, {
    centre: Math.floor(nudge / NUDGES),
    offsetSteps: OFFSET_STEPS[Math.floor((nudge % NUDGES) / SCALE_STEPS.length)] ?? 0,
    scaleSteps: SCALE_STEPS[nudge % SCALE_STEPS.length] ?? 0,
  });
}

/** What a kernel adds to codes to take their sign from them. */
const UNSIGNED = 128;

/** The parameters of a panel. */
export function panelParameters(layer: Layer, step: Step, grid: Grid, panel: number): Uint8Array {
  const { shape, biases, kinds, nudges } = layer;
  const writer = new Writer(PARAMETER_BYTES);
  const kind = kinds[panel] ?? 0;
  const channels = Array.from({ length: PANEL }, (_, lane) => {
    const channel = PANEL * panel + lane;
    if (channel >= shape.channels) {
      return { bias: 0, fixed: { multiplier: 0, shift: 0 }, nudge: 0 };
    }
    return {
      bias: (biases[channel] ?? 0) - (step.inZero + UNSIGNED) * sumOfCodes(layer, channel),
      fixed: fixedPointOf(layer, grid, channel),
      nudge: nudges[channel] ?? 0,
    };
  });
  if (kind === RESCALE.float || kind === RESCALE.signedFloat) {
    const floats = channels.map(({ fixed, nudge }) => floatFactorOf(fixed, nudge));
    floats.forEach(({ centre }, i) => {
      writer.int32((channels[i]?.bias ?? 0) - centre);
    });
    for (const { scale } of floats) writer.element('f32', scale);
    for (const { offset } of floats) writer.element('f32', offset);
  } else {
    for (const { bias } of channels) writer.int32(bias);
    for (const { fixed } of channels) writer.int32(fixed.multiplier);
    for (const { fixed } of channels) {
      const shift = fixed.multiplier === 0 ? -31 : fixed.shift;
      if (kind === RESCALE.vector) writer.element('f32', 2 ** (1 + shift));
      else writer.int32(shift);
    }
  }
  writer.int32(kind);
  for (const code of [step.outZero, step.min, step.max]) writer.int16Pair(code);
  return writer.bytes;
}
