/** The sweep of `npm run exhaustive`, over the accumulators at the ends, around zero, on powers of two and where codes rise. */

import { describe, expect, it } from 'vitest';
import {
  drawPanels,
  forms,
  kindOf,
  kinds,
  MOST_INT16_DIFFERENCE,
  risesOf,
  type Panel,
} from './panels.ts';
import { checkScalars, compileSweep, sweepRange } from './sweep.ts';

const modules = { simd: compileSweep('simd'), relaxed: compileSweep('relaxed') };
const PANELS = 16;
const REACH = 2 ** 14;

it('A4 and A5 are the same in the reference, the kernels and the sweep', () => {
  expect(checkScalars(modules.simd, 200_000, 1)).toBeUndefined();
});

describe.each(['simd', 'relaxed'] as const)('A4, A5 the vector forms are exact, %s', (variant) => {
  const module = modules[variant];

  it.each(forms)('%s', (form) => {
    for (const panel of drawPanels(form, PANELS, 1)) {
      const around = (centre: number, reach: number): void => {
        expect(sweepRange(module, panel, centre - reach, centre + reach)).toBeUndefined();
      };
      expect(kindOf(panel.parameters)).toBe(kinds[form]);
      for (const end of [-panel.reach, 0, panel.reach]) around(end, REACH);
      for (let power = 15; power <= 31; power++) {
        around(-(2 ** power), REACH);
        around(2 ** power, REACH);
      }
      for (const rise of risesOf(panel)) around(rise, 2);
    }
  });

  it('finds an accumulator whose result is wrong', () => {
    const [double] = drawPanels('double', 1, 1);
    const [vector] = drawPanels('vector', 1, 1);
    const [float] = drawPanels('float', 1, 1);
    const [signed] = drawPanels('signed float', 1, 1);
    if (!double || !vector || !float || !signed) throw new Error('Expected panels');
    const changed = (panel: Panel, change: (view: DataView) => void): number | undefined => {
      expect(sweepRange(module, panel, -(2 ** 20), 2 ** 20)).toBeUndefined();
      const parameters = panel.parameters.slice();
      change(new DataView(parameters.buffer));
      return sweepRange(module, { ...panel, parameters }, -(2 ** 20), 2 ** 20)?.accumulator;
    };
    // Of the first channel: the scale, the factor and the scale again.
    const vectorFound = changed(vector, (view) => {
      view.setFloat32(64, view.getFloat32(64, true) / 2, true);
    });
    expect(vectorFound).toBeLessThan(0);
    const doubleFound = changed(double, (view) => {
      view.setFloat64(32, view.getFloat64(32, true) / 2, true);
    });
    // The first whose half is less than a difference of two codes: a factor of 32767 / 2^17.
    expect(doubleFound).toBe(Math.ceil((0.5 - MOST_INT16_DIFFERENCE) / (32767 / 2 ** 18)));
    const floatFound = changed(float, (view) => {
      view.setFloat32(32, view.getFloat32(32, true) * (1 + 2 ** -8), true);
    });
    expect(floatFound).toBeGreaterThan(0);
    // Without the sum's sign at the offset, what is below zero is not rounded alike.
    const unsigned = { ...signed, form: 'float' as const };
    const signFound = sweepRange(module, unsigned, -(2 ** 20), 2 ** 20)?.accumulator;
    expect(signFound).toBeLessThan(0);
  });
});
