/** Charts as SVG that stands alone, readable on light and dark ground. The same numbers are in the tables beside them. */

export interface Series {
  readonly name: string;
  readonly values: readonly number[];
}

const WIDTH = 760;
const HEIGHT = 380;
const LEFT = 64;
const RIGHT = 200;
const TOP = 64;
const BOTTOM = 56;

const style = `<style>
  text { font: 13px system-ui, sans-serif; fill: #1c1f23; }
  .title { font-size: 16px; font-weight: 600; }
  .ground { fill: #fcfcfb; }
  .grid { stroke: #d5d8dc; }
  .s0 { stroke: #0b62a8; fill: #0b62a8; } .s1 { stroke: #b34700; fill: #b34700; } .s2 { stroke: #1d7a3c; fill: #1d7a3c; }
  .s3 { stroke: #7a3cb0; fill: #7a3cb0; }
  .line { fill: none; stroke-width: 2.5; }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6e9ec; } .ground { fill: #14171a; } .grid { stroke: #3a4047; }
    .s0 { stroke: #6cb5f0; fill: #6cb5f0; } .s1 { stroke: #f2a05c; fill: #f2a05c; } .s2 { stroke: #74cf92; fill: #74cf92; }
    .s3 { stroke: #c9a2ee; fill: #c9a2ee; }
    .line { fill: none; }
  }
</style>`;

const marks = [
  'M-4.5,0a4.5,4.5 0 1,0 9,0a4.5,4.5 0 1,0 -9,0Z',
  'M-4,-4H4V4H-4Z',
  'M0,-5.5L5.5,0L0,5.5L-5.5,0Z',
  'M0,-5L5,4.5H-5Z',
] as const;

const escape = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');

const round = (value: number): string => String(Math.round(value * 10) / 10);

/** Ticks from 0 to at least `most`: 4 to 8 of them, 1, 2 or 5 times a power of ten apart. */
export function ticksOf(most: number): readonly number[] {
  const power = 10 ** Math.floor(Math.log10(most || 1));
  const step = [0.2, 0.5, 1, 2].map((n) => n * power).find((each) => most / each <= 8) ?? power;
  return Array.from({ length: Math.ceil(most / step) + 1 }, (_, i) =>
    Number((i * step).toPrecision(6)),
  );
}

function frame(title: string, body: string, height = HEIGHT): string {
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${String(WIDTH)} ${String(height)}" width="${String(WIDTH)}" height="${String(height)}" role="img" aria-label="${escape(title)}">
${style}
<rect class="ground" width="${String(WIDTH)}" height="${String(height)}"/>
<text class="title" x="16" y="28">${escape(title)}</text>
${body}
</svg>
`;
}

/** Lines over a common axis. */
export function lineChart({
  title,
  x,
  y,
  series,
}: {
  readonly title: string;
  readonly x: { readonly label: string; readonly values: readonly number[] };
  readonly y: { readonly label: string };
  readonly series: readonly Series[];
}): string {
  const ticks = ticksOf(Math.max(...series.flatMap(({ values }) => values)));
  const top = ticks.at(-1) ?? 1;
  const [first = 0] = x.values;
  const last = x.values.at(-1) ?? 1;
  const right = WIDTH - RIGHT;
  const bottom = HEIGHT - BOTTOM;
  const xAt = (value: number): number => LEFT + ((right - LEFT) * (value - first)) / (last - first);
  const yAt = (value: number): number => bottom - ((bottom - TOP) * value) / top;
  const grid = ticks.map(
    (tick) =>
      `<line class="grid" x1="${String(LEFT)}" x2="${String(right)}" y1="${round(yAt(tick))}" y2="${round(yAt(tick))}"/><text x="${String(LEFT - 8)}" y="${round(yAt(tick) + 4)}" text-anchor="end">${String(tick)}</text>`,
  );
  const columns = x.values.map(
    (value) =>
      `<text x="${round(xAt(value))}" y="${String(bottom + 20)}" text-anchor="middle">${String(value)}</text>`,
  );
  const lines = series.map(({ name, values }, i) => {
    const points = values.map((value, k) => [xAt(x.values[k] ?? 0), yAt(value)] as const);
    const path = points.map(([px, py], k) => `${k === 0 ? 'M' : 'L'}${round(px)},${round(py)}`);
    const dots = points.map(
      ([px, py], k) =>
        `<path class="s${String(i)}" transform="translate(${round(px)} ${round(py)})" d="${marks[i] ?? marks[0]}"><title>${escape(name)}: ${String(values[k])}</title></path>`,
    );
    const key = TOP + 16 + i * 24;
    return `<path class="line s${String(i)}" d="${path.join('')}"/>${dots.join('')}<path class="s${String(i)}" transform="translate(${String(right + 24)} ${String(key)})" d="${marks[i] ?? marks[0]}"/><text x="${String(right + 36)}" y="${String(key + 4)}">${escape(name)}</text>`;
  });
  return frame(
    title,
    [
      ...grid,
      ...columns,
      `<text x="${round((LEFT + right) / 2)}" y="${String(HEIGHT - 14)}" text-anchor="middle">${escape(x.label)}</text>`,
      `<text x="${String(LEFT)}" y="${String(TOP - 6)}">${escape(y.label)}</text>`,
      ...lines,
    ].join('\n'),
  );
}

/** Beside a mark, so that the labels of three precisions that lie close do not cover each other. */
const labelPlaces = [
  'dx="10" dy="14"',
  'dx="-10" dy="-8" text-anchor="end"',
  'dx="-10" dy="16" text-anchor="end"',
] as const;

/** Two places of one thing: cold and warm, each as [x, y]. */
export interface Point {
  readonly label: string;
  readonly cold: readonly [number, number];
  readonly warm: readonly [number, number];
}

/** Points over two logarithmic axes, from cold (hollow) to warm (full). */
export function scatterChart({
  title,
  x,
  y,
  points,
}: {
  readonly title: string;
  readonly x: string;
  readonly y: string;
  readonly points: readonly Point[];
}): string {
  const height = 460;
  const right = WIDTH - RIGHT;
  const bottom = height - BOTTOM;
  const axis = (values: readonly number[], from: number, to: number) => {
    const low = Math.floor(Math.log10(Math.min(...values)));
    const high = Math.ceil(Math.log10(Math.max(...values)));
    const at = (value: number): number =>
      from + ((to - from) * (Math.log10(value) - low)) / Math.max(1, high - low);
    const ticks = Array.from({ length: high - low + 1 }, (_, i) => low + i).flatMap((power) =>
      [1, 2, 5].map((n) => n * 10 ** power).filter((tick) => tick <= 10 ** high),
    );
    return { at, ticks };
  };
  const all = points.flatMap(({ cold, warm }) => [cold, warm]);
  const horizontal = axis(
    all.map(([value]) => value),
    LEFT,
    right,
  );
  const vertical = axis(
    all.map(([, value]) => value),
    bottom,
    TOP,
  );
  const grid = [
    ...horizontal.ticks.map((tick) => {
      const at = round(horizontal.at(tick));
      return `<line class="grid" x1="${at}" x2="${at}" y1="${String(TOP)}" y2="${String(bottom)}"/><text x="${at}" y="${String(bottom + 20)}" text-anchor="middle">${String(Number(tick.toPrecision(3)))}</text>`;
    }),
    ...vertical.ticks.map((tick) => {
      const at = round(vertical.at(tick));
      return `<line class="grid" x1="${String(LEFT)}" x2="${String(right)}" y1="${at}" y2="${at}"/><text x="${String(LEFT - 8)}" y="${String(Number(at) + 4)}" text-anchor="end">${String(Number(tick.toPrecision(3)))}</text>`;
    }),
  ];
  const precisions = ['float32', 'int16', 'int8'];
  const marked = points.map(({ label, cold, warm }) => {
    const series = precisions.findIndex((precision) => label.endsWith(precision));
    const place = ([px, py]: readonly [number, number]): readonly [string, string] => [
      round(horizontal.at(px)),
      round(vertical.at(py)),
    ];
    const [cx, cy] = place(cold);
    const [wx, wy] = place(warm);
    const mark = marks[series] ?? marks[0];
    return `<path class="line s${String(series)}" stroke-dasharray="3 4" d="M${cx},${cy}L${wx},${wy}"/>
<path class="line s${String(series)}" transform="translate(${cx} ${cy})" d="${mark}"><title>${escape(label)}, cold: ${cold.map((value) => value.toFixed(2)).join(', ')}</title></path>
<path class="s${String(series)}" transform="translate(${wx} ${wy})" d="${mark}"><title>${escape(label)}, warm: ${warm.map((value) => value.toFixed(2)).join(', ')}</title></path>
<text x="${wx}" y="${wy}" ${labelPlaces[series] ?? ''}>${escape(label)}</text>`;
  });
  const key = [...precisions.map((name, i) => [name, i] as const)].map(
    ([name, i]) =>
      `<path class="s${String(i)}" transform="translate(${String(right + 24)} ${String(TOP + 16 + i * 24)})" d="${marks[i] ?? marks[0]}"/><text x="${String(right + 36)}" y="${String(TOP + 20 + i * 24)}">${name}</text>`,
  );
  return frame(
    title,
    [
      ...grid,
      `<text x="${round((LEFT + right) / 2)}" y="${String(height - 14)}" text-anchor="middle">${escape(x)}</text>`,
      `<text x="${String(LEFT)}" y="${String(TOP - 6)}">${escape(y)}</text>`,
      ...marked,
      ...key,
      `<text x="${String(right + 16)}" y="${String(TOP + 96)}">hollow: cold</text>`,
      `<text x="${String(right + 16)}" y="${String(TOP + 116)}">full: warm</text>`,
    ].join('\n'),
    height,
  );
}
