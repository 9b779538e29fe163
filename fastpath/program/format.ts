/**
 * A Program: a compiled graph as one contiguous image that is copied to `PROGRAM_BASE` of a kernels' memory.
 *
 * Little-endian words: header, then steps, parameters and weights, then a description (JSON, NUL-terminated). The
 * arena for activations begins after the image. All addresses are those of the wasm memory.
 */

/** Where the image lies: above the kernels' own data. */
export const PROGRAM_BASE = 16384;
/** "PLMB". */
export const MAGIC = 0x424d4c50;
export const VERSION = 1;
/** Alignment of the arena, its tensors and the image's sections, in bytes. */
export const ALIGNMENT = 64;
/** Image and arena together; keeps every address below 2^31. */
export const MAX_MEMORY_BYTES = 2 ** 30;

/** The words of the header, in order. */
export const headerFields = [
  'magic',
  'version',
  /** Of the whole image, header included. */
  'imageBytes',
  'arenaBytes',
  /** Address and number of steps. */
  'steps',
  'stepCount',
  /** Address and bytes of the description, without its NUL. */
  'description',
  'descriptionBytes',
] as const;

/** The words of a step, in order: fastpath/assembly/step.ts says what each means. */
export const stepFields = [
  'kernel',
  'input',
  'second',
  'output',
  'weights',
  'parameters',
  'scratch',
  'batches',
  'inHeight',
  'inWidth',
  'inChannels',
  'inStride',
  'outHeight',
  'outWidth',
  'outChannels',
  'outStride',
  'kernelHeight',
  'kernelWidth',
  'strideY',
  'strideX',
  'padTop',
  'padLeft',
  'inZero',
  'outZero',
  'min',
  'max',
  'block',
  'flush',
] as const;

export type Header = Readonly<Record<(typeof headerFields)[number], number>>;
export type Step = Readonly<Record<(typeof stepFields)[number], number>>;

export const HEADER_BYTES = headerFields.length * 4;
export const STEP_BYTES = stepFields.length * 4;

/** Reads consecutive int32 words of `image` from `offset` as named fields. */
export function readWords<F extends string>(
  image: DataView,
  offset: number,
  fields: readonly F[],
): Record<F, number> {
  const entries = fields.map((field, i) => [field, image.getInt32(offset + 4 * i, true)]);
  return Object.fromEntries(entries) as Record<F, number>;
}

/** Writes named fields as consecutive int32 words. */
export function writeWords<F extends string>(
  image: DataView,
  offset: number,
  fields: readonly F[],
  words: Readonly<Record<F, number>>,
): void {
  fields.forEach((field, i) => {
    image.setInt32(offset + 4 * i, words[field], true);
  });
}

export function roundUp(value: number, multiple: number): number {
  return Math.ceil(value / multiple) * multiple;
}

/** Channels are stored in whole vectors of 8, so that no kernel has a remainder to treat. */
export function channelStride(channels: number): number {
  return roundUp(channels, 8);
}
