/**
 * Expansions in bands of rows, to save memory: where a convolution is read by one depthwise convolution alone, neither
 * needs the whole tensor between them. The two take turns, some rows at a time, in a buffer that holds those rows. Same
 * kernels, same results; rows that the windows of two bands share are moved, not computed again.
 */

import type { Draft, Place } from './lower.ts';
import { defaultWords, kernelNamed, type DraftStep } from './steps.ts';
import { bufferBytes, type Buffer } from './buffers.ts';
import { typeBytes } from '../program/kernels.ts';

/**
 * Output rows from `first` to `last` of a convolution. Their windows begin at input row `top`, which may lie above the
 * image, and see its rows from `start` to `end`.
 */
interface Band {
  readonly first: number;
  readonly last: number;
  readonly top: number;
  readonly start: number;
  readonly end: number;
}

/** Splits the expansions whose output is larger than a band of `bandBytes`. Where windows are higher, a band is larger. */
export function bandExpansions(draft: Draft, bandBytes: number): Draft {
  let banded = draft;
  // The last first, so that the positions of others hold.
  for (let i = draft.steps.length - 2; i >= 0; i--) {
    if (isExpansion(banded, i)) banded = splitAt(banded, i, bandBytes);
  }
  return banded;
}

/** Whether step `i` and the next are an expansion and the only reader of its output. */
function isExpansion({ steps, buffers, outputs }: Draft, i: number): boolean {
  const [expand, filter] = [steps[i], steps[i + 1]];
  if (expand === undefined || filter === undefined) return false;
  const between = expand.output;
  return (
    expand.kernel.family === 'conv2d' &&
    filter.kernel.family === 'depthwise' &&
    expand.words.batches === 1 &&
    expand.words.outHeight === filter.words.inHeight &&
    seesImage(expand) &&
    seesImage(filter) &&
    filter.input === between &&
    !outputs.has(between) &&
    !buffers.some(({ of }) => of === between) &&
    steps.every((step, at) => at === i + 1 || (step.input !== between && step.second !== between))
  );
}

/** Whether no window lies in padding alone. */
function seesImage({ words }: DraftStep): boolean {
  const { inHeight, outHeight, kernelHeight, strideY, padTop } = words;
  return padTop < kernelHeight && (outHeight - 1) * strideY - padTop < inHeight;
}

/** The draft with the expansion at `position` and its reader in bands, if it needs several. */
function splitAt(draft: Draft, position: number, bandBytes: number): Draft {
  const { steps, buffers, places } = draft;
  const [expand, filter] = [steps[position], steps[position + 1]];
  const between = buffers[expand?.output ?? -1];
  if (expand === undefined || filter === undefined || between === undefined) {
    throw new Error('Expected two steps and a buffer between them');
  }
  const bands = bandsOf(filter, Math.floor(bandBytes / lineBytes(between)));
  if (bands.length === 1) return draft;
  const turns = bands.flatMap((band, i) => turnOf(expand, filter, between, band, bands[i - 1]));
  const height = Math.max(...bands.map(({ top, end }) => end - top));
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

/** The bands of a depthwise step, even ones that see at most `lines` of its input where windows are no higher. */
function bandsOf(filter: DraftStep, lines: number): readonly Band[] {
  const { inHeight, outHeight, kernelHeight, strideY } = filter.words;
  // At least as many rows as windows share with those of the next band, so that rows move to where none of them is.
  const least = Math.max(1, Math.ceil(kernelHeight / strideY) - 1);
  const most = Math.max(least, Math.floor((lines - kernelHeight) / strideY) + 1);
  const count = inHeight <= lines ? 1 : Math.ceil(outHeight / most);
  const rows = Math.max(least, Math.ceil(outHeight / count));
  return Array.from({ length: Math.ceil(outHeight / rows) }, (_, i) =>
    bandAt(filter, i * rows, Math.min((i + 1) * rows, outHeight)),
  );
}

function bandAt({ words }: DraftStep, first: number, last: number): Band {
  const { inHeight, kernelHeight, strideY, padTop } = words;
  const top = first * strideY - padTop;
  const end = Math.min((last - 1) * strideY - padTop + kernelHeight, inHeight);
  return { first, last, top, start: Math.max(top, 0), end };
}

/** A band's steps: lines that the band before has left move up, the others are computed behind them, all are filtered. */
function turnOf(
  expand: DraftStep,
  filter: DraftStep,
  between: Buffer,
  band: Band,
  before: Band | undefined,
): readonly DraftStep[] {
  const { top, start, end } = band;
  const bytes = lineBytes(between);
  const computed = Math.max(start, before?.end ?? 0);
  const steps: DraftStep[] = [];
  if (before !== undefined && computed > start) {
    const [from, to] = [(start - before.top) * bytes, (start - top) * bytes];
    steps.push(moveStep(filter, between, computed - start, from, to));
  }
  if (end > computed) {
    const rows = bandAt(expand, computed, end);
    steps.push({ ...rowsOf(expand, rows), outputOffset: (computed - top) * bytes });
  }
  steps.push({
    ...rowsOf(filter, band),
    inputOffset: (start - top) * bytes,
    outputOffset:
      band.first * filter.words.outWidth * filter.words.outStride * typeBytes[filter.kernel.output],
  });
  return steps;
}

/** A step for some of its rows, of an input that is whole. */
function rowsOf(step: DraftStep, { first, last, top, start, end }: Band): DraftStep {
  const { inWidth, inStride } = step.words;
  return {
    ...step,
    inputOffset: start * inWidth * inStride * typeBytes[step.kernel.input],
    words: {
      ...step.words,
      inHeight: end - start,
      outHeight: last - first,
      padTop: start - top,
    },
  };
}

/** Moves lines within the buffer that a step reads, each as if it were one pixel. */
function moveStep(
  { operator, input }: DraftStep,
  between: Buffer,
  lines: number,
  inputOffset: number,
  outputOffset: number,
): DraftStep {
  const channels = between.width * between.stride;
  const moved = { ...between, height: lines, width: 1, channels, stride: channels };
  return {
    operator,
    kernel: kernelNamed(`pad_${between.type}`),
    input,
    inputOffset,
    output: input,
    outputOffset,
    words: defaultWords(moved, moved),
  };
}

function lineBytes(buffer: Buffer): number {
  return bufferBytes({ ...buffer, height: 1 });
}
