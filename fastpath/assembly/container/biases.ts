/** Biases of a panel's channels: fastpath/container/biases.ts. */

import { LENGTH, MANTISSA, OTHER_LENGTH, OTHER_POWER, POWER, SIGN } from './contexts';
import { powerOfTwo } from './factors';
import { inputMeanOf, outputMeanOf } from './layers';
import { bitsOf, byteOf, MAX_LENGTH } from './numbers';
import { symbol } from './symbols';
import { BIASES, MULTIPLIERS, panelWord, setPanelWord, SHIFTS, SUMS } from './workspace';

const POINT: i32 = 4;
const RATE: i32 = 3;
const POWERS_BELOW: i32 = 4;
const ESCAPED_POWER: i32 = 14;
const ZERO: i32 = 15;
const MAX_POWER: i32 = 30;
const LENGTHS_BELOW: i32 = 7;
const ESCAPED_LENGTH: i32 = 15;
const PARTS: f64 = 4;
const MAX_EXPECTED: f64 = 1073741824;

/** What goes on from layer to layer. */
let powerMean: i32 = 0;
let lengthMean: i32 = 0;

export function beginBiases(): void {
  powerMean = 0;
  lengthMean = 0;
}

/** Reads the bias of a lane, whose factor and sum of codes are known. */
export function readBias(record: usize, lane: i32): void {
  const power = readPower(lane);
  if (power < 0) {
    setPanelWord(BIASES, lane, 0);
    return;
  }
  const length = readLength(lane, power);
  const negative = symbol(SIGN, lane) === 1;
  let difference: i32 = length === 0 ? 0 : bitsOf(MANTISSA, lane, length);
  if (negative) difference = ~difference;
  const half = (expectedBias(record, lane) >> (power + 1)) + difference;
  setPanelWord(BIASES, lane, (2 * half + 1) << power);
}

/** The largest power of two that divides a bias, as its exponent; -1 for a bias of zero. */
function readPower(lane: i32): i32 {
  const least = ((powerMean + (1 << (POINT - 1))) >> POINT) - POWERS_BELOW;
  const told = symbol(POWER, lane);
  if (told === ZERO) return -1;
  const power = told === ESCAPED_POWER ? byteOf(OTHER_POWER, lane) : least + told;
  const bounded = min(max(power, 0), MAX_POWER);
  powerMean += ((bounded << POINT) - powerMean) >> RATE;
  return bounded;
}

/** The bits of a difference. */
function readLength(lane: i32, power: i32): i32 {
  const multiplier = panelWord(MULTIPLIERS, lane);
  const level = 4 * panelWord(SHIFTS, lane) + ((multiplier >> 28) & 3) + 4 * power;
  const expected = (lengthMean - (level << POINT) + (2 << POINT)) >> (POINT + 2);
  const told = symbol(LENGTH + i32(expected >= 1), lane);
  const length =
    told === ESCAPED_LENGTH ? byteOf(OTHER_LENGTH, lane) : told + expected - LENGTHS_BELOW;
  const bounded = min(max(length, 0), MAX_LENGTH);
  lengthMean += (((4 * bounded + level) << POINT) - lengthMean) >> RATE;
  return bounded;
}

/** What the sum of a channel's codes lets expect of its bias. */
function expectedBias(record: usize, lane: i32): i32 {
  const factor = <f64>panelWord(MULTIPLIERS, lane) * powerOfTwo(panelWord(SHIFTS, lane) - 31);
  const sum = <f64>panelWord(SUMS, lane);
  const expected = (<f64>inputMeanOf(record) * sum) / PARTS + <f64>outputMeanOf(record) / factor;
  return abs(expected) < MAX_EXPECTED ? <i32>Math.floor(expected + 0.5) : 0;
}
