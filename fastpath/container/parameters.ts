/**
 * Factors and biases of a layer, panel by panel of 8 channels.
 *
 * Scales are numbers on a logarithmic grid, told from a running mean. What the compiler had to search for (nudges) is told
 * once for each scale of a layer.
 */

import { first } from './contexts.ts';
import { FORM, type Layer } from './layer.ts';
import { GRID } from '../program/container.ts';
import { BiasCoder, BiasState } from './biases.ts';
import type { Grid } from './grid.ts';
import { BYTE_MODELS, codeByte } from './numbers.ts';
import { SCALE_STEPS } from '../compile/float-rescaling.ts';
import { fixedPointOf, NUDGES, sumOfCodes } from './panels.ts';
import type { SymbolCoder } from './symbols.ts';

const PANEL = 8;
const SCALES = SCALE_STEPS.length;
/** Running means have 4 bits below the point, and take 1/8 of the latest. */
const POINT = 4;
const RATE = 3;
/** The kinds whose parameters are float32: fastpath/compile/pack.ts. */
const FLOAT_KINDS = 2;

/** What goes on from layer to layer. */
export class ParameterState {
  gridMean = (GRID / 2) << POINT;
  kind = 0;
  readonly biases = new BiasState();
}

export class ParameterCoder {
  readonly #coder: SymbolCoder;
  readonly #layer: Layer;
  readonly #grid: Grid;
  readonly #biases: BiasCoder;
  readonly #state: ParameterState;
  /** The nudge of each number on the grid, as far as the layer has told. */
  readonly #nudges = new Int16Array(GRID).fill(-1);

  constructor(coder: SymbolCoder, layer: Layer, grid: Grid, state: ParameterState) {
    this.#coder = coder;
    this.#layer = layer;
    this.#grid = grid;
    this.#state = state;
    this.#biases = new BiasCoder(coder, layer, state.biases);
  }

  panel(panel: number): void {
    const { shape, kinds } = this.#layer;
    const from = PANEL * panel;
    const to = Math.min(from + PANEL, shape.channels);
    for (let channel = from; channel < to; channel++) this.#factor(channel);
    for (let channel = from; channel < to; channel++) {
      const fixed = fixedPointOf(this.#layer, this.#grid, channel);
      this.#biases.code(channel, fixed, sumOfCodes(this.#layer, channel));
    }
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

  #nudge(channel: number): void {
    const { head, factors, nudges } = this.#layer;
    const number = factors[channel] ?? 0;
    const known = head.form === FORM.grid ? (this.#nudges[number] ?? -1) : -1;
    if (known >= 0) {
      nudges[channel] = known;
      return;
    }
    const nudge = nudges[channel] ?? 0;
    const [steps, centre] = [nudge % NUDGES, Math.floor(nudge / NUDGES)];
    const [scale, offset] = [steps % SCALES, Math.floor(steps / SCALES)];
    const told = this.#coder.code(first.scaleStep, channel, scale);
    const offsetTold = codeByte(this.#coder, first.offsetStep, channel, offset);
    const centreTold = codeByte(this.#coder, first.centre, channel, centre);
    nudges[channel] = NUDGES * centreTold + SCALES * offsetTold + told;
    if (head.form === FORM.grid) this.#nudges[number] = nudges[channel] ?? 0;
  }
}
