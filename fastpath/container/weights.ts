/**
 * The codes of a layer, panel by panel of 8 channels, in the order of the kernels' layout: product by product, 8 channels
 * each.
 *
 * Trained weights are almost as if drawn one by one, so that there is one thing to know of the next: how large those
 * around it are. Contexts are the sum of two running means of magnitudes: of the channel so far, and of the input (the
 * same product in channels before). Depthwise windows are smooth: contexts are the sum of the taps to the left and above.
 */

import { first, NEIGHBOUR_CONTEXTS, SUMS, TAP_CONTEXTS } from './contexts.ts';
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
    this.#mean = 80 * layer.head.range;
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
    const rate = RATES[Math.min(this.#panels, RATES.length - 1)] ?? 0;
    for (let k = 0; k < shape.products; k++) {
      const column = this.#columns[k] ?? 0;
      let sum = 0;
      for (let lane = 0; lane < lanes; lane++) {
        const row = rows[lane] ?? 0;
        const magnitude = this.#code(model + neighbourContext(row + column), lane, panel, k);
        rows[lane] = row + ((UNIT * magnitude - row) >> ROW_RATE);
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
    const model = first.depthwise + (head.range - 1) * TAP_CONTEXTS;
    for (let k = 0; k < shape.products; k++) {
      for (let lane = 0; lane < lanes; lane++) {
        const left = k % shape.kernelWidth > 0 ? this.#token(panel, lane, k - 1) : 0;
        const above = k >= shape.kernelWidth ? this.#token(panel, lane, k - shape.kernelWidth) : 0;
        const context = SUMS * placeOf(shape, k) + sumContext(left + above, head.range);
        this.#code(model + context, lane, panel, k);
      }
    }
  }

  #token(panel: number, lane: number, k: number): number {
    const { shape, head, codes } = this.#layer;
    return (codes[(PANEL * panel + lane) * shape.products + k] ?? 0) >> head.lowBits;
  }

  /** Codes one weight and returns its token's magnitude. */
  #code(model: number, lane: number, panel: number, k: number): number {
    const { shape, head, codes } = this.#layer;
    const at = (PANEL * panel + lane) * shape.products + k;
    const code = codes[at] ?? 0;
    const symbol = this.#coder.code(model, lane, (code >> head.lowBits) + head.range);
    const token = symbol - head.range;
    let low = 0;
    if (head.lowBits > 0) {
      const lowModel = first.low + (head.lowBits - 1) * SYMBOLS + symbol;
      low = this.#coder.code(lowModel, lane, code & (2 ** head.lowBits - 1));
    }
    codes[at] = token * 2 ** head.lowBits + low;
    return Math.abs(token);
  }
}

/** What running means take of the latest, as powers of 1/2: of a channel's products, and of panels. */
const ROW_RATE = 5;
const RATES = [1, 2, 2, 3, 3, 3, 3, 4];

/** Quarters of an octave of a sum of two means. */
export function neighbourContext(sum: number): number {
  const value = sum + 16;
  const octave = 31 - Math.clz32(value);
  return Math.min(4 * (octave - 4) + ((value >> (octave - 2)) & 3), NEIGHBOUR_CONTEXTS - 1);
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
