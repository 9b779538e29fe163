/** Weights and per-channel parameters in the order in which kernels read them. */

import { reduceMultiplier } from '../../reference/arithmetic/requantize.ts';
import { roundUp } from '../program/format.ts';
import {
  BAND,
  PANEL,
  PARAMETER_BYTES,
  TAP_CHANNELS,
  typeBytes,
  WIDE_PARAMETER_BYTES,
  type KernelType,
} from '../program/kernels.ts';
import {
  floatFactor,
  MAX_FLOAT_RESULT,
  type CodeRange,
  type FloatFactor,
} from './float-rescaling.ts';

/** Weights of output channel `oc` at position `k` of its products. */
export interface WeightMatrix {
  readonly channels: number;
  readonly products: number;
  readonly at: (oc: number, k: number) => number;
}

/** [channels / 8][products / depth][8][depth], filled up with zeros. */
export function packPanels(matrix: WeightMatrix, type: KernelType, depth: number): Uint8Array {
  const panels = Math.ceil(matrix.channels / PANEL);
  const steps = Math.ceil(matrix.products / depth);
  const writer = new Writer(panels * steps * PANEL * depth * typeBytes[type]);
  for (let panel = 0; panel < panels; panel++) {
    for (let step = 0; step < steps; step++) {
      for (let lane = 0; lane < PANEL; lane++) {
        for (let part = 0; part < depth; part++) {
          const oc = panel * PANEL + lane;
          const k = step * depth + part;
          const inside = oc < matrix.channels && k < matrix.products;
          writer.element(type, inside ? matrix.at(oc, k) : 0);
        }
      }
    }
  }
  return writer.bytes;
}

/** [channels / 4][products][4], filled up with zeros to 8 channels: products are the taps of a depthwise window. */
export function packTaps(matrix: WeightMatrix, type: KernelType): Uint8Array {
  const stride = roundUp(matrix.channels, PANEL);
  const writer = new Writer(matrix.products * stride * typeBytes[type]);
  for (let group = 0; group < stride; group += TAP_CHANNELS) {
    for (let k = 0; k < matrix.products; k++) {
      for (let oc = group; oc < group + TAP_CHANNELS; oc++) {
        writer.element(type, oc < matrix.channels ? matrix.at(oc, k) : 0);
      }
    }
  }
  return writer.bytes;
}

/**
 * Weights of a depthwise window for interleaved rows, filled up with zeros: [rows / 4][kx][channels / 8][8][4] (int8), or
 * with each 4 channels' even rows before the odd ones (int16).
 */
export function packBands(
  matrix: WeightMatrix,
  kernelHeight: number,
  kernelWidth: number,
  type: KernelType,
): Uint8Array {
  const stride = roundUp(matrix.channels, PANEL);
  const rows = roundUp(kernelHeight, BAND);
  const writer = new Writer(rows * kernelWidth * stride * typeBytes[type]);
  const at = (oc: number, ky: number, kx: number): number =>
    oc < matrix.channels && ky < kernelHeight ? matrix.at(oc, ky * kernelWidth + kx) : 0;
  const half = [0, 1, 2, 3];
  for (let band = 0; band < rows; band += BAND) {
    for (let kx = 0; kx < kernelWidth; kx++) {
      for (let oc = 0; oc < stride; oc += half.length) {
        const places =
          type === 'i8'
            ? half.flatMap((lane) => half.map((row) => [lane, row] as const))
            : [0, 1].flatMap((odd) =>
                half.flatMap((lane) => [odd, odd + 2].map((row) => [lane, row] as const)),
              );
        for (const [lane, row] of places) writer.element(type, at(oc + lane, band + row, kx));
      }
    }
  }
  return writer.bytes;
}

/** The factor of each channel, and how a kernel applies it. */
export interface ChannelFactors {
  readonly bias: readonly number[];
  readonly multiplier: readonly number[];
  readonly shift: readonly number[];
  /** Rounded twice (rule A4) or once (A5). */
  readonly twice: boolean;
  /** Zero point and limits of the output's codes. */
  readonly zero: number;
  readonly min: number;
  readonly max: number;
  /** Of int8 outputs: the largest magnitude that each channel's sum may have. Absent for int16. */
  readonly reach?: readonly number[];
}

/** The kinds of rescaling of fastpath/assembly/rescaling-kinds.ts. */
export const RESCALE = { float: 0, signedFloat: 1, vector: 2, lanes: 3, double: 4 } as const;

/** Parameters of panels of int32 sums: 8 biases, 8 factors and 8 third parameters, then how they are applied. */
export function packFactors(factors: ChannelFactors): Uint8Array {
  const { bias, zero, min, max } = factors;
  const stride = roundUp(bias.length, PANEL);
  const writer = new Writer((stride / PANEL) * PARAMETER_BYTES);
  for (let first = 0; first < stride; first += PANEL) {
    const lanes = Array.from({ length: PANEL }, (_, lane) => first + lane);
    const kind = packPanelFactors(writer, factors, lanes);
    writer.int32(kind);
    for (const code of [zero, min, max]) writer.int16Pair(code);
  }
  return writer.bytes;
}

function packPanelFactors(
  writer: Writer,
  factors: ChannelFactors,
  lanes: readonly number[],
): number {
  const { bias, twice } = factors;
  const multipliers = lanes.map((c) => factors.multiplier[c] ?? 0);
  const shifts = lanes.map((c) =>
    (factors.multiplier[c] ?? 0) === 0 ? -31 : (factors.shift[c] ?? 0),
  );
  const biases = lanes.map((c) => bias[c] ?? 0);
  const floats = floatFactorsOf(factors, lanes);
  if (floats !== undefined) {
    floats.forEach(({ centre }, i) => {
      writer.int32((biases[i] ?? 0) - centre);
    });
    for (const { scale } of floats) writer.element('f32', scale);
    for (const { offset } of floats) writer.element('f32', offset);
    return rangeOf(factors).low < 0 ? RESCALE.signedFloat : RESCALE.float;
  }
  for (const each of biases) writer.int32(each);
  if (!twice) {
    multipliers.forEach((m, i) => {
      writer.float64(reduceMultiplier(m) * 2 ** ((shifts[i] ?? 0) - 15));
    });
    return RESCALE.double;
  }
  const { reach } = factors;
  const vector =
    reach !== undefined &&
    lanes.every((c, i) => fitsVector(multipliers[i] ?? 0, shifts[i] ?? 0, reach[c] ?? 0));
  for (const m of multipliers) writer.int32(m);
  for (const shift of shifts) {
    if (vector) writer.element('f32', 2 ** (1 + shift));
    else writer.int32(shift);
  }
  return vector ? RESCALE.vector : RESCALE.lanes;
}

/** Of shifts of the vector form, whose second rounding float32 holds. */
const LEAST_VECTOR_SHIFT = -15;

function fitsVector(multiplier: number, shift: number, reach: number): boolean {
  if (multiplier === 0) return true;
  if (shift < LEAST_VECTOR_SHIFT || shift > -2) return false;
  return reach * multiplier * 2 ** (shift - 31) + 1 < MAX_FLOAT_RESULT;
}

/** The outputs between the limits, before the zero point is added. */
function rangeOf({ zero, min, max }: ChannelFactors): CodeRange {
  return { low: min - zero, high: max - zero };
}

/** Of an accumulator from which a centre may be taken without overflow. */
const MAX_SUM = 2 ** 31 - 2 ** 24;

/** The float32 factors of a panel, if all its channels have them. */
function floatFactorsOf(
  factors: ChannelFactors,
  lanes: readonly number[],
): readonly FloatFactor[] | undefined {
  const { multiplier, shift, reach, twice } = factors;
  if (reach === undefined || !twice) return undefined;
  const found: FloatFactor[] = [];
  for (const c of lanes) {
    const factor = floatFactor(multiplier[c] ?? 0, shift[c] ?? 0, rangeOf(factors));
    const most = reach[c] ?? 0;
    if (factor === undefined || most > MAX_SUM) return undefined;
    if ((most + factor.centre) * factor.scale + 1 > MAX_FLOAT_RESULT) return undefined;
    found.push(factor);
  }
  return found;
}

/** Of a wide sum and its 15-bit multiplier: their product is exact in float64. */
export const MAX_WIDE_PRODUCT = 2 ** 52;

/** The least shift of a factor that float64 applies as fastpath/assembly/requantize.ts has it: a multiple of 2^-36. */
export const LEAST_DOUBLE_SHIFT = 15 - 36;

/** Whether float64 holds what the factors of all channels make of int32 sums. */
export function fitsDouble(factors: Pick<ChannelFactors, 'multiplier' | 'shift'>): boolean {
  return factors.multiplier.every((m, c) => fitsDoubleAt(m, factors.shift[c] ?? 0));
}

function fitsDoubleAt(multiplier: number, shift: number): boolean {
  return multiplier === 0 || shift >= LEAST_DOUBLE_SHIFT;
}

/** Parameters of panels of wide sums: 8 biases, 8 factors, then how they are applied (requantize-wide.ts). */
export function packWideFactors(factors: ChannelFactors, reach: readonly number[]): Uint8Array {
  const { bias, multiplier, shift, zero, min, max } = factors;
  const stride = roundUp(bias.length, PANEL);
  const writer = new Writer((stride / PANEL) * WIDE_PARAMETER_BYTES);
  for (let first = 0; first < stride; first += PANEL) {
    const lanes = Array.from({ length: PANEL }, (_, lane) => first + lane);
    const double = lanes.every(
      (c) =>
        fitsDoubleAt(multiplier[c] ?? 0, shift[c] ?? 0) &&
        (reach[c] ?? 0) * reduceMultiplier(multiplier[c] ?? 0) < MAX_WIDE_PRODUCT,
    );
    for (const c of lanes) writer.float64(bias[c] ?? 0);
    for (const c of lanes) {
      const [m, exponent] = [multiplier[c] ?? 0, shift[c] ?? 0];
      if (double) {
        writer.float64(reduceMultiplier(m) * 2 ** (exponent - 15));
      } else {
        writer.int32(m);
        writer.int32(exponent);
      }
    }
    writer.int32(double ? 1 : 0);
    for (const code of [zero, min, max]) writer.int16Pair(code);
  }
  return writer.bytes;
}

/** Parameters of panels of a float32 kernel: biases. */
export function packBiases(bias: readonly number[]): Uint8Array {
  const stride = roundUp(bias.length, PANEL);
  const writer = new Writer(stride * 4);
  for (let c = 0; c < stride; c++) writer.element('f32', bias[c] ?? 0);
  return writer.bytes;
}

/** Appends little-endian numbers. */
export class Writer {
  readonly bytes: Uint8Array;
  readonly #view: DataView;
  #at = 0;

  constructor(length: number) {
    this.bytes = new Uint8Array(length);
    this.#view = new DataView(this.bytes.buffer);
  }

  element(type: KernelType, value: number): void {
    const at = this.#advance(typeBytes[type]);
    if (type === 'f32') this.#view.setFloat32(at, value, true);
    else if (type === 'i16') this.#view.setInt16(at, value, true);
    else this.#view.setInt8(at, value);
  }

  int32(value: number): void {
    this.#view.setInt32(this.#advance(4), value, true);
  }

  /** A code, twice. */
  int16Pair(value: number): void {
    this.#view.setInt16(this.#advance(2), value, true);
    this.#view.setInt16(this.#advance(2), value, true);
  }

  float64(value: number): void {
    this.#view.setFloat64(this.#advance(8), value, true);
  }

  #advance(bytes: number): number {
    this.#at += bytes;
    return this.#at - bytes;
  }
}
