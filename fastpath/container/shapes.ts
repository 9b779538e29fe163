/** The extents of a step's constants. */

import { readWords, roundUp, stepFields, type Step } from '../program/format.ts';
import { BAND, depthOf, kernels, PANEL, PARAMETER_BYTES, productsOf } from '../program/kernels.ts';
import type { LayerShape } from './layer.ts';

/** What steps other than layers are taken to have, as an add does: where that is wrong, pointers cost more. */
const ADD_BYTES = 92;

export function stepOf(words: Int32Array): Step {
  return readWords(new DataView(words.buffer, words.byteOffset, words.byteLength), 0, stepFields);
}

/** The layer of a step, or undefined for one that has no int8 weights. */
export function shapeOf(step: Step): LayerShape | undefined {
  const kernel = kernels[step.kernel];
  const layer = kernel?.family === 'conv2d' || kernel?.family === 'depthwise';
  if (kernel?.input !== 'i8' || !layer) return undefined;
  const depthwise = kernel.family === 'depthwise';
  const { kernelHeight, kernelWidth } = step;
  const products = depthwise ? kernelHeight * kernelWidth : productsOf(step);
  const depth = depthOf(kernel);
  return {
    depthwise,
    channels: step.outChannels,
    panels: step.outStride / PANEL,
    products,
    kernelWidth,
    kernelHeight,
    weightBytes:
      step.outStride *
      (depthwise ? roundUp(kernelHeight, BAND) * kernelWidth : roundUp(products, depth)),
    parameterBytes: (step.outStride / PANEL) * PARAMETER_BYTES,
  };
}

/** Bytes at a step's pointers to constants. */
export function constantBytes(words: Int32Array): { weights: number; parameters: number } {
  const shape = shapeOf(stepOf(words));
  return shape === undefined
    ? { weights: 0, parameters: ADD_BYTES }
    : { weights: shape.weightBytes, parameters: shape.parameterBytes };
}

/** Extents whose products fit 32 bits, and those of any Program that `checkProgram` lets pass. */
const MAX_WINDOW = 2 ** 12;
const MAX_PRODUCTS = 2 ** 20;
const MAX_CHANNELS = 2 ** 28;

/** Whether a layer's extents are possible. */
export function isLayerStep(step: Step): boolean {
  const { kernelHeight, kernelWidth, inChannels, outChannels, outStride } = step;
  const within = (value: number, most: number): boolean => value >= 1 && value <= most;
  return (
    within(kernelHeight, MAX_WINDOW) &&
    within(kernelWidth, MAX_WINDOW) &&
    within(inChannels, MAX_CHANNELS) &&
    within(kernelHeight * kernelWidth, MAX_PRODUCTS) &&
    within(shapeOf(step)?.products ?? 0, MAX_PRODUCTS) &&
    within(outStride, MAX_CHANNELS) &&
    outStride % PANEL === 0 &&
    within(outChannels, outStride)
  );
}
