/** How many symbols each model has: fastpath/container/contexts.ts. */

import {
  BITS_MODELS,
  DENSE,
  DEPTHWISE,
  DISTANCE_LOW,
  ESCAPE,
  KIND,
  LOW,
  MANTISSA,
  MAX_LOW_BITS,
  MAX_RANGE,
  MODELS,
  NEIGHBOUR_CONTEXTS,
  NUMBER_BITS,
  SCALE_STEP,
  SCALE_STEPS,
  SIGN,
  TAP_CONTEXTS,
  TOKEN,
} from './contexts';
import { initModel } from './symbols';

export function initModels(): void {
  initModelRange(ESCAPE, MODELS, 16);
  for (let range = 1; range <= MAX_RANGE; range++) {
    const dense = DENSE + (range - 1) * NEIGHBOUR_CONTEXTS;
    initModelRange(dense, dense + NEIGHBOUR_CONTEXTS, sizeOf(range));
  }
  for (let range = 1; range <= MAX_RANGE + MAX_LOW_BITS; range++) {
    const depthwise = DEPTHWISE + (range - 1) * TAP_CONTEXTS;
    initModelRange(depthwise, depthwise + TAP_CONTEXTS, sizeOf(range));
  }
  for (let bits = 1; bits <= 4; bits++) {
    const low = LOW + (bits - 1) * 16;
    initModelRange(low, low + 16, 1 << bits);
    for (let part = 0; part < 4; part++) {
      initModel(MANTISSA + 4 * part + bits - 1, 1 << bits);
      initModel(NUMBER_BITS + 4 * part + bits - 1, 1 << bits);
      initModel(NUMBER_BITS + BITS_MODELS + 4 * part + bits - 1, 1 << bits);
    }
    initModel(DISTANCE_LOW + bits - 1, 1 << bits);
  }
  initModel(SIGN, 2);
  initModelRange(KIND, KIND + 5, 5);
  initModel(SCALE_STEP, SCALE_STEPS);
  initModelRange(TOKEN, TOKEN + 4, 4);
}

function initModelRange(from: i32, to: i32, size: i32): void {
  for (let model = from; model < to; model++) initModel(model, size);
}

/** Symbols of codes of a range. */
function sizeOf(range: i32): i32 {
  return min(2 * range + 1, 16);
}
