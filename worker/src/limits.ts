/**
 * What one isolate may take, and what follows from it. The platform ends an isolate at 128 MiB; the local runtime does
 * not, so that the budget is kept here and held by tests.
 */

const MIB = 2 ** 20;

export const ISOLATE_BYTES = 128 * MIB;

/** Script, heap, compiled code and the embedded Programs. */
export const RESERVED_BYTES = 16 * MIB;

/** Of one request: photographs within the pixel limit are smaller. */
export const MAX_BODY_BYTES = 6 * MIB;

/** Of all bodies held at once; further requests wait, their bodies unread. */
export const BODIES_BYTES = 8 * MIB;

/** For loaded models, models under way, decoders and the image that is being decoded. */
export const WORK_BYTES = ISOLATE_BYTES - RESERVED_BYTES - BODIES_BYTES;

/** Wasm memory of one model; that of the embedded ones takes up to 14.4 MiB. */
export const MAX_MODEL_BYTES = 20 * MIB;

/**
 * The largest image, in pixels, whose decoding fits beside one model, whatever its format: a JPEG of several scans that
 * is turned takes 19 bytes a pixel (images/memory.ts). 2560 x 1600 is about as large.
 */
export const MAX_PIXELS = 4_000_000;

/** Of a JSON request. Its values take many times as much once parsed, so that they are counted first. */
export const MAX_JSON_BYTES = 4 * MIB;
export const MAX_JSON_VALUES = 500_000;
export const MAX_JSON_LISTS = 60_000;

/** Of a refused body, read and forgotten so that the answer arrives. */
export const MAX_DRAINED_BYTES = 16 * MIB;

/** Milliseconds. */
export const DRAIN_DEADLINE = 5_000;
export const BODY_DEADLINE = 15_000;
export const QUEUE_DEADLINE = 20_000;
export const STORE_DEADLINE = 5_000;

/** How long what a store lists is believed, in milliseconds. */
export const CATALOGUE_AGE = 60_000;
export const MAX_CATALOGUE_BYTES = MIB;
export const MAX_CATALOGUE_MODELS = 1_000;
