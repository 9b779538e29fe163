/** Charts as SVG in the page's own colours (`style.ts`): numbers are also in the tables beside them. */

import { isExact } from '../tolerances.ts';
import {
  failureShare,
  propertiesOf,
  resultOf,
  shareText,
  sum,
  titleOf,
  type ReportData,
  type ReportResult,
} from './data.ts';
import { markup, visible, type Content, type Markup } from './text.ts';

const LABEL_WIDTH = 210;
const WIDTH = 860;
/** Longer names are cut; tables have them in full. */
const LABEL_CHARACTERS = 26;

export interface Bar {
  readonly label: string;
  /** Class of a part (`b-equal` ...), what it counts, and how many. */
  readonly parts: readonly (readonly [style: string, name: string, count: number])[];
}

/** Horizontal bars of parts that follow each other, the same in each, over an axis of counts; with a key. */
export function bars(title: string, axis: string, rows: readonly Bar[]): Markup {
  const most = Math.max(1, ...rows.map(({ parts }) => sum(parts.map(([, , count]) => count))));
  const step = tickStep(most);
  const end = Math.ceil(most / step) * step;
  const right = WIDTH - 30;
  const x = (count: number): number => round(LABEL_WIDTH + ((right - LABEL_WIDTH) * count) / end);
  const bottom = 10 + rows.length * 30;
  const ticks = Array.from({ length: end / step + 1 }, (_, i) => i * step);
  const chart = figure(title, bottom + 42, [
    ticks.map(
      (tick) =>
        markup`<line class="grid" x1="${x(tick)}" x2="${x(tick)}" y1="6" y2="${bottom}" />
          <text class="tick" x="${x(tick)}" y="${bottom + 16}" text-anchor="middle">${tick}</text>`,
    ),
    markup`<text class="tick" x="${(LABEL_WIDTH + right) / 2}" y="${bottom + 36}" text-anchor="middle">${axis}</text>`,
    rows.map(({ label, parts }, row) => {
      const y = 10 + row * 30;
      let from = 0;
      return [
        markup`<text x="${LABEL_WIDTH - 10}" y="${y + 17}" text-anchor="end">${cut(label)}</text>`,
        parts.map(([style, name, count]) => {
          const start = from;
          from += count;
          if (count === 0) return '';
          const width = round(x(from) - x(start));
          return markup`<rect
            class="${style}"
            x="${x(start)}"
            y="${y + 2}"
            width="${width}"
            height="22"><title>${label}: ${name} ${count}</title></rect>`;
        }),
      ];
    }),
  ]);
  const parts = rows[0]?.parts ?? [];
  return markup`${chart}
<ul class="legend">
    ${parts.map(
      ([style, name]) =>
        markup`<li><svg width="14" height="14" aria-hidden="true"><rect class="${style}" width="14" height="14" /></svg> ${name}</li>`,
    )}
</ul>`;
}

/** Axis of the errors: what equals in all bits to the left, what is far beyond the bound to the right. */
const ERROR_TICKS = [0.001, 0.01, 0.1, 1, 10, 100] as const;
const ZERO_X = LABEL_WIDTH + 30;
const FIRST_X = LABEL_WIDTH + 100;
const DECADE = 88;
const BEYOND_X = FIRST_X + DECADE * 5 + 70;

/** Largest error of each back end as a fraction of its bound, where there is a bound; undefined where there is none. */
export function errorChart(data: ReportData): Markup | undefined {
  const keys = propertiesOf(data).filter(
    ({ kind, precision }) => precision === 'float32' && !isExact(kind, 'float32'),
  );
  const rows = keys
    .map((key) => ({
      key,
      marks: data.backends.flatMap((backend, series) => {
        const result = resultOf(backend, key);
        if (result === undefined || (result.compared === 0 && result.failure === undefined)) {
          return [];
        }
        return [{ name: titleOf(backend), series, result }];
      }),
    }))
    .filter(({ marks }) => marks.length > 0);
  if (rows.length === 0) return undefined;
  const lane = 13;
  const height = data.backends.length * lane + 10;
  const top = 26;
  const bottom = top + rows.length * height;
  const bound = errorX(1);
  return markup`${figure('Largest error as a fraction of its bound', bottom + 42, [
    rows.map(({ key: { kind } }, row) => {
      const y = top + row * height;
      return markup`${row % 2 === 0 ? markup`<rect class="band" x="0" y="${y}" width="${WIDTH}" height="${height}" />` : ''}
        <text x="${LABEL_WIDTH - 10}" y="${y + height / 2 + 4}" text-anchor="end">${kind}</text>`;
    }),
    ERROR_TICKS.map(
      (tick) =>
        markup`<line
            class="grid"
            x1="${errorX(tick)}"
            x2="${errorX(tick)}"
            y1="${top}"
            y2="${bottom}"
          />
          <text class="tick" x="${errorX(tick)}" y="${bottom + 16}" text-anchor="middle">${tick}</text>`,
    ),
    markup`<line class="bound" x1="${bound}" x2="${bound}" y1="${top}" y2="${bottom}" />
      <text class="bound-text" x="${bound}" y="${top - 8}" text-anchor="middle">bound</text>
      <text class="tick" x="${ZERO_X}" y="${bottom + 16}" text-anchor="middle">equal bits</text>
      <text class="tick" x="${BEYOND_X}" y="${bottom + 16}" text-anchor="middle"
        >beyond</text>
      <text class="tick" x="${(FIRST_X + BEYOND_X) / 2}" y="${bottom + 36}" text-anchor="middle"
        >largest error / bound (logarithmic)</text>`,
    rows.map(({ key, marks }, row) =>
      marks.map(({ name, series, result }) => {
        const y = top + row * height + 5 + lane * (series + 0.5);
        return mark(series, y, result, `${name}, ${key.kind} ${key.label}`);
      }),
    ),
  ])}
  ${legend(data)}`;
}

/** A mark of what was compared, and a hollow one of a counterexample. */
function mark(series: number, y: number, result: ReportResult, name: string): Markup {
  const { failure, compared, worst } = result;
  const share = failure === undefined ? 0 : failureShare(failure);
  return markup`${compared === 0 ? '' : shape(series, errorX(worst), y, false, `${name}: ${shareText(worst)} of the bound`)}
  ${failure === undefined ? '' : shape(series, errorX(share), y, true, `${name}, counterexample: ${shareText(share)} of the bound`)}`;
}

function errorX(share: number): number {
  if (share === 0) return ZERO_X;
  const x = FIRST_X + DECADE * (Math.log10(share) + 3);
  return x > FIRST_X + DECADE * 5.4 ? BEYOND_X : round(Math.max(x, FIRST_X - 25));
}

const shapes = [
  'M-5,0a5,5 0 1,0 10,0a5,5 0 1,0 -10,0Z',
  'M-4.5,-4.5H4.5V4.5H-4.5Z',
  'M0,-6L6,0L0,6L-6,0Z',
  'M0,-5.5L6,5H-6Z',
  'M0,5.5L6,-5H-6Z',
  'M-2,-6H2V-2H6V2H2V6H-2V2H-6V-2H-2Z',
] as const;

function shape(series: number, x: number, y: number, hollow: boolean, title: string): Markup {
  const style = `mark s${String(series % shapes.length)}${hollow ? ' hollow' : ''}`;
  const path = shapes[series % shapes.length] ?? '';
  return markup`<path class="${style}" transform="translate(${round(x)} ${round(y)})" d="${path}"><title>${title}</title></path>`;
}

function legend(data: ReportData): Markup {
  return markup`<ul class="legend">
    ${data.backends.map(
      (backend, series) =>
        markup`<li>
          <svg width="16" height="16" aria-hidden="true">
            ${shape(series, 8, 8, false, titleOf(backend))}
          </svg>
          ${titleOf(backend)}
        </li>`,
    )}
    <li>hollow: the counterexample (beyond: also where one of the two is no number)</li>
  </ul>`;
}

function figure(title: string, height: number, contents: Content): Markup {
  return markup`<div class="scroll figure" role="region" tabindex="0" aria-label="${title}">
    <svg
      width="${WIDTH}"
      height="${height}"
      viewBox="0 0 ${WIDTH} ${height}"
      role="img"
      aria-label="${title}"
    >
      ${contents}
    </svg>
  </div>`;
}

/** 1, 2 or 5 times a power of ten, so that an axis has at most about ten ticks. */
function tickStep(most: number): number {
  const power = 10 ** Math.floor(Math.log10(most / 5 || 1));
  return Math.max(1, [1, 2, 5, 10].map((n) => n * power).find((step) => most / step <= 8) ?? power);
}

function round(x: number): number {
  return Math.round(x * 10) / 10;
}

function cut(label: string): string {
  const shown = visible(label).replaceAll('\n', ' ');
  return shown.length <= LABEL_CHARACTERS ? shown : `${shown.slice(0, LABEL_CHARACTERS - 1)}…`;
}
