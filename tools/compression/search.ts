/** The price of a bit at which a model has the wanted size, or no more than the wanted loss. */

import { exp2, log2 } from './logarithm.ts';
import type { CompressedGraph } from './compress-graph.ts';

/** Compresses by a price of a bit. */
export type Compress = (price: number) => Promise<CompressedGraph>;

/** Logarithm of the first price to try. */
const FIRST_PRICE = -28;

/** Change of log2(bytes) with log2(price) where nothing is known yet, and its limits. */
const USUAL_SLOPE = -0.25;
const SLOPES = [-0.6, -0.1] as const;

/** A model that takes this much of the bytes, or more, is near enough. */
const NEAR = 0.985;

const MAX_TRIES = 8;

/**
 * The compressed model of at most so many bytes, and not many fewer; undefined where none is found.
 *
 * The size falls with the price: the next price to try lies on the line through the last two, between the largest price
 * that is known to give too large a model and the smallest that gives none.
 */
export async function compressToSize(
  compress: Compress,
  sizeOf: (compressed: CompressedGraph) => number,
  bytes: number,
): Promise<{ readonly compressed: CompressedGraph; readonly price: number } | undefined> {
  const aim = log2(bytes * ((1 + NEAR) / 2));
  let best: { compressed: CompressedGraph; price: number; size: number } | undefined;
  let tooLow = -Infinity;
  let highEnough = Infinity;
  let last: { x: number; y: number } | undefined;
  let x = FIRST_PRICE;
  for (let tries = 0; tries < MAX_TRIES; tries++) {
    const price = exp2(x);
    const compressed = await compress(price);
    const size = sizeOf(compressed);
    if (size <= bytes) {
      if (best === undefined || size > best.size) best = { compressed, price, size };
      if (size >= NEAR * bytes) break;
      highEnough = Math.min(highEnough, x);
    } else {
      tooLow = Math.max(tooLow, x);
    }
    const y = log2(size);
    // Nothing is left to take away.
    if (size > bytes && last?.y === y) break;
    const slope = last === undefined || last.x === x ? USUAL_SLOPE : (y - last.y) / (x - last.x);
    last = { x, y };
    const next = x + (aim - y) / Math.min(Math.max(slope, SLOPES[0]), SLOPES[1]);
    const between = next > tooLow && next < highEnough;
    x = between ? next : (tooLow + highEnough) / 2;
    if (!Number.isFinite(x)) x = next;
  }
  return best;
}

/** Prices to choose from by loss: powers of two, or of its root. */
const LOSS_RANGE = { from: -34, to: -18, step: 0.5 } as const;

/**
 * The largest price at which a loss is at most `maxLoss`, taking for granted that it grows with the price; the smallest
 * of all where it is not.
 */
export async function priceForLoss(
  lossOf: (price: number) => Promise<number>,
  maxLoss: number,
): Promise<number> {
  const { from, to, step } = LOSS_RANGE;
  let [low, high] = [0, Math.round((to - from) / step)];
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if ((await lossOf(exp2(from + step * middle))) <= maxLoss) low = middle;
    else high = middle - 1;
  }
  return exp2(from + step * low);
}
