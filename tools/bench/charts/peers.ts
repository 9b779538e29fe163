/** Ours against the other runtimes. */

import type { EmbeddedName } from '../../models.ts';
import type { Timing } from '../measure.ts';
import { timingOf, type BenchResults } from '../results.ts';
import { horizontalAxis, logScale, mark, markup, page, round, type Scale } from './svg.ts';

const LABELS = 165;
const PANEL = 380;
const GAP = 40;
const ROW = 21;
/** Room right of the marks for their values. */
const VALUES = 70;

interface Row {
  readonly form: BenchResults['networks'][number]['form'];
  readonly name: string;
  /** The first of its form. */
  readonly first: boolean;
  readonly y: number;
}

/** Dots at medians, lines from p10 to p90, a column a model. */
export function peersChart(results: BenchResults): string {
  const models = [...new Set(results.networks.map(({ model }) => model))];
  const top = 94;
  const { rows, bottom } = rowsOf(results, top);
  const width = LABELS + models.length * (PANEL + GAP) + 10;
  return page('CPU time of an inference, one thread', Math.max(width, 560), bottom + 50, [
    markup`<text class="soft" x="20" y="52">Median, 10th to 90th percentile; logarithmic. In brackets: times the fast path’s faster variant.</text>
`,
    rows
      .filter(({ first }) => first)
      .map(
        ({ form, y }) =>
          markup`<text class="heading" x="20" y="${y - 20}">${form}</text>
`,
      ),
    rows.map(({ name, y }) => {
      const own = name.startsWith('plumbline');
      return markup`<text class="${own ? 'strong' : ''}" x="${LABELS - 10}" y="${y + 4}" text-anchor="end">${name}</text>
`;
    }),
    models.map((model, i) => {
      const start = LABELS + i * (PANEL + GAP);
      return column(results, model, rows, top - 14, bottom, start);
    }),
  ]);
}

function rowsOf(
  { networks }: BenchResults,
  top: number,
): { readonly rows: readonly Row[]; readonly bottom: number } {
  const rows: Row[] = [];
  let y = top;
  for (const form of new Set(networks.map((network) => network.form))) {
    y += 26;
    const timings = networks.filter((network) => network.form === form).flatMap((n) => n.timings);
    [...new Set(timings.map(({ name }) => name))].forEach((name, i) => {
      rows.push({ form, name, first: i === 0, y: y + 8 });
      y += ROW;
    });
    y += 10;
  }
  return { rows, bottom: y };
}

function column(
  results: BenchResults,
  model: EmbeddedName,
  rows: readonly Row[],
  top: number,
  bottom: number,
  start: number,
) {
  const timed = rows.flatMap((row) => {
    const timing = timingOf(results, model, row.form, row.name);
    return timing === undefined ? [] : [{ row, timing }];
  });
  const least = Math.min(...timed.map(({ timing }) => timing.cpu.p10));
  const most = Math.max(...timed.map(({ timing }) => timing.cpu.p90));
  const scale = logScale(least, most, start, start + PANEL - VALUES);
  return markup`<text class="heading" x="${start}" y="${top - 4}">${model}</text>
${horizontalAxis(scale, top + 4, bottom, 'milliseconds')}${timed.map(({ row, timing }) => {
    const own = timed.filter((each) => each.row.form === row.form && isOwn(each.timing));
    const base = Math.min(...own.map((each) => each.timing.cpu.median));
    return dot(timing, row.y, scale, base);
  })}`;
}

function isOwn({ name }: Timing): boolean {
  return name.startsWith('plumbline');
}

function dot(timing: Timing, y: number, scale: Scale, base: number) {
  const { name, cpu } = timing;
  const colour = isOwn(timing) ? 'orange' : 'blue';
  const value = cpu.median >= 100 ? cpu.median.toFixed(0) : cpu.median.toPrecision(3);
  const factor = Number.isFinite(base) ? ` (${(cpu.median / base).toPrecision(2)})` : '';
  return markup`<line class="guide" x1="${scale.start}" x2="${scale.at(cpu.median)}" y1="${y}" y2="${y}" />
<line class="line-${colour}" stroke-width="2" x1="${scale.at(cpu.p10)}" x2="${scale.at(cpu.p90)}" y1="${y}" y2="${y}" />
${mark('circle', scale.at(cpu.median), y, colour, `${name}: ${value} ms`)}<text class="soft" x="${round(scale.at(cpu.p90) + 9)}" y="${y + 4}">${value}${factor}</text>
`;
}
