/** Charts in the colours of the page; each says in words what it shows. */

import { html, svg } from './elements.ts';

/** Of drawings, in units that are pixels on a phone. */
const WIDTH = 400;

export interface BarRow {
  readonly label: string;
  /** One a series, in [0, 1] or undefined where there is none. */
  readonly values: readonly (number | undefined)[];
}

const percent = (value: number): string => `${(100 * value).toFixed(1)} %`;

/** Horizontal bars of fractions, one a series in each row. */
export function fractionBars(
  title: string,
  series: readonly string[],
  rows: readonly BarRow[],
): HTMLElement {
  const left = 118;
  const right = WIDTH - 56;
  const bar = 12;
  const height = bar * series.length + 14;
  const marks = rows.flatMap(({ label, values }, row) => {
    const top = row * height + 6;
    return [
      svg(
        'text',
        { x: left - 8, y: top + (bar * series.length) / 2 + 4, 'text-anchor': 'end' },
        label,
      ),
      ...values.flatMap((value, i) => {
        if (value === undefined) return [];
        const y = top + i * bar;
        return [
          svg('rect', { class: 'track', x: left, y, width: right - left, height: bar - 2 }),
          svg('rect', {
            class: `f${String(i)}`,
            x: left,
            y,
            width: (right - left) * value,
            height: bar - 2,
          }),
          svg('text', { x: right + 6, y: y + bar - 3, 'font-size': 11 }, percent(value)),
        ];
      }),
    ];
  });
  const words = rows
    .map(
      ({ label, values }) => `${label}: ${values.map((value) => percent(value ?? 0)).join(', ')}`,
    )
    .join('; ');
  return html(
    'div',
    {},
    html('h3', {}, title),
    svg(
      'svg',
      {
        viewBox: `0 0 ${String(WIDTH)} ${String(rows.length * height + 4)}`,
        role: 'img',
        'aria-label': `${title} (${series.join(', ')}): ${words}`,
      },
      ...marks,
    ),
    legend(series),
  );
}

/** Vertical pairs of times would hide the small ones: bars of milliseconds, with their numbers. */
export function timeBars(
  title: string,
  series: readonly string[],
  rows: readonly BarRow[],
): HTMLElement {
  const most = Math.max(1, ...rows.flatMap(({ values }) => values.map((value) => value ?? 0)));
  const left = 118;
  const right = WIDTH - 70;
  const bar = 14;
  const height = bar * series.length + 14;
  const marks = rows.flatMap(({ label, values }, row) => {
    const top = row * height + 6;
    return [
      svg(
        'text',
        { x: left - 8, y: top + (bar * series.length) / 2 + 4, 'text-anchor': 'end' },
        label,
      ),
      ...values.map((value = 0, i) =>
        svg('rect', {
          class: `f${String(i)}`,
          x: left,
          y: top + i * bar,
          width: ((right - left) * value) / most,
          height: bar - 2,
        }),
      ),
      ...values.map((value = 0, i) =>
        svg(
          'text',
          { x: left + ((right - left) * value) / most + 6, y: top + i * bar + bar - 3 },
          `${value.toFixed(1)} ms`,
        ),
      ),
    ];
  });
  return html(
    'div',
    {},
    html('h3', {}, title),
    svg(
      'svg',
      {
        viewBox: `0 0 ${String(WIDTH)} ${String(rows.length * height + 4)}`,
        role: 'img',
        'aria-label': `${title} (${series.join(', ')}), in milliseconds: ${rows
          .map(
            ({ label, values }) =>
              `${label}: ${values.map((value = 0) => value.toFixed(1)).join(', ')}`,
          )
          .join('; ')}`,
      },
      ...marks,
    ),
    legend(series),
  );
}

function legend(series: readonly string[]): HTMLElement {
  return html(
    'ul',
    { class: 'legend' },
    ...series.map((name, i) =>
      html(
        'li',
        {},
        svg(
          'svg',
          { viewBox: '0 0 10 10', 'aria-hidden': 'true' },
          svg('rect', { class: `f${String(i)}`, width: 10, height: 10 }),
        ),
        ` ${name}`,
      ),
    ),
  );
}

/** Milliseconds of the last frames as a line. */
export function frameLine(title: string, values: readonly number[]): SVGElement {
  const height = 120;
  const most = Math.max(1, ...values);
  const points = values.map((value, i) => {
    const x = 40 + ((WIDTH - 50) * i) / Math.max(1, values.length - 1);
    return `${x.toFixed(1)},${(height - 20 - ((height - 30) * value) / most).toFixed(1)}`;
  });
  return svg(
    'svg',
    { viewBox: `0 0 ${String(WIDTH)} ${String(height)}`, role: 'img', 'aria-label': title },
    svg('line', { class: 'grid', x1: 40, x2: WIDTH - 10, y1: height - 20, y2: height - 20 }),
    svg('text', { x: 0, y: 16 }, most.toFixed(1)),
    svg('text', { x: 0, y: height - 16 }, '0'),
    svg('text', { x: 40, y: height - 4 }, title),
    svg('polyline', { class: 'l0', points: points.join(' ') }),
  );
}
