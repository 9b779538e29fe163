/** Parts of a container that writing and reading share: what its plain bytes are, and the memory that decoding takes. */

import { PROGRAM_BASE, roundUp, STEP_BYTES } from '../program/format.ts';
import { modelSizes } from './contexts.ts';
import { LAYER_RECORD_BYTES, STEPS_OFFSET, type ContainerHeader } from '../program/container.ts';
import { GRID } from '../program/container.ts';
import type { LayerShape } from './layer.ts';
import { shapeOf, stepOf } from './shapes.ts';
import { FIELDS } from './steps.ts';
import type { Step } from '../program/format.ts';

/** A step with int8 weights. Steps that share those of one before are not layers of their own. */
export interface LayerStep {
  /** Its place in the table of steps. */
  readonly index: number;
  readonly step: Step;
  readonly shape: LayerShape;
}

/** Constants lie in the order of steps: weights that are not behind all before are shared. */
export function layerSteps(words: Int32Array): readonly LayerStep[] {
  const layers: LayerStep[] = [];
  for (let index = 0; index < words.length / FIELDS; index++) {
    const step = stepOf(words.subarray(index * FIELDS, (index + 1) * FIELDS));
    const shape = shapeOf(step);
    const last = layers.at(-1)?.step.weights ?? 0;
    if (shape !== undefined && step.weights > last) layers.push({ index, step, shape });
  }
  return layers;
}

/** Where the constants begin: behind the table of steps. */
export function constantsStart(stepCount: number): number {
  return PROGRAM_BASE + STEPS_OFFSET + stepCount * STEP_BYTES;
}

/** A part of an image, in bytes from its beginning. */
export interface Range {
  readonly start: number;
  readonly end: number;
}

/**
 * The parts of an image that are neither steps nor constants of layers, in order; undefined where constants are not in
 * the order of steps, or reach beyond the image.
 */
export function gapsOf(
  layers: readonly LayerStep[],
  stepCount: number,
  imageBytes: number,
): readonly Range[] | undefined {
  const gaps: Range[] = [{ start: 0, end: STEPS_OFFSET }];
  let start = STEPS_OFFSET + stepCount * STEP_BYTES;
  for (const { step, shape } of layers) {
    for (const [address, bytes] of [
      [step.weights, shape.weightBytes],
      [step.parameters, shape.parameterBytes],
    ] as const) {
      const end = address - PROGRAM_BASE;
      if (end < start) return undefined;
      gaps.push({ start, end });
      start = end + bytes;
    }
  }
  if (start > imageBytes) return undefined;
  return [...gaps, { start, end: imageBytes }];
}

/** Bytes of a model, of the table of nudges, of a running mean, and of a panel at work. */
const MODEL_BYTES = 80;
const NUDGE_BYTES = 2 * GRID;
const MEAN_BYTES = 2;
const PANEL_BYTES = 272;

/** What the decoder's memory is besides container and image: models, plain bytes, running means. */
export function workspaceBytesOf(
  { plainBytes }: Pick<ContainerHeader, 'plainBytes'>,
  mostProducts: number,
): number {
  const parts = [
    PANEL_BYTES,
    NUDGE_BYTES,
    modelSizes.length * MODEL_BYTES,
    plainBytes,
    mostProducts * MEAN_BYTES,
  ];
  return parts.reduce((sum, bytes) => sum + roundUp(bytes, 16), 0);
}

/** Bytes of the plain part that lead the gaps: mantissas and layer records. */
export function leadBytesOf({
  mantissas,
  layers,
}: Pick<ContainerHeader, 'mantissas' | 'layers'>): number {
  return 4 * mantissas + LAYER_RECORD_BYTES * layers;
}
