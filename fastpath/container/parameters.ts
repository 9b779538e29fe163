/**
 * Factors and biases of a layer, panel by panel of 8 channels.
 *
 * Scales are numbers on a logarithmic grid, told from a running mean. A bias is its length in bits, told from what the
 * scales let expect (a bias is a real number in units of the scale), its sign and its bits below the first, of which
 * low ones are often zero. What the compiler had to search for (nudges) is told once for each scale of a layer.
 */

import { first } from './contexts.ts';
import { FORM, type Layer } from './layer.ts';
import { GRID } from '../program/container.ts';
import { BYTE_MODELS, codeBits, codeByte, MAX_LENGTH } from './numbers.ts';
import type { SymbolCoder } from './symbols.ts';

const PANEL = 8;
/** Running means have 4 bits below the point, and take 1/8 of the latest. */
const POINT = 4;
const RATE = 3;
/** Lengths of biases, told from their mean, that take one symbol; 0 is a bias of zero, the last one none of these. */
const LENGTHS = 14;
const OTHER_LENGTH = 15;

/** The kinds whose parameters are float32: fastpath/compile/pack.ts. */
const FLOAT_KINDS = 2;

/** What goes on from layer to layer. */
export class ParameterState {
  gridMean = (GRID / 2) << POINT;
  lengthMean = 0;
  kind = 0;
}

export class ParameterCoder {
  readonly #coder: SymbolCoder;
  readonly #layer: Layer;
  readonly #perOctave: number;
  readonly #state: ParameterState;
  /** The nudge of each number on the grid, as far as the layer has told. */
  readonly #nudges = new Int16Array(GRID).fill(-1);

  /** `perOctave`: numbers of the grid in an octave. */
  constructor(coder: SymbolCoder, layer: Layer, perOctave: number, state: ParameterState) {
    this.#coder = coder;
    this.#layer = layer;
    this.#perOctave = perOctave;
    this.#state = state;
  }

  panel(panel: number): void {
    const { shape, kinds } = this.#layer;
    const from = PANEL * panel;
    const to = Math.min(from + PANEL, shape.channels);
    for (let channel = from; channel < to; channel++) this.#factor(channel);
    for (let channel = from; channel < to; channel++) this.#bias(channel);
    const kind = this.#coder.code(first.kind + this.#state.kind, 0, kinds[panel] ?? 0);
    kinds[panel] = kind;
    this.#state.kind = kind;
    if (kind >= FLOAT_KINDS) return;
    for (let channel = from; channel < to; channel++) this.#nudge(channel);
  }

  #factor(channel: number): void {
    const { head, factors, shifts } = this.#layer;
    const factor = factors[channel] ?? 0;
    if (head.form !== FORM.grid) {
      factors[channel] = this.#word(factor, channel);
      if (head.form === FORM.ready) {
        shifts[channel] = codeByte(this.#coder, first.shift, channel, (shifts[channel] ?? 0) & 255);
      }
      return;
    }
    const mean = this.#state.gridMean >> POINT;
    const number = codeByte(this.#coder, first.scale, channel, factor - mean + GRID) + mean - GRID;
    factors[channel] = number;
    this.#state.gridMean += ((number << POINT) - this.#state.gridMean) >> RATE;
  }

  #word(word: number, lane: number): number {
    let coded = 0;
    for (let i = 3; i >= 0; i--) {
      coded =
        (coded << 8) |
        codeByte(this.#coder, first.word + BYTE_MODELS * i, lane, (word >> (8 * i)) & 255);
    }
    return coded;
  }

  #bias(channel: number): void {
    const { biases } = this.#layer;
    const bias = biases[channel] ?? 0;
    const magnitude = Math.abs(bias);
    const length = this.#length(channel, 32 - Math.clz32(magnitude));
    biases[channel] = 0;
    if (length === 0) return;
    const negative = this.#coder.code(first.sign, channel, bias < 0 ? 1 : 0);
    const coded = codeBits(this.#coder, first.mantissa, channel, magnitude, length);
    biases[channel] = negative === 1 ? -coded : coded;
  }

  /** The bits of a bias's magnitude. */
  #length(channel: number, length: number): number {
    const level = this.#level(channel);
    const expected = (this.#state.lengthMean - (level << POINT) + (2 << POINT)) >> (POINT + 2);
    const told = length - expected + LENGTHS / 2;
    const near = told >= 1 && told <= LENGTHS;
    const symbol = this.#coder.code(
      first.length,
      channel,
      length === 0 ? 0 : near ? told : OTHER_LENGTH,
    );
    if (symbol === 0) return 0;
    const coded =
      symbol === OTHER_LENGTH
        ? codeByte(this.#coder, first.otherLength, channel, length)
        : symbol + expected - LENGTHS / 2;
    // Beyond the bounds only where the stream is damaged.
    const bounded = Math.min(Math.max(coded, 1), MAX_LENGTH);
    this.#state.lengthMean += (((4 * bounded + level) << POINT) - this.#state.lengthMean) >> RATE;
    return bounded;
  }

  /** The binary logarithm of a channel's scale, in quarters. */
  #level(channel: number): number {
    const { head, factors, shifts } = this.#layer;
    const factor = factors[channel] ?? 0;
    if (head.form === FORM.ready) return 4 * (shifts[channel] ?? 0);
    if (head.form === FORM.scales) return factor >> 21;
    return Math.floor((4 * factor) / this.#perOctave);
  }

  #nudge(channel: number): void {
    const { head, factors, nudges } = this.#layer;
    const number = factors[channel] ?? 0;
    const known = head.form === FORM.grid ? (this.#nudges[number] ?? -1) : -1;
    if (known >= 0) {
      nudges[channel] = known;
      return;
    }
    const nudge = nudges[channel] ?? 0;
    const steps = this.#coder.code(first.nudge, channel, nudge % 9);
    const centre = codeByte(this.#coder, first.centre, channel, Math.floor(nudge / 9));
    nudges[channel] = 9 * centre + steps;
    if (head.form === FORM.grid) this.#nudges[number] = nudges[channel] ?? 0;
  }
}
