/**
 * Each layer under the roof that the machine sets (Williams, Waterman and Patterson, "Roofline: an insightful visual
 * performance model for multicore architectures", 2009).
 */

import type { EmbeddedName } from '../../models.ts';
import { plainForms } from '../forms.ts';
import type { LayerKind } from '../layers.ts';
import type { Peaks } from '../peaks.ts';
import type { BenchResults } from '../results.ts';
import {
  horizontalAxis,
  legend,
  logScale,
  mark,
  markup,
  page,
  verticalAxis,
  type Colour,
  type MarkShape,
  type Markup,
  type Scale,
} from './svg.ts';

type Report = BenchResults['layers'][number];

/** How layers are marked by their kind. */
export const layerMarks: Readonly<
  Record<Exclude<LayerKind, 'other'>, readonly [MarkShape, Colour]>
> = {
  pointwise: ['circle', 'blue'],
  convolution: ['diamond', 'purple'],
  depthwise: ['triangle', 'orange'],
  'fully connected': ['square', 'green'],
};

const PANEL = 330;
const HEIGHT = 330;
const LEFT = 56;
const TOP = 124;
/** Pixels that the name of a bandwidth takes. */
const LABEL_LENGTH = 120;

/** A panel a form; filled marks are `relaxed`, hollow ones `simd`. Undefined where no layer of the model was timed. */
export function rooflineChart({ layers }: BenchResults, model: EmbeddedName): string | undefined {
  const panels = plainForms
    .map((form) => layers.filter((report) => report.model === model && report.form === form))
    .filter((reports) => reports.length > 0);
  if (panels.length === 0) return undefined;
  const points = panels.flat().flatMap((report) => report.layers.filter(({ macs }) => macs > 0));
  const intensities = points.map(({ macs, bytes }) => macs / bytes);
  const rates = points.map(({ macs, milliseconds }) => macs / (milliseconds * 1e6));
  const roofs = panels.flat().map(({ peaks }) => peaks.int8Dot ?? peaks.int16);
  const kinds = Object.entries(layerMarks).map(([text, [shape, colour]]) => ({
    sign: (x: number, y: number) => mark(shape, x, y, colour, text),
    text,
  }));
  const width = 30 + panels.length * (PANEL + LEFT);
  return page(`${model}: layers under the roof of one core at 128 bits`, width, TOP + HEIGHT + 54, [
    legend(26, 58, kinds),
    markup`<text class="soft" x="20" y="80">Filled: relaxed, hollow: simd. Bytes: elements of inputs, constants and output, each once.</text>
`,
    panels.map((reports, i) => {
      const left = LEFT + 10 + i * (PANEL + LEFT);
      const x = logScale(Math.min(...intensities), Math.max(...intensities), left, left + PANEL);
      const y = logScale(Math.min(...rates), Math.max(...rates, ...roofs), TOP + HEIGHT, TOP);
      return panel(reports, x, y);
    }),
  ]);
}

function panel(reports: readonly Report[], x: Scale, y: Scale): Markup {
  const [first] = reports;
  const ordered = reports.toSorted((a, b) => b.variant.localeCompare(a.variant));
  return markup`<text class="heading" x="${x.start}" y="${TOP - 18}" >${first?.form ?? ''}</text>
${horizontalAxis(x, TOP, TOP + HEIGHT, 'multiply-accumulates a byte')}${verticalAxis(y, x.start, x.end, '')}<text class="soft" x="${x.end}" y="${TOP - 18}" text-anchor="end">G multiply-accumulates/s</text>
${ordered.flatMap(({ variant, layers }) =>
  layers.map(({ name, kind, macs, bytes, milliseconds, ofPeak }) => {
    if (kind === 'other' || macs === 0) return '';
    const rate = macs / (milliseconds * 1e6);
    const [shape, colour] = layerMarks[kind];
    const title = `${name}, ${variant}: ${rate.toFixed(1)} G/s, ${(100 * ofPeak).toFixed(0)} % of the peak`;
    return mark(shape, x.at(macs / bytes), y.at(rate), colour, title, variant === 'simd');
  }),
)}${first === undefined ? '' : roof(first, x, y)}`;
}

/** Flat where the instructions bound, rising where the bytes do. */
function roof({ form, peaks }: Report, x: Scale, y: Scale): Markup {
  const limits = roofsOf(form === 'float32', peaks);
  const most = Math.max(...limits.map(([, rate]) => rate));
  const bandwidths = [
    ['in cache', peaks.cacheBandwidth],
    ['in memory', peaks.memoryBandwidth],
  ] as const;
  return markup`${limits.map(
    ([name, rate]) =>
      markup`<line class="line-grey" stroke-width="1.5" x1="${x.start}" x2="${x.end}" y1="${y.at(rate)}" y2="${y.at(rate)}" />
<text class="soft halo" x="${x.end - 4}" y="${y.at(rate) - 5}" text-anchor="end">${name} ${rate.toFixed(0)}</text>
`,
  )}${bandwidths.map(([name, bandwidth]) => {
    // Rate = bandwidth * intensity, from the left edge or the bottom, to the highest roof.
    const from = Math.max(valueAt(x, x.start), valueAt(y, y.start) / bandwidth);
    const to = most / bandwidth;
    if (to <= from) return '';
    const [x1, y1] = [x.at(from), y.at(from * bandwidth)];
    const [x2, y2] = [x.at(to), y.at(most)];
    return markup`<line class="line-grey" stroke-dasharray="5 3" x1="${x1}" x2="${x2}" y1="${y1}" y2="${y2}" />
${bandwidthLabel(`${name} ${bandwidth.toFixed(0)} GB/s`, [x1, y1], [x2, y2])}
`;
  })}`;
}

/** Along the line where it is long enough, else above its end. */
function bandwidthLabel(
  text: string,
  [x1, y1]: readonly [number, number],
  [x2, y2]: readonly [number, number],
): Markup {
  if (Math.hypot(x2 - x1, y2 - y1) < LABEL_LENGTH) {
    return markup`<text class="soft halo" x="${x1}" y="${y2 - 6}">${text}</text>`;
  }
  const angle = (Math.atan2(y2 - y1, x2 - x1) * 180) / Math.PI;
  return markup`<text class="soft" transform="translate(${x2} ${y2}) rotate(${angle.toFixed(1)}) translate(-6 -5)" text-anchor="end">${text}</text>`;
}

function roofsOf(float: boolean, peaks: Peaks): readonly (readonly [string, number])[] {
  if (float) return [['mul + add', Math.max(peaks.float32, peaks.float32Fused ?? 0)]];
  const dot: (readonly [string, number])[] =
    peaks.int8Dot === undefined ? [] : [['relaxed int8 dot', peaks.int8Dot]];
  return [['int16 dot + add', peaks.int16], ...dot];
}

/** The value at a coordinate, the inverse of a logarithmic scale. */
function valueAt(scale: Scale, coordinate: number): number {
  const [low, high] = [scale.at(1), scale.at(10)];
  return 10 ** ((coordinate - low) / (high - low));
}
