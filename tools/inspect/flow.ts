/** The network as a column of blocks, a piece for each row of a table: the way through it, and what goes around. */

import { layerMarks } from '../bench/charts/roofline.ts';
import type { Colour } from '../bench/charts/svg.ts';
import { markup, type Markup } from '../../conformance/report/text.ts';
import type { Inspection, InspectedLayer } from './index.ts';

/** A way around layers: from one row to a later one, in a lane of its own. */
export interface Arc {
  readonly from: number;
  readonly to: number;
  readonly lane: number;
}

const ROW = 28;
const CENTRE = 30;
const LANE_WIDTH = 9;
const FIRST_LANE = 66;
/** More ways than this beside each other share the last lane. */
const MAX_LANES = 5;

const WIDEST = 52;
const NARROWEST = 8;
/** Channels of the widest block. */
const MOST_CHANNELS = 2048;

/** Row 0 is the network's input, row i + 1 its operator i. */
export function arcsOf(operators: Inspection['operators']): readonly Arc[] {
  const ways = operators.flatMap(({ inputs }, i) =>
    [...new Set(inputs.map(({ from }) => from))]
      .filter((from) => from < i - 1)
      .map((from) => ({ from: from + 1, to: i + 1 })),
  );
  const ends: number[] = [];
  return ways
    .toSorted((a, b) => a.from - b.from || a.to - b.to)
    .map((way) => {
      const free = ends.findIndex((end) => end <= way.from);
      const lane = Math.min(free < 0 ? ends.length : free, MAX_LANES - 1);
      ends[lane] = way.to;
      return { ...way, lane };
    });
}

/** The width of the pieces, which all have, in pixels. */
export function flowWidth(arcs: readonly Arc[]): number {
  return FIRST_LANE + LANE_WIDTH * Math.max(0, ...arcs.map(({ lane }) => lane + 1));
}

/** A row's piece: its block, as wide as its channels are many (logarithmic), and the ways that pass or end there. */
export function flowPiece(
  row: number,
  layer: InspectedLayer | undefined,
  channels: number,
  { fromAbove, toBelow }: { readonly fromAbove: boolean; readonly toBelow: boolean },
  arcs: readonly Arc[],
): Markup {
  const width = flowWidth(arcs);
  const extent = Math.min(1, Math.log2(Math.max(channels, 1)) / Math.log2(MOST_CHANNELS));
  const block = NARROWEST + (WIDEST - NARROWEST) * extent;
  const right = layer?.kind === 'add' ? CENTRE + 8 : CENTRE + block / 2;
  return markup`<svg class="flow" viewBox="0 0 ${width} ${ROW}" aria-hidden="true">
    ${fromAbove ? line(0, ROW / 2) : ''}${toBelow ? line(ROW / 2, ROW) : ''}
    ${arcs.map(({ from, to, lane }) => {
      const x = FIRST_LANE + LANE_WIDTH * lane;
      if (row === from)
        return way(`M${round(right)},14C${String(x)},14 ${String(x)},18 ${String(x)},28`);
      if (row === to)
        return way(`M${String(x)},0C${String(x)},10 ${String(x)},14 ${round(right)},14`);
      return row > from && row < to ? way(`M${String(x)},0V28`) : '';
    })}
    ${
      layer?.kind === 'add'
        ? markup`<circle class="sum" cx="${CENTRE}" cy="14" r="8" /><path class="plus" d="M${CENTRE - 4},14h8M${CENTRE},10v8" />`
        : markup`<rect class="${layer === undefined ? 'ends' : colourOf(layer.family)}" x="${round(CENTRE - block / 2)}" y="7" width="${round(block)}" height="14" rx="3" />`
    }
  </svg>`;
}

/** The colour of a kind of layer, in this drawing and in charts. */
export function colourOf(family: InspectedLayer['family']): Colour {
  return family === 'other' ? 'grey' : layerMarks[family][1];
}

function line(from: number, to: number): Markup {
  return markup`<path class="way" d="M${CENTRE},${from}V${to}" />`;
}

function way(path: string): Markup {
  return markup`<path class="way" d="${path}" />`;
}

function round(x: number): string {
  return String(Math.round(x * 10) / 10);
}
