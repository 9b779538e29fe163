/** Reads symbols: fastpath/container/symbols.ts and models.ts, which say how. */

import { MODEL_BYTES } from './contexts';
import { models, STATES, workspace } from './workspace';

/**
 * A model is 17 int16 starts of shares, less 1, so that a comparison with a sign serves; then, as uint16, how many symbols
 * are left until shares are renewed, how many that were in all, and its size; then 16 uint16 counts. The first start is
 * always 0: what is compared are the ends of 16 symbols, at a multiple of 16.
 */
const ENDS: usize = 2;
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

/** The next word; beyond `end` where more was read than there is. */
export let cursor: usize = 0;
export let end: usize = 0;
/** Whether something was read that no writer writes. */
let damaged: bool = false;

export function setCursor(word: usize): void {
  cursor = word;
}

export function setDamaged(): void {
  damaged = true;
}

/** Whether something was read that no writer writes, or more than there is. */
export function isDamaged(): bool {
  return damaged || cursor > end;
}

@inline
export function stateOf(lane: i32): u64 {
  return load<u64>(workspace + STATES + (<usize>(lane & (STATE_COUNT - 1)) << 3));
}

@inline
export function setState(lane: i32, state: u64): void {
  store<u64>(workspace + STATES + (<usize>(lane & (STATE_COUNT - 1)) << 3), state);
}

/** Begins to read the words in [`from`, `to`), which hold the states at least. */
export function beginSymbols(from: usize, to: usize): void {
  for (let i = 0; i < STATE_COUNT; i++) {
    const low = <u64>load<u32>(from + 6 * i);
    const high = <u64>load<u16>(from + 6 * i, 4);
    setState(i, (high << 32) | low);
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
    if (stateOf(i) !== LEAST_STATE) return false;
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

/** Shares in proportion to counts, at least one for each symbol. Sums of counts stay below 2^16, products below 2^31. */
function renew(model: usize): void {
  let low = v128.load(model, COUNTS);
  let high = v128.load(model, COUNTS + 16);
  let total = totalOf(low, high);
  if (total > MAX_TOTAL) {
    low = i16x8.avgr_u(low, i16x8.splat(0));
    high = i16x8.avgr_u(high, i16x8.splat(0));
    v128.store(model, low, COUNTS);
    v128.store(model, high, COUNTS + 16);
    total = totalOf(low, high);
  }
  const size = <u32>load<u16>(model, SIZE);
  const factor = i32x4.splat(((SHARES - size) << 16) / total);
  const sizes = i16x8.splat(<i16>size);
  const below = sumsOf(low);
  const above = i16x8.add(sumsOf(high), i16x8.splat(i16x8.extract_lane_s(below, 7)));
  v128.store(model, endsOf(below, factor, i16x8(0, 1, 2, 3, 4, 5, 6, 7), sizes), ENDS);
  v128.store(model, endsOf(above, factor, i16x8(8, 9, 10, 11, 12, 13, 14, 15), sizes), ENDS + 16);
}

@inline
function totalOf(low: v128, high: v128): u32 {
  const fours = i32x4.add(i32x4.extadd_pairwise_i16x8_u(low), i32x4.extadd_pairwise_i16x8_u(high));
  const twos = i32x4.add(fours, v128.shuffle<i32>(fours, fours, 2, 3, 0, 1));
  return i32x4.extract_lane(twos, 0) + i32x4.extract_lane(twos, 1);
}

/** Of 8 counts, the sum of those up to each. */
@inline
function sumsOf(counts: v128): v128 {
  const zero = i16x8.splat(0);
  const twos = i16x8.add(counts, v128.shuffle<i16>(zero, counts, 0, 8, 9, 10, 11, 12, 13, 14));
  const fours = i16x8.add(twos, v128.shuffle<i16>(zero, twos, 0, 0, 8, 9, 10, 11, 12, 13));
  return i16x8.add(fours, v128.shuffle<i16>(zero, fours, 0, 0, 0, 0, 8, 9, 10, 11));
}

/** Where the shares of 8 symbols end, less 1, by the sums of counts up to each. */
@inline
function endsOf(sums: v128, factor: v128, symbols: v128, sizes: v128): v128 {
  const low = i32x4.shr_u(i32x4.mul(i32x4.extend_low_i16x8_u(sums), factor), 16);
  const high = i32x4.shr_u(i32x4.mul(i32x4.extend_high_i16x8_u(sums), factor), 16);
  const ends = i16x8.add(i16x8.narrow_i32x4_s(low, high), symbols);
  const isLast = i16x8.gt_s(i16x8.add(symbols, i16x8.splat(2)), sizes);
  return v128.bitselect(i16x8.splat(<i16>(SHARES - 1)), ends, isLast);
}

/** The symbol that a state tells by the model at an address: as many as end at or below its place. */
@inline
export function symbolIn(model: usize, state: u64): i32 {
  const place = i16x8.splat(<i16>(<u32>state & (SHARES - 1)));
  const below = i8x16.narrow_i16x8_s(
    i16x8.lt_s(v128.load(model, ENDS), place),
    i16x8.lt_s(v128.load(model, ENDS + 16), place),
  );
  return popcnt<i32>(i8x16.bitmask(below));
}

/** The state behind a symbol, before a word renews it. `entry`: the symbol's place in its model. */
@inline
export function stateAfter(entry: usize, state: u64): u64 {
  const start = <i32>load<i16>(entry);
  const share = <u32>(<i32>load<i16>(entry, 2) - start);
  const rest = (<u32>state & (SHARES - 1)) - 1 - <u32>start;
  return <u64>share * (state >> SHARE_BITS) + <u64>rest;
}

/**
 * A state with the word at an address, where it takes one. Which do is as good as random: no branch foresees it, and each
 * that is mistaken costs more than the word.
 */
@inline
export function renewed(state: u64, word: usize): u64 {
  const longer = (state << 16) | <u64>load<u16>(word);
  return state < LEAST_STATE ? longer : state;
}

/** Where the next word lies, behind one that a state took or not. */
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

function renewLater(model: usize): void {
  const interval = min<u32>(2 * <u32>load<u16>(model, INTERVAL), LAST_INTERVAL);
  store<u16>(model, <u16>interval, INTERVAL);
  store<u16>(model, <u16>interval, LEFT);
  renew(model);
}

/** The next symbol of a lane, by the model at an address. Where no word is left, the last serves again. */
@inline
export function symbolOf(model: usize, lane: i32): i32 {
  const state = stateOf(lane);
  const symbol = symbolIn(model, state);
  const entry = model + (<usize>symbol << 1);
  const next = stateAfter(entry, state);
  setState(lane, renewed(next, min(cursor, end - 2)));
  cursor = min(wordAfter(next, cursor), end + 2);
  count(model, entry);
  return symbol;
}

/** The next symbol of a lane, by the number of its model. */
export function symbol(model: i32, lane: i32): i32 {
  return symbolOf(models + <usize>model * MODEL_BYTES, lane);
}
