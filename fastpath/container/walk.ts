/** The one order in which a layer's symbols are written and read. */

import { PANEL } from '../program/kernels.ts';
import type { Layer } from './layer.ts';
import type { Grid } from './grid.ts';
import { ParameterCoder, type ParameterState } from './parameters.ts';
import type { SymbolCoder } from './symbols.ts';
import { WeightCoder } from './weights.ts';

/** Codes a layer; `after` is told of each part of a panel. */
export function codeLayer(
  coder: SymbolCoder,
  layer: Layer,
  grid: Grid,
  state: ParameterState,
  after: (part: 'weights' | 'parameters') => void = () => undefined,
): void {
  const weights = new WeightCoder(coder, layer);
  const parameters = new ParameterCoder(coder, layer, grid, state);
  for (let panel = 0; panel < layer.shape.panels; panel++) {
    if (panel * PANEL < layer.shape.channels) weights.panel(panel);
    after('weights');
    parameters.panel(panel);
    after('parameters');
  }
}
