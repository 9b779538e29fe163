/** Charts of the page: bytes against sensitivity, bars in tables, histograms. Their numbers are in tables too. */

import { markup, visible, type Markup } from '../../conformance/report/text.ts';
import { layerMarks } from '../bench/charts/roofline.ts';
import {
  horizontalAxis,
  legend,
  logScale,
  mark,
  round,
  verticalAxis,
  type Colour,
} from '../bench/charts/svg.ts';
import type { InspectedLayer } from './index.ts';
import { storedBytes } from './layers.ts';
import { HISTOGRAM_BINS, type WeightSummary } from './weights.ts';

const BAR_WIDTH = 90;
const BAR_HEIGHT = 12;

/** A bar of a table's cell, of `value` out of `most`. */
export function bar(value: number, most: number, colour: Colour): Markup {
  const length = most > 0 && value > 0 ? Math.max(1, (BAR_WIDTH * value) / most) : 0;
  return markup`<svg class="bar" width="${BAR_WIDTH}" height="${BAR_HEIGHT}" aria-hidden="true"><rect class="track" width="${BAR_WIDTH}" height="${BAR_HEIGHT}" /><rect class="${colour}" width="${round(Math.min(length, BAR_WIDTH))}" height="${BAR_HEIGHT}" /></svg>`;
}

export interface Point {
  readonly layer: InspectedLayer;
  /** Short. */
  readonly name: string;
  /** What fewer bits change of the logits, of their size. */
  readonly change: number;
}

const WIDTH = 860;
const HEIGHT = 380;
const LEFT = 70;
const RIGHT = 24;
const TOP = 76;
/** Changes below this stand at the left edge. */
const LEAST_CHANGE = 0.001;
/** Layers whose names are written beside their marks: the largest and the most sensitive. */
const NAMED = 7;
const CHARACTER_WIDTH = 6.6;

/** Each layer by what fewer bits change and by what it takes where it is stored: large and insensitive ones are at the top left. */
export function tradeChart(points: readonly Point[], bits: number): Markup {
  const shown = points.map(({ change, ...point }) => ({
    ...point,
    change: Math.max(Number.isFinite(change) ? change : 10, LEAST_CHANGE),
  }));
  const changes = shown.map(({ change }) => 100 * change);
  const bytes = shown.map(({ layer }) => Math.max(storedBytes(layer), 1));
  const bottom = TOP + HEIGHT;
  const x = logScale(Math.min(...changes), Math.max(...changes), LEFT, WIDTH - RIGHT);
  // Above the largest and below the smallest there is room for a line of text.
  const y = logScale(Math.min(...bytes) / 2, Math.max(...bytes) * 2, bottom, TOP);
  const title = `Bytes of each layer against what ${String(bits)} bits of its weights change of the logits`;
  const kinds = Object.entries(layerMarks).map(([text, [shape, colour]]) => ({
    sign: (left: number, at: number) => mark(shape, left, at, colour, text),
    text,
  }));
  const marks = shown.map(({ layer, change }) => {
    const [shape, colour] =
      layer.family === 'other' ? layerMarks.pointwise : layerMarks[layer.family];
    const text = `${visible(layer.name, 100)}: ${String(storedBytes(layer))} bytes, ${changeText(change)} of the logits`;
    return mark(shape, x.at(100 * change), y.at(Math.max(storedBytes(layer), 1)), colour, text);
  });
  return markup`<div class="scroll figure chart" role="region" tabindex="0" aria-label="${title}">
    <svg width="${WIDTH}" height="${bottom + 46}" viewBox="0 0 ${WIDTH} ${bottom + 46}" role="img" aria-label="${title}">
      ${legend(26, 20, kinds)}
      <text class="corner" x="${LEFT + 10}" y="${TOP + 20}">large and insensitive: compress first</text>
      <text class="corner" x="${WIDTH - RIGHT - 10}" y="${bottom - 12}" text-anchor="end">small and sensitive: leave</text>
      ${horizontalAxis(x, TOP, bottom, `change of the logits at ${String(bits)} bits, % of their size (logarithmic)`)}
      ${verticalAxis(y, x.start, x.end, 'bytes (logarithmic)')}
      ${marks}
      ${names(shown, (each) => [x.at(100 * each.change), y.at(Math.max(storedBytes(each.layer), 1))])}
    </svg>
  </div>`;
}

/** Names beside some marks, where they cover neither other names nor other marks. */
function names(
  points: readonly Point[],
  place: (point: Point) => readonly [number, number],
): readonly Markup[] {
  const largest = points.toSorted((a, b) => storedBytes(b.layer) - storedBytes(a.layer));
  const worst = points.toSorted((a, b) => b.change - a.change);
  const chosen = new Set([...largest.slice(0, NAMED), ...worst.slice(0, NAMED)]);
  const taken = points.map((point) => {
    const [x, y] = place(point);
    return { left: x - 7, right: x + 7, y };
  });
  return [...chosen].flatMap((point) => {
    const [x, y] = place(point);
    const { name } = point;
    const width = CHARACTER_WIDTH * name.length;
    const boxes = [
      { anchor: 'start', x: x + 10, left: x + 10, right: x + 10 + width, y },
      { anchor: 'end', x: x - 10, left: x - 10 - width, right: x - 10, y },
    ];
    const free = boxes.find(
      (box) =>
        box.left > LEFT &&
        box.right < WIDTH - 4 &&
        !taken.some(
          (other) => Math.abs(other.y - y) < 13 && other.left < box.right && box.left < other.right,
        ),
    );
    if (free === undefined) return [];
    taken.push(free);
    return [
      markup`<text class="soft halo" x="${round(free.x)}" y="${round(y + 4)}" text-anchor="${free.anchor}">${name}</text>
`,
    ];
  });
}

/** Of all names, how many have to begin alike for the beginning to be left out. */
const MOST_NAMES = 0.75;

/** Names as a list shows them: without a folder that nearly all are in, as converted files have it, and cut. */
export function shortNames(names: readonly string[], characters: number): readonly string[] {
  const folders = names.map((name) => /^[^/]+\/(?=.)/.exec(name)?.[0]);
  const shared = folders.find(
    (folder) =>
      folder !== undefined &&
      folders.filter((each) => each === folder).length >= MOST_NAMES * names.length,
  );
  if (shared === undefined) return names.map((name) => short(name, characters));
  return shortNames(
    names.map((name) => (name.startsWith(shared) ? name.slice(shared.length) : name)),
    characters,
  );
}

/** A name on one line, cut where it is longer. */
export function short(name: string, characters: number): string {
  const line = visible(name).replaceAll('\n', ' ');
  return line.length <= characters ? line : `${line.slice(0, characters - 1)}…`;
}

/** A part of the logits' size in percent. */
export function changeText(change: number): string {
  if (change === 0) return 'none';
  if (!Number.isFinite(change)) return '-';
  const percent = 100 * change;
  return `${percent < 10 ? percent.toPrecision(2) : percent.toFixed(0)} %`;
}

const BIN_WIDTH = 7;
const HISTOGRAM_HEIGHT = 96;
const HISTOGRAM_LEFT = 8;

/** Weights by bin: filled as they are, outlined as they were before. Heights are square roots of the counts. */
export function histogram({ histogram: after, before, count }: WeightSummary): Markup {
  const earlier = before?.histogram;
  const most = Math.max(1, ...after, ...(earlier ?? []));
  const width = 2 * HISTOGRAM_LEFT + BIN_WIDTH * HISTOGRAM_BINS;
  const base = HISTOGRAM_HEIGHT + 4;
  const top = (value: number): number => round(base - HISTOGRAM_HEIGHT * Math.sqrt(value / most));
  const left = (bin: number): number => HISTOGRAM_LEFT + BIN_WIDTH * bin;
  const middle = left(HISTOGRAM_BINS / 2);
  const title = `Histogram of ${String(count)} weights${earlier === undefined ? '' : ', and of those before'}`;
  return markup`<svg class="histogram" width="${width}" height="${base + 22}" viewBox="0 0 ${width} ${base + 22}" role="img" aria-label="${title}">
    ${after.map((value, bin) => (value === 0 ? '' : markup`<rect class="blue" x="${left(bin) + 0.5}" y="${top(value)}" width="${BIN_WIDTH - 1}" height="${round(base - top(value))}"><title>${value}</title></rect>`))}
    ${
      earlier === undefined
        ? ''
        : markup`<path class="outline" d="M${left(0)},${base}${earlier.map((value, bin) => `V${String(top(value))}H${String(left(bin + 1))}`).join('')}V${base}" />`
    }
    <path class="axis" d="M${left(0)},${base}H${left(HISTOGRAM_BINS)}" />
    <text class="soft" x="${left(0)}" y="${base + 16}">-1</text>
    <text class="soft" x="${middle}" y="${base + 16}" text-anchor="middle">0</text>
    <text class="soft" x="${left(HISTOGRAM_BINS)}" y="${base + 16}" text-anchor="end">1</text>
  </svg>`;
}
