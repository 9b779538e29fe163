/** Loading against inference, and its share beside the original experiment's. */

import type { BenchResults } from '../results.ts';
import { horizontalAxis, legend, linearScale, mark, markup, page, type Markup } from './svg.ts';

type Row = BenchResults['loads'][number];

const WIDTH = 980;
const LABELS = 165;
const TIMES_END = 610;
const SHARES_START = 680;
const SHARES_END = 950;
const ROW = 26;

/** Shares of loading that the original experiment found: falling from float32 to int8, or above a bound. */
const original = {
  large: { float32: 0.48, int8: 0.26 },
  small: { least: 0.9 },
} as const;

export function loadChart({ loads, iterations }: BenchResults): string {
  const models = (['large', 'small'] as const)
    .map((model) => ({ model, rows: loads.filter((row) => row.model === model) }))
    .filter(({ rows }) => rows.length > 0);
  let top = 84;
  const panels = models.map(({ model, rows }) => {
    const y = top;
    top += 22 + rows.length * ROW + 66;
    return panel(model, rows, y);
  });
  const key = legend(26, 56, [
    { sign: swatch('orange'), text: 'load: instance, check, copy' },
    { sign: swatch('blue'), text: 'inference' },
    {
      sign: (x, y) => mark('circle', x, y, 'orange', 'share of loading'),
      text: 'share of loading',
    },
    {
      sign: (x, y) => mark('diamond', x, y, 'grey', 'original', true),
      text: 'share in the original experiment',
    },
  ]);
  return page(
    `Loading a network against running it: means of ${String(iterations)} iterations, CPU time`,
    WIDTH,
    top,
    [key, ...panels],
  );
}

function swatch(colour: 'orange' | 'blue') {
  return (x: number, y: number): Markup =>
    markup`<rect class="${colour}" x="${x - 6}" y="${y - 6}" width="12" height="12" />`;
}

function panel(model: Row['model'], rows: readonly Row[], y: number): Markup {
  const top = y + 22;
  const bottom = top + rows.length * ROW;
  const most = Math.max(...rows.map(({ load, inference }) => load.mean + inference.mean));
  const times = linearScale(most * 1.25, LABELS, TIMES_END);
  const shares = linearScale(100, SHARES_START, SHARES_END);
  return markup`<text class="heading" x="20" y="${y + 12}">${model}</text>
${horizontalAxis(times, top, bottom, 'milliseconds')}${horizontalAxis(shares, top, bottom, 'load / (load + inference), %')}${originals(
    model,
    rows,
    top,
    bottom,
    shares.at,
  )}${rows.map((row, i) => {
    const middle = top + (i + 0.5) * ROW;
    const { form, variant, load, inference, loadShare } = row;
    const [loaded, end] = [times.at(load.mean), times.at(load.mean + inference.mean)];
    const text = `${load.mean.toFixed(2)} + ${inference.mean.toFixed(2)}`;
    return markup`<text x="${LABELS - 10}" y="${middle + 4}" text-anchor="end">${form} ${variant}</text>
<rect class="orange" x="${LABELS}" y="${middle - 9}" width="${loaded - LABELS}" height="18"><title>load ${load.mean.toFixed(3)} ms</title></rect>
<rect class="blue" x="${loaded}" y="${middle - 9}" width="${end - loaded}" height="18"><title>inference ${inference.mean.toFixed(3)} ms</title></rect>
<text class="soft" x="${end + 6}" y="${middle + 4}">${text}</text>
${mark('circle', shares.at(100 * loadShare), middle, 'orange', `${form} ${variant}: ${(100 * loadShare).toFixed(1)} %`)}`;
  })}`;
}

/** Marks in the rows of float32 and int8 with a line between, or the region above the bound. */
function originals(
  model: Row['model'],
  rows: readonly Row[],
  top: number,
  bottom: number,
  at: (percent: number) => number,
): Markup {
  if (model === 'small') {
    const from = at(100 * original.small.least);
    return markup`<rect x="${from}" y="${top}" width="${at(100) - from}" height="${bottom - top}" fill="#6b737c" fill-opacity="0.14" />
<text class="soft" x="${at(100)}" y="${top - 6}" text-anchor="end">original: over 90 %</text>
`;
  }
  const points = rows.flatMap(({ form }, i) => {
    const share = form === 'float32' || form === 'int8' ? original.large[form] : undefined;
    return share === undefined ? [] : [{ x: at(100 * share), y: top + (i + 0.5) * ROW, share }];
  });
  const path = points.map(({ x, y }) => `${String(x)},${String(y)}`).join(' ');
  return markup`<polyline class="line-grey" stroke-dasharray="4 3" points="${path}" />
${points.map(({ x, y, share }) => mark('diamond', x, y, 'grey', `original: ${String(100 * share)} %`, true))}
<text class="soft" x="${at(100)}" y="${top - 6}" text-anchor="end">original: 48 % falling to 26 %</text>
`;
}
