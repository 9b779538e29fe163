/**
 * Symbols as bytes: range asymmetric numeral systems (Duda, "Asymmetric numeral systems", 2013), the range variant with
 * interleaved states (Giesen, "Interleaved entropy coders", 2014).
 *
 * Four states take turns by lane, so that a processor decodes four symbols at a time. A state lies in [2^31, 2^47) and is
 * renewed by 16-bit words: float64 holds it exactly, and what shares of 2^-15 lose by it is below 2^-16.
 */

import { Models, SHARES } from './models.ts';

export const STATES = 4;
export const LEAST_STATE = 2 ** 31;
const WORD = 2 ** 16;
/** 16-bit words of a state at the start of the stream. */
export const STATE_WORDS = 3;

/**
 * One direction of coding. What walks over a network's numbers gives each to `code`, with its model and lane, and keeps
 * what it returns: the writer returns what it was given, the reader what was written.
 */
export interface SymbolCoder {
  readonly code: (model: number, lane: number, symbol: number) => number;
}

export class SymbolWriter implements SymbolCoder {
  readonly #models: Models;
  readonly #symbols: { readonly lane: number; readonly start: number; readonly share: number }[] =
    [];

  constructor(sizes: readonly number[]) {
    this.#models = new Models(sizes);
  }

  code(model: number, lane: number, symbol: number): number {
    const share = this.#models.share(model, symbol);
    if (!(share > 0)) throw new Error(`Expected a symbol of model ${String(model)}`);
    this.#symbols.push({ lane: lane % STATES, start: this.#models.start(model, symbol), share });
    this.#models.adapt(model, symbol);
    return symbol;
  }

  /** The stream: the states that a reader begins with, then words in the order in which it takes them. */
  finish(): Uint16Array {
    const states = Array.from({ length: STATES }, () => LEAST_STATE);
    const words: number[] = [];
    for (let i = this.#symbols.length - 1; i >= 0; i--) {
      const { lane, start, share } = this.#symbols[i] ?? { lane: 0, start: 0, share: SHARES };
      let state = states[lane] ?? LEAST_STATE;
      if (state >= share * (LEAST_STATE / SHARES) * WORD) {
        words.push(state % WORD);
        state = Math.floor(state / WORD);
      }
      states[lane] = Math.floor(state / share) * SHARES + (state % share) + start;
    }
    for (const state of states.toReversed()) {
      for (let word = STATE_WORDS - 1; word >= 0; word--) {
        words.push(Math.floor(state / WORD ** word) % WORD);
      }
    }
    return Uint16Array.from(words.reverse());
  }
}

export class SymbolReader implements SymbolCoder {
  readonly #models: Models;
  readonly #words: Uint16Array;
  readonly #states: number[];
  #at = STATES * STATE_WORDS;

  /** A stream that ends early goes on with zeros: `finish` tells. */
  constructor(sizes: readonly number[], words: Uint16Array) {
    this.#models = new Models(sizes);
    this.#words = words;
    this.#states = Array.from({ length: STATES }, (_, i) => {
      const [low = 0, middle = 0, high = 0] = words.subarray(STATE_WORDS * i);
      return low + middle * WORD + high * WORD ** 2;
    });
  }

  code(model: number, lane: number): number {
    const state = this.#states[lane % STATES] ?? 0;
    const rest = state % SHARES;
    const symbol = this.#models.symbolAt(model, rest);
    const above = Math.floor(state / SHARES) * this.#models.share(model, symbol);
    let next = above + rest - this.#models.start(model, symbol);
    if (next < LEAST_STATE) next = next * WORD + this.#word();
    this.#states[lane % STATES] = next;
    this.#models.adapt(model, symbol);
    return symbol;
  }

  #word(): number {
    this.#at += 1;
    return this.#words[this.#at - 1] ?? 0;
  }

  /** Bytes of the stream that were read. */
  get bytesRead(): number {
    return 2 * this.#at;
  }

  /** Bits that all symbols so far take, fractions included: those of the words read, less what states still hold. */
  get bits(): number {
    const held = this.#states.reduce((sum, state) => sum + Math.log2(state), 0);
    return 16 * this.#at - held;
  }

  /** Whether everything was read and nothing was left, as the writer wrote it. */
  finish(): boolean {
    const rest = this.#words.subarray(this.#at);
    return (
      this.#at <= this.#words.length &&
      rest.every((word) => word === 0) &&
      this.#states.every((each) => each === LEAST_STATE)
    );
  }
}
