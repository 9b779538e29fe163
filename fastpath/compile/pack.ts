/** Weights and per-channel parameters in the order in which kernels read them. */

import { reduceMultiplier } from '../../reference/arithmetic/requantize.ts';
import { requantizationKinds, roundUp, type Step } from '../program/format.ts';
import { PANEL, typeBytes, type KernelType } from '../program/kernels.ts';

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

/** [products][stride], filled up with zeros: products are the taps of a depthwise window. */
export function packTaps(matrix: WeightMatrix, type: KernelType): Uint8Array {
  const stride = roundUp(matrix.channels, PANEL);
  const writer = new Writer(matrix.products * stride * typeBytes[type]);
  for (let k = 0; k < matrix.products; k++) {
    for (let oc = 0; oc < stride; oc++) {
      writer.element(type, oc < matrix.channels ? matrix.at(oc, k) : 0);
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
  /** Whether all results below zero end at the activation's lower limit. */
  readonly nonNegative: boolean;
  /** int64 sums. */
  readonly wide: boolean;
}

/**
 * Parameters of panels: biases, multipliers, then scales 2^(31 + shift) where every channel allows the vector form
 * (fastpath/assembly/requantize.ts), else shifts.
 */
export function packFactors(factors: ChannelFactors): {
  readonly parameters: Uint8Array;
  readonly words: Pick<Step, 'requantization' | 'half' | 'halfSign'>;
} {
  const { bias, multiplier, shift, twice, nonNegative, wide } = factors;
  const vector =
    !wide &&
    multiplier.every((m, c) => m === 0 || ((shift[c] ?? 0) >= -31 && (shift[c] ?? 0) <= -2));
  const stride = roundUp(bias.length, PANEL);
  const writer = new Writer((stride / PANEL) * (wide ? 128 : 96));
  for (let first = 0; first < stride; first += PANEL) {
    const lanes = Array.from({ length: PANEL }, (_, lane) => first + lane);
    for (const c of lanes) {
      if (wide) writer.int64(bias[c] ?? 0);
      else writer.int32(bias[c] ?? 0);
    }
    for (const c of lanes) {
      const m = multiplier[c] ?? 0;
      writer.int32(vector && !twice ? reduceMultiplier(m) * 65536 : m);
    }
    for (const c of lanes) {
      const exponent = (multiplier[c] ?? 0) === 0 ? -31 : (shift[c] ?? 0);
      writer.int32(vector ? 2 ** (31 + exponent) : exponent);
    }
  }
  const { vector: asVector, twice: asTwice, once } = requantizationKinds;
  return {
    parameters: writer.bytes,
    words: {
      requantization: vector ? asVector : twice ? asTwice : once,
      half: twice ? 2 ** 30 : 0,
      halfSign: twice && !nonNegative ? -(2 ** 31) : 0,
    },
  };
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

  int64(value: number): void {
    this.#view.setBigInt64(this.#advance(8), BigInt(value), true);
  }

  float64(value: number): void {
    this.#view.setFloat64(this.#advance(8), value, true);
  }

  #advance(bytes: number): number {
    this.#at += bytes;
    return this.#at - bytes;
  }
}
