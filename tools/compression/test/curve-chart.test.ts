/** The chart of size against accuracy. */

import { describe, expect, it } from 'vitest';
import { curveChart } from '../curve-chart.ts';
import { manners, type CurvePoint } from '../curve.ts';

const point = (model: string, manner: CurvePoint['manner'], bytes: number): CurvePoint => ({
  model,
  manner,
  name: '<4 bits>',
  bytes,
  ratio: 1e6 / bytes,
  photos: 50,
  correct: 40,
  likeFloat32: 45,
  likeInt8: 46,
});

describe('curveChart', () => {
  const points = ['one', 'two'].flatMap((model) =>
    manners.flatMap((manner) => [2e5, 1e5].map((bytes) => point(model, manner, bytes))),
  );
  const svg = curveChart(points);

  it('has a mark for every point, that tells bytes, ratio and photos', () => {
    const titles = [...svg.matchAll(/<title>([^<]*)<\/title>/g)].map(([, title]) => title);
    // One more for each entry of the legend.
    expect(titles).toHaveLength(points.length + manners.length);
    expect(titles).toContain(
      'rounded to nearest, &lt;4 bits&gt;: 200000 bytes (1/5.0), 40 of 50 right',
    );
  });

  it('has a line through each manner of each model, from the smallest', () => {
    const lines = [...svg.matchAll(/<polyline [^>]*points="([^"]*)"/g)].map(
      ([, path]) => path ?? '',
    );
    expect(lines).toHaveLength(2 * manners.length);
    for (const line of lines) {
      const [first = NaN, second = NaN] = line
        .split(' ')
        .map((place) => Number(place.split(',')[0]));
      expect(first).toBeLessThan(second);
    }
  });

  it('names the models', () => {
    for (const model of ['one', 'two']) {
      expect(svg).toContain(`>${model}</text>`);
    }
  });
});
