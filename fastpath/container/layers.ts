/** What a container codes of the layers of a Program: from its image, and the scales and biases of its graph. */

import { tensorAt } from '../../reference/validate/index.ts';
import { readyIntegersOf } from '../../reference/operators/requantization.ts';
import type { Graph } from '../../reference/graph/graph.ts';
import type { Operator } from '../../reference/graph/operator.ts';
import { RESCALE } from '../compile/pack.ts';
import { CENTRES } from '../compile/float-rescaling.ts';
import { PROGRAM_BASE, type Step } from '../program/format.ts';
import { PANEL, PARAMETER_BYTES } from '../program/kernels.ts';
import { MAX_LOW_BITS, MAX_RANGE } from './records.ts';
import { fittedMeans } from './biases.ts';
import { float32Bits, numberOn, type Grid } from './grid.ts';
import { FORM, type Layer, type LayerHead, type LayerShape } from './layer.ts';
import { fixedPointOf, floatFactorOf, NUDGES, sumOfCodes, weightOffset } from './panels.ts';

/** A layer's numbers as its graph has them. */
export interface LayerSource {
  readonly step: Step;
  readonly shape: LayerShape;
  readonly operator: Operator;
  readonly graph: Graph;
}

/** The scales of a layer's weights, one a channel; none where its multipliers are given. */
export function weightScales({ operator, graph, shape }: LayerSource): readonly number[] {
  if (readyIntegersOf(operator) !== undefined) return [];
  const scales = tensorAt(graph, operator.inputs[1] ?? -1).quantization?.scales ?? [];
  const [scale = 0] = scales;
  return scales.length === 1 ? Array.from({ length: shape.channels }, () => scale) : scales;
}

/** The layer; `grid` where all scales of its container are on one. */
export function layerOf(source: LayerSource, image: Uint8Array, grid: Grid | undefined): Layer {
  const { shape, step } = source;
  const codes = codesOf(shape, image, step.weights - PROGRAM_BASE);
  const factors = factorsOf(source, grid);
  const bare: Layer = {
    shape,
    head: {
      ...headOf(source, grid),
      ...rangeOf(codes, shape.depthwise),
      inputMean: 0,
      outputMean: 0,
    },
    codes,
    ...factors,
    biases: biasesOf(source),
    kinds: new Uint8Array(shape.panels),
    nudges: new Uint16Array(shape.channels),
  };
  const layer = { ...bare, head: { ...bare.head, ...meansOf(bare, grid ?? NO_GRID) } };
  const parameters = new DataView(image.buffer, image.byteOffset + step.parameters - PROGRAM_BASE);
  for (let panel = 0; panel < shape.panels; panel++) {
    const at = panel * PARAMETER_BYTES;
    const kind = parameters.getInt32(at + 96, true);
    layer.kinds[panel] = kind;
    if (kind !== RESCALE.float && kind !== RESCALE.signedFloat) continue;
    for (let lane = 0; lane < PANEL; lane++) {
      const channel = PANEL * panel + lane;
      if (channel >= shape.channels) break;
      const scale = parameters.getFloat32(at + 32 + 4 * lane, true);
      const offset = parameters.getFloat32(at + 64 + 4 * lane, true);
      layer.nudges[channel] = nudgeOf(layer, grid, channel, scale, offset);
    }
  }
  return layer;
}

function headOf(
  { operator, graph }: LayerSource,
  grid: Grid | undefined,
): Pick<LayerHead, 'form' | 'roundedProduct' | 'inputScale' | 'outputScale'> {
  const scaleOf = (tensor: number): number => tensorAt(graph, tensor).quantization?.scales[0] ?? 0;
  if (readyIntegersOf(operator) !== undefined) {
    return { form: FORM.ready, roundedProduct: false, inputScale: 0, outputScale: 0 };
  }
  const weights = tensorAt(graph, operator.inputs[1] ?? -1).quantization?.scales ?? [];
  return {
    form: grid === undefined ? FORM.scales : FORM.grid,
    roundedProduct: operator.kind === 'fullyConnected' && weights.length === 1,
    inputScale: scaleOf(operator.inputs[0] ?? -1),
    outputScale: scaleOf(operator.output),
  };
}

function codesOf(shape: LayerShape, image: Uint8Array, offset: number): Int8Array {
  const codes = new Int8Array(shape.channels * shape.products);
  for (let channel = 0; channel < shape.channels; channel++) {
    for (let k = 0; k < shape.products; k++) {
      codes[channel * shape.products + k] = image[offset + weightOffset(shape, channel, k)] ?? 0;
    }
  }
  return codes;
}

/** The least range that has all codes; else bits below tokens, of depthwise windows, as are cheapest. */
function rangeOf(codes: Int8Array, depthwise: boolean): Pick<LayerHead, 'range' | 'lowBits'> {
  const most = codes.reduce((max, code) => Math.max(max, Math.abs(code)), 1);
  if (most < MAX_RANGE) return { range: most, lowBits: 0 };
  if (!depthwise) return { range: MAX_RANGE, lowBits: 0 };
  const bits = Array.from({ length: MAX_LOW_BITS + 1 }, (_, lowBits) => tokenBits(codes, lowBits));
  return { range: MAX_RANGE, lowBits: bits.indexOf(Math.min(...bits)) };
}

/** Bits that a token beyond the range takes besides its symbol, about. */
const ESCAPE_BITS = 8;

/** Bits of codes as tokens with so many bits below, about: those of tokens at their entropy. */
function tokenBits(codes: Int8Array, lowBits: number): number {
  const counts = new Map<number, number>();
  for (const code of codes) {
    const token = code >> lowBits;
    const symbol = Math.abs(token) < MAX_RANGE ? token : MAX_RANGE;
    counts.set(symbol, (counts.get(symbol) ?? 0) + 1);
  }
  let bits = lowBits * codes.length + ESCAPE_BITS * (counts.get(MAX_RANGE) ?? 0);
  for (const count of counts.values()) bits += count * Math.log2(codes.length / count);
  return bits;
}

function factorsOf(source: LayerSource, grid: Grid | undefined): Pick<Layer, 'factors' | 'shifts'> {
  const { channels } = source.shape;
  const ready = readyIntegersOf(source.operator);
  if (ready !== undefined) {
    const each = (list: readonly number[]): readonly number[] =>
      list.length === 1 ? Array.from({ length: channels }, () => list[0] ?? 0) : list;
    return {
      factors: Int32Array.from(each(ready.multiplier)),
      shifts: Int8Array.from(each(ready.shift)),
    };
  }
  const scales = weightScales(source);
  const factors = scales.map((scale) =>
    grid === undefined ? float32Bits(scale) : numberOn(grid, scale),
  );
  return { factors: Int32Array.from(factors), shifts: new Int8Array(channels) };
}

function biasesOf({ operator, graph, shape }: LayerSource): Int32Array {
  const [, , bias] = operator.inputs;
  const data = bias === undefined ? undefined : tensorAt(graph, bias).data;
  return data === undefined ? new Int32Array(shape.channels) : Int32Array.from(data as Int32Array);
}

/** The means that biases are told from. */
function meansOf(layer: Layer, grid: Grid): Pick<LayerHead, 'inputMean' | 'outputMean'> {
  return fittedMeans(
    Array.from(layer.biases, (bias, channel) => {
      const { multiplier, shift } = fixedPointOf(layer, grid, channel);
      const factor = multiplier * 2 ** (shift - 31);
      return { bias, factor, sum: sumOfCodes(layer, channel) };
    }),
  );
}

/** The number of the candidate that the compiler proved. */
function nudgeOf(
  layer: Layer,
  grid: Grid | undefined,
  channel: number,
  scale: number,
  offset: number,
): number {
  const fixed = fixedPointOf(layer, grid ?? NO_GRID, channel);
  for (let nudge = 0; nudge < CENTRES * NUDGES; nudge++) {
    const found = floatFactorOf(fixed, nudge);
    if (found.scale === scale && found.offset === offset) return nudge;
  }
  throw new Error('Expected one of the compiler’s candidates');
}

export const NO_GRID: Grid = { mantissas: [], exponent: 0 };
