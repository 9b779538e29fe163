/** What the charts are drawn with: a page of SVG that stands alone, scales, ticks, marks. */

import { markup, type Content, type Markup } from '../../../conformance/report/text.ts';

export { markup, type Content, type Markup };

/** Colours that people with any colour vision tell apart (Okabe and Ito, 2008), darkened for a light background. */
export const colours = {
  blue: '#0b63a8',
  orange: '#c2500a',
  green: '#0d7d5c',
  purple: '#9c3f82',
  grey: '#6b737c',
} as const;

export type Colour = keyof typeof colours;

const style = `
  text { font: 13px system-ui, "Segoe UI", "DejaVu Sans", sans-serif; fill: #1c1f23; font-variant-numeric: tabular-nums; }
  .title { font-size: 17px; font-weight: 600; }
  .heading { font-size: 14px; font-weight: 600; }
  .soft { fill: #5a626b; font-size: 12px; }
  .halo { paint-order: stroke; stroke: #fcfcfb; stroke-width: 2px; stroke-linejoin: round; }
  .strong { font-weight: 600; }
  .grid { stroke: #e3e6ea; }
  .axis { stroke: #9aa2aa; }
  .guide { stroke: #c9ced4; stroke-dasharray: 1 3; }
  ${Object.entries(colours)
    .map(
      ([name, colour]) =>
        `.${name} { fill: ${colour}; } .line-${name} { stroke: ${colour}; fill: none; } .hollow-${name} { stroke: ${colour}; fill: #ffffff; stroke-width: 1.5; }`,
    )
    .join('\n  ')}
  text.${Object.keys(colours).join(', text.')} { stroke: none; }
`;

/** A whole file: `title` above, then `contents`, on a light background. */
export function page(title: string, width: number, height: number, contents: Content): string {
  return `${
    markup`<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" aria-label="${title}">
<style>${style}</style>
<rect width="${width}" height="${height}" fill="#fcfcfb" />
<text class="title" x="20" y="30">${title}</text>
${contents}
</svg>`.text
  }\n`;
}

export interface Scale {
  readonly at: (value: number) => number;
  readonly ticks: readonly number[];
  readonly start: number;
  readonly end: number;
}

/** From 0 to a round number of at least `most`, with about six ticks. */
export function linearScale(most: number, start: number, end: number): Scale {
  const step = roundStep(most / 5);
  const last = Math.ceil(most / step - 1e-9) * step;
  const count = Math.round(last / step);
  return {
    at: (value) => round(start + ((end - start) * value) / last),
    ticks: Array.from({ length: count + 1 }, (_, i) => Number((i * step).toPrecision(12))),
    start,
    end,
  };
}

/** 1, 2 or 5 times a power of ten, the least that is not below `step`. */
export function roundStep(step: number): number {
  const power = 10 ** Math.floor(Math.log10(step));
  const factor = [1, 2, 5, 10].find((each) => each * power >= step * (1 - 1e-9)) ?? 10;
  return factor * power;
}

/** Logarithmic, from `least` to `most` and a little beyond, with ticks at 1, 2 and 5, or at powers of ten where it is long. */
export function logScale(least: number, most: number, start: number, end: number): Scale {
  const from = Math.log10(least) - 0.05;
  const to = Math.log10(most) + 0.05;
  const factors = to - from > 2.6 ? [1] : [1, 2, 5];
  const ticks: number[] = [];
  for (let exponent = Math.floor(from); exponent <= to; exponent++) {
    for (const factor of factors) {
      const tick = Number((factor * 10 ** exponent).toPrecision(12));
      if (Math.log10(tick) >= from && Math.log10(tick) <= to) ticks.push(tick);
    }
  }
  return {
    at: (value) => round(start + ((end - start) * (Math.log10(value) - from)) / (to - from)),
    ticks,
    start,
    end,
  };
}

/** Lines and numbers of a horizontal axis below `bottom`, and its name. */
export function horizontalAxis(scale: Scale, top: number, bottom: number, name: string): Markup {
  return markup`${scale.ticks.map(
    (tick) =>
      markup`<line class="grid" x1="${scale.at(tick)}" x2="${scale.at(tick)}" y1="${top}" y2="${bottom}" />
<text class="soft" x="${scale.at(tick)}" y="${bottom + 16}" text-anchor="middle">${tickText(tick)}</text>
`,
  )}<line class="axis" x1="${scale.start}" x2="${scale.end}" y1="${bottom}" y2="${bottom}" />
<text class="soft" x="${(scale.start + scale.end) / 2}" y="${bottom + 34}" text-anchor="middle">${name}</text>
`;
}

/** Lines and numbers of a vertical axis left of `left`, and its name above. */
export function verticalAxis(scale: Scale, left: number, right: number, name: string): Markup {
  return markup`${scale.ticks.map(
    (tick) =>
      markup`<line class="grid" x1="${left}" x2="${right}" y1="${scale.at(tick)}" y2="${scale.at(tick)}" />
<text class="soft" x="${left - 6}" y="${scale.at(tick) + 4}" text-anchor="end">${tickText(tick)}</text>
`,
  )}<line class="axis" x1="${left}" x2="${left}" y1="${scale.start}" y2="${scale.end}" />
<text class="soft" x="${left - 6}" y="${Math.min(scale.start, scale.end) - 10}">${name}</text>
`;
}

function tickText(tick: number): string {
  return tick >= 1000 ? `${String(tick / 1000)}k` : String(tick);
}

export type MarkShape = 'circle' | 'square' | 'diamond' | 'triangle';

const paths: Readonly<Record<MarkShape, string>> = {
  circle: 'M-5,0a5,5 0 1,0 10,0a5,5 0 1,0 -10,0Z',
  square: 'M-4.5,-4.5H4.5V4.5H-4.5Z',
  diamond: 'M0,-6L6,0L0,6L-6,0Z',
  triangle: 'M0,-5.5L6,5H-6Z',
};

/** A mark with a text that shows where one points at it. */
export function mark(
  shape: MarkShape,
  x: number,
  y: number,
  colour: Colour,
  title: string,
  hollow = false,
): Markup {
  const kind = hollow ? `hollow-${colour}` : colour;
  return markup`<path class="${kind}" transform="translate(${round(x)} ${round(y)})" d="${paths[shape]}"><title>${title}</title></path>
`;
}

/** Marks and their meanings in a row from `x`. */
export function legend(
  x: number,
  y: number,
  entries: readonly { readonly sign: (x: number, y: number) => Content; readonly text: string }[],
): Markup {
  let left = x;
  return markup`${entries.map(({ sign, text }) => {
    const at = left;
    left += 34 + 6.6 * text.length;
    return markup`${sign(at, y)}<text class="soft" x="${at + 12}" y="${y + 4}">${text}</text>
`;
  })}`;
}

export function round(x: number): number {
  return Math.round(x * 10) / 10;
}
