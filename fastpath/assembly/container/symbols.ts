/** Reads symbols: fastpath/container/symbols.ts and models.ts, which say how. */

import { MODEL_BYTES } from './contexts';
import { models, STATES, workspace } from './workspace';

/**
 * A model is 17 int16 starts of shares, less 1, so that a comparison with a sign serves; then, as uint16, how many symbols
 * are left until shares are renewed, how many that were in all, and its size; then 16 uint16 counts.
 */
const STARTS: usize = 2;
const LEFT: usize = 34;
const INTERVAL: usize = 36;
const SIZE: usize = 38;
const COUNTS: usize = 40;

const SHARE_BITS: u32 = 15;
const SHARES: i32 = 1 << SHARE_BITS;
const LEAST_STATE: u64 = 1 << 31;
const STATE_COUNT: i32 = 4;
const FIRST_COUNT: u16 = 12;
const INCREMENT: u32 = 32;
const MAX_TOTAL: u32 = 49152;
const FIRST_INTERVAL: u16 = 8;
const LAST_INTERVAL: u16 = 256;

export let cursor: usize = 0;
export let end: usize = 0;

export function setCursor(at: usize): void {
  cursor = at;
}

/** Whether something was read that no writer writes. */
let damaged: bool = false;

export function setDamaged(): void {
  damaged = true;
}

/** Whether anything was read that no writer writes, or more than there is. */
export function isDamaged(): bool {
  return damaged || cursor > end;
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
  return !isDamaged();
}

export function initModel(model: i32, size: i32): void {
  const at = models + <usize>model * MODEL_BYTES;
  store<u16>(at, FIRST_INTERVAL, LEFT);
  store<u16>(at, FIRST_INTERVAL, INTERVAL);
  store<u16>(at, <u16>size, SIZE);
  for (let i = 0; i < 16; i++) store<u16>(at + 2 * i, i < size ? FIRST_COUNT : 0, COUNTS);
  store<i16>(at, -1);
  renew(at);
}

/** Shares in proportion to counts, at least one for each symbol. Sums stay below 2^16, products below 2^31. */
function renew(model: usize): void {
  let low = v128.load(model, COUNTS);
  let high = v128.load(model, COUNTS + 16);
  let total = sumOf(low, high);
  if (total > MAX_TOTAL) {
    low = i16x8.avgr_u(low, i16x8.splat(0));
    high = i16x8.avgr_u(high, i16x8.splat(0));
    v128.store(model, low, COUNTS);
    v128.store(model, high, COUNTS + 16);
    total = sumOf(low, high);
  }
  const size = i16x8.splat(<i16>load<u16>(model, SIZE));
  const factor = i32x4.splat(((SHARES - load<u16>(model, SIZE)) << 16) / total);
  const below = sumsOf(low);
  const above = i16x8.add(sumsOf(high), i16x8.splat(i16x8.extract_lane_s(below, 7)));
  v128.store(model, startsOf(below, factor, i16x8(0, 1, 2, 3, 4, 5, 6, 7), size), STARTS);
  v128.store(model, startsOf(above, factor, i16x8(8, 9, 10, 11, 12, 13, 14, 15), size), STARTS + 16);
}

@inline
function sumOf(low: v128, high: v128): u32 {
  const fours = i32x4.add(i32x4.extadd_pairwise_i16x8_u(low), i32x4.extadd_pairwise_i16x8_u(high));
  const twos = i32x4.add(fours, v128.shuffle<i32>(fours, fours, 2, 3, 0, 1));
  return i32x4.extract_lane(twos, 0) + i32x4.extract_lane(twos, 1);
}

/** Sums of the counts up to each. */
@inline
function sumsOf(counts: v128): v128 {
  const zero = i16x8.splat(0);
  const twos = i16x8.add(counts, v128.shuffle<i16>(zero, counts, 0, 8, 9, 10, 11, 12, 13, 14));
  const fours = i16x8.add(twos, v128.shuffle<i16>(zero, twos, 0, 0, 8, 9, 10, 11, 12, 13));
  return i16x8.add(fours, v128.shuffle<i16>(zero, fours, 0, 0, 0, 0, 8, 9, 10, 11));
}

/** Where 8 symbols end, less 1, of counts up to each of them. */
@inline
function startsOf(sums: v128, factor: v128, symbols: v128, size: v128): v128 {
  const low = i32x4.shr_u(i32x4.mul(i32x4.extend_low_i16x8_u(sums), factor), 16);
  const high = i32x4.shr_u(i32x4.mul(i32x4.extend_high_i16x8_u(sums), factor), 16);
  const starts = i16x8.add(i16x8.narrow_i32x4_s(low, high), symbols);
  const isLast = i16x8.gt_s(i16x8.add(symbols, i16x8.splat(2)), size);
  return v128.bitselect(i16x8.splat(<i16>(SHARES - 1)), starts, isLast);
}

/** The symbol that a state tells by the model at an address: as many as end at or below it. */
@inline
export function symbolIn(model: usize, state: u64): i32 {
  const place = i16x8.splat(<i16>(<i32>state & (SHARES - 1)));
  const below = i8x16.narrow_i16x8_s(
    i16x8.lt_s(v128.load(model, STARTS), place),
    i16x8.lt_s(v128.load(model, STARTS + 16), place),
  );
  return popcnt<i32>(i8x16.bitmask(below));
}

/** The state behind a symbol, before a word renews it. `entry`: of the symbol in its model. */
@inline
export function stateAfter(entry: usize, state: u64): u64 {
  const start = <i32>load<i16>(entry);
  const share = <u32>(<i32>load<i16>(entry, 2) - start);
  const rest = <u32>(((<i32>state & (SHARES - 1)) - 1) - start);
  return <u64>share * (state >> SHARE_BITS) + <u64>rest;
}

/** A state that is renewed by the word at an address, if it is low. */
@inline
export function renewed(state: u64, word: usize): u64 {
  const longer = (state << 16) | <u64>load<u16>(word);
  return state < LEAST_STATE ? longer : state;
}

/** Where the next word lies, behind one that a state took if it was low. */
@inline
export function wordAfter(state: u64, word: usize): usize {
  return word + (<usize>(state < LEAST_STATE) << 1);
}

/** Counts a symbol. */
@inline
export function count(model: usize, entry: usize): void {
  store<u16>(entry, <u16>(load<u16>(entry, COUNTS) + INCREMENT), COUNTS);
  const left = <u32>load<u16>(model, LEFT) - 1;
  store<u16>(model, <u16>left, LEFT);
  if (left === 0) renewLater(model);
}

/** The next symbol of a lane, by the model at an address. `panel` is the workspace. */
@inline
export function symbolOf(model: usize, panel: usize, lane: i32): i32 {
  const at = panel + STATES + (<usize>(lane & (STATE_COUNT - 1)) << 3);
  const state = load<u64>(at);
  const symbol = symbolIn(model, state);
  const entry = model + (<usize>symbol << 1);
  const next = stateAfter(entry, state);
  store<u64>(at, renewed(next, min(cursor, end - 2)));
  cursor = min(wordAfter(next, cursor), end + 2);
  count(model, entry);
  return symbol;
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
