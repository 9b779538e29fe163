/** Where two records of the same thing part. */

import type { Shape, TensorData } from '../reference/index.ts';
import type { GoldenEntry, GoldenRecord } from './record.ts';

export interface ElementDifference {
  /** Index of the first element that differs, in memory order, and per axis. */
  readonly index: number;
  readonly coordinates: readonly number[];
  readonly expected: number;
  readonly found: number;
}

export interface EntryDifference {
  readonly input: string;
  /** The input tensor is another one. */
  readonly inputChanged: boolean;
  /** Layers whose digests differ, in the graph's order; those without a digest on either side are passed over. */
  readonly layers: readonly string[];
  readonly outputs: readonly (ElementDifference & { readonly output: string })[];
}

export interface RecordDifference {
  /** Digests of both graphs where they are not the same graph. */
  readonly graph?: { readonly expected: string; readonly found: string };
  /** Inputs that only one of the two has. */
  readonly added: readonly string[];
  readonly removed: readonly string[];
  readonly entries: readonly EntryDifference[];
}

/** What differs between a record and another one, by input name. */
export function recordDifference(expected: GoldenRecord, found: GoldenRecord): RecordDifference {
  const before = new Map(expected.entries.map((entry) => [entry.input, entry]));
  const after = new Set(found.entries.map((entry) => entry.input));
  const entries = found.entries.flatMap((entry) => {
    const old = before.get(entry.input);
    const difference = old === undefined ? undefined : entryDifference(expected, old, entry);
    return difference ?? [];
  });
  return {
    ...(expected.graph === found.graph
      ? {}
      : { graph: { expected: expected.graph, found: found.graph } }),
    added: [...after].filter((input) => !before.has(input)),
    removed: [...before.keys()].filter((input) => !after.has(input)),
    entries,
  };
}

/** What differs between an entry of a record and another one; undefined where nothing does. */
export function entryDifference(
  record: Omit<GoldenRecord, 'entries'>,
  expected: GoldenEntry,
  found: GoldenEntry,
): EntryDifference | undefined {
  const inputChanged = expected.sha256 !== found.sha256;
  const layers = record.layers.filter((layer) => {
    const digest = found.digests.get(layer);
    return digest !== undefined && digest !== expected.digests.get(layer);
  });
  const outputs = record.outputs.flatMap(({ name, shape }, i) => {
    const difference = elementDifference(shape, expected.outputs[i], found.outputs[i]);
    return difference === undefined ? [] : [{ output: name, ...difference }];
  });
  if (!inputChanged && layers.length === 0 && outputs.length === 0) return undefined;
  return { input: found.input, inputChanged, layers, outputs };
}

/** The first element in which two tensors of a shape differ (rule A2: -0 equals 0); NaN equals NaN. */
export function elementDifference(
  shape: Shape,
  expected: TensorData = new Uint8Array(),
  found: TensorData = new Uint8Array(),
): ElementDifference | undefined {
  const length = Math.max(expected.length, found.length);
  for (let index = 0; index < length; index++) {
    const a = Number(expected[index]);
    const b = Number(found[index]);
    if (a !== b && !(Number.isNaN(a) && Number.isNaN(b))) {
      return { index, coordinates: coordinatesOf(index, shape), expected: a, found: b };
    }
  }
  return undefined;
}

/** Position along each axis of an element in memory order. */
export function coordinatesOf(index: number, shape: Shape): readonly number[] {
  let rest = index;
  return shape
    .toReversed()
    .map((extent) => {
      const position = rest % extent;
      rest = Math.floor(rest / extent);
      return position;
    })
    .reverse();
}
