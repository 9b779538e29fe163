/** The memory that decoding takes besides container and image: its parts, one after the other, and their addresses. */

import { MODEL_BYTES, MODELS } from './contexts';

/** What is known of a panel's 8 channels: 32 bytes each. */
export const STATES: usize = 0;
export const CONTEXTS: usize = 32;
export const SUMS: usize = 64;
export const FACTORS: usize = 96;
export const MULTIPLIERS: usize = 128;
export const SHIFTS: usize = 160;
export const BIASES: usize = 192;
export const NUDGE: usize = 224;
/** The nudge of each number on the grid, as far as a layer has told: int16, -1 where not. */
export const KNOWN: usize = 256;
export const GRID: i32 = 128;

/** What is compared of a model begins 2 bytes behind it. */
const MODELS_AT: usize = KNOWN + 2 * GRID + 14;
const PLAIN_AT: usize = MODELS_AT + <usize>MODELS * MODEL_BYTES + 2;

export let workspace: usize = 0;
export let models: usize = 0;
/** Mantissas, layer records and gaps. */
export let plain: usize = 0;
/** Running means of a layer's products. */
export let columns: usize = 0;
/** Bytes from `columns` on. */
let columnBytes: u64 = 0;

/** Lays the parts out, but for the last; false where they do not fit. */
export function layOut(at: usize, bytes: u32, plainBytes: u32): bool {
  const fixed = <u64>PLAIN_AT + rounded(plainBytes);
  if (fixed > bytes) return false;
  workspace = at;
  models = at + MODELS_AT;
  plain = at + PLAIN_AT;
  columns = at + <usize>fixed;
  columnBytes = bytes - fixed;
  memory.fill(at, 0, MODELS_AT);
  return true;
}

/** Whether there is room for the means of so many products. */
export function hasColumns(products: u32): bool {
  return 2 * <u64>products <= columnBytes;
}

function rounded(bytes: u64): u64 {
  return (bytes + 15) & ~15;
}

/** A word of the panel at work. */
@inline
export function panelWord(part: usize, lane: i32): i32 {
  return load<i32>(workspace + part + (<usize>lane << 2));
}

@inline
export function setPanelWord(part: usize, lane: i32, value: i32): void {
  store<i32>(workspace + part + (<usize>lane << 2), value);
}
