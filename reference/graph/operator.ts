/**
 * Operators: what each takes and the attributes that define it.
 *
 * Windows are given per axis as `[height, width]`, padding as `[top, bottom, left, right]` in pixels. A graph always
 * stores explicit padding, since "same" means different pixels in different frameworks (rule P1).
 */

export type Pair = readonly [number, number];
export type Padding = readonly [top: number, bottom: number, left: number, right: number];

/** The activation fused into an operator: no clamp, [0, infinity) or [0, 6]. */
export type Activation = 'none' | 'relu' | 'relu6';

/**
 * Quantisation attributes as ready-made integers, for integer operators whose scales are not known (published
 * vectors, other people's kernels). What is given here is used as it stands; what is absent follows from the scales
 * of the tensors.
 */
export interface ReadyIntegers {
  /**
   * Requantisation multipliers in [0, 2^31), a Q0.31 number each. Convolutions and fully connected: one, or one per
   * output channel. Add: three (first input, second input, output). All others: one.
   */
  readonly multiplier?: readonly number[];
  /** As many exponents of two as multipliers, positive to the left, in [-31, 7]. For softmax `leftShift` instead. */
  readonly shift?: readonly number[];
  /** Smallest and largest code of the output; together they replace the limits of the fused activation. */
  readonly activationMin?: number;
  readonly activationMax?: number;
}

interface Window {
  readonly stride: Pair;
  readonly padding: Padding;
}

/** Which accumulator an int16 operator has: int64 unless this says int32 (then the bias is int32 too). */
interface Accumulator {
  readonly accumulator?: 'int32';
}

export interface ConvAttributes extends Window, Accumulator, ReadyIntegers {
  readonly dilation: Pair;
  readonly activation: Activation;
}

export interface OperatorAttributes {
  /** Input [n, h, w, c], weights [o, kh, kw, c / groups], bias [o] -> [n, oh, ow, o]. */
  readonly conv2d: ConvAttributes & { readonly groups: number };
  /** Input [n, h, w, c], weights [1, kh, kw, c * m], bias [c * m] -> [n, oh, ow, c * m]; m is the depth multiplier. */
  readonly depthwiseConv2d: ConvAttributes;
  /** Input [..., i] with any leading extents, weights [o, i], bias [o] -> [elements / i, o]. */
  readonly fullyConnected: Accumulator & ReadyIntegers & { readonly activation: Activation };
  /** Two inputs of one shape -> that shape. `leftShift`: headroom of both inputs, 20 (int8) or 15 (int16). */
  readonly add: ReadyIntegers & { readonly activation: Activation; readonly leftShift?: number };
  /** Input [n, h, w, c] -> [n, oh, ow, c]; `size` is the window's [height, width]. */
  readonly averagePool: Window &
    Pick<ReadyIntegers, 'activationMin' | 'activationMax'> & {
      readonly size: Pair;
      readonly activation: Activation;
    };
  /** Input [n, h, w, c] -> [n, c], or [n, 1, 1, c] with `keepDimensions`. The multiplier stands for s_in/s_out. */
  readonly mean: Pick<ReadyIntegers, 'multiplier' | 'shift'> & { readonly keepDimensions: boolean };
  /**
   * Over the last axis, of `beta` times the input; of int8 input also to int16. `diffMin` (int8 only): the smallest
   * difference not taken for 0.
   */
  readonly softmax: Pick<ReadyIntegers, 'multiplier'> & {
    readonly beta: number;
    readonly leftShift?: number;
    readonly diffMin?: number;
  };
  /** Elementwise to [min, max], in real numbers; either may be infinite. */
  readonly clamp: ReadyIntegers & { readonly min: number; readonly max: number };
  /** Elementwise to [0, infinity). */
  readonly relu: ReadyIntegers;
  /** Elementwise to [0, 6]. */
  readonly relu6: ReadyIntegers;
  /** Elements of real zero `[before, after]` each axis. */
  readonly pad: { readonly padding: readonly Pair[] };
  /** The same elements in another shape. */
  readonly reshape: { readonly shape: readonly number[] };
  /** From float32, or from one integer type and quantisation to another. */
  readonly quantize: Pick<ReadyIntegers, 'multiplier' | 'shift'>;
  /** From integers to float32. */
  readonly dequantize: Readonly<Record<string, never>>;
}

export type OperatorKind = keyof OperatorAttributes;

export const operatorKinds = [
  'conv2d',
  'depthwiseConv2d',
  'fullyConnected',
  'add',
  'averagePool',
  'mean',
  'softmax',
  'clamp',
  'relu',
  'relu6',
  'pad',
  'reshape',
  'quantize',
  'dequantize',
] as const satisfies readonly OperatorKind[];

/** One operator of a graph. `inputs` and `output` are indices into the graph's tensors. */
export interface OperatorOf<K extends OperatorKind> {
  readonly kind: K;
  readonly name: string;
  /** In the order that `OperatorAttributes` names them; a bias may be left out. */
  readonly inputs: readonly number[];
  readonly output: number;
  readonly attributes: OperatorAttributes[K];
  /** Index of the operator in the file that the graph was imported from. */
  readonly source?: number;
}

export type Operator = { [K in OperatorKind]: OperatorOf<K> }[OperatorKind];
