/** Where a runtime is known to leave the bounds of `conformance/tolerances.ts`, each with what was seen. */

import type { OperatorCase } from '../../../conformance/operator-case.ts';
import type { Violation } from '../../../conformance/tolerances.ts';
import type { GivenAttributes, GivenTensor, OperatorKind } from '../../../reference/index.ts';

export interface Deviation {
  readonly peers: readonly string[];
  readonly kinds: readonly OperatorKind[];
  readonly text: string;
  /** The smallest cases that show it. */
  readonly examples: readonly OperatorCase[];
  /** Whether a violation is of this sort. */
  readonly explains: (drawn: OperatorCase, violation: Violation) => boolean;
}

const SMALLEST_NORMAL = 2 ** -126;
const MAX_FLOAT32 = (2 - 2 ** -23) * 2 ** 127;

const losesNaN = (_drawn: OperatorCase, { expected, found }: Violation): boolean =>
  Number.isNaN(expected) && !Number.isNaN(found);

const someInput = ({ inputs }: OperatorCase, holds: (value: number) => boolean): boolean =>
  inputs.some(({ data }) => data.some((value) => holds(Number(value))));

function example<K extends OperatorKind>(
  kind: K,
  attributes: GivenAttributes<K>,
  ...inputs: readonly GivenTensor[]
): OperatorCase<K> {
  const floats = inputs.map((tensor) => ({
    ...tensor,
    data: Float32Array.from(tensor.data, Number),
  }));
  return { kind, precision: 'float32', attributes, inputs: floats };
}

const litert = ['litert-simd', 'litert-relaxed'];

export const deviations: readonly Deviation[] = [
  {
    peers: ['tfjs-wasm'],
    kinds: ['conv2d', 'depthwiseConv2d', 'fullyConnected'],
    text: 'a sum that is NaN becomes a limit of its activation, -Infinity without one',
    examples: [
      example(
        'conv2d',
        {},
        { shape: [1, 1, 1, 1], data: [NaN] },
        { shape: [1, 1, 1, 1], data: [1] },
      ),
      example(
        'depthwiseConv2d',
        {},
        { shape: [1, 1, 1, 1], data: [NaN] },
        { shape: [1, 1, 1, 1], data: [1] },
      ),
    ],
    explains: losesNaN,
  },
  {
    peers: ['litert-simd'],
    kinds: ['conv2d', 'depthwiseConv2d', 'fullyConnected'],
    text: 'a sum that is NaN becomes a limit of its activation, -Infinity without one',
    examples: [
      example(
        'conv2d',
        {},
        { shape: [1, 1, 1, 4], data: [0, 0, 0, NaN] },
        { shape: [1, 1, 1, 4], data: [1, 1, 1, 1] },
      ),
      example(
        'fullyConnected',
        { activation: 'relu6' },
        { shape: [1, 4], data: [0, 0, 0, NaN] },
        { shape: [1, 4], data: [1, 1, 1, 1] },
      ),
    ],
    explains: losesNaN,
  },
  {
    peers: ['tfjs-wasm'],
    kinds: ['averagePool', 'add', 'clamp', 'relu6'],
    text: 'an average or a clamp gives a limit for NaN',
    examples: [
      example(
        'averagePool',
        { size: [1, 2] },
        { shape: [1, 1, 2, 1], data: [Infinity, -Infinity] },
      ),
      example(
        'add',
        { activation: 'relu6' },
        { shape: [1], data: [NaN] },
        { shape: [1], data: [0] },
      ),
      example('clamp', { min: -1, max: 1 }, { shape: [1], data: [NaN] }),
      example('relu6', {}, { shape: [1], data: [NaN] }),
    ],
    explains: losesNaN,
  },
  {
    peers: ['tfjs-cpu'],
    kinds: ['clamp'],
    text: 'a clamp to one value gives it for NaN',
    examples: [example('clamp', { min: 0, max: 0 }, { shape: [1], data: [NaN] })],
    explains: losesNaN,
  },
  {
    peers: ['tfjs-cpu'],
    kinds: ['mean'],
    text: 'a mean divides every value before it sums, and so rounds below the normal range more than once',
    examples: [
      example(
        'mean',
        {},
        { shape: [1, 2, 3, 1], data: [1, 1, 1, 1, 1, 1].map((x) => x * 2 ** -148) },
      ),
    ],
    explains: (_drawn, { expected }) => Math.abs(expected) < SMALLEST_NORMAL,
  },
  {
    peers: ['onnxruntime-web', 'tfjs-wasm', ...litert],
    kinds: ['softmax'],
    text: 'probabilities below the normal range become 0',
    examples: [example('softmax', {}, { shape: [2], data: [0, -100] })],
    explains: (_drawn, { expected, found }) => expected < SMALLEST_NORMAL && found === 0,
  },
  {
    peers: ['tfjs-cpu', 'tfjs-wasm', 'onnxruntime-web'],
    kinds: ['softmax'],
    text: 'the formats have no beta: the multiplication before the softmax overflows',
    examples: [example('softmax', { beta: 2 }, { shape: [2], data: [3e38, 0] })],
    explains: (drawn) => someInput(drawn, (value) => !Number.isFinite(Math.fround(2 * value))),
  },
  {
    peers: litert,
    kinds: ['depthwiseConv2d'],
    text: 'an infinity or NaN makes elements NaN whose windows it does not lie in; a plain clamp turns that into a limit',
    examples: [
      example(
        'depthwiseConv2d',
        {},
        { shape: [1, 1, 1, 1], data: [Infinity] },
        { shape: [1, 1, 1, 1], data: [1] },
      ),
    ],
    explains: (drawn) => someInput(drawn, (value) => !Number.isFinite(value)),
  },
  {
    peers: ['tfjs-wasm'],
    kinds: ['conv2d', 'depthwiseConv2d'],
    text: 'SAME padding gives zeros where the stride exceeds the kernel (too little padding wraps around to much)',
    examples: [
      example(
        'conv2d',
        { stride: [1, 3], padding: [0, 1, 0, 0] },
        { shape: [1, 1, 2, 1], data: [1, 1] },
        { shape: [1, 2, 1, 1], data: [1, 1] },
      ),
      example(
        'depthwiseConv2d',
        { stride: [1, 3], padding: [0, 1, 0, 0] },
        { shape: [1, 1, 2, 1], data: [1, 1] },
        { shape: [1, 2, 1, 1], data: [1, 1] },
      ),
    ],
    explains: ({ attributes, inputs }) => {
      const [height = 1, width = 1] = inputs[1]?.shape.slice(1) ?? [];
      const [down, right] = 'stride' in attributes ? (attributes.stride ?? [1, 1]) : [1, 1];
      return down > height || right > width;
    },
  },
  {
    peers: litert,
    kinds: ['averagePool'],
    text: 'an average that is infinite becomes the largest float32 number',
    examples: [
      example(
        'averagePool',
        { size: [1, 1], stride: [2, 1] },
        { shape: [1, 1, 4, 16], data: Array.from({ length: 64 }, () => -Infinity) },
      ),
    ],
    explains: (_drawn, { expected, found }) =>
      Math.abs(expected) === Infinity && Math.abs(found) === MAX_FLOAT32,
  },
];

/** The known deviation that explains a violation, if any. */
export function explanation(
  peer: string,
  drawn: OperatorCase,
  violation: Violation,
): Deviation | undefined {
  return deviations.find(
    ({ peers, kinds, explains }) =>
      peers.includes(peer) && kinds.includes(drawn.kind) && explains(drawn, violation),
  );
}
