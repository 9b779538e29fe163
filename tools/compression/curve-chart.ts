/** The chart of size against accuracy. */

import {
  horizontalAxis,
  legend,
  linearScale,
  logScale,
  mark,
  markup,
  page,
  round,
  verticalAxis,
  type Colour,
  type MarkShape,
  type Markup,
} from '../bench/charts/svg.ts';
import { manners, type CurvePoint, type Manner } from './curve.ts';

const WIDTH = 980;
const PANEL = 400;
const HEIGHT = 300;
const TOP = 120;
const LEFT = 60;
const GAP = 80;

const signs: Readonly<Record<Manner, { colour: Colour; shape: MarkShape; text: string }>> = {
  plain: { colour: 'grey', shape: 'square', text: 'float32, int16, int8 as they are' },
  nearest: { colour: 'blue', shape: 'circle', text: 'rounded to nearest' },
  fitted: { colour: 'green', shape: 'triangle', text: 'fitted, same width everywhere' },
  allotted: { colour: 'orange', shape: 'diamond', text: 'fitted, bits by sensitivity' },
};

/** A panel a model: bytes, logarithmic, against photos classified right. */
export function curveChart(points: readonly CurvePoint[]): string {
  const models = [...new Set(points.map(({ model }) => model))];
  const key = legend(
    26,
    62,
    manners.map((manner) => ({
      sign: (x, y) => mark(signs[manner].shape, x, y, signs[manner].colour, manner),
      text: signs[manner].text,
    })),
  );
  return page('Size against accuracy', WIDTH, TOP + HEIGHT + 60, [
    key,
    models.map((model, i) =>
      panel(
        model,
        points.filter((point) => point.model === model),
        LEFT + i * (PANEL + GAP),
      ),
    ),
  ]);
}

function panel(model: string, points: readonly CurvePoint[], left: number): Markup {
  const right = left + PANEL;
  const bytes = points.map((point) => point.bytes / 1000);
  const x = logScale(Math.min(...bytes), Math.max(...bytes), left, right);
  const y = linearScale(100, TOP + HEIGHT, TOP);
  const place = (point: CurvePoint): readonly [number, number] => [
    x.at(point.bytes / 1000),
    y.at((100 * point.correct) / point.photos),
  ];
  return markup`<text class="heading" x="${left}" y="${TOP - 30}">${model}</text>
${verticalAxis(y, left, right, 'correct, %')}${horizontalAxis(x, TOP, TOP + HEIGHT, 'kilobytes')}${manners.map(
    (manner) => {
      const { colour, shape } = signs[manner];
      const own = points
        .filter((point) => point.manner === manner)
        .toSorted((a, b) => a.bytes - b.bytes);
      const path = own.map((point) => place(point).map(round).join(',')).join(' ');
      return markup`<polyline class="line-${colour}" stroke-width="1.5" points="${path}" />
${own.map((point) => {
  const [px, py] = place(point);
  return mark(shape, px, py, colour, titleOf(point));
})}`;
    },
  )}`;
}

function titleOf({ manner, name, bytes, ratio, correct, photos }: CurvePoint): string {
  return `${signs[manner].text}, ${name}: ${String(bytes)} bytes (1/${ratio.toFixed(1)}), ${String(correct)} of ${String(photos)} right`;
}
