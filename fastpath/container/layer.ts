/** What a container codes of a step with weights: int8 conv2d (and fullyConnected) or depthwise. */

/** How channels' factors are given. */
export const FORM = {
  /** By weight scales that share a few mantissas: their number on the grid that these make. */
  grid: 0,
  /** By any weight scales, as float32. */
  scales: 1,
  /** By ready multipliers and shifts. */
  ready: 2,
} as const;

export interface LayerShape {
  readonly depthwise: boolean;
  readonly channels: number;
  /** Of 8 channels; those beyond `channels` are zero. */
  readonly panels: number;
  /** Of an output element: of depthwise windows their pixels. */
  readonly products: number;
  readonly kernelHeight: number;
  readonly kernelWidth: number;
  /** In the Program. */
  readonly weightBytes: number;
  readonly parameterBytes: number;
}

/** What is constant in a layer. */
export interface LayerHead {
  readonly form: (typeof FORM)[keyof typeof FORM];
  /** Whether the product of scales is rounded to float32, as a fullyConnected with one scale has it. */
  readonly roundedProduct: boolean;
  /** Magnitudes of codes are at most this; 8 where they may be larger: see weights.ts. */
  readonly range: number;
  /** Of depthwise windows whose range is 8: the bits of codes below tokens. */
  readonly lowBits: number;
  readonly inputScale: number;
  readonly outputScale: number;
  /** What biases are told from, of the sum of a channel's codes, in quarters, and in output codes: int16. */
  readonly inputMean: number;
  readonly outputMean: number;
}

/** What a layer takes of a container, in bytes. */
export interface LayerBytes {
  readonly weights: number;
  /** Scales, biases and what the compiler proved of them. */
  readonly parameters: number;
}

export interface Layer {
  readonly shape: LayerShape;
  readonly head: LayerHead;
  /** [channels][products]. */
  readonly codes: Int8Array;
  /** By `form`: numbers on the grid, bits of float32, or multipliers. */
  readonly factors: Int32Array;
  /** Of `ready` multipliers. */
  readonly shifts: Int8Array;
  readonly biases: Int32Array;
  /** Of panels: the kind of rescaling that the compiler proved. */
  readonly kinds: Uint8Array;
  /** Of channels of float panels: which of the compiler's candidates it proved. */
  readonly nudges: Uint16Array;
}
