/** The results of one photo, as they come: table, bars, times. */

import type { ModelEntry } from '../src/models/entry.ts';
import { fractionBars, timeBars } from './charts.ts';
import { agreementOf } from './comparison.ts';
import type { EdgeResult } from './edge.ts';
import { byId, html } from './elements.ts';
import type { LocalResult } from './local.ts';

export interface Row {
  readonly entry: ModelEntry;
  readonly local?: LocalResult;
  readonly edge?: EdgeResult;
  /** Why the edge gave no result. */
  readonly edgeError?: string;
}

const precisions = ['float32', 'int16', 'int8'] as const;

export function showResults(rows: readonly Row[]): void {
  showTable(rows);
  byId('bars', HTMLElement).replaceChildren(
    ...['small', 'large'].flatMap((name) => {
      const own = rows.filter(({ entry }) => entry.name === name);
      return own.length === 0 ? [] : [barsOf(name, own)];
    }),
  );
  byId('times', HTMLElement).replaceChildren(
    timeBars(
      'Load and inference in this browser',
      ['load', 'inference'],
      rows.map(({ entry, local }) => ({
        label: `${entry.name} ${entry.precision}`,
        values: [local?.loadMilliseconds, local?.inferenceMilliseconds],
      })),
    ),
  );
}

function barsOf(name: string, rows: readonly Row[]): HTMLElement {
  const labels = rows[0]?.entry.labels ?? [];
  return fractionBars(
    name === 'small' ? 'Person or not' : 'Ten objects',
    precisions,
    labels.map((label) => ({
      label,
      values: precisions.map((precision) => {
        const row = rows.find(({ entry }) => entry.precision === precision);
        return row?.local?.scores.find((score) => score.label === label)?.score;
      }),
    })),
  );
}

const headings = [
  'Model',
  'Precision',
  'Browser',
  'Edge',
  'Browser and edge',
  'Load',
  'Inference',
  'Round trip',
  'Edge cache',
  'Size',
];

function showTable(rows: readonly Row[]): void {
  const table = byId('table', HTMLTableElement);
  const head = html(
    'thead',
    {},
    html('tr', {}, ...headings.map((text) => html('th', { scope: 'col' }, text))),
  );
  const body = html('tbody', {}, ...rows.map(tableRow));
  table.replaceChildren(...(table.caption === null ? [] : [table.caption]), head, body);
}

function tableRow({ entry, local, edge, edgeError }: Row): HTMLTableRowElement {
  const best = (result: LocalResult | EdgeResult | undefined): string => {
    const [score] = result?.scores ?? [];
    return score === undefined ? '...' : `${score.label} ${(100 * score.score).toFixed(1)} %`;
  };
  const time = (value: number | undefined): string =>
    value === undefined ? '...' : `${value.toFixed(1)} ms`;
  const number = (text: string): HTMLElement => html('td', { class: 'number' }, text);
  return html(
    'tr',
    { 'data-model': `${entry.name} ${entry.precision}` },
    html('th', { scope: 'row' }, entry.name),
    html('td', {}, entry.precision),
    html('td', {}, best(local)),
    html('td', {}, edgeError ?? best(edge)),
    agreement(entry, local, edge),
    number(time(local?.loadMilliseconds)),
    number(time(local?.inferenceMilliseconds)),
    number(time(edge?.milliseconds)),
    html('td', {}, edge?.cache ?? '...'),
    number(`${(entry.bytes / 1e6).toFixed(1)} MB`),
  );
}

function agreement(
  { precision }: ModelEntry,
  local: LocalResult | undefined,
  edge: EdgeResult | undefined,
): HTMLElement {
  if (local === undefined || edge === undefined) return html('td', {}, '...');
  const found = agreementOf(precision, local.scores, edge.scores);
  const kernels =
    local.variant === edge.variant
      ? `both ${local.variant}`
      : `${local.variant} here, ${edge.variant} there`;
  switch (found.kind) {
    case 'equal':
      return html('td', { class: 'good' }, `✓ equal, bit for bit (${kernels})`);
    case 'within':
      return html(
        'td',
        { class: 'good' },
        `✓ within the bound: ${found.difference.toExponential(1)} of ${found.bound.toExponential(1)} (${kernels})`,
      );
    case 'differs':
      return html(
        'td',
        { class: 'bad' },
        `✗ differs by ${found.difference.toExponential(1)} (${kernels})`,
      );
  }
}
