/** How a case is made smaller: its tensors cut along axes, with everything that belongs to a channel. */

import {
  elementCount,
  operatorGraph,
  type GivenTensor,
  type TensorData,
} from '../../reference/index.ts';
import type { OperatorCase } from '../operator-case.ts';

/** A tensor whose elements are a typed array. */
export interface TypedTensor extends GivenTensor {
  readonly data: TensorData;
}

/** A case whose tensors are typed arrays. */
export interface TypedCase extends OperatorCase {
  readonly inputs: readonly TypedTensor[];
}

/** One direction in which a case can be cut. */
export interface Cut {
  readonly name: string;
  /** How many pieces there are. */
  readonly extent: number;
  /** The case of some pieces, in ascending order. It may break a rule. */
  readonly keep: (pieces: readonly number[]) => TypedCase;
}

/** The same case, with plain numbers as the typed arrays that they stand for. */
export function typedCase(drawn: OperatorCase): TypedCase {
  const { graph, activations } = operatorGraph(
    drawn.kind,
    drawn.precision,
    drawn.attributes,
    drawn.inputs,
  );
  const inputs = drawn.inputs.map((tensor, position) => {
    const data = activations[position] ?? graph.tensors[position]?.data;
    if (data === undefined) throw new Error(`Expected data of input ${String(position)}`);
    return { ...tensor, data };
  });
  return { ...drawn, inputs };
}

/** Attributes by name, whatever the kind. */
export type AnyAttributes = Readonly<Record<string, unknown>>;

export function attributesOf({ attributes }: OperatorCase): AnyAttributes {
  return { ...attributes };
}

export function withAttributes(drawn: TypedCase, attributes: AnyAttributes): TypedCase {
  return { ...drawn, attributes };
}

export function withInput(drawn: TypedCase, position: number, tensor: TypedTensor): TypedCase {
  return { ...drawn, inputs: drawn.inputs.with(position, tensor) };
}

/** The elements of a tensor at some indices of an axis. */
export function take<T extends TypedTensor>(
  tensor: T,
  axis: number,
  indices: readonly number[],
): T {
  const { shape, data } = tensor;
  const extent = shape[axis] ?? 1;
  const inner = elementCount(shape.slice(axis + 1));
  const outer = elementCount(shape.slice(0, axis));
  const taken = data.slice(0, outer * indices.length * inner);
  for (let o = 0; o < outer; o++) {
    indices.forEach((index, i) => {
      const from = (o * extent + index) * inner;
      copy(taken, (o * indices.length + i) * inner, data.subarray(from, from + inner));
    });
  }
  return { ...tensor, shape: shape.with(axis, indices.length), data: taken };
}

/** TypeScript does not see that both arrays are of one type. */
function copy(to: TensorData, at: number, from: TensorData): void {
  (to as Float32Array).set(from as Float32Array, at);
}

/** The indices of an axis that belong to a piece. */
type Indices = (piece: number) => readonly number[];

interface Part {
  readonly input: number;
  readonly axis: number;
  readonly indices: Indices;
}

const itself: Indices = (piece) => [piece];

/** `size` neighbours a piece. */
const block =
  (size: number): Indices =>
  (piece) =>
    range(size).map((i) => piece * size + i);

/** The same place in each of `count` blocks of `size`. */
const each =
  (count: number, size: number): Indices =>
  (piece) =>
    range(count).map((i) => i * size + piece);

export function range(count: number): readonly number[] {
  return Array.from({ length: count }, (_, i) => i);
}

/** Every direction in which a case of this kind can be cut, the ones that save most first. */
export function cutsOf(drawn: TypedCase): readonly Cut[] {
  const [input, weights] = drawn.inputs;
  const { kind } = drawn;
  if (input === undefined) return [];
  const cut = (name: string, extent: number, parts: readonly Part[], outputs?: Indices): Cut => ({
    name,
    extent,
    keep: (pieces) => keepPieces(drawn, pieces, parts, outputs),
  });
  const along = (name: string, position: number, axis: number): Cut =>
    cut(name, drawn.inputs[position]?.shape[axis] ?? 1, [
      { input: position, axis, indices: itself },
    ]);
  const image = (): readonly Cut[] => [
    along('batches', 0, 0),
    along('rows', 0, 1),
    along('columns', 0, 2),
  ];
  const kernel = (): readonly Cut[] => [along('kernel rows', 1, 1), along('kernel columns', 1, 2)];
  const outputs = (axis: number, indices: Indices): readonly Part[] => [
    { input: 1, axis, indices },
    { input: 2, axis: 0, indices },
  ];
  switch (kind) {
    case 'conv2d': {
      const { groups: given } = attributesOf(drawn);
      const groups = typeof given === 'number' ? given : 1;
      const inputsEach = weights?.shape[3] ?? 1;
      const outputsEach = (weights?.shape[0] ?? 1) / groups;
      const wholeGroup = block(outputsEach);
      const grouped = cut(
        'groups',
        groups,
        [{ input: 0, axis: 3, indices: block(inputsEach) }, ...outputs(0, wholeGroup)],
        wholeGroup,
      );
      const sameOutput = each(groups, outputsEach);
      return [
        ...image(),
        {
          ...grouped,
          keep: (pieces) => {
            const kept = grouped.keep(pieces);
            return withAttributes(kept, { ...attributesOf(kept), groups: pieces.length });
          },
        },
        cut('output channels', outputsEach, outputs(0, sameOutput), sameOutput),
        cut('input channels', inputsEach, [
          { input: 0, axis: 3, indices: each(groups, inputsEach) },
          { input: 1, axis: 3, indices: itself },
        ]),
        ...kernel(),
      ];
    }
    case 'depthwiseConv2d': {
      const channels = input.shape[3] ?? 1;
      const multiplier = (weights?.shape[3] ?? 1) / channels;
      const own = block(multiplier);
      const same = each(channels, multiplier);
      return [
        ...image(),
        cut(
          'channels',
          channels,
          [{ input: 0, axis: 3, indices: itself }, ...outputs(3, own)],
          own,
        ),
        cut('depth multiplier', multiplier, outputs(3, same), same),
        ...kernel(),
      ];
    }
    case 'fullyConnected': {
      const rows =
        input.shape.length === 2
          ? [
              along('rows', 0, 0),
              cut('inputs', input.shape[1] ?? 1, [
                { input: 0, axis: 1, indices: itself },
                { input: 1, axis: 1, indices: itself },
              ]),
            ]
          : [];
      return [...rows, cut('outputs', weights?.shape[0] ?? 1, outputs(0, itself), itself)];
    }
    case 'reshape':
      return [{ name: 'elements', extent: input.data.length, keep: flatReshape(drawn, input) }];
    case 'add':
      return input.shape.map((extent, axis) =>
        cut(
          `axis ${String(axis)}`,
          extent,
          [0, 1].map((position) => ({ input: position, axis, indices: itself })),
        ),
      );
    default:
      return input.shape.map((_, axis) => along(`axis ${String(axis)}`, 0, axis));
  }
}

/** Some elements as a list, reshaped to a column: what a reshape of any two shapes comes down to. */
function flatReshape(
  drawn: TypedCase,
  input: TypedTensor,
): (pieces: readonly number[]) => TypedCase {
  return (pieces) => {
    const flat = take({ ...input, shape: [input.data.length] }, 0, pieces);
    const attributes = { ...attributesOf(drawn), shape: [pieces.length, 1] };
    return withAttributes(withInput(drawn, 0, flat), attributes);
  };
}

function keepPieces(
  drawn: TypedCase,
  pieces: readonly number[],
  parts: readonly Part[],
  outputs: Indices | undefined,
): TypedCase {
  const chosen = (indices: Indices): readonly number[] =>
    pieces.flatMap(indices).sort((a, b) => a - b);
  const inputs = drawn.inputs.map((tensor, position) =>
    parts
      .filter((part) => part.input === position)
      .reduce((kept, { axis, indices }) => take(kept, axis, chosen(indices)), tensor),
  );
  if (outputs === undefined) return { ...drawn, inputs };
  return cutChannels({ ...drawn, inputs }, chosen(outputs));
}

/** What a case has one of per output channel, of some channels: multipliers, shifts, scales. */
function cutChannels(drawn: TypedCase, channels: readonly number[]): TypedCase {
  const chosen = (list: readonly number[]): readonly number[] =>
    list.length === 1 ? list : channels.map((channel) => list[channel] ?? NaN);
  const attributes = attributesOf(drawn);
  const lists = Object.fromEntries(
    ['multiplier', 'shift'].flatMap((name) => {
      const list = attributes[name];
      return isNumbers(list) ? [[name, chosen(list)]] : [];
    }),
  );
  const inputs = drawn.inputs.map((tensor, position) =>
    position === 0 || !isNumbers(tensor.scale)
      ? tensor
      : { ...tensor, scale: chosen(tensor.scale) },
  );
  return withAttributes({ ...drawn, inputs }, { ...attributes, ...lists });
}

export function isNumbers(value: unknown): value is readonly number[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'number');
}
