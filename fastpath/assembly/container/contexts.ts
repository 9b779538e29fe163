/** The models of a container, by number: fastpath/container/contexts.ts, whose order this repeats. */

export const MODEL_BYTES: usize = 80;
export const NEIGHBOUR_CONTEXTS: i32 = 52;
export const TAP_SUMS: i32 = 7;
export const TAP_CONTEXTS: i32 = 3 * TAP_SUMS;
export const MAX_RANGE: i32 = 8;
export const MAX_LOW_BITS: i32 = 4;
export const BYTE_MODELS: i32 = 17;
export const BITS_MODELS: i32 = 16;

/** Candidates that the compiler tries: scales, and offsets with each. */
export const SCALE_STEPS: i32 = 5;
export const NUDGES: i32 = 21 * SCALE_STEPS;

export const DENSE: i32 = 0;
export const DEPTHWISE: i32 = DENSE + MAX_RANGE * NEIGHBOUR_CONTEXTS;
export const LOW: i32 = DEPTHWISE + (MAX_RANGE + MAX_LOW_BITS) * TAP_CONTEXTS;
export const ESCAPE: i32 = LOW + 4 * 16;
export const SCALE: i32 = ESCAPE + (1 + MAX_LOW_BITS) * BYTE_MODELS;
export const WORD: i32 = SCALE + BYTE_MODELS;
export const SHIFT: i32 = WORD + 4 * BYTE_MODELS;
export const POWER: i32 = SHIFT + BYTE_MODELS;
export const OTHER_POWER: i32 = POWER + 1;
export const LENGTH: i32 = OTHER_POWER + BYTE_MODELS;
export const OTHER_LENGTH: i32 = LENGTH + 2;
export const SIGN: i32 = OTHER_LENGTH + BYTE_MODELS;
export const MANTISSA: i32 = SIGN + 1;
export const KIND: i32 = MANTISSA + BITS_MODELS;
export const SCALE_STEP: i32 = KIND + 5;
export const OFFSET_STEP: i32 = SCALE_STEP + 1;
export const CENTRE: i32 = OFFSET_STEP + BYTE_MODELS;
export const NUMBER_LENGTH: i32 = CENTRE + BYTE_MODELS;
export const NUMBER_BITS: i32 = NUMBER_LENGTH + 2 * BYTE_MODELS;
export const STEP_PLACE: i32 = NUMBER_BITS + 2 * BITS_MODELS;
export const TOKEN: i32 = STEP_PLACE + 28;
export const LITERAL_HIGH: i32 = TOKEN + 4;
export const LITERAL_LOW: i32 = LITERAL_HIGH + 16;
export const LENGTH_SHORT: i32 = LITERAL_LOW + 16;
export const LENGTH_HIGH: i32 = LENGTH_SHORT + 3;
export const LENGTH_LOW: i32 = LENGTH_HIGH + 1;
export const DISTANCE_BITS: i32 = LENGTH_LOW + 1;
export const DISTANCE_HIGH: i32 = DISTANCE_BITS + 1;
export const DISTANCE_LOW: i32 = DISTANCE_HIGH + 16;
export const MODELS: i32 = DISTANCE_LOW + 4;
