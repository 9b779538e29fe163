/**
 * Expansions in bands of rows, to save memory: where a pointwise convolution is read by one depthwise convolution alone,
 * neither needs the whole tensor between them. The two take turns, some rows at a time, in a buffer that holds those rows.
 * Same kernels, same results; rows that two bands' windows share are computed twice.
 */

import type { Draft, Place } from './lower.ts';
import type { DraftStep } from './steps.ts';
import { bufferBytes } from './buffers.ts';
import { isPointwise, typeBytes } from '../program/kernels.ts';

/** Into how many bands is tried, and what a split has to save of the arena and may add to the rows. */
const COUNTS = [2, 3, 4, 6, 8];
const LEAST_SAVING = 0.05;
const MOST_REPEATED = 0.08;

/** Rows of the tensor between, from `start` to `end`, for output rows from `first` to `last`. */
interface Band {
  readonly first: number;
  readonly last: number;
  readonly start: number;
  readonly end: number;
  readonly padTop: number;
}

/** Splits expansions, the largest first, as long as that makes the arena of `arenaBytes` notably smaller. */
export function bandExpansions(draft: Draft, arenaBytes: (draft: Draft) => number): Draft {
  let banded = draft;
  let bytes = arenaBytes(draft);
  for (;;) {
    const splits = largestExpansion(banded);
    const best = splits
      .map((split) => ({ split, bytes: arenaBytes(split) }))
      .reduce<{ split: Draft; bytes: number } | undefined>(
        // The fewest bands of those that save as much.
        (found, each) => (found !== undefined && found.bytes <= each.bytes ? found : each),
        undefined,
      );
    if (best === undefined || best.bytes > bytes * (1 - LEAST_SAVING)) return banded;
    banded = best.split;
    bytes = best.bytes;
  }
}

/** The draft with its largest expansion split, once for each number of bands that suits it. */
function largestExpansion(draft: Draft): readonly Draft[] {
  let largest = -1;
  for (let i = 0; i + 1 < draft.steps.length; i++) {
    if (isExpansion(draft, i) && betweenBytes(draft, i) > betweenBytes(draft, largest)) largest = i;
  }
  const filter = draft.steps[largest + 1];
  if (largest < 0 || filter === undefined) return [];
  return COUNTS.flatMap((count) => {
    const bands = bandsOf(filter, count);
    return bands === undefined ? [] : [splitAt(draft, largest, bands)];
  });
}

function betweenBytes({ buffers, steps }: Draft, step: number): number {
  const buffer = buffers[steps[step]?.output ?? -1];
  return buffer === undefined ? 0 : bufferBytes(buffer);
}

/** Whether step `i` and the next are an expansion and the only reader of its output. */
function isExpansion({ steps, buffers, outputs }: Draft, i: number): boolean {
  const [expand, filter] = [steps[i], steps[i + 1]];
  if (expand === undefined || filter === undefined) return false;
  const between = expand.output;
  return (
    expand.kernel.family === 'conv2d' &&
    filter.kernel.family === 'depthwise' &&
    isPointwise(expand.words) &&
    expand.words.batches === 1 &&
    expand.words.outHeight === filter.words.inHeight &&
    filter.input === between &&
    !outputs.has(between) &&
    !buffers.some(({ of }) => of === between) &&
    steps.every((step, at) => at === i + 1 || (step.input !== between && step.second !== between))
  );
}

/** The bands of a depthwise step, or undefined where one would be empty or too many rows computed twice. */
function bandsOf({ words }: DraftStep, count: number): readonly Band[] | undefined {
  const { inHeight, outHeight, kernelHeight, strideY, padTop } = words;
  const rows = Math.ceil(outHeight / count);
  const bands: Band[] = [];
  for (let first = 0; first < outHeight; first += rows) {
    const last = Math.min(first + rows, outHeight);
    const top = first * strideY - padTop;
    const start = Math.max(top, 0);
    const end = Math.min((last - 1) * strideY - padTop + kernelHeight, inHeight);
    if (end <= start) return undefined;
    bands.push({ first, last, start, end, padTop: start - top });
  }
  const computed = bands.reduce((sum, { start, end }) => sum + end - start, 0);
  return computed > inHeight * (1 + MOST_REPEATED) ? undefined : bands;
}

function splitAt(draft: Draft, position: number, bands: readonly Band[]): Draft {
  const { steps, buffers, places } = draft;
  const [expand, filter] = [steps[position], steps[position + 1]];
  if (expand === undefined || filter === undefined) throw new Error('Expected two steps');
  const height = Math.max(...bands.map(({ start, end }) => end - start));
  const turns = bands.flatMap((band): readonly DraftStep[] => [
    {
      ...expand,
      inputOffset: band.start * lineBytes(expand, 'in'),
      words: { ...expand.words, inHeight: band.end - band.start, outHeight: band.end - band.start },
    },
    {
      ...filter,
      outputOffset: band.first * lineBytes(filter, 'out'),
      words: {
        ...filter.words,
        inHeight: band.end - band.start,
        outHeight: band.last - band.first,
        padTop: band.padTop,
      },
    },
  ]);
  const added = turns.length - 2;
  const kept = Array.from(places).filter(([, { buffer }]) => buffer !== expand.output);
  return {
    ...draft,
    steps: [...steps.slice(0, position), ...turns, ...steps.slice(position + 2)],
    buffers: buffers.map((buffer, i) => (i === expand.output ? { ...buffer, height } : buffer)),
    places: new Map(
      kept.map(([tensor, place]): [number, Place] => [
        tensor,
        place.steps > position ? { ...place, steps: place.steps + added } : place,
      ]),
    ),
  };
}

/** Bytes of a line of pixels of a step's input or output. */
function lineBytes({ kernel, words }: DraftStep, side: 'in' | 'out'): number {
  return side === 'in'
    ? words.inWidth * words.inStride * typeBytes[kernel.input]
    : words.outWidth * words.outStride * typeBytes[kernel.output];
}
