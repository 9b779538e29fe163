/** Compresses a model to a goal, with photos to fit it to. */

import type { Graph } from '../../reference/index.ts';
import { UsageError } from '../errors.ts';
import { augment } from './augment.ts';
import type { Pixels } from './activations.ts';
import {
  compressGraph,
  observe,
  type CompressedGraph,
  type Observation,
  type OnProgress,
} from './compress-graph.ts';
import { countEqual, firstLabels } from './judge.ts';
import { tensorOf } from './layers.ts';
import { readPixels } from './photo-pixels.ts';
import { compressToSize, priceForLoss } from './search.ts';
import { deployedBytes, float32Bytes } from './size.ts';
import type { Rule } from './steps.ts';

export type Goal =
  | { readonly kind: 'bits'; readonly bits: number }
  /** So many times smaller than float32. */
  | { readonly kind: 'ratio'; readonly ratio: number }
  /** As small as costs so many points. */
  | { readonly kind: 'loss'; readonly points: number }
  /** As small as it gets where a bit costs so much. */
  | { readonly kind: 'price'; readonly price: number };

export interface Photo {
  readonly path: string;
  /** Index of its label, where it is known. */
  readonly label?: number;
}

/** Called with what is being done and how much of it is. */
export type OnStage = (what: string, done: number, total: number) => void;

/** More photos are thinned out evenly: they would take time and memory, and tell little that is new. */
export const MAX_PHOTOS = 200;

/**
 * Compresses an int8 graph so that it imitates `wanted`: itself, or the float32 graph that it was derived from.
 *
 * @returns the part of the photos, too, that get the first label of the uncompressed graph
 * @throws {FileError} for a photo that cannot be read
 * @throws {UsageError} for a ratio that cannot be had
 */
export async function compressByPhotos(
  wanted: Graph,
  base: Graph,
  photos: readonly Photo[],
  goal: Goal,
  onStage: OnStage,
): Promise<{ readonly compressed: CompressedGraph; readonly agreement: number }> {
  const stride = Math.ceil(photos.length / MAX_PHOTOS);
  const some = photos.filter((_, i) => i % stride === 0);
  const pixels = await readPixels(
    base,
    some.map(({ path }) => path),
    stage(onStage, 'Reading photos'),
  );
  const chosen =
    goal.kind === 'loss'
      ? await priceWithin(wanted, base, some, pixels, goal.points, onStage)
      : undefined;
  const compress = fitter(base, await fit(wanted, pixels, onStage), onStage);
  const compressed = await compressTo(base, goal, chosen, compress);
  const labels = await firstLabels(base, pixels);
  const same = countEqual(labels, await firstLabels(compressed.graph, pixels));
  return { compressed, agreement: same / pixels.length };
}

async function compressTo(
  base: Graph,
  goal: Goal,
  price: number | undefined,
  compress: (rule: Rule) => Promise<CompressedGraph>,
): Promise<CompressedGraph> {
  if (goal.kind === 'bits' || goal.kind === 'price') return compress(goal);
  if (price !== undefined) return compress({ kind: 'price', price });
  if (goal.kind !== 'ratio') throw new Error('Expected a price');
  const result = await compressToSize(
    (each) => compress({ kind: 'price', price: each }),
    ({ graph }) => deployedBytes(graph),
    float32Bytes(base) / goal.ratio,
  );
  if (result !== undefined) return result.compressed;
  throw new UsageError(
    `Expected a ratio that the model can be compressed to but found ${String(goal.ratio)}`,
  );
}

/** The price that costs at most so many points on every other photo, where the rest are what the model is fitted to. */
async function priceWithin(
  wanted: Graph,
  base: Graph,
  photos: readonly Photo[],
  pixels: readonly Pixels[],
  points: number,
  onStage: OnStage,
): Promise<number> {
  const fitted = pixels.filter((_, i) => i % 2 === 0);
  const judged = pixels.filter((_, i) => i % 2 === 1);
  if (judged.length === 0) {
    throw new UsageError('Expected at least 2 photos for --max-loss but found 1');
  }
  const labels = photos.filter((_, i) => i % 2 === 1).map(({ label }) => label);
  const before = await firstLabels(base, judged);
  const truth = labels.map((label, i) => label ?? before[i] ?? -1);
  const right = countEqual(before, truth);
  const compress = fitter(base, await fit(wanted, fitted, onStage), onStage);
  return priceForLoss(async (price) => {
    const { graph } = await compress({ kind: 'price', price });
    const lost = right - countEqual(await firstLabels(graph, judged), truth);
    return (100 * lost) / judged.length;
  }, points);
}

/** What a network does on photos, and on more images that are made of them. */
async function fit(
  wanted: Graph,
  pixels: readonly Pixels[],
  onStage: OnStage,
): Promise<Observation> {
  const [, , width = 1] = tensorOf(wanted, wanted.inputs[0]).shape;
  return observe(wanted, augment(pixels, width), stage(onStage, 'Observing'));
}

/** Compresses by rules, one pass after another. */
function fitter(
  base: Graph,
  observation: Observation,
  onStage: OnStage,
): (rule: Rule) => Promise<CompressedGraph> {
  let pass = 0;
  return (rule) => {
    pass += 1;
    return compressGraph(
      base,
      observation,
      rule,
      stage(onStage, `Compressing, pass ${String(pass)}`),
    );
  };
}

function stage(onStage: OnStage, what: string): OnProgress {
  return (done, total) => {
    onStage(what, done, total);
  };
}
