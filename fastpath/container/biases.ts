/**
 * Biases of a layer, channel by channel.
 *
 * A bias makes up for the mean of what the weights give, so that it follows from the sum of a channel's codes in good
 * part: what is told is the difference from `inputMean * sum + outputMean`. Compression leaves biases as multiples of
 * powers of two: the power is told first, and that the multiple is odd is known then.
 */

import { first } from './contexts.ts';
import type { Layer, LayerHead } from './layer.ts';
import { codeBits, codeByte } from './numbers.ts';
import type { FixedPoint } from '../../reference/arithmetic/multiplier.ts';
import type { SymbolCoder } from './symbols.ts';

/** Running means have 4 bits below the point, and take 1/8 of the latest. */
const POINT = 4;
const HALF = 1 << (POINT - 1);
const RATE = 3;
/** Powers of two, told from their mean: 0 to 13 from four below on, any other, and that of a bias of zero. */
const POWERS_BELOW = 4;
const OTHER_POWER = 14;
const ZERO = 15;
const MAX_POWER = 30;
/** Lengths of differences, told from their mean: 0 to 14 from seven below on, and any other. */
const LENGTHS_BELOW = 7;
const OTHER_LENGTH = 15;
const MAX_LENGTH = 32;
/** Parts of a code that `inputMean` counts. */
const PARTS = 4;
const MAX_EXPECTED = 2 ** 30;

/** What goes on from layer to layer. */
export class BiasState {
  powerMean = 0;
  lengthMean = 0;
}

export class BiasCoder {
  readonly #coder: SymbolCoder;
  readonly #layer: Layer;
  readonly #state: BiasState;

  constructor(coder: SymbolCoder, layer: Layer, state: BiasState) {
    this.#coder = coder;
    this.#layer = layer;
    this.#state = state;
  }

  /** `sum` is that of the channel's codes. */
  code(channel: number, fixed: FixedPoint, sum: number): void {
    const { biases, head } = this.#layer;
    const bias = biases[channel] ?? 0;
    const power = this.#power(channel, bias === 0 ? -1 : 31 - Math.clz32(bias & -bias));
    if (power < 0) {
      biases[channel] = 0;
      return;
    }
    // Half of an odd multiple less 1.
    const expected = expectedBias(head, fixed, sum) >> (power + 1);
    const difference = (bias >> (power + 1)) - expected;
    const told = difference < 0 ? ~difference : difference;
    const length = this.#length(channel, 32 - Math.clz32(told), levelOf(fixed) + 4 * power);
    const negative = this.#coder.code(first.sign, channel, difference < 0 ? 1 : 0);
    const magnitude =
      length === 0 ? 0 : codeBits(this.#coder, first.mantissa, channel, told, length);
    const half = expected + (negative === 1 ? ~magnitude : magnitude);
    biases[channel] = Math.imul(2 * half + 1, 1 << power);
  }

  /** The largest power of two that divides a bias, as its exponent; -1 for a bias of zero. */
  #power(channel: number, power: number): number {
    const least = ((this.#state.powerMean + HALF) >> POINT) - POWERS_BELOW;
    const near = power - least >= 0 && power - least < OTHER_POWER;
    const told = power < 0 ? ZERO : near ? power - least : OTHER_POWER;
    const symbol = this.#coder.code(first.power, channel, told);
    if (symbol === ZERO) return -1;
    const coded =
      symbol === OTHER_POWER
        ? codeByte(this.#coder, first.otherPower, channel, power)
        : least + symbol;
    // Beyond the bounds only where the stream is damaged.
    const bounded = Math.min(Math.max(coded, 0), MAX_POWER);
    this.#state.powerMean += ((bounded << POINT) - this.#state.powerMean) >> RATE;
    return bounded;
  }

  /** The bits of a difference. `level`: the binary logarithm of its unit in output codes, in quarters. */
  #length(channel: number, length: number, level: number): number {
    const expected = (this.#state.lengthMean - (level << POINT) + (2 << POINT)) >> (POINT + 2);
    const least = expected - LENGTHS_BELOW;
    const near = length - least >= 0 && length - least < OTHER_LENGTH;
    // Most differences are none where the expected length is below 1.
    const model = first.length + (expected < 1 ? 0 : 1);
    const symbol = this.#coder.code(model, channel, near ? length - least : OTHER_LENGTH);
    const coded =
      symbol === OTHER_LENGTH
        ? codeByte(this.#coder, first.otherLength, channel, length)
        : least + symbol;
    const bounded = Math.min(Math.max(coded, 0), MAX_LENGTH);
    this.#state.lengthMean += (((4 * bounded + level) << POINT) - this.#state.lengthMean) >> RATE;
    return bounded;
  }
}

/** The binary logarithm of a channel's factor, in quarters, about. */
function levelOf({ multiplier, shift }: FixedPoint): number {
  return 4 * shift + ((multiplier >> 28) & 3);
}

/** What the sum of a channel's codes lets expect of its bias. */
export function expectedBias(
  { inputMean, outputMean }: LayerHead,
  { multiplier, shift }: FixedPoint,
  sum: number,
): number {
  const factor = multiplier * 2 ** (shift - 31);
  const expected = (inputMean * sum) / PARTS + outputMean / factor;
  // Not below for a factor of zero.
  return Math.abs(expected) < MAX_EXPECTED ? Math.floor(expected + 0.5) : 0;
}

/** The means with which differences of biases are least, by least squares in output codes. */
export function fittedMeans(
  channels: readonly { readonly bias: number; readonly sum: number; readonly factor: number }[],
): Pick<LayerHead, 'inputMean' | 'outputMean'> {
  let [xx, x, xy, y] = [0, 0, 0, 0];
  for (const { bias, sum, factor } of channels) {
    const [from, to] = [sum * factor, bias * factor];
    xx += from * from;
    x += from;
    xy += from * to;
    y += to;
  }
  const count = channels.length;
  const determinant = xx * count - x * x;
  const slope = determinant > 0 ? (xy * count - x * y) / determinant : 0;
  const bounded = (value: number): number =>
    Number.isFinite(value) ? Math.min(Math.max(Math.round(value), -(2 ** 15)), 2 ** 15 - 1) : 0;
  const inputMean = bounded(slope * PARTS);
  return { inputMean, outputMean: bounded((y - (inputMean / PARTS) * x) / count) };
}
