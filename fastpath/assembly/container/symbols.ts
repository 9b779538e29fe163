/** Reads symbols: fastpath/container/symbols.ts and models.ts, which say how. */

import { MODEL_BYTES } from './contexts';
import { models, STATES, workspace } from './workspace';

/**
 * A model is 17 int16 starts of shares, less 1, so that a comparison with a sign serves; then, as uint16, how many symbols
 * are left until shares are renewed, how many that were in all, and its size; then 16 uint16 counts.
 */
const LEFT: usize = 34;
const INTERVAL: usize = 36;
const SIZE: usize = 38;
const COUNTS: usize = 40;

const SHARE_BITS: u32 = 15;
const SHARES: u32 = 1 << SHARE_BITS;
const LEAST_STATE: u64 = 1 << 31;
const STATE_COUNT: i32 = 4;
const FIRST_COUNT: u16 = 12;
const INCREMENT: u32 = 32;
const MAX_TOTAL: u32 = 49152;
const FIRST_INTERVAL: u16 = 8;
const LAST_INTERVAL: u16 = 256;

let cursor: usize = 0;
let end: usize = 0;
/** Whether something was read that no writer writes. */
export let damaged: bool = false;

export function setDamaged(): void {
  damaged = true;
}

/** Begins to read the words in [`from`, `to`), which hold the states at least. */
export function beginSymbols(from: usize, to: usize): void {
  for (let i = 0; i < STATE_COUNT; i++) {
    const low = <u64>load<u32>(from + 6 * i);
    const high = <u64>load<u16>(from + 6 * i, 4);
    store<u64>(workspace + STATES + 8 * i, (high << 32) | low);
  }
  cursor = from + 6 * STATE_COUNT;
  end = to;
  damaged = false;
}

/** Whether no word before `to` is still to be read. */
export function isRead(to: usize): bool {
  return to <= cursor;
}

/** Whether everything was read and nothing but zeros is left, which is passed over. */
export function endSymbols(): bool {
  for (let i = 0; i < STATE_COUNT; i++) {
    if (load<u64>(workspace + STATES + 8 * i) !== LEAST_STATE) return false;
  }
  for (; cursor < end; cursor += 2) if (load<u16>(cursor) !== 0) return false;
  return !damaged;
}

export function initModel(model: i32, size: i32): void {
  const at = models + <usize>model * MODEL_BYTES;
  store<u16>(at, FIRST_INTERVAL, LEFT);
  store<u16>(at, FIRST_INTERVAL, INTERVAL);
  store<u16>(at, <u16>size, SIZE);
  for (let i = 0; i < 16; i++) store<u16>(at + 2 * i, i < size ? FIRST_COUNT : 0, COUNTS);
  renew(at);
}

/** Shares in proportion to counts, at least one for each symbol. */
function renew(model: usize): void {
  let total: u32 = 0;
  for (let i = 0; i < 16; i++) total += load<u16>(model + 2 * i, COUNTS);
  if (total > MAX_TOTAL) {
    total = 0;
    for (let i = 0; i < 16; i++) {
      const count = (<u32>load<u16>(model + 2 * i, COUNTS) + 1) >> 1;
      store<u16>(model + 2 * i, <u16>count, COUNTS);
      total += count;
    }
  }
  const size = <u32>load<u16>(model, SIZE);
  const factor = ((SHARES - size) << 16) / total;
  let below: u32 = 0;
  for (let i: u32 = 0; i < size; i++) {
    store<i16>(model + 2 * i, <i16>(((below * factor) >> 16) + i - 1));
    below += load<u16>(model + 2 * i, COUNTS);
  }
  for (let i = size; i <= 16; i++) store<i16>(model + 2 * i, <i16>(SHARES - 1));
}

/** The next symbol of a lane, by the model at an address. `panel` is the workspace. */
@inline
export function symbolOf(model: usize, panel: usize, lane: i32): i32 {
  const at = panel + STATES + (<usize>(lane & (STATE_COUNT - 1)) << 3);
  const state = load<u64>(at);
  const rest = <u32>state & (SHARES - 1);
  // The starts at or below it: one bit each, from the first.
  const place = i16x8.splat(<i16>rest);
  const below = i8x16.narrow_i16x8_s(
    i16x8.lt_s(v128.load(model), place),
    i16x8.lt_s(v128.load(model, 16), place),
  );
  const symbol = 31 - clz<i32>(i8x16.bitmask(below));
  const entry = model + (<usize>symbol << 1);
  const start = <i32>load<i16>(entry);
  const share = <i32>load<i16>(entry, 2) - start;
  let next = <u64>share * (state >> SHARE_BITS) + <u64>(rest - start - 1);
  if (next < LEAST_STATE) next = (next << 16) | nextWord();
  store<u64>(at, next);
  store<u16>(entry, <u16>(load<u16>(entry, COUNTS) + INCREMENT), COUNTS);
  const left = <u32>load<u16>(model, LEFT) - 1;
  store<u16>(model, <u16>left, LEFT);
  if (left === 0) renewLater(model);
  return symbol;
}

@inline
function nextWord(): u64 {
  if (cursor >= end) {
    damaged = true;
    return 0;
  }
  const word = load<u16>(cursor);
  cursor += 2;
  return word;
}

function renewLater(model: usize): void {
  const interval = min<u32>(2 * <u32>load<u16>(model, INTERVAL), LAST_INTERVAL);
  store<u16>(model, <u16>interval, INTERVAL);
  store<u16>(model, <u16>interval, LEFT);
  renew(model);
}

/** The next symbol of a lane, by the number of its model. */
export function symbol(model: i32, lane: i32): i32 {
  return symbolOf(models + <usize>model * MODEL_BYTES, workspace, lane);
}
