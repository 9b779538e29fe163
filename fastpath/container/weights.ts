/**
 * The codes of a layer, panel by panel of 8 channels, in the order of the kernels' layout: product by product, 8 channels
 * each.
 *
 * Trained weights are almost as if drawn one by one, so that there is one thing to know of the next: how large those
 * around it are. Contexts are the sum of two running means of magnitudes: of the channel so far, and of the input (the
 * same product in channels before). Where that is large, a symbol tells a weight's upper bits. Depthwise windows are smooth: contexts are the sum of the taps to the left and above.
 */

import { first, NEIGHBOUR_CONTEXTS, SUMS, TAP_CONTEXTS } from './contexts.ts';
import { BYTE_MODELS, codeByte } from './numbers.ts';
import { MAX_RANGE } from './records.ts';
import type { Layer, LayerShape } from './layer.ts';
import { SYMBOLS } from './models.ts';
import type { SymbolCoder } from './symbols.ts';

const PANEL = 8;
/** Means have 8 bits below the point. */
const UNIT = 256;

export class WeightCoder {
  readonly #coder: SymbolCoder;
  readonly #layer: Layer;
  /** Running mean of the magnitudes of each product. */
  readonly #columns: Uint16Array;
  /** Running mean of all magnitudes. */
  #mean: number;
  #panels = 0;

  constructor(coder: SymbolCoder, layer: Layer) {
    this.#coder = coder;
    this.#layer = layer;
    this.#mean = FIRST_MEAN * layer.head.range;
    this.#columns = new Uint16Array(layer.shape.products).fill(this.#mean);
  }

  panel(panel: number): void {
    if (this.#layer.shape.depthwise) this.#taps(panel);
    else this.#products(panel);
  }

  #products(panel: number): void {
    const { shape, head } = this.#layer;
    const lanes = Math.min(PANEL, shape.channels - PANEL * panel);
    const rows = Array.from({ length: lanes }, () => this.#mean);
    const model = first.dense + (head.range - 1) * NEIGHBOUR_CONTEXTS;
    const rowRate = head.range === MAX_RANGE ? WIDE_ROW_RATE : ROW_RATE;
    const rate = RATES[Math.min(this.#panels, RATES.length - 1)] ?? 0;
    for (let k = 0; k < shape.products; k++) {
      const column = this.#columns[k] ?? 0;
      let sum = 0;
      for (let lane = 0; lane < lanes; lane++) {
        const row = rows[lane] ?? 0;
        const context = neighbourContext(row + column);
        const lowBits = head.range === MAX_RANGE ? lowBitsOf(context) : 0;
        const code = this.#code(model + context, lowBits, lane, panel, k);
        const magnitude = Math.min(Math.abs(code), MAX_MAGNITUDE);
        rows[lane] = row + ((UNIT * magnitude - row) >> rowRate);
        sum += magnitude;
      }
      this.#columns[k] = column + (((UNIT / PANEL) * sum - column) >> rate);
    }
    if (lanes === PANEL) {
      const mean = rows.reduce((sum, row) => sum + row, 0) >> 3;
      this.#mean += (mean - this.#mean) >> rate;
    }
    this.#panels += 1;
  }

  #taps(panel: number): void {
    const { shape, head } = this.#layer;
    const lanes = Math.min(PANEL, shape.channels - PANEL * panel);
    const model = first.depthwise + (head.range - 1 + head.lowBits) * TAP_CONTEXTS;
    for (let k = 0; k < shape.products; k++) {
      for (let lane = 0; lane < lanes; lane++) {
        const left = k % shape.kernelWidth > 0 ? this.#token(panel, lane, k - 1) : 0;
        const above = k >= shape.kernelWidth ? this.#token(panel, lane, k - shape.kernelWidth) : 0;
        const context = SUMS * placeOf(shape, k) + sumContext(left + above, head.range);
        this.#code(model + context, head.lowBits, lane, panel, k);
      }
    }
  }

  #token(panel: number, lane: number, k: number): number {
    const { shape, head, codes } = this.#layer;
    return (codes[(PANEL * panel + lane) * shape.products + k] ?? 0) >> head.lowBits;
  }

  /** Codes one weight: a token, and as many bits below it. */
  #code(model: number, lowBits: number, lane: number, panel: number, k: number): number {
    const { shape, head, codes } = this.#layer;
    const at = (PANEL * panel + lane) * shape.products + k;
    const given = codes[at] ?? 0;
    const wanted = given >> lowBits;
    const told = head.range < MAX_RANGE || Math.abs(wanted) < MAX_RANGE;
    const symbol = this.#coder.code(model, lane, told ? wanted + head.range : ESCAPE);
    let token = symbol - head.range;
    if (symbol === ESCAPE && head.range === MAX_RANGE) {
      const escape = first.escape + lowBits * BYTE_MODELS;
      token = codeByte(this.#coder, escape, lane, wanted + BYTE_ZERO) - BYTE_ZERO;
    }
    let code = token * 2 ** lowBits;
    if (lowBits > 0) {
      const lowModel = first.low + (lowBits - 1) * SYMBOLS + symbol;
      code += this.#coder.code(lowModel, lane, given & (2 ** lowBits - 1));
    }
    codes[at] = code;
    // A damaged stream may tell codes that no byte holds.
    return codes[at] ?? 0;
  }
}

/** The symbol of tokens beyond the range, which are told as a byte. */
const ESCAPE = 0;
const BYTE_ZERO = 128;

/** The mean magnitude that a layer begins with, in parts of its range. */
const FIRST_MEAN = 80;
/** What running means take of the latest, as powers of 1/2: of a channel's products, and of panels. */
const ROW_RATE = 5;
const WIDE_ROW_RATE = 4;
const RATES = [1, 2, 2, 3, 3, 3, 3, 4];
/** Larger ones count as this, so that means fit 16 bits. */
const MAX_MAGNITUDE = 127;

/** Quarters of an octave of a sum of two means. */
export function neighbourContext(sum: number): number {
  const value = sum + 16;
  const octave = 31 - Math.clz32(value);
  return Math.min(4 * (octave - 4) + ((value >> (octave - 2)) & 3), NEIGHBOUR_CONTEXTS - 1);
}

/** The bits of codes below tokens, where neighbours are so large that tokens would not reach. */
export function lowBitsOf(context: number): number {
  return Math.min(Math.max((context >> 2) - 6, 0), 4);
}

/** Of a window of 3 x 3: its centre, the sides and the corners. */
function placeOf({ products, kernelWidth }: LayerShape, k: number): number {
  if (products !== 9 || kernelWidth !== 3) return 0;
  return k === 4 ? 2 : k % 2;
}

/** A sum of two tokens in halves of their range, in [0, SUMS). */
function sumContext(sum: number, range: number): number {
  const middle = (SUMS - 1) / 2;
  const halves = Math.floor((4 * sum + range) / (2 * range));
  return middle + Math.min(Math.max(halves, -middle), middle);
}
