/**
 * Adaptive distributions of up to 16 symbols, in integers alone, so that every decoder adapts alike.
 *
 * A symbol's share of 2^15 follows from counts. Counts grow with every symbol, shares are renewed after 8, 16, 32 ... 256
 * symbols: coding takes no division then, and a model of few symbols learns as fast as one that is renewed each time.
 */

/** Shares add up to this power of two. */
const SHARE_BITS = 15;
export const SHARES = 2 ** SHARE_BITS;
export const SYMBOLS = 16;

/** Counts at first, and what a symbol adds: the prior of Krichevsky and Trofimov, a little bolder. */
const FIRST_COUNT = 12;
const INCREMENT = 32;
/** Counts are halved beyond this sum, which keeps them in 16 bits: old symbols fade. */
const MAX_TOTAL = 49_152;
const FIRST_INTERVAL = 8;
const LAST_INTERVAL = 256;

export class Models {
  /** Where each symbol's shares begin; 17 a model. Beyond its symbols: SHARES. */
  readonly #starts: Uint16Array;
  readonly #counts: Uint16Array;
  readonly #interval: Uint16Array;
  readonly #left: Uint16Array;
  readonly #sizes: readonly number[];

  /** One model for each of `sizes`, of as many symbols. */
  constructor(sizes: readonly number[]) {
    this.#sizes = sizes;
    this.#starts = new Uint16Array(sizes.length * (SYMBOLS + 1));
    this.#counts = new Uint16Array(sizes.length * SYMBOLS);
    this.#interval = new Uint16Array(sizes.length).fill(FIRST_INTERVAL);
    this.#left = new Uint16Array(sizes.length).fill(FIRST_INTERVAL);
    sizes.forEach((size, model) => {
      this.#counts.fill(FIRST_COUNT, model * SYMBOLS, model * SYMBOLS + size);
      this.#renew(model);
    });
  }

  start(model: number, symbol: number): number {
    return this.#starts[model * (SYMBOLS + 1) + symbol] ?? 0;
  }

  /** Shares of a symbol; 0 for one that the model has not. */
  share(model: number, symbol: number): number {
    return this.start(model, symbol + 1) - this.start(model, symbol);
  }

  /** The symbol that the share `at`, in [0, SHARES), belongs to. */
  symbolAt(model: number, at: number): number {
    let symbol = 0;
    while (this.start(model, symbol + 1) <= at) symbol++;
    return symbol;
  }

  /** Counts a symbol. */
  adapt(model: number, symbol: number): void {
    const at = model * SYMBOLS + symbol;
    this.#counts[at] = (this.#counts[at] ?? 0) + INCREMENT;
    const left = (this.#left[model] ?? 0) - 1;
    this.#left[model] = left;
    if (left > 0) return;
    const interval = Math.min(2 * (this.#interval[model] ?? 0), LAST_INTERVAL);
    this.#interval[model] = interval;
    this.#left[model] = interval;
    this.#renew(model);
  }

  /** Shares in proportion to counts, at least one for each symbol. */
  #renew(model: number): void {
    const size = this.#sizes[model] ?? 0;
    const counts = this.#counts.subarray(model * SYMBOLS, model * SYMBOLS + size);
    let total = counts.reduce((sum, count) => sum + count, 0);
    if (total > MAX_TOTAL) {
      counts.forEach((count, i) => (counts[i] = (count + 1) >> 1));
      total = counts.reduce((sum, count) => sum + count, 0);
    }
    const factor = Math.floor(((SHARES - size) * 2 ** 16) / total);
    const first = model * (SYMBOLS + 1);
    let below = 0;
    for (let symbol = 0; symbol <= SYMBOLS; symbol++) {
      this.#starts[first + symbol] =
        symbol < size ? Math.floor((below * factor) / 2 ** 16) + symbol : SHARES;
      below += counts[symbol] ?? 0;
    }
  }
}
